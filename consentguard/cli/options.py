"""Options that several commands share, and what they mean: a guard, a question, a moment."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from consentguard.errors import WrongUsage

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.question import Asked
    from consentguard.consent.record.state import State
    from consentguard.guard.guard import Guard

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""Where an area adds its commands."""

EXITS = (
    "Exit codes: 0 went through, 1 must not go, 2 wrong usage, 3 undecided and so must not go; the worst photo wins."
)


@dataclass(frozen=True, slots=True)
class Options:
    """Groups of options; a command takes those it needs as `parents`.

    Attributes:
        state: where the state directory is.
        papers: the register and the policy.
        question: the papers, and what is asked about a photo.
        photos: the photos themselves, and --json.
    """

    state: argparse.ArgumentParser
    papers: argparse.ArgumentParser
    question: argparse.ArgumentParser
    photos: argparse.ArgumentParser

    @classmethod
    def made(cls) -> Options:
        papers = _papers()
        return cls(_state(), papers, _question(papers), _photos())


def guard_of(arguments: argparse.Namespace) -> Guard:
    """The guard that the options of `state` and `question` describe."""
    from consentguard.guard.guard import Guard

    return Guard.open(register_if_any(arguments), policy=arguments.policy, state=arguments.state)


def register_if_any(arguments: argparse.Namespace) -> Path | None:
    """The register of `register_of`; None where none was named, none is there, and policy releases without."""
    register = register_of(arguments)
    if arguments.register is None and not os.path.lexists(register):
        return None if policy_of(arguments).without_register == "release" else register
    return register


def register_of(arguments: argparse.Namespace) -> Path:
    """The register that --register names, else that of this folder, else that of the state directory."""
    from consentguard.consent.record.state import REGISTER_FILE, default_directory

    if arguments.register is not None:
        return Path(arguments.register)
    here, there = Path(REGISTER_FILE), (arguments.state or default_directory()) / REGISTER_FILE
    return there if os.path.lexists(there) and not os.path.lexists(here) else here


def asked_of(arguments: argparse.Namespace) -> Asked:
    """What the options of `question` ask about a photo: each key of `Asked` from the option of its name."""
    from consentguard.consent.question import Asked

    given = {key: getattr(arguments, key) for key in Asked.__annotations__ if hasattr(arguments, key)}
    asked: Asked = {**given, "override": dict(arguments.override)}  # type: ignore[typeddict-item]
    return asked


def state_of(arguments: argparse.Namespace) -> State:
    """The state directory that the options of `state` name. Raises AuditFailed where there is none."""
    from consentguard.consent.record.state import State, default_directory

    return State.open(arguments.state or default_directory())


def policy_of(arguments: argparse.Namespace) -> Policy:
    """The policy that the options of `state` and `papers` name."""
    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.record.state import default_directory

    return Policy.in_force(arguments.policy, arguments.state or default_directory())


def day_of(arguments: argparse.Namespace, policy: Policy) -> date:
    """The school's day of --at, or today. Raises WrongUsage."""
    from consentguard.consent.clock import school_day, today

    at = getattr(arguments, "at", None)
    return school_day(moment(at, policy.zone), policy.zone) if at else today(policy.zone)


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A time given with --at, in the policy's zone where it names none. Raises WrongUsage."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
    except (ValueError, OverflowError) as error:
        raise WrongUsage(f"--at {text!r} is not a time like 2026-11-22T09:30") from error


def _state() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--state", type=Path, metavar="DIR", help="state directory; default CONSENTGUARD_STATE, else one of this user"
    )
    return options


def _papers() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--register", type=Path, metavar="FILE",
                         help="default: consent_register.csv of this folder, else of the state")  # fmt: skip
    options.add_argument("--policy", type=Path, metavar="FILE", help="default: policy.toml of the state, else SCH 026")
    return options


def add_exceptions_to_hours(options: argparse.ArgumentParser) -> None:
    """Adds what permits posting outside the hours."""
    options.add_argument(
        "--event", metavar="NAME", help="a match, residential or performance: permits it outside the hours"
    )
    options.add_argument(
        "--urgent", metavar="REASON", help="urgent school news, such as a closure: permits it outside the hours"
    )
    options.add_argument(
        "--trip", metavar="NAME", help="a trip of the policy, while it lasts: permits it outside the hours"
    )


def _question(papers: argparse.ArgumentParser) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False, parents=[papers, people_options()])
    options.add_argument("--channel", metavar="NAME", help="where it shall go; default: the policy's default channel")
    options.add_argument("--by", metavar="NAME", help="who says so, and answers for it")
    add_exceptions_to_hours(options)
    options.add_argument("--caption", metavar="TEXT", help="what will be written beside it; judged too")
    add_override(options)
    options.add_argument("--alt", metavar="TEXT", help="its description for those who cannot see it; judged too")
    return options


def people_options() -> argparse.ArgumentParser:
    """Who is in a photo, and who looked at it; for every command that releases."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--mode", metavar="MODE", help="how people are known: off (default), declared, tagged, matched"
    )
    options.add_argument(
        "--people",
        type=_ids,
        default=(),
        metavar="ID,ID",
        help="who is shown, by id or full name; chooses mode declared",
    )
    options.add_argument("--expected", metavar="CLASS", help="mode matched: only people of this class may match")
    options.add_argument("--suitable-by", metavar="NAME", help="who looked at it and calls it suitable")
    return options


def _photos() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("photos", type=Path, nargs="+", metavar="PHOTO")
    options.add_argument("--json", action="store_true", help="one JSON object a photo on stdout")
    return options


def add_override(options: argparse.ArgumentParser) -> None:
    """--override, wherever a person may decide in place of the guard."""
    options.add_argument("--override", type=_override, action="append", default=[], metavar="CODE=REASON",
                         help="a reason that shall not stop it, and why; by whom policy names (--by)")  # fmt: skip


def _override(text: str) -> tuple[str, str]:
    code, equals, reason = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not CODE=REASON")
    return code.strip(), reason.strip()


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
