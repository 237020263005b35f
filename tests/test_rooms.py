"""The house: imports point down, importing does nothing, and the public names are those that are meant."""

from __future__ import annotations

import inspect
import pydoc
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import grimp
import pytest

import consentguard

ROOT = Path(__file__).parents[1]


# -- one direction of imports -----------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path) -> Path:
    """A copy of the package and its import contracts, to plant violations in."""
    shutil.copytree(ROOT / "consentguard", tmp_path / "consentguard", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "setup.cfg", tmp_path / "setup.cfg")
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    # The copy comes first on the path, before the checkout that is installed for development.
    command = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", command, "--config", "setup.cfg", "--no-cache"],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_point_down_only(house):
    done = lint(house)
    assert done.returncode == 0, done.stdout
    assert re.search(r"[1-9] kept, 0 broken", done.stdout)


def circles(graph: grimp.ImportGraph) -> list[set[str]]:
    """Modules that import each other, straight or over others, what is imported for type checkers only included."""
    reach = {name: graph.find_upstream_modules(name) for name in graph.modules}
    return [
        {name, *reach[name]} for name in sorted(graph.modules) if any(name in reach[other] for other in reach[name])
    ]


def test_no_modules_import_each_other_not_even_for_their_types():
    graph = grimp.build_graph("consentguard", cache_dir=None)
    assert circles(graph) == []
    graph.add_import(importer="consentguard.errors", imported="consentguard.guard.guard")
    assert circles(graph)


PLANTED = {
    "vision asks consent": ("vision/rewrite/plan.py", "from consentguard.consent import decide", "imports point down"),
    "consent looks at pixels": ("consent/decide.py", "from consentguard.vision import codec", "imports point down"),
    "values look up": ("values/geometry.py", "import consentguard.guard.verify", "imports point down"),
    "errors look up": ("errors.py", "from consentguard.values import Verdict as V", "imports point down"),
    "the guard calls the command line": ("guard/guard.py", "import consentguard.cli.show", "imports point down"),
    "verify calls the guard": ("guard/verify.py", "import consentguard.guard.guard", "the guard has an order"),
    "within a function": (
        "consent/clock.py",
        "def f():\n    import consentguard.vision.imagefile.codec",
        "imports point down",
    ),
    "a second user of the engine": ("vision/detection/detector.py", "import openvino", "inference engine"),
    "a second user of the web framework": ("desk/session.py", "import starlette", "a web framework"),
    "batch calls the desk": ("batch/scan.py", "import consentguard.desk.session", "imports point down"),
    "a second user of tweepy": ("posting/poster.py", "import tweepy", "imports tweepy"),
}


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_is_found(house, file, line, contract):
    with (house / "consentguard" / file).open("a") as module:
        module.write(f"\n{line}\n")
    done = lint(house)
    assert done.returncode == 1, done.stdout
    assert "0 broken" not in done.stdout
    assert contract in done.stdout.split("Broken contracts")[1]


# -- importing does nothing -------------------------------------------------------------------------------------------

HEAVY = ("openvino", "cv2", "numpy", "PIL", "tweepy", "sqlite3", "platformdirs", "subprocess", "socket")

QUIET = f"""
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append((event, args)))
import consentguard
print([name for name in {HEAVY!r} if name in sys.modules])
ours = ("socket.", "subprocess.", "sqlite3.", "os.mkdir", "shutil.", "urllib.")
print([event for event, args in seen if event.startswith(ours)])
print([args[0] for event, args in seen if event == "open" and not str(args[0]).endswith((".py", ".pyc"))])
"""


def test_importing_loads_nothing_heavy_opens_no_file_and_touches_no_network():
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-c", QUIET], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "[]", "[]"]


def test_help_comes_without_the_engine():
    code = (
        "import sys\nfrom consentguard.cli.parser import build_parser\nbuild_parser().format_help()\n"
        "print([name for name in ('openvino', 'cv2', 'tweepy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- the public names -------------------------------------------------------------------------------------------------


def test_the_public_names_are_sorted_and_complete():
    assert consentguard.__all__ == sorted(set(consentguard.__all__))
    public = {name for name in dir(consentguard) if not name.startswith("_")}
    rooms = {path.stem for path in (ROOT / "consentguard").iterdir()} | {"weights"}
    helpers = {"annotations", "import_module", "TYPE_CHECKING", "Any"}
    assert public - rooms - helpers == set(consentguard.__all__)


@pytest.mark.parametrize("name", consentguard.__all__)
def test_every_public_name_is_there_and_documented(name):
    thing = getattr(consentguard, name)
    if name not in ALIASES:
        assert thing.__name__ == name
        assert (thing.__doc__ or "").strip()


ALIASES = {"Clock", "PhotoLike", "Progress"}
ELSEWHERE = {"Any", "Iterable", "Mapping", "None", "Path", "Unpack"}


@pytest.mark.parametrize(
    "thing", [consentguard.Guard, consentguard.Verdict, consentguard.Released, consentguard.detect]
)
def test_every_type_that_a_signature_names_can_be_imported(thing):
    functions = [thing] if inspect.isfunction(thing) else [f for _, f in inspect.getmembers(thing, inspect.isfunction)]
    public = [f for f in functions if f.__name__ == "__init__" or not f.__name__.startswith("_")]
    kinds = [kind for function in public for kind in inspect.get_annotations(function).values()]
    kinds += inspect.get_annotations(thing).values()
    named = {word for kind in kinds for word in re.findall(r"\b[A-Z]\w+", str(kind))}
    assert named - ELSEWHERE <= set(consentguard.__all__)


def test_help_is_a_page_to_learn_from():
    page = pydoc.render_doc(consentguard, renderer=pydoc.plaintext)  # type: ignore[attr-defined]  # the stubs miss it
    for word in ("guard.release(", "Refused", "CannotTell", "WrongUsage", "admit", "detect("):
        assert word in page


def test_every_error_is_public_and_one_tree():
    from consentguard import errors

    ours = {
        name
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, Exception) and not name.startswith("_")
    }
    assert ours <= set(consentguard.__all__)
    assert all(issubclass(getattr(errors, name), errors.ConsentGuardError) for name in ours)


@pytest.mark.parametrize(
    ("name", "code"),
    [("Refused", 1), ("WrongUsage", 2), ("CannotTell", 3), ("UnreadableImage", 3), ("ModelUnavailable", 3),
     ("RegisterInvalid", 3), ("PolicyInvalid", 3), ("VerificationFailed", 3), ("AuditFailed", 3),
     ("TemplateStoreError", 3)],
)  # fmt: skip
def test_every_error_has_its_exit_code(name, code):
    error = getattr(consentguard, name)
    assert error.exit_code == code
    assert issubclass(error, consentguard.CannotTell) == (code == 3)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Relaesed'"):
        _ = consentguard.Relaesed


# -- names and sizes --------------------------------------------------------------------------------------------------


def test_no_class_name_stands_twice():
    files = (ROOT / "consentguard").rglob("*.py")
    names = Counter(name for file in files for name in re.findall(r"^class ([A-Z]\w+)", file.read_text("utf-8"), re.M))
    assert names["Guard"] == 1
    assert [name for name, times in names.items() if times > 1] == []


def test_no_file_is_longer_than_350_lines():
    files = [*(ROOT / "consentguard").rglob("*.py"), *(ROOT / "consentguard").rglob("*.js")]
    files += (ROOT / "benchmarks").glob("*.py")
    lines = {str(path): len(path.read_text("utf-8").splitlines()) for path in files}
    assert {name: count for name, count in lines.items() if count > 350} == {}


def not_used() -> dict[str, re.Pattern[str]]:
    """The words that the glossary gives up, each as a pattern that finds it in sentences and identifiers."""
    table = (ROOT / "docs" / "architecture.md").read_text("utf-8").split("| not | but |")[1].split("\n\n")[0]
    gap = r"[\s_#|]+"
    words = [word for row in table.splitlines()[2:] for word in row.split("|")[1].strip().split(", ")]
    return {
        # A word in capitals is a class: the eyes of a face may be named.
        word: re.compile(rf"(?<![A-Za-z]){gap.join(word.split())}(?![A-Za-z])", 0 if word[0].isupper() else re.I)
        for word in words
    }


def test_words_that_the_glossary_gives_up_stand_nowhere():
    words = not_used()
    assert words["second look"].search("at_the_second_look_of") and words["door"].search("Each door.")
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    for kind in ("*.toml", "*.html", "*.js"):
        files += (ROOT / "consentguard").rglob(kind)
    for room in ("consentguard", "tests", "benchmarks", "examples"):
        files += (ROOT / room).rglob("*.py")
    for exempt in (ROOT / "CHANGELOG.md", ROOT / "docs" / "architecture.md", Path(__file__)):
        files.remove(exempt)
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in files
        for text in [path.read_text("utf-8")]
        for word, pattern in words.items()
        if pattern.search(text)
    ]
    assert found == []
