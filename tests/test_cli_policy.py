"""What `policy check` reads back: who answers for the policy, when it is due, and what it lets go."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from consentguard.cli import main
from consentguard.cli.show import policy as shown
from consentguard.consent.policy.policy import Policy


def test_the_shipped_policy_says_that_nobody_signed_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check"]) == 0
    said = capsys.readouterr().out
    assert "approved by nobody yet (approved_by); no day of review (review_due)" in said
    assert "posting: Monday, Tuesday, Wednesday, Thursday, Friday, 07:00 to 19:00; except for: event, urgent" in said
    assert "website      needs consent for website (at any time)" in said


def test_a_signature_a_review_and_who_may_override_are_read_back(tmp_path: Path) -> None:
    text = Policy.shipped_bytes().decode("utf-8")
    text = text.replace('approved_by = ""', 'approved_by = "the governing body"')
    text = text.replace("# approved_on = 2026-09-14\n# review_due", "approved_on = 2026-09-14\nreview_due")
    text = text.replace("suitable_on = []", 'suitable_on = ["class4"]')
    text += '\n[channels.press.override]\nforeign-notice = ["Miriam Castlegate"]\n'
    rules = Policy.parse(text.encode(), "ours.toml")
    before, after = (shown(rules, day) for day in (date(2027, 9, 13), date(2027, 9, 14)))
    assert "approved by the governing body on 2026-09-14; to be reviewed by 2027-09-14\n" in before
    assert "to be reviewed by 2027-09-14, which is OVERDUE" in after
    assert "foreign-notice may be overridden by Miriam Castlegate" in before
    assert "class4       needs consent for social_media (each photo called suitable by a person)" in before
