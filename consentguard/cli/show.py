"""Verdicts and policies in plain words, for people at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentguard.consent.codes import REASONS, reason_of
from consentguard.consent.policy import Policy
from consentguard.values import Finding, Outcome, Released, Rewrite, Verdict

if TYPE_CHECKING:
    from consentguard.errors import CannotTell

_HEADLINES = {
    Outcome.PUBLISHABLE: "may go as it is",
    Outcome.NEEDS_REWRITE: "may go after rewriting: run `consentguard release`",
    Outcome.RELEASED: "released",
    Outcome.REFUSED: "must not go",
    Outcome.CANNOT_TELL: "undecided, so must not go",
}


def verdict(judged: Verdict) -> str:
    """One paragraph: the outcome first, then the reasons, then what a person should know."""
    headline = f"{judged.photo}: {_HEADLINES[judged.outcome]}"
    if judged.outcome is Outcome.REFUSED and judged.needs_person:
        headline += ", a person may decide"
    if judged.output:
        headline += f" as {judged.output}"
    lines = [headline]
    if judged.outcome is not Outcome.CANNOT_TELL:
        shown = len(judged.faces) - judged.hidden
        lines.append(f"  {_count(len(judged.faces), 'face')} found, {shown} may be seen, {judged.hidden} may not")
    if judged.rewrite not in (None, Rewrite.NONE):
        lines.append(f"  how: {judged.rewrite}")
    if judged.outcome is not Outcome.RELEASED:
        lines += [f"  {code}: {REASONS[code]}" for code in judged.reasons]
    lines += [f"  {finding.rule}: {finding.message}" for finding in judged.findings]
    return "\n".join(lines)


def undecided(photo: str, error: CannotTell) -> Verdict:
    """The verdict of a photo on which no decision could be reached."""
    code = reason_of(error)
    return Verdict(
        photo=photo,
        outcome=Outcome.CANNOT_TELL,
        reasons=(code,),
        findings=(Finding(code, "file", str(error).splitlines()[0]),),
    )


def policy(rules: Policy) -> str:
    """What a policy says, one line a decision."""
    remain = ", ".join(sorted(rules.remain)) or "nothing"
    channels = "\n".join(
        f"    {channel.name:12} needs consent for {channel.scope}"
        + (f" ({channel.account})" if channel.account else "")
        for channel in rules.channels.values()
    )
    return (
        f"{rules.name} ({rules.file}): no mistakes\n"
        f"  an unapproved face: {rules.on_unapproved}; of that person may remain: {remain}\n"
        f"  no face found: {rules.on_no_face}\n"
        f"  modes: {', '.join(rules.modes)}; default channel: {rules.default_channel}\n"
        f"  published at most {rules.picture.max_edge} px long; faces of {rules.picture.smallest_face} px count\n"
        f"  channels:\n{channels}"
    )


def before_after(photo: bytes, released: Released, rules: Policy) -> bytes:
    """A PNG of a photo beside its released copy, for the desk."""
    from consentguard.sight import reader_of
    from consentguard.vision import draw

    reader = reader_of(rules)
    return draw.side_by_side(reader.read(photo), reader.read(released.data).pixels)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
