"""Parts that other tests meet only at the end of long ways: days, HEIF, sheets, registers compared, release status."""

import io
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.release_status import why_fallen
from consentguard.consent.register import sheets
from consentguard.consent.register.compare import compare, count, kept_too_long
from consentguard.consent.register.register import Register
from consentguard.errors import UnreadableImage
from consentguard.values import Standing
from consentguard.vision.imagefile import heif
from consentguard.vision.imagefile.dated import taken_on

TODAY = date(2026, 9, 14)
HEADER = "id,role,class,legal_forename,legal_surname,social_media,social_media_granted,social_media_withdrawn\n"


def register(*rows: str) -> Register:
    return Register.parse((HEADER + "\n".join(rows) + "\n").encode(), "a test")


# -- the day of a photo ------------------------------------------------------------------------------------------------


def photo(kind: str, **tags: str) -> bytes:
    image, exif, out = Image.new("RGB", (8, 8)), Image.Exif(), io.BytesIO()
    for name, value in tags.items():
        where = exif if name == "DateTime" else exif.get_ifd(ExifTags.IFD.Exif)
        where[ExifTags.Base[name]] = value
    image.save(out, kind, exif=exif.tobytes())
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_of_the_day_on_which_it_was_taken(kind: str) -> None:
    assert taken_on(photo(kind, DateTimeOriginal="2026:09:07 10:11:12")) == date(2026, 9, 7)
    assert taken_on(photo(kind, DateTimeDigitized="2026:09:08 10:11:12")) == date(2026, 9, 8)
    both = photo(kind, DateTimeOriginal="2026:09:07 10:11:12", DateTimeDigitized="2026:09:08 10:11:12")
    assert taken_on(both) == date(2026, 9, 7)


def test_the_day_of_saving_is_not_taken_and_nothing_that_is_no_day() -> None:
    assert taken_on(photo("JPEG", DateTime="2026:09:07 10:11:12")) is None
    assert taken_on(photo("JPEG", DateTimeOriginal="2026:19:07 10:11:12")) is None
    assert taken_on(photo("JPEG")) is None
    assert taken_on(b"no photo at all") is None


# -- HEIF --------------------------------------------------------------------------------------------------------------


def box(major: bytes, *others: bytes) -> bytes:
    return (16 + 4 * len(others)).to_bytes(4, "big") + b"ftyp" + major + b"\0\0\0\0" + b"".join(others)


def test_heif_is_told_by_its_brands() -> None:
    assert heif.is_heif(box(b"heic"))
    assert heif.is_heif(box(b"mif1", b"heic"))
    assert not heif.is_heif(box(b"avif", b"mif1"))
    assert not heif.is_heif(box(b"isom"))
    assert not heif.is_heif(b"\xff\xd8\xff\xe0 a JPEG")


def test_colours_of_display_p3_become_those_of_srgb_and_hdr_is_refused() -> None:
    pixels = np.array([[[255, 255, 255], [128, 128, 128], [200, 60, 60]]], np.uint8)
    assert heif.from_codes(pixels, {(1, 13)}) is pixels
    shown = heif.from_codes(pixels, {(12, 13)})
    assert np.abs(shown[0, :2].astype(int) - pixels[0, :2]).max() <= 1, "grey is grey in both"
    assert shown[0, 2, 0] > 200, "the same numbers are a redder red in P3"
    for codes in ({(9, 16)}, {(12, 18)}, {(9, 13)}, {(1, 16)}):
        with pytest.raises(UnreadableImage, match="HDR"):
            heif.from_codes(pixels, codes)


@given(st.lists(st.floats(-1, 2), min_size=1, max_size=20))
def test_linear_light_is_coded_in_order_and_clipped(light: list[float]) -> None:
    coded = heif.encoded(np.sort(np.array(light)))
    assert (np.diff(coded.astype(int)) >= 0).all()
    assert heif.encoded(np.array([-1.0, 0.0, 1.0, 2.0])).tolist() == [0, 0, 255, 255]
    assert heif.encoded(np.array([0.2158605])).tolist() == [128], "IEC 61966-2-1"


# -- sheets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text", "code"),
    [
        ("Zoë".encode(), "Zoë", "UTF-8"),
        ("Zoë".encode("utf-8-sig"), "Zoë", "UTF-8"),
        ("Zoë".encode("utf-16"), "Zoë", "UTF-16"),
        ("Zoë,José".encode("cp1252"), "Zoë,José", "Windows-1252"),
        ("Zoë,José".encode("cp850"), "Zoë,José", "MS-DOS code page 850"),
        ("Zoë,José".encode("mac_roman"), "Zoë,José", "Mac OS Roman"),
    ],
)
def test_names_are_read_in_what_they_were_written_in(data: bytes, text: str, code: str) -> None:
    assert sheets.decode(data) == (text, code)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" P001 ", "P001"),
        ('="000123"', "000123"),
        ("'0012", "0012"),
        ("a\u200bb", "ab"),
        ('="a""b"', 'a"b'),
        ("=A1", "=A1"),
    ],
)
def test_a_cell_is_what_is_seen_in_it(cell: str, text: str) -> None:
    assert sheets.clean(cell) == text


def test_what_was_read_wrongly_before_is_told_by_its_line() -> None:
    assert sheets.garbled_lines("Müller\nMÃ¼ller\nSmith\nZoÃ«") == [2, 4]


@pytest.mark.parametrize(
    ("first", "delimiter"),
    [("a,b,c", ","), ("a;b,c;d", ";"), ("a\tb\tc", "\t"), ("sep=;\na,b,c", ";"), ("sep=\\t\n", "\t")],
)
def test_what_separates_cells_is_told_by_the_first_line(first: str, delimiter: str) -> None:
    assert sheets.delimiter_of(first) == delimiter


def test_a_sheet_says_which_line_is_wrong_and_keeps_the_others() -> None:
    sheet, problems = sheets.read_sheet("a,b\n1,2\n\n3\n4,5\n")
    assert sheet.columns == ("a", "b")
    assert sheet.rows == ((2, ("1", "2")), (5, ("4", "5")))
    assert [(problem.line, problem.message) for problem in problems] == [(4, "1 cells where the header has 2")]
    _, problems = sheets.read_sheet("a,b\n1,\0\n")
    assert [problem.line for problem in problems] == [2]


def test_the_style_of_days_is_told_and_never_guessed() -> None:
    assert sheets.date_style(["2026-09-07"]) == ("iso", "")
    assert sheets.date_style(["07/09/2026", "13/09/2026"]) == ("day-first", "")
    assert sheets.date_style(["07/09/2026", "09/13/2026"]) == ("month-first", "")
    assert sheets.date_style(["13/09/2026", "09/13/2026"])[0] is None
    assert sheets.date_style(["07/09/2026"])[0] is None
    assert sheets.date_style(["07/07/2026"]) == ("day-first", "")


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_day_is_read_in_the_style_in_which_it_was_written(day: date) -> None:
    assert sheets.read_day(f"{day.day}/{day.month:02}/{day.year} 00:00", "day-first") == day
    assert sheets.read_day(f"{day.month}/{day.day}/{day.year}", "month-first") == day
    for style in sheets.DATE_STYLES:
        assert sheets.read_day(day.isoformat(), style) == day
    assert sheets.iso_day(f"{day:%Y%m%d}") is None
    assert sheets.read_day("31/02/2026", "day-first") is None


# -- two registers -----------------------------------------------------------------------------------------------------


def test_what_changed_between_two_registers_is_told_by_id() -> None:
    old = register(
        "P001,pupil,3A,Ann,Able,yes,2026-09-01,",
        "P002,pupil,3A,Ben,Best,no,,",
        "P003,pupil,3A,Cat,Cole,yes,2026-09-01,",
        "P004,pupil,3A,Dan,Dale,yes,2026-09-01,",
    )
    new = register(
        "P001,pupil,3A,Ann,Able,yes,2026-09-01,2026-09-10",
        "P002,pupil,3B,Ben,Best,yes,2026-09-09,",
        "P004,pupil,3A,Dan,Dole,yes,2026-09-01,",
        "P005,pupil,3A,Eve,East,yes,2026-09-09,",
    )
    changes = compare(old, new, TODAY)
    assert [str(change) for change in changes if change.what != "biometric"] == [
        "P001: lost social_media (consented -> withdrawn)",
        "P002: class",
        "P002: gained social_media (no-consent -> consented)",
        "P003: gone",
        "P003: lost social_media (consented -> not in it)",
        "P004: names",
        "P005: joined",
        "P005: gained social_media (not in it -> consented)",
    ]
    assert not compare(old, old, TODAY)


def test_a_register_is_counted() -> None:
    stats = count(register("P001,pupil,3A,Ann,Able,yes,2026-09-01,", "P002,pupil,3A,Ben,Best,no,,"), TODAY)
    assert stats.roles["pupil"] == 2
    assert stats.scopes["social_media"] == {Standing.CONSENTED: 1, Standing.NO_CONSENT: 1}
    assert stats.left == 0
    assert not kept_too_long(register("P001,pupil,3A,Ann,Able,no,,"), TODAY, 12)


# -- whether a release stands ------------------------------------------------------------------------------------------

CONSENTED = register("P001,pupil,3A,Ann,Able,yes,2026-09-01,", "P002,pupil,3A,Ben,Best,no,,")


def fallen(people: tuple[str, ...] = ("P001",), policy: Policy | None = None, **changed: object) -> str:
    """The code, or ""."""
    shipped = Policy.shipped()
    asked: dict[str, object] = {
        "made_for": shipped.default_channel,
        "mode": "off",
        "policy_sha256": shipped.digest,
        "people": people,
        "custom_parts": (),
        "channel": shipped.default_channel,
        "on": TODAY,
    }
    why = why_fallen(CONSENTED, policy or shipped, **{**asked, **changed})  # type: ignore[arg-type]
    return why[0] if why else ""


def test_a_release_stands_until_something_that_it_rests_on_is_gone() -> None:
    assert fallen() == ""
    assert fallen(channel=None) == ""
    assert fallen(people=("P002",)) == "consent-gone"
    assert fallen(people=("P009",)) == "consent-gone"
    assert fallen(mode="matched") == "policy-changed", "the shipped policy has no such mode"
    assert fallen(policy_sha256="0" * 64) == "policy-changed"
    assert fallen(channel="another") == "other-channel"
    assert fallen(custom_parts=("detector",)) == "custom-part"
    assert fallen(revoked="2026-09-13", custom_parts=("detector",)) == "revoked"
