"""Posting hours: 7am to 7pm from Monday to Friday by the school's clock, and the three occasions that permit others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from fakes import LONDON
from hypothesis import given
from hypothesis import strategies as st

from consentguard.consent.clock import Occasion, judge_hours, occasion, school_day
from consentguard.consent.decide import circumstances
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.hours import DAYS, Hours, Trip
from consentguard.consent.question import ask
from consentguard.errors import WrongUsage

SHIPPED = Policy.shipped()
MAIN = SHIPPED.channel("main")
YORK = Trip("york", date(2026, 6, 1), date(2026, 6, 5), "Miriam Castlegate")
TRAVELLING = replace(SHIPPED, trips={"york": YORK})


def rules_at(moment: str | datetime, what_for: Occasion | None = None, policy: Policy = SHIPPED) -> list[str]:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    local = at if at.tzinfo else at.replace(tzinfo=LONDON)
    return [finding.rule for finding in judge_hours(policy, MAIN, local, what_for)]


@pytest.mark.parametrize(
    ("moment", "rules"),
    {
        "a Monday morning": ("2026-11-23T09:00", []),
        "seven sharp": ("2026-11-23T07:00", []),
        "a second before seven": ("2026-11-23T06:59:59", ["outside-hours"]),
        "the last second": ("2026-11-27T18:59:59", []),
        "nineteen sharp is closed": ("2026-11-27T19:00", ["outside-hours"]),
        "a Saturday noon": ("2026-11-28T12:00", ["outside-days"]),
        "a Sunday evening": ("2026-11-22T20:15", ["outside-days", "outside-hours"]),
        "a Friday night is no Saturday": ("2026-11-27T23:59", ["outside-hours"]),
        # Bank holidays are the day of the week that they are.
        "Easter Monday": ("2026-04-06T10:00", []),
        "Good Friday": ("2026-04-03T10:00", []),
        "Boxing Day 2026, a Saturday": ("2026-12-26T10:00", ["outside-days"]),
        "its substitute Monday": ("2026-12-28T10:00", []),
        "Christmas Day, a Friday": ("2026-12-25T10:00", []),
    }.values(),
)
def test_the_hours_are_those_of_the_policy(moment, rules):
    assert rules_at(moment) == rules


@pytest.mark.parametrize(
    ("moment", "rules"),
    {
        # Clocks go forward on 29 March 2026 and back on 25 October 2026, both Sundays.
        "Friday before, 07:00 UTC is 07:00": (datetime(2026, 3, 27, 7, tzinfo=UTC), []),
        "Friday before, 18:59 UTC is 18:59": (datetime(2026, 3, 27, 18, 59, tzinfo=UTC), []),
        "Monday after, 06:00 UTC is 07:00": (datetime(2026, 3, 30, 6, tzinfo=UTC), []),
        "Monday after, 05:59 UTC is 06:59": (datetime(2026, 3, 30, 5, 59, tzinfo=UTC), ["outside-hours"]),
        "Monday after, 18:00 UTC is 19:00": (datetime(2026, 3, 30, 18, tzinfo=UTC), ["outside-hours"]),
        "Friday before winter, 18:00 UTC is 19:00": (datetime(2026, 10, 23, 18, tzinfo=UTC), ["outside-hours"]),
        "Monday of winter, 18:00 UTC is 18:00": (datetime(2026, 10, 26, 18, tzinfo=UTC), []),
        "Sunday 23:30 UTC in summer is Monday 00:30": (datetime(2026, 6, 7, 23, 30, tzinfo=UTC), ["outside-hours"]),
        "Friday in New York is Saturday here": (
            datetime(2026, 11, 27, 22, tzinfo=timezone(timedelta(hours=-5))),
            ["outside-days", "outside-hours"],
        ),
        "the hour that is skipped": (datetime(2026, 3, 29, 1, 30, tzinfo=LONDON), ["outside-days", "outside-hours"]),
        "the hour that comes twice": (
            datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=LONDON),
            ["outside-days", "outside-hours"],
        ),
    }.values(),
)
def test_the_clock_is_the_schools_summer_and_winter(moment, rules):
    assert rules_at(moment) == rules


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        judge_hours(SHIPPED, MAIN, datetime(2026, 11, 23, 9))


def test_each_finding_carries_its_sentence_and_what_is_wrong():
    day, hour = judge_hours(SHIPPED, MAIN, datetime(2026, 11, 22, 20, 15, tzinfo=LONDON))
    assert "Sunday: this channel posts on Monday, Tuesday" in day.message
    assert "20:15 is not between 07:00 and 19:00 school time" in hour.message
    for finding in (day, hour):
        assert finding.where == "main"
        assert "only tweet between the hours of 7am and 7pm between Monday and Friday" in finding.message


@given(st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))
def test_open_is_exactly_a_weekday_between_seven_and_nineteen(moment):
    local = moment.astimezone(LONDON)
    assert (rules_at(moment) == []) == (local.weekday() < 5 and 7 <= local.hour < 19)


@pytest.mark.parametrize("channel", ["website", "newsletter", "prospectus", "press"])
@given(moment=st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)))
def test_what_is_no_tweet_is_bound_by_no_hours(channel, moment):
    assert judge_hours(SHIPPED, SHIPPED.channel(channel), moment) == ()


def test_a_channel_may_have_hours_of_its_own():
    own = replace(MAIN, hours=Hours(DAYS[5:], time(10), time(11)))
    assert judge_hours(SHIPPED, own, datetime(2026, 11, 28, 10, 30, tzinfo=LONDON)) == ()
    assert len(judge_hours(SHIPPED, own, datetime(2026, 11, 27, 12, tzinfo=LONDON))) == 2


@pytest.mark.parametrize(("days", "said"), [((), "posts on no day"), (("sunday",), "posts on Sunday only")])
def test_the_days_of_a_channel_are_said(days, said):
    own = replace(MAIN, hours=Hours(days, time(0), time(23)))
    (finding,) = judge_hours(SHIPPED, own, datetime(2026, 11, 27, 12, tzinfo=LONDON))
    assert finding.message.partition(". ")[0].endswith(said)


# -- occasions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [{"event": "Football, home to Hilltop"}, {"urgent": "Closed because of snow"}])
def test_an_event_and_urgent_news_permit_day_and_hour(named):
    assert rules_at("2026-11-22T20:15", occasion(SHIPPED, **named, by="Head")) == []


def test_a_policy_may_except_less():
    strict = replace(SHIPPED, hours=replace(SHIPPED.hours, exceptions=("urgent",)))
    event = occasion(strict, event="Football", by="Head")
    assert rules_at("2026-11-22T20:15", event, strict) == ["outside-days", "outside-hours"]


@pytest.mark.parametrize(
    ("moment", "permitted"),
    [
        ("2026-05-31T23:59", False),
        ("2026-06-01T00:00", True),
        ("2026-06-05T23:59", True),
        ("2026-06-06T00:00", False),
    ],
)
def test_a_trip_permits_its_own_days_only(moment, permitted):
    assert (rules_at(moment, occasion(TRAVELLING, trip="york", by="miriam castlegate")) == []) is permitted


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ({"event": "Football"}, "accountable person: --by"),
        ({"event": "Football", "by": " "}, "accountable person: --by"),
        ({"event": " ", "by": "Head"}, "needs a name"),
        ({"urgent": "", "by": "Head"}, "needs a name or a reason"),
        ({"event": "Football", "urgent": "Snow", "by": "Head"}, "one occasion, not --event and --urgent"),
        ({"trip": "paris", "by": "Head"}, "not in the policy.*knows york"),
        ({"trip": "york", "by": "Head"}, "run by Miriam Castlegate"),
        ({"trip": "york"}, "run by Miriam Castlegate"),
    ],
)
def test_an_occasion_has_a_name_and_an_accountable_person(named, why):
    with pytest.raises(WrongUsage, match=why):
        occasion(TRAVELLING, **named)


def test_no_occasion_is_none():
    assert occasion(SHIPPED, by="Head") is None
    with pytest.raises(WrongUsage, match="choose one of event, urgent, trip"):
        Occasion("whim", "because", "Head")


# -- the review of the policy -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "overdue"), [(13, False), (14, True), (30, True)])
def test_an_overdue_review_is_a_finding(register, day, overdue):
    policy = replace(SHIPPED, review_due=date(2027, 9, 14))
    moment = datetime(2027, 9, day, 12, tzinfo=LONDON)
    told = circumstances(register, policy, ask(register, policy, channel="website"), moment)
    found = [one.finding.rule for one in told if one.finding]
    assert found == (["review-overdue"] if overdue else [])
    assert school_day(moment, LONDON) == date(2027, 9, day)
