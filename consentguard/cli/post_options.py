"""The options of `post` that come in an order: what belongs to which text and to which photo."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consentguard.errors import WrongUsage


@dataclass
class PhotoOptions:
    """One --photo with the options after it. `people` is None, and `tags` empty, where nobody said whom it shows."""

    path: Path
    alt: str = ""
    people: tuple[str, ...] | None = None
    hide_all: bool = False
    tags: dict[int, str] = field(default_factory=dict)


@dataclass
class PartOptions:
    """One post, or one part of a thread. `text` is None until its --text has come."""

    text: str | None = None
    photos: list[PhotoOptions] = field(default_factory=list)


def add_part_options(command: argparse.ArgumentParser) -> None:
    """Adds --text, --photo, and what describes the photo before it."""
    for name, metavar, what in (
        ("--text", "TEXT", "what a post says; again for a thread"),
        ("--photo", "PHOTO", "a photo of the post, at most four"),
        ("--alt", "TEXT", "what the photo before it shows, for those who do not see it"),
        ("--people", "ID,ID", "who is shown in the photo before it; chooses mode declared for that photo"),
        ("--tag", "N=ID|hide|nobody", "who face N of the photo before it is, as `inspect` numbers it; again for more"),
    ):
        command.add_argument(name, action=_Collect, dest="parts", metavar=metavar, help=what)
    command.add_argument(
        "--hide-all", action=_Collect, dest="parts", nargs=0, help="in the photo before it every face is hidden"
    )


def parts_of(arguments: argparse.Namespace) -> list[PartOptions]:
    """The parts that the options name, each photo with its own people.

    Raises WrongUsage where there is nothing to post, and where it is not clear whom each photo shows.
    """
    parts: list[PartOptions] = list(arguments.parts or [])
    photos = [photo for part in parts for photo in part.photos]
    if not photos and not any(part.text for part in parts):
        raise WrongUsage("there is nothing to post; give --text, --photo or both")
    named = [photo for photo in photos if photo.people is not None or photo.tags]
    unsaid = [photo for photo in photos if photo not in named and not photo.hide_all]
    if named and unsaid:
        raise WrongUsage(
            f"--people and --tag count for the photo before them only, and {unsaid[0].path} has none of its own. "
            "Nothing was posted. Say for every photo whom it shows, or --hide-all, and the other options as before:\n  "
            f"consentguard post {_meant(parts)}"
        )
    return parts


def _meant(parts: Sequence[PartOptions]) -> str:
    """The line that says it all, with ID,ID where somebody has to be named."""
    words = []
    for part in parts:
        words += ["--text", shlex.quote(part.text)] if part.text is not None else []
        for photo in part.photos:
            words += ["--photo", shlex.quote(str(photo.path))]
            if photo.hide_all:
                words.append("--hide-all")
            elif photo.people or not photo.tags:
                words += ["--people", shlex.quote(",".join(photo.people or ("ID", "ID")))]
            for number, says in photo.tags.items():
                words += ["--tag", shlex.quote(f"{number}={says}")]
    return " ".join(words)


class _Collect(argparse.Action):
    """Gathers the options in the order in which they come."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        parts: list[PartOptions] = list(getattr(namespace, self.dest) or [])
        name, said = self.option_strings[0], values if isinstance(values, str) else ""
        if name == "--text":
            if not parts or parts[-1].text is not None:
                parts.append(PartOptions())
            parts[-1].text = said
        elif name == "--photo":
            if not parts:
                parts.append(PartOptions())
            parts[-1].photos.append(PhotoOptions(Path(said)))
        elif not parts or not parts[-1].photos:
            parser.error(f"{name} describes the --photo before it; there is none. Put it after its --photo")
        else:
            self._describe(parser, parts[-1].photos[-1], name, said)
        setattr(namespace, self.dest, parts)

    @staticmethod
    def _describe(parser: argparse.ArgumentParser, photo: PhotoOptions, name: str, said: str) -> None:
        if name == "--alt":
            photo.alt = said
        elif name == "--hide-all":
            photo.hide_all = True
        elif name == "--tag":
            number, equals, says = (word.strip() for word in said.partition("="))
            if not (number.isascii() and number.isdigit() and equals and says) or int(number) in photo.tags:
                parser.error(
                    f"--tag {said!r} is not N=ID, N=hide or N=nobody, once for each face of the photo before it"
                )
            photo.tags[int(number)] = says
        else:
            ids = tuple(each.strip() for each in said.split(",") if each.strip())
            if not ids:
                parser.error("--people needs register ids, such as P001,P002; --hide-all hides every face")
            photo.people = (*(photo.people or ()), *ids)
        if photo.hide_all and (photo.people or photo.tags):
            parser.error(f"{photo.path}: --hide-all contradicts --people and --tag; give one of them")
