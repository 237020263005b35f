"""What counts is what holds at the moment of sending: consent, words, hours, whatever was waited for in between."""

from __future__ import annotations

import io
import subprocess
import sys
import zoneinfo
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest
from fake_x import Fault
from fakes import in_hours, sample_with
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from strategies import examples

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.post_journal import Journal
from consentguard.consent.register.register import Register
from consentguard.errors import Refused
from consentguard.guard.guard import Guard
from consentguard.posting import Part, Poster

BY = {"channel": "main", "by": "Miriam Castlegate"}
GONE = sample_with({"P001": {"social_media_withdrawn": "2026-11-01"}})


@pytest.fixture
def office(guarded, make_x, patience, tmp_path):
    """A poster whose register is a file that may change under it."""
    file = tmp_path / "register.csv"
    file.write_bytes(sample_with({}))

    def open_guard() -> Guard:
        return Guard(Register.load(file), guarded.policy, state=guarded.state)

    return Poster(open_guard, make_x(), patience=patience), file


def begun(guard: Guard) -> list[str]:
    return [row.kind for row in guard.state.audit.entries() if row.kind.startswith("post-")]


def test_a_consent_withdrawn_while_another_program_posts_counts(office, guarded, photos, fake, monkeypatch):
    poster, file = office
    from consentguard.posting import account, sending

    held = account.alone

    def wait_for_the_lock(state):
        file.write_bytes(GONE)
        return held(state)

    monkeypatch.setattr(sending, "alone", wait_for_the_lock)
    with pytest.raises(Refused, match="P001"):
        poster.post("Sunflowers", [photos["shown"]], **BY)
    assert (fake.count("upload"), fake.count("create"), begun(guarded)) == (0, 0, [])


@pytest.mark.parametrize("call", ["upload", "create"])
def test_a_consent_withdrawn_while_x_is_waited_for_counts(office, guarded, photos, fake, waiting, call):
    poster, file = office
    fake.faults[call].append(Fault(429, {}, {"x-rate-limit-reset": "+60"}))
    waiting.meanwhile.append(lambda: file.write_bytes(GONE))
    with pytest.raises(Refused, match="P001") as caught:
        poster.post("Sunflowers", [photos["shown"]], **BY)
    assert caught.value.verdict.reasons == ("consent-gone",)
    assert fake.own_posts() == []
    assert Journal(guarded.state).open() == []


def test_a_surname_that_is_new_in_the_register_counts_too(office, fake, waiting):
    poster, file = office
    fake.faults["create"].append(Fault(429, {}, {"x-rate-limit-reset": "+60"}))
    waiting.meanwhile.append(lambda: file.write_bytes(sample_with({"P001": {"legal_surname": "Featherstonehaugh"}})))
    with pytest.raises(Refused, match="surname"):
        poster.post("A day with Amara Featherstonehaugh", **BY)
    assert fake.own_posts() == []


def test_a_thread_whose_later_part_falls_is_taken_back(office, guarded, photos, fake, waiting):
    poster, file = office
    fake.faults["create"].extend([None, Fault(429, {}, {"x-rate-limit-reset": "+60"})])
    waiting.meanwhile.append(lambda: file.write_bytes(GONE))
    with pytest.raises(Refused, match="P001"):
        poster.thread([Part("One"), Part("Two", [photos["shown"]])], **BY)
    assert fake.own_posts() == []
    assert Journal(guarded.state).open() == []


FRIDAY_EVENING = datetime(2026, 11, 27, 18, 59, 30, tzinfo=UTC).timestamp()
SATURDAY_NIGHT = datetime(2026, 11, 28, 21, 30, tzinfo=UTC).timestamp()


@pytest.fixture
def with_hours(guarded, register, body_policy_text) -> Guard:
    return Guard(register, Policy.parse(in_hours(body_policy_text), "hours.toml"), state=guarded.state)


def test_the_hour_is_judged_when_the_post_is_sent(with_hours, make_poster, fake, waiting):
    waiting.start = FRIDAY_EVENING
    fake.faults["create"].append(Fault(429, {}, {"x-rate-limit-reset": "+80"}))
    with pytest.raises(Refused, match="19:00 is not between"):
        make_poster(with_hours).post("Hello", **BY)
    assert fake.own_posts() == []
    assert Journal(with_hours.state).open() == []


def test_the_hour_is_judged_by_the_clock_of_x_too(with_hours, make_poster, fake, waiting):
    """The clock here says Friday morning; X, which would take it, says Saturday night."""
    waiting.start = FRIDAY_EVENING - 7200
    fake.clock = lambda: SATURDAY_NIGHT
    with pytest.raises(Refused, match="Saturday: this channel posts on"):
        make_poster(with_hours).post("Hello", **BY)
    assert {call.name for call in fake.calls} == {"me"}


def test_a_retweet_is_judged_by_it_too(with_hours, make_poster, fake, waiting):
    waiting.start = FRIDAY_EVENING - 7200
    fake.clock = lambda: SATURDAY_NIGHT
    poster = make_poster(with_hours)
    poster.account.network.me()
    with pytest.raises(Refused, match="Saturday: this channel posts on"):
        poster.retweet("17", **BY)


def test_a_false_time_zone_of_the_machine_changes_nothing(tmp_path):
    """PYTHONTZPATH may name any folder: here London is where Auckland is, half a day ahead."""
    (tmp_path / "Europe").mkdir()
    auckland = resources.files("tzdata.zoneinfo.Pacific").joinpath("Auckland").read_bytes()
    (tmp_path / "Europe" / "London").write_bytes(auckland)
    code = (
        "import zoneinfo, datetime as d; from consentguard.consent.policy.policy import Policy\n"
        "night = d.datetime(2026, 11, 27, 22, 30, tzinfo=d.timezone.utc)\n"
        "print(night.astimezone(zoneinfo.ZoneInfo('Europe/London')).hour, night.astimezone(Policy.shipped().zone).hour)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONTZPATH": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["11", "22"]  # the control: the machine's own zone is false
    assert zoneinfo.ZoneInfo.from_file(io.BytesIO(auckland))


# -- for any interleaving ---------------------------------------------------------------------------------------------

FAULTS = {
    "none": None,
    "429": Fault(429, {}, {"x-rate-limit-reset": "+60"}),
    "nobody listens": Fault(kind="refused"),
    "503": Fault(503, "<html></html>"),
    "503, made": Fault(503, "<html></html>", effect=True),
    "403": Fault(403, {"detail": "no"}),
}


class Sly(str):
    """Text that answers the screen with other words than it holds."""

    def strip(self, *_):
        return "A day in the garden"

    def split(self, *_):
        return ["A", "day"]

    def __str__(self):
        return "A day in the garden"


@examples(0.5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    uploads=st.lists(st.sampled_from(sorted(FAULTS)), max_size=2),
    creates=st.lists(st.sampled_from(sorted(FAULTS)), max_size=3),
    when=st.integers(0, 5),
    text=st.sampled_from(["Sunflowers", "Sunflowers", Sly("Amara Winterbourne"), Sly("Sunflowers")]),
    photo=st.sampled_from(["shown", "shown", "work"]),
)
@example(uploads=[], creates=["429"], when=0, text="Sunflowers", photo="shown")
@example(uploads=["429"], creates=["nobody listens"], when=1, text=Sly("Sunflowers"), photo="shown")
@example(uploads=[], creates=[], when=0, text=Sly("Amara Winterbourne"), photo="work")
def test_no_byte_leaves_that_is_not_admitted_at_that_moment(
    office, photos, fake, waiting, uploads, creates, when, text, photo
):
    """Whatever fails, and whenever in between a consent is withdrawn: what X shows was admitted as it arrived."""
    poster, file = office
    file.write_bytes(sample_with({}))
    fake.reset()
    waiting.sleep(7200)
    seen: list[bool] = []
    fake.on_create = lambda: seen.append(file.read_bytes() != GONE)
    fake.faults["upload"].extend(FAULTS[name] for name in uploads)
    fake.faults["create"].extend(FAULTS[name] for name in creates)
    waiting.meanwhile[:] = [*([lambda: None] * when), lambda: file.write_bytes(GONE)]
    try:
        poster.post(text, [photos[photo]], **BY)
    except Exception as error:  # noqa: BLE001  (which one is for other tests)
        assert getattr(error, "exit_code", 0) in (1, 3), error
    waiting.meanwhile.clear()
    made = fake.own_posts()
    assert len(made) <= 1
    assert all(type(post["text"]) is str and "Winterbourne" not in post["text"] for post in made)
    held = {media["data"] for media in fake.media.values()}
    assert held <= {photos[photo].data}
    if photo == "shown":
        assert all(seen), "sent although the consent had gone"
