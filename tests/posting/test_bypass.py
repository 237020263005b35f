"""A developer does not get round the guard by accident: whatever is tried, X is sent nothing that was not admitted."""

from __future__ import annotations

import base64
import copy
import dataclasses
import io
import json
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import requests
import tweepy
from fake_x_wire import ToFake
from fakes import FixedFaces, sample_with
from PIL import Image

from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import AuditFailed, Refused, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.posting import Part, Poster, X
from consentguard.posting.clearance import ClearedPhoto, ClearedPost
from consentguard.posting.context import PostingRequest
from consentguard.posting.errors import OutsidePoster
from consentguard.posting.sending import send
from consentguard.posting.x.gate import UPLOADS, RequestPermit
from consentguard.values import Released

BY: Mapping[str, Any] = {"channel": "main", "by": "Miriam Castlegate"}


@pytest.fixture
def nothing_sent(fake):
    """Whatever the test does, nothing but reading reached X."""
    yield
    assert {call.name for call in fake.calls} <= {"me"}
    assert not fake.posts and not fake.media and not fake.unsigned


def hollow(photo: Released, **changes: object) -> Released:
    """A release made beside its class."""
    forged = object.__new__(Released)
    for name in Released.__slots__:
        object.__setattr__(forged, name, changes.get(name, getattr(photo, name)))
    return forged


NO_RELEASES = {
    "a path as text": lambda _: ["photo.jpg"],
    "a path": lambda _: [Path("photo.jpg")],
    "raw bytes": lambda photo: [photo.data],
    "an open file": lambda photo: [io.BytesIO(photo.data)],
    "a verdict": lambda photo: [photo.verdict],
    "an empty shell": lambda _: [object.__new__(Released)],
    "something that looks like one": lambda photo: [
        SimpleNamespace(**{name: getattr(photo, name) for name in Released.__slots__})
    ],
    "a hand-made one with other bytes": lambda photo: [hollow(photo, data=photo.data + b"\0")],
    "a hand-made one for another channel's sake": lambda photo: [hollow(photo, seal="0" * 64)],
    "the bytes themselves": lambda photo: photo.data,
    "the path itself": lambda _: "photo.jpg",
    "a release without a list": lambda photo: photo,
    "none": lambda _: None,
    "a good one and a bad one": lambda photo: [photo, photo.data],
}


@pytest.mark.usefixtures("nothing_sent")
@pytest.mark.parametrize("made", NO_RELEASES.values(), ids=NO_RELEASES)
def test_only_a_release_is_taken(guarded, photos, make_poster, made):
    with pytest.raises((AuditFailed, WrongUsage)):
        make_poster(guarded).post("Sunflowers", made(photos["shown"]), **BY)


@pytest.mark.usefixtures("nothing_sent")
def test_there_is_no_second_release_to_be_had(guarded, photos, make_poster):
    photo = photos["shown"]
    ways = [lambda: pickle.loads(pickle.dumps(photo)), lambda: copy.copy(photo), lambda: copy.deepcopy(photo)]
    if sys.version_info >= (3, 13):
        ways.append(lambda: copy.replace(photo, data=b"other"))
    for way in ways:
        with pytest.raises(TypeError):
            make_poster(guarded).post("Sunflowers", [way()], **BY)


@pytest.mark.usefixtures("nothing_sent")
def test_a_release_of_another_state_is_refused(register, body_policy, tmp_path, photos, make_poster):
    other = Guard(register, body_policy, state=State.create(tmp_path / "other"))
    with pytest.raises(AuditFailed):
        make_poster(other).post("Sunflowers", [photos["shown"]], **BY)


@pytest.mark.usefixtures("nothing_sent")
def test_a_release_for_another_channel_is_refused(guarded, make_poster, photographs):
    letter = guarded.release(photographs["obama"], channel="newsletter", people=["P001"], by="the tests")
    with pytest.raises(Refused, match="released for channel newsletter"):
        make_poster(guarded).post("Sunflowers", [letter], **BY)


@pytest.mark.usefixtures("nothing_sent")
def test_what_a_guard_with_its_own_parts_made_is_refused(guarded, register, body_policy, make_poster):
    out = io.BytesIO()
    Image.fromarray(np.full((64, 96, 3), 200, np.uint8)).save(out, "JPEG")
    blind = Guard(register, body_policy, state=guarded.state, detector=FixedFaces())
    with pytest.raises(Refused, match="with its own detector:fixed@test"):
        make_poster(guarded).post("Sunflowers", [blind.release(out.getvalue())], **BY)


@pytest.mark.usefixtures("nothing_sent")
def test_a_register_that_changed_since_counts_without_a_new_poster(
    guarded, photos, make_x, patience, tmp_path, body_policy
):
    file = tmp_path / "register.csv"

    def open_guard() -> Guard:
        return Guard(Register.load(file), body_policy, state=guarded.state)

    poster = Poster(open_guard, make_x(), patience=patience)
    file.write_bytes(sample_with({"P001": {"social_media_withdrawn": "2026-11-01"}}))
    with pytest.raises(Refused, match="P001"):
        poster.post("Sunflowers", [photos["shown"]], **BY)


def test_what_changes_between_the_check_and_the_sending_changes_nothing(
    guarded, photos, make_poster, fake, monkeypatch
):
    """As a second thread may, that holds the same objects: photos, lists and descriptions."""
    forged, pictures, alts = hollow(photos["work"]), [], ["A table"]
    pictures.append(forged)
    judge = guarded.words.judge

    def judge_and_change(*arguments, **named):
        object.__setattr__(forged, "data", photos["table"].data)
        pictures[0], alts[0] = photos["shown"], "Amara Winterbourne"
        return judge(*arguments, **named)

    monkeypatch.setattr(guarded.words, "judge", judge_and_change)
    make_poster(guarded).post("Sunflowers", pictures, alts=alts, **BY)
    (post,) = fake.own_posts()
    assert [(fake.media[each]["data"], fake.media[each]["alt"]) for each in post["media"]] == [
        (photos["work"].data, "A table")
    ]


# -- the client underneath --------------------------------------------------------------------------------------------


def with_own_session(client, api, photo):
    client.session = requests.Session()
    return client.create_tweet(text="hello")


UNDERNEATH = {
    "create_tweet": lambda client, api, photo: client.create_tweet(text="hello"),
    "a quote": lambda client, api, photo: client.create_tweet(quote_tweet_id="17"),
    "retweet": lambda client, api, photo: client.retweet("17"),
    "delete_tweet": lambda client, api, photo: client.delete_tweet("17"),
    "a message": lambda client, api, photo: client.create_direct_message(participant_id="17", text="hello"),
    "request": lambda client, api, photo: client.request("POST", "/2/tweets", json={"text": "hello"}, user_auth=True),
    "request in small letters": lambda client, api, photo: client.request("post", "/2/tweets", json={}, user_auth=True),
    "upload by request": lambda client, api, photo: client.request(
        "POST", "/2/media/upload", json={"media": "aGVsbG8="}, user_auth=True
    ),
    "the session": lambda client, api, photo: client.session.post(
        "https://api.twitter.com/2/tweets", json={"text": "hello"}
    ),
    "the session, to another host": lambda client, api, photo: client.session.post("https://example.com/", data=photo),
    "the session, without TLS": lambda client, api, photo: client.session.get("http://api.twitter.com/2/users/me"),
    "a session of one's own": with_own_session,
    "media_upload": lambda client, api, photo: api.simple_upload("a.jpg", file=io.BytesIO(photo)),
    "a file by its path": lambda client, api, photo: api.simple_upload(__file__),
    "in pieces": lambda client, api, photo: api.chunked_upload("a.jpg", file=io.BytesIO(photo), file_type="image/jpeg"),
    "update_status": lambda client, api, photo: api.update_status("hello"),
    "update_status_with_media": lambda client, api, photo: api.update_status_with_media(
        "hello", "a.jpg", file=io.BytesIO(photo)
    ),
    "a profile picture": lambda client, api, photo: api.update_profile_image("a.jpg", file=io.BytesIO(photo)),
}  # fmt: skip


@pytest.mark.usefixtures("nothing_sent")
@pytest.mark.parametrize("way", UNDERNEATH.values(), ids=UNDERNEATH)
def test_the_client_underneath_is_refused(make_x, photos, way):
    x = make_x("v1.1")
    with pytest.raises(OutsidePoster) as caught:
        way(x._client, x._api, photos["shown"].data)
    assert caught.value.verdict.reasons == ("outside-poster",)


FORGED = {
    "raw bytes": lambda x, photo: x.upload(photo.data),
    "a release": lambda x, photo: x.upload(photo),
    "a body": lambda x, photo: x.post({"text": "hello"}),
    "a text": lambda x, photo: x.post("hello"),
    "what looks like a cleared post": lambda x, photo: x.post(
        SimpleNamespace(text="hello", media=(), replies_to="", row=1)
    ),
    "a retweet by its id": lambda x, photo: x.repost("17"),
}


@pytest.mark.usefixtures("nothing_sent")
@pytest.mark.parametrize("route", ["v2", "v1.1"])
@pytest.mark.parametrize("way", FORGED.values(), ids=FORGED)
def test_our_own_methods_beneath_the_poster_take_only_what_was_cleared(make_x, photos, way, route):
    with pytest.raises(OutsidePoster):
        way(make_x(route), photos["shown"])


def test_what_was_cleared_is_made_by_the_checks_alone(guarded, photos, make_poster, fake, monkeypatch):
    for kind, fields in ((ClearedPost, ("hello", (), "", 1)), (ClearedPhoto, (b"", "", "image/jpeg", ""))):
        with pytest.raises(TypeError, match="made by Poster alone"):
            kind(*fields, maker=None)
        with pytest.raises(TypeError):
            kind(*fields)  # type: ignore[call-arg]
    taken = []

    def post(x, cleared):
        taken.append(cleared)
        return "17"

    monkeypatch.setattr(X, "post", post)
    make_poster(guarded).post("Sunflowers", [photos["work"]], **BY)
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(taken[0], text="something else")


@pytest.mark.usefixtures("nothing_sent")
def test_there_is_no_way_to_send_a_call_of_ones_own(guarded, make_poster):
    """The account and its network offer a fixed list of changes; what sends anything else is private."""
    poster = make_poster(guarded)
    for thing in (poster, poster.account, poster.account.network):
        public = {name for name in dir(thing) if not name.startswith("_")}
        assert not public & {"change", "gate", "request", "send", "opened", "make_post", "desk", "x"}, thing
    for wrong in ("17/hidden", "../tweets", "", "17?x=1"):
        with pytest.raises(WrongUsage):
            poster.account.network.delete(wrong)


@pytest.mark.usefixtures("nothing_sent")
def test_what_sends_judges_by_itself_and_leaves_the_account_usable(guarded, photos, make_poster, fake):
    """`send` is beneath `Poster.thread`: called by itself it admits, judges words and hours, and begins no row."""
    poster, request = make_poster(guarded), PostingRequest.of("main", "Miriam Castlegate", {})
    for part in (
        Part("Sunflowers", [hollow(photos["shown"], data=photos["covered"].data)]),
        Part("Sunflowers", [photos["shown"].data]),
        Part("Well done Amara Winterbourne"),
    ):
        with pytest.raises((AuditFailed, Refused)):
            send(poster.account, [part], request)
    assert not [row for row in guarded.state.audit.entries() if row.kind == "post-begun"]


def test_a_poster_leaves_no_gate_open(guarded, photos, make_x, patience, fake):
    x = make_x()
    Poster(lambda: guarded, x, patience=patience).post("Sunflowers", [photos["shown"]], **BY)
    with pytest.raises(OutsidePoster):
        x._client.create_tweet(text="Sunflowers", media_ids=fake.own_posts()[0]["media"])
    assert fake.count("create") == 1


UPLOAD = {
    "v2": lambda x, data: x._client.request(
        "POST", UPLOADS["v2"], json={"media": base64.b64encode(data).decode()}, user_auth=True
    ),
    "v1.1": lambda x, data: x._api.simple_upload("photo.jpg", file=io.BytesIO(data)),
}


@pytest.mark.parametrize("route", UPLOAD)
def test_other_bytes_than_the_permitted_ones_do_not_leave(make_x, photos, fake, route):
    x = make_x(route)
    permit = RequestPermit("POST", UPLOADS[route], media=photos["shown"].sha256)
    for data in (photos["covered"].data, photos["shown"].data[:-1], b""):
        with pytest.raises((OutsidePoster, tweepy.TweepyException)), x._gate.opened(permit):
            UPLOAD[route](x, data)
    assert not fake.calls
    with x._gate.opened(permit):  # the control: these may
        UPLOAD[route](x, photos["shown"].data)
    assert fake.count("upload") == 1


def test_another_text_than_the_permitted_one_does_not_leave(make_x, fake):
    x = make_x()
    with pytest.raises(OutsidePoster), x._gate.opened(RequestPermit("POST", "/2/tweets", {"text": "fine"})):
        x._client.create_tweet(text="not fine")
    assert not fake.calls


def test_a_permit_is_good_for_one_request(make_x, fake):
    x = make_x()
    with pytest.raises(OutsidePoster), x._gate.opened(RequestPermit("POST", "/2/tweets", {"text": "fine"})):
        for _ in range(2):
            x._client.create_tweet(text="fine")
    assert fake.count("create") == 1


def test_a_client_is_guarded_once(tweepy_client, make_x):
    X(tweepy_client)
    with pytest.raises(WrongUsage, match="guarded already"):
        X(tweepy_client)


def test_a_client_of_the_programs_own_becomes_a_guarded_one(tweepy_client, guarded, patience, fake):
    tweepy_client.session.mount("https://api.twitter.com", ToFake(fake))  # an adapter for one host goes no way round
    Poster(lambda: guarded, X(tweepy_client), patience=patience).post("Hello", **BY)
    with pytest.raises(OutsidePoster):
        tweepy_client.create_tweet(text="Hello again")
    assert [post["text"] for post in fake.own_posts()] == ["Hello"]


@pytest.mark.parametrize("missing", ["consumer_key", "consumer_secret", "access_token", "access_token_secret"])
def test_a_client_without_user_keys_is_refused(tweepy_client, missing):
    setattr(tweepy_client, missing, None)
    with pytest.raises(WrongUsage, match="all four"):
        X(tweepy_client)


def test_nothing_of_a_refusal_is_a_release(make_x):
    with pytest.raises(Refused) as caught:
        make_x()._client.create_tweet(text="Amara Winterbourne")
    assert "Amara" not in str(caught.value)
    assert "Amara" not in json.dumps(caught.value.verdict.as_json())
