"""Tags in a file: what a person says of the faces of one photo, bound to the bytes of that photo.

    {"schema": 1, "photo": "SHA-256 of the photo's bytes, hex",
     "tags": [{"box": [left, top, right, bottom], "says": "P004", "added": false}]}

Boxes are pixels of the upright source picture, half open. `says` is a register id, `hide`, `nobody`, or "" for a face
of which nothing is said. `number` and `where` may stand beside it, for whoever reads the file; they count for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from consentguard.errors import WrongUsage
from consentguard.files import read_bounded, write_whole
from consentguard.values import JudgedFace, Tag

SUFFIX: Final = ".tags.json"
TagsOf: TypeAlias = Mapping[str, tuple[Tag, ...]]
"""Tags by the SHA-256 (hex) of the photo that they are about."""
_SCHEMA: Final = 1
_KEYS: Final = frozenset({"schema", "photo", "tags"})
_TAG_KEYS: Final = frozenset({"box", "says", "added", "number", "where"})
_MOST_BYTES: Final = 1_000_000
_SAME_PLACE: Final = 0.3
"""IoU from which somebody is where somebody was in the photo before."""


@dataclass(frozen=True, slots=True)
class TagsFile:
    """What one file says: the SHA-256 (hex) of its photo, and the tags in it that say something."""

    photo: str
    tags: tuple[Tag, ...]

    @classmethod
    def load(cls, path: Path) -> TagsFile:
        """Reads a file of tags. Raises WrongUsage with what is wrong with it."""
        try:
            data = read_bounded(path, _MOST_BYTES)
        except OSError as error:
            raise WrongUsage(f"{path}: cannot be read ({error.strerror}); check the name") from error
        try:
            stored = json.loads(data)
        except (ValueError, RecursionError) as error:
            how = "make one with `consentguard inspect PHOTO --tags-out FILE`"
            raise WrongUsage(f"{path}: is no JSON; {how}") from error
        return cls(*_parsed(stored, path))

    def of_photo(self, sha256: str, path: Path) -> tuple[Tag, ...]:
        """The tags, for the photo of that SHA-256. Raises WrongUsage where they are another photo's."""
        if self.photo != sha256:
            raise WrongUsage(f"{path}: holds the tags of another photo; `inspect` this one anew")
        return self.tags


def for_editing(photo: str, faces: Iterable[JudgedFace]) -> bytes:
    """A file for the photo of that SHA-256, with every face and what is said of it; "" where nothing is."""
    rows = [
        {
            "number": face.number,
            "where": face.where,
            "box": face.box.as_list(),
            "says": face.tag if face.tag not in (None, "hidden") else "",
            "added": face.added,
        }
        for face in faces
    ]
    return json.dumps({"schema": _SCHEMA, "photo": photo, "tags": rows}, indent=1).encode() + b"\n"


def written(photo: str, tags: Iterable[Tag]) -> bytes:
    """A file that says these tags of the photo of that SHA-256."""
    rows = [tag.as_json() for tag in tags]
    return json.dumps({"schema": _SCHEMA, "photo": photo, "tags": rows}, indent=1).encode() + b"\n"


def in_folder(folder: Path) -> TagsOf:
    """The tags of every photo for which a `*.tags.json` lies in a folder or below it, by the photo's SHA-256.

    Raises WrongUsage for a file that is wrong, and where two files speak of one photo.
    """
    found: dict[str, tuple[Tag, ...]] = {}
    for path in files_in(folder):
        file = TagsFile.load(path)
        if file.photo in found:
            raise WrongUsage(f"{path}: another file in {folder} has tags of the same photo; keep one of them")
        found[file.photo] = file.tags
    return MappingProxyType(found)


def read(path: Path, *, outside: Path) -> TagsOf:
    """The tags of a file, or of every file in a folder, by the SHA-256 of their photos.

    Raises WrongUsage for files that are wrong, and where they lie in `outside`, the folder that is judged: they hold
    ids, and would be published or judged with it.
    """
    if path.resolve().is_relative_to(outside.resolve()):
        raise WrongUsage(f"{path}: tags lie outside of what is judged, and this lies in {outside}; move them")
    if path.is_dir():
        return in_folder(path)
    file = TagsFile.load(path)
    return MappingProxyType({file.photo: file.tags})


def suggested(faces: Iterable[JudgedFace], before: Iterable[Tag]) -> Mapping[int, str]:
    """What the photo before suggests for the faces of this one, by position: number of a face -> what was said there.

    For bursts, where people stay where they are. A suggestion is no answer: nobody is tagged by it.
    """
    places = [(face.box.iou(tag.box), face.number, tag) for face in faces for tag in before if face.number is not None]
    found: dict[int, str] = {}
    for iou, number, tag in sorted(places, key=lambda place: (-place[0], place[1])):
        if iou >= _SAME_PLACE and number not in found and (tag.person is None or tag.says not in found.values()):
            found[number] = tag.says
    return MappingProxyType(found)


def files_in(folder: Path) -> Iterator[Path]:
    """Every file of tags in a folder or below it, in order of their names."""
    yield from sorted(path for path in folder.rglob(f"*{SUFFIX}") if path.is_file())


def forget_in(folder: Path, person: str) -> int:
    """Takes the tags that say a register id out of every file in a folder; returns out of how many.

    Raises WrongUsage for a file that cannot be read as tags, OSError where one cannot be written.
    """
    changed = 0
    for path in files_in(folder):
        file = TagsFile.load(path)
        left = tuple(tag for tag in file.tags if tag.person != person)
        if left != file.tags:
            write_whole(path, written(file.photo, left))
            changed += 1
    return changed


def _parsed(stored: Any, path: Path) -> tuple[str, tuple[Tag, ...]]:
    if not isinstance(stored, dict):
        raise WrongUsage(f"{path}: is no file of tags")
    if isinstance(stored.get("schema"), int) and stored["schema"] > _SCHEMA:
        raise WrongUsage(f"{path}: has schema {stored['schema']}, this version reads {_SCHEMA}; update consentguard")
    if stored.get("schema") != _SCHEMA or not isinstance(stored.get("photo"), str):
        raise WrongUsage(f'{path}: is no file of tags; it needs "schema": {_SCHEMA} and the photo\'s SHA-256')
    if strange := sorted(stored.keys() - _KEYS):
        raise WrongUsage(f"{path}: unknown keys: {', '.join(strange)}")
    rows = stored.get("tags")
    if not isinstance(rows, list):
        raise WrongUsage(f"{path}: tags is a list")
    tags = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise WrongUsage(f"{path}: tag {number}: is no object")
        if strange := sorted(row.keys() - _TAG_KEYS):
            raise WrongUsage(f"{path}: tag {number}: unknown keys: {', '.join(strange)}")
        if row.get("says") == "":
            continue
        try:
            tags.append(Tag.from_json(row))
        except (KeyError, TypeError, ValueError) as error:
            raise WrongUsage(f"{path}: tag {number}: {_said(error)}") from error
    return stored["photo"].strip().lower(), tuple(tags)


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
