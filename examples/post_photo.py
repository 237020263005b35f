"""Releases one photo and posts it: post_photo.py PHOTO "What it says" CHANNEL PERSON[,PERSON] "Your name"

Needs the extra `[posting]`, a state (`consentguard init`), the consent register in this folder and the keys of the
channel's account in CONSENTGUARD_X_API_KEY, _API_SECRET, _ACCESS_TOKEN and _ACCESS_SECRET.
"""

import sys

from consentguard import ConsentGuardError, Guard
from consentguard.posting import Poster


def main(photo: str, text: str, channel: str, people: str, by: str) -> int:
    try:
        guard = Guard.open("consent_register.csv")
        poster = Poster.open("consent_register.csv", channel=channel)
        released = guard.release(photo, channel=channel, people=people.split(","), by=by, caption=text)
        posted = poster.post(text, [released], channel=channel, by=by)  # asks `admit` once more, and sends its answer
    except ConsentGuardError as error:  # Refused, WrongUsage, CannotTell: nothing was posted, and the message says why
        print(error, file=sys.stderr)
        return error.exit_code
    print(posted.link)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:6]))
