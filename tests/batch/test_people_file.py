"""Who is shown in which photo: said photo by photo, never for a folder at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import sample_with

from consentguard.batch.people_file import key_of, read_people_file
from consentguard.cli import main
from consentguard.consent.record.state import State
from consentguard.errors import WrongUsage

KNOWN = ("P001", "P002", "T001")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("photo,people\na.jpg,P001\n", {"a.jpg": ("P001",)}),
        ('photo,people\ntrip/a.jpg,"P001, T001"\n', {"trip/a.jpg": ("P001", "T001")}),
        ("photo,people\na.jpg,P002\nb.jpg,P002 P001\n", {"a.jpg": ("P002",), "b.jpg": ("P002", "P001")}),
        ("\ufeffphoto;people\r\ntrip\\a.jpg;P001,P001\r\n", {"trip/a.jpg": ("P001",)}),
        ("people,photo\nP001;T001,cafe\u0301.jpg\n", {"caf\u00e9.jpg": ("P001", "T001")}),
        ("photo,people\n", {}),
    ],
)  # fmt: skip
def test_what_is_read(tmp_path: Path, text: str, read: dict[str, tuple[str, ...]]) -> None:
    file = tmp_path / "shown.csv"
    file.write_text(text, "utf-8", newline="")
    assert read_people_file(file, KNOWN) == read


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("file,who\na.jpg,P001\n", ["line 1: its columns are file, who"]),
        ("photo,people\na.jpg,P009\nb.jpg,\n", ["line 2, people: not in the register: P009", "line 3, people: nobody"]),
        ("photo,people\na.jpg,P001\n./a.jpg,P002\n", ["line 3, photo: ./a.jpg is already on line 2"]),
        ("photo,people\n/home/a.jpg,P001\n../a.jpg,P001\n,P001\n", ["line 2, photo", "line 3, photo", "line 4, photo"]),
        ("photo,people\na.jpg\n", ["line 2: 1 cells where the header has 2"]),
    ],
)
def test_everything_wrong_is_said_at_once(tmp_path: Path, text: str, problems: list[str]) -> None:
    file = tmp_path / "shown.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(WrongUsage) as caught:
        read_people_file(file, KNOWN)
    for problem in problems:
        assert problem in str(caught.value)


def test_a_path_is_known_by_any_of_its_spellings() -> None:
    assert key_of(Path("trip/cafe\u0301.jpg")) == key_of("trip\\caf\u00e9.jpg") == "trip/caf\u00e9.jpg"


@pytest.fixture
def office(tmp_path: Path, photographs: dict[str, bytes], body_policy_text: bytes) -> Path:
    (tmp_path / "photos" / "trip").mkdir(parents=True)
    (tmp_path / "photos" / "trip" / "known.jpg").write_bytes(photographs["obama"])
    (tmp_path / "photos" / "copy.jpg").write_bytes(photographs["obama"])
    (tmp_path / "photos" / "stranger.jpg").write_bytes(photographs["biden"])
    (tmp_path / "register.csv").write_bytes(sample_with({}))
    (tmp_path / "policy.toml").write_bytes(body_policy_text)
    State.create(tmp_path / "state")
    return tmp_path


def _command(office: Path, *more: str) -> list[str]:
    names = {"--register": "register.csv", "--policy": "policy.toml", "--state": "state", "--out": "out"}
    return [*more, *(text for option, name in names.items() for text in (option, str(office / name)))]


def test_a_folder_or_several_photos_with_one_list_of_names_are_refused(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, named = office / "photos", ("--people", "T001", "--by", "a test")
    assert main(_command(office, "scan", str(photos), *named)) == 2
    assert "--people-file" in capsys.readouterr().err
    assert main(_command(office, "release", str(photos / "copy.jpg"), str(photos / "stranger.jpg"), *named)) == 2
    assert "--people-file" in capsys.readouterr().err
    assert not (office / "out").exists()


def test_only_the_photo_that_is_named_shows_who_is_named(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = office / "shown.csv"
    shown.write_text("photo,people\ntrip/known.jpg,T001\n")
    command = _command(
        office, "scan", str(office / "photos"), "--workers", "1", "--people-file", str(shown), "--by", "me"
    )
    assert main(command) == 0
    rows = {row["photo"]: row for row in json.loads((office / "out" / "report.json").read_text())["photos"]}
    hidden = {name: sum(face["action"] == "hide" for face in row["faces"]) for name, row in rows.items()}
    assert hidden == {"trip/known.jpg": 0, "copy.jpg": 1, "stranger.jpg": 1}
    assert rows["trip/known.jpg"]["content"] == rows["copy.jpg"]["content"]

    shown.write_text("photo,people\ncopy.jpg,T001\nno such.jpg,T001\n")
    assert main(command) == 3  # nothing was decided about a photo that is not there
    said = capsys.readouterr().out
    assert "not in the folder: no such.jpg" in said
    assert "; 0 looked at now" in said  # both were judged under either name before


def test_names_need_somebody_who_says_so(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (office / "shown.csv").write_text("photo,people\ncopy.jpg,T001\n")
    assert main(_command(office, "scan", str(office / "photos"), "--people-file", str(office / "shown.csv"))) == 2
    assert "--by NAME" in capsys.readouterr().err
