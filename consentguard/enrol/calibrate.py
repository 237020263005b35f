"""`consentguard calibrate`: from the store, and other photos of the enrolled if there are any, to a threshold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from consentguard.consent.clock import school_day
from consentguard.consent.recognition.calibration import Calibration, calibrate
from consentguard.consent.recognition.enrolled import calibration_of, enrolled, forget_without_consent
from consentguard.consent.recognition.plda import Floats
from consentguard.consent.recognition.templates import TemplateStore
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.enrol import OLD, FaceDescriber, template_of
from consentguard.enrol.references import references
from consentguard.errors import TemplateStoreError, UnreadableImage


def calibrate_store(
    register: Register,
    describer: FaceDescriber,
    state: State,
    now: datetime,
    zone: ZoneInfo,
    false_positives: float,
    photos: Path | None = None,
) -> tuple[Calibration, tuple[str, ...]]:
    """Calibrates on the enrolled and keeps the result in the store, with a row in the audit trail.

    `photos` are other photos of the enrolled, as for enrolment; they are compared and nothing of them is kept. Returns
    the calibration, and a line for each photo that could not be used and each person to enrol anew. Raises
    TemplateStoreError.
    """
    store = TemplateStore.open(state.directory)
    forget_without_consent(store, state, register, now, zone)
    label, today = describer.embedder.label, school_day(now, zone)
    known = enrolled(store, register, today, embedder=label, population=describer.embedder.population)
    faces, lines = _faces(photos, set(known.people), describer, today) if photos else (None, ())
    found = calibrate(known.people, known.templates, known.population, false_positives, faces)
    kept = {**found.as_json(), "on": today.isoformat()}
    state.record("calibrated", {"embedder": label, **kept}, now.isoformat(timespec="seconds"))
    store.keep(calibration_of(label), kept)
    return found, (*lines, *_grown(store, set(known.people), today))


def _faces(
    photos: Path, people: set[str], describer: FaceDescriber, today: date
) -> tuple[tuple[list[str], Floats], tuple[str, ...]]:
    """Ids and embeddings of the photos of people who are enrolled; nobody else's is opened."""
    owners: list[str] = []
    vectors: list[Floats] = []
    unused: list[str] = []
    for reference in references(photos):
        if reference.person not in people:
            unused.append(f"not used: {reference.photo}: {reference.person} is not enrolled")
            continue
        try:
            vectors.append(template_of(reference, describer, today, good=False).vector)
        except UnreadableImage as error:
            unused.append(f"not used: {error}")
        else:
            owners.append(reference.person)
    if not vectors:
        listed = "\n".join(f"  {line}" for line in unused)
        raise TemplateStoreError(f"{photos}: no photo of anybody enrolled could be used\n{listed}")
    return (owners, np.stack(vectors)), tuple(unused)


def _grown(store: TemplateStore, people: set[str], today: date) -> Iterator[str]:
    """A line for everybody of whom there is no photo of the last twelve months: children change."""
    newest: dict[str, date] = {}
    for template in store.templates():
        day = template.taken or template.enrolled
        newest[template.person] = max(newest.get(template.person, day), day)
    for person in sorted(people):
        if today - newest[person] > OLD:
            yield f"{person}: the newest photo is of {newest[person]}, over 12 months ago; enrol that person anew"
