"""What is handed out: a wheel and an sdist that hold what they must, nothing more, and work far from the checkout."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from fakes import SAMPLE_FILE

import consentguard

ROOT = Path(__file__).parents[1]
TRAVELS = ("consentguard", "models", "pyproject.toml", "setup.cfg", "README.md", "LICENSE", "MANIFEST.in", "tests",
           "consent_register.csv")  # fmt: skip


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    """Wheel and sdist, built from a copy of the checkout that weights and photographs were planted in."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    ignore = shutil.ignore_patterns("__pycache__", "*.onnx", "*.jpg", "*.egg-info", ".hypothesis")
    for name in TRAVELS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=ignore)
        elif (ROOT / name).is_file():
            shutil.copyfile(ROOT / name, source / name)
    for weight in ("models/centerface.onnx", "models/photographs/obama.jpg", "consentguard/vision/stray.onnx"):
        (source / weight).parent.mkdir(exist_ok=True)
        (source / weight).write_bytes(b"must not travel")
    # The wheel is built from the sdist, as an index would have it done: what the sdist lacks, the wheel lacks.
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(out), str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(dist) -> Path:
    (wheel,) = dist.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def held(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_what_it_needs_to_work(held):
    assert held >= {
        "consentguard/py.typed",
        "consentguard/weights/manifest.toml",
        "consentguard/consent/recognition/populations/dlib-resnet.npz",
        "consentguard/consent/recognition/populations/README.md",
        *(
            f"consentguard/consent/policy/policies/{path.name}"
            for path in (ROOT / "consentguard/consent/policy/policies").glob("*.toml")
        ),
    }
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "consentguard").rglob("*.py")}
    assert modules <= held
    assert any(name.endswith("licenses/LICENSE") for name in held)


def test_the_wheel_holds_no_weights_no_photographs_and_no_tests(held):
    assert {name.partition("/")[0].partition("-")[0] for name in held} == {"consentguard", "consentguard_photos"}
    assert not [name for name in held if name.endswith((".onnx", ".tflite", ".jpg", ".png", ".csv", ".db"))]
    assert not [name for name in held if "test" in name or "fakes" in name]


def test_the_sdist_holds_no_weights_and_no_photographs(dist):
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert any(name.endswith("/models/manifest.toml") for name in names)
    assert any(name.endswith("/LICENSE") for name in names)
    assert not [name for name in names if name.endswith((".onnx", ".tflite", ".jpg", ".png", ".db"))]


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory) -> Path:
    """A clean environment outside the checkout with nothing but the wheel installed in it.

    What the wheel depends on is borrowed from the environment of the tests, by PYTHONPATH: fetching numpy, OpenCV and
    OpenVINO anew would take minutes and prove only that the index works. `make test` has installed them for real.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    target = next((folder / "venv").glob("lib/python*/site-packages"), folder / "venv/Lib/site-packages")
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    install = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "install", "--quiet", "--no-deps"]
    subprocess.run([*install, "--no-index", "--disable-pip-version-check", str(wheel)], check=True)
    assert (target / "consentguard").is_dir()
    (folder / "desk").mkdir()
    shutil.copyfile(SAMPLE_FILE, folder / "desk" / "consent_register.csv")
    return folder


def there(elsewhere: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a script of that environment, in a folder that has nothing to do with the checkout."""
    scripts = elsewhere / "venv" / ("Scripts" if os.name == "nt" else "bin")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSENTGUARD_")}
    environment |= {
        "PYTHONPATH": os.pathsep.join(site.getsitepackages()),
        "PYTHONWARNINGS": "error",
        "XDG_DATA_HOME": str(elsewhere / "data"),
    }
    return subprocess.run(
        [str(scripts / arguments[0]), *arguments[1:]],
        cwd=elsewhere / "desk",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_the_wheel_that_runs_there_and_not_the_checkout(elsewhere):
    done = there(elsewhere, "python", "-c", "import consentguard; print(consentguard.__file__)")
    assert str(elsewhere) in done.stdout, done.stderr
    assert str(ROOT) not in done.stdout


def test_its_commands_work_there(elsewhere):
    version = there(elsewhere, "consentguard", "--version")
    assert (version.returncode, version.stdout) == (0, f"consentguard {consentguard.__version__}\n"), version.stderr
    models = there(elsewhere, "consentguard", "models", "list")
    assert models.returncode == 0, models.stderr
    assert "centerface@09189dea              missing  finds faces" in models.stdout
    policy = there(elsewhere, "consentguard", "policy", "check")
    assert (policy.returncode, "SCH 026" in policy.stdout) == (0, True), policy.stderr
    register = there(elsewhere, "consentguard", "register", "check")
    assert (register.returncode, "14 people" in register.stdout) == (0, True), register.stderr


def test_the_examples_pass_a_strict_type_checker_as_those_see_it_who_install_it(elsewhere):
    """py.typed travels, and what signatures name is typed: mypy reads the wheel's own files, not the checkout."""
    (target,) = (elsewhere / "venv").glob("lib/python*/site-packages")
    borrowed = [path for path in sys.path if path.endswith("site-packages")]  # the packages that the wheel depends on
    (target / "borrowed.pth").write_text("\n".join(borrowed))
    programs = sorted(str(path) for path in (ROOT / "examples").glob("*.py"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(elsewhere / "venv/bin/python"),
         "--cache-dir", str(elsewhere / "mypy"), *programs],
        cwd=elsewhere / "desk", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"Success: no issues found in {len(programs)} source files\n")


def test_without_weights_it_fails_closed_and_says_what_to_run(elsewhere):
    (elsewhere / "desk" / "photo.png").write_bytes(_drawn())
    done = there(elsewhere, "consentguard", "check", "photo.png")
    assert done.returncode == 3
    assert str(elsewhere / "data") in done.stdout
    assert "run `consentguard models pull`" in done.stdout


def _drawn() -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(out, "PNG")
    return out.getvalue()
