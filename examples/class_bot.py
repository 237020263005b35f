"""A bot for a class account: posts what a teacher drops into a folder: class_bot.py FOLDER CHANNEL "Your name"

A drop is a folder with a text.txt and photos. Beside IMG_1.jpg a file IMG_1.people.txt holds the ids of the people
shown in that photo; in a photo without such a file every face is hidden. A drop that was posted moves to FOLDER/posted,
one that may not go to FOLDER/refused with a why.txt. One that fails stays and is tried again. Run it every few minutes,
in school hours.
"""

import sys
from pathlib import Path

from consentguard import CannotTell, Guard, Refused, WrongUsage
from consentguard.posting import Poster

PHOTOS = {".jpg", ".jpeg", ".png", ".heic", ".webp"}


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip() if file.exists() else ""


def post(drop: Path, guard: Guard, poster: Poster, channel: str, by: str) -> str:
    text = text_of(drop / "text.txt")
    photos = sorted(path for path in drop.iterdir() if path.suffix.lower() in PHOTOS)
    released = []
    for photo in photos:
        people = text_of(photo.with_suffix(".people.txt")).split()
        released.append(guard.release(photo, channel=channel, people=people, by=by))
    return poster.post(text, released, channel=channel, by=by, sources=photos).link


def main(folder: str, channel: str, by: str) -> int:
    home, worst = Path(folder), 0
    guard = Guard.open()
    poster = Poster.open(channel=channel)
    for drop in sorted(path for path in home.iterdir() if path.is_dir() and path.name not in ("posted", "refused")):
        try:
            where, why = "posted", post(drop, guard, poster, channel, by)
        except (Refused, WrongUsage) as error:
            where, why = "refused", str(error)
        except CannotTell as error:
            print(f"{drop.name}: {error}", file=sys.stderr)
            worst = error.exit_code
            continue
        (home / where).mkdir(exist_ok=True)
        (drop / "why.txt").write_text(why, encoding="utf-8")
        drop.rename(home / where / drop.name)
        print(f"{drop.name}: {where}: {why}")
    return worst


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:4]))
