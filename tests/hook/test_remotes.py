"""What is there already is what the remote itself says, whatever this clone believes of it. Real git throughout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hook.websites import PDF, Site, hook


def bare(site: Site, path: Path) -> Path:
    site.git("init", "--quiet", "--bare", str(path))
    return path


def push(site: Site, *arguments: str, code: int = 0) -> str:
    return site.git("push", "--quiet", *(arguments or ("origin", "main")), code=code)


@pytest.fixture
def guarded(site: Site, tmp_path: Path) -> Site:
    """A private remote `origin` holds a PDF that must not go; only the push hook is installed."""
    bare(site, tmp_path / "private.git")
    site.git("remote", "add", "origin", str(tmp_path / "private.git"))
    site.slip("notice.pdf", PDF)
    site.git("push", "--quiet", "origin", "main")
    site.slip("page.txt", b"words")
    assert hook("install", "--pre-push") == 0
    return site


def another_address(site: Site, folder: Path) -> None:
    site.git("remote", "set-url", "origin", str(bare(site, folder / "public.git")))


def made_again(site: Site, folder: Path) -> None:
    (folder / "private.git").rename(folder / "away.git")
    bare(site, folder / "private.git")


def another_to_push_to(site: Site, folder: Path) -> None:
    site.git("remote", "set-url", "--push", "origin", str(bare(site, folder / "public.git")))


def one_more_to_push_to(site: Site, folder: Path) -> None:
    site.git("remote", "set-url", "--push", "origin", str(folder / "private.git"))
    site.git("remote", "set-url", "--push", "--add", "origin", str(bare(site, folder / "public.git")))


def rewritten_for_pushes(site: Site, folder: Path) -> None:
    bare(site, folder / "public.git")
    site.git("config", f"url.{folder}/public.git.pushInsteadOf", f"{folder}/private.git")


def rewritten_back_for_reading(site: Site, folder: Path) -> None:
    """What is pushed to one address and read at another: the other one's branches say nothing of this one."""
    rewritten_for_pushes(site, folder)
    site.git("config", f"url.{folder}/private.git.insteadOf", f"{folder}/public.git")


def called_like_a_remote(site: Site, folder: Path) -> None:
    """A pushed-to folder whose path is also the name of a remote that holds more."""
    bare(site, site.folder / "public.git")
    site.git("config", "remote.public.git.url", str(folder / "private.git"))
    site.git("remote", "set-url", "--push", "origin", "./public.git")


def fetched_from_a_private_upstream(site: Site, folder: Path) -> None:
    site.git("remote", "rename", "origin", "upstream")
    site.git("remote", "add", "origin", str(bare(site, folder / "public.git")))
    site.git("config", "--add", "remote.upstream.fetch", "+refs/heads/*:refs/remotes/origin/*")
    site.git("fetch", "--quiet", "upstream")


def believed_by_mistake(site: Site, folder: Path) -> None:
    another_address(site, folder)
    site.git("update-ref", "refs/remotes/origin/old", "HEAD")


def emptied(site: Site, folder: Path) -> None:
    """The branch was deleted at the remote, and nobody here has heard of it."""
    site.git("--git-dir", str(folder / "private.git"), "update-ref", "-d", "refs/heads/main")


def only_in_somebodys_proposal(site: Site, folder: Path) -> None:
    """Anybody may write a pull request's ref; that it is there is no leave to publish it."""
    emptied(site, folder)
    site.git(
        "--git-dir",
        str(folder / "private.git"),
        "update-ref",
        "refs/pull/1/head",
        site.git("rev-parse", "HEAD~1").strip(),
    )


STALE = (another_address, made_again, another_to_push_to, one_more_to_push_to, rewritten_for_pushes,
         rewritten_back_for_reading, called_like_a_remote, fetched_from_a_private_upstream, believed_by_mistake,
         emptied, only_in_somebodys_proposal)  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="scripts of /bin/sh")
@pytest.mark.parametrize("changed", STALE, ids=lambda case: case.__name__)
def test_what_the_remote_does_not_have_is_judged(guarded, tmp_path, changed):
    changed(guarded, tmp_path)
    said = push(guarded, code=1)
    assert "notice.pdf (commit" in said
    assert "stopped by the pre-push hook" in said


@pytest.mark.skipif(os.name != "posix", reason="scripts of /bin/sh")
def test_what_the_remote_has_is_not_judged_again(guarded, tmp_path):
    assert push(guarded) == ""
    guarded.git("branch", "side")
    assert push(guarded, "origin", "side") == ""  # a new branch of what is there
    guarded.git("update-ref", "-d", "refs/remotes/origin/main")
    guarded.slip("page.txt", b"more")
    assert push(guarded, "origin", "HEAD:refs/heads/third") == ""  # nothing here says that it is there; the remote does
    assert push(guarded, str(tmp_path / "private.git"), "HEAD:refs/heads/fourth") == ""


@pytest.mark.skipif(os.name != "posix", reason="scripts of /bin/sh")
def test_the_framework_is_believed_no_more_than_this_clone(guarded, tmp_path):
    """It works out where to begin from tracking refs, and hands the address on."""
    another_address(guarded, tmp_path)
    stale = {"PRE_COMMIT": "1", "PRE_COMMIT_FROM_REF": guarded.git("rev-parse", "HEAD~1").strip(),
             "PRE_COMMIT_TO_REF": guarded.head, "PRE_COMMIT_REMOTE_NAME": "origin",
             "PRE_COMMIT_REMOTE_URL": str(tmp_path / "public.git")}  # fmt: skip
    ours = guarded.git("-c", "alias.ours=!consentguard hook pre-push", "ours", code=3, **stale)
    assert "notice.pdf (commit" in ours


def test_typed_by_hand_it_asks_the_remote_too(guarded, tmp_path):
    typed = ("-c", "alias.ours=!consentguard hook pre-push", "ours", "origin")
    assert guarded.git(*typed, code=0, given=b"", PRE_COMMIT="1") == ""
    made_again(guarded, tmp_path)
    assert "notice.pdf (commit" in guarded.git(*typed, code=3, PRE_COMMIT="1")


@pytest.mark.skipif(os.name != "posix", reason="scripts of /bin/sh")
def test_a_remote_that_cannot_be_asked_knows_nothing(guarded, tmp_path, monkeypatch):
    line = f"refs/heads/side {guarded.head} refs/heads/side {'0' * 40}\n".encode()
    said = guarded.git(
        "-c", f"alias.ours=!consentguard hook pre-push origin '{tmp_path}/nowhere.git'", "ours", code=3, given=line
    )
    assert "notice.pdf (commit" in said
    assert "nowhere.git: does not say what it has, so everything that leads there is judged" in said


@pytest.mark.skipif(os.name != "posix", reason="scripts of /bin/sh")
def test_an_old_commit_is_said_to_need_rewriting(guarded, tmp_path):
    """A file that a later commit takes out is in what is pushed all the same, and a copy in its place mends nothing."""
    another_address(guarded, tmp_path)
    guarded.slip("first.txt", b"one")
    guarded.slip("old.pdf", PDF + b"2")
    bringer = guarded.head[:10]
    guarded.git("rm", "--quiet", "old.pdf")
    guarded.commit("--no-verify")
    said = push(guarded, code=1)
    assert f"it is in commit {bringer}, and a later commit does not take it out of what is pushed" in said
    assert f"git reset --soft {bringer}~1" in said
