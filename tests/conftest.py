"""What every test may ask for. Photographs and weights are required: where they are missing tests fail, never skip."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fakes import SAMPLE_FILE
from hypothesis import settings

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.guard.guard import Guard
from consentguard.vision.detection.detector import DETECTORS, Detector
from consentguard.vision.models.store import ModelStore, manifest

if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):  # they share the processors
    os.environ.setdefault("CONSENTGUARD_THREADS", str(max((os.cpu_count() or 1) // workers, 1)))
HERE = Path(__file__).parent
LONGEST = (
    "posting/test_faults.py",
    "batch/test_killed.py",
    "test_docs.py",
    "test_leaks.py",
    "batch/test_scan.py",
    "desk/test_page.py",
    "test_cli.py",
    "test_demo.py",
    "test_content.py",
    "test_guard.py",
    "vision/test_rewrite.py",
    "hook/test_ci.py",
    "posting/test_cli_posting.py",
    "batch/test_report.py",
    "test_choices.py",
    "test_enrol.py",
    "hook/test_pushes.py",
    "test_tags.py",
    "test_words.py",
    "desk/test_session.py",
    "batch/test_tagged_scan.py",
    "test_packaging.py",
)
"""Begun first, so that at the end of `make test` neither process has long to wait for the other."""

settings.register_profile("consentguard", deadline=None, max_examples=50, print_blob=True)
# The ordinary run asks the same questions each time, so that it never fails on a change that has nothing to do with it.
settings.register_profile("repeatable", settings.get_profile("consentguard"), derandomize=True, database=None)
# `make properties` looks for new ones.
settings.register_profile("properties", settings.get_profile("consentguard"), derandomize=False, max_examples=2000)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {HERE / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


@pytest.fixture(autouse=True, scope="session")
def _nothing_of_this_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test may see, or write to, the state of whoever runs the suite."""
    before = os.environ.get("CONSENTGUARD_STATE")
    os.environ["CONSENTGUARD_STATE"] = str(tmp_path_factory.mktemp("nobody") / "state")
    yield
    os.environ.pop("CONSENTGUARD_STATE")
    if before is not None:
        os.environ["CONSENTGUARD_STATE"] = before


@pytest.fixture(scope="session")
def model_store() -> ModelStore:
    model_store = ModelStore.default()
    missing = [card.file for card in manifest().values() if card.archive and not model_store.path(card).is_file()]
    if missing:
        pytest.fail(
            f"{model_store.folder}: {', '.join(missing)} missing; run `consentguard models pull --photographs` first",
            pytrace=False,
        )
    return model_store


@pytest.fixture(scope="session")
def photographs(model_store: ModelStore) -> Mapping[str, bytes]:
    """The manifest's photographs by their short name: obama, obama2, obama3, biden, partial, partial2."""
    cards = [card for card in manifest().values() if card.group == "photographs"]
    return {card.name.removeprefix("photo-"): model_store.read(card) for card in cards}


@pytest.fixture(scope="session")
def detector(model_store: ModelStore) -> Detector:
    return DETECTORS["centerface"](model_store)


@pytest.fixture(scope="session")
def register() -> Register:
    return Register.load(SAMPLE_FILE)


@pytest.fixture(scope="session")
def policy() -> Policy:
    return Policy.shipped()


@pytest.fixture(scope="session")
def body_policy_text() -> bytes:
    """The shipped policy, but bodies may remain, so that heads can be covered, and no test depends on the hour."""
    text = (Path(str(_policies())) / "sch026.toml").read_text("utf-8")
    every_day = '["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]'
    for key, value in {
        "remain": '["body"]',
        "days": every_day,
        "from": "00:00:00",
        "until": "23:59:59.999999",
        "text_in_picture": '"ignore"',  # half a second a photo; tests/test_content.py reads
    }.items():
        text, changed = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert changed == 1
    return text.encode()


def _policies() -> Path:
    from consentguard.consent.policy import policy as module

    return Path(module.__file__).parent / "policies"


@pytest.fixture(scope="session")
def body_policy(body_policy_text: bytes) -> Policy:
    return Policy.parse(body_policy_text, "body.toml")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.create(tmp_path / "state")


@pytest.fixture
def guard(register: Register, body_policy: Policy, state: State) -> Callable[..., Guard]:
    """Makes a guard; parts not named are the sample register, the policy that covers heads, and a fresh state."""

    def make(**parts: Any) -> Guard:
        return Guard(**{"register": register, "policy": body_policy, "state": state, **parts})

    return make
