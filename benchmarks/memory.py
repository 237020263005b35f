"""How much memory one photo takes, each in a process of its own: 50 megapixels, a group of bombs, and a small photo.

    python benchmarks/memory.py [--out benchmarks/results/memory.md]

For each file a fresh guard releases it (or says why not) with everything real. Written down are the peaks of resident
memory of the guard's process and of the decoder's, and what the photo itself cost in each: the peak less what there was
before it, with models loaded and the decoder running. Linux only (/proc).
"""

from __future__ import annotations

import argparse
import io
import json
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import CannotTell, Refused
from consentguard.guard.guard import Guard
from consentguard.vision.imagefile import codec, sandbox
from consentguard.vision.models.store import ModelStore, manifest

ROOT = Path(__file__).parents[1]


def large_photo(form: str = "JPEG") -> bytes:
    """A photograph of one face enlarged to 8660 x 5774, 50 megapixels, with grain."""
    with Image.open(ModelStore.default().path(manifest()["photo-obama"])) as photo:
        pixels = np.asarray(photo.convert("RGB").resize((8660, 5774), Image.Resampling.BICUBIC), np.int16)
    grain = np.random.default_rng(0).integers(-6, 7, pixels.shape[:2], np.int16)
    out = io.BytesIO()
    Image.fromarray((pixels + grain[..., None]).clip(0, 255).astype(np.uint8)).save(
        out, form, **({"quality": 90} if form == "JPEG" else {"compress_level": 1})
    )
    return out.getvalue()


def small_photo() -> bytes:
    return ModelStore.default().path(manifest()["photo-obama"]).read_bytes()


def png_bomb(width: int, height: int) -> bytes:
    """Nothing but black of one bit a pixel, packed about 1:1000 and more."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", body)
        + chunk(b"IEND", b"")
    )


def text_bomb() -> bytes:
    """A small PNG with 200 MB of compressed text in front."""
    body = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    out = io.BytesIO()
    Image.new("RGB", (200, 200)).save(out, "PNG")
    data = out.getvalue()
    return (
        data[:33]
        + struct.pack(">I", len(body))
        + b"zTXt"
        + body
        + struct.pack(">I", zlib.crc32(b"zTXt" + body))
        + data[33:]
    )


def gif_bomb() -> bytes:
    """A header that says 65,535 x 65,535."""
    out = io.BytesIO()
    Image.new("P", (64, 64)).save(out, "GIF")
    data = bytearray(out.getvalue())
    data[6:10] = b"\xff\xff\xff\xff"
    return bytes(data)


FILES = {
    "photo of 0.5 megapixels, JPEG": small_photo,
    "photo of 50 megapixels, JPEG": large_photo,
    "photo of 50 megapixels, PNG": lambda: large_photo("PNG"),
    "bomb: PNG, 60,000 x 60,000": lambda: png_bomb(60_000, 60_000),
    "bomb: PNG, 8,900 x 8,900, within the limit of pixels": lambda: png_bomb(8_900, 8_900),
    "the same with 120 kB behind it, within every limit": lambda: png_bomb(8_900, 8_900) + bytes(120_000),
    "bomb: PNG, 200 MB of text": text_bomb,
    "bomb: GIF, 65,535 x 65,535": gif_bomb,
}


def peak(process: int | str) -> float:
    return _memory(process, "VmHWM")


def _memory(process: int | str, name: str) -> float:
    """Megabytes of one line of /proc/PID/status."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) / 1000


def work(photo: Path) -> None:
    text = resources.files("consentguard.consent.policy").joinpath("policies", "sch026.toml").read_text("utf-8")
    policy = Policy.parse(re.sub(r"(?m)^remain = .*$", 'remain = ["body"]', text).encode(), "memory.toml")
    wall = codec.encode_jpeg(np.full((200, 300, 3), 180, np.uint8), 90)
    with tempfile.TemporaryDirectory() as folder:
        guard = Guard(Register.load(ROOT / "consent_register.csv"), policy, state=State.create(Path(folder) / "state"))
        guard.release(wall, name="wall")  # models and decoder are there
        (worker,) = [w._process.pid for w in sandbox._WORKERS.values()]
        for process in ("self", worker):
            Path(f"/proc/{process}/clear_refs").write_text("5")  # forget the peak so far
        before = {name: _memory(process, "VmRSS") for name, process in (("guard", "self"), ("decoder", worker))}
        try:
            guard.release(photo.read_bytes(), name="photo")
            outcome = "released"
        except Refused as error:
            outcome = ", ".join(error.verdict.reasons)
        except CannotTell as error:
            outcome = str(error).removeprefix("photo: ").split(". ")[0].split(";")[0]
        alive = Path(f"/proc/{worker}/status").exists()
        after = {"guard": peak("self"), "decoder": peak(worker) if alive else float("nan")}
    print(json.dumps({"outcome": outcome, "before": before, "peak": after}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work)
        return
    lines = [
        "# Memory of one photo",
        "",
        "`python benchmarks/memory.py --out benchmarks/results/memory.md`; megabytes of resident memory, with",
        "models loaded and both processes running before. In brackets what the photo added to that.",
        "",
        "| file | its size | guard | decoder | outcome |",
        "|---|--:|--:|--:|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name, make in FILES.items():
            photo = Path(folder) / "photo"
            photo.write_bytes(make())
            done = subprocess.run(
                [sys.executable, __file__, "--work", str(photo)], capture_output=True, text=True, check=True
            )
            said = json.loads(done.stdout)
            shown = [
                f"{said['peak'][who]:.0f} (+{said['peak'][who] - said['before'][who]:.0f})" for who in said["peak"]
            ]
            lines.append(
                f"| {name} | {photo.stat().st_size / 1e6:.2f} MB | {shown[0]} | {shown[1]} | {said['outcome']} |"
            )
            print(lines[-1], flush=True)
    page = "\n".join(lines) + "\n"
    if options.out:
        options.out.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
