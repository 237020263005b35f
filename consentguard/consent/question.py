"""The question: what a poster says about a photo, checked before any pixel is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Final, TypedDict

from consentguard.consent.clock import Occasion, occasion
from consentguard.consent.policy.overriding import Override, check_override
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.register.register import Register
from consentguard.consent.register.search import ids_of
from consentguard.errors import WrongUsage
from consentguard.values import NOBODY, Box, Mode, Rewrite, Tag
from consentguard.values.plain import optional_text, plain_texts


class Asked(TypedDict, total=False):
    """What a poster may say about a photo; every key may be left out.

    Keys:
        channel: where it shall go; policy's default channel without it.
        mode: how the people in it are known: off, declared, tagged or matched. Naming people chooses declared, tags
            without names tagged, else off.
        people: register ids of everybody shown, for mode declared; in mode matched only they may match.
        by: the name of whoever says so.
        event, urgent, trip: what it is for, where that permits it outside the hours; one of them, with `by`.
        caption, alt: what will be written beside it, and its description for those who cannot see it.
        suitable_by: the name of whoever looked at it and calls it suitable, where policy asks for that.
        override: reason code -> why it shall not stop this photo, decided by `by`, whom policy must name for it.
        expected: a class of the register, for mode matched: only its people may match, so that a match needs less.
        tags: what `by` says of single faces by pointing at them.
        rewrite: which kind shall be made of it: crop, silhouette or cover; without it the one most worth publishing.
        frame: left, top, right, bottom of a crop that `by` drew, in pixels of the upright source picture.
        choice: the digest of one of `Guard.propose`, or "refuse".
        refuse: why `by` has nothing of it published.
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
    rewrite: str | None
    frame: Sequence[int] | None
    choice: str | None
    refuse: str | None


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
    rewrite: Rewrite | None = None
    frame: Box | None = None
    choice: str = ""
    refuse: str = ""

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
            "frame": self.frame.as_list() if self.frame else None,
        }

    def recorded(self) -> dict[str, object]:
        """What the audit trail keeps of it: nothing that a person wrote about the photo, and no tag, for those are kept
        as they were judged."""
        return {key: value for key, value in self.as_json().items() if key not in _UNRECORDED}


_UNRECORDED: Final = frozenset({"caption", "alt", "among", "tags"})
_REWRITES: Final = (Rewrite.CROP.value, Rewrite.SILHOUETTE.value, Rewrite.COVER.value)


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
    rewrite: str | None = None,
    frame: Sequence[int] | None = None,
    choice: str | None = None,
    refuse: str | None = None,
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
        rewrite=_rewrite(rewrite),
        frame=_frame(frame, by),
        choice=_choice(choice, rewrite, frame),
        refuse=_refused(refuse, choice, by),
    )


def _rewrite(kind: str | None) -> Rewrite | None:
    if kind is None:
        return None
    if kind not in _REWRITES:
        raise WrongUsage(f"{kind!r} is no rewrite; choose one of {', '.join(_REWRITES)}")
    return Rewrite(kind)


def _frame(edges: Sequence[int] | None, by: str | None) -> Box | None:
    if edges is None:
        return None
    if not (by or "").strip():
        raise WrongUsage("a frame needs the name of whoever drew it: --by NAME")
    try:
        return Box(*edges)
    except (TypeError, ValueError) as error:
        raise WrongUsage(f"a frame is left, top, right, bottom in pixels of the photo, not {list(edges)}") from error


def _choice(choice: str | None, rewrite: str | None, frame: Sequence[int] | None) -> str:
    if choice and (rewrite or frame is not None):
        raise WrongUsage("a choice is a whole plan; name no rewrite or frame beside it")
    return (choice or "").strip()


def _refused(why: str | None, choice: str | None, by: str | None) -> str:
    said = (why or "").strip() or ("chosen" if (choice or "").strip() == "refuse" else "")
    if said and not (by or "").strip():
        raise WrongUsage("a photo is refused by somebody: --by NAME")
    return said


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
