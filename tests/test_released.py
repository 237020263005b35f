"""A release cannot be made by accident, and no exit point takes a forged, changed, unrecorded or outlived one."""

from __future__ import annotations

import copy
import dataclasses
import io
import pickle
import shutil
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fakes import FixedFaces, sample_with
from PIL import Image

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.audit import AuditTrail
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import AuditFailed, Refused
from consentguard.guard.guard import Guard
from consentguard.values import Box, Face, Grounds, Outcome, Released, Verdict, make_released

DECLARED: Mapping[str, Any] = {"people": ["P001"], "by": "the tests"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("released") / "state"


@pytest.fixture(scope="module")
def made(home, register, body_policy, photographs) -> Released:
    """A genuine release, made by the shipped detector: one pupil, declared, kept."""
    guard = Guard(register, body_policy, state=State.create(home))
    return guard.release(photographs["obama"], name="obama2.jpg", **DECLARED)


@pytest.fixture
def copied(home, made, tmp_path) -> State:
    """The state that recorded `made`, as a copy that a test may spoil."""
    shutil.copytree(home, tmp_path / "copy")
    return State.open(tmp_path / "copy")


@pytest.fixture
def exit_point(register, body_policy, copied) -> Guard:
    return Guard(register, body_policy, state=copied)


@pytest.fixture
def still_life() -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((64, 96, 3), 200, np.uint8)).save(out, "JPEG")
    return out.getvalue()


def twin(released: Released, **changes: object) -> Released:
    """A release beside the constructor, as a forger would make one, with some attributes changed."""
    forged = object.__new__(Released)
    for name in Released.__slots__:
        object.__setattr__(forged, name, changes.get(name, getattr(released, name)))
    return forged


# -- making one by accident -------------------------------------------------------------------------------------------


def test_calling_the_class_is_refused(made):
    with pytest.raises(TypeError, match="is made by Guard"):
        Released(data=made.data, verdict=made.verdict, grounds=made.grounds, seal=made.seal)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_is_refused(made, protocol):
    with pytest.raises(TypeError, match="neither pickled nor copied"):
        pickle.dumps(made, protocol)


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_copying_is_refused(made, copier):
    with pytest.raises(TypeError, match="neither pickled nor copied"):
        copier(made)


def test_dataclass_tools_find_nothing_to_replace(made):
    with pytest.raises(TypeError):
        dataclasses.replace(made, data=b"other")


@pytest.mark.parametrize("name", [*Released.__slots__, "something_new"])
def test_no_attribute_can_be_set_or_deleted(made, name):
    with pytest.raises(AttributeError):
        setattr(made, name, "other")
    with pytest.raises(AttributeError):
        delattr(made, name)


def test_the_repr_holds_no_bytes_and_no_names(made):
    assert repr(made) == f"<Released {made.sha256[:16]} {len(made.data)} bytes for main>"


# -- what an exit point takes -----------------------------------------------------------------------------------------


def test_a_genuine_release_is_admitted_and_can_be_again(exit_point, made):
    assert exit_point.admit(made, channel="main").data == made.data
    assert exit_point.admit(made, channel="main").data == made.data


def test_what_is_let_through_is_what_was_checked_whatever_becomes_of_the_first(exit_point, made):
    forged = twin(made)
    own = exit_point.admit(forged, channel="main")
    object.__setattr__(forged, "data", b"other")
    assert own is not forged
    assert (own.data, own.sha256) == (made.data, made.sha256)


def test_the_release_is_what_its_record_says(made, copied):
    row = copied.audit.entry(made.grounds.audit_seq)
    assert row is not None
    assert (row.kind, row.body["sha256"], row.body["people"]) == ("released", made.sha256, ["P001"])
    assert made.verdict.outcome is Outcome.RELEASED
    assert made.grounds.custom_parts == ()
    assert not made.verdict.publishable_as_is


def test_a_forgers_exact_twin_says_nothing_new_and_passes(exit_point, made):
    # The seal is over what a release says, not over the object: this is the control for the forgeries below.
    own = exit_point.admit(twin(made), channel="main")
    assert (own.data, own.verdict, own.grounds) == (made.data, made.verdict, made.grounds)


FORGERIES = {
    "one byte changed": lambda r: {"data": r.data[:-3] + bytes([r.data[-3] ^ 1]) + r.data[-2:]},
    "bytes added": lambda r: {"data": r.data + b"\0"},
    "other bytes with their own digest": lambda r: {
        "data": b"other",
        "sha256": "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa",
        "verdict": dataclasses.replace(
            r.verdict, sha256="d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
        ),
    },
    "another digest": lambda r: {"sha256": "0" * 64},
    "another verdict": lambda r: {"verdict": dataclasses.replace(r.verdict, reasons=())},
    "rests on nobody": lambda r: {"grounds": dataclasses.replace(r.grounds, people=())},
    "another channel": lambda r: {"grounds": dataclasses.replace(r.grounds, channel="press")},
    "another row": lambda r: {"grounds": dataclasses.replace(r.grounds, audit_seq=r.grounds.audit_seq + 1)},
    "an empty seal": lambda _: {"seal": ""},
    "a seal of zeros": lambda _: {"seal": "0" * 64},
    "no seal": lambda _: {"seal": None},
    "bytes that are a text": lambda _: {"data": "text"},
    "a verdict that is none": lambda _: {"verdict": None},
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_refused(exit_point, made, forge):
    with pytest.raises(AuditFailed):
        exit_point.admit(twin(made, **forge(made)), channel="main")


class _Changing(bytearray):
    """Bytes that can be changed after they were checked."""


class _Liar(Grounds):
    """Says what it was sealed with, and means another channel."""

    def as_json(self):
        return {**super().as_json(), "channel": "main"}


def test_parts_of_other_classes_are_refused(exit_point, made):
    grounds = _Liar(**{**made.grounds.as_json(), "channel": "website", "models": made.grounds.models,
                       "people": made.grounds.people, "custom_parts": made.grounds.custom_parts})  # fmt: skip
    for changes, channel in (({"data": _Changing(made.data)}, "main"), ({"grounds": grounds}, "website")):
        with pytest.raises(AuditFailed, match="this is no release"):
            exit_point.admit(twin(made, **changes), channel=channel)


def test_a_release_without_content_is_refused(exit_point):
    with pytest.raises(AuditFailed):
        exit_point.admit(object.__new__(Released), channel="main")


def test_something_that_only_looks_like_a_release_is_refused(exit_point, made):
    look_alike = SimpleNamespace(**{name: getattr(made, name) for name in Released.__slots__})
    with pytest.raises(AuditFailed):
        exit_point.admit(look_alike, channel="main")


def test_a_subclass_is_refused(exit_point, made):
    class Softer(Released):
        __slots__ = ()

    forged = object.__new__(Softer)
    for name in Released.__slots__:
        object.__setattr__(forged, name, getattr(made, name))
    with pytest.raises(AuditFailed):
        exit_point.admit(forged, channel="main")


@pytest.mark.parametrize("thing", [None, b"bytes", "text", Verdict("photo", Outcome.PUBLISHABLE)])
def test_something_else_is_refused(exit_point, thing):
    with pytest.raises(AuditFailed):
        exit_point.admit(thing, channel="main")


def test_the_makers_guard_without_the_key_is_refused(exit_point, made):
    with pytest.raises(AuditFailed):
        exit_point.admit(
            make_released(data=made.data, verdict=made.verdict, grounds=made.grounds, seal="f" * 64), channel="main"
        )


# -- key and record ---------------------------------------------------------------------------------------------------


def test_a_release_of_another_state_is_refused(register, body_policy, state, made):
    state.record("released", {"sha256": made.sha256}, "2026-11-22T09:00:00+00:00")
    with pytest.raises(AuditFailed):
        Guard(register, body_policy, state=state).admit(made, channel="main")


def test_an_exit_point_without_a_state_admits_nothing(register, body_policy, made):
    with pytest.raises(AuditFailed, match="consentguard init"):
        Guard(register, body_policy).admit(made, channel="main")


def spoil(state: State, sql: str) -> None:
    connection = sqlite3.connect(state.audit.path, isolation_level=None)
    for trigger in ("trail_is_never_changed", "trail_is_never_cut"):
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM trail",
        "UPDATE trail SET kind = 'refused'",
        "UPDATE trail SET at = '2020-01-01T00:00:00+00:00'",
        "UPDATE trail SET body = replace(body, 'P001', 'P002')",
        "UPDATE trail SET mac = ''",
        "UPDATE trail SET body = 'not json'",
    ],
)
def test_a_release_whose_row_is_gone_or_changed_is_refused(exit_point, made, copied, sql):
    spoil(copied, sql)
    with pytest.raises(AuditFailed):
        exit_point.admit(made, channel="main")


def test_a_release_with_the_trail_of_another_time_is_refused(exit_point, made, copied, tmp_path):
    other = State.create(tmp_path / "other")
    shutil.copyfile(other.audit.path, copied.audit.path)
    with pytest.raises(AuditFailed):
        exit_point.admit(made, channel="main")


@pytest.mark.parametrize(("kind", "same"), [("released", True), ("released", False), ("refused", True)])
def test_a_release_needs_a_row_of_its_own(exit_point, made, copied, kind, same):
    # A trail begun anew under the same key: its row of that number is genuine, but may be about something else.
    for file in copied.directory.glob("audit.db*"):
        file.unlink()
    trail = AuditTrail.create(copied.audit.path, copied.audit._key)
    assert trail.append(kind, {"sha256": made.sha256 if same else "0" * 64}, "2026-11-22T09:00:00+00:00") == 1
    assert made.grounds.audit_seq == 1
    if kind == "released" and same:
        exit_point.admit(made, channel="main")
    else:
        with pytest.raises(AuditFailed):
            exit_point.admit(made, channel="main")


def test_a_release_whose_trail_is_missing_is_refused(exit_point, made, copied):
    copied.audit.path.unlink()
    with pytest.raises(AuditFailed):
        exit_point.admit(made, channel="main")


# -- what has changed since -------------------------------------------------------------------------------------------

SINCE = {
    "withdrawn": {"social_media_withdrawn": "2026-11-01"},
    "objection": {"objection": "parent"},
    "never": {"never": "yes"},
    "answer changed to no": dict.fromkeys(["social_media", "social_media_granted", "social_media_document"], ""),
    "expired": {"social_media_expires": "2026-09-20"},
}


@pytest.mark.parametrize("cells", SINCE.values(), ids=SINCE)
def test_consent_that_has_gone_since_stops_it(body_policy, copied, made, cells):
    changed = Register.parse(sample_with({"P001": cells}), "changed")
    with pytest.raises(Refused, match="P001"):
        Guard(changed, body_policy, state=copied).admit(made, channel="main")


def test_a_person_who_has_left_the_register_stops_it(body_policy, copied, made):
    without = Register.parse(sample_with({}, without="P001"), "without")
    with pytest.raises(Refused, match="P001"):
        Guard(without, body_policy, state=copied).admit(made, channel="main")


def test_consent_that_others_lost_changes_nothing(body_policy, copied, made):
    changed = Register.parse(sample_with({"P002": SINCE["withdrawn"]}), "changed")
    assert Guard(changed, body_policy, state=copied).admit(made, channel="main").data == made.data


def test_consent_that_runs_out_later_stops_it_on_that_day(body_policy, copied, made):
    ends = Register.parse(sample_with({"P001": {"social_media_expires": "2030-05-01"}}), "ends")

    def on(day: int) -> Guard:
        return Guard(ends, body_policy, state=copied, clock=lambda: datetime(2030, 4, day, 12, tzinfo=UTC))

    on(30).admit(made, channel="main")
    later = Guard(ends, body_policy, state=copied, clock=lambda: datetime(2030, 4, 30, 23, 30, tzinfo=UTC))
    with pytest.raises(Refused, match="P001"):  # 00:30 of 1 May in the school's summer time
        later.admit(made, channel="main")


def test_another_policy_than_that_of_the_release_stops_it(register, body_policy_text, copied, made):
    text = body_policy_text.replace(b"[channels.main]", b"[channels.renamed]").replace(b'"main"', b'"renamed"')
    with pytest.raises(Refused, match="another policy") as caught:
        Guard(register, Policy.parse(text, "renamed"), state=copied).admit(made, channel="main")
    assert caught.value.verdict.reasons == ("policy-changed",)


# -- parts of one's own -----------------------------------------------------------------------------------------------


def custom_release(guard, photo, **parts) -> tuple[Guard, Released]:
    own = guard(**parts)
    return own, own.release(photo)


PARTS: Mapping[str, Mapping[str, Any]] = {
    "detector:fixed@test": {"detector": FixedFaces()},
    "clock": {"clock": lambda: datetime(2026, 11, 22, 12, tzinfo=UTC)},
}


@pytest.mark.parametrize("part", PARTS)
def test_what_an_injected_part_made_is_marked_and_refused_at_every_exit_point(guard, still_life, model_store, part):
    own, released = custom_release(guard, still_life, **PARTS[part])
    assert released.grounds.custom_parts == (part,)
    for exit_point in (own, guard()):
        with pytest.raises(Refused, match=part):
            exit_point.admit(released, channel="main")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_policy_names_may_stay(guard, body_policy, still_life, part):
    named = dataclasses.replace(body_policy, custom_parts=frozenset([part]))
    _, released = custom_release(guard, still_life, policy=named, **PARTS[part])
    assert guard(policy=named).admit(released, channel="main").grounds.custom_parts == (part,)


def test_the_mark_of_an_injected_part_cannot_be_taken_off(guard, still_life):
    own, released = custom_release(guard, still_life, detector=FixedFaces())
    unmarked = dataclasses.replace(released.grounds, custom_parts=())
    with pytest.raises(AuditFailed):
        own.admit(twin(released, grounds=unmarked), channel="main")


def test_an_exit_point_that_refuses_does_not_say_released(guard, still_life):
    own, released = custom_release(guard, still_life, detector=FixedFaces())
    with pytest.raises(Refused) as caught:
        own.admit(released, channel="main")
    assert caught.value.verdict.outcome is Outcome.REFUSED


def test_a_face_that_only_the_second_pass_sees_is_never_released(guard, still_life):
    eyes = FixedFaces().then(Face(Box(10, 10, 40, 40), 0.9))
    own = guard(detector=eyes)
    with pytest.raises(Exception, match="second pass"):
        own.release(still_life)
    assert eyes.looks > 1  # the second one and, as the plan was made stronger, those after it


def test_without_a_state_nothing_is_released(register, body_policy, still_life):
    with pytest.raises(AuditFailed, match="consentguard init"):
        Guard(register, body_policy, detector=FixedFaces()).release(still_life)


def test_what_cannot_be_recorded_is_not_released(guard, state, still_life):
    state.audit.path.unlink()
    with pytest.raises(AuditFailed):
        guard(detector=FixedFaces()).release(still_life)


def test_refusals_and_failures_are_recorded_without_names(guard, state, still_life):
    face = Face(Box(10, 10, 40, 40), 0.9)
    own = guard(detector=FixedFaces(face))
    with pytest.raises(Refused):
        own.release(still_life, name="Amara-Winterbourne.jpg", people=["P003"], by="Office")
    with pytest.raises(Exception, match="empty"):
        own.release(b"", name="Amara-Winterbourne.jpg")
    rows = [state.audit.entry(1), state.audit.entry(2)]
    assert [(row.kind, row.body["reasons"]) for row in rows] == [
        ("refused", ["declared-not-approved"]),
        ("cannot_tell", ["unreadable-image"]),
    ]
    assert rows[0].body["by"] == "Office"
    stored = state.audit.path.read_bytes()
    assert b"Amara" not in stored
    assert b"Farthingale" not in stored
