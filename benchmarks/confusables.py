"""Makes `consentguard/wording/lists/confusables.txt` of Unicode's confusables.txt (https://www.unicode.org/Public/security).

    python benchmarks/confusables.py confusables.txt > consentguard/wording/lists/confusables.txt

Kept is every character outside Latin script that Unicode says may be taken for Latin letters, one or two of them.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path

_LETTERS = re.compile(r"[A-Za-z]{1,2}")


def _prototype(points: str) -> str:
    """The Latin letters that a prototype shows, without accents."""
    text = unicodedata.normalize("NFKD", "".join(chr(int(point, 16)) for point in points.split()))
    return "".join(character for character in text if not unicodedata.combining(character))


def main() -> None:
    text = Path(sys.argv[1]).read_text("utf-8-sig")
    version = re.search(r"# Version: (\S+)", text)
    print(f"# Characters that pass for Latin letters, of Unicode's confusables data {version[1] if version else ''}")
    made = "made by benchmarks/confusables.py: what it shows, then the characters as code points."
    print(f"# (Unicode License v3), {made}")
    found: dict[str, list[int]] = {}
    for line in text.splitlines():
        fields = line.partition("#")[0].split(";")
        if len(fields) < 2 or " " in fields[0].strip():
            continue
        point, shows = int(fields[0], 16), _prototype(fields[1])
        plain = unicodedata.normalize("NFKD", chr(point))
        if point > 0x7F and _LETTERS.fullmatch(shows) and not _LETTERS.match(plain):
            found.setdefault(shows.lower(), []).append(point)
    for shows, points in sorted(found.items()):
        print(shows, " ".join(f"{point:X}" for point in sorted(points)))


if __name__ == "__main__":
    main()
