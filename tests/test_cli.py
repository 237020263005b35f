"""The command line: its exit codes, its JSON, and what bad input and Ctrl-C leave behind.

A child process costs a second or more, so commands run in this one, but for what only a child can show.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Answer, typed
from fakes import SAMPLE_FILE
from PIL import Image

from consentguard.cli import main, show
from consentguard.cli.parser import build_parser
from consentguard.consent.codes import FINDINGS, REASONS
from consentguard.files import write_whole
from consentguard.values import Finding, Outcome, Rewrite, Standing, Verdict
from consentguard.vision.models.store import manifest

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals and paths of POSIX")


@dataclass(frozen=True)
class Desk:
    """A folder with a state, photos, registers and policies, and the command line run in it."""

    folder: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "consentguard", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {name: str(self.folder / "home") for name in ("CONSENTGUARD_STATE", "XDG_DATA_HOME")}

    def run(self, *arguments: str) -> Answer:
        return typed(*arguments, folder=self.folder, environment=self.environment)

    def run_alone(self, *arguments: str, **environment: str) -> Answer:
        """In a process of its own."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**os.environ, **self.environment, "PYTHONWARNINGS": "default", **environment},
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.folder / folder).glob("*"))


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def still_life() -> Image.Image:
    slope = np.linspace(60, 200, 160, dtype=np.uint8)
    return Image.fromarray(np.dstack([np.tile(slope, (120, 1))] * 3))


def png_of_size(width: int, height: int) -> bytes:
    """A few bytes that claim to be a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="module")
def desk(tmp_path_factory, photographs, body_policy_text) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    desk = Desk(folder)
    (folder / "consent_register.csv").write_bytes(SAMPLE_FILE.read_bytes())
    (folder / "body.toml").write_bytes(body_policy_text)
    (folder / "face.jpg").write_bytes(photographs["partial"])
    (folder / "still.png").write_bytes(saved(still_life(), "PNG"))
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "truncated.jpg").write_bytes(photographs["partial"][:20_000])
    (folder / "text.jpg").write_text("Dear parents, the photo follows.\n" * 40)
    (folder / "bomb.png").write_bytes(png_of_size(30_000, 30_000))
    (folder / "1x1.png").write_bytes(saved(Image.new("RGB", (1, 1)), "PNG"))
    frames = [still_life(), still_life().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    for name, form in (("moving.gif", "GIF"), ("moving.png", "PNG")):
        (folder / name).write_bytes(saved(frames[0], form, save_all=True, append_images=frames[1:], duration=90))
    (folder / "folder.jpg").mkdir()
    if os.name == "posix":
        (folder / "loop.jpg").symlink_to("loop.jpg")
        os.mkfifo(folder / "pipe.jpg")
        (folder / os.fsdecode(b"caf\xe9.png")).write_bytes(saved(still_life(), "PNG"))
    (folder / "bad.csv").write_text(
        "id,role,legal_forename,legal_surname,website,website_granted,twitter\nP1,pupil,Ann,Bee,yes,2026-09-07,yes\n"
    )
    (folder / "bad2.csv").write_text(
        "id,role,legal_forename,legal_surname,website,website_granted\n"
        "P1,pupil,Ann,Bee,yes,07/09/2026\nP2,pupil,Al,Cee,,\nP2,pupil,Di,Eff,,\n"
    )
    (folder / "bad.toml").write_text('on_unapproved = "blur"\n')
    made = desk.run("init", "--state", "state")
    assert (made.code, made.err) == (0, "")
    assert "Back the folder up" in made.out
    return desk


RELEASE = ("release", "--state", "state", "--json")

# -- what goes right --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def released(desk) -> Answer:
    """A face that is covered and a picture without one, in this order."""
    return desk.run_alone(
        *RELEASE, "--policy", "body.toml", "--out", "good", "--before-after", "looks", "face.jpg", "still.png"
    )


def test_release_writes_one_file_a_photo_named_by_its_digest(desk, released):
    assert (released.code, released.err) == (0, "")
    assert [line["outcome"] for line in released.lines] == ["released", "released"]
    for line in released.lines:
        data = (desk.folder / line["output"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == line["sha256"]
        assert line["output"] == str(Path("good") / f"{line['sha256'][:16]}.jpg")
        assert Image.open(io.BytesIO(data)).format == "JPEG"
    assert desk.names("good") == sorted(Path(line["output"]).name for line in released.lines)
    assert desk.names("looks") == sorted(f"{line['sha256'][:16]}-before-after.png" for line in released.lines)


KEYS: dict[str, Any] = {
    "photo": str,
    "outcome": str,
    "needs_person": bool,
    "publishable_as_is": bool,
    "reasons": list,
    "faces": list,
    "hands": (list, type(None)),
    "heads_from_behind": (list, type(None)),
    "people": (list, type(None)),
    "rewrite": (str, type(None)),
    "frame": (list, type(None)),
    "scale": (float, int, type(None)),
    "findings": list,
    "smallest_face": (int, type(None)),
    "models": list,
    "sha256": (str, type(None)),
    "output": (str, type(None)),
}


def assert_contract(line: dict[str, Any]) -> None:
    assert set(line) >= set(KEYS)
    for key, kind in KEYS.items():
        assert isinstance(line[key], kind), (key, line[key])
    assert line["outcome"] in {"publishable", "needs_rewrite", "released", "refused", "cannot_tell"}
    assert set(line["reasons"]) <= set(REASONS)
    assert line["rewrite"] in {"none", "crop", "silhouette", "cover", None}
    for face in line["faces"]:
        assert set(face) == {"number", "box", "score", "person", "standing", "action", "tag", "added", "where"}
        left, top, right, bottom = face["box"]
        assert 0 <= left < right
        assert 0 <= top < bottom
        assert 0 <= face["score"] <= 1
        assert face["standing"] in set(Standing)
        assert face["action"] == ("keep" if face["standing"] == "consented" else "hide")
    for finding in line["findings"]:
        assert set(finding) == {"rule", "where", "message"}
        assert finding["rule"] in {*FINDINGS, *REASONS}
    assert (line["sha256"] is None) == (line["outcome"] != "released")
    if line["outcome"] in {"refused", "cannot_tell"}:
        assert (line["rewrite"], line["frame"], line["output"]) == (None, None, None)


def test_release_tells_all_that_the_contract_promises(desk, released):
    face, still = released.lines
    for line in (face, still):
        assert_contract(line)
        assert (line["hands"], line["heads_from_behind"], line["people"]) == (None, [], None)  # bodies not looked for
        assert (line["smallest_face"], line["models"][0]) == (20, "centerface@09189dea+yunet@8f2383e4")
        assert (line["scale"], line["needs_person"]) == (1.0, False)
    size = size_of(desk.folder / "face.jpg")
    assert (face["photo"], face["rewrite"], face["frame"]) == ("face.jpg", "cover", [0, 0, *size])
    assert [(f["person"], f["standing"], f["action"]) for f in face["faces"]] == [(None, "unknown", "hide")]
    assert face["reasons"] == ["unapproved-face", "metadata"]
    assert (face["publishable_as_is"], still["publishable_as_is"], still["reasons"]) == (False, True, [])
    assert [f["rule"] for f in face["findings"]] == ["text-not-read", "metadata-dropped"]
    assert (still["photo"], still["rewrite"], still["faces"]) == ("still.png", "none", [])
    assert [f["rule"] for f in still["findings"]] == ["no-face-found", "text-not-read"]


def test_the_shipped_policy_crops_to_the_hand(desk):
    answer = desk.run(*RELEASE, "--out", "shipped", "face.jpg")
    (line,) = answer.lines
    assert_contract(line)
    assert (answer.code, line["outcome"], line["rewrite"]) == (0, "released", "crop")
    face, frame = line["faces"][0]["box"], line["frame"]
    assert face[3] < frame[1], "the face lies above the frame"


def test_a_photo_of_which_nothing_may_remain_is_refused_and_nothing_is_written(desk):
    strict = (desk.folder / "body.toml").read_text("utf-8").replace('remain = ["body"]', "remain = []")
    (desk.folder / "strict.toml").write_text(strict, "utf-8")
    answer = desk.run(*RELEASE, "--policy", "strict.toml", "--out", "nothing", "face.jpg")
    (line,) = answer.lines
    assert_contract(line)
    assert (answer.code, line["outcome"], line["needs_person"]) == (1, "refused", True)
    assert line["reasons"][0] == "unapproved-face"
    assert desk.names("nothing") == []


def test_declared_people_decide_over_the_photo(desk):
    declared = ("--policy", "body.toml", "--by", "Office", "--out", "declared", "face.jpg")
    good = desk.run(*RELEASE, *declared, "--people", "P001")
    assert (good.code, good.lines[0]["rewrite"]) == (0, "none")
    assert good.lines[0]["faces"][0] | {"box": 0, "score": 0} == {
        "box": 0, "score": 0, "person": "P001", "standing": "consented", "action": "keep", "number": 1, "tag": None,
        "added": False, "where": "upper left",
    }  # fmt: skip
    written = desk.names("declared")
    bad = desk.run(*RELEASE, *declared, "--people", "P001,P007")
    assert_contract(bad.lines[0])
    assert (bad.code, bad.lines[0]["outcome"], bad.lines[0]["reasons"]) == (1, "refused", ["declared-not-permitted"])
    assert bad.lines[0]["findings"][0] | {"message": ""} == {
        "rule": "declared-not-permitted",
        "where": "P007",
        "message": "",
    }
    assert desk.names("declared") == written
    assert "Merryweather" not in bad.out + bad.err


def test_check_looks_only_and_its_worst_photo_wins(desk):
    check = ("check", "--state", "state", "--policy", "body.toml", "--json")
    answer = desk.run(*check, "empty.jpg", "still.png", "face.jpg")
    for line in answer.lines:
        assert_contract(line)
    assert [line["outcome"] for line in answer.lines] == ["cannot_tell", "publishable", "needs_rewrite"]
    assert [line["publishable_as_is"] for line in answer.lines] == [False, True, False]
    assert answer.code == 3
    assert desk.run(*check, "face.jpg", "still.png").code == 1
    assert desk.run(*check, "still.png").code == 0


def test_check_decides_for_the_time_it_is_given(desk):
    check = ("check", "--state", "state", "--people", "P001", "--by", "Office", "--json", "face.jpg", "--at")
    early = desk.run(*check, "2026-09-06T23:59")
    assert early.lines[0]["faces"][0]["standing"] == "no-consent"
    assert (early.code, early.lines[0]["outcome"]) == (1, "refused")
    later = desk.run(*check, "2026-09-07T00:00")
    assert later.lines[0]["faces"][0]["standing"] == "consented"
    assert later.lines[0]["reasons"] == ["metadata"]


def test_plain_words_say_the_outcome_first_and_inspect_draws_it(desk):
    answer = desk.run("inspect", "face.jpg", "--state", "state", "--out", "drawn.png", "--plan", "plan.json")
    assert json.loads((desk.folder / "plan.json").read_text("utf-8"))["why"]
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(
        "face.jpg: may go after rewriting: run `consentguard release`\n  1 face found, 0 may be seen, 1 may not"
    )
    assert size_of(desk.folder / "drawn.png") == size_of(desk.folder / "face.jpg")


@posix
def test_a_name_that_is_not_utf8_stops_neither_the_photo_nor_the_run(desk):
    odd = os.fsdecode(b"caf\xe9.png")
    answer = desk.run_alone(*RELEASE, "--policy", "body.toml", "--out", "odd", odd, "still.png")
    assert [(line["photo"], line["outcome"]) for line in answer.lines] == [(odd, "released"), ("still.png", "released")]
    assert answer.code == 0
    assert "caf\\xe9.png: may go as it is" in desk.run("check", "--state", "state", odd).out


def test_the_small_commands(desk):
    assert re.fullmatch(r"consentguard \d+\.\d+\.\d+\n", desk.run_alone("--version").out)
    models = desk.run("models", "list")
    assert models.code == 0
    assert re.search(r"centerface@09189dea +here +finds faces", models.out)
    assert "photo-obama" not in models.out
    verified = desk.run("models", "verify", "--photographs")
    assert (verified.code, verified.out.count("as published")) == (
        0,
        sum(card.group != "optional" for card in manifest().values()),
    )
    register = desk.run("register", "check")
    assert (register.code, "14 people (12 pupil, 2 staff, 0 other)" in register.out) == (0, True)
    policy = desk.run("policy", "check")
    assert (policy.code, "may remain: back_of_head, hands" in policy.out) == (0, True)


def test_a_second_pull_does_nothing(desk):
    answer = desk.run("models", "pull", "--photographs")
    assert (answer.code, answer.err) == (0, "")
    assert "everything is here already" in answer.out


@pytest.mark.parametrize(
    "command",
    ["init", "models pull", "models list", "models verify", "register check", "policy check", "check", "inspect",
     "release", "demo", "audit verify"],
)  # fmt: skip
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args([*command.split(), "--help"])
    assert left.value.code == 0
    assert f"usage: consentguard {command}" in capsys.readouterr().out


# -- bad input --------------------------------------------------------------------------------------------------------

BAD = {
    "empty.jpg": "the file is empty",
    "truncated.jpg": "damaged or incomplete",
    "text.jpg": "not a picture in a format that is read here",
    "bomb.png": "far more than the 80 megapixels",
    "1x1.png": "1 x 1 pixels",
    "moving.gif": "more than one picture or moves",
    "moving.png": "more than one picture or moves",
    "missing.jpg": "No such file",
    "folder.jpg": "is not a file",
    **({"loop.jpg": "is a link", "pipe.jpg": "is not a file"} if os.name == "posix" else {}),
}
NEXT_STEPS = ("save it as JPEG", "check the name and your rights", "name photos, not folders", "name the file")


def test_every_bad_photo_gets_a_named_error_and_stops_no_other(desk):
    answer = desk.run(*RELEASE, "--out", "bad", *BAD, "still.png")
    assert answer.code == 3
    assert [line["photo"] for line in answer.lines] == [*BAD, "still.png"]
    for line, (name, reason) in zip(answer.lines[:-1], BAD.items(), strict=True):
        assert_contract(line)
        assert (line["outcome"], line["reasons"]) == ("cannot_tell", ["unreadable-image"])
        (told,) = (text for text in answer.err.splitlines() if text.startswith(f"consentguard: {name}: "))
        assert reason in told
        assert any(step in told for step in NEXT_STEPS), told
        assert line["findings"] == [
            {"rule": "unreadable-image", "where": "file", "message": told.removeprefix("consentguard: ")}
        ]
    assert answer.lines[-1]["outcome"] == "released"
    assert desk.names("bad") == [Path(answer.lines[-1]["output"]).name]


def test_what_stops_a_photo_stands_apart_from_what_stops_nothing():
    days = Finding("outside-days", "policy", "Saturday: this channel posts on Monday only.")
    named = Finding("declared-not-approved", "P002", "P002: no-consent for website")
    refused = Verdict(
        photo="a.jpg", outcome=Outcome.REFUSED, reasons=(named.rule,), findings=(days, named), rewrite=Rewrite.CROP
    )  # nothing was made of it, whatever would have been
    assert show.verdict(refused).splitlines()[2:5] == [
        f"  declared-not-approved: {REASONS[named.rule]}",
        "    P002: no-consent for website",
        "  note: outside-days: Saturday: this channel posts on Monday only.",
    ]
    released = replace(refused, outcome=Outcome.RELEASED, reasons=(), findings=(), rewrite=Rewrite.COVER)
    assert show.verdict(released).splitlines()[-1] == "  how: cover: heads painted over"


def test_a_photo_that_cannot_be_read_is_told_of_once(desk):
    answer = desk.run("release", "--state", "state", "--out", "once", "text.jpg", "--register", "consent_register.csv")
    assert answer.code == 3
    assert (answer.out + answer.err).count("not a picture in a format that is read here") == 1
    assert "cannot_tell" not in answer.err, "what is logged is for programs that ask for it"


@pytest.mark.parametrize(
    ("options", "reason", "told"),
    [
        (["--register", "bad.csv"], "register-invalid", ["bad.csv: 1 problem", "line 1, column 7: unknown column"]),
        (["--register", "bad2.csv"], "register-invalid", ["line 2, website_granted", "line 4, id: 'P2'"]),
        (["--policy", "bad.toml"], "policy-invalid", ["bad.toml: ", "on_unapproved: must be one of rewrite, block"]),
        (["--state", "nowhere"], "audit-failed", ["nowhere: no state here", "consentguard init --state nowhere"]),
    ],
)
def test_a_bad_file_of_the_school_stops_every_photo(desk, options, reason, told):
    answer = desk.run(*RELEASE, "--out", "none", *options, "still.png", "face.jpg")
    assert answer.code == 3
    assert [(line["photo"], line["outcome"], line["reasons"]) for line in answer.lines] == [
        ("still.png", "cannot_tell", [reason]),
        ("face.jpg", "cannot_tell", [reason]),
    ]
    for line in answer.lines:
        assert_contract(line)
    for words in told:
        assert answer.err.count(words) == 1
    assert desk.names("none") == []


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("register check bad2.csv", 3, "line 2, website_granted: is not a day like 2026-09-01"),
        ("register check missing.csv", 3, "missing.csv: 1 problem, nothing was loaded"),
        ("policy check bad.toml", 3, "on_unapproved: must be one of rewrite, block"),
        ("init --state state", 3, "holds a state already; nothing was changed"),
        ("audit verify --state nowhere", 3, "consentguard init --state nowhere"),
    ],
)
def test_a_command_that_fails_says_why_on_stderr(desk, command, code, told):
    answer = desk.run(*command.split())
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err


def test_missing_weights_name_the_one_command_to_run(desk, tmp_path):
    answer = desk.run_alone("check", "--state", "state", "--json", "still.png", CONSENTGUARD_MODELS=str(tmp_path))
    assert answer.code == 3
    assert answer.lines[0]["reasons"] == ["model-unavailable"]
    assert "run `consentguard models pull`" in answer.err


WRONG = {
    "unknown channel": ("--channel facebook", "choose one of main, class1"),
    "mode not allowed": ("--mode matched", "allow it); choose one of off, declared"),
    "unknown mode": ("--mode guess", "does not exist; choose one of off, declared"),
    "unknown person": ("--people P001,P999 --by Office", "P999; it knows P001, P002"),
    "nobody says so": ("--people P001", "--by NAME"),
}


@pytest.mark.parametrize(("options", "told"), WRONG.values(), ids=WRONG)
def test_wrong_usage_exits_2_with_the_choices_and_judges_nothing(desk, options, told):
    answer = desk.run(*RELEASE, "--out", "wrong", *options.split(), "still.png")
    assert (answer.code, answer.out) == (2, "")
    assert told in answer.err
    assert desk.names("wrong") == []


@pytest.mark.parametrize(
    "arguments",
    [
        "publish",
        "models",
        "check",
        "release still.png",
        "check --blur still.png",
        "release --at 2026 --out o still.png",
    ],
)
def test_unknown_commands_and_options_exit_2(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args(arguments.split())
    assert left.value.code == 2
    assert "usage: consentguard" in capsys.readouterr().err


def test_every_help_text_is_printed_as_it_is_meant():
    waiting, seen = [build_parser()], 0
    while waiting:
        parser = waiting.pop()
        text, seen = parser.format_help(), seen + 1
        assert "%" not in text.replace("95 %", ""), parser.prog
        for action in parser._actions:
            waiting += action.choices.values() if isinstance(action.choices, dict) else []
    assert seen > 40


def test_no_command_prints_them_all_and_where_to_begin(capsys):
    assert main([]) == 2
    told = capsys.readouterr().err
    assert "Begin with `consentguard start`" in " ".join(told.split())
    assert "write copies that may be published" in told


def test_a_time_that_is_none_exits_2(desk):
    answer = desk.run("check", "--state", "state", "--at", "yesterday", "still.png")
    assert (answer.code, answer.out) == (2, "")
    assert "2026-11-22T09:30" in answer.err


def test_a_place_that_cannot_be_written_is_named(desk):
    answer = desk.run(*RELEASE, "--out", "still.png", "face.jpg")
    assert answer.code == 3
    assert "still.png: cannot be written" in answer.err


# -- the trail --------------------------------------------------------------------------------------------------------


def test_audit_verify_proves_the_trail_and_finds_the_changed_row(desk):
    desk.run("init", "--state", "spoiled")
    desk.run("release", "--state", "spoiled", "--out", "spoiled-out", "still.png", "empty.jpg")
    whole = desk.run("audit", "verify", "--state", "spoiled")
    assert (whole.code, "3 rows, the chain is whole" in whole.out) == (0, True)
    connection = sqlite3.connect(desk.folder / "spoiled" / "audit.db", isolation_level=None)
    connection.execute("DROP TRIGGER trail_is_never_changed")
    connection.execute("UPDATE trail SET kind = 'released' WHERE seq = 3")
    connection.close()
    broken = desk.run("audit", "verify", "--state", "spoiled")
    assert (broken.code, broken.out) == (3, "")
    assert "row 3 is not as it was written" in broken.err


# -- interruption -----------------------------------------------------------------------------------------------------


def assert_only_whole_files(folder: Path) -> None:
    for path in folder.iterdir():
        assert re.fullmatch(r"[0-9a-f]{16}\.jpg", path.name), path.name
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem)


@posix
def test_ctrl_c_ends_with_130_and_leaves_no_half_file(desk):
    command = desk.command(*RELEASE, "--policy", "body.toml", "--out", "stopped", *["face.jpg", "still.png"] * 200)
    child = subprocess.Popen(
        command,
        cwd=desk.folder,
        env={**os.environ, **desk.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # what runs in the background of a shell inherits an ignored SIGINT, and would ignore this one too
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert child.stdout
    first = json.loads(child.stdout.readline())  # it is in the middle of its work now
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert b"interrupted" in err
    assert b"Traceback" not in err
    assert first["outcome"] == "released"
    assert len(out.splitlines()) < 399
    assert_only_whole_files(desk.folder / "stopped")
    assert desk.run("audit", "verify", "--state", "state").code == 0


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "photo.jpg"
    target.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_whole(target, "not bytes")  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]
    assert target.read_bytes() == b"old"


@posix
@pytest.mark.parametrize(
    "command", [["policy", "check"], [*RELEASE, "--policy", "body.toml", "--out", "unread", "still.png", "still.png"]]
)
def test_a_reader_who_has_gone_ends_the_run_quietly_and_not_with_0(desk, command):
    ours, theirs = socket.socketpair()  # a socket, so that writing fails at once and no pipe buffer hides it
    ours.close()
    child = subprocess.Popen(
        desk.command(*command),
        cwd=desk.folder,
        env={**os.environ, **desk.environment},
        stdout=theirs.fileno(),
        stderr=subprocess.PIPE,
    )
    theirs.close()
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (3, b"")
    if "unread" in command:
        assert_only_whole_files(desk.folder / "unread")


@posix
def test_a_name_moves_no_cursor_and_ends_no_line(desk: Desk) -> None:
    for name in ("\x1b[2Jgone.jpg", "two\nlines.jpg"):
        shown = name.encode("unicode_escape").decode()
        for command in (("check",), ("release", "--out", "safe"), ("inspect", "--out", "seen.png")):
            answer = desk.run(*command, name)
            assert answer.code == 3
            assert name not in answer.out + answer.err
            assert f"{shown}: cannot be read" in (answer.err if command[0] == "inspect" else answer.out)


@posix
def test_a_crash_of_the_command_leaves_no_core() -> None:
    program = (
        "import resource; from consentguard.cli import main; resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096)); "
        "main(['policy', 'check']); print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
