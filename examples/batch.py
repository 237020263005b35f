"""Releases every photo of a folder with every face hidden: batch.py FOLDER OUT (a new folder)"""

import sys
from pathlib import Path

from consentguard import ConsentGuardError, Guard, Released

photos, out, worst = sorted(Path(sys.argv[1]).glob("*.jpg")), Path(sys.argv[2]), 0
out.mkdir()
try:
    guard = Guard.open("consent_register.csv")
    for photo, result in zip(photos, guard.release_many(photos), strict=True):
        if isinstance(result, Released):
            admitted = guard.admit(result, channel="main")
            (out / f"{admitted.sha256[:16]}{admitted.suffix}").write_bytes(admitted.data)
        else:
            worst = max(worst, result.exit_code)
        print(f"{photo}: {'released' if isinstance(result, Released) else result}")
except ConsentGuardError as error:
    sys.exit(str(error))
sys.exit(worst)
