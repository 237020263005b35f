"""What the documentation says is so: its commands run as printed, and no code is left unexplained."""

import configparser
import contextlib
import http.server
import importlib
import io
import json
import re
import runpy
import subprocess
import sys
import threading
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from pages import PAGES, ROOT, blocks, commands_named, complaint, lines, text_of, typed
from PIL import Image

from consentguard.cli.parser import build_parser
from consentguard.cli.where import EXTRAS
from consentguard.consent.codes import FINDINGS, REASONS
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import COLUMNS, SCOPES
from consentguard.vision.models.store import ModelStore

README = text_of("README.md")
TYPED = [page for page in PAGES if lines(page, "sh") and page != "CONTRIBUTING.md"]
RUN = [page for page in PAGES if blocks(page, "python")]


@pytest.fixture
def office(
    tmp_path: Path, photographs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, model_store: ModelStore
) -> Path:
    """A folder as a reader of the pages has it: the sample register, a photo of T001, a website, and a state."""
    (tmp_path / "photo.jpg").write_bytes(photographs["obama"])
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(photographs["obama"])
    for name in ("consent_register.csv", "old.csv", "new.csv"):
        (tmp_path / name).write_bytes((ROOT / "consent_register.csv").read_bytes())
    (tmp_path / "references" / "T001").mkdir(parents=True)
    (tmp_path / "references" / "T001" / "1.jpg").write_bytes(photographs["obama3"])
    (tmp_path / "policy.toml").write_text(
        resources.files("consentguard.consent.policy").joinpath("policies", "sch026.toml").read_text("utf-8")
        .replace('"tagged"]\ndpia = ""', '"tagged", "matched"]\ndpia = "DPIA 1"')
    )  # fmt: skip
    subprocess.run(["git", "init", "-q", str(tmp_path / "website")], check=True)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Reader")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "reader@example.org")
    monkeypatch.setenv("CONSENTGUARD_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("CONSENTGUARD_MODELS", str(model_store.folder))
    monkeypatch.chdir(tmp_path)
    assert typed("consentguard init")[0] == 0
    return tmp_path


@pytest.mark.parametrize("page", TYPED)
def test_the_commands_of_a_page_run_as_printed(page: str, office: Path) -> None:
    """One after the other; only what the page itself says is refused may be refused."""
    for line in lines(page, "sh"):
        code, said = typed(line)
        expected = int(wanted[1]) if (wanted := re.search(r"# .*exit code (\d)", line)) else 0
        assert code == expected, f"{line}\n{said}"
    if page == "README.md":
        assert (office / "seen.png").is_file()
        assert len(list((office / "safe").glob("*.jpg"))) == 1


@pytest.mark.parametrize("page", RUN)
def test_the_python_of_a_page_runs_as_printed(page: str, office: Path) -> None:
    sent: list[bytes] = []
    for block in blocks(page, "python"):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(block, page, "exec"), {"send": sent.append})
        assert page != "docs/tags.md" or "('T001',) none" in said.getvalue()
    assert page != "README.md" or (office / "safe.jpg").read_bytes().startswith(b"\xff\xd8")
    assert page != "docs/howto/posting-tool.md" or sent[0].startswith(b"\xff\xd8")


def test_the_numbers_of_the_readme_are_those_of_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    summary = importlib.import_module("summary")
    _, _, rest = README.partition(summary.START)
    assert rest.partition(summary.END)[0].strip() == summary.block().strip(), "run python benchmarks/summary.py"


def test_every_command_is_in_the_readme() -> None:
    (commands,) = (action.choices for action in build_parser()._actions if action.metavar == "COMMAND")
    assert commands
    for command in commands:
        assert re.search(rf"consentguard {command}\b", README), command


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_exists(page: str) -> None:
    """In blocks, sentences and indented lines, with its options."""
    wrong = [f"{command}: {said}" for command in commands_named(page) if (said := complaint(command))]
    assert not wrong


def test_every_command_that_a_message_names_exists() -> None:
    wrong = []
    for path in (ROOT / "consentguard").rglob("*.py"):
        joined = re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8"))
        named = [" ".join(span.split()) for span in re.findall(r"`(consentguard [a-z][^`]+)`", joined)]
        for command in (re.sub(r"\{[^}]*\}", "1", each) for each in named if "..." not in each):
            if said := complaint(command):
                wrong.append(f"{path.name}: {command}: {said}")
    assert not wrong


def test_every_extra_is_named_by_where_and_in_the_readme() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = set(setup["options.extras_require"]) - {"dev"}
    assert extras == set(EXTRAS)
    assert not [extra for extra in extras if f"[{extra}]" not in README]


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


def _ran(monkeypatch: pytest.MonkeyPatch, example: str, *words: str) -> tuple[object, str]:
    """An example run as a program: its exit code, or the message that it ended with, and what it printed."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "argv", [example, *words])
    code: object = 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            runpy.run_path(str(ROOT / "examples" / example), run_name="__main__")
        except SystemExit as stop:
            code = stop.code or 0
    return code, said.getvalue()


def test_the_example_draws_a_child_whose_face_the_guard_hides(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _ran(monkeypatch, "drawn_scene.py", "picture.png")[0] == 0
    assert (office / "picture.png").stat().st_size > 10_000


def test_the_pictures_of_the_page_that_explains_are_made_by_their_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "how.png"
    monkeypatch.setattr(sys, "argv", ["pictures.py", str(target)])
    runpy.run_path(str(ROOT / "benchmarks/pictures.py"), run_name="__main__")
    files = (target, ROOT / "docs/how-it-decides.png")
    made, kept = (np.asarray(Image.open(path).convert("RGB"), np.float32) for path in files)
    assert made.shape == kept.shape
    assert np.abs(made - kept).mean() < 10, "remake it: python benchmarks/pictures.py docs/how-it-decides.png"


def test_the_example_of_an_own_detector_runs(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = _ran(monkeypatch, "own_detector.py", "photo.jpg")
    assert (code, "faces: 1, seen by brightened@1" in said) == (1, True), said


def test_the_example_of_a_batch_tool_runs(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (office / "photos" / "two.jpg").write_bytes(b"no photo")
    code, said = _ran(monkeypatch, "batch.py", "photos", "out")
    assert code == 3, said
    assert "one.jpg: released" in said
    assert "two.jpg: not released\n  photos" in said
    assert "batch.py FOLDER OUT" in str(_ran(monkeypatch, "batch.py", "photos")[0])
    assert len(list((office / "out").iterdir())) == 1


def test_the_example_that_sends_to_a_website_sends_the_released_bytes(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[bytes] = []

    class Website(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Website) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = f"http://127.0.0.1:{server.server_port}/news"
        assert _ran(monkeypatch, "send_to_website.py", "photo.jpg", page)[0] == 0
        code, said = _ran(monkeypatch, "send_to_website.py", "photo.jpg", page, "--people", "P999", "--by", "Office")
        server.shutdown()
    assert (code, "P999" in said) == (2, True), said
    code, said = _ran(monkeypatch, "send_to_website.py", "photo.jpg", page)
    assert (code, "photo.jpg: not sent: " in said) == (1, True), said
    assert [data[:2] for data in came] == [b"\xff\xd8"]
    assert came[0] != (office / "photo.jpg").read_bytes()


def test_the_notebook_runs_from_top_to_bottom(office: Path) -> None:
    notebook = json.loads((ROOT / "examples/one_photo.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell.get("outputs", []) == [] for cell in notebook["cells"])  # a picture of a person could be in one
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, "one_photo.ipynb", "exec"), names)
    assert "<Released" in repr(names["released"])


def test_nothing_of_this_machine_is_in_the_repository() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    here = str(ROOT.parent)
    for name in filter(None, files):
        path = ROOT / name
        if path.is_file() and len(here) > 4:
            assert here.encode() + b"/" not in path.read_bytes(), name
