"""The real pre-commit framework with our hooks file, without its own environments: they would install the engine."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from hook.websites import PDF, Site, still, with_text

ROOT = Path(__file__).parents[2]


@pytest.fixture
def framed(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """With a repository of hooks, and both of them installed by the framework."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    hooks = Site(tmp_path / "hooks", site.state, b"")
    hooks.folder.mkdir()
    hooks.git("init", "--quiet")
    shutil.copyfile(ROOT / ".pre-commit-hooks.yaml", hooks.folder / ".pre-commit-hooks.yaml")
    hooks.git("add", ".")
    hooks.git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "-m", "hooks")
    ours = "".join(f"      - {{id: {name}, language: system}}\n" for name in ("consentguard", "consentguard-push"))
    site.write(
        ".pre-commit-config.yaml",
        f"repos:\n  - repo: {hooks.folder}\n    rev: {hooks.head}\n    hooks:\n{ours}".encode(),
    )
    site.git("add", ".pre-commit-config.yaml")
    stages = [option for stage in ("pre-commit", "pre-push") for option in ("--hook-type", stage)]
    run(site, "install", *stages)
    return site


def run(site: Site, *arguments: str, code: int = 0) -> str:
    return site.git("-c", f"alias.framework=!{sys.executable} -m pre_commit", "framework", *arguments, code=code)


def test_what_is_staged_is_judged_heic_included(framed):
    framed.commit()
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    framed.add("class 3.heic", heic)
    assert "class 3.heic: undecided" in framed.commit(code=1)
    framed.git("rm", "--quiet", "--cached", "class 3.heic")
    framed.add("yard.png", with_text())
    framed.write("yard.png", still())  # the good one is on the disk only; the framework puts it aside
    assert "yard.png: must not go" in framed.commit(code=1)
    framed.add("yard.png", still())
    framed.add("class3.jpg", framed.released)
    assert "Passed" in framed.git("commit", "--message", "news")


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_links_are_judged_and_so_is_everything_at_once(framed):
    (framed.folder / "photo.jpg").symlink_to("/etc/passwd")
    framed.git("add", "photo.jpg")
    assert "photo.jpg: undecided" in framed.commit(code=1)
    framed.git("rm", "--quiet", "--cached", "photo.jpg")
    framed.slip("old.pdf", PDF)
    assert "old.pdf: undecided" in run(framed, "run", "--all-files", code=1)


def test_what_was_added_and_then_removed_does_not_get_past_a_push(framed, tmp_path):
    framed.git("init", "--quiet", "--bare", str(tmp_path / "remote.git"))
    framed.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    framed.commit()
    framed.git("push", "--quiet", "origin", "main")
    framed.slip("notice.pdf", PDF)
    framed.git("rm", "--quiet", "notice.pdf")
    framed.git("commit", "--quiet", "--no-verify", "-m", "gone")
    assert "notice.pdf (commit" in framed.git("push", "origin", "main", code=1)
    framed.git("checkout", "--quiet", "-b", "side")
    assert "notice.pdf (commit" in framed.git("push", "origin", "side", code=1)


def test_the_first_push_of_all_is_judged_whole(framed, tmp_path):
    framed.git("init", "--quiet", "--bare", str(tmp_path / "remote.git"))
    framed.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    framed.slip("notice.pdf", PDF)
    framed.git("rm", "--quiet", "notice.pdf")
    framed.git("commit", "--quiet", "--no-verify", "-m", "gone")
    assert "notice.pdf (commit" in framed.git("push", "origin", "main", code=1)
