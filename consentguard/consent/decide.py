"""The decision: from what was seen and what the school knows to what may be seen. Pure: no pixels, files or clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Final, TypedDict

from consentguard.consent.clock import Occasion, judge_hours, occasion, school_day
from consentguard.consent.objections import Objection
from consentguard.consent.policy.overriding import Override, check_override
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.recognition.match import Answer, Match
from consentguard.consent.register.register import Register
from consentguard.consent.register.search import ids_of
from consentguard.errors import WrongUsage
from consentguard.values import HIDE, NOBODY, Action, Finding, Mode, Standing, Tag
from consentguard.values.plain import optional_text, plain_texts


class Asked(TypedDict, total=False):
    """What a poster may say about a photo; every key may be left out.

    Keys:
        channel: where it shall go; policy's default channel without it.
        mode: how the people in it are known: off, declared, tagged or matched. Naming people chooses declared, tags
            without names tagged, else off.
        people: register ids of everybody shown, for mode declared; in mode matched only they may match.
        by: the name of whoever says so.
        event, urgent, trip: what it is for, where that excuses it from the hours; one of them, with `by`.
        caption, alt: what will be written beside it, and its description for those who cannot see it.
        suitable_by: the name of whoever looked at it and calls it suitable, where policy asks for that.
        override: reason code -> why it shall not stop this photo, decided by `by`, whom policy must name for it.
        expected: a class of the register, for mode matched: only its people may match, so that a match needs less.
        tags: what `by` says of single faces by pointing at them.
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
    tags: Sequence[Tag]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, checked.

    `declared` are ids of the register, each once; in mode off nobody is. `among` are the only people who may match, in
    mode matched: those of the class expected, those named, or, where both were said, those of both; None means anybody.
    A field is recorded with every release unless it may hold a name of a pupil (`_UNRECORDED`).
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
    tags: tuple[Tag, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Everything that was asked, in plain types: what a verdict that is kept was the answer to."""
        return {
            **{item.name: getattr(self, item.name) for item in fields(self)},
            "channel": self.channel.name,
            "account": self.channel.account,
            "declared": list(self.declared),
            "occasion": self.occasion.as_json() if self.occasion else None,
            "override": self.override.as_json(),
            "among": None if self.among is None else sorted(self.among),
            "tags": [tag.as_json() for tag in self.tags],
        }

    def recorded(self) -> dict[str, object]:
        """What the audit trail keeps of it: nothing that a person wrote about the photo, and no tag, for those are kept
        as they were judged."""
        return {key: value for key, value in self.as_json().items() if key not in _UNRECORDED}


_UNRECORDED: Final = frozenset({"caption", "alt", "among", "tags"})


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


UNASKED: Final = Known()
"""What is known of a face in a mode that compares no faces, and at which nobody points."""

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
    tags: Sequence[Tag] = (),
) -> Question:
    """Checks a question (see `Asked`) before any pixel is looked at.

    Raises WrongUsage, with the choices, for an unknown channel, a mode that policy does not allow, an unknown person or
    class, a declaration, a tag or an occasion without its `by`, or an override or a tag that policy does not allow.
    """
    people, channel, mode = (
        plain_texts(people, "people"),
        optional_text(channel, "channel"),
        optional_text(mode, "mode"),
    )
    by, caption, alt = optional_text(by, "by"), optional_text(caption, "caption"), optional_text(alt, "alt")
    suitable_by, expected = optional_text(suitable_by, "suitable_by"), optional_text(expected, "expected")
    what_for = occasion(policy, event=event, urgent=urgent, trip=trip, by=by)
    chosen_channel = policy.channel(channel)
    usual = Mode.DECLARED.value if people else Mode.TAGGED.value if tags else None
    chosen_mode = policy.mode(mode if mode is not None else usual)
    if expected is not None and chosen_mode is not Mode.MATCHED:
        raise WrongUsage(f"a class is expected only in mode matched, not in mode {chosen_mode.value}")
    if people and chosen_mode in (Mode.OFF, Mode.TAGGED):
        raise WrongUsage(f"people are named only in modes declared and matched, not in mode {chosen_mode.value}")
    if not people and chosen_mode is Mode.DECLARED:
        raise WrongUsage("mode declared needs the ids of the people shown: --people P001,P002")
    if people and not (by or "").strip():
        raise WrongUsage(f"mode {chosen_mode.value} with people named needs the name of whoever says so: --by NAME")
    people = ids_of(register, people)
    _known(register, people)
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
        tags=_checked(register, policy, chosen_mode, tags, by),
    )


def _known(register: Register, people: Sequence[str]) -> None:
    unknown = [person for person in people if person not in register.people]
    if any(" " in person for person in unknown):  # an error repeats no name
        raise WrongUsage(f"a name that was given is nobody's in {register.file}; see `consentguard register find`")
    if unknown:
        raise WrongUsage(
            f"not in the register {register.file}: {', '.join(unknown)}; it knows {', '.join(sorted(register.people))}"
        )


def _checked(register: Register, policy: Policy, mode: Mode, tags: Sequence[Tag], by: str | None) -> tuple[Tag, ...]:
    """Tags that may be said: by somebody, of people who are in the register, each of whom has one face."""
    if not tags:
        return ()
    who = (by or "").strip()
    if not who:
        raise WrongUsage("a tag needs the name of whoever says so: --by NAME")
    if mode is Mode.OFF:
        raise WrongUsage("tags are for modes tagged, declared and matched, not for mode off")
    # Whoever points may write a full name; nothing that is kept holds one.
    tags = [tag if tag.person is None else replace(tag, says=ids_of(register, [tag.person])[0]) for tag in tags]
    people = [tag.person for tag in tags if tag.person is not None]
    _known(register, people)
    if people and mode is Mode.DECLARED:
        raise WrongUsage("mode declared names its people; a tag there says hide or nobody. Or use --mode tagged")
    if twice := sorted({person for person in people if people.count(person) > 1}):
        boxes = "; ".join(f"{p} at {' and '.join(str(t.box.as_list()) for t in tags if t.person == p)}" for p in twice)
        raise WrongUsage(f"one person has one face: {boxes}")
    may = {name.strip().casefold() for name in policy.nobody_by}
    if any(tag.says == NOBODY for tag in tags) and who.casefold() not in may:
        named = ", ".join(policy.nobody_by) or "no one"
        raise WrongUsage(f"{who} may not call a face nobody; policy names {named} (key nobody_by of {policy.file})")
    return tuple(tags)


def _class(register: Register, name: str) -> frozenset[str]:
    members = frozenset(person.id for person in register if person.class_name.casefold() == name.strip().casefold())
    if not members or not name.strip():
        known = ", ".join(sorted({person.class_name for person in register if person.class_name})) or "none"
        raise WrongUsage(f"class {name!r} is not in the register {register.file}; it knows {known}")
    return members


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
    rests_on = decision.rests_on if others else ()  # whoever was named: where all are hidden nobody is shown
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
    # whoever was named: a photo in which no face was found shows nobody
    return replace(decision, objections=(Objection.note(nothing), *decision.objections, *refused), rests_on=())


def circumstances(policy: Policy, question: Question, moment: datetime) -> tuple[Objection, ...]:
    """What a person should know of the moment and the policy, whatever the photo shows."""
    findings = judge_hours(policy, question.channel, moment, question.occasion)
    if policy.review_due is not None and policy.review_due <= school_day(moment, policy.zone):
        due = f"{policy.name}: the governing body was to review it by {policy.review_due}"
        findings = (*findings, Finding("review-overdue", "policy", due))
    return tuple(Objection.note(finding) for finding in findings)


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
