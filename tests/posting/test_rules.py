"""What the policy says about a post is asked before anything is sent: words, hours, originals; and what it records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from fakes import in_hours, posts_of, sample_with

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.exchange import export, take
from consentguard.consent.record.post_journal import Journal
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import Refused, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.posting import Part

BY = {"channel": "main", "by": "Miriam Castlegate"}


def begun(guard) -> dict[str, object]:
    return [row.body for row in guard.state.audit.entries() if row.kind == "post-begun"][-1]


# -- words ------------------------------------------------------------------------------------------------------------

WORDS = {
    "a surname": ({"text": "Well done Amara Winterbourne!"}, "surname"),
    "as a tag": ({"text": "What a day #AmaraWinterbourne"}, "surname"),
    "in a description": ({"text": "A day", "alts": ["Amara Winterbourne paints"]}, "surname"),
    "an insult": ({"text": "what a bunch of wankers"}, "offensive-language"),
    "one child spoken to": ({"text": "Amara, don't forget your reading book"}, "individually-targeted"),
}


@pytest.mark.parametrize(("asked", "code"), WORDS.values(), ids=WORDS)
def test_words_that_policy_does_not_let_go_are_refused(guarded, photos, make_poster, fake, asked, code):
    with pytest.raises(Refused) as caught:
        make_poster(guarded).post(photos=[photos["shown"]], **{**BY, **asked})
    assert code in caught.value.verdict.reasons
    assert "Winterbourne" not in str(caught.value)
    assert not fake.calls


def test_a_surname_split_between_two_parts_of_a_thread_is_refused(guarded, make_poster, fake):
    with pytest.raises(Refused) as caught:
        make_poster(guarded).thread([Part("Well done Amara"), Part("Winterbourne, our star")], **BY)
    assert "surname" in caught.value.verdict.reasons
    assert not fake.calls


def test_a_first_name_may_go(guarded, photos, make_poster, fake):
    make_poster(guarded).post("Amara painted sunflowers", [photos["shown"]], **BY)
    assert len(fake.own_posts()) == 1


# -- hours ------------------------------------------------------------------------------------------------------------

SATURDAY_NIGHT = datetime(2026, 11, 28, 21, 30, tzinfo=UTC).timestamp()


@pytest.fixture
def at_night(waiting, guarded, register, body_policy_text) -> Guard:
    waiting.start = SATURDAY_NIGHT
    return Guard(register, Policy.parse(in_hours(body_policy_text), "hours.toml"), state=guarded.state)


def test_outside_the_hours_nothing_is_posted(at_night, make_poster, fake):
    with pytest.raises(Refused, match="Saturday: this channel posts on") as caught:
        make_poster(at_night).post("Hello", **BY)
    assert caught.value.verdict.reasons == ("not-now",)
    assert {finding.rule for finding in caught.value.verdict.findings} == {"outside-days", "outside-hours"}
    assert not fake.calls


@pytest.mark.parametrize("exception", [{"event": "Football cup final"}, {"urgent": "Closed for snow"}])
def test_an_event_or_urgent_news_goes_with_its_name_on_the_record(at_night, make_poster, fake, exception):
    make_poster(at_night).post("Hello", **BY, **exception)
    ((kind, what),) = exception.items()
    assert begun(at_night)["occasion"] == {"kind": kind, "what": what, "by": "Miriam Castlegate"}


def test_only_whom_policy_names_may_override_the_hours(at_night, body_policy_text, register, make_poster, fake):
    text = in_hours(body_policy_text) + b'\n[channels.main.override]\nnot-now = ["Miriam Castlegate"]\n'
    guard = Guard(register, Policy.parse(text, "override.toml"), state=at_night.state)
    with pytest.raises(WrongUsage, match="Somebody Else may not override"):
        make_poster(guard).post("Hello", channel="main", by="Somebody Else", override={"not-now": "why not"})
    with pytest.raises(Refused, match="Saturday"):
        make_poster(guard).post("Hello", **BY)
    make_poster(guard).post("Hello", **BY, override={"not-now": "The governors asked for it"})
    assert begun(guard)["override"] == {"not-now": "The governors asked for it"}


# -- originals --------------------------------------------------------------------------------------------------------


@pytest.fixture
def original(tmp_path, photographs) -> Path:
    (tmp_path / "IMG_0001.jpg").write_bytes(photographs["obama"])
    return tmp_path / "IMG_0001.jpg"


def test_an_original_taken_for_sharing_is_deleted_once_its_post_stands(guarded, photos, make_poster, original):
    posted = make_poster(guarded).post("Sunflowers", [photos["shown"]], sources=[original], **BY)
    assert posted.left == ()
    assert not original.exists()
    rows = [row.body["source"] for row in guarded.state.audit.entries() if row.kind == "source-removed"]
    assert rows == [photos["shown"].grounds.source_sha256]


def test_an_original_stays_where_its_post_fails(guarded, photos, make_poster, original, fake, faults):
    fake.always["create"] = faults.forbidden
    with pytest.raises(Exception, match="403"):
        make_poster(guarded).post("Sunflowers", [photos["shown"]], sources=[original], **BY)
    assert original.exists()


def test_an_original_that_is_left_is_told_and_deleted_at_the_next_try(guarded, photos, make_poster, original, fake):
    poster = make_poster(guarded)
    with patch("pathlib.Path.unlink", side_effect=PermissionError(13, "Permission denied")):
        posted = poster.post("Sunflowers", [photos["shown"]], sources=[original], **BY)
    assert "cannot be deleted" in posted.left[0]
    again = poster.post("Sunflowers", [photos["shown"]], sources=[original], **BY)
    assert (again.already, again.left, original.exists(), fake.count("create")) == (True, (), False, 1)


def test_no_other_file_is_deleted(guarded, photos, make_poster, original, fake):
    with pytest.raises(WrongUsage, match="none of these photos was released from it"):
        make_poster(guarded).post("Sunflowers", [photos["covered"]], sources=[original], **BY)
    assert original.exists()
    assert not fake.calls


def test_a_policy_that_keeps_originals_deletes_none(desk_with, make_poster, original, fake):
    guard, released = desk_with(b"delete_sources = false")
    with pytest.raises(WrongUsage, match="policy keeps originals"):
        make_poster(guard).post("Sunflowers", [released], sources=[original], **BY)
    assert original.exists()


# -- retweets and takedown --------------------------------------------------------------------------------------------


@pytest.fixture
def school(guarded, body_policy_text, register, fake):
    """The main account's guard, and a class account's post with a pupil in it that the ledger knows."""
    named = body_policy_text.replace(b'class = "4"', b'class = "4"\naccount = "@RackhamClass4"')
    return Guard(register, Policy.parse(named, "named.toml"), state=guarded.state)


@pytest.fixture
def class_post(school, make_poster, photographs) -> str:
    released = school.release(photographs["obama"], channel="class4", people=["P001"], by="the tests")
    return make_poster(school, account="1004").post("Class 4", [released], channel="class4", by="Class teacher").id


def test_the_main_account_retweets_what_a_class_account_posted(school, class_post, make_poster, fake):
    first = make_poster(school).retweet(class_post, **BY)
    again = make_poster(school).retweet(class_post, **BY)
    assert fake.retweets == [("1001", class_post)]
    assert (first.already, again.already) == (False, True)
    kinds = [row.kind for row in school.state.audit.entries()]
    assert kinds[-2:] == ["retweet-begun", "retweeted"]


def test_a_text_of_a_class_account_may_be_retweeted_too(school, make_poster, fake):
    post = make_poster(school, account="1004").post("No photo today", channel="class4", by="Class teacher")
    make_poster(school).retweet(post.id, **BY)
    assert fake.retweets == [("1001", post.id)]


def test_a_post_that_is_not_in_the_ledger_is_not_retweeted(school, make_poster, fake):
    stranger = fake.add_post("9001", "Look at these pupils")
    by_hand = fake.add_post("1004", "Posted from a phone")
    own = make_poster(school).post("Our own", **BY).id
    for post in (stranger, by_hand, own, "17", "../tweets"):
        with pytest.raises(Refused) as caught:
            make_poster(school).retweet(post, **BY)
        assert caught.value.verdict.reasons == ("not-in-ledger",)
    assert fake.retweets == []


@pytest.mark.parametrize("cells", [{"social_media_withdrawn": "2026-11-01"}, {"never": "yes"}])
def test_a_post_whose_consent_has_gone_is_not_retweeted(school, class_post, make_poster, fake, cells):
    later = Guard(Register.parse(sample_with({"P001": cells}), "later"), school.policy, state=school.state)
    with pytest.raises(Refused, match="P001"):
        make_poster(later).retweet(class_post, **BY)
    assert fake.retweets == []


def test_a_taken_down_post_is_gone_recorded_and_not_retweeted(school, class_post, make_poster, fake):
    class4 = make_poster(school, account="1004")
    class4.take_down(class_post, channel="class4", by="Class teacher")
    class4.take_down(class_post, channel="class4", by="Class teacher")
    assert class_post not in fake.posts
    assert fake.count("delete") == 1
    (post,) = posts_of(Journal(school.state).ledger, "P001")
    assert post.taken_down
    with pytest.raises(Refused, match="was taken down"):
        make_poster(school).retweet(class_post, **BY)


def test_a_post_that_somebody_deleted_by_hand_is_recorded_as_gone(school, class_post, make_poster, fake):
    fake.posts.clear()
    make_poster(school, account="1004").take_down(class_post, channel="class4", by="Class teacher")
    post = Journal(school.state).ledger.post(class_post)
    assert post and post.taken_down


def test_what_was_taken_down_may_be_posted_again(school, make_poster, fake):
    first = make_poster(school).post("Hello", **BY)
    make_poster(school).take_down(first.id, channel="main", by="Miriam Castlegate")
    assert not make_poster(school).post("Hello", **BY).already


def test_retweets_keep_the_hours(at_night, make_poster, fake):
    with pytest.raises(Refused) as caught:
        make_poster(at_night).retweet("17", **BY)
    assert caught.value.verdict.reasons == ("not-now",)


def test_the_ledger_of_a_class_teachers_machine_brings_its_posts(school, class_post, make_poster, fake, tmp_path):
    text = make_poster(school, account="1004").post("No photo", channel="class4", by="Class teacher").id
    main = Guard(school.register, school.policy, state=State.create(tmp_path / "main"))
    now = datetime(2026, 11, 25, 9, tzinfo=UTC)
    take(main.state, export(school.state, now), "class4.ledger", key=school.state.public_key, at=now)
    for post in (class_post, text):
        make_poster(main).retweet(post, **BY)
    assert fake.retweets == [("1001", class_post), ("1001", text)]
