"""Days and hours are those of the policy's time zone, wherever they are asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from inspect import Parameter, signature
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from fakes import LONDON, sample_with

from consentguard.consent import clock
from consentguard.consent.clock import judge_hours, school_day
from consentguard.consent.policy.policy import Policy
from consentguard.consent.recognition.enrolled import forget_without_consent
from consentguard.consent.recognition.template_key import KeySource
from consentguard.consent.recognition.templates import Template, TemplateStore
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.consent.zones import zone
from consentguard.guard.guard import Guard
from consentguard.posting.context import PostingContext
from consentguard.posting.draft import may_be_shown

SHIPPED = Policy.shipped()
AUCKLAND = replace(SHIPPED, time_zone="Pacific/Auckland")
EVENING = datetime(2026, 11, 23, 20, tzinfo=LONDON)
"""A Monday evening; Tuesday morning in Auckland."""


def test_no_day_or_time_is_told_without_its_zone():
    for function in (clock.now, clock.today, clock.school_day, clock.school_time):
        assert signature(function).parameters["zone"].default is Parameter.empty


def test_the_hours_and_the_day_are_those_of_the_policys_zone():
    assert judge_hours(SHIPPED, SHIPPED.channel("main"), EVENING)
    assert judge_hours(AUCKLAND, AUCKLAND.channel("main"), EVENING) == ()
    assert school_day(EVENING, AUCKLAND.zone) == date(2026, 11, 24)


def test_a_post_shows_whom_the_day_of_the_policys_zone_lets_be_shown():
    last = Register.parse(sample_with({"P001": {"social_media_expires": "2026-11-24"}}), "r.csv")
    for policy, shown in ((SHIPPED, True), (AUCKLAND, False)):
        context = PostingContext(policy.channel("main"), "Office", (EVENING,))
        assert may_be_shown(Guard(last, policy), "P001", context) == shown


def test_a_template_goes_on_the_day_of_the_policys_zone(tmp_path):
    last = Register.parse(sample_with({"P001": {"biometric_expires": "2026-11-24"}}), "r.csv")
    state = State.create(tmp_path / "state")
    store = TemplateStore.make(state.directory, KeySource.FILE)
    vector = np.ones(128, np.float32)
    store.enrol([Template("P001", vector, "test@1", date(2026, 11, 1))], lambda: None)
    forget_without_consent(store, state, last, EVENING, SHIPPED.zone)
    assert set(store.people()) == {"P001"}
    forget_without_consent(store, state, last, EVENING, AUCKLAND.zone)
    assert not store.people()


@pytest.mark.parametrize("name", ["UTC", "Europe/London", "Pacific/Auckland", "America/Argentina/Buenos_Aires"])
def test_every_zone_is_read_as_the_field_knows_it(name):
    for month in (1, 7):
        moment = datetime(2026, month, 1, 12, tzinfo=UTC)
        assert moment.astimezone(zone(name)).isoformat() == moment.astimezone(ZoneInfo(name)).isoformat()


@pytest.mark.parametrize("name", ["", "London", "Europe", "../zones", "Europe/London/x", "/etc/localtime"])
def test_what_is_no_zone_is_refused(name):
    with pytest.raises(ValueError, match="is no time zone such as"):
        zone(name)
