"""The real face_recognition behind a pipe, for the benchmarks that compare with it.

This one file runs on both sides. In the environment that has face_recognition it is the program: it reads requests from
stdin and writes answers to stdout. In our environment it is the module whose `Peer` starts that program. Only pixels,
boxes and numbers cross, in memory: nothing about a face is ever written to a disk.

A request is a line of JSON, {"shape": [h, w, 3], "boxes": [[top, right, bottom, left], ...] or null for HOG's, "embed":
true or false}, and the pixels. The answer is a line of JSON: the boxes alone, or for each box the landmarks, the
embedding and the seconds that `face_encodings` took for it, of the wall clock and of the processor.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class PeerFace:
    """What face_recognition says of one face: its box in CSS order, inclusive, as it wants it back."""

    css: tuple[int, int, int, int]
    landmarks: np.ndarray
    embedding: np.ndarray
    seconds: float
    cpu_seconds: float


class Peer:
    """A running face_recognition. Use as a context manager."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, "-W", "ignore", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        hello = json.loads(self._line())
        self.version = f"face_recognition {hello['face_recognition']}, dlib {hello['dlib']}"

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=10)

    def faces(self, pixels: np.ndarray, boxes: list[tuple[int, int, int, int]] | None = None) -> list[PeerFace]:
        """The faces in these CSS boxes, or in the ones that HOG finds (upsampling once, as by default)."""
        return [
            PeerFace(tuple(f["box"]), np.array(f["landmarks"]), np.array(f["embedding"]), *f["seconds"])
            for f in self._ask(pixels, boxes, True)
        ]

    def boxes(self, pixels: np.ndarray) -> list[tuple[int, int, int, int]]:
        """HOG's boxes alone, in CSS order."""
        return [tuple(box) for box in self._ask(pixels, None, False)]

    def _ask(self, pixels: np.ndarray, boxes: list[tuple[int, int, int, int]] | None, embed: bool) -> Any:
        head = json.dumps({"shape": pixels.shape, "boxes": boxes, "embed": embed}).encode() + b"\n"
        self._process.stdin.write(head)
        data = memoryview(np.ascontiguousarray(pixels)).cast("B")
        while data:
            data = data[self._process.stdin.write(data) :]
        return json.loads(self._line())

    def _line(self) -> bytes:
        line = bytearray()
        while not line.endswith(b"\n"):
            chunk = self._process.stdout.read(1 << 16)
            if not chunk:
                raise SystemExit("the peer's Python stopped: does it have face_recognition, dlib and setuptools < 81?")
            line += chunk
        return bytes(line)


def _serve() -> None:
    import importlib.metadata
    import time

    import dlib
    import face_recognition

    def say(answer: Any) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    say({"face_recognition": importlib.metadata.version("face_recognition"), "dlib": dlib.__version__})
    points = face_recognition.api.pose_predictor_5_point
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        shape = request["shape"]
        pixels = np.frombuffer(sys.stdin.buffer.read(int(np.prod(shape))), dtype=np.uint8).reshape(shape).copy()
        boxes = request["boxes"]
        if boxes is None:
            boxes = face_recognition.face_locations(pixels)
        if not request["embed"]:
            say(boxes)
            continue
        faces = []
        for top, right, bottom, left in boxes:
            start = np.array([time.perf_counter(), time.process_time()])
            (embedding,) = face_recognition.face_encodings(pixels, [(top, right, bottom, left)])
            seconds = np.array([time.perf_counter(), time.process_time()]) - start
            found = points(pixels, dlib.rectangle(left, top, right, bottom)).parts()
            faces.append(
                {
                    "box": [top, right, bottom, left],
                    "landmarks": [[p.x, p.y] for p in found],
                    "embedding": embedding.tolist(),
                    "seconds": seconds.tolist(),
                }
            )
        say(faces)


if __name__ == "__main__":
    _serve()
