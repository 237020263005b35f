"""A released photo reaches X whole, once, byte for byte, and with its record: real tweepy, every signature verified."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fake_x import Fault
from PIL import Image

from consentguard.consent.alt import proposed
from consentguard.consent.record.post_journal import Journal
from consentguard.consent.record.state import State
from consentguard.errors import AuditFailed, Refused, WrongUsage
from consentguard.guard.guard import Guard
from consentguard.posting import Part, Poster, PostingFailed
from consentguard.posting.errors import PartlyPosted, SaidBefore, Unconfirmed
from consentguard.values import Box, Mode, Rewrite
from consentguard.vision.detection.detector import DETECTORS
from consentguard.vision.imagefile import codec

BY = {"channel": "main", "by": "Miriam Castlegate"}


def kinds(guard: Guard) -> list[str]:
    wanted = ("post-begun", "post-confirmed", "post-dropped", "taken-down")
    return [row.kind.removeprefix("post-") for row in guard.state.audit.entries() if row.kind in wanted]


# -- what arrives -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["v2", "v1.1"])
def test_the_bytes_at_x_are_the_released_ones(guarded, photos, make_poster, fake, route):
    posted = make_poster(guarded, upload=route).post("Our sunflowers", [photos["shown"], photos["covered"]], **BY)
    (post,) = fake.own_posts()
    assert (posted.id, post["text"], posted.already) == (post["id"], "Our sunflowers", False)
    assert [fake.media[each]["data"] for each in post["media"]] == [photos["shown"].data, photos["covered"].data]
    assert fake.unsigned == 0


def test_what_arrives_has_no_metadata_and_no_unapproved_face(guarded, photos, make_poster, fake, detector, photographs):
    make_poster(guarded).post("Visitors", [photos["covered"]], **BY)
    (held,) = fake.media.values()
    with Image.open(io.BytesIO(held["data"])) as picture:
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    limits: dict[str, Any] = {"max_edge": 2048, "max_pixels": 80_000_000}
    (before,) = detector.find(codec.decode(photographs["biden"], **limits).pixels)
    # Folded arms pass for a face that lies on its side once no other is there; nothing is seen where the face was.
    after = detector.find(codec.decode(held["data"], **limits).pixels)
    assert all(face.box.iou(before.box) == 0 for face in after)


def test_beside_a_consented_face_the_unapproved_one_does_not_arrive(
    register, body_policy, tmp_path, photographs, model_store, make_poster, fake
):
    """The whole way: enrolled and recognised, released, posted; looked at again as it arrived."""
    rules = dataclasses.replace(body_policy, modes=tuple(Mode), dpia="DPIA-2026-1")
    guard = Guard(register, rules, state=State.create(tmp_path / "matched"))
    for name in ("obama", "obama3"):
        (tmp_path / "references" / "P001").mkdir(parents=True, exist_ok=True)
        (tmp_path / "references" / "P001" / f"{name}.jpg").write_bytes(photographs[name])
    assert guard.enrol(tmp_path / "references").refused == ()
    limits: dict[str, Any] = {"max_edge": 1000, "max_pixels": 10**9}
    known, stranger = (codec.decode(photographs[name], **limits).pixels for name in ("obama2", "biden"))
    height = min(len(known), len(stranger))
    pair = codec.encode_jpeg(np.concatenate([known[:height], stranger[:height]], axis=1), 92)
    released = guard.release(pair, mode="matched", by="the tests", caption="Amara and a visitor")
    make_poster(guard).post("Amara and a visitor", [released], alts=["Two people at desks"], **BY)
    (held,) = fake.media.values()
    assert held["data"] == released.data
    assert released.grounds.people == ("P001",)
    arrived = codec.decode(held["data"], max_edge=2048, max_pixels=10**9).pixels
    edge = arrived.shape[1] * known.shape[1] / (known.shape[1] + stranger.shape[1])
    before = codec.decode(pair, max_edge=2048, max_pixels=10**9).pixels
    finder = DETECTORS["centerface"](model_store)
    assert [face for face in finder.find(before) if face.box.left > edge]  # the control
    assert [face for face in finder.find(arrived) if face.box.left < edge]  # the consented one is there
    assert not [face for face in finder.find(arrived) if face.box.left > edge]


def test_the_record_comes_before_and_after_with_ids_and_without_words(guarded, photos, make_poster, fake):
    posted = make_poster(guarded).post("Well done Amara", [photos["shown"]], alts=["Amara at her desk"], **BY)
    before, ledger, after = list(guarded.state.audit.entries())[-3:]
    assert (before.kind, ledger.kind, after.kind) == ("post-begun", "posted", "post-confirmed")
    assert ledger.body == {"sha256": photos["shown"].sha256, "channel": "main", "post": posted.id, "by": BY["by"]}
    assert before.body["people"] == ["P001"]
    assert before.body["photos"] == [photos["shown"].sha256]
    assert before.body["releases"] == [photos["shown"].grounds.audit_seq]
    assert before.body["by"] == "Miriam Castlegate"
    assert (after.body["begun"], after.body["post"]) == (before.seq, posted.id)
    assert "Amara" not in json.dumps([before.body, after.body])
    assert guarded.state.audit.verify()


def test_a_text_alone_may_go(guarded, make_poster, fake):
    make_poster(guarded).post("School is closed today because of the snow", **BY)
    assert [post["media"] for post in fake.own_posts()] == [()]


def test_what_cannot_be_recorded_is_not_sent(guarded, photos, make_poster, fake):
    with closing(sqlite3.connect(guarded.state.audit.path)) as disk:
        disk.execute("CREATE TRIGGER full BEFORE INSERT ON trail BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    with pytest.raises(AuditFailed, match="disk is full"):
        make_poster(guarded).post("Hello", **BY)
    assert fake.count("create") == 0


# -- descriptions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["v2", "v1.1"])
def test_a_photo_without_a_description_gets_the_proposal(guarded, photos, make_poster, fake, route):
    poster = make_poster(guarded, upload=route)
    poster.post("Two photos", [photos["shown"], photos["covered"]], alts=["", "Our  visitor\nspeaks"], **BY)
    assert [media["alt"] for media in fake.media.values()] == ["A photo of one pupil.", "Our visitor speaks"]


def test_the_proposal_says_what_is_covered_and_names_nobody(guarded, photos, make_poster, fake):
    make_poster(guarded).post("A visitor", [photos["covered"]], **BY)
    assert [media["alt"] for media in fake.media.values()] == ["A photo of school life; one head is covered."]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        pytest.param(None, "one person was removed from it", id="somebody whose head was in the picture"),
        pytest.param(Box(0, 0, 2, 2), "people were removed from it", id="bodies whose heads lie outside of the frame"),
    ],
)
def test_the_proposal_of_a_silhouette_says_that_people_were_removed(photos, register, frame, said):
    photo = photos["covered"]
    verdict = dataclasses.replace(photo.verdict, rewrite=Rewrite.SILHOUETTE, frame=frame or photo.verdict.frame)
    drawn: Any = SimpleNamespace(verdict=verdict, grounds=photo.grounds)
    assert proposed(drawn, register) == f"A photo of school life; {said}."


def test_policy_may_want_a_person_to_describe(desk_with, photos, make_poster, fake):
    guard, released = desk_with(b'alt_text = "written"')
    with pytest.raises(Refused, match=r"write one\. A start: A photo of one pupil\.") as caught:
        make_poster(guard).post("Sunflowers", [released], **BY)
    assert caught.value.verdict.reasons == ("alt-text-missing",)
    assert not fake.calls
    make_poster(guard).post("Sunflowers", [released], alts=["A sunflower on a table"], **BY)
    assert [media["alt"] for media in fake.media.values()] == ["A sunflower on a table"]


# -- once -------------------------------------------------------------------------------------------------------------


def test_the_same_post_again_sends_nothing(guarded, photos, make_poster, fake):
    first = make_poster(guarded).post("Sunflowers", [photos["shown"]], **BY)
    again = make_poster(guarded).post(" Sunflowers ", [photos["shown"]], **BY)
    assert (again.id, again.already, fake.count("create"), fake.count("upload")) == (first.id, True, 1, 1)


def test_another_text_photo_or_description_is_another_post(guarded, photos, make_poster, fake):
    poster = make_poster(guarded)
    poster.post("Sunflowers", [photos["shown"]], **BY)
    poster.post("Sunflowers!", [photos["shown"]], **BY)
    poster.post("Sunflowers", [photos["covered"]], **BY)
    poster.post("Sunflowers", [photos["shown"]], alts=["A pupil paints"], **BY)
    assert fake.count("create") == 4


def test_a_crash_after_sending_is_settled_at_the_next_start(guarded, photos, make_poster, fake, monkeypatch):
    poster = make_poster(guarded)
    with monkeypatch.context() as crash:
        crash.setattr(Journal, "confirm", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            poster.post("Sunflowers", [photos["shown"]], **BY)
    assert kinds(guarded) == ["begun"]
    again = make_poster(guarded).post("Sunflowers", [photos["shown"]], **BY)
    assert again.already
    assert (len(fake.own_posts()), kinds(guarded)) == (1, ["begun", "confirmed"])


def test_a_retry_over_midnight_is_the_same_post(guarded, make_poster, fake, waiting):
    closed = {**BY, "urgent": "Closed for snow"}
    waiting.start = datetime(2026, 11, 25, 23, 59, 50, tzinfo=UTC).timestamp()
    first = make_poster(guarded).post("Closed tomorrow", **closed)
    waiting.sleep(60)
    assert make_poster(guarded).post("Closed tomorrow", **closed).id == first.id
    waiting.sleep(3600)
    with pytest.raises(SaidBefore):  # sent anew, and X has its own view of repetitions
        make_poster(guarded).post("Closed tomorrow", **closed)
    assert fake.count("create") == 2


@pytest.mark.parametrize("text", ["Cafe\u0301 is open", "One\r\ntwo"])
def test_a_text_that_x_keeps_in_another_form_is_found_all_the_same(guarded, make_poster, fake, text):
    fake.faults["create"].append(Fault(kind="drop", effect=True))
    posted = make_poster(guarded).post(text, **BY)
    assert [post["id"] for post in fake.own_posts()] == [posted.id]
    assert kinds(guarded) == ["begun", "confirmed"]


def test_a_crash_before_sending_waits_until_x_would_show_it(guarded, make_poster, fake, monkeypatch, waiting):
    poster = make_poster(guarded)
    with monkeypatch.context() as crash:
        crash.setattr("consentguard.posting.x.client.X.post", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            poster.post("Snow today", **BY)
    for _ in range(5):
        with pytest.raises(Unconfirmed, match="not sent again"):
            make_poster(guarded).post("Snow today", **BY)
        waiting.sleep(300)
    waiting.sleep(300)
    make_poster(guarded).post("Snow today", **BY)
    assert (len(fake.own_posts()), kinds(guarded)) == (1, ["begun", "dropped", "begun", "confirmed"])


def test_reconcile_settles_everything_that_is_open(guarded, photos, make_poster, fake, monkeypatch):
    with monkeypatch.context() as crash:
        crash.setattr(Journal, "confirm", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        for text in ("One & two < three", "See https://rackham.example/news?a=1&b=2 now"):
            with pytest.raises(KeyboardInterrupt):
                make_poster(guarded).post(text, **BY)
    found = make_poster(guarded).reconcile()
    assert [each.id for each in found] == [post["id"] for post in fake.own_posts()]
    assert Journal(guarded.state).open() == []


def test_an_open_doubt_about_one_post_does_not_stop_another(guarded, make_poster, fake, monkeypatch, caplog):
    with monkeypatch.context() as crash:
        crash.setattr("consentguard.posting.x.client.X.post", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make_poster(guarded).post("Snow today", **BY)
    with caplog.at_level(logging.WARNING):
        make_poster(guarded).post("Something else", **BY)
    assert "still unsettled" in caplog.text
    assert [post["text"] for post in fake.own_posts()] == ["Something else"]


# -- threads ----------------------------------------------------------------------------------------------------------


def test_a_thread_answers_itself(guarded, photos, make_poster, fake):
    parts = [Part("One", [photos["shown"]]), Part("Two"), Part("Three", [photos["covered"]])]
    posts = make_poster(guarded).thread(parts, **BY)
    assert [post["reply"] for post in fake.own_posts()] == ["", posts[0].id, posts[1].id]
    assert [post["text"] for post in fake.own_posts()] == ["One", "Two", "Three"]


def test_the_same_thread_again_sends_nothing(guarded, make_poster, fake):
    parts = [Part("One"), Part("Two")]
    first = make_poster(guarded).thread(parts, **BY)
    again = make_poster(guarded).thread(parts, **BY)
    assert [each.id for each in again] == [each.id for each in first]
    assert fake.count("create") == 2


def test_a_thread_that_fails_later_is_taken_back(guarded, make_poster, fake, faults):
    fake.faults["create"].extend([faults.none, faults.none, faults.forbidden])
    with pytest.raises(PostingFailed, match="403"):
        make_poster(guarded).thread([Part("One"), Part("Two"), Part("Three")], **BY)
    assert fake.own_posts() == []
    assert kinds(guarded) == ["begun", "confirmed"] * 2 + ["begun", "dropped"] + ["taken-down"] * 2
    make_poster(guarded).thread([Part("One"), Part("Two"), Part("Three")], **BY)
    assert len(fake.own_posts()) == 3


def test_a_thread_that_cannot_be_taken_back_says_what_stands(guarded, make_poster, fake, faults):
    fake.faults["create"].extend([faults.none, faults.forbidden])
    fake.always["delete"] = faults.forbidden
    with pytest.raises(PartlyPosted, match="Delete by hand") as caught:
        make_poster(guarded).thread([Part("One"), Part("Two")], **BY)
    assert list(caught.value.posts) == [post["id"] for post in fake.own_posts()]


def test_one_unfit_part_keeps_the_whole_thread_from_going(guarded, photos, make_poster, fake):
    with pytest.raises(WrongUsage, match="weighs"):
        make_poster(guarded).thread([Part("One"), Part("x" * 281)], **BY)
    assert not fake.calls


# -- whose account, and what X takes ----------------------------------------------------------------------------------


def test_the_keys_of_another_account_are_refused(guarded, photos, make_poster, fake):
    with pytest.raises(Refused, match="@RackhamClass4") as caught:
        make_poster(guarded, account="1004").post("Sunflowers", [photos["shown"]], **BY)
    assert caught.value.verdict.reasons == ("wrong-account",)
    assert {call.name for call in fake.calls} == {"me"}


WRONG = {
    "nothing": ({"text": "  "}, "needs a text or a photo"),
    "too long": ({"text": "x" * 281}, "weighs 281"),
    "too long for its emoji": ({"text": "\N{SUNFLOWER}" * 141}, "weighs 282"),
    "nobody": ({"text": "a", "by": " "}, "by must be the name of a person"),
    "no such channel": ({"text": "a", "channel": "mian"}, "choose one of"),
    "a channel without an account": ({"text": "a", "channel": "newsletter"}, "names no account"),
    "a description too many": ({"text": "a", "alts": ["b"]}, "1 descriptions for 0"),
}


@pytest.mark.parametrize(("asked", "message"), WRONG.values(), ids=WRONG)
def test_what_x_would_not_take_is_said_before_anything_is_sent(guarded, make_poster, fake, asked, message):
    with pytest.raises(WrongUsage, match=message):
        make_poster(guarded).post(**{**BY, **asked})
    assert not fake.calls


def test_five_photos_are_one_too_many(guarded, photos, make_poster, fake):
    with pytest.raises(WrongUsage, match="X takes 4"):
        make_poster(guarded).post("Five", [photos["shown"]] * 5, **BY)
    make_poster(guarded).post("Four", [photos["shown"]] * 4, **BY)
    assert [len(post["media"]) for post in fake.own_posts()] == [4]


@pytest.mark.parametrize("text", ["x" * 280, "https://rackham.example/" + "y" * 200 + " " + "x" * 256, "\u2014" * 140])
def test_a_text_that_just_fits_goes(guarded, make_poster, fake, text):
    make_poster(guarded).post(text, **BY)
    assert fake.own_posts()[0]["text"] == text


def test_a_poster_from_files_needs_its_keys(tmp_path, monkeypatch, register):
    for name in ("API_KEY", "API_SECRET", "ACCESS_TOKEN", "ACCESS_SECRET"):
        monkeypatch.delenv(f"CONSENTGUARD_X_{name}", raising=False)
    monkeypatch.setenv("CONSENTGUARD_X_API_KEY", "only one")
    state = State.create(tmp_path / "state")
    with pytest.raises(WrongUsage, match="CONSENTGUARD_X_API_SECRET, CONSENTGUARD_X_ACCESS_TOKEN"):
        Poster.open(register.file, state=state.directory)
