"""Releases one photo and posts it: post_photo.py PHOTO "What it says" CHANNEL PERSON[,PERSON] "Your name"

Needs the extra `[posting]`, a state (`consentguard init`), the consent register in this folder and the keys of the
channel's account in CONSENTGUARD_X_API_KEY, _API_SECRET, _ACCESS_TOKEN and _ACCESS_SECRET.
"""

import sys
from pathlib import Path

from consentguard import CannotTell, Guard, Refused
from consentguard.posting import Poster


def main(photo: str, text: str, channel: str, people: str, by: str) -> int:
    guard = Guard.open("consent_register.csv")
    poster = Poster.open("consent_register.csv", channel=channel)
    try:
        released = guard.release(
            Path(photo).read_bytes(), name=photo, channel=channel, people=people.split(","), by=by, caption=text
        )
        posted = poster.post(text, [released], channel=channel, by=by)
    except (Refused, CannotTell) as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(posted.link)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:6]))
