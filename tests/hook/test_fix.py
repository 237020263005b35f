"""--fix: the released copy is staged, the original is safe outside, and a person looks before it is committed."""

from __future__ import annotations

import pytest
from hook.websites import Site, hook, with_text
from PIL import Image

from consentguard.vision.imagefile import structure


@pytest.fixture
def photo(photographs) -> bytes:
    return photographs["partial"]


def kept(site: Site) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (site.state / "originals").glob("*")}


def staged(site: Site, name: str) -> bytes:
    import subprocess

    return subprocess.run(["git", "show", f":{name}"], cwd=site.folder, capture_output=True, check=True).stdout


def test_the_released_copy_takes_the_place_and_then_passes(site, photo, capsys):
    site.add("it's class 3.JPG", photo)
    site.git("update-index", "--chmod=+x", "it's class 3.JPG")
    assert hook("pre-commit", "--fix") == 1
    said = capsys.readouterr().out
    assert "the released copy is staged in its place; look at it, then commit again" in said
    copy = staged(site, "it's class 3.JPG")
    assert copy != photo
    assert not structure.carried(copy)
    assert (site.folder / "it's class 3.JPG").read_bytes() == copy
    assert site.git("ls-files", "--stage").startswith("100755 ")
    assert photo in kept(site).values()
    looks = [name for name in kept(site) if name.endswith("-before-after.png")]
    assert f"{site.state}/originals/{looks[0]}" in said
    with Image.open(site.state / "originals" / looks[0]) as both:
        assert both.format == "PNG"
    assert hook("pre-commit") == 0


def test_it_is_off_by_default(site, photo):
    site.add("class3.jpg", photo)
    assert hook("pre-commit") == 1
    assert staged(site, "class3.jpg") == photo


def test_another_version_on_the_disk_is_left_alone(site, photo, capsys):
    site.add("class3.jpg", photo)
    site.write("class3.jpg", photo + b"edited")
    assert hook("pre-commit", "--fix") == 1
    assert "is another version and was left alone" in capsys.readouterr().out
    assert (site.folder / "class3.jpg").read_bytes() == photo + b"edited"
    assert staged(site, "class3.jpg") not in (photo, photo + b"edited")


def test_what_cannot_be_fixed_stays_and_blocks(site, photo, capsys):
    site.add("yard.png", with_text())
    site.add("broken.jpg", photo[:20_000])
    site.add("page.html", b'<img src="data:image/png;base64,iVBORw0KGgo">')
    assert hook("pre-commit", "--fix") == 3
    said = capsys.readouterr().err
    assert "yard.png: not fixed: released copies are JPEG files here, and this name says something else; rename" in said
    assert "broken.jpg: not fixed: " in said
    assert staged(site, "yard.png") == with_text()
    assert staged(site, "broken.jpg") == photo[:20_000]


def test_under_a_policy_that_publishes_png_a_png_is_fixed(site, tmp_path):
    policy = tmp_path / "png.toml"
    policy.write_bytes((site.state / "policy.toml").read_bytes().replace(b'format = "jpeg"', b'format = "png"'))
    site.add("yard.png", with_text())
    assert hook("pre-commit", "--fix", "--policy", str(policy)) == 1
    assert not structure.carried(staged(site, "yard.png"))
    assert hook("pre-commit", "--policy", str(policy)) == 0
