"""[posting]: how the accounts at X are used."""

from __future__ import annotations

from dataclasses import dataclass

from consentguard.consent.policy.toml_keys import Keys


@dataclass(frozen=True, slots=True)
class PostingRules:
    """What binds every post.

    Attributes:
        alt_text: `written`: a person describes every photo. `proposed`: where nobody does, the verdict does.
        text_limit: the longest text, as X counts it.
        upload: `v2`, or `v1.1` for accounts whose access has only the older upload.
        delete_sources: photos taken for sharing may be deleted once they were shared.
        hide_automatically: replies that break the rules are hidden without a named person.
    """

    alt_text: str = "proposed"
    text_limit: int = 280
    upload: str = "v2"
    delete_sources: bool = True
    hide_automatically: bool = False

    @classmethod
    def read(cls, keys: Keys) -> PostingRules:
        usual = cls()
        return cls(
            alt_text=keys.choice("alt_text", ("written", "proposed"), usual.alt_text),
            text_limit=keys.whole("text_limit", 1, 25_000, usual.text_limit),
            upload=keys.choice("upload", ("v2", "v1.1"), usual.upload),
            delete_sources=keys.flag("delete_sources", usual.delete_sources),
            hide_automatically=keys.flag("hide_automatically", usual.hide_automatically),
        )
