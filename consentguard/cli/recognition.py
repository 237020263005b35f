"""The commands of recognition: enrol, calibrate, forget."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC
from pathlib import Path

from consentguard.cli.options import Commands, Options, register_of
from consentguard.cli.show import counted
from consentguard.errors import CannotTell


def add_commands(top: Commands, options: Options) -> None:
    enrol_command = top.add_parser(
        "enrol",
        parents=[options.papers, options.state],
        help="make face templates of people with biometric consent, from reference photos",
        description="Makes and seals face templates for mode matched. The photos are looked at and not kept. Enrolling "
        "somebody again replaces what was there. Exit 1 where a photo or person was refused; the rest is enrolled.",
    )
    enrol_command.add_argument(
        "--photos", type=Path, required=True, metavar="DIR|CSV",
        help="for each register id a folder of photos or one photo named after it; or a CSV file with the columns "
        "photo, id and perhaps taken, x, y",
    )  # fmt: skip
    enrol_command.add_argument(
        "--key", choices=("file", "environment", "passphrase", "keyring"),
        help="where the key of the templates lives, chosen the first time; default: a file in the state directory",
    )  # fmt: skip
    enrol_command.set_defaults(run=enrol)

    calibrate_command = top.add_parser(
        "calibrate",
        parents=[options.papers, options.state],
        help="measure on the enrolled how often they are taken for one another, and set the threshold",
        description="Measures on the school's own templates how often people are taken for somebody else (FPIR) and "
        "how often they are not recognised (FNIR), with 95 % intervals. Keeps the threshold that follows from the "
        "policy's recognition.false_positives. With too few people the shipped one stands.",
    )
    calibrate_command.add_argument(
        "--photos", type=Path, metavar="DIR|CSV",
        help="other photos of the enrolled, laid out as for enrol; without them the rates come out too low",
    )  # fmt: skip
    calibrate_command.add_argument("--plot", type=Path, metavar="PNG", help="draw both errors over the threshold")
    calibrate_command.set_defaults(run=calibrate)

    forget_command = top.add_parser(
        "forget",
        parents=[options.state],
        help="destroy all face templates of somebody, for good",
        description="For good. With --tags also what files of tags say of that person.",
    )
    forget_command.add_argument("person", metavar="ID", help="register id")
    forget_command.add_argument(
        "--tags", type=Path, dest="tags_from", metavar="DIR", help="take that person out of every *.tags.json in it"
    )
    forget_command.set_defaults(run=forget)


def enrol(arguments: argparse.Namespace) -> int:
    from consentguard.consent.recognition.template_key import KeySource
    from consentguard.guard.guard import Guard

    guard = Guard.open(register_of(arguments), policy=arguments.policy, state=arguments.state)
    made = guard.enrol(arguments.photos, key=KeySource(arguments.key) if arguments.key else None)
    for person, count in made.counts().items():
        print(f"{person}: enrolled with {counted(count, 'template')}")
    for line in made.warnings:
        print(f"warning: {line}")
    for line in made.refused:
        print(f"refused: {line}", file=sys.stderr)
    if not made.templates:
        print("nobody was enrolled", file=sys.stderr)
    return 1 if made.refused or not made.templates else 0


def calibrate(arguments: argparse.Namespace) -> int:
    from consentguard.consent.recognition.calibration import ENOUGH_PEOPLE
    from consentguard.guard.guard import Guard

    guard = Guard.open(register_of(arguments), policy=arguments.policy, state=arguments.state)
    found, lines = guard.calibrate(arguments.photos)
    for line in lines:
        print(line, file=sys.stderr)
    print(
        f"{found.people} people, {found.templates} templates, {found.comparisons} comparisons of different people\n"
        f"  strangers taken for somebody (FPIR): {found.strangers}\n"
        f"  enrolled not recognised (FNIR): {found.missed}\n"
        f"a match needs {found.threshold:.1f} nats: with all {found.people} compared with, at most "
        f"{found.operating.false_positives:.2%} of strangers' faces are to be taken for anybody"
    )
    if not found.enough:
        print(
            f"too little data to measure that threshold, which takes {ENOUGH_PEOPLE} people: the shipped one stands, "
            "measured on children of open sets (docs/recognition.md)"
        )
    elif not found.own:
        print(
            "the shipped threshold stands, stricter than these templates ask for; --photos may show that less will do"
        )
    else:
        print("the threshold is the school's own now")
    if not arguments.photos:
        print(
            "templates were compared with one another, so the rates come out too low: name later photos with --photos"
        )
    if arguments.plot:
        from consentguard.cli.files import write
        from consentguard.vision.chart import errors_over_threshold

        write(arguments.plot, lambda: errors_over_threshold(found.genuine, found.impostor, found.threshold))
        print(f"drawn in {arguments.plot}")
    return 0


def forget(arguments: argparse.Namespace) -> int:
    from consentguard.consent import clock
    from consentguard.consent.recognition import enrolled
    from consentguard.consent.recognition.templates import TEMPLATES_FILE, TemplateStore
    from consentguard.consent.record.state import State, default_directory

    state = State.open(arguments.state or default_directory())
    if arguments.tags_from:
        from consentguard.consent.tagsfile import forget_in

        try:
            changed = forget_in(arguments.tags_from, arguments.person)
        except OSError as error:
            raise CannotTell(f"{arguments.tags_from}: cannot be written ({error.strerror}); try again.") from error
        print(f"{arguments.person}: taken out of {counted(changed, 'file')} of tags")
        if not (state.directory / TEMPLATES_FILE).exists():
            return 0
    store = TemplateStore.open(state.directory)
    gone = enrolled.forget(store, state, {arguments.person: "asked for"}, clock.now(UTC))
    here = "" if gone else "; nobody is enrolled under that id"
    print(f"{arguments.person}: {counted(gone, 'template')} destroyed{here}")
    return 0
