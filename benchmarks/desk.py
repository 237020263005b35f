"""The desk in a real browser: its screenshots, and how long a change takes to be seen.

    python benchmarks/desk.py --pictures docs          # docs/desk.png, docs/desk-phone.png, of drawn children
    python benchmarks/desk.py --photo photo.jpg        # milliseconds from a key press to the preview that follows

The page is the one that `consentguard desk` opens, with a drawn photo, the sample register and the shipped policy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "examples"))

from drawn_scene import scene  # noqa: E402
from playwright.sync_api import Page, expect, sync_playwright  # noqa: E402

BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def drawn_class() -> bytes:
    """A JPEG of three drawn children side by side."""
    one = cv2.imdecode(np.frombuffer(scene(), np.uint8), cv2.IMREAD_COLOR)
    sheet = np.hstack([one, cv2.flip(one, 1), one])
    done, data = cv2.imencode(".jpg", cv2.resize(sheet, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC))
    assert done
    return data.tobytes()


def opened(folder: Path, photo: bytes) -> tuple[subprocess.Popen[str], str]:
    """The desk on a folder with one photo: its process and its address."""
    (folder / "photos").mkdir()
    (folder / "photos" / "assembly.jpg").write_bytes(photo)
    environment = {**os.environ, "CONSENTGUARD_STATE": str(folder / "state")}
    here = [sys.executable, "-m", "consentguard"]
    subprocess.run([*here, "init"], check=True, env=environment, stdout=subprocess.DEVNULL)
    command = [*here, "desk", "photos", "--register", str(ROOT / "consent_register.csv"), "--no-browser",
               "--by", "Miriam Castlegate"]  # fmt: skip
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, next(line.strip() for line in process.stdout if line.startswith("http://"))


def at(page: Page, address: str) -> None:
    """Waits until the photo is judged and its preview shown."""
    page.set_default_timeout(60_000)
    page.goto(address)
    expect(page.locator("#faces li").first).to_be_visible(timeout=60_000)
    page.wait_for_selector("body[data-previewed]", timeout=60_000)


def tagged(page: Page, number: str, name: str) -> None:
    """Says who a face is, by the keyboard."""
    page.locator("#photo").focus()
    page.keyboard.press(number)
    page.locator("#search").fill(name)
    expect(page.locator("#people li")).to_have_count(1)
    page.keyboard.press("Enter")


def pictures(address: str, folder: Path) -> None:
    """Screenshots of the page, wide and on a telephone."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        at(page, address)
        tagged(page, "1", "amara")
        expect(page.locator("#faces .keeps")).to_have_count(1)
        page.wait_for_timeout(1500)
        page.screenshot(path=folder / "desk.png")
        page = browser.new_page(viewport={"width": 390, "height": 844})
        at(page, address)
        page.wait_for_timeout(1500)
        page.screenshot(path=folder / "desk-phone.png")
        browser.close()


def latency(address: str, times: int) -> list[float]:
    """Milliseconds from the key that hides a face, or says nothing of it again, to the preview that follows."""
    measured = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        at(page, address)
        for turn in range(times):
            page.locator("#photo").focus()
            page.keyboard.press("1")
            page.wait_for_selector("#face-dialog[open]")
            page.wait_for_timeout(300)
            page.evaluate("delete document.body.dataset.previewed; window.pressed = performance.now()")
            if turn % 2:
                page.locator("#say-clear").click()
            else:
                page.keyboard.press("h")
            page.wait_for_selector("body[data-previewed]")
            measured.append(page.evaluate("performance.now() - window.pressed"))
        browser.close()
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="write the screenshots there")
    parser.add_argument("--photo", type=Path, metavar="FILE", help="measure with this photo instead of a drawn one")
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    photo = options.photo.read_bytes() if options.photo else drawn_class()
    with tempfile.TemporaryDirectory() as scratch:
        process, address = opened(Path(scratch), photo)
        try:
            if options.pictures:
                pictures(address, options.pictures)
            else:
                took = latency(address, options.times)
                print(f"{len(took)} changes: median {statistics.median(took):.0f} ms, slowest {max(took):.0f} ms")
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
