"""A desk on real photographs of public figures, who stand in for pupils."""

import io
import re

import pytest
from fakes import SAMPLE_FILE
from PIL import Image


@pytest.fixture(scope="session")
def assembly(photographs):
    """Three portraits side by side: a photo with three faces, none of which meets another."""
    portraits = [Image.open(io.BytesIO(photographs[name])).convert("RGB") for name in ("obama", "biden", "obama")]
    portraits = [one.resize((round(one.width * 400 / one.height), 400)) for one in portraits]
    sheet = Image.new("RGB", (sum(one.width for one in portraits), 400))
    left = 0
    for one in portraits:
        sheet.paste(one, (left, 0))
        left += one.width
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=92)
    return out.getvalue()


@pytest.fixture(scope="session")
def walk(photographs):
    """A portrait as a telephone shows it: it is looked at again in every test."""
    portrait = Image.open(io.BytesIO(photographs["biden"])).convert("RGB")
    portrait.thumbnail((800, 800))
    out = io.BytesIO()
    portrait.save(out, "JPEG", quality=92)
    return out.getvalue()


@pytest.fixture
def school(tmp_path, monkeypatch, assembly, walk, body_policy_text):
    """A folder with the papers of a school and three photos: a class, one child, a wall."""
    monkeypatch.setenv("CONSENTGUARD_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    text = body_policy_text.decode()
    text, changed = re.subn(r"(?m)^nobody_by = .*$", 'nobody_by = ["Miriam Castlegate"]', text)
    assert changed == 1
    (tmp_path / "policy.toml").write_text(text)
    (tmp_path / "consent_register.csv").write_bytes(SAMPLE_FILE.read_bytes())
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "assembly.jpg").write_bytes(assembly)
    (photos / "walk.jpg").write_bytes(walk)
    wall = io.BytesIO()
    Image.new("RGB", (600, 400), (200, 220, 230)).save(wall, "JPEG")
    (photos / "wall.jpg").write_bytes(wall.getvalue())
    return tmp_path
