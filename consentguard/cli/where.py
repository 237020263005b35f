"""`consentguard where`: what stands where on this machine, and what is missing."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Final

from consentguard import __version__
from consentguard.cli.options import Commands, Options, policy_of, register_if_any, register_of
from consentguard.cli.show import counted
from consentguard.errors import PolicyInvalid, RegisterInvalid
from consentguard.program import DISTRIBUTION

EXTRAS: Final = {
    "desk": (("starlette", "uvicorn", "jinja2"), "opens the local page on which a person decides"),
    "heic": (("pillow_heif",), "reads HEIC, as iPhones write it"),
    "xlsx": (("python_calamine",), "reads registers and exports that are Excel workbooks"),
    "ocr": (("rapidocr",), "reads printed text in pictures, to find surnames there"),
    "posting": (("tweepy", "tenacity", "feedgen"), "posts to X"),
    "keyring": (("keyring",), "keeps keys in the keyring of the system"),
    "watch": (("watchfiles",), "scan --watch: judges photos as they arrive in a folder"),
    "ray": (("ray", "fsspec"), "scans on several machines, and folders in the cloud"),
    "face_recognition": (("face_recognition",), "compares faces with that package instead of our own reading of it"),
}
"""Every extra: its packages, and what it adds."""


def add_commands(top: Commands, options: Options) -> None:
    text = "say where state, register, policy and models are, and which extras are installed"
    command = top.add_parser("where", parents=[options.state, options.papers], help=text, description=text.capitalize())
    command.set_defaults(run=where)


def where(arguments: argparse.Namespace) -> int:
    for label, text in (
        ("state", _state(arguments)),
        ("register", _register(arguments)),
        ("policy", _policy(arguments)),
        ("models", _models()),
        ("versions", _versions()),
    ):
        print(f"{label + ':':10}{text}")
    print("extras:")
    for extra, (_, adds) in EXTRAS.items():
        print(f"  [{extra}]".ljust(21) + ("installed: " if is_installed(extra) else "not installed: ") + adds)
    return 0


def is_installed(extra: str) -> bool:
    """Whether all packages of an extra are here."""
    return all(importlib.util.find_spec(package) for package in EXTRAS[extra][0])


def is_sample(register: Path) -> bool:
    """Whether a register is the one of invented people that lies in the source folder of this program."""
    setup = register.resolve().with_name("setup.cfg")
    return setup.is_file() and f"name = {DISTRIBUTION}\n" in setup.read_text(encoding="utf-8", errors="replace")


def _state(arguments: argparse.Namespace) -> str:
    from consentguard.consent.record.state import KEY_VARIABLE, State, default_directory, key_file_of

    directory: Path = arguments.state or default_directory()
    if not State.is_made(directory):
        make = "run `consentguard init`, or `consentguard start` for all of this"
        return f"{directory} (not made yet: {make}; until then photos can be checked, not released)"
    key = f"the variable {KEY_VARIABLE}" if os.environ.get(KEY_VARIABLE) else key_file_of(directory)
    return f"{directory} (key: {key})"


def _register(arguments: argparse.Namespace) -> str:
    from consentguard.consent.register.register import Register

    file = register_of(arguments)
    if not file.exists() and register_if_any(arguments) is None:
        return "none: nobody can be named, and no surname is looked for (policy: without_register)"
    if not file.exists():
        return f"{file} (not there: run `consentguard register new` or `consentguard register import`)"
    try:
        people = len(Register.load(file))
    except RegisterInvalid as error:
        return f"{file} ({len(error.problems)} mistakes: run `consentguard register check {file}`)"
    sample = ", all of them invented: the sample of this program" if is_sample(file) else ""
    return f"{file} ({counted(people, 'person', 'people')}{sample})"


def _policy(arguments: argparse.Namespace) -> str:
    from consentguard.consent.policy.policy import Policy

    try:
        policy = policy_of(arguments)
    except PolicyInvalid as error:
        return f"{error.file} (cannot be used: run `consentguard policy check {error.file}`)"
    return f"{policy.name} ({'as shipped' if policy.file == Policy.shipped().file else policy.file})"


def _models() -> str:
    from consentguard.vision.models.store import PULL, ModelStore, manifest

    model_store = ModelStore.default()
    needed = [card for card in manifest().values() if card.group == "models"]
    missing = sum(not model_store.path(card).exists() for card in needed)
    return f"{model_store.folder} ({f'{missing} of {len(needed)} missing: run `{PULL}`' if missing else 'complete'})"


def _versions() -> str:
    parts = [f"consentguard {__version__}", f"Python {platform.python_version()}"]
    for package in ("openvino", "opencv-python", "pillow", "numpy"):
        try:
            parts.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            parts.append(f"{package} unknown")
    return ", ".join(parts)
