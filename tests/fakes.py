"""Stand-ins for tests, passed in and never patched. A detector that sees nothing must never ship, so it lives here."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from consentguard.consent.decide import Known
from consentguard.consent.record.ledger import Ledger, Post
from consentguard.consent.record.state import State
from consentguard.values import Face, Pixels
from consentguard.vision.detection.protocol import Detector

LONDON = ZoneInfo("Europe/London")
UNASKED = Known()
"""What is known of a face in a mode that compares no faces, and at which nobody points."""
SAMPLE_FILE = Path(__file__).parents[1] / "consent_register.csv"


class FixedFaces(Detector):
    """A detector that always sees the faces it was given; after `then`, other ones from its second call on."""

    label = "fixed@test"
    smallest_face = 1

    def __init__(self, *faces: Face) -> None:
        self._first = self._later = faces
        self.looks = 0

    def then(self, *faces: Face) -> FixedFaces:
        self._later = faces
        return self

    def find(self, pixels: Pixels, smallest_face: int = 20) -> tuple[Face, ...]:
        self.looks += 1
        return self._first if self.looks == 1 else self._later


def posts_of(ledger: Ledger, person: str) -> tuple[Post, ...]:
    """Every post in which a person is shown, oldest first, those taken down included."""
    return tuple(post for post in ledger.posts() if person in post.people)


def sample_with(changes: Mapping[str, Mapping[str, str]], *, without: str = "") -> bytes:
    """The sample register as CSV, with these cells (person -> column -> text) changed and perhaps one person gone."""
    reader = csv.DictReader(io.StringIO(SAMPLE_FILE.read_text("utf-8")))
    out = io.StringIO()
    writer = csv.DictWriter(out, reader.fieldnames or [], lineterminator="\n")
    writer.writeheader()
    for row in reader:
        if row["id"] != without:
            writer.writerow({**row, **changes.get(row["id"], {})})
    return out.getvalue().encode()


def in_hours(policy: bytes) -> bytes:
    """That policy with hours like the shipped ones; the others of the tests have none."""
    for key, value in {b"days": b'["monday", "friday"]', b"from": b"07:00:00", b"until": b"19:00:00"}.items():
        policy, changed = re.subn(rb"(?m)^" + key + rb" = .*$", key + b" = " + value, policy)
        assert changed == 1
    return policy


def released(state: State, sha: str, *people: str, channel: str = "main") -> None:
    """Records what a guard records of a release, without its photo."""
    body = {
        "source": "0" * 64, "channel": channel, "account": "@x", "mode": "declared", "declared": list(people),
        "by": "Office", "occasion": None, "register": "1" * 64, "policy": "2" * 64, "custom_parts": [],
        "sha256": sha, "rewrite": "none", "faces": len(people), "hidden": 0, "people": list(people), "models": [],
        "consents": {p: {"scope": "social_media", "granted": "2026-09-07", "document": "C-1"} for p in people},
    }  # fmt: skip
    state.record("released", body, "2026-11-23T09:00:00+00:00")
