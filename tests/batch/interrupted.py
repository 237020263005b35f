"""A scan as a program of its own, for tests that kill it: FOLDER OUT NOTES, with a unit that needs no models."""

import sys
from pathlib import Path

from batch.units import Slow

from consentguard.batch.local import Pool
from consentguard.batch.scan import scan
from consentguard.batch.unit import Settings
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.register import Register
from consentguard.guard.guard import Guard

SAMPLE = Path(__file__).parents[2] / "consent_register.csv"


def main() -> None:
    folder, out, notes = map(Path, sys.argv[1:])
    guard = Guard(Register.load(SAMPLE), Policy.shipped())
    settings = Settings(folder, out, SAMPLE, None, None, {}, guard.register.sha256, guard.policy.fingerprint)
    with Pool(Slow(notes), 2) as pool:
        summary = scan(guard, settings, pool)
    print(sum(summary.outcomes.values()), summary.looked_at)


if __name__ == "__main__":
    main()
