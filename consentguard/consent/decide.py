"""The decision: from what was seen and what the school knows to what may be seen. Pure: no pixels, files or clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from consentguard.consent.clock import judge_hours, school_day
from consentguard.consent.codes import FINDINGS
from consentguard.consent.objections import Objection
from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import Question
from consentguard.consent.recognition.match import Answer, Match
from consentguard.consent.register.register import Register
from consentguard.values import HIDE, NOBODY, Action, Finding, Mode, Standing, Subject

NO_MATCH: Final = Match(Answer.NO_MATCH)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one face before the register is asked.

    Attributes:
        match: what the gallery says, in mode matched.
        says: what a person says by pointing at it, as in `Tag`; "" where nobody does.
        number: by which the person knows it.
        added: the person added it where nothing was found.
    """

    match: Match = NO_MATCH
    says: str = ""
    number: int | None = None
    added: bool = False

    @property
    def where(self) -> str:
        """What findings call it."""
        return "an added box" if self.number is None else f"face {self.number}"


UNSURE_HEAD: Final = Match(Answer.UNSURE)
"""What is known of a head that is neither a face nor positively seen from behind. It counts as a face."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who one face is, as far as it is known, and what the register says of that person today.

    `person` is None for whoever is hidden because of a tag: nothing that is kept says who that is.
    """

    person: str | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be seen of each face, in the order in which the faces came.

    Attributes:
        faces: one `Identity` for each face.
        objections: what speaks against the photo, whatever is painted over.
        rests_on: ids of everyone whose consent this decision used.
    """

    faces: tuple[Identity, ...]
    objections: tuple[Objection, ...] = ()
    rests_on: tuple[str, ...] = ()

    @property
    def hides(self) -> bool:
        return any(Action.for_standing(face.standing) is Action.HIDE for face in self.faces)

    def shown(self, counted: Sequence[Subject]) -> frozenset[Subject]:
        """Who of those whom it is about, in their order, may be seen."""
        decided = zip(counted, self.faces, strict=True)
        return frozenset(one for one, who in decided if Action.for_standing(who.standing) is Action.KEEP)


def decide(faces: Sequence[Known], register: Register, policy: Policy, question: Question, on: date) -> Decision:
    """What may be seen of each face on a day. Deterministic; raises nothing.

    Args:
        faces: what is known of each face, unsure heads and added boxes among them.
        register, policy, question: see there.
        on: the school's calendar day.

    Mode `off`: nobody is identified, so every face is unknown. Mode `declared`: the people named must all be consented
    for the channel's scope, and there may be no more faces than names; otherwise the whole photo is refused, because
    nothing says which face is whose. Mode `tagged`: a tagged face is as free as its person, any other is unknown. Mode
    `matched`: a face is as free as the person it matches; a tag confirms or overrules.

    `hide` hides in every mode, and takes a face out of the count of mode declared, as `nobody` does. An added box only
    hides. Whoever must never be published refuses the whole photo, except in mode matched.
    """
    pointed = {at: _pointed(face, register, question, on) for at, face in enumerate(faces) if face.says}
    others = {at: face for at, face in enumerate(faces) if not face.says}
    kept = frozenset(who.person for who, _ in pointed.values() if who.person)
    decision = _unpointed(tuple(others.values()), register, question, on, kept)
    identities = {at: who for at, (who, _) in pointed.items()}
    identities |= zip(others, decision.faces, strict=True)
    rests_on = decision.rests_on if others else ()  # whoever was named: where nobody is seen nobody is shown
    decision = Decision(
        faces=tuple(identities[at] for at in range(len(faces))),
        objections=(*decision.objections, *(said for _, against in pointed.values() for said in against)),
        rests_on=(*rests_on, *sorted(kept.difference(rests_on))),
    )
    if faces:
        return decision
    smallest = policy.picture.smallest_face
    nothing = Finding("no-face-found", "photo", f"no face of {smallest} px and more at published size was found")
    refused = (Objection("no-face-refused", decidable=True),) if policy.on_no_face == "refuse" else ()
    return replace(decision, objections=(Objection.note(nothing), *decision.objections, *refused))


def circumstances(register: Register, policy: Policy, question: Question, moment: datetime) -> tuple[Objection, ...]:
    """What a person should know of the moment and the papers, whatever the photo shows."""
    findings = judge_hours(policy, question.channel, moment, question.occasion)
    if policy.review_due is not None and policy.review_due <= school_day(moment, policy.zone):
        due = f"{policy.name}: the governing body was to review it by {policy.review_due}"
        findings = (*findings, Finding("review-overdue", "policy", due))
    if not len(register):
        findings = (*findings, Finding("no-register", "register", FINDINGS["no-register"]))
    against = [Objection.note(finding) for finding in findings]
    if question.refuse:
        told = Finding("refused-by-person", "photo", f"{question.by} refuses it: {question.refuse}")
        against.append(Objection("refused-by-person", told, decidable=True))
    return tuple(against)


def hiding(policy: Policy, refused: str | None) -> tuple[Objection, ...]:
    """What speaks against a photo in which somebody has to be hidden: policy blocks it, or nothing would be left.

    `refused` is the reason code of a plan that leaves nothing, None where there is a plan.
    """
    if policy.on_unapproved == "block":
        return (Objection("unapproved-face"),)
    codes = () if refused is None else ("unapproved-face", refused)
    return tuple(Objection(code, decidable=True) for code in codes)


def _pointed(face: Known, register: Register, question: Question, on: date) -> tuple[Identity, tuple[Objection, ...]]:
    """Who a face is at which a person points, and what speaks against it."""
    if face.added or face.says == HIDE:
        return Identity(None, Standing.HIDDEN_BY_PERSON), ()
    if face.says == NOBODY:
        told = Finding("called-nobody", face.where, f"{question.by} says that {face.where} is nobody")
        return Identity(None, Standing.NOBODY), (Objection.note(told),)
    person = register.get(face.says)
    standing = person.standing(question.channel.scope, on) if person else Standing.UNKNOWN
    if standing is Standing.CONSENTED:
        return Identity(face.says, standing), ()
    never = standing is Standing.NOT_PERMITTED and question.mode is not Mode.MATCHED
    rule = "declared-not-permitted" if never else "tagged-not-approved"
    told = Finding(rule, face.where, f"{face.where}: {standing.value} for {question.channel.scope}")
    return Identity(None, standing), (Objection(rule, told) if never else Objection.note(told),)


def _unpointed(
    faces: Sequence[Known], register: Register, question: Question, on: date, kept: frozenset[str]
) -> Decision:
    """What may be seen of the faces at which nobody points; `kept` are people who are shown by a tag."""
    if question.mode is Mode.DECLARED:
        return _declared(faces, register, question, on)
    if question.mode is Mode.MATCHED:
        return _matched(faces, register, question, on, kept)
    return Decision(faces=_nobody(faces))


def _matched(
    faces: Sequence[Known], register: Register, question: Question, on: date, kept: frozenset[str]
) -> Decision:
    matches = [face.match for face in faces]
    identities = tuple(_identity(match, register, question, on, kept) for match in matches)
    shown = [who.person for who in identities if who.person and who.standing is Standing.CONSENTED]
    return Decision(
        faces=identities,
        objections=tuple(Objection.note(finding) for finding in _not_sure(matches, register, question)),
        rests_on=tuple(dict.fromkeys(shown)),
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
        told = f"{_counted(siblings)} like a brother or sister of a group that a person has to tell apart: a tag"
        yield Finding("not-sure-who", "photo", told)


def _counted(faces: int) -> str:
    return f"{faces} faces are" if faces > 1 else "1 face is"


def _identity(match: Match, register: Register, question: Question, on: date, kept: frozenset[str]) -> Identity:
    """Who a matched face is. Doubt of any kind, a missing consent to be recognised included, names nobody."""
    person = register.get(match.person) if match.person else None
    if match.answer is Answer.UNSURE:
        return Identity(None, Standing.UNSURE)
    if person is None or person.biometric_standing(on) is not Standing.CONSENTED:
        return Identity(None, Standing.UNKNOWN)
    unexpected = question.among is not None and person.id not in question.among
    # Brothers, sisters and twins are never cleared by a machine; and nobody has two faces.
    if person.sibling_group or unexpected or person.id in kept:
        return Identity(None, Standing.UNSURE)
    return Identity(person.id, person.standing(question.channel.scope, on))


def _nobody(faces: Sequence[Known]) -> tuple[Identity, ...]:
    """Faces whose owners are not known, unsure heads staying unsure."""
    doubt = {True: Standing.UNSURE, False: Standing.UNKNOWN}
    return tuple(Identity(None, doubt[face.match.answer is Answer.UNSURE]) for face in faces)


def _declared(seen: Sequence[Known], register: Register, question: Question, on: date) -> Decision:
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
        code = "declared-not-permitted" if never else "declared-not-approved"
        found = [
            Finding(
                "declared-not-permitted" if standing is Standing.NOT_PERMITTED else "declared-not-approved",
                person,
                f"{person}: {standing.value} for {question.channel.scope}",
            )
            for person, standing in barred.items()
        ]
        return Decision((Identity(None, worst),) * faces, tuple(Objection(code, finding) for finding in found))
    if faces > len(question.declared):
        return Decision(_nobody(seen), (Objection("more-faces-than-declared", decidable=True),))
    # With one name and one face the name is the face's; among several nothing says which is which.
    person = question.declared[0] if len(question.declared) == 1 else None
    missing = Finding(
        "fewer-faces-than-declared", "photo", f"{faces} faces found, {len(question.declared)} people named"
    )
    return Decision(
        faces=(Identity(person, Standing.CONSENTED),) * faces,
        objections=(Objection.note(missing),) if faces < len(question.declared) else (),
        rests_on=question.declared,
    )
