"""Photos at the command line: judged, drawn, released; and the demonstration."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from consentguard.cli import show
from consentguard.cli.files import expanded, make_folder, write
from consentguard.cli.options import EXITS, Commands, Options, asked_of, guard_of, moment
from consentguard.cli.tagging import asked_about, tag_options
from consentguard.cli.where import is_sample
from consentguard.errors import CannotTell, Refused, WrongUsage
from consentguard.files import read_photo, said_of
from consentguard.values import Outcome
from consentguard.values.stopwatch import STAGES

if TYPE_CHECKING:
    from consentguard.guard.guard import Guard
    from consentguard.values import Verdict


def add_commands(top: Commands, options: Options) -> None:
    command = top.add_parser(
        "check",
        parents=[options.photos, options.question, tag_options(), options.state],
        help="verdict only: may these photos go as they are?",
        description="Verdict only; nothing is written. Exit 0 only if every photo may go exactly as it is.",
        epilog=EXITS,
    )
    command.add_argument("--at", metavar="TIME", help="decide for this time, such as 2026-11-22T09:30 (school time)")
    command.add_argument("--timings", action="store_true", help="also the milliseconds of each stage, on stderr")
    command.set_defaults(run=check)

    command = top.add_parser(
        "inspect",
        parents=[options.question, tag_options(), options.state],
        help="draw what the guard sees in a photo, each face with its number",
    )
    command.add_argument("photo", type=Path, metavar="PHOTO")
    command.add_argument("--out", type=Path, required=True, metavar="PNG", help="where to write the drawing")
    command.add_argument(
        "--plan", type=Path, metavar="JSON", help="where to write what would be painted, kept and left out, and why"
    )
    command.add_argument(
        "--tags-out", type=Path, metavar="FILE", help="where to write a file in which to say who each face is"
    )
    command.add_argument(
        "--carry", type=Path, metavar="FILE", help="tags of the photo before: says what they suggest for this one"
    )
    command.add_argument("--json", action="store_true", help="the verdict as one JSON object on stdout")
    command.set_defaults(run=inspect)

    command = top.add_parser(
        "release",
        parents=[options.photos, options.question, tag_options(), options.state],
        help="write copies that may be published",
        description="Writes a publishable copy of each photo, named after its content. Originals stay as they are.",
        epilog=EXITS,
    )
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the released copies")
    command.add_argument(
        "--before-after", type=Path, metavar="DIR", help="folder for side-by-side pictures, for the desk only"
    )
    command.set_defaults(run=release)

    command = top.add_parser("demo", help="the main job on real photographs, fetched by hash")
    command.add_argument("--out", type=Path, default=Path("demo-out"), metavar="DIR", help="default: demo-out")
    command.set_defaults(run=demo)


def check(arguments: argparse.Namespace) -> int:
    def judge(guard: Guard, path: Path) -> Verdict:
        photo = read_photo(path)
        at = moment(arguments.at, guard.policy.zone) if arguments.at is not None else None
        verdict = guard.inspect(photo, **asked_about(arguments, guard, photo), at=at, name=str(path))
        if arguments.timings:
            spent = ", ".join(f"{name} {verdict.timings[name]:.0f}" for name in STAGES if name in verdict.timings)
            print(f"{path}: ms: {spent}", file=sys.stderr)
        if verdict.outcome is not Outcome.PUBLISHABLE and (channel := _stands_for(arguments, guard, photo)):
            print(
                f"{path}: is a release for {channel} that still stands; exit points accept it as it is", file=sys.stderr
            )
        return verdict

    return _each_photo(arguments, judge)


def _stands_for(arguments: argparse.Namespace, guard: Guard, photo: bytes) -> str:
    """The channel asked about, if a file is a release for it that still stands; "" otherwise."""
    from consentguard.consent.clock import today
    from consentguard.consent.record.state import State, default_directory
    from consentguard.hook.releases import RecordedReleases

    if not State.is_made(arguments.state or default_directory()):
        return ""
    channel = guard.question(channel=arguments.channel).channel.name
    releases = RecordedReleases(guard.register, guard.policy, guard.state, channel, today(guard.policy.zone))
    return channel if releases.look_up(hashlib.sha256(photo).hexdigest())[0] else ""


def release(arguments: argparse.Namespace) -> int:
    out, desk = arguments.out, arguments.before_after
    if desk and (desk.resolve() == out.resolve() or out.resolve() in desk.resolve().parents):
        raise WrongUsage(
            f"--before-after {desk} lies in --out {out}: uncovered faces would lie among the released files"
        )

    def judge(guard: Guard, path: Path) -> Verdict:
        photo = read_photo(path)
        for folder in filter(None, (out, desk)):  # before anything is recorded as released
            make_folder(folder)
        asked = asked_about(arguments, guard, photo)
        try:
            released = guard.release(photo, **asked, name=str(path))
            guard.admit(released, channel=guard.question(**asked).channel.name)
        except Refused as error:
            return error.verdict
        name = released.sha256[:16]
        if desk:
            write(desk / f"{name}-before-after.png", lambda: show.before_after(photo, released, guard.policy))
        target = out / f"{name}{released.suffix}"
        write(target, lambda: released.data)
        return released.verdict.written_to(str(target))

    return _each_photo(arguments, judge)


def inspect(arguments: argparse.Namespace) -> int:
    targets = {"--out": arguments.out, "--plan": arguments.plan, "--tags-out": arguments.tags_out}
    for option, target in targets.items():
        if target and target.exists() and arguments.photo.exists() and target.samefile(arguments.photo):
            raise WrongUsage(f"{option} {target} is the photo itself, which is never written to; name another file")
    guard, photo = guard_of(arguments), read_photo(arguments.photo)
    verdict, drawing, plan = guard.draw(photo, **asked_about(arguments, guard, photo), name=str(arguments.photo))
    write(arguments.out, lambda: drawing)
    if arguments.plan:
        write(arguments.plan, lambda: json.dumps(plan).encode() + b"\n")
    if arguments.tags_out:
        from consentguard.consent.tagsfile import for_editing

        write(arguments.tags_out, lambda: for_editing(hashlib.sha256(photo).hexdigest(), verdict.faces))
    if arguments.json:
        print(json.dumps(verdict.as_json()))
        return 0
    print(show.verdict(verdict))
    for line in show.faces(verdict):
        print(line)
    if arguments.carry:
        from consentguard.consent.tagsfile import TagsFile, suggested

        for number, says in suggested(verdict.faces, TagsFile.load(arguments.carry).tags).items():
            print(f"  in the photo before, face {number} was there: {says}. If it is, say so: --tag {number}={says}")
    print(f"  drawn in {arguments.out}, for the desk only")
    return 0


def demo(arguments: argparse.Namespace) -> int:
    from consentguard.cli.demo import run

    return run(arguments.out, say=print, note=lambda line: print(line, file=sys.stderr))


def _each_photo(arguments: argparse.Namespace, judge: Callable[[Guard, Path], Verdict]) -> int:
    """One verdict a photo, in order, whatever happens to the others; the exit code of the worst."""
    photos = expanded(arguments.photos)
    if arguments.people and len(photos) > 1 and arguments.mode != "matched":
        raise WrongUsage(
            "--people names who is shown in one photo: over several it would clear anybody whose photo has no more "
            "faces than names. Give one photo at a time, or scan their folder with --people-file CSV."
        )
    opened = _opened(arguments)
    worst = 0
    said: set[str] = set()
    for path in photos:
        try:
            if isinstance(opened, CannotTell):
                raise opened
            verdict = judge(opened, path)
        except CannotTell as error:
            verdict = show.undecided(str(path), error)
            if arguments.json and error is not opened:
                print(f"consentguard: {said_of(path, str(error))}", file=sys.stderr)
        except WrongUsage:
            raise
        except Exception as error:  # noqa: BLE001  (a bug of ours costs one photo its verdict, not the rest theirs)
            traceback.print_exc()
            verdict = show.undecided(
                str(path), CannotTell(f"{path}: a bug ({type(error).__name__}); please report it.")
            )
        worst = max(worst, verdict.outcome.exit_code)
        print(json.dumps(verdict.as_json()) if arguments.json else show.verdict(verdict, said), flush=True)
    return worst


def _opened(arguments: argparse.Namespace) -> Guard | CannotTell:
    """A guard that was asked a proper question; or why no photo can be judged, which is then every photo's verdict."""
    try:
        guard = guard_of(arguments)
        guard.question(**asked_of(arguments))
    except CannotTell as error:
        print(f"consentguard: {error}", file=sys.stderr)
        return error
    if not arguments.json:
        sample = " (the sample, of invented people)" if is_sample(Path(guard.register.file)) else ""
        print(f"register: {guard.register.file}{sample}; policy: {guard.policy.name}", file=sys.stderr)
    return guard
