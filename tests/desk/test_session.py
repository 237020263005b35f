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
from consentguard.desk import lookup
from consentguard.desk.photos import Photos
from consentguard.desk.said import Said
from consentguard.desk.session import Desk
from consentguard.desk.standing import AS_IS, DONE, PERSON, PROPOSAL, STOPPED, WAITING
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
    """Stands in for the school's account: keeps what is posted, and what is deleted."""

    def __init__(self):
        self.posted, self.deleted, self.away = [], [], False

    def __call__(self, channel):
        return self

    def post(self, text, photos, *, channel, by, alts=()):
        self.posted.append((text, photos[0].sha256, channel, by, tuple(alts)))
        return SimpleNamespace(link="https://x.com/i/status/17")

    def take_down(self, post, *, channel, by):
        if self.away:
            raise WrongUsage("the keys are missing")
        self.deleted.append((post, channel, by))


def test_what_was_released_is_posted_and_taken_back(school):
    (school / "out").mkdir()
    network = Network()
    desk = at_desk(school, poster_of=network)
    assert desk.account.can_post
    photo = named(desk, "wall.jpg")
    with pytest.raises(WrongUsage, match="release the photo first"):
        desk.post(photo, "Our wall", "A wall")
    decided = desk.release(photo)
    assert desk.post(photo, "Our wall", "A wall").endswith("/17")
    assert network.posted == [("Our wall", decided.sha256, "main", "Miriam Castlegate", ("A wall",))]
    Ledger(desk.guard.state).record_post(decided.sha256, channel="main", post="17", at=now(UTC), by="Miriam Castlegate")

    with pytest.raises(WrongUsage, match="say why"):
        desk.take_back(decided.sha256, " ")
    assert desk.take_back(decided.sha256, "the wrong wall").deleted == ("17",)
    assert network.deleted == [("17", "main", "Miriam Castlegate")]
    assert not (school / "out" / decided.output).exists()
    assert desk.state(photo) == WAITING
    with pytest.raises(Refused, match="took the release back"):
        desk.guard.admit(desk.guard.release(desk.photos.read(photo)), channel="main")


def test_what_cannot_be_deleted_is_said_with_what_to_run(school):
    (school / "out").mkdir()
    network = Network()
    network.away = True
    desk = at_desk(school, poster_of=network)
    decided = desk.release(named(desk, "wall.jpg"))
    Ledger(desk.guard.state).record_post(decided.sha256, channel="main", post="17", at=now(UTC), by="Miriam Castlegate")
    (left,) = desk.take_back(decided.sha256, "the wrong wall").left
    assert "the keys are missing" in left
    assert "consentguard takedown --post 17 --apply --by NAME" in left
