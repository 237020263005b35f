"""Other detectors behind a pipe, for benchmarks. Runs in an environment that has them.

    python detection_peer.py deface|hog|hog_fine|mmod

Reads a line of JSON with a shape and then the pixels, answers with a line of JSON: the boxes (left, top, right,
bottom) and the seconds that finding them took. Settings are the peers' own defaults: deface at its threshold of 0.2
on ONNX Runtime, face_recognition with HOG and one upsampling. For benchmarks/rewrite.py there are HOG with two
upsamplings and face_recognition's mmod network, with one upsampling for pictures of 0.3 megapixels and less: it takes
4 s a megapixel.
"""

import json
import sys
import time

import numpy as np


def deface():
    from deface.centerface import CenterFace

    network = CenterFace(in_shape=None, backend="onnxrt")
    return lambda pixels: [face[:4] for face in network(pixels, threshold=0.2)[0]]


def hog():
    import face_recognition

    return lambda pixels: [
        (left, top, right, bottom) for top, right, bottom, left in face_recognition.face_locations(pixels)
    ]


def hog_fine():
    import face_recognition

    return lambda pixels: [
        (left, top, right, bottom) for top, right, bottom, left in face_recognition.face_locations(pixels, 2)
    ]


def mmod():
    import face_recognition

    def find(pixels):
        upsampled = 1 if pixels.shape[0] * pixels.shape[1] <= 300_000 else 0
        found = face_recognition.face_locations(pixels, upsampled, model="cnn")
        return [(left, top, right, bottom) for top, right, bottom, left in found]

    return find


def main(name: str) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever the peers print is no answer
    find = {"deface": deface, "hog": hog, "hog_fine": hog_fine, "mmod": mmod}[name]()
    print("ready", file=answers, flush=True)
    while line := sys.stdin.buffer.readline():
        shape = json.loads(line)
        pixels = np.frombuffer(sys.stdin.buffer.read(int(np.prod(shape))), np.uint8).reshape(shape)
        start = time.perf_counter()
        boxes = find(pixels)
        seconds = time.perf_counter() - start
        print(
            json.dumps({"boxes": [[float(side) for side in box] for box in boxes], "seconds": seconds}),
            file=answers,
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1])
