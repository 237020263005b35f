"""`consentguard demo`: the main job on real photographs, with two public figures standing in for pupils.

The photographs are face_recognition's own test pictures, fetched by hash. Every scene has an expected outcome, and the
demo ends well only if each comes true.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import cv2
import numpy as np

from consentguard.consent.codes import reason_of
from consentguard.consent.policy.policy import Policy
from consentguard.consent.question import Asked
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import CannotTell, Refused
from consentguard.files import write_whole
from consentguard.guard.guard import Guard
from consentguard.values import HIDE, NOBODY, Box, Mode, Outcome, Pixels, Rewrite, Tag, Verdict
from consentguard.vision import draw
from consentguard.vision.imagefile import codec
from consentguard.vision.models.store import ModelStore, manifest

Say = Callable[[str], None]

_REGISTER: Final = """\
id,role,legal_forename,legal_surname,social_media,social_media_granted,biometric,biometric_granted
D1,other,Public,Figure-One,yes,2026-09-07,yes,2026-09-07
D2,other,Public,Figure-Two,no,,no,
D3,other,Another,Figure-Three,yes,2026-09-07,no,
"""
_MAX_EDGE: Final = 2048
_MAX_PIXELS: Final = 80_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """One photo, what is said about it, and how it must end: its outcome, and how many faces stay visible.

    `points` is what somebody says of the faces from left to right, once `inspect` has numbered them; "" says nothing.
    """

    title: str
    photo: bytes
    outcome: Outcome
    rewrite: Rewrite | None
    shown: int
    body_may_remain: bool = True
    asked: Asked = field(default_factory=Asked)
    finding: str = ""
    points: tuple[str, ...] = ()


def run(out: Path, *, say: Say, note: Say) -> int:
    """Runs every scene, writes pictures and the table to `out`, and returns 0 only if all ended as they must.

    `say` gets the table, `note` the progress. Raises CannotTell where models cannot be had or `out` cannot be written.
    """
    model_store = ModelStore.default()
    model_store.pull(manifest().values(), say=note)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="consentguard-demo-") as scratch:
            rows = _play(_scenes(model_store), out, _guards(model_store, Path(scratch)), note)
        table = "\n".join(rows)
        write_whole(out / "verdicts.txt", (table + "\n").encode())
    except OSError as error:
        raise CannotTell(f"{out}: cannot be written ({error.strerror}); name another folder with --out.") from error
    say(table)
    failed = sum("NOT AS EXPECTED" in row for row in rows)
    say(f"{len(rows) - failed} of {len(rows)} scenes ended as they must; pictures in {out}")
    return 1 if failed else 0


def _guards(model_store: ModelStore, scratch: Path) -> dict[bool, Guard]:
    """One guard under a policy that lets bodies remain and faces be compared, one under the shipped policy."""
    register = Register.parse(_REGISTER.encode(), "the demo's register")
    state = State.create(scratch / "state")
    references = scratch / "references" / "D1"
    references.mkdir(parents=True)
    for name in ("photo-obama", "photo-obama3"):
        (references / f"{name}.jpg").write_bytes(model_store.read(manifest()[name]))
    shipped = Policy.shipped()
    open_rules = replace(
        shipped,
        remain=frozenset({"body"}),
        modes=tuple(Mode),
        dpia="demo",
        nobody_by=("the demo",),
        sha256=hashlib.sha256(b"demo " + shipped.sha256.encode()).hexdigest(),
    )
    guards = {True: Guard(register, open_rules, state=state), False: Guard(register, shipped, state=state)}
    guards[True].enrol(references.parent)
    return guards


def _play(scenes: Sequence[Case], out: Path, guards: dict[bool, Guard], note: Say) -> list[str]:
    note("loading the models and enrolling one person from two photographs")
    guards[True].inspect(scenes[0].photo, mode=Mode.MATCHED.value)
    guards[False].inspect(scenes[0].photo)
    rows = []
    for number, scene in enumerate(scenes, 1):
        started = time.perf_counter()
        verdict, data = _judge(guards[scene.body_may_remain], scene)
        seconds = time.perf_counter() - started
        as_expected = _as_expected(verdict, scene)
        if data:
            after = codec.decode(data, max_edge=_MAX_EDGE, max_pixels=_MAX_PIXELS)
            before = codec.decode(scene.photo, max_edge=_MAX_EDGE, max_pixels=_MAX_PIXELS)
            write_whole(out / f"{number:02}-before-after.png", draw.side_by_side(before, after.pixels))
            write_whole(out / f"{number:02}-released.jpg", data)
        how = f"{verdict.rewrite}" if verdict.outcome is Outcome.RELEASED else ", ".join(verdict.reasons)
        rows.append(
            f"{number:2}  {scene.title:46} {verdict.outcome:12} {how:36} {seconds * 1000:5.0f} ms  "
            + ("as expected" if as_expected else f"NOT AS EXPECTED ({scene.outcome})")
        )
    return rows


def _judge(guard: Guard, scene: Case) -> tuple[Verdict, bytes | None]:
    asked: Asked = {**scene.asked, **_pointed(guard, scene)}
    try:
        released = guard.release(scene.photo, name=scene.title, **asked)
        guard.admit(released, channel=guard.question(**asked).channel.name)
    except Refused as error:
        return error.verdict, None
    except CannotTell as error:
        return Verdict(photo=scene.title, outcome=Outcome.CANNOT_TELL, reasons=(reason_of(error),)), None
    return released.verdict, released.data


def _pointed(guard: Guard, scene: Case) -> Asked:
    """What somebody says of the scene's faces, by pointing at those that `inspect` found."""
    if not scene.points:
        return {}
    faces = sorted(guard.inspect(scene.photo, name=scene.title).faces, key=lambda face: face.box.left)
    tags = [Tag.of(face, says) for face, says in zip(faces, scene.points, strict=True) if says]
    return {"tags": tags, "by": "the demo"}


def _as_expected(verdict: Verdict, scene: Case) -> bool:
    return (
        verdict.outcome is scene.outcome
        and verdict.rewrite is scene.rewrite
        and len(verdict.faces) - verdict.hidden == scene.shown
        and (not scene.finding or scene.finding in [finding.rule for finding in verdict.findings])
    )


def _scenes(model_store: ModelStore) -> tuple[Case, ...]:
    cards = manifest()
    one, two = model_store.read(cards["photo-obama"]), model_store.read(cards["photo-biden"])
    partial = model_store.read(cards["photo-partial"])
    group = _group([one, two, model_store.read(cards["photo-obama3"])])
    at_table = _group([one, two, model_store.read(cards["photo-obama3"]), _still_life(wooden=True)])
    at_work = _at_work(two, one)
    declared_one: Asked = {"people": ["D1"], "by": "the demo"}
    declared_two: Asked = {"people": ["D2"], "by": "the demo"}
    matched: Asked = {"mode": Mode.MATCHED.value}
    another = model_store.read(cards["photo-obama2"])
    added: Asked = {"tags": [Tag(Box(240, 200, 400, 380), HIDE, added=True)], "by": "the demo"}
    return (
        Case("declared, consented", one, Outcome.RELEASED, Rewrite.NONE, 1, asked=declared_one),
        Case("declared, consent refused", two, Outcome.REFUSED, None, 0, asked=declared_two),
        Case("nobody declared", two, Outcome.RELEASED, Rewrite.COVER, 0),
        Case("a group, nobody declared", group, Outcome.RELEASED, Rewrite.COVER, 0),
        Case("no face", _still_life(), Outcome.RELEASED, Rewrite.NONE, 0, finding="no-face-found"),
        Case("a broken file", one[: len(one) // 2], Outcome.CANNOT_TELL, None, 0),
        Case("hands at work, somebody beside them", at_work, Outcome.RELEASED, Rewrite.CROP, 0, body_may_remain=False),
        Case("a group beside its work: the work is shown", at_table, Outcome.RELEASED, Rewrite.CROP, 0,
              body_may_remain=False),
        Case("a portrait of which nothing would remain", two, Outcome.REFUSED, None, 0, body_may_remain=False),
        Case("tagged: two consented, one not", group, Outcome.RELEASED, Rewrite.COVER, 2,
              points=("D1", "D2", "D3"), finding="tagged-not-approved"),
        Case("tagged: what was missed is added by hand", _still_life(), Outcome.RELEASED, Rewrite.COVER, 0,
              asked=added),
        Case("tagged: a poster is nobody", one, Outcome.RELEASED, Rewrite.NONE, 1, points=(NOBODY,),
              finding="called-nobody"),
        Case("matched: the enrolled, somebody behind him", another, Outcome.RELEASED, Rewrite.COVER, 1, asked=matched),
        Case("matched: somebody enrolled in nothing", two, Outcome.RELEASED, Rewrite.COVER, 0, asked=matched),
        Case(
            "matched: both in one picture", _group([another, two]), Outcome.RELEASED, Rewrite.COVER, 1, asked=matched
        ),
        Case(
            "matched: the enrolled, half out of the frame", partial, Outcome.RELEASED, Rewrite.COVER, 0, asked=matched
        ),
    )  # fmt: skip


def _group(photos: Sequence[bytes]) -> bytes:
    """One picture with several people in it, pasted from single ones side by side."""
    strips = []
    for photo in photos:
        pixels = codec.decode(photo, max_edge=_MAX_EDGE, max_pixels=_MAX_PIXELS).pixels
        height = 900
        width = round(pixels.shape[1] * height / pixels.shape[0])
        strips.append(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8))
    return codec.encode_jpeg(np.concatenate(strips, axis=1), 92)


def _at_work(person: bytes, hands: bytes) -> bytes:
    """One picture with a person at the left and the crossed arms of another, without his head, at the right."""
    left = codec.decode(person, max_edge=1137, max_pixels=_MAX_PIXELS).pixels
    arms = codec.decode(hands, max_edge=1137, max_pixels=_MAX_PIXELS).pixels[700:]
    wall = np.full((left.shape[0] - arms.shape[0], arms.shape[1], 3), (214, 196, 170), np.uint8)
    return codec.encode_jpeg(np.concatenate([left, np.concatenate([wall, arms])], axis=1), 92)


def _still_life(*, wooden: bool = False) -> bytes:
    """A drawn picture of work on a table, plain or with the grain of wood: paper, paint pots, no person."""
    grain = cv2.blur(np.random.default_rng(8).normal(0, 90, (720, 960)), (31, 2)) if wooden else np.zeros((720, 960))
    table = (204, 176, 140) if wooden else (214, 196, 170)
    picture: Pixels = np.clip(np.array(table) + grain[..., None], 0, 255).astype(np.uint8)
    cv2.rectangle(picture, (180, 160), (700, 560), (250, 250, 245), cv2.FILLED)
    for row, colour in enumerate(((190, 60, 50), (60, 120, 180), (80, 160, 90), (230, 190, 60))):
        cv2.circle(picture, (820, 160 + 130 * row), 48, colour, cv2.FILLED, cv2.LINE_AA)
        cv2.line(picture, (220, 220 + 90 * row), (640, 200 + 90 * row), colour, 14, cv2.LINE_AA)
    return codec.encode_jpeg(picture, 92)
