"""The first hour: from an empty home to what stands where, each step alone and all of them at once."""

import pytest
from fakes import SAMPLE_FILE

from consentguard import Guard, Register
from consentguard.cli import main
from consentguard.consent.policy import layers
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.search import ids_of, search
from consentguard.errors import WrongUsage


@pytest.fixture
def sample_register():
    return SAMPLE_FILE.read_bytes()


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSENTGUARD_STATE", str(tmp_path / "state"))

    def run(*words):
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_start_leads_through_every_step_and_may_be_run_again(run, tmp_path):
    code, out, _ = run("start", "--school", "Hill Top Primary", "--account", "@HillTop")
    assert code == 0
    assert [line[:3] for line in out.splitlines() if line[1:3] == "/5"] == ["1/5", "2/5", "3/5", "4/5", "5/5"]
    assert "Hill Top Primary" in out
    before = {path.name: path.read_bytes() for path in (tmp_path / "state").iterdir()}
    code, again, _ = run("start")
    assert code == 0
    assert "1/5 State:" in again
    assert "is there" in again
    assert {path.name: path.read_bytes() for path in (tmp_path / "state").iterdir()} == before


def test_the_sample_of_the_source_is_not_taken_for_the_schools_register(run, tmp_path, sample_register):
    (tmp_path / "consent_register.csv").write_bytes(sample_register)
    _, out, _ = run("start", "--school", "Hill Top")
    assert "people in consent_register.csv: 14." in out
    (tmp_path / "setup.cfg").write_text("[metadata]\nname = consentguard-photos\n")
    _, out, _ = run("start")
    assert "a sample of invented people: work in another folder" in out
    assert (tmp_path / "state/consent_register.csv").is_file()
    assert "invented: the sample of this program" in run("where")[1]


def test_start_ends_with_what_to_do_next(run, tmp_path, monkeypatch):
    monkeypatch.setattr("consentguard.cli.where.is_installed", lambda extra: extra != "desk")
    _, out, _ = run("start", "--school", "Hill Top")
    next_steps = out.partition("What to do next:")[2]
    assert "consentguard release PHOTO --out safe" in next_steps
    assert f"consentguard register check {tmp_path / 'state/consent_register.csv'}" in next_steps
    assert "it needs an extra: pip install" in next_steps


def test_at_a_terminal_start_asks_for_name_and_photo_and_offers_the_desk(run, tmp_path, monkeypatch):
    asked, opened, answers = [], [], iter(["Hill Top", "", "y"])

    def ask(what):
        asked.append(what)
        return next(answers)

    def desk(arguments):
        opened.append(arguments.folder)
        return 0

    monkeypatch.setattr("consentguard.cli.start._ask", ask)
    monkeypatch.setattr("consentguard.cli.desk.desk", desk)
    code, out, _ = run("start")
    assert (code, opened) == (0, [None])
    assert [what.partition(" (")[0] for what in asked] == [
        "the school's name, as it signs", "a photo to check", "open that page now, to drop photos on?"
    ]  # fmt: skip
    assert "policy:   Hill Top" in out


def test_a_refused_photo_says_what_helps_and_a_release_that_it_is_one(run, photographs, tmp_path, sample_register):
    (tmp_path / "consent_register.csv").write_bytes(sample_register)
    (tmp_path / "photo.jpg").write_bytes(photographs["biden"])
    run("init")
    code, out, err = run("release", "photo.jpg", "--out", "safe")
    assert code == 1
    assert err == "register: consent_register.csv; policy: SCH 026 Twitter Use Policy\n"
    assert "next: Say who is shown, where consent was given: --people ID,ID --by NAME" in out
    assert run("release", "photo.jpg", "--people", "P001", "--by", "Office", "--out", "safe")[0] == 0
    code, _, err = run("check", "safe/*.jpg")  # a pattern, as the shells of Windows hand it over
    assert code == 1
    assert "is a release for main that still stands" in err
    (copy,) = (tmp_path / "safe").glob("*.jpg")
    run("revoke", str(copy), "--by", "Office", "--why", "asked to")
    assert "still stands" not in run("check", "safe/*.jpg")[2]
    assert run("check", "safe/*.png")[0] == 3  # a pattern that nothing fits is no empty list


def test_start_takes_the_register_that_the_school_has(run, tmp_path, sample_register):
    run("start")  # makes a register with an example line, which nobody filled in
    mine = tmp_path / "ours.csv"
    mine.write_bytes(sample_register)
    assert run("start", "--register", str(mine))[0] == 0
    assert (tmp_path / "state/consent_register.csv").read_bytes() == sample_register
    mine.write_bytes(sample_register.replace(b"Amara", b"Amira"))
    code, _, err = run("start", "--register", str(mine))
    assert code == 2
    assert "another register" in err


def test_start_says_which_of_two_registers_comes_first(run, tmp_path, sample_register):
    here = tmp_path / "consent_register.csv"
    here.write_bytes(sample_register)
    _, out, _ = run("start", "--school", "Hill Top")
    assert "For this folder only: `consentguard start --register consent_register.csv` copies it" in out
    _, out, _ = run("start", "--register", "consent_register.csv")
    assert "14 people, copied to" in out
    assert "In this folder consent_register.csv still comes first: move it away." in out
    here.unlink()
    assert "For this folder only" not in run("start")[1]


def test_a_photo_is_checked_and_released_at_once(run, photographs, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photographs["obama"])
    code, out, _ = run("start", "--photo", str(photo))
    assert code in (0, 1)
    assert "needs_rewrite" not in out
    assert ("released" in out) == (code == 0)
    assert len(list((tmp_path / "safe").glob("*.jpg"))) == (code == 0)


def test_where_says_what_is_missing_and_how_to_get_it(run):
    _, out, _ = run("where")
    assert "run `consentguard init`" in out
    assert "run `consentguard register new`" in out
    assert "as shipped" in out
    assert "[heic]" in out
    run("start", "--school", "Hill Top")
    _, out, _ = run("where")
    assert "not made yet" not in out
    assert "Hill Top" in out
    assert "consent_register.csv (1 person)" in out


def test_where_names_what_cannot_be_used(run, tmp_path):
    run("init")
    (tmp_path / "state/policy.toml").write_text("nonsense = 1\n")
    (tmp_path / "state/consent_register.csv").write_text("a,b\n")
    code, out, _ = run("where")
    assert code == 0
    assert "cannot be used: run `consentguard policy check" in out
    assert "mistakes: run `consentguard register check" in out


def test_an_upgrade_stops_everything_until_it_is_accepted(run, tmp_path, monkeypatch):
    run("init")
    assert run("policy", "new", "--school", "Hill Top")[0] == 0
    file = tmp_path / "state/policy.toml"
    newer = Policy.shipped_bytes().replace(b"07:00:00", b"06:00:00")
    monkeypatch.setattr(Policy, "shipped_bytes", staticmethod(lambda: newer))
    code, out, err = run("policy", "check")
    assert code == 3
    assert "hours.from: was 07:00:00, is 06:00:00" in out
    assert "policy accept" in err
    code, out, _ = run("policy", "accept")
    assert code == 0
    assert layers.version_of(newer) in file.read_text()
    assert run("policy", "check")[0] == 0


def test_nothing_is_written_over(run, tmp_path):
    run("init")
    for words in (("policy", "new", "--school", "X"), ("register", "new")):
        assert run(*words)[0] == 0
        code, _, err = run(*words)
        assert (code, "is there already" in err) == (2, True)
    assert run("policy", "accept", str(tmp_path / "none.toml"))[0] == 2


def test_a_new_register_is_valid(run):
    run("init")
    run("register", "new")
    code, out, _ = run("register", "check", "state/consent_register.csv")
    assert (code, "1 person (0 pupil, 0 staff, 1 other)" in out) == (0, True)


def test_find_prints_ids_and_standings_but_no_name(run, sample_register, tmp_path):
    (tmp_path / "consent_register.csv").write_bytes(sample_register)
    code, out, _ = run("register", "find", "amara winter")
    assert code == 0
    assert out.startswith("P001  pupil  class 4  main: ")
    assert "Winterbourne" not in out
    code, out, err = run("register", "find", "nobody at all")
    assert (code, out) == (1, "")
    assert "nobody is called that" in err


def test_names_and_ids_find_one_person(sample_register):
    register = Register.parse(sample_register, "sample")
    assert [person.id for person in search(register, "P002")] == ["P002"]
    assert [person.id for person in search(register, "ben HOLLOWELL")] == ["P002"]
    assert search(register, "") == ()
    assert ids_of(register, ["P001", "Ben Hollowell", "Nobody Here", "P999"]) == ("P001", "P002", "Nobody Here", "P999")


def test_people_may_be_named_by_their_full_names(sample_register):
    guard = Guard(Register.parse(sample_register, "sample"), Policy.shipped())
    asked = guard.question(people=["amara winterbourne"], by="Office")
    assert asked.declared == ("P001",)
    with pytest.raises(WrongUsage) as refused:
        guard.question(people=["Amara Winterborn"], by="Office")
    assert "Winterborn" not in str(refused.value)


def test_two_people_of_one_name_are_not_guessed(sample_register):
    twice = sample_register.replace(b"P002,pupil,Benedict,Hollowell,Ben", b"P002,pupil,Amara,Winterbourne,")
    with pytest.raises(WrongUsage, match="P001, P002"):
        ids_of(Register.parse(twice, "sample"), ["Amara Winterbourne"])


def test_a_folder_with_models_only_is_no_state(tmp_path, sample_register, monkeypatch):
    """`models pull` makes the user's folder before `init` does."""
    (tmp_path / "state/models").mkdir(parents=True)
    monkeypatch.setenv("CONSENTGUARD_STATE", str(tmp_path / "state"))
    (tmp_path / "r.csv").write_bytes(sample_register)
    guard = Guard.open(tmp_path / "r.csv")
    assert guard.register.people
