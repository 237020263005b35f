"""What a person said of one photo at the desk, as the page sends it and the journal keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consentguard.errors import WrongUsage
from consentguard.values import Box, Tag


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of one photo; nothing yet where it is new.

    Attributes:
        tags: of single faces.
        people: register ids, for "the whole class, minus ...": everybody who is shown and not tagged otherwise.
        choice: the digest of the proposal that was chosen; "" for the one that policy prefers.
        frame: a frame drawn by hand instead, in pixels of the source.
        caption, alt: what will stand beside it.
    """

    tags: tuple[Tag, ...] = ()
    people: tuple[str, ...] = ()
    choice: str = ""
    frame: Box | None = None
    caption: str = ""
    alt: str = ""

    @classmethod
    def from_json(cls, sent: Mapping[str, Any]) -> Said:
        """What the page sent. Raises WrongUsage for anything that is no such thing."""
        try:
            frame = sent.get("frame")
            people, choice = sent.get("people", []), sent.get("choice") or ""
            if not all(isinstance(text, str) for text in (*people, choice)):
                raise TypeError("people are ids, a choice is a digest")
            return cls(
                tags=tuple(Tag.from_json(tag) for tag in sent.get("tags", [])),
                people=tuple(people),
                choice=choice,
                frame=None if frame is None else Box(*(int(edge) for edge in frame)),
                caption=str(sent.get("caption", "")),
                alt=str(sent.get("alt", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise WrongUsage(f"the page sent what the desk does not know ({error}); load it again") from error

    def as_json(self) -> dict[str, Any]:
        """For the journal: no caption and no description, which may hold names."""
        return {
            "tags": [tag.as_json() for tag in self.tags],
            "people": list(self.people),
            "choice": self.choice,
            "frame": self.frame.as_list() if self.frame else None,
        }
