"""register import, export, diff and stats at the command line."""

from __future__ import annotations

import json

import pytest
from fakes import SAMPLE_FILE, released, sample_with

from consentguard.cli import main
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Register

ARBOR = "Student ID,Legal First Name,Legal Last Name,Response,Response Date\n"


@pytest.fixture
def run(state, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "consent_register.csv").write_bytes(SAMPLE_FILE.read_bytes())

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_arbor_lists_become_a_register_that_checks(run, tmp_path):
    (tmp_path / "web.csv").write_text(ARBOR + "17,Amara,Winter,Accept,14/09/2026\n18,Ben,Lee,Pending,\n")
    (tmp_path / "press.csv").write_text(ARBOR + "17,Amara,Winter,Decline,14/09/2026\n")
    lists = ("--scope", "website=web.csv", "--scope", "press=press.csv")
    code, out, err = run("register", "import", "--format", "arbor", *lists, "--out", "new.csv")
    assert (code, out) == (0, "new.csv: 2 people, 2 of them from the import; no mistakes\n")
    assert "day first" in err
    assert run("register", "check", "new.csv")[0] == 0
    assert run("register", "import", "--format", "arbor", *lists, "--out", "new.csv")[0] == 2  # there already
    code, _, err = run(
        "register", "import", "--format", "arbor", *lists, "--out", "new.csv", "--update", "consent_register.csv"
    )
    assert (code, "P001: not in the import, so marked as left" in err) == (0, True)


def test_a_mistake_writes_nothing(run, tmp_path):
    (tmp_path / "sims.csv").write_text("Adno,Surname,Forename,Web\n1,Hollowell,Ben,perhaps\n")
    code, _, err = run("register", "import", "sims.csv", "--format", "sims", "--scope", "website=Web", "--out", "n.csv")
    assert code == 3
    assert "sims.csv: 1 problem, nothing was loaded" in err
    assert "line 2, Web: is no answer we know" in err
    assert "Hollowell" not in err
    assert not (tmp_path / "n.csv").exists()


@pytest.mark.parametrize(
    "line",
    [
        "register import x.csv --format excel --out n.csv",
        "register import --format arbor --out n.csv",
        "register import x.csv --format arbor --scope website=x.csv --out n.csv",
        "register import --format sims --scope website=Web --out n.csv",
        "register import consent_register.csv --format csv --out n.csv",
        "register import consent_register.csv --format sims --scope web=Web --out n.csv",
        "register import consent_register.csv --format wide --granted soon --out n.csv",
        "register import consent_register.csv --format wide --dates us --out n.csv",
    ],
)
def test_a_wrong_question_is_answered_with_the_choices(run, tmp_path, line):
    assert run(*line.split())[0] == 2
    assert not (tmp_path / "n.csv").exists()


def test_long_form_and_back(run, tmp_path):
    assert run("register", "export", "consent_register.csv", "--out", "long.csv")[0] == 0
    assert run("register", "check", "long.csv")[0] == 0
    assert run("register", "import", "long.csv", "--format", "long", "--out", "wide.csv")[0] == 0
    before, after = Register.load(tmp_path / "consent_register.csv"), Register.load(tmp_path / "wide.csv")
    assert before.people == after.people


def test_diff_says_who_lost_what_and_what_to_look_at_again(run, state, tmp_path):
    changes = {
        "P001": {"website_withdrawn": "2026-11-20", "class": "5"},
        "P003": {"website": "yes", "website_granted": "2026-11-20"},
    }
    (tmp_path / "new.csv").write_bytes(sample_with(changes, without="P002"))
    released(state, "a" * 64, "P002")
    at = ("--at", "2026-11-23T09:00")
    code, out, err = run("register", "diff", "consent_register.csv", "new.csv", "--state", "state", *at)
    assert code == 0
    assert out.splitlines()[:3] == [
        "P001: class",
        "P001: lost website (consented -> withdrawn)",
        "P002: gone",
    ]
    assert "P002: lost social_media (consented -> not in it)" in out
    assert "P003: gained website (no-consent -> consented)" in out
    assert "1 releases must be looked at again: consentguard takedown P001 P002" in err
    assert run("register", "diff", "consent_register.csv", "new.csv", "--lost", *at)[1] == "P001\nP002\n"
    lines = run("register", "diff", "consent_register.csv", "new.csv", "--json", *at)[1].splitlines()
    assert json.loads(lines[1]) == {
        "person": "P001",
        "what": "website",
        "before": "consented",
        "after": "withdrawn",
        "lost": True,
        "gained": False,
    }
    assert run("register", "diff", "new.csv", "new.csv")[1] == ""


@pytest.mark.parametrize(("at", "due"), [("2027-07-19T12:00", False), ("2027-07-20T12:00", True)])
def test_check_names_leavers_who_are_kept_too_long(run, tmp_path, at, due):
    (tmp_path / "old.csv").write_bytes(sample_with({"P001": {"left": "2026-07-20"}, "P002": {"left": "2027-07-01"}}))
    code, out, err = run("register", "check", "old.csv", "--at", at)
    assert (code, "no mistakes" in out) == (0, True)
    assert err == ("left over 12 months ago, so due to be taken out: P001\n" if due else "")


def test_policy_explain_says_each_key_with_its_sentence(run, tmp_path):
    code, out, _ = run("policy", "explain")
    assert code == 0
    assert 'on_unapproved = "rewrite"\n    "The Rackham account will not post photos of children' in out
    assert run("policy", "explain", "missing.toml")[0] == 3


def test_stats_are_numbers_without_people(run):
    code, out, _ = run("register", "stats", "--at", "2026-11-23T09:00")
    assert code == 0
    assert out.startswith("14 people (12 pupil, 2 staff, 0 other); 0 have left\n  website ")
    assert "not-permitted" in out
    assert "P0" not in out


def test_the_day_is_that_of_the_policys_zone(run, tmp_path):
    """Half past eleven at night in London is the next day in Auckland."""
    ends = {"P001": {"social_media_expires": "2026-11-24"}, "P002": {"left": "2025-11-24"}}
    (tmp_path / "ends.csv").write_bytes(sample_with(ends))
    (tmp_path / "far.toml").write_bytes(Policy.shipped_bytes().replace(b"Europe/London", b"Pacific/Auckland"))
    night, far = ("--at", "2026-11-23T23:30+00:00"), ("--policy", "far.toml")
    here, there = (run("register", "stats", "ends.csv", *night, *more)[1] for more in ((), far))
    assert here != there
    assert "P002" not in run("register", "check", "ends.csv", *night)[2]
    assert "P002" in run("register", "check", "ends.csv", *night, *far)[2]
    changed = [run("register", "diff", "consent_register.csv", "ends.csv", *night, *more)[1] for more in ((), far)]
    assert ["P001: lost social_media" in said for said in changed] == [False, True]
