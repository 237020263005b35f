"""Odd, broken, huge and chatty image files, each through the whole guard: what comes of them, and what leaves.

    python benchmarks/torture.py --loader FOLDER [--every N] [--out benchmarks/results/torture.md]

FOLDER holds the open sets' load.py, whose `torture_files()` names the files (CONSENTGUARD_EVAL says where they are).
Everything is real: models, decoders, second pass, audit trail. The policy is the shipped one with `remain = ["body"]`,
so that as much as possible is released. A file must end as released, refused or cannot tell within 15 s and 2 GB. Every
released file is read by our own prover, and by exiftool where that is installed: only structural tags may be left.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from importlib import resources
from pathlib import Path

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.errors import CannotTell, Refused, VerificationFailed
from consentguard.files import read_photo
from consentguard.guard.guard import Guard
from consentguard.vision.imagefile import bare

SECONDS, MEGABYTES = 15, 2000
REGISTER = Path(__file__).parents[1] / "consent_register.csv"
STRUCTURAL = {
    "SourceFile", "ExifToolVersion", "FileName", "Directory", "FileSize", "FileModifyDate", "FileAccessDate",
    "FileInodeChangeDate", "FilePermissions", "FileType", "FileTypeExtension", "MIMEType", "JFIFVersion",
    "ResolutionUnit", "XResolution", "YResolution", "ImageWidth", "ImageHeight", "EncodingProcess", "BitsPerSample",
    "ColorComponents", "YCbCrSubSampling", "ImageSize", "Megapixels",
}  # fmt: skip


def torture_files(loader: Path) -> list[tuple[str, Path]]:
    spec = importlib.util.spec_from_file_location("load", loader / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [(source, Path(path)) for source, paths in module.torture_files().items() for path in paths]


def work(out: Path) -> None:
    """Reads paths from stdin, answers one JSON line each; runs in a process of its own, which may die."""
    text = resources.files("consentguard.consent.policy").joinpath("policies", "sch026.toml").read_text("utf-8")
    policy = Policy.parse(re.sub(r"(?m)^remain = .*$", 'remain = ["body"]', text).encode(), "torture.toml")
    with tempfile.TemporaryDirectory() as folder:
        guard = Guard(Register.load(REGISTER), policy, state=State.create(Path(folder) / "state"))
        for line in sys.stdin:
            path, began, spent = Path(line.rstrip("\n")), time.perf_counter(), time.process_time()
            answer = {"why": ""}
            try:
                released = guard.release(read_photo(path), name="photo")
                guard.admit(released, channel=released.grounds.channel)
                (out / f"{released.sha256[:16]}.jpg").write_bytes(released.data)
                answer |= {"outcome": "released", "sha256": released.sha256[:16]}
                answer["why"] = "; ".join(finding.message for finding in released.verdict.findings)
            except Refused as error:
                answer |= {"outcome": "refused", "why": ", ".join(error.verdict.reasons)}
            except CannotTell as error:
                answer |= {"outcome": "cannot tell", "why": str(error)}
            except Exception:  # noqa: BLE001  (what the benchmark is looking for)
                answer |= {"outcome": "traceback", "why": traceback.format_exc()}
            answer["seconds"] = time.perf_counter() - began
            answer["computing"] = time.process_time() - spent
            answer["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
            answer["children"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
            print(json.dumps(answer), flush=True)
    from consentguard.vision.imagefile import sandbox

    for worker in sandbox._WORKERS.values():
        worker.stop()
    print(json.dumps({"children": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000}), flush=True)


def ask_all(paths: list[Path], out: Path) -> tuple[list[dict], float]:
    """One answer a path. A process that dies, or is silent for four times the limit, costs its file a verdict."""
    answers: list[dict] = []
    workers = 0.0
    while len(answers) < len(paths):
        child = subprocess.Popen(
            [sys.executable, __file__, "--work", str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for path in paths[len(answers) :]:
            child.stdin.write(f"{path}\n")
            child.stdin.flush()
            line = child.stdout.readline()
            if not line:
                answers.append(
                    {"outcome": "crash", "why": f"status {child.wait()}", "seconds": 0, "computing": 0, "megabytes": 0}
                )
                break
            answers.append(json.loads(line))
            if len(answers) % 50 == 0:
                print(f"{len(answers)}/{len(paths)}", Counter(a["outcome"] for a in answers), file=sys.stderr)
        else:
            child.stdin.close()
            workers = max(workers, json.loads(child.stdout.readline())["children"])
            child.wait()
    return answers, workers


def surplus(out: Path) -> tuple[list[str], list[str] | None]:
    """Released files that are more than pixels, by our prover and by exiftool; None where that is missing."""
    ours = []
    for path in sorted(out.iterdir()):
        try:
            bare.prove(path.read_bytes(), "jpeg")
        except VerificationFailed as error:
            ours.append(f"{path.name}: {error}")
    if not shutil.which("exiftool"):
        return ours, None
    done = subprocess.run(["exiftool", "-j", "-a", "-u", str(out)], capture_output=True, text=True, check=False)
    theirs = [
        f"{Path(tags['SourceFile']).name}: {sorted(set(tags) - STRUCTURAL)}"
        for tags in json.loads(done.stdout or "[]")
        if set(tags) - STRUCTURAL
    ]
    return ours, theirs


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", type=Path)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth file, for a sample")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--details", type=Path, help="one JSON line a file, not for the repository")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work)
        return
    files = torture_files(options.loader)[:: options.every]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        answers, workers = ask_all([path for _, path in files], out)
        ours, theirs = surplus(out)
        made = len(list(out.iterdir()))
    if options.details:
        options.details.write_text(
            "".join(json.dumps({"path": str(p), **a}) + "\n" for (_, p), a in zip(files, answers, strict=True))
        )
    page = report(files, answers, workers, (ours, theirs, made), options.every)
    print(page)
    if options.out:
        options.out.write_text(page, "utf-8")


def report(files: list, answers: list[dict], workers: float, proof: tuple, every: int) -> str:
    ours, theirs, made = proof
    outcomes = ("released", "refused", "cannot tell", "traceback", "crash")
    lines = [
        "# Torture files",
        "",
        f"`python benchmarks/torture.py --loader FOLDER{f' --every {every}' * (every > 1)}`: the whole pipeline,",
        'nothing stubbed; shipped policy with `remain = ["body"]`. The machine was shared: seconds are upper bounds.',
        "",
        "| source | files | " + " | ".join(outcomes) + " |",
        "|---|--:|" + "--:|" * len(outcomes),
    ]
    counts = {source: Counter() for source, _ in files}
    for (source, _), answer in zip(files, answers, strict=True):
        counts[source][answer["outcome"]] += 1
    total = sum(counts.values(), Counter())
    for source, count in [*counts.items(), ("all", total)]:
        lines.append(f"| {source} | {count.total()} | " + " | ".join(str(count[name]) for name in outcomes) + " |")
    seconds = sorted(answer["seconds"] for answer in answers)
    slow = sum(second > SECONDS for second in seconds)
    memory = max(answer["megabytes"] for answer in answers)
    found = "not installed" if theirs is None else f"{len(theirs)} with more than structural tags"
    lines += [
        "",
        f"- Over {SECONDS} s: {slow}; median {seconds[len(seconds) // 2]:.2f} s, longest {seconds[-1]:.2f} s;"
        f" the guard computed for {max(answer['computing'] for answer in answers):.1f} s at most.",
        f"- Peak memory: guard with all models {memory:.0f} MB, decoder process {workers:.0f} MB (limit {MEGABYTES}).",
        f"- Released: {total['released']} files, {made} different; more than pixels by our prover: {len(ours)}; "
        f"by exiftool: {found}.",
        "",
    ]
    return "\n".join([*lines, *(f"    {line}" for line in (*ours, *(theirs or ())))])


if __name__ == "__main__":
    main()
