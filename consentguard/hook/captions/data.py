"""Words beside the pictures of data files: front matter, YAML, TOML, JSON, notebooks and tables, read by their readers.

What a reader cannot read is not passed over: then every string that is written there counts as said.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from consentguard.hook.captions.caption import PICTURE_FILE, WORDY, unescaped

Said = Iterator[tuple[int, str]]
"""Lines, counted from 1, 0 where the reader does not say; and what is said."""

_STRING: Final = re.compile(r'"((?:[^"\\\n]|\\.)*+)"|\'((?:[^\'\\\n]|\\.)*+)\'')
_LARGE: Final = 300_000
"""Characters; tomllib, in Python, would take seconds for more."""


def captions_in_yaml(text: str) -> Said:
    """Values of a YAML file or of the front matter of a page, over however many lines they go."""
    import yaml  # noqa: PLC0415  (most files are none)

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    stack: list[_Mapping] = [_Mapping()]
    found: list[tuple[int, str]] = []
    try:
        for event in yaml.parse(text.replace("\0", ""), Loader=loader):
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                stack[-1].taken()
                stack.append(_Mapping(isinstance(event, yaml.MappingStartEvent), stack[-1]))
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                found += stack.pop().said()
            elif isinstance(event, yaml.ScalarEvent):
                stack[-1].scalar(event.value, event.start_mark.line + 1 if event.start_mark else 0)
            elif isinstance(event, yaml.AliasEvent):
                stack[-1].taken()
            elif isinstance(event, yaml.DocumentEndEvent):
                found += stack[0].said()
                stack = [_Mapping()]
    except (yaml.YAMLError, RecursionError, ValueError):
        yield from _lines(text)
        return
    yield from found


class _Mapping:
    """A mapping or a list while it is read: what in it is said beside a picture."""

    last_key_is_wordy: bool
    _wordy: bool
    last_key_is_picture: bool

    def __init__(self, keyed: bool = False, within: _Mapping | None = None) -> None:
        self._keyed = keyed
        self._key: str | None = None
        self._wordy = within is not None and (within.last_key_is_wordy or within.last_key_is_picture or within._wordy)
        self._values: list[tuple[int, str]] = []
        self._wordy_values: list[tuple[int, str]] = []
        self._shows = False
        self._outer = within
        self.last_key_is_wordy = self.last_key_is_picture = False

    def scalar(self, value: str, line: int) -> None:
        if self._keyed and self._key is None:
            self._key = value
            self.last_key_is_wordy = bool(WORDY.search(value))
            self.last_key_is_picture = bool(PICTURE_FILE.search(value))
            self._shows = self._shows or self.last_key_is_picture
            self._values.append((line, value))
            return
        self._shows = self._shows or bool(PICTURE_FILE.search(value))
        if self._wordy or (self._keyed and self.last_key_is_wordy):
            self._wordy_values.append((line, value))
        else:
            self._values.append((line, value))
        self.taken()

    def taken(self) -> None:
        """The value of the key has begun."""
        self._key = None

    def said(self) -> list[tuple[int, str]]:
        if not self._keyed and self._outer is not None and not self._shows:
            self._outer._values += self._values  # a list of tags belongs to the mapping it stands in
            return self._wordy_values
        return self._wordy_values + (self._values if self._shows else [])


def captions_in_toml(text: str) -> Said:
    """Values of a TOML file or front matter."""
    import tomllib  # noqa: PLC0415

    try:
        if len(text) > _LARGE:
            raise ValueError("large")
        read = tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError):
        yield from _strings(text)
        return
    yield from _of_values(read)


def captions_in_json(text: str) -> Said:
    """Values of a JSON file, of JSON lines, or of the cells of a notebook."""
    try:
        read = json.loads(text)
    except RecursionError:
        yield from _strings(text)
        return
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            read = [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            yield from _strings(text)
            return
    yield from _of_values(read)


def pages_in_notebook(text: str) -> Iterator[tuple[str, str]]:
    """The cells and results of a Jupyter notebook that are pages: (ending, text)."""
    try:
        cells = json.loads(text)["cells"]
        for cell in cells:
            if cell.get("cell_type") != "code":
                yield ".md", _joined(cell.get("source", ""))
            for output in cell.get("outputs", ()):
                for media, value in output.get("data", {}).items():
                    if media in ("text/html", "text/markdown", "image/svg+xml"):
                        yield (".md" if media == "text/markdown" else ".html"), _joined(value)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        yield ".md", " ".join(said for _, said in _strings(text))


def _joined(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def captions_in_table(text: str) -> Said:
    """Cells of a CSV or TSV file: columns that are called captions, and rows with a picture in them."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        wordy: list[bool] = []
        for number, row in enumerate(rows):
            if number == 0:
                wordy = [bool(WORDY.search(cell.strip())) for cell in row]
            shows = any(PICTURE_FILE.search(cell) for cell in row)
            for column, cell in enumerate(row):
                if cell and (shows or (column < len(wordy) and wordy[column])):
                    yield rows.line_num, cell
    except csv.Error:
        yield from _lines(text)


def _of_values(read: Any) -> Said:
    """What is said in mappings and lists: values of wordy keys, and whatever stands in one mapping with a picture."""
    waiting: list[tuple[Any, bool]] = [(read, False)]
    while waiting:
        value, wordy = waiting.pop()
        if isinstance(value, str):
            if wordy:
                yield 0, value
        elif isinstance(value, Mapping):
            shows = _shows(value) or any(isinstance(inner, Mapping) and _shows(inner) for inner in value.values())
            for key, inner in value.items():
                called = shows and not _of_mappings(inner)
                if shows:
                    yield 0, str(key)
                waiting.append((inner, wordy or called or bool(WORDY.search(str(key)))))
        elif isinstance(value, list):
            beside = all(isinstance(each, str) for each in value) and any(map(PICTURE_FILE.search, value))
            waiting += [(each, wordy or beside) for each in value]


def _of_mappings(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value)


def _shows(value: Mapping[Any, Any]) -> bool:
    return any(PICTURE_FILE.search(each) for each in _direct(value))


def _direct(value: Mapping[Any, Any]) -> Iterator[str]:
    for key, inner in value.items():
        yield str(key)
        if isinstance(inner, str):
            yield inner
        elif isinstance(inner, list):
            yield from (each for each in inner if isinstance(each, str))


def _strings(text: str) -> Said:
    """Every string of a text, for what no reader reads: too much rather than too little."""
    for found in _STRING.finditer(text):
        yield 0, unescaped(found[1] or found[2] or "")


def _lines(text: str) -> Said:
    yield from ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())


READERS: Final[Mapping[str, Callable[[str], Said]]] = {
    ".yml": captions_in_yaml,
    ".yaml": captions_in_yaml,
    ".toml": captions_in_toml,
    ".json": captions_in_json,
    ".jsonc": captions_in_json,
    ".json5": captions_in_json,
    ".jsonl": captions_in_json,
    ".ndjson": captions_in_json,
    ".jsonld": captions_in_json,
    ".geojson": captions_in_json,
    ".webmanifest": captions_in_json,
    ".ipynb": captions_in_json,
    ".csv": captions_in_table,
    ".tsv": captions_in_table,
    **dict.fromkeys((".properties", ".ini", ".cfg", ".conf", ".po", ".pot", ".ics", ".vcf", ".strings"), _lines),
    **dict.fromkeys((".vtt", ".srt", ".lrc", ".ass", ".ssa"), _lines),
}
"""Endings of data files, and what reads each."""
