"""The scripts: where git looks for them, closed when the program is gone, and gone without a trace when taken out."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from hook.websites import PDF, Site, hook

posix = pytest.mark.skipif(os.name != "posix", reason="scripts of /bin/sh")


def hooks_of(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".sample")}


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_install_and_uninstall_leave_nothing_behind(site):
    folder = site.folder / ".git/hooks"
    before = hooks_of(folder)
    assert hook("install") == 0
    assert hook("install") == 0  # once more changes nothing
    assert hooks_of(folder) - before == {"pre-commit", "pre-merge-commit", "pre-push"}
    assert hook("uninstall") == 0
    assert hook("uninstall") == 0
    assert hooks_of(folder) == before
    site.add("notice.pdf", PDF)
    site.commit()


def test_the_scripts_are_for_a_posix_shell_on_windows_too(site, monkeypatch):
    """Text mode writes CRLF there, and then `#!/bin/sh` is no program and `set +e` no command."""

    def as_on_windows(path: Path, text: str, encoding: str = "utf-8", newline: str | None = None) -> int:
        return path.write_bytes((text.replace("\n", "\r\n") if newline is None else text).encode(encoding))

    monkeypatch.setattr(Path, "write_text", as_on_windows)
    assert hook("install") == 0
    for name in ("pre-commit", "pre-merge-commit", "pre-push"):
        data = (site.folder / ".git/hooks" / name).read_bytes()
        assert b"\r" not in data
        assert data.startswith(b"#!/bin/sh\n")


def test_scripts_in_the_tree_keep_their_line_ends_in_every_checkout(site, capsys):
    site.git("config", "core.hooksPath", ".githooks")
    assert hook("install") == 0
    assert "add the line `/.githooks/* text eol=lf` to .gitattributes" in capsys.readouterr().out
    site.write(".gitattributes", b"/.githooks/* text eol=lf\n")
    assert hook("install") == 0
    assert "gitattributes" not in capsys.readouterr().out


@posix
def test_an_option_that_is_no_utf8_is_written_as_it_is(site, tmp_path):
    policy = tmp_path / os.fsdecode(b"caf\xe9.toml")
    policy.write_bytes((site.state / "policy.toml").read_bytes().replace(b"unjudged = []", b'unjudged = ["no*.pdf"]'))
    assert hook("install", "--policy", str(policy)) == 0
    site.add("notice.pdf", PDF)
    site.commit()


@pytest.mark.parametrize(
    ("option", "names"), [("--pre-commit", {"pre-commit", "pre-merge-commit"}), ("--pre-push", {"pre-push"})]
)
def test_one_stage_alone(site, option, names):
    assert hook("install", option) == 0
    assert hooks_of(site.folder / ".git/hooks") == names


@posix
def test_a_hook_that_was_there_is_kept_runs_first_and_comes_back(site):
    path = site.folder / ".git/hooks/pre-commit"
    script(path, "echo first; [ ! -e stop ]")
    mine = path.read_bytes()
    assert hook("install") == 0
    assert hook("install") == 0
    site.add("page.txt", b"words")
    assert "first" in site.commit()
    site.write("stop", b"")
    site.add("page.txt", b"more words")
    site.commit(code=1)
    (site.folder / "stop").unlink()
    site.add("notice.pdf", PDF)
    said = site.commit(code=1)
    assert said.index("first") < said.index("notice.pdf: undecided")
    assert hook("uninstall") == 0
    assert path.read_bytes() == mine
    assert path.stat().st_mode & stat.S_IXUSR
    assert "first" in site.commit()


@posix
def test_a_kept_hook_may_change_what_is_staged_and_that_is_judged(site):
    script(site.folder / ".git/hooks/pre-commit", "printf '%%PDF-1.7' > sneaked.pdf; git add sneaked.pdf")
    assert hook("install") == 0
    site.add("page.txt", b"words")
    assert "sneaked.pdf: undecided" in site.commit(code=1)


@posix
def test_a_kept_push_hook_hears_what_git_says(site, tmp_path):
    script(site.folder / ".git/hooks/pre-push", 'echo "to $1: $(cat)"')
    assert hook("install") == 0
    site.git("init", "--quiet", "--bare", str(tmp_path / "remote.git"))
    site.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    site.slip("page.txt", b"words")
    assert f"to origin: refs/heads/main {site.head} refs/heads/main 0000" in site.git("push", "origin", "main")
    site.slip("notice.pdf", PDF)
    assert "notice.pdf" in site.git("push", "origin", "main", code=1)


@posix
def test_a_hook_that_was_switched_off_stays_off(site):
    path = site.folder / ".git/hooks/pre-commit"
    script(path, "exit 1")
    path.chmod(0o644)
    assert hook("install") == 0
    site.add("page.txt", b"words")
    site.commit()


@posix
def test_without_the_program_nothing_goes(site, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone" / "python"))
    assert hook("install") == 0
    site.add("page.txt", b"words")
    said = site.commit(code=1)
    assert f"the program is not at {tmp_path}/gone/python, so nothing can be judged and nothing goes" in said
    script(tmp_path / "gone/python", "exit 127")  # an interpreter without the package
    assert "stopped by the pre-commit hook" in site.commit(code=1)


@posix
def test_a_folder_in_the_tree_cannot_pass_for_the_program(site):
    assert hook("install") == 0
    for name in ("consentguard", "json"):
        site.write(f"{name}/__init__.py", b"raise SystemExit(0)")
        site.write(f"{name}/__main__.py", b"raise SystemExit(0)")
    site.add("notice.pdf", PDF)
    assert "notice.pdf: undecided" in site.commit(code=1)


@posix
def test_options_are_written_down_as_they_were_meant(site, tmp_path, monkeypatch):
    policy = tmp_path / "it's a policy.toml"
    policy.write_bytes((site.state / "policy.toml").read_bytes().replace(b"unjudged = []", b'unjudged = ["no*.pdf"]'))
    monkeypatch.chdir(site.folder)
    assert hook("install", "--policy", "../it's a policy.toml") == 0
    site.add("notice.pdf", PDF)
    site.commit()
    site.add("other.pdf", PDF)
    site.commit(code=1)


@posix
def test_the_folder_of_hooks_is_the_one_git_uses(site, tmp_path, monkeypatch, capsys):
    site.git("config", "core.hooksPath", ".githooks")
    assert hook("install") == 0
    assert hooks_of(site.folder / ".githooks") == {"pre-commit", "pre-merge-commit", "pre-push"}
    assert "lies in the repository, so everybody who commits needs `consentguard` in PATH" in capsys.readouterr().out
    assert sys.executable not in (site.folder / ".githooks/pre-commit").read_text()
    site.add("notice.pdf", PDF)
    assert "notice.pdf" in site.commit(code=1)
    (tmp_path / "bin").mkdir()
    for tool in ("git", "sh", "cat"):
        (tmp_path / "bin" / tool).symlink_to(
            f"/usr/bin/{tool}" if Path(f"/usr/bin/{tool}").exists() else f"/bin/{tool}"
        )
    said = site.git("commit", "-m", "x", code=1, PATH=str(tmp_path / "bin"))
    assert "the program is not in PATH" in said


@posix
def test_a_folder_for_all_repositories_is_used_and_told(site, tmp_path, capsys):
    site.git("config", "--global", "core.hooksPath", str(tmp_path / "all"))
    assert hook("install", "--pre-commit") == 0
    assert "this guards every repository of yours" in capsys.readouterr().out
    site.add("notice.pdf", PDF)
    assert "notice.pdf" in site.commit(code=1)


@posix
def test_husky_gets_the_script_where_it_looks_for_it(site):
    """husky 9 sets core.hooksPath to .husky/_, makes that folder anew, and runs .husky/pre-commit from there."""
    runner = 'exec sh -e "$(dirname "$(dirname "$0")")/$(basename "$0")" "$@"'
    for name in ("pre-commit", "pre-push"):
        script(site.folder / ".husky/_" / name, runner)
    (site.folder / ".husky/pre-commit").write_text("echo npm test\n")  # husky's own are not executable
    site.git("config", "core.hooksPath", ".husky/_")
    assert hook("install") == 0
    site.add("notice.pdf", PDF)
    said = site.commit(code=1)
    assert "npm test" in said
    assert "stopped by the pre-commit hook" in said
    assert "notice.pdf: undecided" in said
    assert hook("uninstall") == 0
    assert (site.folder / ".husky/pre-commit").read_text() == "echo npm test\n"


@posix
def test_worktrees_share_the_hook(site, tmp_path, monkeypatch):
    site.slip("page.txt", b"words")
    site.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "side")
    monkeypatch.chdir(tmp_path / "tree")
    assert hook("install") == 0
    for folder in (tmp_path / "tree", site.folder):
        tree = Site(folder, site.state, site.released)
        tree.add("notice.pdf", PDF)
        assert "notice.pdf: undecided" in tree.commit(code=1)


def test_a_hook_put_in_our_place_is_not_overwritten(site, capsys):
    path = site.folder / ".git/hooks/pre-commit"
    script(path, "one")
    assert hook("install") == 0
    script(path, "two")
    assert hook("uninstall") == 3
    assert "is not ours any more, and pre-commit.before-consentguard waits beside it" in capsys.readouterr().err
    assert hook("install") == 3
    assert "join the two by hand" in capsys.readouterr().err
    assert path.read_text() == "#!/bin/sh\ntwo\n"


def test_install_says_what_is_missing_and_the_hook_stands(site, capsys, tmp_path):
    assert hook("install", "--state", str(tmp_path / "nothing")) == 3
    assert "until this is mended nothing will pass" in capsys.readouterr().err
    site.add("page.txt", b"words")
    assert "make it once with `consentguard init" in site.commit(code=1)
