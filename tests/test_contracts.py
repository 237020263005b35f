"""One suite a seam: whoever joins one of these tables has to pass it.

Detectors and embedders need models: tests/vision/test_detectors.py, tests/vision/test_embedders.py.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from consentguard import kinds
from consentguard.batch.walk import judged
from consentguard.cli.parser import build_parser
from consentguard.consent.codes import FINDINGS, REASONS
from consentguard.consent.policy import policy as policies_module
from consentguard.consent.policy.policy import Policy
from consentguard.consent.policy.rules.channels import REMAINS
from consentguard.consent.register.importers import IMPORTERS
from consentguard.consent.register.importers.base import Source
from consentguard.consent.register.importers.importing import read
from consentguard.errors import PolicyInvalid, RegisterInvalid, VerificationFailed
from consentguard.kinds import FORMATS, PUBLISHED, Format, Kind
from consentguard.posting.network import Community, Network, OwnNetwork
from consentguard.posting.x.client import X
from consentguard.values import Box, Mode, Rewrite
from consentguard.vision import ocr
from consentguard.vision.imagefile import bare, codec
from consentguard.vision.rewrite.plan import _ORDER
from consentguard.vision.rewrite.stickers import DRAWN, stuck

ROOT = Path(__file__).parents[1]
SHIPPED = sorted((Path(policies_module.__file__).parent / "policies").glob("*.toml"))
NOISE = np.random.default_rng(7).integers(0, 256, (60, 80, 3), np.uint8)


# -- importers --------------------------------------------------------------------------------------------------------

HARMED = {
    "nothing": b"",
    "no table": b"\xff\xd8\xff\xe0 a photo",
    "one line": b"Surname,Forename\n",
    "no id": b"Forename,Website\nAmara,yes\n",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("harm", HARMED)
@pytest.mark.parametrize("form", IMPORTERS)
def test_an_importer_reads_whole_files_or_says_what_is_wrong(form: str, harm: str) -> None:
    scope = "website" if IMPORTERS[form].lists else None
    with pytest.raises(RegisterInvalid) as caught:
        read(form, [Source(HARMED[harm], "list.csv", scope)], IMPORTERS[form].preset)
    said = str(caught.value)
    assert said.startswith("list.csv: ")
    assert "Amara" not in said
    assert "docs/register.md" in said or "again" in said


def test_every_importer_is_named_in_the_help_and_in_the_documents(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs/register.md").read_text("utf-8")
    assert {form for form in IMPORTERS if not re.search(rf"--format {form}\b", page)} == set()
    with pytest.raises(SystemExit):
        build_parser().parse_args(["register", "import", "--help"])
    assert "|".join(IMPORTERS) in capsys.readouterr().out.split()


# -- kinds of file ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("each", FORMATS, ids=lambda each: each.name)
def test_a_format_is_told_by_its_bytes_or_by_its_name(each: Format) -> None:
    assert each.begins or each.suffixes, "nothing tells it"
    assert not each.matches(b"")
    assert not each.matches(b"plain words\n" * 100)
    for suffix in each.suffixes:
        assert suffix.startswith(".")
        assert suffix == suffix.lower()
        assert kinds.format_called(f"PHOTO{suffix.upper()}") is each
    assert (each.media_type != "") <= (each.kind is Kind.PICTURE)


def test_no_two_formats_share_a_name_or_a_suffix() -> None:
    assert len({each.name for each in FORMATS}) == len(FORMATS)
    suffixes = [suffix for each in FORMATS for suffix in each.suffixes]
    assert len(set(suffixes)) == len(suffixes)


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_a_policy_may_publish_is_written_read_and_proved_bare(name: str) -> None:
    data = codec.encode(NOISE, name, quality=90, sampling="4:4:4")
    assert kinds.format_of(data) is PUBLISHED[name]
    assert bare.prove(data, name) == (80, 60)
    assert codec.decode(data, max_edge=100, max_pixels=10**4).pixels.shape == NOISE.shape
    assert judged(kinds.kind_of(data, "x.bin"))
    with pytest.raises(VerificationFailed, match="more than its pixels"):
        bare.prove(data + b"tail", name)


# -- rewrites ---------------------------------------------------------------------------------------------------------


def test_every_rewrite_has_its_place_in_the_order_and_in_the_documents() -> None:
    assert sorted(_ORDER, key=list(Rewrite).index) == list(Rewrite)
    page = (ROOT / "docs/architecture.md").read_text("utf-8") + (ROOT / "README.md").read_text("utf-8")
    assert all(kind.value in page for kind in Rewrite if kind is not Rewrite.NONE)


@pytest.mark.parametrize("kind", DRAWN)
def test_a_sticker_lies_on_paint_only_and_is_the_same_each_time(kind: str) -> None:
    hidden = np.zeros((60, 80), np.bool_)
    hidden[10:50, 10:45] = True
    for cover in (Box(10, 10, 50, 50), Box(-20, -20, 30, 30), Box(60, 40, 120, 100), Box(200, 0, 220, 9)):
        once, again = NOISE.copy(), NOISE.copy()
        stuck(once, cover, hidden, kind)
        stuck(again, cover, hidden, kind)
        assert np.array_equal(once, again)
        assert np.array_equal(once[~hidden], NOISE[~hidden])
        inside = cover.within(80, 60)
        seen = inside is not None and hidden[inside.top : inside.bottom, inside.left : inside.right].any()
        assert (once != NOISE).any() == seen


# -- policies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_policy_is_read_whole_and_decides_the_same_each_time(path: Path) -> None:
    data = path.read_bytes()
    policy = Policy.parse(data, path.name)
    assert policy.digest == Policy.parse(data, "elsewhere.toml").digest
    assert policy.fingerprint == Policy.parse(data, path.name).fingerprint
    assert Policy.parse(data + b"\n# a comment\n", path.name).digest == policy.digest
    assert policy.default_channel in policy.channels
    assert set(policy.modes) <= set(Mode)
    for channel in policy.channels.values():
        assert set(policy.remain_on(channel)) <= set(REMAINS)
    assert set(policy.sentences.by_code) <= {*REASONS, *FINDINGS}
    assert policy.zone.key == policy.time_zone
    assert re.fullmatch("[0-9a-f]{64}", policy.digest)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_policy_with_one_strange_key_is_none(path: Path) -> None:
    with pytest.raises(PolicyInvalid, match="surprise"):
        Policy.parse(b"surprise = true\n" + path.read_bytes(), path.name)


# -- networks, and text in pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("network", [X])
@pytest.mark.parametrize("protocol", [Network, Community, OwnNetwork])
def test_a_network_offers_what_a_poster_asks_for(network: type, protocol: type) -> None:
    asked = {name: what for name, what in inspect.getmembers(protocol, inspect.isfunction) if not name.startswith("_")}
    assert asked
    for name, wanted in asked.items():
        given = inspect.signature(getattr(network, name))
        assert list(given.parameters) == list(inspect.signature(wanted).parameters), name
        assert str(given.return_annotation) == str(inspect.signature(wanted).return_annotation), name


def test_a_text_reader_names_itself_and_reads_nothing_where_nothing_is_written() -> None:
    reader = ocr.shared()
    assert "@" in reader.label
    blank = np.full((120, 200, 3), 200, np.uint8)
    before = blank.copy()
    assert not reader.read(blank).words
    assert np.array_equal(blank, before)
