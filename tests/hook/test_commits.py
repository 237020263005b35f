"""What is staged, with real git: judged from the index, whatever lies on the disk."""

from __future__ import annotations

import json

import pytest
from websites import PDF, Site, hook, still, with_text


@pytest.fixture
def guarded(site: Site) -> Site:
    assert hook("install") == 0
    return site


# -- the main line ----------------------------------------------------------------------------------------------------


def test_a_refused_photo_blocks_and_its_safe_copy_passes(guarded, photographs):
    guarded.add("class3.jpg", photographs["partial"])
    said = guarded.commit(code=1)
    assert "class3.jpg: may go after rewriting: run `consentguard release`" in said
    assert "unapproved-face" in said
    assert "stopped by the pre-commit hook" in said
    assert "fatal" in guarded.git("rev-parse", "--verify", "HEAD", code=128)

    guarded.add("class3.jpg", guarded.released)
    guarded.add("still.png", still())
    assert guarded.commit() == ""


def test_a_picture_that_a_safe_copy_could_be_made_of_does_not_pass(site, capsys):
    site.add("yard.png", with_text())
    assert hook("pre-commit", "--json") == 1
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["photo"], line["outcome"], line["reasons"]) == ("yard.png", "needs_rewrite", ["metadata"])


def test_the_staged_version_counts_not_the_one_on_the_disk(guarded):
    guarded.add("notice.pdf", PDF)
    guarded.write("notice.pdf", b"Dear parents")
    assert "notice.pdf: undecided, so must not go" in guarded.commit(code=1)
    guarded.add("notice.txt", b"Dear parents")
    guarded.write("notice.txt", PDF)
    guarded.git("rm", "--cached", "--quiet", "--force", "notice.pdf")
    assert guarded.commit() == ""
