"""What a person says of one face by pointing at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from consentguard.values.geometry import Box

if TYPE_CHECKING:
    from consentguard.values.verdict import JudgedFace

HIDE: Final = "hide"
NOBODY: Final = "nobody"


@dataclass(frozen=True, slots=True)
class Tag:
    """What somebody says of one face.

    Attributes:
        box: in pixels of the upright source picture, as verdicts give them.
        says: the register id of the person shown, `hide`, or `nobody` (a picture on a wall, a statue, a false box).
        added: nothing was found there. Such a tag can only hide, whatever it says.

    Raises ValueError where it says nothing, or where `nobody` is said of a box that was added.
    """

    box: Box
    says: str
    added: bool = False

    def __post_init__(self) -> None:
        if not self.says.strip():
            raise ValueError(f"a tag says a register id, {HIDE!r} or {NOBODY!r}")
        if self.added and self.says == NOBODY:
            raise ValueError(f"an added box can only hide, so it cannot say {NOBODY!r}")

    @classmethod
    def of(cls, face: JudgedFace, says: str) -> Tag:
        """A tag on a face of a verdict. Raises ValueError as above."""
        return cls(face.box, says, face.added)

    @property
    def person(self) -> str | None:
        """The register id that it says, None where it says none."""
        return None if self.says in (HIDE, NOBODY) else self.says

    def as_json(self) -> dict[str, Any]:
        return {"box": self.box.as_list(), "says": self.says, "added": self.added}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Tag:
        """A tag from what `as_json` made of it. Raises KeyError, TypeError or ValueError."""
        left, top, right, bottom = stored["box"]
        if not all(type(edge) is int for edge in (left, top, right, bottom)):
            raise ValueError("a box has four whole numbers")
        says, added = stored["says"], stored.get("added", False)
        if not isinstance(says, str) or not isinstance(added, bool):
            raise TypeError("says is a text, added is true or false")
        return cls(Box(left, top, right, bottom), says, added)
