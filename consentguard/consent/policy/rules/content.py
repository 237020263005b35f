"""[content]: what else a picture may hold besides people: text, other people's work, what is unsuitable."""

from __future__ import annotations

from dataclasses import dataclass

from consentguard.consent.policy.toml_keys import Keys


@dataclass(frozen=True, slots=True)
class ContentRules:
    """What the school decided about the content of pictures.

    Attributes:
        text_in_picture: a pupil's surname read in a picture: "paint" it over, or "refuse"; "ignore" reads no text.
        unread_text: where text was not read (no extra `[ocr]`, or by choice) or not surely: "report" it, or "refuse".
        foreign_notice: somebody else's credit or copyright in the file: "report", or "refuse" until a person decides.
        suitable_on: channels on which a named person has to call every photo suitable (`--suitable-by`).
    """

    text_in_picture: str = "paint"
    unread_text: str = "report"
    foreign_notice: str = "report"
    suitable_on: tuple[str, ...] = ()

    @classmethod
    def read(cls, keys: Keys) -> ContentRules:
        usual = cls()
        return cls(
            text_in_picture=keys.choice("text_in_picture", ("paint", "refuse", "ignore"), usual.text_in_picture),
            unread_text=keys.choice("unread_text", ("report", "refuse"), usual.unread_text),
            foreign_notice=keys.choice("foreign_notice", ("report", "refuse"), usual.foreign_notice),
            suitable_on=keys.texts("suitable_on", usual.suitable_on),
        )
