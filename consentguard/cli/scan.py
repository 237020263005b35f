"""`consentguard scan`: a folder of photos, judged and released, with a report."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from consentguard.cli.options import Commands, Options, asked_of, guard_of, register_if_any
from consentguard.cli.show import counted

if TYPE_CHECKING:
    from consentguard.batch.people_file import PeopleOf
    from consentguard.batch.remote import RemoteFolder
    from consentguard.batch.scan import Engine, Progress, Summary
    from consentguard.batch.unit import Settings
    from consentguard.consent.question import Asked
    from consentguard.consent.tagsfile import TagsOf
    from consentguard.guard.guard import Guard


def add_commands(top: Commands, options: Options) -> None:
    """Adds `scan` and `audit-folder`."""
    command = top.add_parser(
        "scan",
        parents=[options.question, options.state],
        help="judge a whole folder: released copies and a report",
        description="Judges every picture under a folder. Released copies, thumbnails, report.html, .csv and .json go "
        "to --out; the photos stay as they are. What was judged before is not looked at again while nothing changed.",
        epilog="Exit codes: 0 everything may go, 1 something must not, 3 something is undecided; the worst photo wins.",
    )
    command.add_argument(
        "folder", type=_place, metavar="FOLDER", help="a folder, or the URL of a bucket such as s3://BUCKET/PHOTOS"
    )
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="where copies and report go")
    command.add_argument("--dry-run", action="store_true", help="verdicts only, nothing is released")
    command.add_argument("--keep-folders", action="store_true", help="copies lie in folders as their photos do")
    command.add_argument("--workers", type=_count, metavar="N", help="processes; default: one for each core")
    command.add_argument("--engine", choices=("local", "ray"), default="local", help="default: this machine")
    command.add_argument("--address", metavar="HOST:PORT", help="the Ray cluster; without it Ray starts one here")
    command.add_argument(
        "--people-file", type=Path, metavar="CSV", help="who is shown in which photo; columns photo, people (ids)"
    )
    command.add_argument(
        "--tags", type=Path, dest="tags_from", metavar="FILE|DIR",
        help="what a person says of faces, in files of `inspect --tags-out` that lie elsewhere; with --by",
    )  # fmt: skip
    command.add_argument("--watch", action="store_true", help="go on, judging photos as they land in the folder")
    command.set_defaults(run=scan)

    command = top.add_parser(
        "audit-folder",
        parents=[options.question, options.state],
        help="which published photos no consent covers any more",
        description="Looks at what is published already. Our own releases are known by their content and checked "
        "against today's register; anything else is judged like a photo that would go out. Nothing is changed.",
        epilog="Exit codes: 0 all of it is covered, 1 something is not, 3 something is undecided.",
    )
    command.add_argument("folder", type=Path, metavar="FOLDER")
    command.add_argument(
        "--since", type=Path, required=True, metavar="REGISTER", help="the register that held when it was published"
    )
    command.add_argument("--json", action="store_true", help="one JSON object a photo on stdout")
    command.set_defaults(run=audit_folder)


def scan(arguments: argparse.Namespace) -> int:
    from consentguard.batch.scan import scan as run_scan
    from consentguard.errors import WrongUsage

    if arguments.people_file and arguments.people:
        raise WrongUsage("--people-file says who is shown in each photo; leave --people out")
    if arguments.watch and not isinstance(arguments.folder, Path):
        raise WrongUsage(f"{arguments.folder}: only folders on a disk can be watched; scan it again instead.")
    worst = 0
    with ExitStack() as running:
        before: Settings | None = None
        for first in _rounds(arguments):
            guard, settings, people, tags = _prepared(
                arguments
            )  # anew each time: register and policy may have changed meanwhile
            if settings != before:
                running.pop_all().close()
                engine = running.enter_context(_engine(arguments, settings))
                before = settings
            try:
                with _shown(settings) as (progress, tick):
                    summary = run_scan(
                        guard,
                        settings,
                        engine,
                        progress=progress,
                        tick=tick,
                        watched=not first,
                        people=people,
                        tags=tags,
                    )
            except KeyboardInterrupt:
                print("stopped; the same command goes on from here", file=sys.stderr)
                raise
            if first or summary.looked_at:
                print(_said(summary), flush=True)
            worst = summary.exit_code
    return worst


def audit_folder(arguments: argparse.Namespace) -> int:
    from consentguard.batch.published import Cover
    from consentguard.batch.published import audit_folder as look
    from consentguard.consent.clock import now
    from consentguard.consent.record.ledger import Ledger
    from consentguard.consent.record.state import State, default_directory
    from consentguard.consent.register.register import Register
    from consentguard.errors import CannotTell

    guard, before = guard_of(arguments), Register.load(arguments.since)
    ledger = Ledger(State.open(arguments.state or default_directory()))
    worst, counts = 0, dict.fromkeys(Cover, 0)
    try:
        for photo in look(guard, ledger, arguments.folder, before, now(UTC), asked_of(arguments)):
            counts[photo.cover] += 1
            worst = max(worst, photo.cover.exit_code)
            if arguments.json:
                print(json.dumps(photo.as_json()), flush=True)
            elif photo.cover is not Cover.COVERED:
                newly = f"; newly: {', '.join(photo.newly)}" if photo.newly else ""
                print(f"{photo.as_json()['photo']}: {photo.why}{newly}", flush=True)
    except OSError as error:
        raise CannotTell(
            f"{arguments.folder}: cannot be read ({error.strerror}); name the published folder."
        ) from error
    said = ", ".join(f"{number} {cover.value.replace('_', ' ')}" for cover, number in counts.items() if number)
    print(f"{sum(counts.values())} photos: {said or 'none'}", file=sys.stderr)
    return worst


def _prepared(arguments: argparse.Namespace) -> tuple[Guard, Settings, PeopleOf, TagsOf]:
    from consentguard.batch.people_file import read_people_file
    from consentguard.batch.unit import Settings

    guard = guard_of(arguments)
    asked, people = asked_of(arguments), {}
    if arguments.people_file:
        people = dict(read_people_file(arguments.people_file, guard.register.people))
        if asked["mode"] == "declared":
            asked["mode"] = None  # nobody is named for the photos that the file leaves out
        everybody: Asked = {**asked, "people": tuple(each for ids in people.values() for each in ids)}
        guard.question(**everybody)
    guard.question(**asked)
    if not arguments.dry_run:
        _ = guard.state  # says at once what every photo would say
    settings = Settings(
        folder=arguments.folder,
        out=arguments.out,
        register=register_if_any(arguments),
        policy=arguments.policy,
        state=arguments.state,
        asked=asked,
        register_sha256=guard.register.sha256,
        policy_sha256=guard.policy.fingerprint,
        dry_run=arguments.dry_run,
        keep_folders=arguments.keep_folders,
    )
    return guard, settings, people, _tags(arguments, guard, asked)


def _tags(arguments: argparse.Namespace, guard: Guard, asked: Asked) -> TagsOf:
    """What a person says of the faces of which photo, each checked before any photo is."""
    from consentguard.consent import tagsfile
    from consentguard.errors import WrongUsage

    if not arguments.tags_from:
        return {}
    if not isinstance(arguments.folder, Path):
        raise WrongUsage("--tags are for a folder on a disk: in a storage photos are not known by their content")
    tags = tagsfile.read(arguments.tags_from, outside=arguments.folder)
    for photo, said in tags.items():
        one: Asked = {**asked, "tags": said}
        try:
            guard.question(**one)
        except WrongUsage as error:
            raise WrongUsage(f"tags of photo {photo[:16]}: {error}") from error
    return tags


def _rounds(arguments: argparse.Namespace) -> Iterator[bool]:
    """True for the first scan, then False after each change of the folder where it is watched, until Ctrl-C."""
    yield True
    if arguments.watch:
        from consentguard.batch.watch import settled_changes

        print(f"watching {arguments.folder}; Ctrl-C stops", file=sys.stderr, flush=True)
        for _ in settled_changes(arguments.folder, without=arguments.out):
            yield False


def _engine(arguments: argparse.Namespace, settings: Settings) -> AbstractContextManager[Engine]:
    from consentguard.batch.local import Pool
    from consentguard.batch.unit import Scanner

    workers = arguments.workers or default_workers()
    if arguments.engine == "ray":
        from consentguard.batch.ray_actors import ray_engine

        return ray_engine(Scanner(settings), workers, arguments.address)
    return Pool(Scanner(settings), workers)


@contextmanager
def _shown(settings: Settings) -> Iterator[tuple[Progress, Callable[[], None]]]:
    """Progress on a terminal, with rate, time left and counts; nothing elsewhere."""
    from consentguard.batch.scan import Progress

    progress = Progress()
    if not sys.stderr.isatty():
        yield progress, lambda: None
        return
    from consentguard.batch.scan import count_into

    threading.Thread(target=count_into, args=(progress, settings), daemon=True).start()
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[counts]}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking", total=None, counts="")

        def tick() -> None:
            counts = _outcomes(progress.outcomes) or "starting"
            rate = progress.judged / max(bar.tasks[0].elapsed or 0, 1e-9)
            to_come = max((progress.total or 0) - progress.listed, 0)
            left = f", {_duration(to_come / rate)} left" if progress.total and rate else ""
            known = f"{progress.known} known, " if progress.known else ""
            counts = f"{known}{counts} ({rate:.1f} a second{left})" if progress.judged else f"{known}{counts}"
            bar.update(task, total=progress.total, completed=progress.listed, counts=counts)

        yield progress, tick


_WORDS = {
    "released": "released",
    "publishable": "may go as they are",
    "needs_rewrite": "may go after rewriting",
    "refused": "must not go",
    "cannot_tell": "undecided",
}


def _outcomes(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{outcomes[outcome]} {words}" for outcome, words in _WORDS.items() if outcomes.get(outcome))


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{max(minutes, 1)} min"


def _said(summary: Summary) -> str:
    """What came of it, and where to look next."""
    from consentguard.files import printable

    photos, others = sum(summary.outcomes.values()), summary.passed_over
    lines = [f"{counted(photos, 'photo')}: {_outcomes(summary.outcomes) or 'none'}"]
    if summary.outcomes.get("released"):
        changed = len(summary.changed)
        remains = f", of which {sum(summary.changed) / changed:.0%} remains to be seen on average" if changed else ""
        whole = f"{summary.outcomes['released'] - changed} show all that the photo shows"
        lines.append(f"  of the released, {whole}, {changed} {'was' if changed == 1 else 'were'} changed{remains}")
    lines[0] += f"; {summary.looked_at} looked at now" if summary.looked_at < photos else ""
    lines[0] += f"; {others} other file{' is no picture' if others == 1 else 's are no pictures'}" if others else ""
    if summary.clutter:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(summary.clutter.items()))
        lines.append(f"  passed over, for no person put it there: {kinds}")
    if summary.outcomes.get("released"):
        lines.append(f"  copies that may go: {summary.report.parent / 'released'}")
    if summary.strange:
        first, more = summary.strange[0], len(summary.strange) - 1
        also = f" and {more} more" if more else ""
        lines.append(f"  not written by this scan, so not judged: {printable(first)}{also}; move them elsewhere")
    if summary.unmet:
        lines.append(f"  named in the people file and not in the folder: {', '.join(map(printable, summary.unmet))}")
    lines.append(f"  report: {summary.report}")
    if summary.outcomes.get("refused"):
        lines.append(
            f"  to decide on what must not go: consentguard desk --scan {shlex.quote(str(summary.report.parent))}"
        )
    return "\n".join(lines)


def _place(text: str) -> Path | RemoteFolder:
    scheme, separator, rest = text.partition("://")
    if not separator or "/" in scheme:
        return Path(text)
    if scheme == "file":
        return Path(rest)

    from consentguard.batch.remote import RemoteFolder

    return RemoteFolder(text)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def default_workers() -> int:
    """One for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
