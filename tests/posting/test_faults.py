"""Each call of a post, each fault that X and the network are known for: nothing twice, half, unrecorded or told.

A fault comes once, or stays until the poster gave up; then X works again, and the same post is asked for once more.
"""

from __future__ import annotations

import base64
import logging
from collections import Counter

import pytest
from fake_x import KEYS, SECRETS, FakeX, Fault

from consentguard.consent.record.post_journal import Journal
from consentguard.guard.guard import Guard
from consentguard.posting import Part, PostingFailed, errors

BY = {"channel": "main", "by": "Miriam Castlegate"}
LATER = 1900  # seconds, after which a post that X does not show was never made
HTML = "<html><body><h1>Over capacity</h1></body></html>"
# Uploads go by two routes; the other calls are the same by both.
CALLS = [("me", "v2"), ("upload", "v2"), ("upload", "v1.1"), ("describe", "v2"), ("describe", "v1.1"), ("create", "v2")]


def reset(seconds: int) -> dict[str, str]:
    return {"x-rate-limit-reset": f"+{seconds}", "x-rate-limit-remaining": "0"}


FAULTS = {
    "nobody listens": lambda: Fault(kind="refused"),
    "dropped": lambda: Fault(kind="drop"),
    "dropped after it took effect": lambda: Fault(kind="drop", effect=True),
    "cut in the answer": lambda: Fault(200, '{"data": {"id": "1', kind="cut", effect=True),
    "429, reset soon": lambda: Fault(429, {"title": "Too Many Requests"}, reset(20)),
    "429, reset far": lambda: Fault(429, {"title": "Too Many Requests"}, reset(900)),
    "429 without reset": lambda: Fault(429, {"title": "Too Many Requests"}),
    "429 with a strange reset": lambda: Fault(429, {}, {"x-rate-limit-reset": "soon"}),
    "500": lambda: Fault(500, {"title": "Internal Server Error"}),
    "503 in HTML": lambda: Fault(503, HTML),
    "503 after it took effect": lambda: Fault(503, HTML, effect=True),
    "503 with a bare text": lambda: Fault(503, '"over capacity"'),
    "400": lambda: Fault(400, {"errors": [{"message": "no"}]}),
    "401": lambda: Fault(401, {"title": "Unauthorized", "detail": "Unauthorized"}),
    "402": lambda: Fault(402, {"title": "CreditsDepleted", "detail": "no credits"}),
    "403 by access tier": lambda: Fault(403, {"reason": "client-not-enrolled", "detail": "not in your access level"}),
    "404": lambda: Fault(404, {"title": "Not Found"}),
    "302 elsewhere": lambda: Fault(302, HTML, {"Location": "https://login.example/"}),
    "302 to itself": lambda: Fault(302, HTML, {"Location": "https://api.twitter.com/2/users/me"}),
    "302 to nowhere": lambda: Fault(302, HTML),
    "200 in HTML": lambda: Fault(200, HTML),
    "200 in HTML after it took effect": lambda: Fault(200, HTML, effect=True),
    "200 with nothing": lambda: Fault(200, ""),
    "200 with {}": lambda: Fault(200, {}),
    "200 with a list": lambda: Fault(200, []),
    "200 with null": lambda: Fault(200, "null"),
    "200 without data": lambda: Fault(200, {"data": None}, effect=True),
    "200 with a strange id": lambda: Fault(200, {"data": {"id": "none", "username": 7}}, effect=True),
}


def check(fake: FakeX, guard: Guard, photos, text: str, where: str) -> None:
    """What must hold at every moment."""
    mine = [post for post in fake.own_posts() if post["text"] == text]
    assert len(mine) <= 1, f"{where}: posted {len(mine)} times"
    begun = {tuple(row.body["media"]) for row in guard.state.audit.entries() if row.kind == "post-begun"}
    for post in mine:
        held = [fake.media[each] for each in post["media"]]
        assert [media["data"] for media in held] == [photos["work"].data, photos["table"].data], where
        assert all(media["alt"] for media in held), where
        assert tuple(post["media"]) in begun, f"{where}: posted without its row"


@pytest.mark.parametrize(("call", "route"), CALLS)
@pytest.mark.parametrize("stays", [False, True], ids=["once", "stays"])
def test_a_post_through_every_fault(fresh_guard, photos, make_poster, fake, waiting, caplog, route, call, stays):
    caplog.set_level(logging.DEBUG)
    ended: Counter[str] = Counter()
    for name, make in FAULTS.items():
        if (route, call, name) == ("v1.1", "describe", "200 with nothing"):
            continue  # that is how this call succeeds
        guarded = fresh_guard()
        where, text = f"{call}, {name}", f"{call} {name}"
        before = fake.count("create")
        if stays:
            fake.always[call] = make()
        else:
            fake.faults[call].append(make())
        try:
            make_poster(guarded, upload=route).post(text, [photos["work"], photos["table"]], **BY)
            ended["posted"] += 1
            assert not stays or make().effect or call == "describe", f"{where}: success without X"
        except PostingFailed as error:
            ended[type(error).__name__] += 1
            if call != "create":
                assert fake.count("create") == before, f"{where}: posted although a call before failed"
            if not isinstance(error, errors.Unconfirmed):
                assert all(post["text"] != text for post in fake.own_posts()), f"{where}: {error!r}, but it stands"
        check(fake, guarded, photos, text, where)
        fake.always.clear()
        fake.faults.clear()
        waiting.sleep(LATER)
        last = make_poster(guarded, upload=route).post(text, [photos["work"], photos["table"]], **BY)
        check(fake, guarded, photos, text, where)
        assert [post["id"] for post in fake.own_posts() if post["text"] == text] == [last.id], where
        assert Journal(guarded.state).open() == [], where
    assert fake.unsigned == 0
    assert ended["posted"] > 0 or stays
    told_nothing(caplog.text, photos)


def told_nothing(log: str, photos) -> None:
    """No key, no signature and no picture in anything that was logged."""
    assert "Making API request" in log  # tweepy did log its requests at this level
    for secret in SECRETS:
        assert secret not in log
    assert "oauth_signature=" not in log
    assert base64.b64encode(photos["work"].data)[:60].decode() not in log


# What X answers to "does it stand?", after the sending itself ended in doubt.
@pytest.mark.parametrize("stays", [False, True], ids=["once", "stays"])
@pytest.mark.parametrize("effect", [False, True], ids=["not made", "made"])
def test_looking_for_a_post_through_every_fault(fresh_guard, photos, make_poster, fake, waiting, stays, effect):
    for name, make in FAULTS.items():
        guarded = fresh_guard()
        text = f"look {name}"
        fake.faults["create"].append(Fault(503, HTML, effect=effect))
        if stays:
            fake.always["timeline"] = make()
        else:
            fake.faults["timeline"].append(make())
        try:
            make_poster(guarded).post(text, [photos["work"], photos["table"]], **BY)
            assert effect and not stays, f"{name}: nobody could know"
        except errors.Unconfirmed:
            assert stays or not effect, f"{name}: a later look would have shown it"
        check(fake, guarded, photos, text, name)
        fake.always.clear()
        fake.faults.clear()
        waiting.sleep(LATER)
        make_poster(guarded).post(text, [photos["work"], photos["table"]], **BY)
        assert len([post for post in fake.own_posts() if post["text"] == text]) == 1, name


@pytest.mark.parametrize("lag", [0, 1, 3])
def test_a_post_that_x_shows_late_is_not_sent_twice(guarded, photos, make_poster, fake, lag):
    fake.lag = lag
    fake.faults["create"].append(Fault(kind="drop", effect=True))
    posted = make_poster(guarded).post("Late", [photos["work"]], **BY)
    assert [post["id"] for post in fake.own_posts()] == [posted.id]


def test_a_text_that_x_holds_for_a_repetition_is_looked_for(guarded, make_poster, fake, waiting):
    fake.add_post("1001", "Snow today")
    waiting.sleep(3600)
    with pytest.raises(errors.SaidBefore):
        make_poster(guarded).post("Snow today", **BY)
    assert Journal(guarded.state).open() == []


@pytest.mark.parametrize(
    ("fault", "waits"),
    [("429, reset soon", [20, 22]), ("429 without reset", [2, 2]), ("nobody listens", [2, 2])],
)
def test_how_long_is_waited(guarded, make_poster, fake, waiting, fault, waits):
    fake.faults["create"].append(FAULTS[fault]())
    make_poster(guarded).post("Waiting", **BY)
    assert waits[0] - 1 <= waiting.waits[0] <= waits[1]
    assert len(waiting.waits) == 1


def test_how_long_a_post_in_doubt_is_looked_for(guarded, make_poster, fake, waiting):
    fake.faults["create"].append(FAULTS["500"]())
    with pytest.raises(errors.Unconfirmed):
        make_poster(guarded).post("Waiting", **BY)
    assert waiting.waits == [2.0, 8.0, 20.0, 30.0]


def test_waits_double_and_end(guarded, make_poster, fake, waiting):
    fake.always["me"] = Fault(503, HTML)
    with pytest.raises(
        errors.ServerFault, match=r"whose keys these are: X has a fault of its own \(503\)\. Nothing was posted"
    ):
        make_poster(guarded).post("Waiting", **BY)
    assert waiting.waits == [2.0, 4.0, 8.0]


def test_a_far_reset_is_told_and_not_waited_for(guarded, make_poster, fake, waiting):
    fake.always["create"] = FAULTS["429, reset far"]()
    with pytest.raises(errors.RateLimited, match=r"until \d\d:\d\d:\d\d UTC on") as caught:
        make_poster(guarded).post("Waiting", **BY)
    assert caught.value.reset is not None
    assert waiting.waits == []


def test_an_x_that_does_not_answer_is_not_waited_for_for_ever(guarded, make_poster, fake):
    fake.faults["me"].append(Fault(kind="stall"))
    make_poster(guarded, timeout=(2.0, 0.2)).post("In time", **BY)
    assert fake.stalling == 1  # it waits still
    assert len(fake.own_posts()) == 1


@pytest.mark.parametrize("stays", [False, True], ids=["once", "stays"])
def test_taking_back_a_thread_through_every_fault(fresh_guard, make_poster, fake, waiting, stays):
    for name, make in FAULTS.items():
        guarded = fresh_guard()
        fake.faults["create"].extend([None, Fault(400, {})])
        if stays:
            fake.always["delete"] = make()
        else:
            fake.faults["delete"].append(make())
        with pytest.raises(PostingFailed) as caught:
            make_poster(guarded).thread([Part(f"One {name}"), Part(f"Two {name}")], **BY)
        stands = [post["id"] for post in fake.own_posts()]
        named = list(caught.value.posts) if isinstance(caught.value, errors.PartlyPosted) else []
        if not make().effect and name != "404":  # a 404 is X's word that it is gone
            assert stands == named, name
        assert set(stands) <= set(named) or name == "404", name
        fake.always.clear()
        fake.faults.clear()
        fake.posts.clear()
        waiting.sleep(LATER)


def test_keys_show_nowhere(guarded, make_poster, make_x, fake, caplog):
    caplog.set_level(logging.DEBUG)
    x = make_x()
    for secret in SECRETS:
        assert secret not in repr(x) + repr(vars(x))
    fake.always["me"] = Fault(401, {"detail": f"bad token {KEYS['access_token']}"})
    with pytest.raises(errors.CredentialsRefused) as caught:
        make_poster(guarded).post("Hello", **BY)
    assert KEYS["access_token"] not in str(caught.value)
    logging.getLogger("tweepy.client").exception(
        "with %s", KEYS["api_secret"], exc_info=ValueError(KEYS["access_secret"])
    )
    assert ("tweepy.client", logging.ERROR) in [(record.name, record.levelno) for record in caplog.records]
    for secret in SECRETS:
        assert secret not in caplog.text
