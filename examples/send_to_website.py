"""Sends a photo to a school's news page; what leaves is only what the guard released.

    python examples/send_to_website.py photo.jpg https://school.example.org/news --people T001 --by "Miriam Castlegate"

Needs the state made by `consentguard init` and a consent register, here `consent_register.csv`.
"""

import argparse
import sys
import urllib.request
from pathlib import Path

from consentguard import ConsentGuardError, Guard


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("photo", type=Path)
    parser.add_argument("page")
    parser.add_argument("--people", default="", help="register ids of everybody shown, joined by commas")
    parser.add_argument("--by", default="", help="who says so")
    asked = parser.parse_args()
    people = [person for person in asked.people.split(",") if person]

    if not asked.page.startswith(("https://", "http://")):
        parser.error(f"{asked.page}: is no address of a page")
    try:
        guard = Guard.open("consent_register.csv")
        released = guard.release(asked.photo, channel="website", people=people, by=asked.by)
        admitted = guard.admit(released, channel="website")  # asked once more right before it leaves
        request = urllib.request.Request(asked.page, admitted.data, {"Content-Type": "image/jpeg"})  # noqa: S310
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
    except (ConsentGuardError, OSError) as stop:  # it may not go, or the page does not take it
        print(f"{asked.photo}: not sent: {stop}", file=sys.stderr)
        return getattr(stop, "exit_code", 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
