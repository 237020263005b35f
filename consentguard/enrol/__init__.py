"""Enrolment: from reference photos to templates, for people who agreed to be recognised and for nobody else.

Reference photos are looked at and not kept. Whoever may not be enrolled has no photo opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from consentguard.consent.clock import school_day
from consentguard.consent.recognition.enrolled import forget_without_consent, may_be_recognised
from consentguard.consent.recognition.match import Gallery, Operating, alike
from consentguard.consent.recognition.plda import Floats, Population
from consentguard.consent.recognition.template_key import KeySource
from consentguard.consent.recognition.templates import Template, TemplateStore
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.enrol.references import Reference, references
from consentguard.errors import UnreadableImage
from consentguard.files import read_photo
from consentguard.values import Face, Point
from consentguard.vision.detection.detector import Detector
from consentguard.vision.embedding.embedder import Embedder, steady
from consentguard.vision.embedding.quality import measured
from consentguard.vision.imagefile.dated import taken_on
from consentguard.vision.imagefile.sandbox import Reader

STRANGERS: Final = -5.0
"""Nats: a photo that scores less against the other photos of its folder is of somebody else. Of children photographed
at most two years apart 2 % score less, of different people 75 % (benchmarks/recognition.py)."""

_ALIKE: Final = 0.001
"""People who would be taken for one another more often than this are warned of."""

_FACE: Final = 0.5
"""A reference photo shows whatever is likelier a face than not; in a photo to publish, far less hides a child."""

OLD: Final = timedelta(days=365)
"""Children change: a photo older than this makes a template, and a warning."""


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
class FaceDescriber:
    """What looks at reference photos: the same as at photos to publish."""

    reader: Reader
    detector: Detector
    embedder: Embedder


def enrol(
    source: Path,
    register: Register,
    describer: FaceDescriber,
    state: State,
    now: datetime,
    zone: ZoneInfo,
    key: KeySource | None = None,
) -> Enrolment:
    """Makes templates as `enrolment` does and writes them, whole or not at all, with their row in the audit trail.

    `key` says where the key shall live; it is chosen once, when the first person is enrolled (default: a file).
    """
    store: TemplateStore | None = None
    before: tuple[Template, ...] = ()
    if TemplateStore.is_there(state.directory):
        store = TemplateStore.make(state.directory, key or TemplateStore.key_source(state.directory))
        forget_without_consent(store, state, register, now, zone)
        before = store.templates()
    made = enrolment(source, register, describer, school_day(now, zone), before)
    if made.templates:
        store = store or TemplateStore.make(state.directory, key or KeySource.FILE)
        body = {"templates": made.counts(), "embedder": describer.embedder.label, "register": register.sha256}
        store.enrol(
            made.templates,
            lambda: state.record("enrolled", body, now.isoformat(timespec="seconds")),
            lambda fingerprint: body.update(store=fingerprint),  # no older copy of the store shall pass for it
        )
    return made


def enrolment(
    source: Path, register: Register, describer: FaceDescriber, on: date, before: Sequence[Template] = ()
) -> Enrolment:
    """Makes templates of the reference photos that `source` names, and writes nothing.

    Args:
        source: a folder that holds, for each register id, a folder of photos or one photo named after it; or a CSV file
            with the columns `photo` and `id`, and if wanted `taken` (the day) and `x`, `y` (a pixel inside the face).
        register, on: only people with biometric consent on that day, and no objection, are enrolled.
        describer: what looks at the photos.
        before: templates of those enrolled already, to warn of people who look alike.

    Raises TemplateStoreError where `source` cannot be read.
    """
    refused: list[str] = []
    found: dict[str, list[tuple[Reference, Template]]] = {}
    for reference in _allowed(references(source), register, on, refused):
        try:
            template = template_of(reference, describer, on)
        except UnreadableImage as error:
            refused.append(str(error))
        else:
            found.setdefault(reference.person, []).append((reference, template))
    population = Population.shipped(describer.embedder.population)
    if population is None:
        unchecked = (
            f"nothing ships about the embedder {describer.embedder.label}: whose photos look alike was not checked",
        )
        return Enrolment(_all(found), tuple(refused), (*_old(found, on), *unchecked))
    for person, pairs in list(found.items()):
        if _strangers([template for _, template in pairs], population):
            refused.append(f"{person}: the photos do not look like one person; is one in the wrong place?")
            del found[person]
    others = [kept for kept in before if kept.person not in found and kept.embedder == describer.embedder.label]
    return Enrolment(_all(found), tuple(refused), (*_old(found, on), *_alike(_all(found), others, population)))


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


def template_of(reference: Reference, describer: FaceDescriber, on: date, *, good: bool = True) -> Template:
    """The template of the one face of a reference photo; it has to be a `good` one unless that is not asked for.

    Raises UnreadableImage with everything against it.
    """
    photo = reference.photo
    if photo.is_dir():
        raise UnreadableImage(f"{photo}: holds no photo")
    data = read_photo(photo)
    try:
        picture = describer.reader.read(data)
    except UnreadableImage as error:
        raise UnreadableImage(f"{photo}: {error}") from error
    shrunk = picture.width / picture.source_width
    face = _the_face(photo, describer.detector.find(picture.pixels), reference.point, shrunk)
    if good and (faults := measured(picture.pixels, face).faults()):
        raise UnreadableImage(f"{photo}: {'; '.join(faults)}")
    (vector,) = steady(describer.embedder, picture.pixels, [face])
    if not np.isfinite(vector).all():
        raise UnreadableImage(f"{photo}: its face cannot be described; take one that looks straight ahead")
    return Template(reference.person, vector, describer.embedder.label, on, reference.taken or taken_on(data))


def _the_face(photo: Path, found: Sequence[Face], point: Point | None, shrunk: float) -> Face:
    faces = [face for face in found if face.score >= _FACE]
    if point is not None:
        x, y = point[0] * shrunk, point[1] * shrunk
        faces = [face for face in faces if face.box.left <= x < face.box.right and face.box.top <= y < face.box.bottom]
    if len(faces) != 1:
        where = "" if point is None else f" at {point[0]:g}, {point[1]:g}"
        many = f"{len(faces)} faces" if faces else "no face"
        raise UnreadableImage(
            f"{photo}: shows {many}{where}; a reference photo shows one, or a CSV mapping points at it"
        )
    return faces[0]


def _old(found: dict[str, list[tuple[Reference, Template]]], on: date) -> Iterator[str]:
    for pairs in found.values():
        for reference, template in pairs:
            if template.taken and on - template.taken > OLD:
                yield f"{reference.photo}: was taken on {template.taken}, over 12 months ago; take a new one soon"


def _all(found: Mapping[str, Sequence[tuple[Reference, Template]]]) -> tuple[Template, ...]:
    return tuple(template for pairs in found.values() for _, template in pairs)


def _alike(made: Sequence[Template], others: Sequence[Template], population: Population) -> Iterator[str]:
    """People, at least one of them enrolled now, who could be taken for one another."""
    if not made:
        return
    people = [template.person for template in (*made, *others)]
    vectors = _stacked((*made, *others))
    gallery = Gallery.of(people, vectors, population.at(vectors, people), Operating(_ALIKE, population.tail), "")
    for one, other in alike(gallery, _stacked(made), [template.person for template in made]):
        yield (
            f"{gallery.ids[one]} and {gallery.ids[other]} look alike: siblings, or a photo in the wrong place? "
            "Both may often stay hidden"
        )


def _strangers(templates: Sequence[Template], population: Population) -> bool:
    """Whether a photo looks like somebody other than the rest of its folder does."""
    latent = population.latent(_stacked(templates))
    for one in range(len(latent) if len(latent) > 1 else 0):
        rest = np.delete(latent, one, axis=0)
        profile = population.profiles(rest, np.zeros(len(rest), np.intp), 1)
        if population.scores(latent[[one]], profile)[0, 0] < STRANGERS:
            return True
    return False


def _stacked(templates: Sequence[Template]) -> Floats:
    return np.stack([template.vector for template in templates])
