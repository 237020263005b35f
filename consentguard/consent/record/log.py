"""What is logged of a call of the guard: one line, without a name, a file name or a pixel."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from consentguard.consent.codes import reason_of
from consentguard.errors import CannotTell, Refused, WrongUsage
from consentguard.values import Verdict
from consentguard.values.stopwatch import so_far

_LOG: Final = logging.getLogger("consentguard.guard")
_LOG.addHandler(logging.NullHandler())  # the error says it: nothing goes to stderr where no program set up logging


@dataclass(slots=True)
class _Call:
    """What became of one call: whoever makes it says what was decided."""

    verdict: Verdict | None = None


@contextmanager
def logged(name: str, sha256: str) -> Iterator[_Call]:
    """Logs a call of the guard about the photo of that digest: level INFO, WARNING where no decision was reached.

    The photo is called by the first 16 digits of its SHA-256. The record's `call`, `photo`, `outcome`, `reasons`,
    `milliseconds` and `timings` hold the same for programs that read logs.
    """
    call, start = _Call(), time.perf_counter()
    outcome, reasons = "failed", tuple[str, ...]()
    try:
        yield call
        if call.verdict is not None:
            outcome, reasons = call.verdict.outcome.value, call.verdict.reasons
    except Refused as error:
        outcome, reasons = error.verdict.outcome.value, error.verdict.reasons
        raise
    except WrongUsage:
        outcome = "wrong-usage"
        raise
    except CannotTell as error:
        outcome, reasons = "cannot_tell", (reason_of(error),)
        raise
    finally:
        level = logging.WARNING if outcome in ("cannot_tell", "failed") else logging.INFO
        if _LOG.isEnabledFor(level):
            spent, timings = (time.perf_counter() - start) * 1000, dict(so_far())
            stages = ", ".join(f"{stage} {ms:.0f}" for stage, ms in timings.items())
            codes = f" ({', '.join(reasons)})" if reasons else ""
            _LOG.log(
                level, "%s %s: %s%s in %.0f ms%s", name, sha256[:16], outcome, codes, spent,
                f": {stages}" if stages else "",
                extra={"call": name, "photo": sha256[:16], "outcome": outcome, "reasons": reasons,
                       "milliseconds": spent, "timings": timings},
            )  # fmt: skip
