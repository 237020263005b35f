"""Releases every photo of a folder with every face hidden: batch.py FOLDER OUT (a new folder)"""

import sys
from pathlib import Path

from consentguard import ConsentGuardError, Guard, Released

if len(sys.argv) != 3:
    sys.exit(__doc__)
photos, out, worst = sorted(Path(sys.argv[1]).glob("*.jpg")), Path(sys.argv[2]), 0
out.mkdir()
try:
    guard = Guard.open("consent_register.csv")
    for photo, result in zip(photos, guard.release_many(photos), strict=True):
        if isinstance(result, Released):
            admitted = guard.admit(result, channel="main")
            copy = out / f"{admitted.sha256[:16]}{admitted.suffix}"
            copy.write_bytes(admitted.data)
            print(f"{photo}: released as {copy}")
        else:
            worst = max(worst, result.exit_code)
            print(f"{photo}: not released\n  {result}")
except ConsentGuardError as error:
    sys.exit(str(error))
sys.exit(worst)
