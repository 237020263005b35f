"""The consent register at the command line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from consentguard.cli.files import write
from consentguard.cli.options import Commands, Options, day_of, policy_of, register_of
from consentguard.cli.show import counted
from consentguard.errors import WrongUsage

_DEFAULT = "default: consent_register.csv of this folder, else of the state"


def add_commands(top: Commands, options: Options) -> None:
    register = top.add_parser("register", help="the consent register").add_subparsers(
        metavar="new|find|check|import|export|diff|stats", required=True
    )
    command = register.add_parser(
        "new",
        parents=[options.state],
        help="make a register to fill in",
        description="Makes a register that has its columns and one example line. One line a person; docs/register.md "
        "says what each column means. A spreadsheet program can fill it in; save it as CSV UTF-8.",
    )
    command.add_argument("--out", type=Path, metavar="FILE", help="default: consent_register.csv of the state")
    command.set_defaults(run=new)
    command = register.add_parser(
        "find",
        parents=[options.state, options.papers],
        help="print the ids of everybody of that name",
        description="Prints id, role, class and what may be shown on a channel today, for everybody whose id or name "
        "begins like that.",
    )
    command.add_argument("name", metavar="NAME", help="an id, a name, or the beginnings of both names")
    command.add_argument("--channel", metavar="NAME", help="default: the policy's default channel")
    command.set_defaults(run=find)
    command = register.add_parser(
        "check",
        parents=[options.state, _policy()],
        help="read a register and report everything that is wrong with it",
        description="Reports everything that is wrong with a register. With none, names those who left longer ago than "
        "policy keeps them ([retention] leavers_months).",
    )
    command.add_argument("register", type=Path, nargs="?", metavar="FILE", help=_DEFAULT)
    command.add_argument("--at", metavar="TIME", help="check as of this time; today without it")
    command.set_defaults(run=check)

    command = register.add_parser(
        "import",
        parents=[options.state, _policy()],
        help="make a register of what a school's system exports",
        description="Makes a register of the files that Arbor, SIMS, Wonde or another system exports, or of a register "
        "in long form or another encoding. Nothing is written if anything is wrong. Formats: docs/register.md.",
    )
    command.add_argument("files", type=Path, nargs="*", metavar="FILE")
    command.add_argument("--format", required=True, metavar="arbor|sims|wonde|csv|wide|long")
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the register to write")
    command.add_argument(
        "--update",
        type=Path,
        metavar="FILE",
        help="the register so far: what only it knows is kept, whoever is missing has left",
    )
    command.add_argument(
        "--scope",
        action="append",
        default=[],
        metavar="SCOPE=WHERE",
        help="where a scope's answers are: for arbor a file, for the others a column; once for each scope",
    )
    command.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="TEXT=yes|no",
        help='what an answer means that is not known, such as --answer "Yes - website only=no"',
    )
    command.add_argument("--columns", type=Path, metavar="TOML", help="a mapping file for columns the preset misses")
    command.add_argument("--role", default="pupil", help="who is in it: pupil (default), staff or other")
    command.add_argument("--dates", metavar="iso|day-first|month-first", help="where days do not tell themselves")
    command.add_argument("--granted", metavar="DAY", help="the day of consents that come without one, like 2026-09-07")
    command.set_defaults(run=take)

    command = register.add_parser("export", help="write a register in its long form, one row a person and scope")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--out", type=Path, required=True, metavar="FILE")
    command.set_defaults(run=export)

    command = register.add_parser(
        "diff",
        parents=[options.state, _policy()],
        help="who gained or lost what between two registers, and what to look at again",
        description="Compares two registers as of today or --at. With a state, whoever lost a consent is looked up in "
        "the ledger. --lost prints only their ids, for `consentguard takedown`.",
    )
    command.add_argument("old", type=Path, metavar="OLD")
    command.add_argument("new", type=Path, metavar="NEW")
    command.add_argument("--at", metavar="TIME", help="judge as of this time; today without it")
    command.add_argument("--lost", action="store_true", help="only the ids of those who lost something")
    command.add_argument("--json", action="store_true", help="one JSON object a change on stdout")
    command.set_defaults(run=diff)

    command = register.add_parser(
        "stats", parents=[options.state, _policy()], help="how many stand how for each scope; numbers only"
    )
    command.add_argument("register", type=Path, nargs="?", metavar="FILE", help=_DEFAULT)
    command.add_argument("--at", metavar="TIME", help="count as of this time; today without it")
    command.set_defaults(run=stats)


def _policy() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--policy", type=Path, metavar="FILE", help="default: policy.toml of the state, else SCH 026")
    return options


def new(arguments: argparse.Namespace) -> int:
    from consentguard.consent.record.state import REGISTER_FILE, default_directory

    print(new_file(arguments.out or (arguments.state or default_directory()) / REGISTER_FILE))
    return 0


def new_file(target: Path) -> str:
    """Writes a register with all columns and an example line. Raises WrongUsage where a file is there."""
    if target.exists():
        raise WrongUsage(f"{target} is there already; name another with --out FILE")
    if not target.parent.is_dir():
        raise WrongUsage(
            f"{target.parent} does not exist; run `consentguard init` first, or name a file with --out FILE"
        )
    write(target, template)
    return (
        f"{target}: made, with one example line, which has consent for nothing. Put a line for each person in its "
        f"place (docs/register.md) and run `consentguard register check {target}`. Or run `consentguard register "
        "import` on what the school's system exports."
    )


def template() -> bytes:
    """A register with all columns and an example line, which has consent for nothing."""
    from consentguard.consent.register.people import COLUMNS

    example = {"id": "EXAMPLE", "role": "other", "legal_forename": "Example", "legal_surname": "Line"}
    rows = (COLUMNS, [example.get(column, "") for column in COLUMNS])
    return "".join(",".join(row) + "\n" for row in rows).encode("utf-8")


def find(arguments: argparse.Namespace) -> int:
    from consentguard.consent.register.register import Register
    from consentguard.consent.register.search import search

    register, policy = Register.load(register_of(arguments)), policy_of(arguments)
    channel, today = policy.channel(arguments.channel), day_of(arguments, policy)
    found = search(register, arguments.name)
    if not found:
        print(f"{register.file}: nobody is called that", file=sys.stderr)
        return 1
    for person in found:
        standing = person.standing(channel.scope, today).value
        print(f"{person.id}  {person.role}  class {person.class_name or '-'}  {channel.name}: {standing}")
    return 0


def check(arguments: argparse.Namespace) -> int:
    from consentguard.consent.register.compare import kept_too_long
    from consentguard.consent.register.register import ROLES, Register

    register = Register.load(register_of(arguments))
    counts = ", ".join(f"{sum(p.role == role for p in register)} {role}" for role in ROLES)
    print(f"{register.file}: no mistakes; {counted(len(register), 'person', 'people')} ({counts})")
    policy = policy_of(arguments)
    months = policy.retention.leavers_months
    due = kept_too_long(register, day_of(arguments, policy), months)
    if due:
        print(f"left over {months} months ago, so due to be taken out: {', '.join(due)}", file=sys.stderr)
    return 0


def take(arguments: argparse.Namespace) -> int:
    from consentguard.consent.register.importers import IMPORTERS, importing
    from consentguard.consent.register.importers.base import ANSWERED
    from consentguard.consent.register.mapping import read_mapping
    from consentguard.consent.register.register import Register
    from consentguard.consent.register.sheets import iso_day
    from consentguard.consent.register.updating import update

    form = arguments.format
    if form not in IMPORTERS:
        raise WrongUsage(f"format {form!r} does not exist; choose one of {', '.join(IMPORTERS)}")
    if arguments.out.exists() and arguments.update is None:
        raise WrongUsage(f"{arguments.out} is there already: --update {arguments.out} keeps what only it knows")
    granted = iso_day(arguments.granted) if arguments.granted else None
    if arguments.granted and granted is None:
        raise WrongUsage(f"--granted {arguments.granted!r} is not a day like 2026-09-07")
    where = _where(arguments.scope, ANSWERED)
    mapping = IMPORTERS[form].preset
    if arguments.columns:
        source = importing.load_source(arguments.columns)
        mapping = read_mapping(source.data, source.name, mapping)
    if IMPORTERS[form].lists:
        if arguments.files or not where:
            raise WrongUsage(f"{form} has a list for each consent type: --scope website=FILE --scope press=FILE ...")
        sources = [importing.load_source(Path(file), scope) for scope, file in where.items()]
    else:
        sources = [importing.load_source(path) for path in arguments.files]
        mapping = mapping.with_columns({scope: (column,) for scope, column in where.items()})
        if not sources:
            raise WrongUsage("name the file to import")
        if not IMPORTERS[form].own and not any(scope in mapping.columns for scope in ANSWERED):
            raise WrongUsage('say which column answers for which scope: --scope website="Website photos" ...')
    mapping = mapping.with_answers(*_answers(arguments.answer))
    found = importing.read(form, sources, mapping, role=arguments.role, dates=arguments.dates, granted=granted)
    people, notes = dict(found.people), list(found.notes)
    if arguments.update:
        today = day_of(arguments, policy_of(arguments))
        people, more = update(Register.load(arguments.update), found, today, role=arguments.role)
        notes += more
    data = importing.checked(people.values(), str(arguments.out))
    write(arguments.out, lambda: data)
    for note in notes:
        print(note, file=sys.stderr)
    print(f"{arguments.out}: {len(people)} people, {len(found.people)} of them from the import; no mistakes")
    return 0


def export(arguments: argparse.Namespace) -> int:
    from consentguard.consent.register.register import Register
    from consentguard.consent.register.rows import write_long

    register = Register.load(arguments.file)
    write(arguments.out, lambda: write_long(register))
    print(f"{arguments.out}: {len(register)} people, one row each and scope")
    return 0


def diff(arguments: argparse.Namespace) -> int:
    from consentguard.consent.record.ledger import Ledger, lost_by
    from consentguard.consent.record.state import State, default_directory
    from consentguard.consent.register.compare import compare
    from consentguard.consent.register.register import Register

    policy = policy_of(arguments)
    on = day_of(arguments, policy)
    new = Register.load(arguments.new)
    changes = compare(Register.load(arguments.old), new, on)
    lost = tuple(dict.fromkeys(change.person for change in changes if change.lost))
    if arguments.lost:
        print("\n".join(lost))
        return 0
    for change in changes:
        fields = {"person": change.person, "what": change.what, "before": change.before, "after": change.after}
        print(json.dumps({**fields, "lost": change.lost, "gained": change.gained}) if arguments.json else change)
    directory = arguments.state or default_directory()
    if lost and (arguments.state or State.is_made(directory)):
        ledger = Ledger(State.open(directory))
        again = [
            release
            for release in ledger.releases()
            if set(release.people) & set(lost) and lost_by(release, new, policy, on)
        ]
        print(f"{len(again)} releases must be looked at again: consentguard takedown {' '.join(lost)}", file=sys.stderr)
    return 0


def stats(arguments: argparse.Namespace) -> int:
    from consentguard.consent.register.compare import count
    from consentguard.consent.register.register import Register

    print(count(Register.load(register_of(arguments)), day_of(arguments, policy_of(arguments))))
    return 0


def _where(pairs: list[str], scopes: tuple[str, ...]) -> dict[str, str]:
    """--scope SCOPE=WHERE as a mapping. Raises WrongUsage with the choices."""
    where: dict[str, str] = {}
    for pair in pairs:
        scope, _, place = pair.partition("=")
        base = scope.removesuffix("_granted").removesuffix("_expires").removesuffix("_withdrawn")
        if base not in scopes or not place:
            raise WrongUsage(f"--scope {pair!r}: write SCOPE=WHERE with a scope of {', '.join(scopes)}")
        where[scope] = place
    return where


def _answers(pairs: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """--answer TEXT=yes|no as what says yes and what says no. Raises WrongUsage."""
    said: dict[str, list[str]] = {"yes": [], "no": []}
    for pair in pairs:
        text, _, meaning = pair.rpartition("=")
        if not text.strip() or meaning.strip().casefold() not in said:
            raise WrongUsage(f'--answer {pair!r}: write it as --answer "TEXT=yes" or --answer "TEXT=no"')
        said[meaning.strip().casefold()].append(" ".join(text.split()))
    return tuple(said["yes"]), tuple(said["no"])
