"""What decoding in a process of its own costs beside decoding in this one, in one run.

    python benchmarks/isolation.py [--runs 15]

Both readers take turns on the same JPEGs; ratios only, the seconds are of this machine and this moment.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time

from PIL import Image

from consentguard.vision.imagefile.codec import ReadLimits
from consentguard.vision.imagefile.sandbox import Isolation, Reader
from consentguard.vision.models.store import ModelStore, manifest


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    limits = ReadLimits()
    here, apart = Reader(2048, limits), Reader(2048, limits, Isolation())
    with Image.open(ModelStore.default().path(manifest()["photo-obama"])) as photo:
        photo = photo.convert("RGB")
    began = time.perf_counter()
    apart.read(saved(photo.resize((400, 300))))
    print(f"start of the worker, once: {time.perf_counter() - began:.2f} s")
    for size in ((1250, 830), (4000, 3000)):
        data = saved(photo.resize(size))
        times: dict[Reader, list[float]] = {here: [], apart: []}
        for _ in range(runs):
            for reader, taken in times.items():
                began = time.perf_counter()
                reader.read(data)
                taken.append(time.perf_counter() - began)
        inside, outside = (statistics.median(taken) for taken in times.values())
        times_as_long = f"{outside / inside:.2f} times"
        print(f"{size[0]} x {size[1]}: {inside * 1000:.0f} ms here, {outside * 1000:.0f} ms apart, {times_as_long}")


def saved(photo: Image.Image) -> bytes:
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=90)
    return out.getvalue()


if __name__ == "__main__":
    main()
