"""Every command and option. What they do is in commands.py; nothing heavy is imported to show a help text."""

from __future__ import annotations

import argparse
from pathlib import Path

from consentguard import __version__
from consentguard.cli import commands

_EXITS = (
    "Exit codes: 0 went through, 1 must not go, 2 wrong usage, 3 undecided and so must not go; the worst photo wins."
)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, `run` of the parsed arguments being the command's function."""
    parser = argparse.ArgumentParser(
        prog="consentguard",
        description="Stands between a school and everything it publishes: no face leaves without consent.",
        epilog=_EXITS,
    )
    parser.add_argument("--version", action="version", version=f"consentguard {__version__}")
    top = parser.add_subparsers(metavar="COMMAND", required=True)

    state, question, photos = _state_options(), _question_options(), _photo_options()

    init = top.add_parser("init", parents=[state], help="make the state directory: key and audit trail")
    init.set_defaults(run=commands.init)

    models = top.add_parser("models", help="fetch and check the model files").add_subparsers(
        metavar="pull|list|verify", required=True
    )
    for name, run, text in (
        ("pull", commands.models_pull, "fetch what is missing, by hash; the only command that uses the network"),
        ("list", commands.models_list, "every file, what it is for, and whether it is here"),
        ("verify", commands.models_verify, "check the digest of every model file"),
    ):
        command = models.add_parser(name, help=text, description=text)
        command.add_argument("--photographs", action="store_true", help="also the photographs of demo and tests")
        command.set_defaults(run=run)

    register = top.add_parser("register", help="the consent register").add_subparsers(metavar="check", required=True)
    check = register.add_parser("check", help="read a register and report everything that is wrong with it")
    check.add_argument("file", type=Path, nargs="?", default=Path("consent_register.csv"), metavar="FILE")
    check.set_defaults(run=commands.register_check)

    policy = top.add_parser("policy", help="the school's policy").add_subparsers(metavar="check", required=True)
    check = policy.add_parser("check", help="read a policy back in plain words; without FILE the shipped SCH 026")
    check.add_argument("file", type=Path, nargs="?", metavar="FILE")
    check.set_defaults(run=commands.policy_check)

    check = top.add_parser(
        "check",
        parents=[photos, question, state],
        help="verdict only: may these photos go as they are?",
        description="Verdict only; nothing is written. Exit 0 only if every photo may go exactly as it is.",
        epilog=_EXITS,
    )
    check.add_argument("--at", metavar="TIME", help="decide for this time, such as 2026-11-22T09:30 (school time)")
    check.set_defaults(run=commands.check)

    inspect = top.add_parser("inspect", parents=[question, state], help="draw what the guard sees in a photo")
    inspect.add_argument("photo", type=Path, metavar="PHOTO")
    inspect.add_argument("--out", type=Path, required=True, metavar="PNG", help="where to write the drawing")
    inspect.set_defaults(run=commands.inspect)

    release = top.add_parser(
        "release",
        parents=[photos, question, state],
        help="write copies that may be published",
        description="Writes a publishable copy of each photo, named after its content. Originals stay as they are.",
        epilog=_EXITS,
    )
    release.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the released copies")
    release.add_argument(
        "--before-after", type=Path, metavar="DIR", help="folder for side-by-side pictures, for the desk only"
    )
    release.set_defaults(run=commands.release)

    demo = top.add_parser("demo", help="the main job on real photographs, fetched by hash")
    demo.add_argument("--out", type=Path, default=Path("demo-out"), metavar="DIR", help="default: demo-out")
    demo.set_defaults(run=commands.demo)

    audit = top.add_parser("audit", help="the audit trail").add_subparsers(metavar="verify", required=True)
    verify = audit.add_parser("verify", parents=[state], help="prove that no row was changed or removed")
    verify.set_defaults(run=commands.audit_verify)
    return parser


def _state_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--state", type=Path, metavar="DIR", help="state directory; default CONSENTGUARD_STATE, else one of this user"
    )
    return options


def _question_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--register", type=Path, default=Path("consent_register.csv"), metavar="FILE",
                         help="default: consent_register.csv")  # fmt: skip
    options.add_argument("--policy", type=Path, metavar="FILE", help="default: policy.toml of the state, else SCH 026")
    options.add_argument("--channel", metavar="NAME", help="where it shall go; default: the policy's default channel")
    options.add_argument("--mode", metavar="MODE", help="how people are known: off (default), declared, matched")
    options.add_argument("--people", type=_ids, default=(), metavar="ID,ID", help="who is shown; chooses mode declared")
    options.add_argument("--photos", type=Path, metavar="DIR", dest="references",
                         help="reference photos for mode matched, one folder for each register id")  # fmt: skip
    options.add_argument("--by", metavar="NAME", help="who says so")
    return options


def _photo_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("photos", type=Path, nargs="+", metavar="PHOTO")
    options.add_argument("--json", action="store_true", help="one JSON object a photo on stdout")
    return options


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
