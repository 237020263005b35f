"""The template store: sealed, bound to its person, whole after every kill, and empty of whoever was forgotten."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from consentguard.consent.recognition import template_key as keys
from consentguard.consent.recognition.template_key import KeySource
from consentguard.consent.recognition.templates import TEMPLATES_FILE, Template, TemplateStore
from consentguard.errors import TemplateStoreError

DAY = date(2026, 11, 22)


def _templates(person: str, count: int = 2, seed: int = 1) -> list[Template]:
    random = np.random.default_rng([seed, *person.encode()])
    rows = random.normal(0, 0.1, (count, 128)).astype(np.float32)
    return [Template(person, row, "test@1", DAY, date(2026, 9, 1)) for row in rows]


def _nothing() -> None:
    return None


@pytest.fixture
def store(tmp_path: Path) -> TemplateStore:
    return TemplateStore.make(tmp_path)


def _rows(store: TemplateStore, change: str, *values: object) -> None:
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(change, values)


def test_what_was_enrolled_is_there_in_the_next_process(store: TemplateStore) -> None:
    wanted = [*_templates("P001"), *_templates("P002", 1)]
    store.enrol(wanted, _nothing)
    again = TemplateStore.open(store.path.parent)
    for one, other in zip(again.templates(), wanted, strict=True):
        assert (one.person, one.embedder, one.enrolled, one.taken) == (
            other.person, other.embedder, other.enrolled, other.taken)  # fmt: skip
        np.testing.assert_array_equal(one.vector, other.vector)
    assert again.people() == {"P001": 2, "P002": 1}


def test_enrolling_again_replaces_that_person_only(store: TemplateStore) -> None:
    store.enrol([*_templates("P001", 3), *_templates("P002")], _nothing)
    store.enrol(_templates("P001", 1, seed=2), _nothing)
    assert store.people() == {"P001": 1, "P002": 2}
    np.testing.assert_array_equal(store.templates()[-1].vector, _templates("P001", 1, seed=2)[0].vector)


def test_an_error_while_recording_enrols_nobody(store: TemplateStore) -> None:
    def fails() -> None:
        raise RuntimeError("no trail")

    with pytest.raises(RuntimeError):
        store.enrol(_templates("P001"), fails)
    assert store.people() == {}


def test_no_number_of_a_face_is_in_the_file(store: TemplateStore) -> None:
    templates = _templates("P001", 5)
    store.enrol(templates, _nothing)
    data = store.path.read_bytes()
    for template in templates:
        for width in ("<f4", "<f8", ">f4", "<f2"):
            numbers = template.vector.astype(width).tobytes()
            assert not any(numbers[start : start + 8] in data for start in range(0, len(numbers) - 8, 4))
    assert b"P001" in data, "the id is in the clear: it is what forget looks for"


def test_the_same_face_sealed_twice_looks_different(store: TemplateStore) -> None:
    store.enrol(_templates("P001", 1), _nothing)
    first = store.path.read_bytes()
    store.enrol(_templates("P001", 1), _nothing)
    with closing(sqlite3.connect(store.path)) as connection:
        (sealed,) = connection.execute("SELECT sealed FROM template").fetchone()
    assert sealed not in first


def test_a_store_with_another_key_does_not_open(store: TemplateStore, tmp_path: Path) -> None:
    store.enrol(_templates("P001"), _nothing)
    (tmp_path / keys.TEMPLATE_KEY_FILE).write_text("00" * 32)
    with pytest.raises(TemplateStoreError, match="sealed with another key than the one from file"):
        TemplateStore.open(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE template SET person = 'P002'",
        "UPDATE template SET embedder = 'other@1'",
        "UPDATE template SET taken = '2020-01-01'",
        "UPDATE template SET enrolled = '2020-01-01'",
        "UPDATE template SET enrolled = 'today'",
        "UPDATE template SET sealed = CAST(substr(sealed, 1, 40) || x'01' || substr(sealed, 42) AS BLOB)",
        "UPDATE template SET sealed = x'00'",
        "UPDATE template SET sealed = (SELECT sealed FROM template WHERE person = 'P009')",
    ],
)
def test_a_template_that_was_changed_or_moved_to_somebody_else_is_refused(store: TemplateStore, change: str) -> None:
    store.enrol([*_templates("P001", 1), *_templates("P009", 1)], _nothing)
    _rows(store, f"{change} WHERE person = 'P001'")
    with pytest.raises(TemplateStoreError, match=r"not as it was written; run `consentguard forget P00[12]`"):
        store.templates()


@pytest.mark.parametrize(("version", "mend"), [(7, "update consentguard"), (1, "delete the file and enrol everybody")])
def test_another_format_is_refused(store: TemplateStore, tmp_path: Path, version: int, mend: str) -> None:
    _rows(store, f"PRAGMA user_version = {version}")
    with pytest.raises(TemplateStoreError, match=f"has format {version}, this version reads 2; {mend}"):
        TemplateStore.open(tmp_path)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / TEMPLATES_FILE).write_bytes(b"not a database, whatever it is called" * 100)
    with pytest.raises(TemplateStoreError, match=r"templates\.db: file is not a database"):
        TemplateStore.open(tmp_path)


def test_what_is_kept_is_sealed_too(store: TemplateStore) -> None:
    assert store.kept("calibration") is None
    store.keep("calibration", {"threshold": 12.5})
    assert store.kept("calibration") == {"threshold": 12.5}
    assert b"threshold" not in store.path.read_bytes()
    _rows(store, "UPDATE about SET value = (SELECT value FROM about WHERE name = 'proof') WHERE name = 'calibration'")
    with pytest.raises(TemplateStoreError, match="its calibration is not as it was written"):
        store.kept("calibration")


def test_forgetting_leaves_no_byte_of_the_template(store: TemplateStore) -> None:
    store.enrol([*_templates("P001"), *_templates("P002")], _nothing)
    with closing(sqlite3.connect(store.path)) as connection:
        sealed = [row[0] for row in connection.execute("SELECT sealed FROM template WHERE person = 'P001'")]
    assert store.forget("P001") == 2
    assert store.people() == {"P002": 2}
    files = {path: path.read_bytes() for path in store.path.parent.iterdir()}
    for data in files.values():
        assert b"P001" not in data
        assert not any(row[start : start + 16] in data for row in sealed for start in range(0, len(row) - 16, 16))
    assert store.forget("P001") == 0


def test_no_repr_shows_a_face_or_the_key(store: TemplateStore, tmp_path: Path) -> None:
    key = (tmp_path / keys.TEMPLATE_KEY_FILE).read_text().strip()
    (template,) = _templates("P001", 1)
    shown = repr(store) + repr(template)
    assert key not in shown
    assert "0." not in shown
    assert repr(bytes.fromhex(key)) not in shown


@pytest.mark.parametrize("bad", [np.full(4, np.nan, np.float32), np.zeros((1, 4), np.float32), np.zeros(4)])
def test_a_template_is_valid_from_birth(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="one row of finite"):
        Template("P001", bad, "test@1", DAY)


# -- keys -------------------------------------------------------------------------------------------------------------


def test_a_key_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TemplateStoreError, match=f"{keys.KEY_VARIABLE}: holds no key"):
        TemplateStore.make(tmp_path, KeySource.ENVIRONMENT)
    monkeypatch.setenv(keys.KEY_VARIABLE, "ab" * 32)
    TemplateStore.make(tmp_path, KeySource.ENVIRONMENT).enrol(_templates("P001"), _nothing)
    assert not (tmp_path / keys.TEMPLATE_KEY_FILE).exists()
    assert TemplateStore.open(tmp_path).people() == {"P001": 2}
    monkeypatch.setenv(keys.KEY_VARIABLE, "cd" * 32)
    with pytest.raises(TemplateStoreError, match="another key than the one from environment"):
        TemplateStore.open(tmp_path)


def test_a_key_from_a_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # nobody to ask
    with pytest.raises(TemplateStoreError, match=f"set {keys.PASSPHRASE_VARIABLE}"):
        TemplateStore.make(tmp_path, KeySource.PASSPHRASE)
    monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, "too short")
    with pytest.raises(TemplateStoreError, match="under 12 characters"):
        TemplateStore.make(tmp_path, KeySource.PASSPHRASE)
    monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, "four words make one")
    TemplateStore.make(tmp_path, KeySource.PASSPHRASE).enrol(_templates("P001"), _nothing)
    assert TemplateStore.open(tmp_path).people() == {"P001": 2}
    monkeypatch.setenv(keys.PASSPHRASE_VARIABLE, "four words make two")
    with pytest.raises(TemplateStoreError, match="another key than the one from passphrase"):
        TemplateStore.open(tmp_path)


def test_a_key_from_the_keyring(tmp_path: Path) -> None:
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend

    class Memory(KeyringBackend):
        priority = 1
        kept: dict[tuple[str, str], str] = {}  # noqa: RUF012

        def get_password(self, service: str, username: str) -> str | None:
            return self.kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.kept[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del self.kept[service, username]

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    try:
        TemplateStore.make(tmp_path, KeySource.KEYRING).enrol(_templates("P001"), _nothing)
        assert TemplateStore.open(tmp_path).people() == {"P001": 2}
        Memory.kept.clear()
        with pytest.raises(TemplateStoreError, match="the keyring: holds no key"):
            TemplateStore.open(tmp_path)
    finally:
        keyring.set_keyring(before)


def test_the_place_of_the_key_is_chosen_once(store: TemplateStore, tmp_path: Path) -> None:
    assert TemplateStore.make(tmp_path).path == store.path
    with pytest.raises(TemplateStoreError, match=r"key is in another place \(file\)"):
        TemplateStore.make(tmp_path, KeySource.PASSPHRASE)


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights in another way")
def test_a_key_that_others_can_read_is_refused(store: TemplateStore, tmp_path: Path) -> None:
    (tmp_path / keys.TEMPLATE_KEY_FILE).chmod(0o640)
    with pytest.raises(TemplateStoreError, match="chmod 600"):
        TemplateStore.open(store.path.parent)


def test_a_store_whose_making_was_interrupted_is_made_anew(tmp_path: Path) -> None:
    store = TemplateStore.make(tmp_path)
    store.path.write_bytes(b"")  # as a kill after the file was made leaves it
    assert not TemplateStore.is_there(tmp_path)
    TemplateStore.make(tmp_path).enrol(_templates("P001"), _nothing)
    assert TemplateStore.open(tmp_path).people() == {"P001": 2}


# -- killed at any moment ---------------------------------------------------------------------------------------------

BUSY = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_templates import _nothing, _templates
from consentguard.consent.recognition.templates import TemplateStore
folder = Path({folder!r})
print("ready", flush=True)
round = 0
while True:
    store = TemplateStore.make(folder)
    for step in (
        lambda: store.enrol([*_templates("P001", 3, round), *_templates("P002", 2, round)], _nothing),
        lambda: store.forget("P001"),
        lambda: store.enrol(_templates("P001", 3, round + 1), _nothing),
        lambda: store.forget("P002", "P001"),
    ):
        print("now", flush=True)
        step()
    round += 2
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_killed_at_any_moment_the_store_opens_and_nobody_is_half_enrolled(tmp_path: Path) -> None:
    """Each child is killed in the middle of another step, or soon after."""
    program = BUSY.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    states = set()
    for steps in range(1, 13):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(1 + steps):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        if not TemplateStore.is_there(tmp_path):
            continue  # killed before the first store stood
        store = TemplateStore.open(tmp_path)
        people = store.people()
        assert people.get("P001", 3) == 3
        assert people.get("P002", 2) == 2
        assert len(store.templates()) == sum(people.values())
        states.add(tuple(people))
    assert len(states) > 1, "it was killed at different moments"
