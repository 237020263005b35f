"""What is asked of a photo, and what may be said beside it, by the names of the register and the rules of policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final, Unpack

from consentguard.consent.objections import Objection, Ruling, ruling
from consentguard.consent.policy.overriding import Override
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.channels import Channel
from consentguard.consent.question import Asked, Question, ask
from consentguard.consent.register.register import Register
from consentguard.errors import WrongUsage
from consentguard.values import Finding
from consentguard.values.plain import people_of, plain_path, plain_text
from consentguard.wording import Named, Rules, Screen
from consentguard.wording.fold import fold

_FORBIDDEN: Final = frozenset({"surname", "text-too-long"})
"""Rules that no person can decide otherwise: the words have to be changed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of one photo, checked, and what its words come to.

    Attributes:
        name: what verdicts call the photo.
        question: what is asked.
        against_words: what speaks against the words that go out with it.
        about_name: what is to say of the file's name.
    """

    name: str
    question: Question
    against_words: tuple[Objection, ...] = ()
    about_name: tuple[Finding, ...] = ()


class Words:
    """Judges text for one register and one policy. May be shared between threads.

    Attributes:
        screen: what finds the names of the register in a text.
    """

    def __init__(self, register: Register, policy: Policy) -> None:
        self._register = register
        self._policy = policy
        self.screen = _screen(register, policy)
        full: dict[bool, set[str]] = {True: set(), False: set()}
        for person in register:
            full[person.role == "pupil"].update(map(fold, person.full_names))
        self._only_pupils = frozenset(full[True] - full[False])

    def question(self, **asked: Unpack[Asked]) -> Question:
        """Checks what is asked, before any photo. Raises WrongUsage with the choices, and TypeError for people."""
        if "people" in asked:
            asked["people"] = people_of(asked["people"])
        override = asked.get("override") or {}
        self.check_recorded(
            names=(asked.get("by"), asked.get("suitable_by")),
            reasons=(asked.get("event"), asked.get("urgent"), asked.get("refuse"), *override.values()),
        )
        return ask(self._register, self._policy, **asked)

    def request(self, name: str, **asked: Unpack[Asked]) -> Request:
        """The same for one photo, with what its caption, its description and the name of its file come to."""
        question = self.question(**asked)
        said = self.objections({"caption": question.caption, "alt": question.alt}, channel=question.channel)
        return Request(name, question, said, self.judge_file_name(name))

    def judge(self, texts: Mapping[str, str], *, with_image: bool = True, channel: Channel | None = None) -> Ruling:
        """What comes of `objections` where nobody overrides any."""
        return ruling(self.objections(texts, with_image=with_image, channel=channel), Override())

    def objections(
        self, texts: Mapping[str, str], *, with_image: bool = True, channel: Channel | None = None
    ) -> tuple[Objection, ...]:
        """What speaks against texts that go out together, each under the name that findings call it: caption, alt, ...

        `with_image`: a photo goes with them, so that policy's rule about names and images holds; that of `channel`,
        where it has its own.
        """
        names = self._first_names(with_image, channel)
        found = [
            finding
            for where, text in [(where, plain_text(text, where)) for where, text in texts.items()]
            if text
            for finding in self.screen.judge(text, where=where, first_names=names)
        ]
        return self._weighed(found)

    def objections_in_thread(
        self, posts: Sequence[str], *, with_image: bool = True, channel: Channel | None = None
    ) -> tuple[Objection, ...]:
        """What speaks against posts that follow each other, and against what they say together; see `objections`."""
        plain = [plain_text(post, "a post") for post in posts]
        return self._weighed(self.screen.judge_thread(plain, first_names=self._first_names(with_image, channel)))

    def _first_names(self, with_image: bool, channel: Channel | None) -> bool:
        return not with_image or self._policy.names_on(channel) == "allow"

    def named_beside_picture(self, text: str, where: str, channel: Channel | None) -> tuple[Finding, ...]:
        """Pupils that a text beside a picture names, be it as long as it may: findings of the rules about names."""
        found = self.screen.named(text, where=where, first_names=self._first_names(True, channel))
        return tuple(map(self._policy.sentences.quoted, found))

    def judge_file_name(self, name: str) -> tuple[Finding, ...]:
        """Whether a file is named after a pupil: one `file-name`, or nothing. Folders are not looked at."""
        stem = PurePath(plain_path(name, "a file name").replace("\\", "/")).stem
        named = [hit for hit in self.screen.judge(stem) if hit.rule in ("surname", "maybe-surname")]
        if not named:
            return ()
        return (self._policy.sentences.quoted(replace(named[0], rule="file-name", where="file name")),)

    def check_recorded(self, *, names: Sequence[str | None] = (), reasons: Sequence[str | None] = ()) -> None:
        """Refuses what would name a pupil in the audit trail, which holds ids only. Raises WrongUsage without it.

        Args:
            names: of whoever answers for something; staff may share a surname with a pupil, so only a pupil's full
                name counts.
            reasons: what something is for, in free words.
        """
        if any(name and self._is_pupils_full_name(name) for name in names):
            raise WrongUsage("the name of whoever answers for it is a pupil's in full; name the grown-up who does")
        for reason in filter(None, reasons):
            found = next((hit for hit in self.screen.judge(reason) if hit.rule == "surname"), None)
            if found is not None:
                who = found.message.partition(":")[0]
                raise WrongUsage(f"a reason or an event names a pupil ({who}), and it is recorded; write it without")

    def _is_pupils_full_name(self, text: str) -> bool:
        said = fold(text)
        return any(name in said for name in self._only_pupils)

    def _weighed(self, found: Sequence[Finding]) -> tuple[Objection, ...]:
        quoted = self._policy.sentences.quoted
        return tuple(Objection(f.rule, quoted(f), decidable=f.rule not in _FORBIDDEN) for f in found)


def _screen(register: Register, policy: Policy) -> Screen:
    rules = policy.words
    accounts = [channel.account for channel in policy.channels.values() if channel.account]
    people = (
        Named(
            person.id,
            forenames=(person.legal_forename, person.preferred_forename),
            surnames=(person.legal_surname, person.preferred_surname),
            protected=person.role == "pupil",
        )
        for person in register
    )
    return Screen(
        people,
        Rules(
            everyday=rules.everyday_surnames,
            allow=rules.allowed_phrases,
            accounts=(*accounts, *rules.known_accounts),
            own=rules.own_credits,
        ),
    )
