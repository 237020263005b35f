"""Reads tables of captions and says how a screen does on them; `python tests/wording/table.py [FILE...]` prints it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from consentguard.wording import Named, Rules, Screen

HERE = Path(__file__).parent
KINDS = {
    "surname": {"surname"},
    "person": {"surname", "maybe-surname"},
    "targeted": {"individually-targeted"},
    "offensive": {"offensive-language"},
    "remark": {"remark-at-school"},
    "notice": {"copyright-notice"},
    "ok": set(),
}
ACCOUNTS = ("@RackhamPrimary",)


@dataclass
class Table:
    people: list[Named] = field(default_factory=list)
    captions: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path) -> Table:
        table = cls()
        for line in file.read_text("utf-8").split("\n"):
            head, _, rest = line.partition(" ")
            if head == "register":
                table.people = cls.read(file.with_name(rest)).people
            elif head in ("pupil", "staff"):
                first, last = ([name.replace("~", " ") for name in names.split()] for names in rest.split("/"))
                ident = f"{head[0].upper()}{len(table.people):03}"
                table.people.append(Named(ident, tuple(first), tuple(last), protected=head == "pupil"))
            elif head in KINDS:
                table.captions.append((head, rest))
            elif line and head != "#" and table.captions:  # a caption of more than one line
                kind, caption = table.captions[-1]
                table.captions[-1] = (kind, f"{caption}\n{line}")
        return table

    def screen(self) -> Screen:
        return Screen(self.people, Rules(accounts=ACCOUNTS))

    def results(self) -> list[tuple[str, str, set[str]]]:
        screen = self.screen()
        return [(kind, caption, {hit.rule for hit in screen.judge(caption)}) for kind, caption in self.captions]


def right(kind: str, found: set[str]) -> bool:
    return bool(found & KINDS[kind]) if KINDS[kind] else not found


def summary(results: list[tuple[str, str, set[str]]]) -> dict[str, float]:
    """Recall of surnames and of everything guilty, how often innocent captions are flagged, and precision of a flag."""
    surnames = [right(kind, found) for kind, _, found in results if kind in ("surname", "person")]
    refused = [right(kind, found) for kind, _, found in results if kind == "surname"]
    guilty = [right(kind, found) for kind, _, found in results if kind != "ok"]
    flagged = [bool(found) for kind, _, found in results if kind == "ok"]
    caught = sum(bool(found) for kind, _, found in results if kind != "ok")
    return {
        "captions": len(results),
        "guilty": len(guilty),
        "innocent": len(flagged),
        "surnames found": sum(surnames) / len(surnames),
        "sure surnames refused": sum(refused) / len(refused),
        "recall": sum(guilty) / len(guilty),
        "innocent flagged": sum(flagged) / len(flagged),
        "precision": caught / (caught + sum(flagged)),
    }


if __name__ == "__main__":
    files = [Path(file) for file in sys.argv[1:]] or [HERE / "captions.txt"]
    outcome = [result for file in files for result in Table.read(file).results()]
    for kind, caption, found in outcome:
        if not right(kind, found):
            print(f"  {kind:9} {caption!r} -> {', '.join(sorted(found)) or 'nothing'}")
    for name, value in summary(outcome).items():
        print(f"{name:22} {value:.3f}" if isinstance(value, float) else f"{name:22} {value}")
