"""What the hook prints: what stops something, why, what to do next; and what became of a picture that was replaced."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from consentguard.errors import CannotTell, Refused
from consentguard.files import printable

if TYPE_CHECKING:
    from consentguard.hook.judge import Judge
    from consentguard.hook.repository import Blob, Repository
    from consentguard.values import Verdict

FileVerdicts = tuple[str, tuple["Verdict", ...]]
"""The path of a file, and a verdict for each picture that it is or holds."""

_COMMIT = re.compile(r" \(commit ([0-9a-f]{10})\)")
_WORDS = frozenset({"surname", "maybe-surname", "name-with-image", "file-name"})
"""Reasons that another picture does nothing about."""


def report(judged: Iterable[FileVerdicts], judge: Judge, arguments: argparse.Namespace) -> int:
    """Prints what stops something, or with --json everything; returns the exit code of the worst."""
    release = _release_command(judge.channel, arguments)
    worst = seen = stopped = 0
    for path, verdicts in judged:
        for verdict in verdicts:
            seen += 1
            stopped += verdict.outcome.exit_code != 0
            worst = max(worst, verdict.outcome.exit_code)
            if arguments.json:
                print(json.dumps(verdict.as_json()), flush=True)
            elif verdict.outcome.exit_code:
                print(_in_words(path, verdict, release), flush=True)
    if judge.remembered and judge.remembered.trouble:
        print(f"consentguard: {judge.remembered.trouble}", file=sys.stderr)
    if stopped:
        print(f"consentguard: {stopped} of {seen} that were judged may not go", file=sys.stderr)
    return worst


def _release_command(channel: str, arguments: argparse.Namespace) -> str:
    """`consentguard release` under what the hook itself was told to judge by; %s is the photo."""
    told = [("--channel", channel)]
    for name in ("register", "policy", "state"):
        path: Path | None = getattr(arguments, name, None)
        told += [(f"--{name}", str(path.absolute()))] if path is not None else []
    options = " ".join(f"{option} {shlex.quote(value)}" for option, value in told)
    return f"consentguard release {{photo}} {options.replace('{', '{{').replace('}', '}}')} --out FOLDER"


def _in_words(path: str, verdict: Verdict, release: str) -> str:
    """A short paragraph: the file, the outcome, the reasons, and what to do next."""
    from consentguard.consent.codes import NOTES, REASONS, steps
    from consentguard.values import Outcome

    undecided = verdict.outcome is Outcome.CANNOT_TELL
    lines = [f"{printable(verdict.photo)}: {'undecided, so it must not go' if undecided else 'must not go'}"]
    told = {finding.rule for finding in verdict.findings}
    lines += [f"  {code}: {REASONS[code]}" for code in verdict.reasons if code not in told]
    lines += [f"  {finding.rule}: {finding.message}" for finding in verdict.findings if finding.rule not in NOTES]
    if _WORDS.issuperset(verdict.reasons):
        lines.append(
            f"  next: {steps(verdict.reasons)} What is nobody's name goes under `allowed_phrases` of the policy."
        )
    elif not undecided:
        step = release.format(photo=shlex.quote(printable(path)))
        lines.append(f"  next: `{step}` writes a copy that may go, if there can be one; put it in this file's place")
        lines.append(
            "  who is shown may be said there: `--people ID,ID --by NAME`, or face by face `--tag N=ID --by NAME`"
        )
    if brought := _COMMIT.search(verdict.photo):
        what, taken_out = (
            ("whole picture in their place", "-r ") if path.endswith("/") else ("copy in the file's place", "")
        )
        lines.append(
            f"  it is in commit {brought[1]}, and a later commit does not take it out of what is pushed. On that "
            f"branch run `git reset --soft {brought[1]}~1` (`git update-ref -d HEAD` if it is the first commit): "
            f"files stay as they are, and all that was committed since is staged. Put the {what} "
            f"and `git add` it, or `git rm {taken_out}--cached --ignore-unmatch {shlex.quote(printable(path))}`; then "
            "`git commit`, and push again"
        )
    return "\n".join(lines)


def replace_one(repository: Repository, judge: Judge, blob: Blob, data: bytes, arguments: argparse.Namespace) -> int:
    """Replaces one picture that may not go, says what became of it, and returns 1: a person looks at it first."""
    from consentguard.cli import show
    from consentguard.cli.files import write
    from consentguard.consent.record.state import default_directory
    from consentguard.hook.fix import fix, may_be_fixed

    name, said = printable(blob.path), sys.stderr if arguments.json else sys.stdout
    published = judge.policy.files.format
    if not may_be_fixed(blob.path, published):
        why = f"released copies are {published.upper()} files here, and this name says something else; rename it first"
        print(f"{name}: not fixed: {why}", file=sys.stderr)
        return 1
    try:
        released = judge.released_copy(blob.path, data)
    except (Refused, CannotTell) as error:
        print(f"{name}: not fixed: {str(error).removeprefix(blob.path).removeprefix(': ')}", file=sys.stderr)
        return error.exit_code
    done = fix(repository, blob, data, released.data, arguments.state or default_directory())
    look = done.original.with_name(f"{released.sha256[:16]}-before-after.png")
    write(look, lambda: show.before_after(data, released, judge.policy))
    print(f"{name}: the released copy is staged in its place; look at it, then commit again", file=said)
    print(f"  before and after: {look}\n  your original: {done.original}", file=said)
    if not done.on_disk:
        print("  the file in your folder is another version and was left alone", file=said)
    return 1
