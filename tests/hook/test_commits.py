"""What is staged, with real git: judged from the index, whatever lies on the disk."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from hook.websites import PDF, Site, hook, still, tiny, with_text

from consentguard.cli import main


@pytest.fixture
def guarded(site: Site) -> Site:
    assert hook("install") == 0
    return site


def outcomes(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, tuple[str, list[str]]]:
    """Photo -> outcome and reasons, as `hook ... --json` says."""
    capsys.readouterr()
    code = hook(*arguments, "--json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    worst = {"publishable": 0, "released": 0, "needs_rewrite": 1, "refused": 1, "cannot_tell": 3}
    assert code == max([worst[line["outcome"]] for line in lines], default=0)
    return {line["photo"]: (line["outcome"], line["reasons"]) for line in lines}


# -- the main line ----------------------------------------------------------------------------------------------------


def test_a_refused_photo_blocks_and_its_safe_copy_passes(guarded, photographs):
    guarded.add("class3.jpg", photographs["partial"])
    said = guarded.commit(code=1)
    assert "class3.jpg: must not go\n  unapproved-face: " in said
    assert "next: `consentguard release class3.jpg --channel website --out FOLDER` writes a copy" in said
    assert "stopped by the pre-commit hook" in said
    assert "fatal" in guarded.git("rev-parse", "--verify", "HEAD", code=128)

    guarded.add("class3.jpg", guarded.released)
    guarded.add("still.png", still())
    assert guarded.commit() == ""


@pytest.mark.parametrize("told", [(), ("--state", "--register", "--policy")])
def test_the_next_step_works_as_it_is_printed(site, capsys, photographs, tmp_path, told):
    files = {"--state": site.state, "--register": tmp_path / "a register.csv", "--policy": tmp_path / "p {0}.toml"}
    files["--register"].write_bytes((site.state / "consent_register.csv").read_bytes())
    files["--policy"].write_bytes((site.state / "policy.toml").read_bytes())
    options = [part for name in told for part in (name, str(files[name]))]
    site.add("class 3.jpg", photographs["partial"])
    assert hook("pre-commit", *options) == 1
    said = capsys.readouterr()
    (step,) = re.findall("next: `(.*)`", said.out)
    assert "hook pre-commit --fix" in said.err
    assert main(shlex.split(step.replace("FOLDER", "safe"))[1:]) == 0
    (copy,) = (site.folder / "safe").iterdir()
    site.add("class 3.jpg", copy.read_bytes())
    assert hook("pre-commit", *options) == 0


def test_a_picture_that_a_safe_copy_could_be_made_of_does_not_pass(site, capsys):
    site.add("yard.png", with_text())
    site.add("still.png", still())
    assert outcomes(capsys, "pre-commit") == {
        "still.png": ("publishable", []),
        "yard.png": ("needs_rewrite", ["metadata"]),
    }


def test_the_staged_version_counts_not_the_one_on_the_disk(guarded):
    guarded.add("notice.pdf", PDF)
    guarded.write("notice.pdf", b"Dear parents")
    assert "notice.pdf: undecided, so it must not go" in guarded.commit(code=1)
    guarded.add("notice.txt", b"Dear parents")
    guarded.write("notice.txt", PDF)
    guarded.git("rm", "--cached", "--quiet", "--force", "notice.pdf")
    assert guarded.commit() == ""


def test_named_files_are_judged_in_the_index_changed_or_not(site, capsys):
    site.slip("old.pdf", PDF)
    site.add("new.pdf", PDF)
    assert list(outcomes(capsys, "pre-commit")) == ["new.pdf"]
    assert list(outcomes(capsys, "pre-commit", "old.pdf")) == ["old.pdf"]
    assert hook("pre-commit", "no-such.pdf") == 2
    assert "not in the index: 'no-such.pdf'" in capsys.readouterr().err


# -- whatever git can stage -------------------------------------------------------------------------------------------


def test_a_rename_a_mode_change_and_a_copy_are_judged_like_new_files(site, capsys):
    site.slip("a.pdf", PDF)
    site.slip("b.pdf", PDF + b"2")
    site.git("mv", "a.pdf", "moved.pdf")
    site.git("update-index", "--chmod=+x", "b.pdf")
    assert list(outcomes(capsys, "pre-commit")) == ["b.pdf", "moved.pdf"]


def test_deletions_bring_no_file(site, capsys):
    site.slip("old.pdf", PDF)
    site.git("rm", "--quiet", "old.pdf")
    assert outcomes(capsys, "pre-commit") == {}


def test_a_submodule_is_undecided_for_its_files_are_not_here(site, capsys):
    site.slip("page.txt", b"words")
    site.git("update-index", "--add", "--cacheinfo", f"160000,{site.head},themes/plain")
    assert outcomes(capsys, "pre-commit") == {"themes/plain": ("cannot_tell", ["not-looked-into"])}


def test_a_symbolic_link_goes_only_to_what_goes_with_it(site, capsys):
    site.add("img/still.txt", b"words")
    site.write("not-added.jpg", b"")
    for name, target in {
        "good": "img/still.txt",
        "folder": "img",
        "up": "../state/templates.db",
        "away": "/etc/passwd",
        "untracked": "not-added.jpg",
        "img/inside": "../img/still.txt",
        "img/back": "../folder/../img/still.txt",
    }.items():
        (site.folder / name).symlink_to(target)
        site.git("add", name)
    found = outcomes(capsys, "pre-commit")
    assert found == {name: ("cannot_tell", ["leads-elsewhere"]) for name in ("away", "img/back", "untracked", "up")}


def test_a_picture_that_is_staged_as_a_link_goes_nowhere(site, capsys):
    for number, data in enumerate((with_text(), b"a\0b", b"", b"page.txt\n", b"../" * 2000)):
        oid = site.git("hash-object", "-w", "--stdin", given=data).strip()
        site.git("update-index", "--add", "--cacheinfo", f"120000,{oid},photo{number}.jpg")
    site.slip("page.txt", b"words")
    names = [f"photo{number}.jpg" for number in range(5)]
    assert outcomes(capsys, "pre-commit", *names) == dict.fromkeys(names, ("cannot_tell", ["leads-elsewhere"]))


def test_a_commit_of_one_file_is_judged_by_what_it_takes(guarded):
    """Git makes an index of its own for `git commit FILE`."""
    guarded.slip("a.txt", b"one")
    guarded.slip("b.pdf", PDF)
    guarded.add("waiting.pdf", PDF)
    guarded.write("a.txt", b"two")
    assert guarded.git("commit", "--quiet", "-m", "news", "a.txt") == ""
    guarded.write("b.pdf", PDF + b"2")
    assert "b.pdf: undecided" in guarded.git("commit", "--quiet", "-m", "news", "b.pdf", code=1)
    assert "b.pdf: undecided" in guarded.git("commit", "--quiet", "--all", "-m", "news", code=1)
    assert "waiting.pdf: undecided" in guarded.git("commit", "--quiet", "--amend", "-m", "news", code=1)


def test_a_pointer_of_git_lfs_is_judged_by_what_it_stands_for(site, capsys):
    import hashlib

    def pointer(data: bytes) -> bytes:
        oid = hashlib.sha256(data).hexdigest()
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n".encode()

    def store(data: bytes, instead: bytes | None = None) -> None:
        oid = hashlib.sha256(data).hexdigest()
        site.write(f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}", data if instead is None else instead)

    site.add("absent.jpg", pointer(with_text(1)))
    site.add("bad.jpg", pointer(with_text()))
    store(with_text())
    site.add("forged.jpg", pointer(PDF))
    store(PDF, instead=b"harmless")
    site.add("good.jpg", pointer(still()))
    store(still())
    site.add("released.jpg", pointer(site.released))
    assert outcomes(capsys, "pre-commit") == {
        "absent.jpg": ("cannot_tell", ["lfs-pointer"]),
        "bad.jpg": ("needs_rewrite", ["metadata"]),
        "forged.jpg": ("cannot_tell", ["lfs-pointer"]),
        "good.jpg": ("publishable", []),
        "released.jpg": ("released", []),
    }
    hook("pre-commit")
    assert "run `git lfs pull`" in capsys.readouterr().out


NAMES = ["with space.pdf", "it's \"quoted\".pdf", "new\nline.pdf", "tab\t.pdf", "\U0001f3c5 Sieger.pdf", "-n.pdf",
         "café.pdf", "$(touch x).pdf", "\x1b[2J.pdf"]  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="names that other systems do not allow")
def test_any_file_name_is_judged_and_none_can_move_the_cursor(site, capsys):
    for name in (*NAMES, os.fsdecode(b"latin\xe9.pdf")):
        site.add(name, PDF)
    assert set(outcomes(capsys, "pre-commit")) == {*NAMES, os.fsdecode(b"latin\xe9.pdf")}
    hook("pre-commit")
    said = capsys.readouterr().out
    assert "new\\nline.pdf: undecided" in said
    assert "\U0001f3c5 Sieger.pdf: undecided" in said
    assert "\x1b" not in said
    assert not (site.folder / "x").exists()


def test_five_hundred_pictures_in_one_commit(site, capsys):
    for number in range(500):
        site.write(f"img/{number:03}.gif", tiny(number))
    site.write("img/250.gif", PDF)
    site.git("add", "img")
    found = outcomes(capsys, "pre-commit")
    assert len(found) == 500
    assert [name for name, (outcome, _) in found.items() if outcome != "publishable"] == ["img/250.gif"]


def test_a_merge_is_judged_whether_git_or_a_person_finishes_it(guarded):
    guarded.slip("page.txt", b"one")
    guarded.git("checkout", "--quiet", "-b", "side")
    guarded.slip("notice.pdf", PDF)
    guarded.git("checkout", "--quiet", "main")
    guarded.slip("other.txt", b"two")
    assert "notice.pdf: undecided" in guarded.git("merge", "--no-edit", "side", code=1)
    guarded.git("reset", "--quiet", "--merge")
    assert "notice.pdf: undecided" not in guarded.git("merge", "--no-commit", "--no-edit", "side")
    assert "notice.pdf: undecided" in guarded.commit(code=1)


# -- what decides -----------------------------------------------------------------------------------------------------


def test_without_a_register_nothing_passes(site, capsys, tmp_path):
    for name in ("state.key", "audit.db"):
        (tmp_path / "bare").mkdir(exist_ok=True)
        (tmp_path / "bare" / name).write_bytes((site.state / name).read_bytes())
    (tmp_path / "bare" / "state.key").chmod(0o600)
    site.add("page.txt", b"words")
    assert hook("pre-commit", "--state", str(tmp_path / "bare")) == 3
    said = capsys.readouterr().err
    assert "bare/consent_register.csv: no register is here" in said
    assert "or name one outside the repository with --register FILE" in said
    assert hook("pre-commit", "--state", str(tmp_path / "nothing")) == 3
    assert "make it once with `consentguard init" in capsys.readouterr().err


def test_a_register_or_policy_that_cannot_be_read_stops_everything(site, capsys, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "bad.csv").write_text("id,role,legal_forename\nP1,pupil,Ann\n")
    (tmp_path / "bad.toml").write_text('on_unapproved = "blur"\n')
    for option, name in (("--register", "folder.csv"), ("--register", "bad.csv"), ("--policy", "bad.toml"),
                         ("--register", "none.csv")):  # fmt: skip
        assert hook("pre-commit", option, str(tmp_path / name)) == 3, name
        assert name in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--state", "--register", "--policy"])
def test_nothing_that_decides_comes_from_the_tree_that_is_judged(site, capsys, tmp_path, option):
    site.write("mine", b"")
    (tmp_path / "link").symlink_to(site.folder / "mine")
    for path in (site.folder / "mine", Path("mine"), tmp_path / "link"):
        assert hook("pre-commit", option, str(path)) == 2
        assert "lies in the repository that is judged" in capsys.readouterr().err


def test_outside_a_repository_in_a_bare_one_and_without_git_it_says_so(site, capsys, tmp_path, monkeypatch):
    site.git("init", "--quiet", "--bare", str(tmp_path / "bare.git"))
    monkeypatch.chdir(tmp_path / "bare.git")
    assert hook("pre-commit") == 3
    assert "is a bare repository, so nothing is staged; use `hook pre-push`" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    assert hook("pre-commit") == 3
    assert "is not in a git repository; run this in one, or use `hook files`" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hook("pre-commit") == 3
    assert "git: the program is not in PATH" in capsys.readouterr().err


def test_an_unknown_channel_is_wrong_usage(site, capsys):
    assert hook("pre-commit", "--channel", "tv") == 2
    assert "choose one of main" in capsys.readouterr().err
