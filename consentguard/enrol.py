"""Enrolment: from reference photos to templates, for people who agreed to be recognised and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from consentguard.consent.match import Gallery
from consentguard.consent.register import Register
from consentguard.consent.rules.picture import PictureRules
from consentguard.errors import TemplateStoreError, UnreadableImage
from consentguard.values import Standing
from consentguard.vision import codec
from consentguard.vision.detect import Detector
from consentguard.vision.embed import Embedder, Embeddings

SMALLEST_FACE: Final = 40
"""Height in pixels from which a face is recognised at all, in reference photos and in the photo to publish: half of
what dlib's own detector, for whose faces the network was trained, asks for."""


STRANGERS: Final = 0.6
"""Distance from which two photos are of two people by face_recognition's own rule; of one child it is 0.55 in 95 %."""


def gallery_from_photos(
    folder: Path, register: Register, rules: PictureRules, detector: Detector, embedder: Embedder, on: date
) -> Gallery:
    """Templates in memory from a folder that holds one folder for each register id, with that person's photos in it.

    The photos of a person without biometric consent on that day are not opened. Raises TemplateStoreError that lists
    everything wrong at once: unknown ids, missing consent, photos that do not show exactly one good face.
    """
    problems: list[str] = []
    people: list[str] = []
    templates: list[Embeddings] = []
    for person, photos in _folders(folder, register, on, problems):
        if not photos:
            problems.append(f"{folder / person}: holds no photo")
        for photo in photos:
            try:
                templates.append(_template(photo, rules, detector, embedder))
                people.append(person)
            except UnreadableImage as error:
                problems.append(str(error))
    problems += _strangers(folder, people, templates)
    if problems or not people:
        found = "\n".join(f"  {problem}" for problem in problems) or "  nobody is there to be enrolled"
        raise TemplateStoreError(
            f"{folder}: nothing was enrolled\n{found}\n"
            "Keep one folder for each register id with biometric consent, each photo showing that face alone."
        )
    return Gallery(tuple(people), np.concatenate(templates), embedder.threshold, embedder.margin, embedder.label)


def _strangers(folder: Path, people: list[str], templates: list[Embeddings]) -> list[str]:
    """A photo in the wrong folder would clear a stranger, so the photos of one id have to look like one person."""
    apart = [
        person
        for person in dict.fromkeys(people)
        if _widest([template for owner, template in zip(people, templates, strict=True) if owner == person]) > STRANGERS
    ]
    return [f"{folder / person}: its photos do not look like one person" for person in apart]


def _widest(templates: list[Embeddings]) -> float:
    rows = np.concatenate(templates)
    return float(np.linalg.norm(rows[:, None] - rows[None], axis=2).max())


def _folders(folder: Path, register: Register, on: date, problems: list[str]) -> Iterator[tuple[str, list[Path]]]:
    """Every person who may be enrolled with their photos; whoever may not goes to the problems, photos unopened."""
    try:
        entries = sorted(folder.iterdir())
        for entry in entries:
            person = register.get(entry.name)
            if not entry.is_dir():
                problems.append(f"{entry}: is not a folder; put photos into a folder named after the register id")
            elif person is None:
                problems.append(f"{entry}: no such id in the register {register.file}")
            elif (standing := person.biometric_standing(on)) is not Standing.CONSENTED:
                problems.append(f"{entry}: may not be recognised (column biometric: {standing.value})")
            else:
                yield person.id, sorted(photo for photo in entry.iterdir() if not photo.name.startswith("."))
    except OSError as error:
        raise TemplateStoreError(
            f"{error.filename}: cannot be read ({error.strerror}); name the folder of reference photos with --photos."
        ) from error


def _template(photo: Path, rules: PictureRules, detector: Detector, embedder: Embedder) -> Embeddings:
    """The template of the one face of a reference photo: float32, shape (1, dimension). Raises UnreadableImage."""
    try:
        data = photo.read_bytes()
    except OSError as error:
        raise UnreadableImage(f"{photo}: cannot be read ({error.strerror})") from error
    try:
        picture = codec.decode(data, max_edge=rules.max_edge, max_pixels=rules.max_megapixels * 1_000_000)
    except UnreadableImage as error:
        raise UnreadableImage(f"{photo}: {error}") from error
    faces = detector.find(picture.pixels)
    if len(faces) != 1:
        raise UnreadableImage(f"{photo}: shows {len(faces)} faces; a reference photo shows one")
    if faces[0].box.height < SMALLEST_FACE:
        raise UnreadableImage(f"{photo}: its face is under {SMALLEST_FACE} px high")
    template = embedder.embed(picture.pixels, faces)
    if not np.isfinite(template).all():
        raise UnreadableImage(f"{photo}: its face cannot be described")
    return template
