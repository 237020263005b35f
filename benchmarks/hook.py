"""What the hook costs: a cold and a warm run of the command on one photo of 1 MB, and 20 pictures judged before.

    python benchmarks/hook.py [--runs 10]

Each run is a process of its own, as git starts it. The runs of all rows take turns, and among them is
`python -c "import cv2, openvino"`: under that no program can start that decodes and looks. Bytecode is kept, as an
installed package has it. Cold: nothing was judged before; the compiled networks are in the user's cache, as after the
first photo ever. Warm: the same photo again.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from consentguard.consent.record.state import State
from consentguard.hook.remembered import CACHE_FILE
from consentguard.vision.models.store import ModelStore, manifest

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/hook.md"


def of_a_megabyte(picture: Image.Image) -> bytes:
    """A bare JPEG of about 1 MB."""
    for quality in range(60, 99, 2):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() >= 950_000:
            break
    return out.getvalue()


def portrait() -> Image.Image:
    """A photograph of one face, 1250 x 2033, a little noisy as phones are."""
    with Image.open(ModelStore.default().path(manifest()["photo-obama3"])) as photo:
        photo = photo.convert("RGB").resize((1250, 2033), Image.Resampling.LANCZOS)
    return noisy(np.asarray(photo))


def landscape() -> Image.Image:
    """Nobody: hills under a sky, 2000 x 1500."""
    down, across = np.mgrid[0:1500, 0:2000]
    hills = 800 + 120 * np.sin(across / 310) + 60 * np.sin(across / 120)
    sky = np.dstack([150 - down / 20, 180 - down / 30, 230 - down / 60])
    grass = np.dstack([60 + down / 60, 110 + down / 40, 50 + down / 90])
    return noisy(np.where((down > hills)[..., None], grass, sky))


def noisy(pixels: np.ndarray) -> Image.Image:
    grain = np.random.default_rng(0).normal(0, 5, pixels.shape)
    return Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8))


def still(seed: int) -> bytes:
    """A picture as a website has it: 1200 x 800, nobody in it, 300 kB."""
    small = np.random.default_rng(seed).integers(80, 200, (20, 30, 3), np.uint8)
    large = cv2.resize(small, (1200, 800), interpolation=cv2.INTER_CUBIC).astype(int)
    out = io.BytesIO()
    noisy(large).save(out, "JPEG", quality=86)
    return out.getvalue()


def measured(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float, int]:
    """Seconds on the clock, seconds of computing (children's children included), and the exit code."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    code = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, code


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        state = State.create(folder / "state")
        (state.directory / "consent_register.csv").write_bytes((ROOT / "consent_register.csv").read_bytes())
        photos = {"portrait.jpg": of_a_megabyte(portrait()), "landscape.jpg": of_a_megabyte(landscape())}
        for name, data in photos.items():
            (folder / name).write_bytes(data)
        site = folder / "site"
        site.mkdir()
        for number in range(20):
            (site / f"{number:02}.jpg").write_bytes(still(number))
        environment = {**os.environ, "CONSENTGUARD_STATE": str(state.directory),
                       "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}  # fmt: skip
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for command in (["git", "init", "-q"], ["git", "add", "."]):
            subprocess.run(command, cwd=site, check=True)
        hook = [sys.executable, "-P", "-m", "consentguard", "hook"]

        def forget() -> None:
            (state.directory / CACHE_FILE).unlink(missing_ok=True)

        def judge_site() -> None:
            subprocess.run([*hook, "pre-commit"], cwd=site, env=environment, check=False, capture_output=True)

        def nothing() -> None:
            pass

        def row(name: str) -> Callable[[], None]:
            return lambda: (
                subprocess.run([*hook, "files", name], cwd=folder, env=environment, check=False, capture_output=True)
                and None
            )

        python = [sys.executable, "-c"]
        rows = {
            "python -c pass": (nothing, [*python, "pass"], folder),
            "import cv2, openvino": (nothing, [*python, "import cv2, openvino"], folder),
            "cold, one face": (forget, [*hook, "files", "portrait.jpg"], folder),
            "cold, nobody": (forget, [*hook, "files", "landscape.jpg"], folder),
            "warm, one face": (row("portrait.jpg"), [*hook, "files", "portrait.jpg"], folder),
            "warm, nobody": (row("landscape.jpg"), [*hook, "files", "landscape.jpg"], folder),
            "pre-commit, nothing staged": (nothing, [*hook, "pre-commit"], folder / "empty"),
            "pre-commit, 20 judged before": (judge_site, [*hook, "pre-commit"], site),
        }
        (folder / "empty").mkdir()
        subprocess.run(["git", "init", "-q"], cwd=folder / "empty", check=True)
        for prepare, command, where in rows.values():  # bytecode, compiled networks, and the disk's cache
            prepare()
            measured(command, where, environment)
        found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in rows}
        for _ in range(runs):
            for name, (prepare, command, where) in rows.items():
                prepare()
                found[name].append(measured(command, where, environment))
    floor = statistics.median(took for took, _, _ in found["import cv2, openvino"])
    lines = [
        f"Medians of {runs} runs that take turns, on {os.cpu_count()} cores with a load of {os.getloadavg()[0]:.1f}; "
        f"photos of {', '.join(f'{len(data) / 1e6:.2f}' for data in photos.values())} MB. "
        "`python benchmarks/hook.py`",
        "",
        "| run | wall, s | fastest, s | computing, s | times the floor | exit |",
        "|---|---|---|---|---|---|",
    ]
    for name, results in found.items():
        walls, computing = [r[0] for r in results], [r[1] for r in results]
        lines.append(
            f"| {name} | {statistics.median(walls):.3f} | {min(walls):.3f} | {statistics.median(computing):.3f} "
            f"| {statistics.median(walls) / floor:.2f} | {results[0][2]} |"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
