"""The report as a person meets it: in a real browser, from the folder it lies in."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import SAMPLE_FILE
from PIL import Image

from consentguard.batch import report
from consentguard.batch.journal import ScanRow
from consentguard.cli import main
from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.vision.detection.detector import Detector

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium; the CI installs it")


FAINT = """() => {
  const shade = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *")]
    .filter((e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) && e.offsetParent)
    .map((e) => [e, shade(getComputedStyle(e).color), shade(behind(e))])
    .filter(([, one, other]) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) < 4.5)
    .map(([e]) => e.outerHTML.slice(0, 120));
}"""
"""What is written in too little contrast to what is behind it: under 4.5 (WCAG 2.2, 1.4.3)."""


class Visit:
    """A page, and everything it asked for or complained of."""

    def __init__(self, page: Any, out: Path) -> None:
        self.page, self.out = page, out
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto((out / report.PAGE).as_uri())

    def cards(self) -> list[str]:
        return self.page.locator("#sheet .name").all_text_contents()

    def count(self) -> str:
        return self.page.locator("#count").inner_text()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Any]:
    pages = []

    def go(out: Path) -> Visit:
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        pages.append(page)
        return Visit(page, out)

    yield go
    for page in pages:
        page.close()


@pytest.fixture
def scanned(tmp_path: Path, photographs: dict[str, bytes]) -> Path:
    """A real scan of six real photographs under the shipped policy, but text is not read; nobody is known."""
    (tmp_path / "photos").mkdir()
    for name, data in photographs.items():
        (tmp_path / "photos" / f"{name}.jpg").write_bytes(data)
    (tmp_path / "photos" / "<").mkdir()  # a name that would end the page's script
    (tmp_path / "photos" / "</script><b>.jpg").write_bytes(b"\xff\xd8\xff")
    State.create(tmp_path / "state")
    policy, changed = re.subn(r"(?m)^(text_in_picture = ).*$", r'\1"ignore"', Policy.shipped_bytes().decode())
    assert changed == 1
    (tmp_path / "state" / "policy.toml").write_text(policy, encoding="utf-8")  # to begin to read takes seconds
    main(["scan", str(tmp_path / "photos"), "--out", str(tmp_path / "out"), "--state", str(tmp_path / "state"),
          "--register", str(SAMPLE_FILE), "--dry-run", "--workers", "1"])  # fmt: skip
    return tmp_path / "out"


def test_a_real_report_in_a_real_browser(scanned: Path, visit: Any, detector: Detector, tmp_path: Path) -> None:
    seen = visit(scanned)
    page = seen.page
    assert seen.count() == "7 photos of 7"
    assert "</script><b>.jpg" in seen.cards()
    # what a person sees, as pixels: no face on any card
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    pixels = np.asarray(Image.open(tmp_path / "page.png").convert("RGB"))
    assert detector.find(pixels, 20) == ()
    assert page.locator("article img").count() >= 5
    assert all(page.locator("article img").nth(number).get_attribute("alt") for number in range(5))

    page.keyboard.press("/")
    page.keyboard.type("biden")
    assert seen.count() == "1 photo of 7"
    page.keyboard.press("Escape")
    assert seen.count() == "7 photos of 7"
    page.locator("#search").blur()
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == first
    page.select_option("#reason", "unreadable-image")
    assert seen.cards() == ["</script><b>.jpg"]
    page.select_option("#reason", "")
    page.locator("#totals button").first.click()
    assert page.locator("#totals button").first.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")

    assert page.locator("details q").first.text_content() == Policy.shipped().sentences.by_code["unapproved-face"]
    assert page.evaluate(FAINT) == []
    unnamed = "[...document.querySelectorAll('input, select')].filter((field) => !field.labels.length).length"
    assert page.evaluate(unnamed) == 0
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((title) => +title.tagName[1])")
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))

    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator("form").is_visible()
    assert page.locator("details q").first.is_visible()
    assert page.locator("article").count() == 7
    assert seen.complaints == []
    assert {url for url in seen.requests if not url.startswith((scanned.as_uri() + "/", "data:"))} == set()


def _row(number: int, **verdict: Any) -> ScanRow:
    whole = {"photo": f"{number:05}.jpg", "outcome": "refused", "needs_person": False, "reasons": ["unapproved-face"],
             "findings": [], "rewrite": None, "faces": [], "output": None, "sha256": None, **verdict}  # fmt: skip
    return ScanRow(Path(whole["photo"]), "c", whole["outcome"], None, whole, "", "", "2026-11-25T10:00:00+00:00")


ABOUT = {"folder": "photos", "channel": "main", "scope": "social_media", "mode": "off", "policy": "SCH 026",
         "dry_run": False, "finished": "2026-11-25T10:00:00+00:00", "gone": 0, "passed_over": 0}  # fmt: skip


def test_five_thousand_photos_are_drawn_as_one_scrolls(tmp_path: Path, visit: Any) -> None:
    rows = [_row(number, needs_person=number % 50 == 0) for number in range(5000)]
    report.write(tmp_path, lambda: iter(rows), ABOUT, {}, {})
    seen = visit(tmp_path)
    assert seen.count() == "5,000 photos of 5,000"
    assert 0 < seen.page.locator("article").count() < 1000
    assert seen.cards()[0] == "00000.jpg"
    assert seen.cards()[1] == "00050.jpg"  # what a person must decide comes first
    before = seen.page.locator("article").count()
    seen.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    seen.page.locator("article").nth(before).wait_for(state="attached")
    assert seen.complaints == []


def test_programs_read_the_same(tmp_path: Path) -> None:
    rows = [_row(0, photo="=cmd()|x.jpg"), _row(1, outcome="released", output="released/a.jpg", sha256="a" * 64)]
    totals, changed = report.write(tmp_path, lambda: iter(rows), ABOUT, {}, {})
    assert (totals, changed) == ({"refused": 1, "released": 1}, ())
    assert json.loads((tmp_path / "report.json").read_text())["about"]["outcomes"] == totals
    assert "'=cmd()|x.jpg,refused" in (tmp_path / "report.csv").read_text()  # no formula for the office's spreadsheet


HOURS = {"rule": "outside-hours", "where": "main", "message": "04:07 is not between 07:00 and 19:00"}
LATER = {**HOURS, "message": "04:09 is not between 07:00 and 19:00"}
OWN = {"rule": "metadata-dropped", "where": "file", "message": "the copy drops exif"}


def test_what_every_photo_has_is_said_once_and_what_was_changed_is_counted(tmp_path: Path, visit: Any) -> None:
    copy = "released/Year 4 #1?/a b%20.jpg"
    rows = [_row(0, outcome="released", rewrite="none", output=copy, sha256="a" * 64, findings=[HOURS, OWN]),
            _row(1, outcome="released", rewrite="crop", output="released/b.jpg", findings=[LATER], painted_share=0.25,
                 frame=[0, 0, 80, 100], size=[100, 100]),
            _row(2, findings=[LATER]), _row(3, outcome="cannot_tell", reasons=["unreadable-image"])]  # fmt: skip
    rows[0] = replace(rows[0], thumb=copy)
    (tmp_path / copy).parent.mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(tmp_path / copy)
    _, changed = report.write(tmp_path, lambda: iter(rows), {**ABOUT, "clutter": {"._*": 2}}, {}, {})
    assert changed == pytest.approx((0.6,))  # a frame of four fifths, a quarter of it painted over
    seen = visit(tmp_path)
    text = seen.page.locator("header").inner_text()
    assert text.count("is not between 07:00 and 19:00") == 1
    assert "Of 2 released photos, 1 show all that the photo shows, 1 was changed, of which 60 % remains" in text
    assert "Passed over: 2 ._*" in text
    cards = seen.page.locator("#sheet").inner_text()
    assert "07:00" not in cards
    assert "drops exif" in cards
    with seen.page.context.expect_page() as opened:
        seen.page.locator("article a").first.click()
    opened.value.wait_for_load_state()
    assert opened.value.locator("img").count() == 1
    assert opened.value.title().startswith("a b%20.jpg")
    assert seen.complaints == []
