"""This program itself: its digest, for what a verdict follows from, and how its extras are installed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Final

DISTRIBUTION: Final = "consentguard-photos"
"""The name to install by. The package index has another author's `consentguard`, which is not this program."""

_EXTRAS: Final = ("pillow_heif", "rapidocr")
"""What is seen of a photo differs with these, and either may be installed tomorrow."""


@cache
def program_digest() -> str:
    """SHA-256, hex, over this program's source, the manifest that names every model, and which extras there are.

    Verdicts that are kept are kept under it, so that another version, or another model, judges anew. Imports nothing.
    """
    package = Path(str(resources.files("consentguard")))
    manifest = Path(str(resources.files("consentguard.weights"))) / "manifest.toml"
    digest = hashlib.sha256()
    for file in (*sorted(package.rglob("*.py")), manifest):
        digest.update(file.read_bytes())
    for name in _EXTRAS:
        digest.update(f"{name} {importlib.util.find_spec(name) is not None}".encode())
    return digest.hexdigest()


def install_command(extra: str) -> str:
    """The command that installs an extra from where this program was installed, for messages about a missing package.

    pip keeps the address of a checkout, a wheel or a git repository (PEP 610), and refuses an address whose content has
    another name than `DISTRIBUTION`. Where pip kept none, the command is meant for the folder of the source.
    """
    try:
        kept = json.loads(metadata.distribution(DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        kept = {}
    url = kept.get("url") if isinstance(kept, dict) else None
    if not isinstance(url, str) or "@" in url.partition("//")[2].partition("/")[0]:  # an address may hold a password
        return f'pip install ".[{extra}]" in the folder of consentguard\'s source'
    version_control = kept.get("vcs_info", {}).get("vcs")
    return f'pip install "{DISTRIBUTION}[{extra}] @ {version_control + "+" if version_control else ""}{url}"'
