"""Options with which a person points at faces of one photo: --tag N=..., --tags FILE."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from consentguard.cli.options import asked_of
from consentguard.errors import WrongUsage

if TYPE_CHECKING:
    from consentguard.consent.question import Asked
    from consentguard.guard.guard import Guard
    from consentguard.values import Tag


def tag_options() -> argparse.ArgumentParser:
    """For commands that take photos one by one."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--tag", type=_tag, action="append", default=[], dest="said", metavar="N=ID|hide|nobody",
                         help="who the face is that `inspect` calls N; L,T,R,B=hide hides what was missed")  # fmt: skip
    options.add_argument("--tags", type=Path, dest="tags_from", metavar="FILE|DIR",
                         help="the same from a file of `inspect --tags-out`, or a folder of them")  # fmt: skip
    options.add_argument("--rewrite", metavar="KIND", help="crop, silhouette or cover, not what is worth most")
    options.add_argument("--frame", type=_frame, metavar="L,T,R,B",
                         help="a crop drawn by hand, in pixels of the photo; who is hidden is painted")  # fmt: skip
    return options


def asked_about(arguments: argparse.Namespace, guard: Guard, photo: bytes) -> Asked:
    """What the options ask about one photo, its tags included.

    Raises WrongUsage for tags in two places, for tags of another photo, and for a number that no face has.
    """
    asked = asked_of(arguments)
    if arguments.said and arguments.tags_from:
        raise WrongUsage("give --tag or --tags, not both")
    if arguments.said:
        if len(getattr(arguments, "photos", [None])) > 1:
            raise WrongUsage("--tag points at the faces of one photo; for several give --tags FOLDER")
        numbers = [where for where, _ in arguments.said if isinstance(where, int)]
        if twice := sorted({str(number) for number in numbers if numbers.count(number) > 1}):
            raise WrongUsage(f"two tags are on one face: {', '.join(twice)}")
        numbered = {where: says for where, says in arguments.said if isinstance(where, int)}
        asked["tags"] = guard.tags(photo, numbered) if numbered else ()
        asked["tags"] = (
            *asked["tags"],
            *(_added(where, says) for where, says in arguments.said if where not in numbered),
        )
    elif arguments.tags_from:
        from consentguard.consent import tagsfile

        path, digest = Path(arguments.tags_from), hashlib.sha256(photo).hexdigest()
        if path.is_dir():
            asked["tags"] = tagsfile.in_folder(path).get(digest, ())
        else:
            asked["tags"] = tagsfile.TagsFile.load(path).of_photo(digest, path)
    return asked


def _tag(text: str) -> tuple[int | tuple[int, ...], str]:
    """The number of a face, or the edges of a box, and what is said of it."""
    where, equals, says = text.partition("=")
    edges = where.split(",")
    if equals and says.strip() and len(edges) in (1, 4) and all(edge.strip().isdecimal() for edge in edges):
        return (int(where) if len(edges) == 1 else tuple(int(edge) for edge in edges)), says.strip()
    raise argparse.ArgumentTypeError(f"{text!r} is not N=ID, N=hide, N=nobody or LEFT,TOP,RIGHT,BOTTOM=hide")


def _frame(text: str) -> tuple[int, ...]:
    edges = text.split(",")
    if len(edges) != 4 or not all(edge.strip().isdecimal() for edge in edges):
        raise argparse.ArgumentTypeError(f"{text!r} is not LEFT,TOP,RIGHT,BOTTOM")
    return tuple(int(edge) for edge in edges)


def _added(edges: tuple[int, int, int, int], says: str) -> Tag:
    from consentguard.values import Box, Tag

    try:
        return Tag(Box(*edges), says, added=True)
    except ValueError as error:
        raise WrongUsage(f"--tag: {error}") from error
