"""What X shows late, what somebody deleted there by hand, what was cut short: never twice, and said in words."""

from __future__ import annotations

import logging
import traceback

import pytest
from fake_x import KEYS, SECRETS, Fault
from fakes import posts_of

from consentguard.consent.record.post_journal import Journal
from consentguard.errors import Refused, WrongUsage
from consentguard.posting import Part
from consentguard.posting.errors import CredentialsRefused, DeletedAtNetwork, PostingFailed, Unconfirmed

BY = {"channel": "main", "by": "Miriam Castlegate"}
MADE = Fault(503, "<html><body>Over capacity</body></html>", effect=True)
NOT_MADE = Fault(503, "<html><body>Over capacity</body></html>")


# -- shown late -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lag", [5, 8])
def test_a_post_that_x_shows_minutes_later_is_not_sent_twice(guarded, photos, make_poster, fake, waiting, lag):
    fake.lag = lag
    fake.faults["create"].append(MADE)
    for _ in range(lag - 4 + 1):
        with pytest.raises(Unconfirmed, match="not sent again"):
            make_poster(guarded).post("Sunflowers", [photos["work"]], **BY)
        waiting.sleep(120)
        if fake.own_posts()[0]["looks"] == 0:
            break
    posted = make_poster(guarded).post("Sunflowers", [photos["work"]], **BY)
    assert (posted.already, [post["id"] for post in fake.own_posts()]) == (True, [posted.id])
    assert Journal(guarded.state).open() == []


def test_an_answer_of_x_that_it_failed_is_not_its_word_that_nothing_was_made(guarded, make_poster, fake, waiting):
    """So a post is not sent again by itself: a person looks, or half an hour passes."""
    fake.faults["create"].append(NOT_MADE)
    with pytest.raises(Unconfirmed) as caught:
        make_poster(guarded).post("Snow today", **BY)
    assert fake.count("create") == 1
    row = Journal(guarded.state).open()[0].seq
    assert f"posting settle {row} --stands LINK` or `--never-posted`" in str(caught.value)
    assert "after 07:4" in str(caught.value)
    make_poster(guarded).settle(row, post=None, by="Miriam Castlegate")
    make_poster(guarded).post("Snow today", **BY)
    assert (fake.count("create"), len(fake.own_posts())) == (2, 1)


def test_after_half_an_hour_what_x_does_not_show_was_never_made(guarded, make_poster, fake, waiting):
    fake.faults["create"].append(NOT_MADE)
    with pytest.raises(Unconfirmed):
        make_poster(guarded).post("Snow today", **BY)
    waiting.sleep(1900)
    assert not make_poster(guarded).post("Snow today", **BY).already
    assert len(fake.own_posts()) == 1


# -- deleted by hand --------------------------------------------------------------------------------------------------


def test_what_was_deleted_by_hand_is_said_and_may_go_again(guarded, photos, make_poster, fake):
    first = make_poster(guarded).post("Sunflowers", [photos["shown"]], **BY)
    fake.posts.clear()
    with pytest.raises(DeletedAtNetwork, match=r"Somebody deleted it at X\. Nothing was sent.*--again") as caught:
        make_poster(guarded).post("Sunflowers", [photos["shown"]], **BY)
    assert (caught.value.post, fake.count("create")) == (first.id, 1)
    second = make_poster(guarded).post("Sunflowers", [photos["shown"]], again=True, **BY)
    assert (second.already, [post["id"] for post in fake.own_posts()]) == (False, [second.id])
    gone, stands = posts_of(Journal(guarded.state).ledger, "P001")
    assert (bool(gone.taken_down), stands.taken_down) == (True, None)


def test_again_sends_nothing_where_the_post_stands(guarded, make_poster, fake):
    make_poster(guarded).post("Hello", **BY)
    assert make_poster(guarded).post("Hello", again=True, **BY).already
    assert fake.count("create") == 1


def test_where_x_cannot_be_asked_a_post_of_before_counts_and_that_is_said(guarded, make_poster, fake):
    make_poster(guarded).post("Hello", **BY)
    fake.always["lookup"] = Fault(403, {"detail": "not in your access level"})
    again = make_poster(guarded).post("Hello", **BY)
    assert (again.already, again.seen, fake.count("create")) == (True, False, 1)


# -- cut short --------------------------------------------------------------------------------------------------------


def test_a_thread_that_was_cut_between_its_parts_is_named_and_can_be_finished(guarded, make_poster, fake, monkeypatch):
    parts, begin = [Part("One"), Part("Two"), Part("Three")], Journal.begin

    def killed(journal, body, at):
        if body["thread"]["part"] == 2:
            raise KeyboardInterrupt
        return begin(journal, body, at)

    with monkeypatch.context() as crash:
        crash.setattr(Journal, "begin", killed)
        with pytest.raises(KeyboardInterrupt):
            make_poster(guarded).thread(parts, **BY)
    assert make_poster(guarded).reconcile() == ()
    (cut,) = make_poster(guarded).cut_threads()
    assert (cut.parts, list(cut.standing)) == (3, [1])
    assert cut.standing[1] == fake.own_posts()[0]["id"]
    make_poster(guarded).thread(parts, **BY)
    assert make_poster(guarded).cut_threads() == ()
    assert [post["text"] for post in fake.own_posts()] == ["One", "Two", "Three"]


def test_a_thread_that_was_taken_down_is_not_cut(guarded, make_poster):
    for posted in make_poster(guarded).thread([Part("One"), Part("Two")], **BY):
        make_poster(guarded).take_down(posted.id, **BY)
    assert make_poster(guarded).cut_threads() == ()


def test_the_doubts_of_another_account_are_named(guarded, make_poster, fake):
    fake.faults["create"].append(NOT_MADE)
    with pytest.raises(Unconfirmed):
        make_poster(guarded).post("Snow today", **BY)
    other = make_poster(guarded, account="1004")
    assert other.unsettled() == ()
    assert [intent.account for intent in other.unsettled_elsewhere()] == ["1001"]


# -- what a person says is compared with X ----------------------------------------------------------------------------


@pytest.fixture
def doubt(guarded, make_poster, fake) -> int:
    fake.lag = 4
    fake.faults["create"].append(MADE)
    with pytest.raises(Unconfirmed):
        make_poster(guarded).post("Snow today", **BY)
    return Journal(guarded.state).open()[0].seq


def test_a_person_can_settle_only_what_x_shows(guarded, make_poster, fake, doubt):
    poster, mine = make_poster(guarded), fake.own_posts()[0]["id"]
    stranger, other = fake.add_post("9001", "Snow today"), fake.add_post("1001", "Something else")
    for wrong, why in ((stranger, "is of @a_stranger"), (other, "another text"), ("17", "does not show post 17")):
        with pytest.raises(WrongUsage, match=why):
            poster.settle(doubt, post=wrong, by="Miriam Castlegate")
    with pytest.raises(WrongUsage, match=f"--stands {mine}"):
        poster.settle(doubt, post=None, by="Miriam Castlegate")
    poster.settle(doubt, post=mine, by="Miriam Castlegate")
    assert Journal(guarded.state).ledger.post(mine, channel="main")


def test_where_x_cannot_be_asked_a_persons_word_counts(guarded, make_poster, fake, doubt):
    fake.always["lookup"] = fake.always["timeline"] = Fault(403, {"detail": "not in your access level"})
    make_poster(guarded).settle(doubt, post="17", by="Miriam Castlegate")
    assert Journal(guarded.state).open() == []


# -- logs and tracebacks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["v2", "v1.1"])
def test_no_word_of_a_post_or_of_a_reply_is_logged(guarded, photos, make_poster, fake, caplog, route):
    caplog.set_level(logging.DEBUG)
    poster = make_poster(guarded, upload=route)
    poster.post("Zebediah painted sunflowers", [photos["work"]], alts=["Zebediah at his easel"], **BY)
    fake.add_post("9001", "@RackhamPrimary Zebediah is rude")
    list(poster.account.network.mentions())
    poster.post("Zebediah painted sunflowers", [photos["work"]], alts=["Zebediah at his easel"], **BY)
    assert "Making API request: POST https://api.twitter.com/2/tweets" in caplog.text  # it was logged
    assert "Zebediah" not in caplog.text
    for secret in SECRETS:
        assert secret not in caplog.text


FAILING = {
    "X repeats a key": Fault(401, {"detail": f"bad token {KEYS['access_token']}"}),
    "the connection breaks": Fault(kind="drop"),
    "nobody listens": Fault(kind="refused"),
}


@pytest.mark.parametrize("route", ["v2", "v1.1"])
@pytest.mark.parametrize("fault", FAILING.values(), ids=FAILING)
def test_no_key_is_in_a_traceback_even_with_its_variables(guarded, photos, make_poster, fake, fault, route):
    fake.always["upload"] = fault
    with pytest.raises(PostingFailed) as caught:
        make_poster(guarded, upload=route).post("Hello", [photos["work"]], **BY)
    assert caught.value.__traceback__
    caught.value.__traceback__ = caught.value.__traceback__.tb_next  # but for this test, which knows the keys
    whole = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    printed = "".join(whole.format())
    assert "[hidden]" in printed or not isinstance(caught.value, CredentialsRefused)
    for secret in SECRETS:
        assert secret not in printed


def test_a_retweet_of_a_post_that_x_calls_anothers_is_refused(guarded, register, body_policy_text, make_poster, fake):
    from consentguard.consent.policy.policy import Policy
    from consentguard.guard.guard import Guard

    named = body_policy_text.replace(b'class = "4"', b'class = "4"\naccount = "@RackhamClass4"')
    school = Guard(register, Policy.parse(named, "named.toml"), state=guarded.state)
    post = make_poster(school, account="1004").post("Class 4", channel="class4", by="Class teacher").id
    fake.posts[post]["author_id"] = "9001"
    with pytest.raises(Refused, match="is @a_stranger's at X"):
        make_poster(school).retweet(post, **BY)
    del fake.posts[post]
    with pytest.raises(Refused, match="not at X any more"):
        make_poster(school).retweet(post, **BY)
    assert fake.retweets == []
