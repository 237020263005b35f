"""What a scan came to: report.html for people, report.csv and report.json for programs. Written row by row."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import IO, Any, Final

from consentguard.batch.journal import ScanRow
from consentguard.batch.output import OutputFailed
from consentguard.consent.codes import FINDINGS, OF_THE_RUN, REASONS, steps
from consentguard.files import whole_file
from consentguard.values import Box

PAGE: Final = "report.html"
_COLUMNS: Final = ("photo", "outcome", "before", "needs_person", "reasons", "why", "findings", "rewrite", "faces",
                   "hidden", "output", "sha256", "content", "judged_at")  # fmt: skip


def write(
    out: Path,
    rows: Callable[[], Iterable[ScanRow]],
    about: Mapping[str, Any],
    classes: Mapping[str, str],
    sentences: Mapping[str, str],
) -> tuple[Counter[str], tuple[float, ...]]:
    """Writes all three reports into `out`; returns how many files ended how, and of each released photo in which
    something was painted over or cut off what share of it remains to be seen.

    Args:
        rows: gives every row from the start, each time it is called.
        about: facts of the scan: folder, channel, mode, policy, finished, ...
        classes: class of each register id, to filter by; names of people are in no report.
        sentences: policy's sentence behind a code.

    Raises OutputFailed where they cannot be written; then the reports before them stay.
    """
    totals: Counter[str] = Counter()
    changed = []
    with _whole(out / "report.csv", "utf-8-sig") as file:  # the mark, or Excel reads another encoding
        table = csv.writer(file, lineterminator="\n")
        table.writerow(_COLUMNS)
        for row in rows():
            totals[row.outcome] += 1
            if row.outcome == "released" and row.verdict["rewrite"] not in (None, "none"):
                changed.append(_remains(row.verdict) or 0.0)
            table.writerow(_cells(row))
    with _whole(out / "report.json") as file:
        file.write(f'{{"about": {json.dumps({**about, "outcomes": totals})}, "photos": [\n')
        _joined(file, (json.dumps({**row.verdict, "before": row.before, "message": row.message,
                                   "thumb": row.thumb or None, "content": row.content}) for row in rows()))  # fmt: skip
        file.write("]}\n")
    common = _common(rows())
    before, after = resources.files("consentguard.batch").joinpath(PAGE).read_text("utf-8").split("/*DATA*/")
    with _whole(out / PAGE) as file:
        earlier = any(row.before for row in rows())
        words = {**FINDINGS, **REASONS}
        file.write(before)
        told = {**about, "earlier": earlier, "common": common, "out": str(out)}
        head = {"about": told, "words": words, "sentences": dict(sentences),
                "steps": {code: steps([code]) for code in REASONS}}  # fmt: skip
        file.write(_inert(json.dumps(head)[:-1]) + ', "rows": [\n')
        _joined(file, (_inert(json.dumps(_card(row, about, classes, common))) for row in rows()))
        file.write("]}" + after)
    return totals, tuple(changed)


def _common(rows: Iterable[ScanRow]) -> dict[str, str]:
    """Findings about the moment or the installation that every judged photo of several has: rule -> message."""
    found: Counter[str] = Counter()
    messages: dict[str, str] = {}
    judged = 0
    for row in rows:
        if row.outcome != "cannot_tell":
            judged += 1
            said = {each["rule"]: each["message"] for each in row.verdict["findings"] if each["rule"] in OF_THE_RUN}
            found.update(said.keys())
            messages = {**said, **messages}
    return {rule: messages[rule] for rule, times in sorted(found.items()) if times == judged > 1}


def _card(
    row: ScanRow, about: Mapping[str, Any], classes: Mapping[str, str], common: Mapping[str, str]
) -> dict[str, Any]:
    verdict = row.verdict
    people = [face["person"] for face in verdict["faces"] if face["person"]]
    return {
        "path": verdict["photo"],
        "outcome": row.outcome,
        "before": row.before,
        "person": verdict["needs_person"],
        "reasons": verdict["reasons"],
        "findings": [[each["rule"], each["message"]] for each in verdict["findings"] if each["rule"] not in common],
        "rewrite": verdict["rewrite"],
        "faces": len(verdict["faces"]),
        "hidden": _hidden(verdict),
        "remains": _remains(verdict),
        "classes": sorted({classes[person] for person in people if classes.get(person)}),
        "scope": about["scope"],
        "output": verdict["output"],
        "thumb": row.thumb,
        "message": row.message,
    }


def _remains(verdict: Mapping[str, Any]) -> float | None:
    """The share of the source picture that is still seen in what leaves, 0..1; None where that is not known."""
    if not verdict.get("frame") or not verdict.get("size"):
        return None
    width, height = verdict["size"]
    share: float = Box(*verdict["frame"]).area / (width * height) * (1 - (verdict["painted_share"] or 0.0))
    return share


def _cells(row: ScanRow) -> list[object]:
    verdict = row.verdict
    why = "; ".join(REASONS.get(code, code) for code in verdict["reasons"])
    findings = [f"{finding['rule']}: {finding['message']}" for finding in verdict["findings"]]
    cells = [verdict["photo"], row.outcome, row.before or "", "yes" if verdict["needs_person"] else "no",
             " ".join(verdict["reasons"]), why, "; ".join(findings), verdict["rewrite"] or "", len(verdict["faces"]),
             _hidden(verdict), verdict["output"] or "", verdict["sha256"] or "", row.content, row.at]  # fmt: skip
    return [_no_formula(cell) if isinstance(cell, str) else cell for cell in cells]


def _hidden(verdict: Mapping[str, Any]) -> int:
    return sum(face["action"] == "hide" for face in verdict["faces"])


def _no_formula(cell: str) -> str:
    """A file called =cmd() must not become a formula in the office's spreadsheet (OWASP, CSV injection)."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _inert(text: str) -> str:
    """JSON that cannot end the script element it stands in, whatever a file is called."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _joined(file: IO[str], parts: Iterator[str]) -> None:
    for number, part in enumerate(parts):
        file.write(f"{',' if number else ''}{part}\n")


@contextmanager
def _whole(path: Path, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """A text file that is there whole or not at all, readable by its owner only. Raises OutputFailed."""
    try:
        with whole_file(path) as file:
            text = io.TextIOWrapper(file, encoding=encoding, newline="")
            try:
                yield text
            finally:
                text.detach()  # flushes it; the file is closed where it was opened
    except OSError as error:
        raise OutputFailed(f"{path}: cannot be written ({error.strerror}); mend that and scan again.") from error
