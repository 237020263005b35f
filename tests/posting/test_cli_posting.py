"""The real command line in a child, to the fake X through TLS and a CONNECT proxy: what is tested is what runs."""

from __future__ import annotations

import io
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from fake_x import KEYS, SECRETS, FakeX, Fault
from fake_x_wire import HOSTS, proxied
from fakes import SAMPLE_FILE, sample_with
from PIL import Image

from consentguard.consent.record.ledger import Ledger
from consentguard.consent.record.state import State
from consentguard.vision.imagefile import codec

BY = ("--by", "Miriam Castlegate")


@dataclass
class Desk:
    """A folder with a state, photos and papers; the command line runs in it with keys and a way to the fake."""

    folder: Path
    proxy: str
    fake: FakeX
    asked: list[str]
    account: str = "1001"

    def run(self, *arguments: str, says: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "consentguard", *arguments, says=says, **environment)

    def python(self, *arguments: str, says: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        token = KEYS["access_token"].replace("1001", self.account)
        names = {f"CONSENTGUARD_X_{name.upper()}": value for name, value in {**KEYS, "access_token": token}.items()}
        ours = {
            **names,
            "CONSENTGUARD_STATE": str(self.folder / "state"),
            "HTTPS_PROXY": self.proxy,
            "REQUESTS_CA_BUNDLE": str(self.folder / "ca.pem"),
        }
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **ours, **environment},
            input=says,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert all(secret not in done.stdout + done.stderr for secret in SECRETS)
        return done

    @property
    def ledger(self) -> Ledger:
        return Ledger(State.open(self.folder / "state"))


@pytest.fixture(scope="module")
def service() -> Iterator[FakeX]:
    fake = FakeX()
    yield fake
    fake.close()


@pytest.fixture(scope="module")
def desk(service, tmp_path_factory, photographs, body_policy_text) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("office")
    (folder / "consent_register.csv").write_bytes(SAMPLE_FILE.read_bytes())
    (folder / "later.csv").write_bytes(sample_with({"P001": {"social_media_withdrawn": "2026-11-01"}}))
    for name, photo in (("shown", "obama"), ("visitor", "biden")):  # small, for children look anew at each
        pixels = codec.decode(photographs[photo], max_edge=600, max_pixels=10**9).pixels
        (folder / f"{name}.jpg").write_bytes(codec.encode_jpeg(pixels, 90))
    named = body_policy_text.replace(b'class = "4"', b'class = "4"\naccount = "@RackhamClass4"')
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    with proxied(service, context) as (proxy, asked):
        made = Desk(folder, proxy, service, asked)
        assert made.run("init").returncode == 0
        (folder / "state" / "policy.toml").write_bytes(named)
        yield made


def test_a_photo_goes_from_a_file_to_x_and_nothing_but_x_is_asked(desk, service):
    (desk.folder / "phone.jpg").write_bytes((desk.folder / "shown.jpg").read_bytes())
    photos = ("--photo", "phone.jpg", "--people", "P001", "--photo", "visitor.jpg", "--people", "T001", "--alt",
              "A visitor speaks")  # fmt: skip
    post = ("post", "--text", "Sunflowers", *photos, *BY, "--json")
    done = desk.run(*post)
    assert done.returncode == 0, done.stderr
    posted = json.loads(done.stdout)
    held = [service.media[each] for each in service.posts[posted["id"]]["media"]]
    assert [media["alt"] for media in held] == ["A photo of one pupil.", "A visitor speaks"]
    for media in held:
        with Image.open(io.BytesIO(media["data"])) as picture:
            assert not picture.getexif()
    assert set(desk.asked) <= HOSTS
    assert {release.sha256 for release in desk.ledger.post(posted["id"]).releases} == set(posted["photos"])
    again = json.loads(desk.run(*post).stdout)
    assert (again["id"], again["already"], service.count("create")) == (posted["id"], True, 1)


def test_a_thread_a_dry_run_and_an_original_that_is_deleted(desk, service):
    (desk.folder / "phone.jpg").write_bytes((desk.folder / "shown.jpg").read_bytes())
    asked = ("post", "--photo", "phone.jpg", "--people", "P001", "--text", "Day one", "--text", "Day two", *BY,
             "--taken-for-sharing")  # fmt: skip
    before = service.count("create")
    dry = desk.run(*asked, "--dry-run")
    assert (dry.returncode, service.count("create")) == (0, before), dry.stderr
    assert "described as: A photo of one pupil." in dry.stdout
    assert "phone.jpg: 1 face stays visible, with the consent of P001\n" in dry.stdout
    assert (desk.folder / "phone.jpg").exists()
    done = desk.run(*asked)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("posted: https://x.com/i/status/") == 2
    assert not (desk.folder / "phone.jpg").exists()


def test_a_tagged_face_stays_by_its_own_consent(desk, service):
    policy = desk.folder / "state" / "policy.toml"
    text = policy.read_bytes()
    if b'"tagged"' not in text:
        policy.write_bytes(text.replace(b'modes = ["off", "declared"', b'modes = ["off", "declared", "tagged"'))
    try:
        seen = desk.run("inspect", "shown.jpg", "--out", "seen.png")
        assert seen.returncode == 0, seen.stderr
        dry = desk.run("post", "--text", "Tagged", "--photo", "shown.jpg", "--tag", "1=P001", *BY, "--dry-run")
    finally:
        policy.write_bytes(text)
    assert dry.returncode == 0, dry.stderr
    assert "shown.jpg: 1 face stays visible, with the consent of P001" in dry.stdout


REFUSED = {
    "a surname": (("--text", "Well done Amara Winterbourne"), 1, "a pupil's surname is written"),
    "nobody's name": (("--text", "Hello", "--by", ""), 2, "by must be the name of a person"),
    "nothing": ((), 2, "there is nothing to post"),
    "a description of nothing": (("--alt", "x"), 2, "describes the --photo before it"),
    "people of nothing": (("--text", "a", "--people", "P001", "--photo", "shown.jpg"), 2, "the --photo before it"),
    "one list over two photos": (
        ("--text", "a", "--photo", "visitor.jpg", "--photo", "shown.jpg", "--people", "P001"),
        2,
        "  consentguard post --text a --photo visitor.jpg --people ID,ID --photo shown.jpg --people P001",
    ),
    "one list over two parts": (
        ("--photo", "shown.jpg", "--people", "P001", "--text", "a", "--text", "b", "--photo", "visitor.jpg"),
        2,
        "visitor.jpg has none of its own",
    ),
    "a tag of nothing": (("--text", "a", "--tag", "1=P001", "--photo", "shown.jpg"), 2, "the --photo before it"),
    "a tag on one of two": (
        ("--photo", "visitor.jpg", "--photo", "shown.jpg", "--tag", "1=P001", "--text", "a"),
        2,
        "--photo visitor.jpg --people ID,ID --photo shown.jpg --tag 1=P001",
    ),
    "a tag that says nothing": (("--photo", "shown.jpg", "--tag", "1"), 2, "is not N=ID, N=hide or N=nobody"),
    "people, and all hidden": (("--photo", "shown.jpg", "--people", "P001", "--hide-all"), 2, "contradict"),
    "no such file": (("--photo", "none.jpg"), 3, "none.jpg"),
    "a channel without an account": (("--text", "Hello", "--channel", "class1"), 2, "names no account"),
    "another's account": (("--text", "Hello", "--channel", "class4"), 1, "@RackhamPrimary's"),
}


@pytest.mark.parametrize(("options", "code", "says"), REFUSED.values(), ids=REFUSED)
def test_what_may_not_go_is_said_with_its_exit_code(desk, service, options, code, says):
    before = service.count("create")
    done = desk.run("post", *BY, *options)
    assert (done.returncode, service.count("create")) == (code, before), done.stderr
    assert says in done.stderr


def test_keys_that_are_missing_are_named(desk):
    done = desk.run("post", "--text", "Hello", *BY, CONSENTGUARD_X_ACCESS_SECRET="")
    assert done.returncode == 2
    assert "CONSENTGUARD_X_ACCESS_SECRET missing in the environment" in done.stderr


def test_a_class_post_is_retweeted_by_its_link_and_a_strangers_is_not(desk, service):
    desk.account = "1004"
    post = desk.run("post", "--text", "Class 4", "--photo", "shown.jpg", "--people", "P001", "--channel", "class4",
                    *BY)  # fmt: skip
    desk.account = "1001"
    assert post.returncode == 0, post.stderr
    link = post.stdout.split()[-1]
    stranger = service.add_post("9001", "Hello")
    done = desk.run("retweet", link, stranger, *BY)
    assert done.returncode == 1
    assert "not in the release ledger" in done.stderr
    assert service.retweets == [("1001", link.rpartition("/")[2])]


def test_a_takedown_lists_asks_and_deletes(desk, service):
    posts = {post.id for post in desk.ledger.posts_of("P001")}
    assert len(posts) == 3
    assert posts <= set(service.posts)
    listed = desk.run("takedown", "--register", "later.csv")
    assert (listed.returncode, posts <= set(service.posts)) == (1, True)
    unnamed = desk.run("takedown", "P001", "--apply")
    assert (unnamed.returncode, "--by NAME" in unnamed.stderr) == (2, True)
    no = desk.run("takedown", "P001", "--apply", *BY, says="n\n")
    assert (no.returncode, posts <= set(service.posts)) == (2, True)
    some = desk.run("takedown", "P001", "--apply", *BY, says="y\n")
    assert some.returncode == 3
    assert "on class4 is still up" in some.stderr  # with the keys of the main account
    desk.account = "1004"
    rest = desk.run("takedown", "P001", "--apply", "--yes", *BY)
    desk.account = "1001"
    assert rest.returncode == 0, rest.stderr
    assert not posts & set(service.posts)
    assert all(post.taken_down for post in desk.ledger.posts_of("P001"))
    assert service.retweets == []


def test_the_doctor_finds_what_is_well_and_what_is_not(desk, service):
    before = len(service.posts), service.count("create")
    well = desk.run("posting", "doctor")
    assert well.returncode == 0, well.stdout
    for line in (
        "host         api.twitter.com",
        "account      these keys are @RackhamPrimary",
        "keys: read-write",
        "s off",
    ):
        assert line in well.stdout
    service.access = "read"
    service.always["mentions"] = Fault(403, {"detail": "not in your access level"})
    ill = desk.run("posting", "doctor", "--channel", "class4")
    service.access = "read-write"
    service.always.clear()
    assert ill.returncode == 3
    for line in (
        "NOT OK  account",
        "these keys: read; set the app to read and write",
        "NOT OK  access       reading mentions",
    ):
        assert line in ill.stdout
    far = desk.run("posting", "doctor", HTTPS_PROXY="http://127.0.0.1:9")
    assert "NOT OK  host" in far.stdout
    assert (len(service.posts), service.count("create")) == before


def test_a_post_in_doubt_is_told_and_settled_by_a_person(desk, service):
    state = State.open(desk.folder / "state")
    row = {"content": "c", "key": "k", "channel": "main", "account": "1001", "by": "Office", "text": "t", "people": [],
           "media": ["17"], "photos": [], "since": "2026-11-20T09:00:00+00:00"}  # fmt: skip
    seq = state.record("post-begun", row, "2026-11-20T09:00:00+00:00")
    service.always["timeline"] = Fault(403, {"detail": "not in your access level"})
    try:
        told = desk.run("posting", "reconcile")
        listed = desk.run("takedown")
    finally:
        service.always.clear()
    assert (told.returncode, f"row {seq}: sent to main" in told.stdout) == (3, True), told.stderr
    assert f"row {seq}: something was sent to main" in listed.stderr
    assert desk.run("posting", "settle", str(seq), "--stands", "../17x", *BY).returncode == 2
    assert desk.run("posting", "settle", str(seq), "--never-posted", *BY).returncode == 0
    assert "nothing is open any more" in desk.run("posting", "reconcile").stdout
    assert desk.run("posting", "settle", str(seq), "--never-posted", *BY).returncode == 2


# -- the examples -----------------------------------------------------------------------------------------------------

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_example_posts_a_photo(desk, service):
    script = str(EXAMPLES / "post_photo.py")
    done = desk.python(script, "shown.jpg", "By the example", "main", "P001", "Miriam Castlegate")
    assert done.returncode == 0, done.stderr
    post = service.posts[done.stdout.strip().rpartition("/")[2]]
    assert (post["text"], len(post["media"])) == ("By the example", 1)
    refused = desk.python(script, "shown.jpg", "Amara Winterbourne", "main", "P001", "Miriam Castlegate")
    assert refused.returncode == 1


def test_the_bot_posts_refuses_and_tries_again(desk, service):
    script, drops = EXAMPLES / "class_bot.py", desk.folder / "drops"
    assert len(script.read_text(encoding="utf-8").splitlines()) < 60
    for name, text, people in (("one", "Our sunflowers", "P001"), ("two", "Well done Amara Winterbourne", "P001")):
        (drops / name).mkdir(parents=True)
        (drops / name / "text.txt").write_text(text, encoding="utf-8")
        (drops / name / "IMG_1.people.txt").write_text(people, encoding="utf-8")
        (drops / name / "IMG_1.jpg").write_bytes((desk.folder / "shown.jpg").read_bytes())
    desk.account, asked = "1004", (str(script), "drops", "class4", "Class teacher")
    service.faults["upload"].append(Fault(400, {}))
    failed = desk.python(*asked)
    done = desk.python(*asked)
    again = desk.python(*asked)
    desk.account = "1001"
    assert failed.returncode == 3
    assert "one: refused" not in failed.stdout
    assert (done.returncode, again.stdout) == (0, ""), done.stderr
    assert [post["text"] for post in service.own_posts("1004")][-1] == "Our sunflowers"
    assert sum(post["text"] == "Our sunflowers" for post in service.own_posts("1004")) == 1
    assert "surname" in (drops / "refused" / "two" / "why.txt").read_text(encoding="utf-8")
    assert not (drops / "posted" / "one" / "IMG_1.jpg").exists()  # taken for sharing, and shared
    assert (drops / "refused" / "two" / "IMG_1.jpg").exists()


# -- the accounts -----------------------------------------------------------------------------------------------------


def test_follow_rules_at_the_command_line(desk, service):
    (desk.folder / "state" / "approved_accounts.csv").write_text(
        "handle,kind,approved_by,approved_on,reason\na_parent,other,Head,2026-09-14,chair of governors\n"
    )
    (desk.folder / "staff.csv").write_text("handle,person\na_stranger,T001\n")
    service.follows |= {("1001", "9000"), ("1001", "9001"), ("9001", "1001")}
    following = desk.run("audit-following", "--out", "todo.json")
    assert following.returncode == 1
    assert (
        "@a_stranger is not on the head teacher's list\n  proposed: stop following https://x.com/a_str"
        in following.stdout
    )
    assert json.loads((desk.folder / "todo.json").read_text())[0]["account"] == "9001"
    assert ("1001", "9001") in service.follows
    assert desk.run("audit-following", "--apply").returncode == 2
    assert desk.run("audit-following", "--apply", *BY).returncode == 0
    assert ("1001", "9001") not in service.follows
    assert desk.run("audit-following").returncode == 0
    followers = desk.run("audit-followers", "--staff", "staff.csv", "--apply", *BY)
    assert followers.returncode == 1
    assert "@a_stranger is the personal account of T001" in followers.stdout
    assert "  do this by hand: block https://x.com/a_stranger" in followers.stdout
    assert "X does not let a program with these keys do this." in followers.stdout
    assert "Nothing was posted" not in followers.stdout


def test_replies_at_the_command_line(desk, service):
    kind = service.add_post("9000", "@RackhamPrimary how lovely!")
    nothing = desk.run("moderate")
    assert (nothing.returncode, "none that the word list knows. Read them yourself" in nothing.stderr) == (0, True)
    assert kind not in nothing.stdout
    rude = service.add_post("9001", "@RackhamPrimary wankers", replies_to=service.own_posts()[-1]["id"])
    proposed = desk.run("moderate")
    assert proposed.returncode == 1
    assert "@a_stranger wrote on " in proposed.stdout
    assert ': "@RackhamPrimary wankers"' in proposed.stdout
    assert f"proposed: hide the reply https://x.com/a_stranger/status/{rude}" in proposed.stdout
    assert "proposed: mute https://x.com/a_stranger\n" in proposed.stdout
    assert "offensive-language" not in proposed.stdout + proposed.stderr
    assert desk.run("moderate", "--apply").returncode == 2
    assert desk.run("moderate", "17", "--apply", *BY).returncode == 2
    assert not service.hidden
    decided = desk.run("moderate", rude, "--apply", *BY)
    assert decided.returncode == 1  # reporting and blocking are for a person
    assert service.hidden == {rude}
    assert json.loads(desk.run("moderate", "--record").stdout)["post"] == rude
    policy = desk.folder / "state" / "policy.toml"
    text = policy.read_bytes()
    policy.write_bytes(text.replace(b"hide_automatically = false", b"hide_automatically = true"))
    second = service.add_post("9001", "@RackhamPrimary wankers", replies_to=service.own_posts()[-1]["id"])
    alone = desk.run("moderate")
    again = desk.run("moderate")
    policy.write_bytes(text)
    assert (alone.returncode, again.returncode) == (1, 1)
    assert second in service.hidden
    assert service.count("hide") == 2
    assert not service.muted - {"9001"}


def test_the_wall_at_the_command_line(desk, service):
    done = desk.run("posting", "wall", "--out", "wall", "--title", "Rackham")
    assert done.returncode == 0, done.stderr
    assert json.loads((desk.folder / "wall" / "wall.json").read_text())["title"] == "Rackham"
    assert (desk.folder / "wall" / "wall.xml").read_bytes().startswith(b"<?xml")
