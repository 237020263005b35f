"""Enrolment: from reference photos to templates, for people who agreed to be recognised and for nobody else.

Reference photos are looked at and not kept. Whoever may not be enrolled has no photo opened.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from consentguard.consent.enrolled import may_be_recognised
from consentguard.consent.hours import school_day
from consentguard.consent.register import Register
from consentguard.consent.state import State
from consentguard.consent.template_key import KeySource
from consentguard.consent.templates import Template, TemplateStore
from consentguard.errors import Problem, TemplateStoreError, UnreadableImage
from consentguard.files import read_photo
from consentguard.values import Face, Point
from consentguard.vision.dated import taken_on
from consentguard.vision.detect import Detector
from consentguard.vision.embed import Embedder
from consentguard.vision.quality import measured
from consentguard.vision.reader import Reader

SMALLEST_FACE: Final = 40
"""Height in pixels from which a face of a photo to publish is recognised at all; a reference photo needs twice that."""

STRANGERS: Final = 0.6
"""Distance from which two photos are of two people by face_recognition's own rule; of one child it is 0.55 in 95 %."""

OLD: Final = timedelta(days=365)
"""Children change: a photo older than this makes a template, and a warning."""

_COLUMNS: Final = ("photo", "id", "taken", "x", "y")


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference photo: whose it is, when it was taken if the mapping says so, and a point inside the face if it
    shows several.
    """

    photo: Path
    person: str
    taken: date | None = None
    point: Point | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What came of a set of reference photos.

    Attributes:
        templates: of everybody all of whose photos could be used, or some of them.
        refused: one line for each photo or person that was not enrolled, with the reason.
        warnings: one line for each thing to look at: people who look alike, old photos.
    """

    templates: tuple[Template, ...]
    refused: tuple[str, ...]
    warnings: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """How many templates each person has, by register id."""
        return dict(Counter(template.person for template in self.templates))


@dataclass(frozen=True, slots=True)
class Eyes:
    """What looks at reference photos: the same as at photos to publish."""

    reader: Reader
    detector: Detector
    embedder: Embedder


def enrol(
    source: Path, register: Register, eyes: Eyes, state: State, now: datetime, key: KeySource | None = None
) -> Enrolment:
    """Makes templates as `enrolment` does and writes them, whole or not at all, with their row in the audit trail.

    `key` says where the key shall live; it is chosen once, when the first person is enrolled (default: a file).
    """
    made = enrolment(source, register, eyes, school_day(now))
    if made.templates:
        there = TemplateStore.key_source(state.directory) if TemplateStore.is_there(state.directory) else None
        store = TemplateStore.make(state.directory, key or there or KeySource.FILE)
        body = {"templates": made.counts(), "embedder": eyes.embedder.label, "register": register.sha256}
        store.enrol(made.templates, lambda: state.record("enrolled", body, now.isoformat(timespec="seconds")))
    return made


def enrolment(source: Path, register: Register, eyes: Eyes, on: date) -> Enrolment:
    """Makes templates of the reference photos that `source` names, and writes nothing.

    Args:
        source: a folder that holds, for each register id, a folder of photos or one photo named after it; or a CSV file
            with the columns `photo` and `id`, and if wanted `taken` (the day) and `x`, `y` (a pixel inside the face).
        register, on: only people with biometric consent on that day, and no objection, are enrolled.
        eyes: what looks at the photos.

    Raises TemplateStoreError where `source` cannot be read.
    """
    refused: list[str] = []
    found: dict[str, list[tuple[Reference, Template]]] = {}
    for reference in _allowed(references(source), register, on, refused):
        try:
            template = _template(reference, eyes, on)
        except UnreadableImage as error:
            refused.append(str(error))
        else:
            found.setdefault(reference.person, []).append((reference, template))
    for person, pairs in list(found.items()):
        if _widest([template for _, template in pairs]) > STRANGERS:
            refused.append(f"{person}: the photos do not look like one person; is one in the wrong place?")
            del found[person]
    templates = tuple(template for pairs in found.values() for _, template in pairs)
    return Enrolment(templates, tuple(refused), (*_old(found, on), *_alike(templates, eyes.embedder.threshold)))


def references(source: Path) -> tuple[Reference, ...]:
    """Every reference photo that a folder or a CSV mapping names. Raises TemplateStoreError where it cannot be read."""
    try:
        return tuple(_in_folder(source)) if source.is_dir() else tuple(_in_mapping(source))
    except OSError as error:
        raise TemplateStoreError(
            f"{error.filename}: cannot be read ({error.strerror}); name a folder or a CSV file with --photos."
        ) from error


def _in_folder(folder: Path) -> Iterator[Reference]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            yield Reference(entry, entry.stem)
            continue
        photos = [photo for photo in sorted(entry.iterdir()) if not photo.name.startswith(".")]
        yield from (Reference(photo, entry.name) for photo in photos or [entry])


def _in_mapping(file: Path) -> Iterator[Reference]:
    """The rows of a CSV mapping, photos being relative to its folder; all mistakes are reported at once."""
    problems: list[Problem] = []
    try:
        reader = csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader]
        header = reader.fieldnames or []
    except (UnicodeDecodeError, csv.Error) as error:
        raise TemplateStoreError(f"{file}: is no CSV file in UTF-8 ({error}); save it as one.") from error
    problems += [Problem(1, column, "unknown column") for column in header if column not in _COLUMNS]
    problems += [Problem(1, column, "the column is missing") for column in ("photo", "id") if column not in header]
    found = [] if problems else [_row(file, line, row, problems) for line, row in rows]
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise TemplateStoreError(f"{file}: nobody was enrolled\n{listed}\nMend these and try again.")
    yield from found


def _row(file: Path, line: int, row: dict[str, str], problems: list[Problem]) -> Reference:
    cells = {column: (row.get(column) or "").strip() for column in _COLUMNS}
    if None in row or not cells["photo"] or not cells["id"]:
        problems.append(Problem(line, "", "needs a photo and an id, and no more cells than the header"))
    taken, point = None, None
    try:
        taken = date.fromisoformat(cells["taken"]) if cells["taken"] else None
    except ValueError:
        problems.append(Problem(line, "taken", "is not a day like 2026-09-01"))
    try:
        point = (float(cells["x"]), float(cells["y"])) if cells["x"] or cells["y"] else None
    except ValueError:
        problems.append(Problem(line, "x, y", "are not two numbers"))
    return Reference(file.parent / cells["photo"], cells["id"], taken, point)


def _allowed(found: Sequence[Reference], register: Register, on: date, refused: list[str]) -> Iterator[Reference]:
    """The photos of whoever may be enrolled; everybody else goes to the refused, once, photos unopened."""
    barred: set[str] = set()
    for reference in found:
        if may_be_recognised(register, reference.person, on):
            yield reference
        elif reference.person not in barred:
            barred.add(reference.person)
            person = register.get(reference.person)
            refused.append(
                f"{person.id}: may not be recognised (column biometric: {person.biometric_standing(on).value})"
                if person
                else f"{reference.photo}: {reference.person!r} is no id of the register {register.file}"
            )


def _template(reference: Reference, eyes: Eyes, on: date) -> Template:
    """The template of the one face of a reference photo. Raises UnreadableImage with everything against it."""
    photo = reference.photo
    if photo.is_dir():
        raise UnreadableImage(f"{photo}: holds no photo")
    data = read_photo(photo)
    try:
        picture = eyes.reader.read(data)
    except UnreadableImage as error:
        raise UnreadableImage(f"{photo}: {error}") from error
    shrunk = picture.width / picture.source_width
    face = _the_face(photo, eyes.detector.find(picture.pixels), reference.point, shrunk)
    if faults := measured(picture.pixels, face).faults():
        raise UnreadableImage(f"{photo}: {'; '.join(faults)}")
    (vector,) = eyes.embedder.embed(picture.pixels, [face])
    if not np.isfinite(vector).all():
        raise UnreadableImage(f"{photo}: its face cannot be described; take one that looks straight ahead")
    return Template(reference.person, vector, eyes.embedder.label, on, reference.taken or taken_on(data))


def _the_face(photo: Path, faces: Sequence[Face], point: Point | None, shrunk: float) -> Face:
    if point is not None:
        x, y = point[0] * shrunk, point[1] * shrunk
        faces = [face for face in faces if face.box.left <= x < face.box.right and face.box.top <= y < face.box.bottom]
    if len(faces) != 1:
        where = "" if point is None else f" at {point[0]:g}, {point[1]:g}"
        raise UnreadableImage(
            f"{photo}: shows {len(faces)} faces{where}; a reference photo shows one, or a mapping points at it"
        )
    return faces[0]


def _old(found: dict[str, list[tuple[Reference, Template]]], on: date) -> Iterator[str]:
    for pairs in found.values():
        for reference, template in pairs:
            if template.taken and on - template.taken > OLD:
                yield f"{reference.photo}: was taken on {template.taken}, over 12 months ago; take a new one soon"


def _alike(templates: Sequence[Template], threshold: float) -> Iterator[str]:
    """People whose nearest templates are near enough to be taken for one another."""
    if not templates:
        return
    rows = np.stack([template.vector for template in templates])
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    pairs = {
        tuple(sorted((templates[i].person, templates[j].person)))
        for i, j in np.argwhere(apart < threshold)
        if templates[i].person != templates[j].person
    }
    for one, other in sorted(pairs):
        yield f"{one} and {other} look alike: siblings, or a photo in the wrong place? Both will often stay hidden"


def _widest(templates: Sequence[Template]) -> float:
    rows = np.stack([template.vector for template in templates])
    return float(np.linalg.norm(rows[:, None] - rows[None], axis=2).max())
