"""What the guard logs: one line for each call, without a name, a file name or a pixel."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from consentguard.consent.codes import reason_of
from consentguard.errors import CannotTell, Refused, WrongUsage
from consentguard.guard.inputs import Photo
from consentguard.values import Verdict
from consentguard.values.stopwatch import so_far

_LOG: Final = logging.getLogger("consentguard.guard")


@dataclass(slots=True)
class _Call:
    """What became of one call.

    Attributes:
        outcome: of the verdict, or `wrong-usage`; "failed" until one of them is known.
        reasons: their codes.
    """

    outcome: str = "failed"
    reasons: tuple[str, ...] = ()

    def verdict(self, verdict: Verdict) -> Verdict:
        """Takes down what was decided, and returns it."""
        self.outcome, self.reasons = verdict.outcome.value, verdict.reasons
        return verdict


@contextmanager
def logged(name: str, photo: Photo) -> Iterator[_Call]:
    """Logs a call of the guard about one photo: level INFO, WARNING where no decision was reached.

    The photo is called by the first 16 digits of its SHA-256. The record's `call`, `photo`, `outcome`, `reasons`,
    `milliseconds` and `timings` hold the same for programs that read logs.
    """
    call, start = _Call(), time.perf_counter()
    try:
        yield call
    except Refused as error:
        call.verdict(error.verdict)
        raise
    except WrongUsage:
        call.outcome = "wrong-usage"
        raise
    except CannotTell as error:
        call.outcome, call.reasons = "cannot_tell", (reason_of(error),)
        raise
    finally:
        level = logging.WARNING if call.outcome in ("cannot_tell", "failed") else logging.INFO
        if _LOG.isEnabledFor(level):
            spent, timings = (time.perf_counter() - start) * 1000, dict(so_far())
            stages = ", ".join(f"{stage} {ms:.0f}" for stage, ms in timings.items())
            codes = f" ({', '.join(call.reasons)})" if call.reasons else ""
            _LOG.log(
                level, "%s %s: %s%s in %.0f ms%s", name, photo.sha256[:16], call.outcome, codes, spent,
                f": {stages}" if stages else "",
                extra={"call": name, "photo": photo.sha256[:16], "outcome": call.outcome, "reasons": call.reasons,
                       "milliseconds": spent, "timings": timings},
            )  # fmt: skip
