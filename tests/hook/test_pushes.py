"""What is pushed, with real git: every file of every commit that goes, and nothing that is there already."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from hook.websites import PDF, Site, hook


@pytest.fixture
def guarded(site: Site, tmp_path: Path) -> Site:
    """With a remote that has one commit, and only the push hook, so that anything can be committed."""
    site.git("init", "--quiet", "--bare", str(tmp_path / "remote.git"))
    site.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    site.slip("page.txt", b"one")
    site.git("push", "--quiet", "origin", "main")
    assert hook("install", "--pre-push") == 0
    return site


def push(site: Site, *arguments: str, code: int = 0) -> str:
    return site.git("push", "--quiet", *(arguments or ("origin", "main")), code=code)


def test_what_was_added_and_then_removed_blocks(guarded):
    guarded.slip("notice.pdf", PDF)
    bringer = guarded.head
    guarded.git("rm", "--quiet", "notice.pdf")
    guarded.commit("--no-verify")
    said = push(guarded, code=1)
    assert f"notice.pdf (commit {bringer[:10]}): undecided" in said
    assert "stopped by the pre-push hook" in said
    guarded.git("reset", "--quiet", "--hard", "HEAD~2")
    guarded.slip("class3.jpg", guarded.released)
    assert push(guarded) == ""


@pytest.mark.parametrize("first", [False, True], ids=["later", "first"])
@pytest.mark.parametrize("removed", [False, True], ids=["still there", "removed since"])
def test_what_the_hook_says_of_an_old_commit_works_when_it_is_done(guarded, tmp_path, first, removed):
    if first:
        guarded.git("init", "--quiet", "--bare", str(tmp_path / "new.git"))
        guarded.git("remote", "set-url", "origin", str(tmp_path / "new.git"))
        guarded.git("update-ref", "-d", "HEAD")
    guarded.slip("class 3.pdf", PDF)
    guarded.slip("words.txt", b"words")
    if removed:
        guarded.git("rm", "--quiet", "class 3.pdf")
        guarded.slip("more.txt", b"more")
    said = push(guarded, code=1)
    back, root, add, drop, commit = re.findall(r"`(git [^`]+)`", said)
    assert add == "git add"
    for step in (root if first else back, drop):
        guarded.git(*shlex.split(step)[1:])
    guarded.git(*shlex.split(commit)[1:], "--quiet", "--message", "again")
    assert push(guarded) == ""
    there = guarded.git("ls-tree", "-r", "--name-only", "origin/main").split()
    assert there == [*(["more.txt"] if removed else []), "page.txt", "words.txt"]


def test_a_refused_photo_in_history_blocks(guarded, photographs):
    guarded.slip("class3.jpg", photographs["partial"])
    guarded.slip("class3.jpg", guarded.released)
    assert "class3.jpg (commit" in push(guarded, code=1)


def test_the_first_push_of_a_branch_sends_only_what_is_new(guarded):
    guarded.git("commit", "--quiet", "--allow-empty", "-m", "x")
    guarded.slip("notice.pdf", PDF)
    guarded.git("push", "--quiet", "--no-verify", "origin", "main")
    guarded.git("checkout", "--quiet", "-b", "side")
    guarded.slip("side.txt", b"words")
    assert push(guarded, "origin", "side") == ""  # the PDF is there already
    guarded.slip("new.pdf", PDF + b"2")
    said = push(guarded, "origin", "side", code=1)
    assert "new.pdf" in said
    assert "notice.pdf" not in said


def test_what_the_framework_left_in_the_environment_counts_for_nothing_where_git_speaks(guarded, tmp_path):
    guarded.git("init", "--quiet", "--bare", str(tmp_path / "other.git"))
    guarded.git("remote", "add", "other", str(tmp_path / "other.git"))
    fine = guarded.head
    guarded.slip("notice.pdf", PDF)
    guarded.git("push", "--quiet", "--no-verify", "other", "main")
    left = {"PRE_COMMIT": "1", "PRE_COMMIT_TO_REF": fine, "PRE_COMMIT_REMOTE_NAME": "other"}
    assert "notice.pdf" in guarded.git("push", "--quiet", "origin", "main", code=1, **left)


def test_a_deleted_branch_sends_nothing(guarded):
    guarded.git("branch", "side")
    push(guarded, "origin", "side")
    guarded.slip("notice.pdf", PDF)
    assert push(guarded, "origin", "--delete", "side") == ""


def test_several_refs_and_tags_are_all_judged(guarded):
    guarded.git("checkout", "--quiet", "-b", "side")
    guarded.slip("side.pdf", PDF)
    guarded.git("checkout", "--quiet", "main")
    guarded.slip("fine.txt", b"words")
    assert "side.pdf" in push(guarded, "origin", "main", "side", code=1)
    guarded.git("tag", "-a", "-m", "x", "v1", "side")
    assert "side.pdf" in push(guarded, "origin", "v1", code=1)


def test_a_tag_that_names_a_file_outright_is_judged(guarded):
    oid = guarded.git("hash-object", "-w", "--stdin", given=PDF).strip()
    guarded.git("tag", "loose", oid)
    assert f"object {oid[:12]}: undecided" in push(guarded, "origin", "loose", code=1)


def test_what_a_merge_itself_brings_is_judged_and_what_was_merged_is_not_again(guarded):
    guarded.git("checkout", "--quiet", "-b", "side")
    guarded.slip("side.pdf", PDF)
    guarded.git("push", "--quiet", "--no-verify", "origin", "side")
    guarded.git("checkout", "--quiet", "main")
    guarded.slip("main.txt", b"words")
    guarded.git("merge", "--quiet", "--no-commit", "side")
    guarded.commit("--no-verify")
    assert push(guarded) == ""  # side.pdf is at the remote
    guarded.git("checkout", "--quiet", "-b", "other", "HEAD~1")
    guarded.slip("other.txt", b"words")
    guarded.git("checkout", "--quiet", "main")
    guarded.git("merge", "--quiet", "--no-commit", "other")
    guarded.add("evil.pdf", PDF + b"2")
    guarded.commit("--no-verify")
    said = push(guarded, code=1)
    assert "evil.pdf (commit" in said
    assert "side.pdf" not in said


def test_replaced_objects_are_judged_as_they_are_pushed(guarded):
    guarded.slip("notice.pdf", PDF)
    bad = guarded.git("rev-parse", "HEAD:notice.pdf").strip()
    good = guarded.git("hash-object", "-w", "--stdin", given=b"words").strip()
    guarded.git("replace", bad, good)
    assert "notice.pdf" in push(guarded, code=1)


def test_an_address_instead_of_a_remote_sends_the_whole_history(guarded, tmp_path):
    guarded.slip("notice.pdf", PDF)
    guarded.git("push", "--quiet", "--no-verify", "origin", "main")
    guarded.git("init", "--quiet", "--bare", str(tmp_path / "other.git"))
    assert "notice.pdf" in push(guarded, str(tmp_path / "other.git"), "main", code=1)


def test_a_shallow_clone_pushes_what_it_has(guarded, tmp_path, monkeypatch):
    guarded.slip("notice.pdf", PDF)
    guarded.slip("page.txt", b"two")
    guarded.git("push", "--quiet", "--no-verify", "origin", "main")
    guarded.git("clone", "--quiet", "--depth", "1", f"file://{tmp_path}/remote.git", str(tmp_path / "shallow"))
    shallow = Site(tmp_path / "shallow", guarded.state, guarded.released)
    monkeypatch.chdir(shallow.folder)
    shallow.git("config", "user.name", "x")
    shallow.git("config", "user.email", "x@example.org")
    assert hook("install", "--pre-push") == 0
    shallow.slip("page.txt", b"three")
    assert push(shallow, "origin", "HEAD") == ""
    shallow.slip("new.pdf", PDF + b"2")
    assert "new.pdf" in push(shallow, "origin", "HEAD", code=1)


def test_a_bare_repository_can_be_pushed_from(guarded, tmp_path, monkeypatch):
    guarded.slip("notice.pdf", PDF)
    guarded.git("clone", "--quiet", "--bare", str(guarded.folder), str(tmp_path / "bare.git"))
    bare = Site(tmp_path / "bare.git", guarded.state, guarded.released)
    monkeypatch.chdir(bare.folder)
    assert hook("install", "--pre-push") == 0
    assert "notice.pdf" in push(bare, str(tmp_path / "remote.git"), "main", code=1)


@pytest.mark.parametrize("line", [b"refs/heads/main abc refs/heads/main def\n", b"one\n", b"a b c\n"])
def test_what_git_would_not_say_stops_the_push(guarded, line, capsys, monkeypatch):
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line)))
    assert hook("pre-push", "origin", "url") == 3
    assert "not what git tells a pre-push hook" in capsys.readouterr().err


def test_an_object_that_is_not_here_is_undecided(guarded, tmp_path, capsys):
    guarded.slip("notice.pdf", PDF)
    oid = guarded.git("rev-parse", "HEAD:notice.pdf").strip()
    (guarded.folder / ".git/objects" / oid[:2] / oid[2:]).unlink()
    assert hook("pre-commit", "notice.pdf") == 3
    assert "its content is not in this clone" in capsys.readouterr().out
