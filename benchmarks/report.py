"""The report of a large scan in a browser: how long until it can be used, and whether it scrolls.

    python benchmarks/report.py [--photos 5000] [--note]

Rows are made up, in all outcomes, each with a thumbnail of its own beside the page; Chromium opens the page from the
disk. Measured: seconds until the first cards stand there, seconds for a word typed into the search, and, over twenty
screens of scrolling and a jump to the end, the longest time in which nothing could be drawn. `--note` writes
benchmarks/results/report.md.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright

from consentguard.batch import report
from consentguard.batch.journal import ScanRow

RESULTS = Path(__file__).parent / "results" / "report.md"
ABOUT = {"folder": "photos", "channel": "main", "scope": "social_media", "mode": "off", "policy": "SCH 026", "gone": 0,
         "dry_run": False, "finished": "2026-11-25T10:00:00+00:00", "passed_over": 0}  # fmt: skip
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LONGEST_GAP = """() => { window.gap = 0; let last = performance.now();
  const step = (now) => { window.gap = Math.max(window.gap, now - last); last = now; requestAnimationFrame(step); };
  requestAnimationFrame(step); }"""


def rows(count: int, out: Path) -> list[ScanRow]:
    draw = random.Random(1)
    noise = np.random.default_rng(1)
    kinds = [
        ("released", False, ["unapproved-face"], "silhouette"),
        ("released", False, ["metadata"], "none"),
        ("refused", True, ["unapproved-face", "nothing-may-remain"], None),
        ("cannot_tell", False, ["verification-failed"], None),
    ]
    made = []
    for number in range(count):
        outcome, person, reasons, rewrite = draw.choices(kinds, (60, 20, 15, 5))[0]
        thumb = Path("thumbs", f"{number % 256:02x}", f"{number:06}.jpg")
        (out / thumb).parent.mkdir(parents=True, exist_ok=True)
        coarse = noise.integers(0, 256, (24, 32, 3), np.uint8)
        cv2.imwrite(str(out / thumb), cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC))
        name = f"{draw.choice(['Sports day', 'Year 4 trip', 'Harvest'])}/IMG_{number:05}.jpg"
        faces = [{"person": None, "action": "hide"}] * draw.randrange(8)
        verdict = {"photo": name, "outcome": outcome, "needs_person": person, "reasons": reasons, "findings": [],
                   "rewrite": rewrite, "faces": faces, "sha256": None,
                   "output": f"released/{number:016x}.jpg" if outcome == "released" else None}  # fmt: skip
        message = "" if outcome == "released" else f"{name}: must not go: somebody is shown. Choose another photo."
        made.append(ScanRow(Path(name), f"{number:064x}", outcome, None, verdict, message, thumb.as_posix(), ""))
    return made


def opened(page: Page, out: Path) -> Iterator[tuple[str, float]]:
    """What was measured -> seconds."""
    began = time.perf_counter()
    page.goto((out / report.PAGE).as_uri(), wait_until="commit")
    page.locator("article h3").first.wait_for()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    yield "until the first cards are there", time.perf_counter() - began
    page.evaluate(LONGEST_GAP)
    for _ in range(20):
        page.mouse.wheel(0, 900)
        page.wait_for_timeout(100)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(500)
    yield "longest standstill while scrolling", page.evaluate("gap") / 1000
    page.keyboard.press("/")
    began = time.perf_counter()
    page.keyboard.type("sports")
    page.wait_for_function("document.getElementById('count').textContent.match(/^[1-9]/) && true")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    yield "typing six letters into the search", time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--photos", type=int, default=5000)
    parser.add_argument("--note", action="store_true", help="write the result down")
    arguments = parser.parse_args()
    browser_file = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_file is None:
        raise SystemExit("chromium is not installed")
    seconds: dict[str, list[float]] = {}
    with TemporaryDirectory() as name:
        out = Path(name)
        made = rows(arguments.photos, out)
        began = time.perf_counter()
        report.write(out, lambda: iter(made), ABOUT, {}, {})
        seconds["writing the three reports"] = [time.perf_counter() - began]
        size = (out / report.PAGE).stat().st_size / 1e6
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_file, args=QUIET)
            for _ in range(3):
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                for what, took in opened(page, out):
                    seconds.setdefault(what, []).append(took)
                page.close()
            browser.close()
    lines = [f"{arguments.photos:,} photos, page of {size:.1f} MB; median of three, seconds:\n", "| | s |", "|---|---|"]
    lines += [f"| {what} | {statistics.median(took):.2f} |" for what, took in seconds.items()]
    table = "\n".join(lines) + "\n"
    print(table)
    if arguments.note:
        RESULTS.write_text(
            f"# The report in a browser\n\n`python benchmarks/report.py --photos {arguments.photos}`\n\n{table}",
            "utf-8",
        )


if __name__ == "__main__":
    main()
