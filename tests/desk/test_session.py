"""A person at the desk, without a page: what is said of a photo, what becomes of it, and what is kept."""

import hashlib
from datetime import UTC
from types import SimpleNamespace

import pytest

from consentguard import Guard, State
from consentguard.batch.decisions import RELEASED
from consentguard.batch.journal import ScanJournal
from consentguard.batch.scan import scan
from consentguard.batch.unit import Scanner, Settings
from consentguard.consent.clock import now
from consentguard.consent.record.ledger import Ledger
from consentguard.consent.record.post_journal import Journal
from consentguard.desk import lookup
from consentguard.desk.photos import Photos
from consentguard.desk.safety import SessionSecrets
from consentguard.desk.said import Said
from consentguard.desk.session import Desk
from consentguard.desk.standing import AS_IS, DONE, PERSON, PROPOSAL, STOPPED, WAITING
from consentguard.desk.web import Page
from consentguard.errors import Refused, UnreadableImage, WrongUsage
from consentguard.guard.examined import PREVIEW_EDGE
from consentguard.values import Tag
from consentguard.vision.imagefile import codec


def at_desk(school, by="Miriam Castlegate", poster_of=None):
    if not State.is_made(school / "state"):
        State.create(school / "state")
    guard = Guard.open(school / "consent_register.csv", policy=school / "policy.toml", state=school / "state")
    return Desk(guard, Photos(school / "photos"), school / "out", by=by, poster_of=poster_of)


@pytest.fixture
def desk(school):
    (school / "out").mkdir()
    return at_desk(school)


def named(desk, name):
    return next(photo for photo in desk.photos if photo.name == name)


def test_everything_is_judged_ahead_and_what_needs_a_person_stands_first(desk):
    assert {row["state"] for row in desk.queue()["photos"]} == {WAITING}
    while desk.look_ahead():
        pass
    told = desk.queue()
    assert {row["name"]: row["state"] for row in told["photos"]} == {
        "assembly.jpg": PROPOSAL, "walk.jpg": PROPOSAL, "wall.jpg": AS_IS
    }  # fmt: skip
    assert [row["name"] for row in told["photos"]][-1] == "wall.jpg"
    assert told["counts"][PROPOSAL] == 2
    assert [row["name"] for row in desk.queue(AS_IS)["photos"]] == ["wall.jpg"]
    assert desk.queue(start=1, count=1)["photos"] == told["photos"][1:2]


def test_a_class_photo_is_tagged_released_and_undone(desk, school):
    photo = named(desk, "assembly.jpg")
    seen = desk.verdict(photo)
    assert len(seen.faces) >= 3
    left = min(seen.faces, key=lambda face: face.box.left)
    told = desk.verdict(photo, Said(tags=(Tag.of(left, "P001"),)))
    assert [face.person for face in told.faces if face.action.value == "keep"] == ["P001"]

    decided = desk.release(photo)
    data = (school / "out" / decided.output).read_bytes()
    assert hashlib.sha256(data).hexdigest() == decided.sha256
    same = desk.guard.release((school / "photos/assembly.jpg").read_bytes(), name="assembly.jpg",
                              tags=[Tag.of(left, "P001")], by="Miriam Castlegate")  # fmt: skip
    assert same.sha256 == decided.sha256, "the page releases what Guard.release does"
    assert desk.state(photo) == DONE
    with pytest.raises(WrongUsage, match="undo that first"):
        desk.release(photo)

    desk.undo(photo)
    assert not (school / "out" / decided.output).exists()
    assert desk.state(photo) == PROPOSAL
    rows = [entry.kind for entry in desk.guard.state.audit.entries()]
    assert "revoked" in rows
    with pytest.raises(Refused):
        desk.guard.admit(same, channel=desk.channel)


def test_a_missed_face_that_is_added_is_hidden(desk):
    photo = named(desk, "wall.jpg")
    from consentguard.values import Box

    told = desk.verdict(photo, Said(tags=(Tag(Box(100, 100, 200, 220), "hide", added=True),)))
    assert [(face.added, face.action.value) for face in told.faces] == [(True, "hide")]


def test_an_answer_that_cannot_stand_leaves_what_was_said_before(desk):
    photo = named(desk, "walk.jpg")
    face = desk.verdict(photo).faces[0]
    desk.verdict(photo, Said(tags=(Tag.of(face, "P001"),)))
    with pytest.raises(WrongUsage):
        desk.verdict(photo, Said(tags=(Tag.of(face, "NOBODY-KNOWS"),)))
    assert [tag.says for tag in desk.said(photo).tags] == ["P001"]


def test_a_refusal_needs_a_reason_and_is_on_the_record(desk):
    photo = named(desk, "walk.jpg")
    with pytest.raises(WrongUsage, match="say why"):
        desk.refuse(photo, "  ")
    desk.refuse(photo, "eyes shut")
    assert desk.state(photo) == STOPPED
    last = list(desk.guard.state.audit.entries())[-1]
    assert (last.kind, last.body["by"]) == ("refused", "Miriam Castlegate")


def test_nothing_is_released_while_nobody_says_who_decides(school):
    (school / "out").mkdir()
    desk = at_desk(school, by="")
    photo = named(desk, "wall.jpg")
    for act in (lambda: desk.release(photo), lambda: desk.refuse(photo, "x"), lambda: desk.undo(photo)):
        with pytest.raises(WrongUsage, match="say who decides"):
            act()
    desk.sit_down("Miriam Castlegate")
    assert desk.release(photo).kind == RELEASED


def test_it_opens_again_where_it_was(desk, school):
    photo = named(desk, "assembly.jpg")
    face = desk.verdict(photo).faces[0]
    desk.verdict(photo, Said(tags=(Tag.of(face, "P001"),)))
    desk.release(photo)
    again = at_desk(school)
    while again.look_ahead():
        pass
    assert again.state(named(again, "assembly.jpg")) == DONE
    assert [tag.says for tag in again.said(named(again, "assembly.jpg")).tags] == ["P001"]


def test_another_copy_is_chosen_from_the_proposals(desk, school):
    photo = named(desk, "walk.jpg")
    desk.verdict(photo)
    proposed = desk.choices(photo)
    assert [one["chosen"] for one in proposed] == [True, *[False] * (len(proposed) - 1)]
    assert all(one["preview"] and one["why"] for one in proposed)
    last = proposed[-1]
    told = desk.verdict(photo, Said(choice=last["digest"]))
    assert told.rewrite.value == last["kind"]
    assert [one["digest"] for one in desk.choices(photo) if one["chosen"]] == [last["digest"]]
    decided = desk.release(photo)
    assert (school / "out" / decided.output).exists()


class Here:
    """An engine without processes."""

    def __init__(self, settings):
        self._scanner = Scanner(settings)

    def run(self, tasks, idle=lambda: None):
        yield from self._scanner.scan_batch(tasks)


def scanned(school):
    """Scans the folder of the desk; gives the verdicts by name."""
    guard = Guard.open(school / "consent_register.csv", policy=school / "policy.toml", state=school / "state")
    settings = Settings(school / "photos", school / "out", school / "consent_register.csv", school / "policy.toml",
                        school / "state", {}, guard.register.sha256, guard.policy.fingerprint)  # fmt: skip
    scan(guard, settings, Here(settings))
    with ScanJournal.open(school / "out" / "scan.db") as journal:
        return {row.path.name: row.verdict for row in journal.rows()}


def test_a_later_scan_keeps_what_was_decided_and_says_when_it_falls(desk, school):
    photo = named(desk, "walk.jpg")
    face = desk.verdict(photo).faces[0]
    desk.verdict(photo, Said(tags=(Tag.of(face, "P001"),)))
    decided = desk.release(photo)
    desk.refuse(named(desk, "wall.jpg"), "a wall and nothing else")
    found = scanned(school)
    assert (found["walk.jpg"]["outcome"], found["walk.jpg"]["sha256"]) == ("released", decided.sha256)
    assert found["walk.jpg"]["output"] == decided.output
    assert (school / "out" / decided.output).is_file()
    assert found["wall.jpg"]["outcome"] == "refused"

    text = (school / "consent_register.csv").read_text()
    (school / "consent_register.csv").write_text(text.replace("P001,pupil,Amara,Winterbourne,,,4,,",
                                                              "P001,pupil,Amara,Winterbourne,,,4,,parent"))  # fmt: skip
    found = scanned(school)
    assert found["walk.jpg"]["sha256"] != decided.sha256
    assert [face["standing"] for face in found["walk.jpg"]["faces"]] == ["objection"]
    assert not (school / "out" / decided.output).exists(), "what no consent covers now does not lie about"


def test_previews_are_small_and_nothing_is_written_before_a_release(desk, school):
    photo = named(desk, "assembly.jpg")
    before = sorted(path for path in (school / "out").rglob("*"))
    desk.verdict(photo)
    data = desk.preview(photo, 5000)
    picture = codec.decode(data, max_edge=4000, max_pixels=10**7)
    assert max(picture.width, picture.height) <= PREVIEW_EDGE
    assert desk.original(photo, 300)
    assert sorted(path for path in (school / "out").rglob("*")) == before


def test_a_dropped_photo_stays_in_memory(desk, school, photographs):
    before = sorted(school.rglob("*.jpg"))
    photo = desk.photos.drop("../../etc/holiday.jpg", photographs["obama"])
    assert (photo.name, photo.path) == ("holiday.jpg", None)
    assert desk.verdict(photo).faces
    assert sorted(school.rglob("*.jpg")) == before
    desk.photos.forget(photo)
    with pytest.raises(UnreadableImage, match="drop it again"):
        desk.photos.read(photo)


@pytest.mark.parametrize(
    "sent", [{"tags": [{"box": [1, 2], "says": "x"}]}, {"frame": "all"}, {"people": [3]}, {"choice": 3}]
)
def test_what_the_page_never_sends_is_refused(sent):
    with pytest.raises(WrongUsage, match="load it again"):
        Said.from_json(sent)


def test_a_photo_whose_old_decision_fits_no_longer_is_judged_once(school):
    """A tag whose person has left the register: the photo waits for a person, and is not looked at for ever."""
    (school / "out").mkdir()
    desk = at_desk(school)
    photo = named(desk, "assembly.jpg")
    left = min(desk.verdict(photo).faces, key=lambda face: face.box.left)
    desk.verdict(photo, Said(tags=(Tag.of(left, "P001"),)))
    desk._note(photo, WAITING, ())  # as undo leaves it
    register = school / "consent_register.csv"
    register.write_text("".join(line for line in register.read_text().splitlines(True) if not line.startswith("P001")))
    again = at_desk(school)
    again._note(photo, WAITING, (), desk.said(photo))
    for _ in range(len(again.photos)):
        assert again.look_ahead()
    assert not again.look_ahead()
    assert again.state(photo) == PERSON


def test_a_likeness_is_a_suggestion_that_tags_nobody(school, photographs):
    """In the mode that compares faces: who it may be stands beside the face, and the face stays hidden until a tag."""
    policy = school / "policy.toml"
    text = policy.read_text()
    policy.write_text(text.replace('"tagged"]\ndpia = ""', '"tagged", "matched"]\ndpia = "DPIA 1"'))
    (school / "references/T001").mkdir(parents=True)
    (school / "references/T001/1.jpg").write_bytes(photographs["biden"])
    (school / "out").mkdir()
    desk = at_desk(school)
    photo = named(desk, "walk.jpg")
    assert desk.suggestions(photo) == {}  # nobody is enrolled
    desk.guard.enrol(school / "references")
    desk = at_desk(school)
    verdict = desk.verdict(photo)
    assert desk.suggestions(photo) == {verdict.faces[0].number: "T001"}
    told = lookup.named(desk.guard, desk.channel, desk.suggestions(photo))
    assert [one["standing"] for one in told.values()] == ["consented"]
    assert [face.action.value for face in desk.verdict(photo).faces] == ["hide"]
    tagged = desk.verdict(photo, Said(tags=(Tag.of(verdict.faces[0], "T001"),)))
    assert [face.action.value for face in tagged.faces] == ["keep"]
    assert lookup.description(desk.guard, tagged, desk.said(photo)) == "A photo of one adult."


class Network:
    """Stands in for the school's account: records what is posted and deleted in the ledger, as `Poster` does."""

    desk: Desk

    def __init__(self):
        self.posted, self.deleted, self.away = [], [], None

    def __call__(self, channel):
        return self

    def post(self, text, photos, *, channel, by, alts=()):
        self.posted.append((text, photos[0].sha256, channel, by, tuple(alts)))
        post = str(16 + len(self.posted))
        Ledger(self.desk.guard.state).record_post(photos[0].sha256, channel=channel, post=post, at=now(UTC), by=by)
        return SimpleNamespace(link=f"https://x.com/i/status/{post}")

    def take_down(self, post, *, channel, by):
        if self.away:
            raise self.away
        self.deleted.append((post, channel, by))
        Ledger(self.desk.guard.state).record_takedown(post, channel=channel, at=now(UTC), by=by)


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def posting_desk(school, network):
    (school / "out").mkdir()
    network.desk = at_desk(school, poster_of=network)
    return network.desk


def posted_walk(desk, network):
    """The photo of one child, P001, tagged, released and posted."""
    photo = named(desk, "walk.jpg")
    face = desk.verdict(photo).faces[0]
    desk.verdict(photo, Said(tags=(Tag.of(face, "P001"),)))
    decided = desk.release(photo)
    desk.post(photo, "A walk", "A child on a walk")
    return photo, decided


def test_what_was_released_is_posted_and_taken_back(posting_desk, network, school):
    desk = posting_desk
    assert desk.account.can_post
    photo = named(desk, "wall.jpg")
    with pytest.raises(WrongUsage, match="release the photo first"):
        desk.post(photo, "Our wall", "A wall")
    decided = desk.release(photo)
    assert desk.post(photo, "Our wall", "A wall").endswith("/17")
    assert network.posted == [("Our wall", decided.sha256, "main", "Miriam Castlegate", ("A wall",))]

    with pytest.raises(WrongUsage, match="say why"):
        desk.take_back(decided.sha256, " ")
    assert desk.take_back(decided.sha256, "the wrong wall").deleted == ("17",)
    assert network.deleted == [("17", "main", "Miriam Castlegate")]
    assert not (school / "out" / decided.output).exists()
    assert desk.state(photo) == WAITING
    with pytest.raises(Refused, match="took the release back"):
        desk.guard.admit(desk.guard.release(desk.photos.read(photo)), channel="main")


def test_undo_never_leaves_a_post_up_without_a_word(posting_desk, network, school):
    """U on what is posted is refused with the way out; what could not be deleted stays listed until it is."""
    photo, decided = posted_walk(posting_desk, network)
    assert posting_desk.released_copy(photo) == {"sha256": decided.sha256, "channel": "main", "posts": 1}
    with pytest.raises(WrongUsage, match="post 17 on main shows this copy"):
        posting_desk.undo(photo)
    assert posting_desk.state(photo) == DONE
    assert (school / "out" / decided.output).exists()

    network.away = WrongUsage("the keys are missing")
    (left,) = posting_desk.take_back(decided.sha256, "the wrong walk").left
    assert "the keys are missing" in left
    assert "consentguard takedown --post 17 --apply --by NAME" in left
    (listed,) = lookup.shown(posting_desk.guard, "P001")
    assert (listed["sha256"], listed["posts"], listed["revoked"]) == (decided.sha256, 1, True)

    network.away = None
    revoked = [row.seq for row in posting_desk.guard.state.audit.entries() if row.kind == "revoked"]
    assert posting_desk.take_back(decided.sha256, "once more").deleted == ("17",)
    assert [row.seq for row in posting_desk.guard.state.audit.entries() if row.kind == "revoked"] == revoked
    assert lookup.shown(posting_desk.guard, "P001") == []


def test_a_copy_that_may_be_up_at_x_is_not_undone(posting_desk):
    photo = named(posting_desk, "wall.jpg")
    decided = posting_desk.release(photo)
    journal = Journal(posting_desk.guard.state)
    sent = {"since": now(UTC).isoformat(), "content": "c", "key": "k", "channel": "main", "account": "@school",
            "text": "t", "media": [], "photos": [decided.sha256], "people": [], "by": "Miriam Castlegate"}  # fmt: skip
    intent = journal.begin(sent, now(UTC))
    with pytest.raises(WrongUsage, match="no answer came"):
        posting_desk.undo(photo)
    journal.drop(intent, "it is not there", now(UTC))
    posting_desk.undo(photo)
    assert posting_desk.state(photo) == AS_IS


def test_a_copy_that_was_posted_is_listed_once(posting_desk, network):
    _, decided = posted_walk(posting_desk, network)
    (listed,) = lookup.shown(posting_desk.guard, "P001")  # released at the desk, and again for the post
    assert (listed["sha256"], listed["channel"], listed["posts"]) == (decided.sha256, "main", 1)


def test_a_copy_that_came_out_otherwise_is_not_posted_and_does_not_stand(posting_desk, network, school):
    photo = named(posting_desk, "wall.jpg")
    decided = posting_desk.release(photo)
    policy = school / "policy.toml"
    policy.write_text(policy.read_text().replace("jpeg_quality = 90", "jpeg_quality = 70"))
    network.desk = desk = at_desk(school, poster_of=network)
    with pytest.raises(WrongUsage, match="another copy would be made"):
        desk.post(photo, "Our wall", "A wall")
    standing = [one.sha256 for one in Ledger(desk.guard.state).releases() if not one.revoked]
    assert (standing, network.posted) == ([decided.sha256], [])


def test_what_was_taken_back_by_a_command_is_not_posted(posting_desk, network):
    photo = named(posting_desk, "wall.jpg")
    decided = posting_desk.release(photo)
    posting_desk.guard.revoke(decided.sha256, by="The office", why="a parent rang")
    with pytest.raises(WrongUsage, match="was taken back"):
        posting_desk.post(photo, "Our wall", "A wall")
    posting_desk.undo(photo)
    assert posting_desk.state(photo) == AS_IS
    assert network.posted == []


def test_the_desks_copy_goes_before_the_posts_do(posting_desk, network, school):
    """Whatever goes wrong at X, no copy of what was taken back lies about."""
    _, decided = posted_walk(posting_desk, network)
    network.away = RuntimeError("a fault of the network's library")
    with pytest.raises(RuntimeError):
        posting_desk.take_back(decided.sha256, "the wrong walk")
    assert not (school / "out" / decided.output).exists()


def test_what_was_released_is_not_refused_before_it_is_undone(desk, school):
    photo = named(desk, "wall.jpg")
    decided = desk.release(photo)
    with pytest.raises(WrongUsage, match="undo that first"):
        desk.refuse(photo, "eyes shut")
    assert (desk.state(photo), (school / "out" / decided.output).exists()) == (DONE, True)


def test_where_faces_cannot_be_compared_the_photo_opens_and_says_why(school, photographs):
    policy = school / "policy.toml"
    policy.write_text(policy.read_text().replace('"tagged"]\ndpia = ""', '"tagged", "matched"]\ndpia = "DPIA 1"'))
    (school / "references/T001").mkdir(parents=True)
    (school / "references/T001/1.jpg").write_bytes(photographs["biden"])
    (school / "out").mkdir()
    (school / "photos/broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    desk = at_desk(school)
    desk.guard.enrol(school / "references")
    (school / "state/templates.key").chmod(0o644)
    page = Page(desk := at_desk(school), SessionSecrets())
    told = page._told(named(desk, "walk.jpg"))
    assert (len(told["faces"]), told["suggested"]) == (1, {})
    assert [each for each in told["of_the_run"] if "other users can read the key" in each]
    with pytest.raises(UnreadableImage):
        page._told(named(desk, "broken.jpg"))
    assert desk.state(named(desk, "broken.jpg")) == PERSON

    (school / "state/templates.key").chmod(0o600)
    told = page._told(named(desk, "walk.jpg"))  # what failed once is asked again
    assert [one["id"] for one in told["suggested"].values()] == ["T001"]
