"""Files as offices have them: Excel's first line and formulas, unseen characters, old encodings, workbooks, answers."""

from __future__ import annotations

import io
from datetime import date

import pytest

from consentguard.cli import main
from consentguard.consent.register.importers import IMPORTERS
from consentguard.consent.register.importers.base import Source
from consentguard.consent.register.importers.importing import read
from consentguard.consent.register.register import Register
from consentguard.errors import RegisterInvalid

HEADER = "Adno,Surname,Forename,Web,Web day"
MAPPING = IMPORTERS["sims"].preset.with_columns({"website": ("Web",), "website_granted": ("Web day",)})


def imported(data: str | bytes, **how):
    raw = data if isinstance(data, bytes) else data.encode()
    return read("sims", [Source(raw, "office.csv")], MAPPING, **how)


def complaint(data: str | bytes) -> str:
    with pytest.raises(RegisterInvalid) as caught:
        imported(data)
    return str(caught.value)


@pytest.mark.parametrize("first", ["sep=;\r\n", "SEP=;\n", '"sep=;"\n', "sep=;;;;\n"])
def test_the_first_line_of_excel_names_what_separates_cells(first: str) -> None:
    text = first + HEADER.replace(",", ";") + "\n000123;Hill;Al;Yes;2026-09-07\n"
    assert list(imported(text).people) == ["000123"]
    assert "line 3, Web" in complaint(text.replace("Yes", "perhaps"))


@pytest.mark.parametrize("kept", ['"=""000123"""', "=000123", "'000123"])
def test_what_keeps_an_id_a_text_in_excel_is_taken_off(kept: str) -> None:
    assert list(imported(HEADER + f"\n{kept},'t Hooft,Al,Yes,2026-09-07\n").people) == ["000123"]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_names_garbled_before_they_came_are_told_by_their_lines(encoding: str) -> None:
    garbled = "Müller".encode().decode(encoding)
    notes = imported(HEADER + f"\n1,Hill,Zoë,Yes,2026-09-07\n2,{garbled},Al,Yes,2026-09-07\n").notes
    assert [note for note in notes if "garbled, on line 3," in note]
    assert not imported(HEADER + "\n1,Müller,Zoë,Yes,2026-09-07\n").notes


@pytest.mark.parametrize("unseen", ["\x07", "\u200b", "\ufeff", "\u2060", "\u00ad", "\u200e", "\u202e"])
def test_characters_that_nobody_sees_do_not_come_in(unseen: str) -> None:
    found = imported(HEADER + f"\n{unseen}12{unseen}3,Hi{unseen}ll,Al,Y{unseen}es,2026-09-07\n")
    assert found.people["123"].legal_surname == "Hill"
    assert found.people["123"].consents["website"].granted == date(2026, 9, 7)
    register = f"id,role,legal_forename,legal_surname\nP1{unseen},pupil,Al,Hill\nP1,pupil,Bo,Hill\n"
    with pytest.raises(RegisterInvalid, match="already on line 2"):
        Register.parse(register.encode(), "register.csv")


@pytest.mark.parametrize("odd", ["\uff11\uff12", "1\u200d2", "1\u00a02", "x" * 101])
def test_an_id_of_characters_that_look_like_others_is_an_error(odd: str) -> None:
    assert "Adno" in complaint(HEADER + f"\n{odd},Hill,Al,Yes,2026-09-07\n")
    with pytest.raises(RegisterInvalid, match="line 2, id"):
        Register.parse(f"id,role,legal_forename,legal_surname\n{odd},pupil,Al,Hill\n".encode(), "register.csv")


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
@pytest.mark.parametrize(
    "names", [("Zo\u00eb", "Bront\u00eb"), ("Ren\u00e9e", "M\u00fcller"), ("\u00c5sa", "Garc\u00eda")]
)
def test_old_encodings_are_told_apart_and_the_lines_to_look_at_named(encoding: str, names: tuple[str, str]) -> None:
    text = f"{HEADER}\n1,Hill,Al,Yes,2026-09-07\n2,{names[1]},{names[0]},Yes,2026-09-07\n"
    found = imported(text.encode(encoding))
    assert (found.people["2"].legal_forename, found.people["2"].legal_surname) == names
    (note,) = found.notes
    assert "on line 3" in note
    assert names[1] not in note


def test_a_register_that_excel_saved_is_named_as_such_in_one_line_a_column() -> None:
    rows = "".join(f"P{n},pupil,A{n},Hill,yes,07/09/2026\n" for n in range(59))
    header = "id,role,legal_forename,legal_surname,website,website_granted\n"
    with pytest.raises(RegisterInvalid, match="register import FILE --format wide") as caught:
        Register.parse((header + rows).encode(), "register.csv")
    assert len(caught.value.problems) == 1
    assert "so on 58 more lines" in str(caught.value)
    with pytest.raises(RegisterInvalid, match="register import FILE --format wide"):
        Register.parse((header + rows).replace(",", ";").encode(), "register.csv")
    back = read("wide", [Source((header + rows).replace(",", ";").encode(), "x")], MAPPING, dates="day-first")
    assert back.people["P0"].consents["website"].granted == date(2026, 9, 7)


def test_an_unknown_answer_is_shown_once_and_can_be_mapped(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"\n{n},Hill,Al,Yes - website only,2026-09-07" for n in range(9))
    (tmp_path / "s.csv").write_text(HEADER + rows + "\n9,Hollowell,Bo,mrs hollowell asks,\n")
    line = ["register", "import", "s.csv", "--format", "sims", "--out", "new.csv"]
    line += ["--scope", "website=Web", "--scope", "website_granted=Web day"]
    assert main(line) == 3
    said = capsys.readouterr().err
    assert said.count("'Yes - website only'") == 1
    assert "ollowell" not in said
    assert main([*line, "--answer", "Yes - website only=maybe"]) == 2
    mapped = ["--answer", "yes - website  only=yes", "--answer", "Mrs Hollowell asks=no"]
    assert main([*line, *mapped]) == 0
    register = Register.load(tmp_path / "new.csv")
    assert sum(person.consents["website"].given for person in register) == 9


def test_a_workbook_is_read_like_a_table() -> None:
    pytest.importorskip("python_calamine")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        HEADER.split(","),
        ["000123", "Bront\u00eb", "Zo\u00eb", "Yes", date(2026, 9, 7)],
        [77, "Hill", "Al", "No"],
    ):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    found = imported(out.getvalue())
    assert list(found.people) == ["000123", "77"]
    assert found.people["000123"].legal_surname == "Bront\u00eb"
    assert found.people["000123"].consents["website"].granted == date(2026, 9, 7)
    assert "no Excel workbook" in complaint(out.getvalue()[:200])


def test_a_workbook_without_its_reader_says_what_reads_it(monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "xlsx" in complaint(b"PK\x03\x04")
