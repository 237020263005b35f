"""For mkdocs: fills the pages that are made from the program itself, and writes links that leave docs/ as paths."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from consentguard.cli.parser import build_parser

ROOT = Path(__file__).resolve().parents[1]


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Called by mkdocs for each page, with its Markdown."""
    for mark, made in {"{{ commands }}": commands, "{{ policy }}": policy, "{{ results }}": results}.items():
        if mark in markdown:
            markdown = markdown.replace(mark, made())
    if "{{ security }}" in markdown:
        text = (ROOT / "SECURITY.md").read_text(encoding="utf-8").replace("](docs/", "](")
        markdown = markdown.replace("{{ security }}", text)
    return outside(markdown, Path(page.file.src_uri).parent)


def outside(markdown: str, folder: Path) -> str:
    """Links to files of the repository that are no pages are shown as paths: the site stands by itself."""

    def shown(link: re.Match[str]) -> str:
        text, target = link.groups()
        if re.match(r"[a-z]+:|#", target):
            return link.group()
        path = os.path.normpath(Path("docs") / folder / target.partition("#")[0])
        inside = path.startswith("docs" + os.sep) and path.endswith((".md", ".png"))
        return link.group() if inside else f"{text} (`{Path(path).as_posix()}`)"

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", shown, markdown)


def commands() -> str:
    """Every command with its options, as `--help` prints them."""
    os.environ["COLUMNS"] = "100"
    return "\n".join(
        f"## {parser.prog}\n\n```text\n{parser.format_help()}```\n" for parser in _each(build_parser()) if parser.prog
    )


def _each(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in dict.fromkeys(action.choices.values()):
                yield from _each(each)


def policy() -> str:
    """The shipped policy, whose comments explain every key."""
    shipped = resources.files("consentguard.consent.policy").joinpath("policies", "sch026.toml")
    return f"```toml\n{shipped.read_text('utf-8')}```"


def results() -> str:
    """What the benchmarks wrote, one file after the other."""
    pages = sorted((ROOT / "benchmarks" / "results").glob("*.md"))
    parts = []
    for page in pages:
        text = re.sub(r"!\[[^\]]*\]\([^)]+\)", "", page.read_text(encoding="utf-8"))
        text = re.sub(r"^#+ (.*)$", r"**\1**", text, flags=re.M)
        parts.append(f"## {page.stem.replace('_', ' ')}\n\nFrom `benchmarks/results/{page.name}`.\n\n{text}")
    return "\n\n".join(parts)
