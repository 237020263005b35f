"""Keys come whole from the environment or whole from the keyring, and show nowhere."""

from __future__ import annotations

import sys
import traceback
from types import ModuleType

import pytest

from consentguard.errors import WrongUsage
from consentguard.posting.x.credentials import Credentials

NAMES = ("api_key", "api_secret", "access_token", "access_secret")
ENVIRONMENT = {f"CONSENTGUARD_X_{name.upper()}": f"secret-{name}" for name in NAMES}


@pytest.fixture
def ring(monkeypatch) -> dict[tuple[str, str], str]:
    """A keyring of this test alone, in the place of the extra."""
    kept: dict[tuple[str, str], str] = {}
    keyring, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    vars(errors).update(KeyringError=type("KeyringError", (Exception,), {}))
    vars(keyring).update(errors=errors, get_password=lambda service, name: kept.get((service, name)))
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return kept


def test_the_environment_comes_first_and_no_repr_shows_it(ring):
    found = Credentials.find("@Rackham", ENVIRONMENT)
    assert found.secrets == tuple(f"secret-{name}" for name in NAMES)
    assert "secret-" not in repr(found)


def test_the_keyring_holds_the_keys_of_each_account(ring):
    ring |= {("consentguard-x", f"rackhamclass4/{name}"): f"class4-{name}" for name in NAMES}
    assert Credentials.find("@RackhamClass4", {}).api_key == "class4-api_key"
    with pytest.raises(WrongUsage, match="rackhamprimary/api_key"):
        Credentials.find("@RackhamPrimary", {})


@pytest.mark.parametrize("missing", NAMES)
def test_the_two_places_are_not_mixed(ring, missing):
    ring |= {("consentguard-x", f"rackham/{name}"): "x" * 8 for name in NAMES}
    some = {name: value for name, value in ENVIRONMENT.items() if not name.endswith(missing.upper())}
    with pytest.raises(WrongUsage, match=f"CONSENTGUARD_X_{missing.upper()} missing in the environment"):
        Credentials.find("@Rackham", some)


def test_a_server_without_a_keyring_says_so(ring, monkeypatch):
    errors = sys.modules["keyring.errors"]

    def fail(*_: str) -> str:
        raise errors.KeyringError

    monkeypatch.setattr(sys.modules["keyring"], "get_password", fail)
    with pytest.raises(WrongUsage, match=r"cannot be read.*CONSENTGUARD_X_"):
        Credentials.find("@Rackham", {})


def test_without_the_extra_the_environment_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(WrongUsage, match="CONSENTGUARD_X_"):
        Credentials.find("@Rackham", {})


def test_no_variable_of_a_traceback_shows_a_key(ring):
    """As error trackers print them, with the variables of every frame."""
    try:
        Credentials.find("@Rackham", {**ENVIRONMENT, "CONSENTGUARD_X_ACCESS_SECRET": ""})
    except WrongUsage as error:
        printed = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "secret-api_key" not in printed.replace(repr(ENVIRONMENT), "").split("environment = ")[0]
    assert "[hidden]" in printed
