"""What the documentation says is so: its commands run as printed, and no code is left unexplained."""

import importlib
import json
import re
import shlex
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from consentguard.cli.parser import build_parser
from consentguard.consent.codes import FINDINGS, REASONS
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import COLUMNS, SCOPES
from consentguard.vision.models.store import ModelStore

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


@pytest.fixture
def office(
    tmp_path: Path, photographs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, model_store: ModelStore
) -> Path:
    """A folder as a reader of the README has it: the sample register and a photo of T001."""
    (tmp_path / "photo.jpg").write_bytes(photographs["obama"])
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(photographs["obama"])
    (tmp_path / "consent_register.csv").write_bytes((ROOT / "consent_register.csv").read_bytes())
    (tmp_path / "references" / "T001").mkdir(parents=True)
    (tmp_path / "references" / "T001" / "1.jpg").write_bytes(photographs["obama3"])
    (tmp_path / "policy.toml").write_text(
        resources.files("consentguard.consent.policy").joinpath("policies", "sch026.toml").read_text("utf-8")
        .replace('"tagged"]\ndpia = ""', '"tagged", "matched"]\ndpia = "DPIA 1"')
    )  # fmt: skip
    monkeypatch.setenv("CONSENTGUARD_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("CONSENTGUARD_MODELS", str(model_store.folder))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_of_the_readme_run_as_printed(office: Path) -> None:
    commands = [line for block in _blocks("sh") for line in block.splitlines() if line.startswith("consentguard ")]
    assert len(commands) >= 8
    for command in commands:
        if command.startswith(("consentguard demo", "consentguard desk ")):
            continue  # have tests of their own; the desk stays open until somebody closes it
        program = f"{shlex.quote(sys.executable)} -m {command}"
        done = subprocess.run(program, shell=True, cwd=office, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert (office / "seen.png").is_file()
    assert len(list((office / "safe").glob("*.jpg"))) == 1


def test_the_python_example_of_the_readme_runs_as_printed(office: Path) -> None:
    (block,) = _blocks("python")
    subprocess.run([sys.executable, "-m", "consentguard", "init"], cwd=office, check=True, capture_output=True)
    subprocess.run([sys.executable, "-c", block], cwd=office, check=True, capture_output=True)
    assert (office / "safe.jpg").read_bytes().startswith(b"\xff\xd8")


def test_the_numbers_of_the_readme_are_those_of_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    summary = importlib.import_module("summary")
    _, _, rest = README.partition(summary.START)
    assert rest.partition(summary.END)[0].strip() == summary.block().strip(), "run python benchmarks/summary.py"


def test_every_command_is_in_the_readme() -> None:
    (commands,) = (action.choices for action in build_parser()._actions if action.metavar == "COMMAND")
    for command in commands:
        assert re.search(rf"consentguard {command}\b", README), command


def test_the_commands_of_the_pages_can_be_typed() -> None:
    """Those of the README run; of the others at least every command and option exists."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/howto").glob("*.md")]
    seen = 0
    for page in pages:
        for block in re.findall(r"```(?:sh|text)\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
            for line in block.replace("\\\n", " ").splitlines():
                if not line.strip().startswith("consentguard "):
                    continue
                seen += 1
                try:
                    build_parser().parse_args(shlex.split(line, comments=True)[1:])
                except SystemExit as stop:
                    assert stop.code == 0, f"{page.name}: {line}"
    assert seen > 40


def test_every_page_of_the_site_is_in_its_contents() -> None:
    contents = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    listed = set(re.findall(r": (\S+\.md)$", contents, re.M))
    assert {page for page in pages if not page.startswith("decisions/")} <= listed
    assert listed <= pages


def test_every_code_is_documented_with_its_meaning() -> None:
    page = (ROOT / "docs/codes.md").read_text(encoding="utf-8")
    for code, meaning in {**REASONS, **FINDINGS}.items():
        assert f"| `{code}` | " in page, code
        assert REASONS.get(code, meaning) in page
        assert meaning in page
    reasons = page.partition("## Findings")[0]
    rows = {line.split("`")[1]: line for line in reasons.splitlines() if line.startswith("| `")}
    sentences = Policy.shipped().sentences.by_code
    for code in REASONS:
        quoted = f'"{sentences[code]}"' in rows[code] if code in sentences else '"' not in rows[code]
        assert quoted, f"{code}: its sentence is not the one of the shipped policy"


def test_every_column_of_the_register_is_documented() -> None:
    page = (ROOT / "docs/register.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        base, _, part = column.rpartition("_")
        if base in (*SCOPES, "biometric"):
            assert f"`_{part}`" in page
        else:
            assert f"`{column}`" in page, column


def test_the_picture_of_the_readme_is_made_by_its_script(
    tmp_path: Path, model_store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSENTGUARD_MODELS", str(model_store.folder))
    target = tmp_path / "picture.png"
    subprocess.run([sys.executable, ROOT / "examples/drawn_scene.py", target], check=True)
    assert target.stat().st_size > 10_000


def test_the_page_about_tags_runs_as_printed(office: Path) -> None:
    page = (ROOT / "docs/tags.md").read_text("utf-8")
    (shell,), (python,) = (re.findall(rf"```{kind}\n(.*?)```", page, re.S) for kind in ("sh", "python"))
    subprocess.run([sys.executable, "-m", "consentguard", "init"], cwd=office, check=True, capture_output=True)
    for command in shell.splitlines():
        program = f"{shlex.quote(sys.executable)} -m {command}"
        done = subprocess.run(program, shell=True, cwd=office, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    done = subprocess.run([sys.executable, "-c", python], cwd=office, capture_output=True, text=True, check=True)
    assert "('T001',) none" in done.stdout


def test_the_example_of_an_own_detector_runs(office: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples/own_detector.py", "photo.jpg"],
        cwd=office, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "1 faces, seen by brightened@1" in done.stdout) == (1, True), done.stderr


def test_the_example_of_a_batch_tool_runs(office: Path) -> None:
    (office / "photos" / "two.jpg").write_bytes(b"no photo")
    subprocess.run([sys.executable, "-m", "consentguard", "init"], cwd=office, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, ROOT / "examples/batch.py", "photos", "out"],
        cwd=office, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "one.jpg: released" in done.stdout
    assert "two.jpg: photos" in done.stdout
    assert len(list((office / "out").iterdir())) == 1


def test_the_notebook_runs_from_top_to_bottom(office: Path) -> None:
    notebook = json.loads((ROOT / "examples/one_photo.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell.get("outputs", []) == [] for cell in notebook["cells"])  # a picture of a person could be in one
    subprocess.run([sys.executable, "-m", "consentguard", "init"], cwd=office, check=True, capture_output=True)
    code = "\n".join([*cells, "print(released)"])
    done = subprocess.run([sys.executable, "-c", code], cwd=office, check=True, capture_output=True, text=True)
    assert "<Released" in done.stdout


def test_nothing_of_this_machine_is_in_the_repository() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    here = str(ROOT.parent)
    for name in filter(None, files):
        path = ROOT / name
        if path.is_file() and len(here) > 4:
            assert here.encode() + b"/" not in path.read_bytes(), name
