"""Verdicts and policies in plain words, for people at a terminal."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from consentguard.consent.codes import OF_THE_RUN, REASONS, reason_of, steps
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.policy.rules.hours import ANY_TIME, Hours
from consentguard.files import printable, said_of
from consentguard.values import Action, Finding, Outcome, Released, Rewrite, Standing, Verdict

if TYPE_CHECKING:
    from consentguard.errors import CannotTell

_HEADLINES = {
    Outcome.PUBLISHABLE: "may go as it is",
    Outcome.NEEDS_REWRITE: "may go after rewriting: run `consentguard release`",
    Outcome.RELEASED: "released",
    Outcome.REFUSED: "must not go",
    Outcome.CANNOT_TELL: "undecided, so must not go",
}
_KINDS = {
    Rewrite.CROP: "a part of the photo",
    Rewrite.SILHOUETTE: "people painted over",
    Rewrite.COVER: "heads painted over",
}


def verdict(judged: Verdict, said: set[str] | None = None) -> str:
    """One paragraph: the outcome first, then each reason with what was found, then notes, which stop nothing.

    What is the same for every photo of a run is left out where `said` holds its code already, and noted there.
    """
    headline = f"{printable(judged.photo)}: {_HEADLINES[judged.outcome]}"
    if judged.outcome is Outcome.REFUSED and judged.needs_person:
        headline += ", a person may decide"
    if judged.output:
        headline += f" as {printable(judged.output)}"
    lines = [headline]
    if judged.outcome is not Outcome.CANNOT_TELL:
        shown = len(judged.faces) - judged.hidden
        lines.append(f"  {counted(len(judged.faces), 'face')} found, {shown} may be seen, {judged.hidden} may not")
    if judged.rewrite in _KINDS and judged.outcome in (Outcome.RELEASED, Outcome.NEEDS_REWRITE):
        lines.append(f"  how: {judged.rewrite}: {_KINDS[judged.rewrite]}")
    reasons = () if judged.outcome is Outcome.RELEASED else judged.reasons
    new = [finding for finding in judged.findings if finding.rule not in (said or ())]
    for code in reasons:
        lines.append(f"  {code}: {REASONS[code]}")
        lines += [f"    {said_of(judged.photo, finding.message)}" for finding in new if finding.rule == code]
    for finding in new:
        if finding.rule not in reasons:
            lines.append(f"  note: {finding.rule}: {said_of(judged.photo, finding.message)}")
    if judged.outcome is Outcome.REFUSED and (step := steps(judged.reasons)):
        lines.append(f"  next: {step}")
    if said is not None:
        said.update(OF_THE_RUN.intersection(finding.rule for finding in new))
    return "\n".join(lines)


_STANDINGS = {
    Standing.CONSENTED: "may be seen",
    Standing.NO_CONSENT: "no consent for this channel",
    Standing.EXPIRED: "the consent has expired",
    Standing.WITHDRAWN: "the consent was withdrawn",
    Standing.OBJECTION: "somebody objects",
    Standing.NOT_PERMITTED: "must not be published",
    Standing.UNKNOWN: "nobody says who this is",
    Standing.UNSURE: "not sure who, or whether, this is",
    Standing.HIDDEN_BY_PERSON: "a person hides it",
    Standing.NOBODY: "a person says that this is nobody",
}


def faces(judged: Verdict) -> list[str]:
    """One line for each face: its number, where it is, who is tagged there, and what becomes of it."""
    lines = []
    for face in judged.faces:
        called = "added box" if face.number is None else f"face {face.number}"
        who = f", {face.person}" if face.person else ""
        action = "stays" if face.action is Action.KEEP else "is hidden"
        lines.append(f"  {called} ({face.where}{who}) {action}: {_STANDINGS[face.standing]}")
    return lines


def undecided(photo: str, error: CannotTell) -> Verdict:
    """The verdict of a photo on which no decision could be reached."""
    code = reason_of(error)
    return Verdict(
        photo=photo,
        outcome=Outcome.CANNOT_TELL,
        reasons=(code,),
        findings=(Finding(code, "file", said_of(photo, str(error)).splitlines()[0]),),
    )


def policy(rules: Policy, today: date) -> str:
    """What a policy says, one line a decision; `today` tells whether its review is overdue."""
    remain = ", ".join(sorted(rules.remain)) or "nothing"
    content, channels = rules.content, "\n".join(f"    {_channel(rules, each)}" for each in rules.channels.values())
    return (
        f"{rules.name} ({rules.file}): no mistakes\n"
        f"  {_signed(rules, today)}\n"
        f"  an unapproved face: {rules.on_unapproved}; of that person may remain: {remain}\n"
        f"  no face found: {rules.on_no_face}\n"
        f"  without a register: {rules.without_register}\n"
        f"  modes: {', '.join(rules.modes)}; impact assessment: {rules.dpia or 'none named'}\n"
        f"  published at most {rules.picture.max_edge} px long; faces of {rules.picture.smallest_face} px count\n"
        f"  a first name beside an image: {rules.words.names_with_images}; a surname refuses\n"
        f"  a surname read in a picture: {content.text_in_picture}; text not read: {content.unread_text}; "
        f"somebody else's credit: {content.foreign_notice}\n"
        f"  leavers go from the register after {rules.retention.leavers_months} months; {_posts(rules)}\n"
        f"  posting: {_hours(rules.hours)}\n"
        f"  channels ({rules.default_channel} where none is named):\n{channels}"
    )


def _signed(rules: Policy, today: date) -> str:
    who = f"approved by {rules.approved_by}" if rules.approved_by else "approved by nobody yet (approved_by)"
    when = f" on {rules.approved_on}" if rules.approved_on else ""
    if rules.review_due is None:
        return f"{who}{when}; no day of review (review_due)"
    late = ", which is OVERDUE" if rules.review_due <= today else ""
    return f"{who}{when}; to be reviewed by {rules.review_due}{late}"


def _posts(rules: Policy) -> str:
    months = rules.retention.posts_months
    return f"posts that show somebody go after {months}" if months else "posts stay while every consent stands"


def _hours(hours: Hours) -> str:
    if hours == ANY_TIME:
        return "at any time"
    days = ", ".join(day.capitalize() for day in hours.days) or "on no day"
    excepted = f"; except for: {', '.join(hours.exceptions)}" if hours.exceptions else ""
    return f"{days}, {hours.opens:%H:%M} to {hours.closes:%H:%M}{excepted}"


def _channel(rules: Policy, channel: Channel) -> str:
    notes = [channel.account] if channel.account else []
    notes += [_hours(channel.hours)] if channel.hours and channel.hours != rules.hours else []
    notes += [f"first names beside images: {channel.names_with_images}"] if channel.names_with_images else []
    notes += ["each photo called suitable by a person"] if channel.name in rules.content.suitable_on else []
    notes += [f"{code} may be overridden by {' or '.join(who)}" for code, who in channel.override.items()]
    return f"{channel.name:12} needs consent for {channel.scope}" + (f" ({'; '.join(notes)})" if notes else "")


def before_after(photo: bytes, released: Released, rules: Policy) -> bytes:
    """A PNG of a photo beside its released copy, for the desk."""
    from consentguard.guard.models import reader_of
    from consentguard.vision import draw

    reader = reader_of(rules)
    return draw.side_by_side(reader.read(photo), reader.read(released.data).pixels)


def counted(number: int, noun: str, nouns: str = "") -> str:
    """A number with its noun: `nouns`, or an s, for any number but 1."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"
