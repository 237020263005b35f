"""This program as one digest: what a verdict follows from, beside photo, register, policy and question."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

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
