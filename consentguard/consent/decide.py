"""The decision: from what was seen and what the school knows to what may be seen. Pure: no pixels, files or clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, TypedDict

from consentguard.consent.clock import Occasion, judge_hours, occasion, school_day
from consentguard.consent.policy.overriding import Override, check_override
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.recognition.match import Answer, Match
from consentguard.consent.register.register import Register
from consentguard.errors import WrongUsage
from consentguard.values import Action, Finding, Mode, Standing


class Asked(TypedDict, total=False):
    """What a poster may say about a photo; every key may be left out.

    Keys:
        channel: where it shall go; policy's default channel without it.
        mode: how the people in it are known: off, declared or matched. Naming people chooses declared, else off.
        people: register ids of everybody shown, for mode declared; in mode matched only they may match.
        by: the name of whoever says so.
        event, urgent, trip: what it is for, where that excuses it from the hours; one of them, with `by`.
        caption, alt: what will be written beside it, and its description for those who cannot see it.
        suitable_by: the name of whoever looked at it and calls it suitable, where policy asks for that.
        override: reason code -> why it shall not stop this photo, decided by `by`, whom policy must name for it.
        expected: a class of the register, for mode matched: only its people may match, so that a match needs less.
    """

    channel: str | None
    mode: str | None
    people: Sequence[str]
    by: str | None
    event: str | None
    urgent: str | None
    trip: str | None
    caption: str | None
    alt: str | None
    suitable_by: str | None
    override: Mapping[str, str] | None
    expected: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, checked.

    `declared` are ids of the register, each once; in mode off nobody is. `among` are the only people who may match, in
    mode matched: those of the class expected, those named, or, where both were said, those of both; None means anybody.
    """

    channel: Channel
    mode: Mode = Mode.OFF
    declared: tuple[str, ...] = ()
    by: str = ""
    occasion: Occasion | None = None
    caption: str = ""
    alt: str = ""
    suitable_by: str = ""
    override: Override = field(default_factory=Override)
    among: frozenset[str] | None = None


UNASKED: Final = Match(Answer.NO_MATCH)
"""What is known of a face in a mode that compares no faces."""

UNSURE_HEAD: Final = Match(Answer.UNSURE)
"""What is known of a head that is neither a face nor positively seen from behind. It counts as a face."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who one face is, as far as it is known, and what the register says of that person today."""

    person: str | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be seen of each face, in the order in which the faces came.

    Attributes:
        faces: one `Identity` for each face.
        refused: reason codes for which nothing may leave at all, whatever is painted over.
        needs_person: a person could still decide, or supply what is missing.
        findings: what a person should know.
        rests_on: ids of everyone whose consent this decision used.
    """

    faces: tuple[Identity, ...]
    refused: tuple[str, ...] = ()
    needs_person: bool = False
    findings: tuple[Finding, ...] = ()
    rests_on: tuple[str, ...] = ()

    @property
    def hides(self) -> bool:
        return any(Action.for_standing(face.standing) is Action.HIDE for face in self.faces)


def ask(
    register: Register,
    policy: Policy,
    *,
    channel: str | None = None,
    mode: str | None = None,
    people: Sequence[str] = (),
    by: str | None = None,
    event: str | None = None,
    urgent: str | None = None,
    trip: str | None = None,
    caption: str | None = None,
    alt: str | None = None,
    suitable_by: str | None = None,
    override: Mapping[str, str] | None = None,
    expected: str | None = None,
) -> Question:
    """Checks a question (see `Asked`) before any pixel is looked at.

    Raises WrongUsage, with the choices, for an unknown channel, a mode that policy does not allow, an unknown person or
    class, a declaration or an occasion without its `by`, or an override that policy does not allow.
    """
    what_for = occasion(policy, event=event, urgent=urgent, trip=trip, by=by)
    chosen_channel = policy.channel(channel)
    chosen_mode = policy.mode(mode if mode is not None else Mode.DECLARED.value if people else None)
    if expected is not None and chosen_mode is not Mode.MATCHED:
        raise WrongUsage(f"a class is expected only in mode matched, not in mode {chosen_mode.value}")
    if people and chosen_mode is Mode.OFF:
        raise WrongUsage("people are named only in modes declared and matched, not in mode off")
    if not people and chosen_mode is Mode.DECLARED:
        raise WrongUsage("mode declared needs the ids of the people shown: --people P001,P002")
    if people and not (by or "").strip():
        raise WrongUsage(f"mode {chosen_mode.value} with people named needs the name of whoever says so: --by NAME")
    unknown = [person for person in people if person not in register.people]
    if unknown:
        raise WrongUsage(
            f"not in the register {register.file}: {', '.join(unknown)}; it knows {', '.join(sorted(register.people))}"
        )
    named = tuple(dict.fromkeys(people))
    among = _class(register, expected) if expected is not None else None
    if named and chosen_mode is Mode.MATCHED:
        among = frozenset(named) if among is None else among & frozenset(named)
    return Question(
        channel=chosen_channel,
        mode=chosen_mode,
        declared=named,
        by=by or "",
        occasion=what_for,
        caption=caption or "",
        alt=alt or "",
        suitable_by=(suitable_by or "").strip(),
        override=check_override(chosen_channel, by, override),
        among=among,
    )


def _class(register: Register, name: str) -> frozenset[str]:
    members = frozenset(person.id for person in register if person.class_name.casefold() == name.strip().casefold())
    if not members or not name.strip():
        known = ", ".join(sorted({person.class_name for person in register if person.class_name})) or "none"
        raise WrongUsage(f"class {name!r} is not in the register {register.file}; it knows {known}")
    return members


def decide(faces: Sequence[Match], register: Register, policy: Policy, question: Question, on: date) -> Decision:
    """What may be seen of each face on a day. Deterministic; raises nothing.

    Args:
        faces: for each face what the gallery says; in other modes than `matched` nothing, which is `UNASKED`. Unsure
            heads follow, each as `UNSURE_HEAD`.
        register, policy, question: see there.
        on: the school's calendar day.

    Mode `off`: nobody is identified, so every face is unknown. Mode `declared`: the people named must all be consented
    for the channel's scope, and there may be no more faces than names; otherwise the whole photo is refused, because
    nothing says which face is whose. Mode `matched`: a face is as free as the person it matches.
    """
    if question.mode is Mode.DECLARED:
        decision = _declared(faces, register, question, on)
    elif question.mode is Mode.MATCHED:
        decision = _matched(faces, register, question, on)
    else:
        decision = Decision(faces=_nobody(faces))
    if faces:
        return decision
    smallest = policy.picture.smallest_face
    nothing = Finding("no-face-found", "photo", f"no face of {smallest} px and more at published size was found")
    refuse = policy.on_no_face == "refuse"
    return Decision(
        faces=(),
        refused=decision.refused + (("no-face-refused",) if refuse else ()),
        # A person can decide only what a person can decide all of.
        needs_person=decision.needs_person or (refuse and not decision.refused),
        findings=(nothing, *decision.findings),
        rests_on=decision.rests_on,
    )


def circumstances(policy: Policy, question: Question, moment: datetime) -> tuple[Finding, ...]:
    """What a person should know of the moment and the policy, whatever the photo shows."""
    findings = judge_hours(policy, question.channel, moment, question.occasion)
    if policy.review_due is not None and policy.review_due <= school_day(moment):
        due = f"{policy.name}: the governing body was to review it by {policy.review_due}"
        findings = (*findings, Finding("review-overdue", "policy", due))
    return findings


def _matched(faces: Sequence[Match], register: Register, question: Question, on: date) -> Decision:
    identities = tuple(_identity(match, register, question, on) for match in faces)
    shown = [who.person for who in identities if who.person and who.standing is Standing.CONSENTED]
    return Decision(
        faces=identities, rests_on=tuple(dict.fromkeys(shown)), findings=tuple(_not_sure(faces, register, question))
    )


def _not_sure(faces: Sequence[Match], register: Register, question: Question) -> Iterator[Finding]:
    """That somebody enrolled may be there, for whoever wonders why a face is hidden; not who, for that is not known."""
    doubtful = sum(match.answer is Answer.UNSURE and match is not UNSURE_HEAD for match in faces)
    siblings = sum(bool(match.person and (row := register.get(match.person)) and row.sibling_group) for match in faces)
    if doubtful:
        helps = "; it helps to say who is expected: --expected, or --people with --by"
        told = f"{_counted(doubtful)} like somebody enrolled, but not surely enough"
        yield Finding("not-sure-who", "photo", told + (helps if question.among is None else ""))
    if siblings:
        told = (
            f"{_counted(siblings)} like a brother or sister of a group that a person has to tell apart: mode declared"
        )
        yield Finding("not-sure-who", "photo", told)


def _counted(faces: int) -> str:
    return f"{faces} faces are" if faces > 1 else "1 face is"


def _identity(match: Match, register: Register, question: Question, on: date) -> Identity:
    """Who a matched face is. Doubt of any kind, a missing consent to be recognised included, names nobody."""
    person = register.get(match.person) if match.person else None
    if match.answer is Answer.UNSURE:
        return Identity(None, Standing.UNSURE)
    if person is None or person.biometric_standing(on) is not Standing.CONSENTED:
        return Identity(None, Standing.UNKNOWN)
    unexpected = question.among is not None and person.id not in question.among
    if person.sibling_group or unexpected:  # brothers, sisters and twins are never cleared by a machine
        return Identity(None, Standing.UNSURE)
    return Identity(person.id, person.standing(question.channel.scope, on))


def _nobody(faces: Sequence[Match]) -> tuple[Identity, ...]:
    """Faces whose owners are not known, unsure heads staying unsure."""
    doubt = {True: Standing.UNSURE, False: Standing.UNKNOWN}
    return tuple(Identity(None, doubt[match.answer is Answer.UNSURE]) for match in faces)


def _declared(seen: Sequence[Match], register: Register, question: Question, on: date) -> Decision:
    faces = len(seen)
    standings = {
        person: register.people[person].standing(question.channel.scope, on)
        if person in register.people
        else Standing.UNKNOWN
        for person in question.declared
    }
    barred = {person: standing for person, standing in standings.items() if standing is not Standing.CONSENTED}
    if barred:
        never = Standing.NOT_PERMITTED in barred.values()
        # Which face is whose is unknown, so all of them carry the news of the first who may not be shown.
        worst = Standing.NOT_PERMITTED if never else next(iter(barred.values()))
        return Decision(
            faces=(Identity(None, worst),) * faces,
            refused=("declared-not-permitted",) if never else ("declared-not-approved",),
            findings=tuple(
                Finding(
                    "declared-not-permitted" if standing is Standing.NOT_PERMITTED else "declared-not-approved",
                    person,
                    f"{person}: {standing.value} for {question.channel.scope}",
                )
                for person, standing in barred.items()
            ),
        )
    if faces > len(question.declared):
        return Decision(
            faces=_nobody(seen),
            refused=("more-faces-than-declared",),
            needs_person=True,
        )
    # With one name and one face the name is the face's; among several nothing says which is which.
    person = question.declared[0] if len(question.declared) == 1 else None
    missing = Finding(
        "fewer-faces-than-declared", "photo", f"{faces} faces found, {len(question.declared)} people named"
    )
    return Decision(
        faces=(Identity(person, Standing.CONSENTED),) * faces,
        findings=(missing,) if faces < len(question.declared) else (),
        rests_on=question.declared,
    )
