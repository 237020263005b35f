"""What each command does. Heavy modules are imported where they are needed, so that help and errors come at once."""

from __future__ import annotations

import argparse
import json
import stat
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from consentguard.cli import show
from consentguard.errors import CannotTell, ModelUnavailable, Refused, UnreadableImage, WrongUsage

if TYPE_CHECKING:
    from consentguard.consent.decide import Asked
    from consentguard.guard import Guard
    from consentguard.values import Verdict
    from consentguard.vision.weights import ModelCard

_MAX_FILE: Final = 250_000_000


# -- state, models, register, policy, audit ---------------------------------------------------------------------------


def init(arguments: argparse.Namespace) -> int:
    from consentguard.consent.hours import now
    from consentguard.consent.state import State, default_directory

    state = State.create(arguments.state or default_directory())
    state.record("init", {}, now().isoformat(timespec="seconds"))
    print(f"{state.directory}: made, with a new key and an empty audit trail. Back the folder up; keep it to yourself.")
    return 0


def models_pull(arguments: argparse.Namespace) -> int:
    from consentguard.vision.weights import Shelf

    shelf = Shelf.default()
    came = shelf.pull(_cards(arguments), say=lambda line: print(line, file=sys.stderr))
    print(f"{shelf.folder}: {came} fetched" if came else f"{shelf.folder}: everything is here already")
    return 0


def models_list(arguments: argparse.Namespace) -> int:
    from consentguard.vision.weights import Shelf

    shelf = Shelf.default()
    for card in _cards(arguments):
        here = "here" if shelf.path(card).is_file() else "optional" if card.group == "optional" else "missing"
        print(f"{card.label:32} {here:8} {card.purpose}\n{'':32} {card.licence}; {card.origin}")
    return 0


def models_verify(arguments: argparse.Namespace) -> int:
    from consentguard.vision.weights import Shelf

    shelf, worst = Shelf.default(), 0
    for card in _cards(arguments):
        if card.group == "optional" and not shelf.path(card).exists():
            continue
        try:
            shelf.read(card)
        except ModelUnavailable as error:
            worst = error.exit_code
            print(error, file=sys.stderr)
        else:
            print(f"{card.label:32} as published")
    return worst


def register_check(arguments: argparse.Namespace) -> int:
    from consentguard.consent.register import ROLES, Register

    register = Register.load(arguments.file)
    counts = ", ".join(f"{sum(p.role == role for p in register)} {role}" for role in ROLES)
    print(f"{arguments.file}: no mistakes; {len(register)} people ({counts})")
    return 0


def policy_check(arguments: argparse.Namespace) -> int:
    from consentguard.consent.policy import Policy

    policy = Policy.load(arguments.file) if arguments.file else Policy.shipped()
    print(show.policy(policy))
    return 0


def audit_verify(arguments: argparse.Namespace) -> int:
    from consentguard.consent.state import State, default_directory

    state = State.open(arguments.state or default_directory())
    rows = state.audit.verify()
    print(f"{state.audit.path}: {rows} rows, the chain is whole")
    return 0


def demo(arguments: argparse.Namespace) -> int:
    from consentguard.demo import run

    return run(arguments.out, say=print, note=lambda line: print(line, file=sys.stderr))


# -- photos -----------------------------------------------------------------------------------------------------------


def check(arguments: argparse.Namespace) -> int:
    at = _moment(arguments.at) if arguments.at is not None else None

    def judge(guard: Guard, path: Path) -> Verdict:
        return guard.inspect(read_photo(path), **_asked(arguments), at=at, name=str(path))

    return _each_photo(arguments, judge)


def release(arguments: argparse.Namespace) -> int:
    out, desk = arguments.out, arguments.before_after
    if desk and (desk.resolve() == out.resolve() or out.resolve() in desk.resolve().parents):
        raise WrongUsage(
            f"--before-after {desk} lies in --out {out}: uncovered faces would lie among the released files"
        )

    def judge(guard: Guard, path: Path) -> Verdict:
        photo = read_photo(path)
        for folder in filter(None, (out, desk)):  # before anything is recorded as released
            _make_folder(folder)
        try:
            released = guard.release(photo, **_asked(arguments), name=str(path))
            guard.admit(released, channel=guard.question(**_asked(arguments)).channel.name)
        except Refused as error:
            return error.verdict
        name = released.sha256[:16]
        if desk:
            _write(desk / f"{name}-before-after.png", lambda: show.before_after(photo, released, guard.policy))
        _write(out / f"{name}.jpg", lambda: released.data)
        return released.verdict.written_to(str(out / f"{name}.jpg"))

    return _each_photo(arguments, judge)


def inspect(arguments: argparse.Namespace) -> int:
    if arguments.out.exists() and arguments.photo.exists() and arguments.out.samefile(arguments.photo):
        raise WrongUsage(f"--out {arguments.out} is the photo itself, which is never written to; name another file")
    guard = _guard(arguments)
    verdict, drawing = guard.draw(read_photo(arguments.photo), **_asked(arguments), name=str(arguments.photo))
    _write(arguments.out, lambda: drawing)
    print(show.verdict(verdict))
    print(f"  drawn in {arguments.out}, for the desk only")
    return 0


def read_photo(path: Path) -> bytes:
    """The bytes of a regular file. Raises UnreadableImage for anything else, naming the file and the reason."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableImage(f"{path}: is not a file; name photos, not folders or devices.")
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableImage(f"{path}: cannot be read ({why}); check the name and your rights.") from error
    if len(data) > _MAX_FILE:
        raise UnreadableImage(f"{path}: is over {_MAX_FILE // 1_000_000} MB; export it smaller and try again.")
    return data


def _each_photo(arguments: argparse.Namespace, judge: Callable[[Guard, Path], Verdict]) -> int:
    """One verdict a photo, in order, whatever happens to the others; the exit code of the worst."""
    opened = _opened(arguments)
    worst = 0
    for path in arguments.photos:
        try:
            if isinstance(opened, CannotTell):
                raise opened
            verdict = judge(opened, path)
        except CannotTell as error:
            verdict = show.undecided(str(path), error)
            if error is not opened:
                print(f"consentguard: {error}", file=sys.stderr)
        except WrongUsage:
            raise
        except Exception as error:  # noqa: BLE001  (a bug of ours costs one photo its verdict, not the rest theirs)
            traceback.print_exc()
            verdict = show.undecided(
                str(path), CannotTell(f"{path}: a bug ({type(error).__name__}); please report it.")
            )
        worst = max(worst, verdict.outcome.exit_code)
        print(json.dumps(verdict.as_json()) if arguments.json else show.verdict(verdict), flush=True)
    return worst


def _opened(arguments: argparse.Namespace) -> Guard | CannotTell:
    """A guard that was asked a proper question; or why no photo can be judged, which is then every photo's verdict."""
    try:
        guard = _guard(arguments)
        guard.question(**_asked(arguments))
    except CannotTell as error:
        print(f"consentguard: {error}", file=sys.stderr)
        return error
    return guard


def _guard(arguments: argparse.Namespace) -> Guard:
    from consentguard.guard import Guard

    return Guard.open(arguments.register, policy=arguments.policy, state=arguments.state, photos=arguments.references)


def _asked(arguments: argparse.Namespace) -> Asked:
    return {"channel": arguments.channel, "mode": arguments.mode, "people": arguments.people, "by": arguments.by}


def _cards(arguments: argparse.Namespace) -> list[ModelCard]:
    from consentguard.vision.weights import manifest

    return [card for card in manifest().values() if card.group != "photographs" or arguments.photographs]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotTell(f"{folder}: cannot be written ({error.strerror}); choose another place for it.") from error


def _write(target: Path, data: Callable[[], bytes]) -> None:
    """Writes a file whole; what goes wrong on the disk is nobody's fault but stops the photo."""
    from consentguard.vision.weights import write_whole

    try:
        write_whole(target, data())
    except OSError as error:
        raise CannotTell(f"{target}: cannot be written ({error.strerror}); choose another place for it.") from error


def _moment(text: str) -> datetime:
    from consentguard.consent.hours import LONDON

    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(LONDON) if moment.tzinfo else moment.replace(tzinfo=LONDON)
    except (ValueError, OverflowError) as error:
        raise WrongUsage(f"--at {text!r} is not a time like 2026-11-22T09:30") from error
