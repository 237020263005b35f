"""Enrolment on real photographs: who gets a template, who is refused and why, and that nothing else is ever kept."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fakes import LONDON
from PIL import Image

from consentguard.consent.policy.policy import Policy
from consentguard.consent.recognition.enrolled import forget
from consentguard.consent.recognition.template_key import TEMPLATE_KEY_FILE
from consentguard.consent.recognition.templates import TEMPLATES_FILE, TemplateStore
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Consent, Register
from consentguard.errors import AuditFailed, TemplateStoreError
from consentguard.guard.guard import Guard
from consentguard.values import Face, Mode, Standing
from consentguard.vision.detection.detector import Detector
from consentguard.vision.embedding.embedder import EMBEDDERS, Embedder
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore

MATCHED: Mapping[str, Any] = {"mode": "matched"}


@pytest.fixture
def rules(body_policy: Policy) -> Policy:
    return replace(body_policy, modes=tuple(Mode), dpia="DPIA-2026-1")


@pytest.fixture
def seeing(guard: Callable[..., Guard], rules: Policy) -> Guard:
    return guard(policy=rules)


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Puts a reference photo into the folder and returns the folder."""

    def into(name: str, photo: bytes) -> Path:
        path = tmp_path / "references" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo)
        return tmp_path / "references"

    return into


def _decoded(photo: bytes) -> np.ndarray:
    return codec.decode(photo, max_edge=1000, max_pixels=10**9).pixels.copy()


def _store(state: State) -> TemplateStore:
    return TemplateStore.open(state.directory)


def test_a_folder_and_a_photo_named_after_the_id_are_enrolled(
    seeing: Guard, state: State, put: Callable[[str, bytes], Path], photographs: dict[str, bytes]
) -> None:
    put("P001/one.jpg", photographs["obama"])
    put("P001/two.jpg", photographs["obama3"])
    made = seeing.enrol(put("T001.jpg", photographs["biden"]))
    assert (made.refused, made.counts()) == ((), {"P001": 2, "T001": 1})
    assert _store(state).people() == {"P001": 2, "T001": 1}
    entry = state.audit.entry(1)
    assert entry is not None
    assert (entry.kind, entry.body["templates"]) == ("enrolled", {"P001": 2, "T001": 1})
    again = seeing.enrol(put("T001.jpg", photographs["biden"]))
    assert again.counts() == {"P001": 2, "T001": 1}, "enrolling again replaces"
    assert _store(state).people() == {"P001": 2, "T001": 1}


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ("P002", "column biometric: no-consent"),
        ("P005", "column biometric: withdrawn"),
        ("P006", "column biometric: objection"),
        ("P007", "column biometric: not-permitted"),
        ("P999", "no id of the register"),
    ],
)
def test_whoever_did_not_agree_is_refused_and_no_photo_is_opened(
    person: str,
    why: str,
    seeing: Guard,
    state: State,
    put: Callable[[str, bytes], Path],
    photographs: dict[str, bytes],
) -> None:
    folder = put(f"{person}/photo.jpg", b"opening it would fail with another message")
    put("P001.jpg", photographs["obama"])
    made = seeing.enrol(folder)
    (refusal,) = made.refused
    assert why in refusal
    assert person in refusal
    assert _store(state).people() == {"P001": 1}


def test_every_refusal_says_which_photo_and_why(
    seeing: Guard, put: Callable[[str, bytes], Path], photographs: dict[str, bytes], detector: Detector
) -> None:
    pixels = _decoded(photographs["obama"])
    height, width = pixels.shape[:2]
    small = np.asarray(cv2.resize(pixels, (width // 6, height // 6), interpolation=cv2.INTER_AREA), np.uint8)
    beside = np.concatenate([pixels, pixels], axis=1)
    put("P001/two.png", codec.encode_png(beside))
    put("P001/wall.png", codec.encode_png(np.full((200, 200, 3), 128, np.uint8)))
    put("P001/text.jpg", b"no picture")
    put("P001/small.png", codec.encode_png(small))
    put("P001/dark.png", codec.encode_png((pixels * 0.15).astype(np.uint8)))
    put("P001/blurred.png", codec.encode_png(np.asarray(cv2.GaussianBlur(pixels, (0, 0), 14), np.uint8)))
    put("P001/glasses.png", codec.encode_png(_with_dark_glasses(pixels.copy(), detector)))
    folder = put("P001/good.jpg", photographs["obama"])
    (folder / "T001").mkdir()
    made = seeing.enrol(folder)
    listed = "\n".join(made.refused)
    for part in (
        "two.png: shows 2 faces",
        "wall.png: shows no face;",
        "text.jpg: is not a picture",
        "small.png: its face is",
        "dark.png: its face is too dark",
        "blurred.png: its face is blurred",
        "glasses.png: its eyes cannot be seen",
        "T001: holds no photo",
    ):
        assert part in listed
    assert made.counts() == {"P001": 1}
    assert len(made.refused) == 8


def _with_dark_glasses(pixels: np.ndarray, detector: Detector) -> np.ndarray:
    (face,) = detector.find(pixels)
    (x0, y0), (x1, y1) = face.landmarks[:2]
    radius = int(0.3 * (x1 - x0))
    for x, y in ((x0, y0), (x1, y1)):
        cv2.circle(pixels, (round(x), round(y)), radius, (15, 15, 15), cv2.FILLED)
    return pixels


def test_a_strangers_photo_in_a_folder_enrols_nobody(
    seeing: Guard, state: State, put: Callable[[str, bytes], Path], photographs: dict[str, bytes]
) -> None:
    put("P001/one.jpg", photographs["obama"])
    made = seeing.enrol(put("P001/other.jpg", photographs["biden"]))
    assert made.templates == ()
    assert "P001: the photos do not look like one person" in made.refused[0]
    assert not TemplateStore.is_there(state.directory)


def test_two_people_who_look_alike_are_warned_of(
    seeing: Guard, put: Callable[[str, bytes], Path], photographs: dict[str, bytes]
) -> None:
    put("P001.jpg", photographs["obama"])
    made = seeing.enrol(put("T001.jpg", photographs["obama3"]))
    assert any("P001 and T001 look alike" in warning for warning in made.warnings)


def _dated(photo: bytes, day: str) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(photo)) as image:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"{day} 10:00:00"
        image.save(out, "JPEG", exif=exif, quality=95)
    return out.getvalue()


def test_a_photo_of_over_a_year_ago_is_warned_of(
    guard: Callable[..., Guard],
    rules: Policy,
    state: State,
    put: Callable[[str, bytes], Path],
    photographs: dict[str, bytes],
) -> None:
    put("P001/old.jpg", _dated(photographs["obama"], "2025:11:20"))
    folder = put("P001/new.jpg", _dated(photographs["obama3"], "2025:11:24"))
    clock = datetime.fromisoformat("2026-11-22T09:30:00+00:00")
    made = guard(policy=rules, clock=lambda: clock).enrol(folder)
    (warning,) = made.warnings
    assert "old.jpg: was taken on 2025-11-20" in warning
    assert {str(template.taken) for template in _store(state).templates()} == {"2025-11-20", "2025-11-24"}


def test_calibrating_names_whose_photos_are_all_old(
    guard: Callable[..., Guard],
    rules: Policy,
    put: Callable[[str, bytes], Path],
    photographs: dict[str, bytes],
) -> None:
    put("P001/old.jpg", _dated(photographs["obama"], "2025:11:20"))
    folder = put("T001.jpg", _dated(photographs["biden"], "2026:09:01"))
    clock = datetime.fromisoformat("2026-11-22T09:30:00+00:00")
    seeing = guard(policy=rules, clock=lambda: clock)
    seeing.enrol(folder)
    assert seeing.calibrate()[1] == (
        "P001: the newest photo is of 2025-11-20, over 12 months ago; enrol that person anew",
    )
    put("P001/new.jpg", _dated(photographs["obama3"], "2025:11:24"))
    seeing.enrol(folder)
    assert seeing.calibrate()[1] == ()


def test_a_mapping_names_photos_days_and_points_at_a_face(
    seeing: Guard, state: State, put: Callable[[str, bytes], Path], photographs: dict[str, bytes], detector: Detector
) -> None:
    one, two = (_decoded(photographs[name]) for name in ("obama", "biden"))
    height = min(one.shape[0], two.shape[0])
    both = np.concatenate([one[:height], two[:height]], axis=1)
    put("class photo.png", codec.encode_png(both))
    right = max(detector.find(both), key=lambda face: (face.score > 0.5, face.box.left)).landmarks[2]
    folder = put("alone.jpg", photographs["obama3"])
    mapping = folder / "mapping.csv"
    mapping.write_text(
        f"photo,id,taken,x,y\nalone.jpg,P001,2026-09-01,,\nclass photo.png,T001,,{right[0]:.0f},{right[1]:.0f}\n",
        "utf-8",
    )
    made = seeing.enrol(mapping)
    assert made.refused == ()
    alone, pointed = _store(state).templates()
    assert (alone.person, str(alone.taken), pointed.person) == ("P001", "2026-09-01", "T001")
    seeing.enrol(put("../biden/T001.jpg", photographs["biden"]).parent / "biden")
    biden = next(template for template in _store(state).templates() if template.person == "T001")
    assert np.linalg.norm(biden.vector - pointed.vector) < 0.2, "it was the face pointed at"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("photo,who\na.jpg,P001\n", "line 1, who: unknown column"),
        ("photo\na.jpg\n", "line 1, id: the column is missing"),
        ("photo,id,taken\na.jpg,P001,yesterday\n", "line 2, taken: is not a day"),
        ("photo,id,x,y\na.jpg,P001,12,\n", "line 2, x, y: are not two numbers"),
        ("photo,id\na.jpg,P001,more\n", "line 2: needs a photo and an id"),
        ("photo,id\n,P001\n", "line 2: needs a photo and an id"),
    ],
)
def test_mistakes_of_a_mapping_are_reported_with_their_place(
    text: str, place: str, seeing: Guard, tmp_path: Path
) -> None:
    mapping = tmp_path / "mapping.csv"
    mapping.write_text(text, "utf-8")
    with pytest.raises(TemplateStoreError) as caught:
        seeing.enrol(mapping)
    assert place in str(caught.value)


def test_a_source_that_is_not_there_is_named(seeing: Guard, tmp_path: Path) -> None:
    with pytest.raises(TemplateStoreError, match=r"nowhere: cannot be read .*--photos"):
        seeing.enrol(tmp_path / "nowhere")


def test_without_a_state_nobody_is_enrolled(
    guard: Callable[..., Guard], rules: Policy, put: Callable[[str, bytes], Path], photographs: dict[str, bytes]
) -> None:
    with pytest.raises(AuditFailed, match="consentguard init"):
        guard(policy=rules, state=None).enrol(put("P001.jpg", photographs["obama"]))


def test_where_the_trail_cannot_be_written_nobody_is_enrolled(
    seeing: Guard, state: State, put: Callable[[str, bytes], Path], photographs: dict[str, bytes]
) -> None:
    folder = put("P001.jpg", photographs["obama"])
    (state.directory / "audit.db").unlink()
    with pytest.raises(AuditFailed):
        seeing.enrol(folder)
    assert _store(state).people() == {}


def test_a_withdrawn_template_is_destroyed_before_anything_is_compared(
    guard: Callable[..., Guard],
    rules: Policy,
    register: Register,
    state: State,
    put: Callable[[str, bytes], Path],
    photographs: dict[str, bytes],
) -> None:
    put("P001.jpg", photographs["obama"])
    guard(policy=rules).enrol(put("T001.jpg", photographs["biden"]))
    withdrawn = replace(register.people["P001"], biometric=Consent())
    later = replace(register, people={**register.people, "P001": withdrawn}, sha256="later")
    verdict = guard(policy=rules, register=later).inspect(photographs["obama2"], **MATCHED)
    assert {face.standing for face in verdict.faces} <= {Standing.UNKNOWN, Standing.UNSURE}
    assert _store(state).people() == {"T001": 1}
    entry = state.audit.entry(2)
    assert entry is not None
    assert (entry.kind, entry.body) == ("forgotten", {"person": "P001", "why": "no biometric consent"})


def test_a_question_about_another_day_destroys_nothing(
    guard: Callable[..., Guard],
    rules: Policy,
    register: Register,
    state: State,
    put: Callable[[str, bytes], Path],
    photographs: dict[str, bytes],
) -> None:
    known = register.people["P001"]
    expiring = replace(known, biometric=replace(known.biometric, expires=datetime(2040, 1, 1).date()))
    people = replace(register, people={**register.people, "P001": expiring})
    seeing = guard(policy=rules, register=people)
    put("P001.jpg", photographs["obama"])
    seeing.enrol(put("T001.jpg", photographs["biden"]))
    then = datetime.fromisoformat("2040-02-01T09:30:00+00:00")
    faces = seeing.inspect(photographs["obama2"], at=then, **MATCHED).faces
    assert not any(face.person for face in faces)
    assert _store(state).people() == {"P001": 1, "T001": 1}
    assert any(face.person == "P001" for face in seeing.inspect(photographs["obama2"], **MATCHED).faces)


def test_a_register_that_knows_nobody_enrolled_destroys_nothing(
    guard: Callable[..., Guard],
    rules: Policy,
    register: Register,
    state: State,
    put: Callable[[str, bytes], Path],
    photographs: dict[str, bytes],
) -> None:
    guard(policy=rules).enrol(put("P001.jpg", photographs["obama"]))
    other = replace(register, people={"P002": register.people["P002"]}, file="other.csv")
    with pytest.raises(TemplateStoreError, match=r"nobody enrolled is in the register other\.csv"):
        guard(policy=rules, register=other).inspect(photographs["obama2"], **MATCHED)
    assert _store(state).people() == {"P001": 1}


def test_a_guard_that_runs_for_long_notices_what_was_forgotten(
    seeing: Guard, state: State, put: Callable[[str, bytes], Path], photographs: dict[str, bytes]
) -> None:
    put("P001.jpg", photographs["obama"])
    seeing.enrol(put("T001.jpg", photographs["biden"]))
    assert any(face.person == "P001" for face in seeing.inspect(photographs["obama2"], **MATCHED).faces)
    forget(_store(state), state, {"P001": "asked for"}, datetime.now(LONDON))
    assert not any(face.person for face in seeing.inspect(photographs["obama2"], **MATCHED).faces)


def test_whoever_keeps_verdicts_asks_again_when_somebody_was_enrolled(
    seeing: Guard, put: Callable[[str, bytes], Path], photographs: dict[str, bytes]
) -> None:
    at = datetime.fromisoformat("2026-11-22T09:30:00+00:00")
    seeing.enrol(put("P001.jpg", photographs["obama"]))
    before, off = seeing.basis(at, **MATCHED), seeing.basis(at)
    assert seeing.basis(at, **MATCHED) == before
    seeing.enrol(put("T001.jpg", photographs["biden"]))
    assert seeing.basis(at, **MATCHED) != before
    assert seeing.basis(at) == off


def test_templates_of_another_embedder_are_never_compared(
    seeing: Guard, state: State, put: Callable[[str, bytes], Path], photographs: dict[str, bytes]
) -> None:
    seeing.enrol(put("P001.jpg", photographs["obama"]))
    store = _store(state)
    others = [replace(template, embedder="other@1") for template in store.templates()]
    body: dict[str, str] = {}
    now = datetime.now(LONDON).isoformat()
    store.enrol(others, lambda: state.record("enrolled", body, now), lambda found: body.update(store=found))
    with pytest.raises(TemplateStoreError, match=r"made by other@1.*described by dlib-resnet@"):
        seeing.inspect(photographs["obama2"], **MATCHED)


def test_an_older_store_that_is_put_back_matches_nobody(
    seeing: Guard, state: State, put: Callable[[str, bytes], Path], photographs: dict[str, bytes]
) -> None:
    """Whoever was forgotten stays so; rows that went another way than the trail's are noticed too."""
    put("P001.jpg", photographs["obama"])
    seeing.enrol(put("T001.jpg", photographs["biden"]))
    file = _store(state).path
    older = file.read_bytes()
    forget(_store(state), state, {"P001": "asked for"}, datetime.now(LONDON))
    newest = file.read_bytes()
    file.write_bytes(older)
    for use in (
        lambda: seeing.inspect(photographs["obama2"], **MATCHED),
        lambda: forget(_store(state), state, {"T001": "asked for"}, datetime.now(LONDON)),
        lambda: seeing.enrol(put("T001.jpg", photographs["biden"])),
    ):
        with pytest.raises(TemplateStoreError, match="not the store that the audit trail last recorded"):
            use()
    file.write_bytes(newest)
    assert not any(face.person for face in seeing.inspect(photographs["obama2"], **MATCHED).faces)
    _store(state).forget("T001")  # behind the trail's back
    with pytest.raises(TemplateStoreError, match="not the store"):
        seeing.inspect(photographs["obama2"], **MATCHED)
    file.unlink()
    seeing.enrol(put("T001.jpg", photographs["biden"]))
    assert seeing.inspect(photographs["biden"], **MATCHED).faces


# -- nothing is kept that may not be ----------------------------------------------------------------------------------


class _Spy:
    """The shipped embedder, remembering every embedding it made."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.made: list[np.ndarray] = []
        for name in ("dimension", "population", "label"):
            setattr(self, name, getattr(embedder, name))

    def embed(self, pixels: np.ndarray, faces: Sequence[Face]) -> np.ndarray:
        rows = self._embedder.embed(pixels, faces)
        self.made.extend(rows)
        return rows


def _traces(vectors: list[np.ndarray]) -> Iterator[bytes]:
    """What a vector would leave in a file, as numbers of either width or as digits."""
    for vector in vectors:
        if np.isfinite(vector).all():
            yield vector.astype("<f4").tobytes()[:12]
            yield vector.astype("<f8").tobytes()[:24]
            yield f"{float(vector[0]):.6f}"[:8].encode()


def test_no_embedding_is_readable_in_any_file_and_none_of_the_unenrolled_is_written_at_all(
    guard: Callable[..., Guard],
    rules: Policy,
    state: State,
    model_store: ModelStore,
    put: Callable[[str, bytes], Path],
    photographs: dict[str, bytes],
    tmp_path: Path,
) -> None:
    spy = _Spy(EMBEDDERS["dlib_resnet"](model_store))
    seeing = guard(policy=rules, embedder=spy)
    seeing.enrol(put("P001.jpg", photographs["obama"]))
    enrolled = len(spy.made)
    for name in ("obama2", "biden"):
        seeing.release(photographs[name], **MATCHED)
    assert len(spy.made) >= enrolled + 3
    means = [(one + other) / 2 for one, other in itertools.combinations(spy.made, 2)]  # with the mirror image's
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        data = path.read_bytes()
        assert not [trace for trace in _traces([*spy.made, *means]) if trace in data], path
    stored = _store(state).templates()
    assert [template.person for template in stored] == ["P001"]
    (template,) = stored
    assert any(np.allclose(template.vector, mean) for mean in means)
    unenrolled = [(one + other) / 2 for one, other in itertools.combinations(spy.made[enrolled:], 2)]
    unenrolled += spy.made[enrolled:]
    assert not any(np.allclose(template.vector, vector) for template in stored for vector in unenrolled)


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights in another way")
def test_only_the_owner_can_read_store_and_key(
    seeing: Guard, state: State, put: Callable[[str, bytes], Path], photographs: dict[str, bytes]
) -> None:
    before = os.umask(0)
    try:
        seeing.enrol(put("P001.jpg", photographs["obama"]))
    finally:
        os.umask(before)
    for name in (TEMPLATES_FILE, TEMPLATE_KEY_FILE):
        assert (state.directory / name).stat().st_mode & 0o777 == 0o600
