"""What is kept in the cache folder is believed only where nobody else could have written it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from consentguard.vision.models import cache


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize("loose", ["file", "folder", "link"])
def test_what_others_may_write_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loose: str) -> None:
    folder = tmp_path / "cache"
    monkeypatch.setattr(cache, "folder", lambda: folder)
    assert cache.remembered("net", "a" * 64, lambda: b"made") == b"made"
    assert cache.remembered("net", "a" * 64, lambda: b"anew") == b"made"
    assert folder.stat().st_mode & 0o777 == 0o700
    (file,) = folder.iterdir()
    file.write_bytes(hashlib.sha256(b"theirs").hexdigest().encode() + b"theirs")
    if loose == "link":
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
    else:
        (file if loose == "file" else folder).chmod(0o722 if loose == "folder" else 0o622)
    assert cache.remembered("net", "a" * 64, lambda: b"anew") == b"anew"


def test_what_an_earlier_version_kept_goes_once_something_new_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "folder", lambda: tmp_path)
    old, other, mine = f"compiled-{'a' * 16}-{'b' * 16}", "somebody's file", f"compiled-2-{'a' * 16}-{'b' * 16}"
    for name in (old, other, mine):
        (tmp_path / name).write_bytes(b"kept")
    cache.remembered("net", "c" * 64, lambda: b"made")
    assert {file.name for file in tmp_path.iterdir()} == {other, mine, f"net-{'c' * 16}"}
