"""Makes face_recognition-1.3.0.json, the numbers that tests/vision/test_dlib_weights.py and test_dlib_boxes.py expect.

They come from the real package on its own test photographs (tests/test_images/ of the sdist face_recognition 1.3.0,
SHA-256 5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec). To make them again:

    python -m venv peer
    peer/bin/pip install dlib-bin face_recognition_models "setuptools<81" click pillow numpy
    peer/bin/pip install --no-deps face_recognition==1.3.0
    peer/bin/python -W ignore tests/golden/make_face_recognition.py models/photographs tests/golden

dlib-bin is dlib without a compiler; `setuptools<81` because face_recognition_models imports pkg_resources.
"""

import hashlib
import importlib.metadata
import json
import re
import sys
from pathlib import Path

import dlib
import face_recognition


def boxes_in(pixels):
    """HOG's boxes, and behind each three squares that are smaller, larger and hang over the picture's edge."""
    for top, right, bottom, left in face_recognition.face_locations(pixels):
        yield top, right, bottom, left
        side = right - left
        for scale, across, down in ((0.75, 0.1, 0), (1.5, -0.2, -0.1), (2.5, 0.5, -0.4)):
            x, y, half = (left + right) / 2 + across * side, (top + bottom) / 2 + down * side, scale * side / 2
            yield round(y - half), round(x + half), round(y + half), round(x - half)


def faces_of(path):
    pixels = face_recognition.load_image_file(path)
    for top, right, bottom, left in boxes_in(pixels):
        points = face_recognition.api.pose_predictor_5_point(pixels, dlib.rectangle(left, top, right, bottom)).parts()
        (embedding,) = face_recognition.face_encodings(pixels, [(top, right, bottom, left)])
        yield {
            "css": [top, right, bottom, left],
            "landmarks": [[point.x, point.y] for point in points],
            "embedding": [round(value, 6) for value in embedding.tolist()],
        }


def main(photographs, golden):
    packages = ("face_recognition", "face_recognition_models", "dlib-bin", "numpy", "pillow")
    versions = {name: importlib.metadata.version(name) for name in packages}
    numbers = {
        "made_by": "tests/golden/make_face_recognition.py, whose first lines say how",
        "versions": versions,
        "boxes": "HOG's (upsampled once), each followed by three others; css is (top, right, bottom, left), inclusive",
        "photos": [
            {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "faces": list(faces_of(path))}
            for path in sorted(Path(photographs).glob("*.jpg"))
        ],
    }
    text = json.dumps(numbers, indent=1)
    text = re.sub(r"(?<=[\d\[\],])\s+(?=[-\d\[\]])", " ", text)  # numbers side by side, not one a line
    file = Path(golden) / f"face_recognition-{versions['face_recognition']}.json"
    file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
