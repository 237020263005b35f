"""The real command line, to the fake X through TLS and a CONNECT proxy: what is tested is what runs."""

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
from command_line import Answer, typed
from fake_x import KEYS, SECRETS, FakeX, Fault
from fake_x_wire import HOSTS, proxied
from fakes import SAMPLE_FILE, posts_of, sample_with
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

    @property
    def environment(self) -> dict[str, str]:
        token = KEYS["access_token"].replace("1001", self.account)
        names = {f"CONSENTGUARD_X_{name.upper()}": value for name, value in {**KEYS, "access_token": token}.items()}
        return {
            **names,
            "CONSENTGUARD_STATE": str(self.folder / "state"),
            "HTTPS_PROXY": self.proxy,
            "REQUESTS_CA_BUNDLE": str(self.folder / "ca.pem"),
        }

    def run(self, *arguments: str, says: str = "", **environment: str) -> Answer:
        return _keeps_secrets(
            typed(*arguments, folder=self.folder, environment={**self.environment, **environment}, says=says)
        )

    def python(self, *arguments: str) -> Answer:
        """A program in a process of its own."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return _keeps_secrets(Answer(done.returncode, done.stdout, done.stderr))

    @property
    def ledger(self) -> Ledger:
        return Ledger(State.open(self.folder / "state"))


def _keeps_secrets(answer: Answer) -> Answer:
    assert all(secret not in answer.out + answer.err for secret in SECRETS)
    return answer


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
    for name, photo in (("shown", "obama"), ("visitor", "biden")):
        pixels = codec.decode(photographs[photo], max_edge=600, max_pixels=10**9).pixels
        (folder / f"{name}.jpg").write_bytes(codec.encode_jpeg(pixels, 90))
    named = body_policy_text.replace(b'class = "4"', b'class = "4"\naccount = "@RackhamClass4"')
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    with proxied(service, context) as (proxy, asked):
        made = Desk(folder, proxy, service, asked)
        assert made.run("init").code == 0
        (folder / "state" / "policy.toml").write_bytes(named)
        yield made


def test_a_photo_goes_from_a_file_to_x_and_nothing_but_x_is_asked(desk, service):
    (desk.folder / "phone.jpg").write_bytes((desk.folder / "shown.jpg").read_bytes())
    photos = ("--photo", "phone.jpg", "--people", "P001", "--photo", "visitor.jpg", "--people", "T001", "--alt",
              "A visitor speaks")  # fmt: skip
    post = ("post", "--text", "Sunflowers", *photos, *BY, "--json")
    done = desk.python("-m", "consentguard", *post)
    assert done.code == 0, done.err
    posted = json.loads(done.out)
    held = [service.media[each] for each in service.posts[posted["id"]]["media"]]
    assert [media["alt"] for media in held] == ["A photo of one pupil.", "A visitor speaks"]
    for media in held:
        with Image.open(io.BytesIO(media["data"])) as picture:
            assert not picture.getexif()
    assert set(desk.asked) <= HOSTS
    assert {release.sha256 for release in desk.ledger.post(posted["id"]).releases} == set(posted["photos"])
    again = json.loads(desk.run(*post).out)
    assert (again["id"], again["already"], service.count("create")) == (posted["id"], True, 1)


def test_a_thread_a_dry_run_and_an_original_that_is_deleted(desk, service):
    (desk.folder / "phone.jpg").write_bytes((desk.folder / "shown.jpg").read_bytes())
    asked = ("post", "--photo", "phone.jpg", "--people", "P001", "--text", "Day one", "--text", "Day two", *BY,
             "--taken-for-sharing")  # fmt: skip
    before = service.count("create")
    dry = desk.run(*asked, "--dry-run")
    assert (dry.code, service.count("create")) == (0, before), dry.err
    assert "described as: A photo of one pupil." in dry.out
    assert "phone.jpg: 1 face stays visible, with the consent of P001\n" in dry.out
    assert (desk.folder / "phone.jpg").exists()
    done = desk.run(*asked)
    assert done.code == 0, done.err
    assert done.out.count("posted: https://x.com/i/status/") == 2
    assert not (desk.folder / "phone.jpg").exists()


def test_a_tagged_face_stays_by_its_own_consent(desk, service):
    policy = desk.folder / "state" / "policy.toml"
    text = policy.read_bytes()
    if b'"tagged"' not in text:
        policy.write_bytes(text.replace(b'modes = ["off", "declared"', b'modes = ["off", "declared", "tagged"'))
    try:
        seen = desk.run("inspect", "shown.jpg", "--out", "seen.png")
        assert seen.code == 0, seen.err
        dry = desk.run("post", "--text", "Tagged", "--photo", "shown.jpg", "--tag", "1=P001", *BY, "--dry-run")
    finally:
        policy.write_bytes(text)
    assert dry.code == 0, dry.err
    assert "shown.jpg: 1 face stays visible, with the consent of P001" in dry.out


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
    assert (done.code, service.count("create")) == (code, before), done.err
    assert says in done.err


def test_keys_that_are_missing_are_named(desk):
    done = desk.run("post", "--text", "Hello", *BY, CONSENTGUARD_X_ACCESS_SECRET="")
    assert done.code == 2
    assert "CONSENTGUARD_X_ACCESS_SECRET missing in the environment" in done.err


def test_a_class_post_is_retweeted_by_its_link_and_a_strangers_is_not(desk, service):
    desk.account = "1004"
    post = desk.run("post", "--text", "Class 4", "--photo", "shown.jpg", "--people", "P001", "--channel", "class4",
                    *BY)  # fmt: skip
    desk.account = "1001"
    assert post.code == 0, post.err
    link = post.out.split()[-1]
    stranger = service.add_post("9001", "Hello")
    done = desk.run("retweet", link, stranger, *BY)
    assert done.code == 1
    assert "not in the release ledger" in done.err
    assert service.retweets == [("1001", link.rpartition("/")[2])]


def test_a_takedown_lists_asks_and_deletes(desk, service):
    posts = {post.id for post in posts_of(desk.ledger, "P001")}
    assert len(posts) == 3
    assert posts <= set(service.posts)
    listed = desk.run("takedown", "--register", "later.csv")
    assert (listed.code, posts <= set(service.posts)) == (1, True)
    unnamed = desk.run("takedown", "P001", "--apply")
    assert (unnamed.code, "--by NAME" in unnamed.err) == (2, True)
    no = desk.run("takedown", "P001", "--apply", *BY, says="n\n")
    assert (no.code, posts <= set(service.posts)) == (2, True)
    some = desk.run("takedown", "P001", "--apply", *BY, says="y\n")
    assert some.code == 3
    assert "on class4 is still up" in some.err  # with the keys of the main account
    desk.account = "1004"
    rest = desk.run("takedown", "P001", "--apply", "--yes", *BY)
    desk.account = "1001"
    assert rest.code == 0, rest.err
    assert not posts & set(service.posts)
    assert all(post.taken_down for post in posts_of(desk.ledger, "P001"))
    assert service.retweets == []


def test_the_doctor_finds_what_is_well_and_what_is_not(desk, service):
    before = len(service.posts), service.count("create")
    well = desk.run("posting", "doctor")
    assert well.code == 0, well.out
    for line in (
        "host         api.twitter.com",
        "account      these keys are @RackhamPrimary",
        "keys: read-write",
        "s off",
    ):
        assert line in well.out
    service.access = "read"
    service.always["mentions"] = Fault(403, {"detail": "not in your access level"})
    ill = desk.run("posting", "doctor", "--channel", "class4")
    service.access = "read-write"
    service.always.clear()
    assert ill.code == 3
    for line in (
        "NOT OK  account",
        "these keys: read; set the app to read and write",
        "NOT OK  access       reading mentions",
    ):
        assert line in ill.out
    far = desk.run("posting", "doctor", HTTPS_PROXY="http://127.0.0.1:9")
    assert "NOT OK  host" in far.out
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
    assert (told.code, f"row {seq}: sent to main" in told.out) == (3, True), told.err
    assert f"row {seq}: something was sent to main" in listed.err
    assert desk.run("posting", "settle", str(seq), "--stands", "../17x", *BY).code == 2
    assert desk.run("posting", "settle", str(seq), "--never-posted", *BY).code == 0
    assert "nothing is open any more" in desk.run("posting", "reconcile").out
    assert desk.run("posting", "settle", str(seq), "--never-posted", *BY).code == 2


# -- the examples -----------------------------------------------------------------------------------------------------

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_example_posts_a_photo(desk, service):
    script = str(EXAMPLES / "post_photo.py")
    done = desk.python(script, "shown.jpg", "By the example", "main", "P001", "Miriam Castlegate")
    assert done.code == 0, done.err
    post = service.posts[done.out.strip().rpartition("/")[2]]
    assert (post["text"], len(post["media"])) == ("By the example", 1)
    refused = desk.python(script, "shown.jpg", "Amara Winterbourne", "main", "P001", "Miriam Castlegate")
    assert refused.code == 1


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
    assert failed.code == 3
    assert "one: refused" not in failed.out
    assert (done.code, again.out) == (0, ""), done.err
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
    assert following.code == 1
    assert (
        "@a_stranger is not on the head teacher's list\n  proposed: stop following https://x.com/a_str" in following.out
    )
    assert json.loads((desk.folder / "todo.json").read_text())[0]["account"] == "9001"
    assert ("1001", "9001") in service.follows
    assert desk.run("audit-following", "--apply").code == 2
    assert desk.run("audit-following", "--apply", *BY).code == 0
    assert ("1001", "9001") not in service.follows
    assert desk.run("audit-following").code == 0
    followers = desk.run("audit-followers", "--staff", "staff.csv", "--apply", *BY)
    assert followers.code == 1
    assert "@a_stranger is the personal account of T001" in followers.out
    assert "  do this by hand: block https://x.com/a_stranger" in followers.out
    assert "X does not let a program with these keys do this." in followers.out
    assert "Nothing was posted" not in followers.out


def test_replies_at_the_command_line(desk, service):
    kind = service.add_post("9000", "@RackhamPrimary how lovely!")
    nothing = desk.run("moderate")
    assert (nothing.code, "none that the word list knows. Read them yourself" in nothing.err) == (0, True)
    assert kind not in nothing.out
    rude = service.add_post("9001", "@RackhamPrimary wankers", replies_to=service.own_posts()[-1]["id"])
    proposed = desk.run("moderate")
    assert proposed.code == 1
    assert "@a_stranger wrote on " in proposed.out
    assert ': "@RackhamPrimary wankers"' in proposed.out
    assert f"proposed: hide the reply https://x.com/a_stranger/status/{rude}" in proposed.out
    assert "proposed: mute https://x.com/a_stranger\n" in proposed.out
    assert "offensive-language" not in proposed.out + proposed.err
    assert desk.run("moderate", "--apply").code == 2
    assert desk.run("moderate", "17", "--apply", *BY).code == 2
    assert not service.hidden
    decided = desk.run("moderate", rude, "--apply", *BY)
    assert decided.code == 1  # reporting and blocking are for a person
    assert service.hidden == {rude}
    assert json.loads(desk.run("moderate", "--record").out)["post"] == rude
    policy = desk.folder / "state" / "policy.toml"
    text = policy.read_bytes()
    policy.write_bytes(text.replace(b"hide_automatically = false", b"hide_automatically = true"))
    second = service.add_post("9001", "@RackhamPrimary wankers", replies_to=service.own_posts()[-1]["id"])
    alone = desk.run("moderate")
    again = desk.run("moderate")
    policy.write_bytes(text)
    assert (alone.code, again.code) == (1, 1)
    assert second in service.hidden
    assert service.count("hide") == 2
    assert not service.muted - {"9001"}


def test_the_wall_at_the_command_line(desk, service):
    done = desk.run("posting", "wall", "--out", "wall", "--title", "Rackham")
    assert done.code == 0, done.err
    assert json.loads((desk.folder / "wall" / "wall.json").read_text())["title"] == "Rackham"
    assert (desk.folder / "wall" / "wall.xml").read_bytes().startswith(b"<?xml")


def test_importing_it_without_the_extra_says_how_to_install_it():
    program = "import sys; sys.modules['tweepy'] = None\nimport consentguard.posting"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "consentguard.posting needs an extra: pip install" in done.stderr.splitlines()[-1]
