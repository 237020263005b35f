"""How the cost grows: with megapixels, faces, templates and the register. Straight lines where they should be.

    python benchmarks/scaling.py

Needs no photographs but those of demo and tests: a portrait, enlarged, and laid out many times over on 12 megapixels.
Each point is the median of `ROUNDS` runs, models loaded, two cores or what there is. Writes
benchmarks/results/scaling.md and a plot for each curve beside it.
"""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from speed import guard_in

from consentguard import Policy, Refused, Register, VerificationFailed
from consentguard.consent.recognition.match import Gallery, Operating
from consentguard.consent.recognition.plda import Population
from consentguard.guard.text_rules import Words
from consentguard.vision.chart import Axis, curves
from consentguard.vision.models.store import ModelStore, manifest

ROUNDS = 5
RESULTS = Path(__file__).parent / "results"

MEGAPIXELS = (0.5, 1, 2, 4, 8, 12, 24, 50)
FACES = (0, 1, 5, 20, 80, 300)
TEMPLATES = (30, 100, 1_000, 10_000, 100_000)
PUPILS = (30, 100, 400, 1_500, 5_000)

Points = list[tuple[float, float]]


def milliseconds(action: Callable[[], object]) -> float:
    """The median of `ROUNDS` runs, after one that does not count."""
    action()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def jpeg(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def by_megapixels(portrait: np.ndarray, release: Callable[[bytes], None]) -> Points:
    points = []
    for megapixels in MEGAPIXELS:
        factor = (megapixels * 1e6 / (portrait.shape[0] * portrait.shape[1])) ** 0.5
        photo = jpeg(cv2.resize(portrait, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC))
        points.append((megapixels, milliseconds(lambda photo=photo: release(photo))))
    return points


def by_faces(portrait: np.ndarray, release: Callable[[bytes], None]) -> Points:
    """The head of the portrait in a grid on grey; as large as the grid lets it be, and 300 px at most."""
    head = portrait[40:520, 300:700]
    points = []
    for count in FACES:
        canvas = np.full((3000, 4000, 3), 128, np.uint8)
        columns = max(1, round((count * 4 / 3) ** 0.5))
        rows = -(-count // columns) or 1
        side = min(3000 // rows, 4000 // columns, 460) * 9 // 10
        small = cv2.resize(head, (side * 400 // 480, side), interpolation=cv2.INTER_AREA)
        for number in range(count):
            top, left = number // columns * (3000 // rows), number % columns * (4000 // columns)
            canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
        photo = jpeg(canvas)
        points.append((count, milliseconds(lambda photo=photo: release(photo))))
    return points


def by_templates() -> Points:
    """50 faces compared with so many templates, three a person."""
    model, random = Population.shipped("dlib-resnet"), np.random.default_rng(1)
    points = []
    for count in TEMPLATES:
        people = [f"P{number // 3:05}" for number in range(count)]
        templates = random.normal(0, 0.1, (count, 128)).astype(np.float32) + model.mean
        gallery = Gallery.of(people, templates, model, Operating(0.001, model.tail), "e")
        probes = np.resize(templates, (50, 128)) + np.float32(0.01)
        points.append((count, milliseconds(lambda g=gallery, p=probes: g.identify(p, [True] * 50))))
    return points


def by_pupils() -> tuple[Points, Points]:
    """A register read, and a caption judged against it."""
    read, judged = [], []
    for count in PUPILS:
        rows = "".join(f"P{n:05},pupil,First{n},Surname{chr(97 + n % 26)}{n}\n" for n in range(count))
        data = f"id,role,legal_forename,legal_surname\n{rows}".encode()
        register = Register.parse(data, "register.csv")
        words = Words(register, Policy.shipped())
        texts = {"caption": "Class 4 had a great time measuring sunflowers with Mrs Green and Tom today!"}
        read.append((count, milliseconds(lambda data=data: Register.parse(data, "register.csv"))))
        judged.append((count, milliseconds(lambda words=words, texts=texts: words.judge(texts))))
    return read, judged


def main() -> None:
    portrait = cv2.imread(str(ModelStore.default().path(manifest()["photo-obama"])))
    with TemporaryDirectory() as folder:
        guard = guard_in(Path(folder))

        def release(photo: bytes) -> None:
            with contextlib.suppress(Refused, VerificationFailed):  # which takes all the passes too
                guard.release(photo)

        megapixels, faces = by_megapixels(portrait, release), by_faces(portrait, release)
    templates, (read, judged) = by_templates(), by_pupils()
    thousand = (0.0, 500.0, 1000.0, 1500.0, 2000.0)
    plots = {
        "scaling-megapixels.png": curves(
            "A release, by the photo's megapixels", {"release": megapixels},
            Axis("megapixels", (0.0, 10.0, 20.0, 30.0, 40.0, 50.0)), Axis("ms", thousand)),
        "scaling-faces.png": curves(
            "A release of 12 megapixels, by its faces", {"release": faces},
            Axis("faces", (0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0)), Axis("ms", (*thousand, 3000.0, 4000.0))),
        "scaling-templates.png": curves(
            "50 faces compared, by templates", {"identify": templates},
            Axis("templates", (10.0, 100.0, 1e3, 1e4, 1e5), log=True), Axis("ms", (0.1, 1.0, 10.0, 100.0), log=True)),
        "scaling-register.png": curves(
            "The register, by its people", {"read": read, "judge a caption": judged},
            Axis("people", (10.0, 100.0, 1e3, 1e4), log=True), Axis("ms", (0.1, 1.0, 10.0, 100.0, 1e3), log=True)),
    }  # fmt: skip
    lines = [
        "# How the cost grows\n",
        f"`python benchmarks/scaling.py`: {platform.machine()}, {os.cpu_count()} processors, medians of {ROUNDS}, ms\n",
    ]
    for title, points in {
        "A release by the photo's megapixels": megapixels,
        "A release of 12 megapixels by its faces": faces,
        "50 faces compared, by templates": templates,
        "A register read, by its people": read,
        "A caption judged, by the register's people": judged,
    }.items():
        lines += [
            f"## {title}\n",
            "| " + " | ".join(f"{x:,g}" for x, _ in points) + " |",
            "|" + "---|" * len(points),
            "| " + " | ".join(f"{y:,.1f}" if y < 10 else f"{y:,.0f}" for _, y in points) + " |\n",
        ]
    lines.append(
        "Megapixels cost decoding alone: detector passes are at published size, and a JPEG of twice that is decoded at "
        "a half."
        "\nFaces cost their close passes and, up to forty, a pass over the body each, then geometry alone."
        "\nTemplates are one matrix product; below a thousand the cost is that of the call.\n"
    )
    for name, data in plots.items():
        (RESULTS / name).write_bytes(data)
    (RESULTS / "scaling.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
