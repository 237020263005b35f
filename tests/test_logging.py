"""What is logged: stages, outcomes and codes; nobody's name, no file's name, no pixel."""

import logging
import re

import pytest
from fakes import FixedFaces

from consentguard import CannotTell, Refused, WrongUsage
from consentguard.values import Box, Face

FACE = Face(Box(300, 200, 700, 700), 0.9)


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="consentguard")
    return caplog


def test_a_call_is_one_line_with_what_programs_read(guard, photographs, heard):
    guard(detector=FixedFaces()).inspect(photographs["obama"])
    (record,) = [each for each in heard.records if each.name == "consentguard.guard"]
    assert re.fullmatch(r"inspect [0-9a-f]{16}: needs_rewrite \(.*\) in \d+ ms: decode \d+.*", record.getMessage())
    assert (record.levelno, record.call, record.outcome) == (logging.INFO, "inspect", "needs_rewrite")
    assert record.timings["decode"] > 0
    assert record.milliseconds > 0


def test_what_is_refused_undecided_or_wrong_is_logged_by_its_codes(guard, photographs, heard):
    made = guard(detector=FixedFaces(FACE))
    with pytest.raises(Refused):
        made.release(photographs["obama"], people=["P003"], by="Office")
    with pytest.raises(CannotTell):
        made.release(b"no photo")
    told = [(each.levelname, each.outcome, each.reasons) for each in heard.records if each.name == "consentguard.guard"]
    assert told[0][:2] == ("INFO", "refused")
    assert told[1] == ("WARNING", "cannot_tell", ("unreadable-image",))


def test_no_pupil_and_no_file_is_named(guard, photographs, tmp_path, heard, register):
    """Whatever is said of a photo, and however it ends."""
    made = guard(detector=FixedFaces(FACE))
    path = tmp_path / "Amara Winterbourne at the pond.jpg"
    path.write_bytes(photographs["obama"])
    asked = {"people": ["Amara Winterbourne"], "by": "Miriam Castlegate", "caption": "Amara Winterbourne plants beans"}
    for call in (made.inspect, made.release, made.propose):
        for more in (asked, {}, {"people": ["Nobody Farthingale"], "by": "Office"}):
            try:
                call(path, **more)
            except (Refused, CannotTell, WrongUsage):
                continue
    made.release_many([path, tmp_path / "Chidi Farthingale.jpg"])
    lines = "\n".join(f"{each.getMessage()} {each.__dict__}" for each in heard.records if each.name != "PIL")
    assert lines
    names = {person.legal_surname for person in register} | {person.legal_forename for person in register}
    assert not [name for name in (*names, "pond", str(tmp_path)) if name in lines]
