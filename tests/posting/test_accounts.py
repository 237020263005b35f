"""Followers, followed, replies, the wall: proposed, done by a named person, recorded without words or handles."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from fake_x import Fault
from fakes import sample_with

from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Register
from consentguard.errors import PolicyInvalid
from consentguard.guard.guard import Guard
from consentguard.posting import follows, moderation, wall
from consentguard.posting.actions import AccountAction, carry_out
from consentguard.posting.network import Account

BY = {"channel": "main", "by": "Miriam Castlegate"}

APPROVED = """handle,kind,approved_by,approved_on,reason
@LocalGazette,media,Miriam Castlegate,2026-09-14,our news
NearbySchool,education,Miriam Castlegate,2026-09-14,joint sports day
"""
STAFF = "handle,person\n@Miriam_at_home,T001\n"


@pytest.fixture
def lists(tmp_path):
    (tmp_path / "approved.csv").write_text(APPROVED, encoding="utf-8")
    (tmp_path / "staff.csv").write_text(STAFF, encoding="utf-8")
    return follows.read_approved(tmp_path / "approved.csv"), follows.read_declared(tmp_path / "staff.csv")


def people(*handles: str) -> tuple[Account, ...]:
    return tuple(Account(str(number), handle) for number, handle in enumerate(handles, 100))


# -- follow rules -----------------------------------------------------------------------------------------------------


def test_only_approved_accounts_and_the_schools_own_are_followed(lists):
    following = people("localgazette", "RackhamClass4", "a_celebrity", "miriam_AT_home")
    approved, staff = lists
    actions = follows.judge_following(following, approved, staff, ["@RackhamClass4", ""])
    assert [(action.what, action.account) for action in actions] == [
        ("unfollow", "102"),
        ("unfollow", "103"),
        ("follow", ""),
    ]
    assert "T001" in actions[1].why
    assert actions[2].link == "https://x.com/NearbySchool"


def test_personal_accounts_of_staff_are_kept_from_following(lists):
    (action,) = follows.judge_followers(people("a_parent", "Miriam_At_Home", "RackhamClass4"), lists[1])
    assert (action.what, action.account, "T001" in action.why) == ("block", "101", True)


BROKEN = {
    "another heading": "handle,kind\n",
    "no reason": APPROVED.replace("our news", ""),
    "a strange kind": APPROVED.replace("media", "celebrity"),
    "a strange day": APPROVED.replace("2026-09-14,our", "14/09/2026,our"),
    "twice": APPROVED + "localgazette,media,Miriam Castlegate,2026-09-14,again\n",
    "a cell too many": APPROVED.replace("our news", "our news,and more"),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_list_with_a_mistake_is_not_used(tmp_path, text):
    (tmp_path / "approved.csv").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyInvalid):
        follows.read_approved(tmp_path / "approved.csv")
    with pytest.raises(PolicyInvalid):
        follows.read_approved(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("what", "fault", "outcome"),
    [
        ("unfollow", None, "done"),
        ("mute", None, "done"),
        ("block", None, "for a person"),
        ("follow", None, "for a person"),
        ("report", None, "for a person"),
        ("unfollow", Fault(403, {"detail": "not in your access level"}), "for a person"),
        ("unfollow", Fault(400, {}), "failed"),
    ],
)
def test_what_x_lets_a_program_do_is_done_and_the_rest_is_for_a_person(
    guarded, make_poster, fake, what, fault, outcome
):
    if fault:
        fake.always[what] = fault
    account = make_poster(guarded).account
    done = carry_out(account, guarded.state, AccountAction(what, "9001", "because", "https://x.com/a_stranger"), "Head")
    assert done.outcome == outcome
    assert bool(done.why) == (outcome != "done")
    row = list(guarded.state.audit.entries())[-1]
    assert row.body == {"what": what, "account": "9001", "post": "", "by": "Head", "outcome": outcome}


def test_every_page_of_followers_is_read(guarded, make_poster, fake):
    fake.accounts |= {str(number): f"parent{number}" for number in range(2000, 2025)}
    fake.follows |= {(str(number), "1001") for number in range(2000, 2025)}
    fake.page = 10
    assert len(list(make_poster(guarded).account.network.followers())) == 25
    assert fake.count("followers") == 3


# -- replies ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def thread(guarded, make_poster, fake) -> dict[str, str]:
    """A post of ours, and what others say to it."""
    ours = make_poster(guarded).post("Our sunflowers", **BY).id
    theirs = fake.add_post("9000", "My own news")
    return {
        "kind": fake.add_post("9000", "@RackhamPrimary how lovely!", replies_to=ours),
        "rude": fake.add_post("9001", "@RackhamPrimary what a bunch of wankers", replies_to=ours),
        "names": fake.add_post("9001", "Well done Amara Winterbourne", replies_to=ours),
        "elsewhere": fake.add_post("9001", "@RackhamPrimary wankers", replies_to=theirs),
    }


def found(guard, poster) -> dict[str, moderation.Incident]:
    return {incident.post.id: incident for incident in moderation.judge(guard, poster.account).incidents}


def test_replies_that_break_the_rules_are_proposed_and_nothing_is_done(guarded, make_poster, fake, thread):
    incidents = found(guarded, make_poster(guarded))
    assert set(incidents) == {thread["rude"], thread["names"], thread["elsewhere"]}
    assert [action.what for action in incidents[thread["rude"]].actions] == ["hide", "mute", "report", "block"]
    assert [action.what for action in incidents[thread["elsewhere"]].actions] == ["mute", "report", "block"]
    assert incidents[thread["names"]].serious
    assert not incidents[thread["rude"]].serious
    assert not fake.hidden
    assert not fake.muted
    assert moderation.record(guarded.state) == []


def test_a_named_person_decides_and_the_record_holds_ids_only(guarded, make_poster, fake, thread):
    poster = make_poster(guarded)
    moderation.act(guarded, poster.account, found(guarded, poster)[thread["names"]], "Miriam Castlegate")
    assert fake.hidden == {thread["names"]}
    assert fake.muted == {"9001"}
    (row,) = moderation.record(guarded.state)
    assert (row["post"], row["author"], row["serious"], row["by"]) == (
        thread["names"],
        "9001",
        True,
        "Miriam Castlegate",
    )
    assert row["actions"] == [
        {"what": "hide", "outcome": "done"},
        {"what": "mute", "outcome": "done"},
        {"what": "report", "outcome": "for a person"},
    ]
    assert "Winterbourne" not in json.dumps(row)
    assert thread["names"] not in found(guarded, poster)


def test_what_failed_is_proposed_again(guarded, make_poster, fake, thread):
    poster = make_poster(guarded)
    fake.always["hide"] = Fault(400, {})
    moderation.act(guarded, poster.account, found(guarded, poster)[thread["rude"]], "Miriam Castlegate")
    assert thread["rude"] in found(guarded, poster)


def test_what_policy_had_hidden_still_waits_for_a_person(guarded, make_poster, fake, thread):
    poster = make_poster(guarded)
    incident = found(guarded, poster)[thread["rude"]]
    moderation.act(guarded, poster.account, incident, moderation.BY_POLICY, only="hide")
    assert fake.hidden == {thread["rude"]}
    assert not fake.muted
    assert found(guarded, poster)[thread["rude"]].hidden


# -- the wall ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def school(guarded, register, body_policy_text) -> Guard:
    named = body_policy_text.replace(b'class = "4"', b'class = "4"\naccount = "@RackhamClass4"')
    return Guard(register, Policy.parse(named, "named.toml"), state=guarded.state)


def test_the_wall_lists_what_may_be_shown_on_the_website_too(school, make_poster, fake, photographs):
    main, class4 = make_poster(school), make_poster(school, account="1004")
    released = school.release(photographs["obama"], channel="class4", people=["P001"], by="the tests")
    pictured = class4.post("Class 4 & <paint>", [released], channel="class4", by="Class teacher").id
    plain = class4.post("Not retweeted", channel="class4", by="Class teacher").id
    main.retweet(pictured, **BY)
    own, gone, changed = (main.post(text, **BY).id for text in ("Our news", "Taken down", "Changed since"))
    main.take_down(gone, **BY)
    fake.posts[changed]["text"] = "Well done Amara Winterbourne"
    made = wall.build(school, main.account, channel="main", site="website")
    assert {entry.id for entry in made.entries} == {pictured, own}
    assert {post for post, _ in made.withheld} == {gone, changed}
    assert plain not in {entry.id for entry in made.entries}
    links = {f"https://x.com/RackhamClass4/status/{pictured}", f"https://x.com/RackhamPrimary/status/{own}"}
    feed = json.loads(wall.as_json(made.entries, "Rackham"))
    assert {item["url"] for item in feed["items"]} == links
    assert {item["content_text"] for item in feed["items"]} == {"Class 4 & <paint>", "Our news"}
    rss = ET.fromstring(wall.as_rss(made.entries, "Rackham", "https://x.com/RackhamPrimary"))
    assert {item.findtext("link") for item in rss.iter("item")} == links

    # A consent for social media is none for the website.
    less = Register.parse(sample_with({"P001": {"website_withdrawn": "2026-11-01"}}), "less")
    fewer = wall.build(Guard(less, school.policy, state=school.state), main.account, channel="main", site="website")
    assert {entry.id for entry in fewer.entries} == {own}
    assert (pictured, "P001 may not be shown on website") in fewer.withheld
