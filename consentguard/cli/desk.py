"""`consentguard desk`: the local page on which a person decides, photo by photo (extra `[desk]`)."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from consentguard.cli.options import Commands, Options, guard_of
from consentguard.errors import WrongUsage
from consentguard.program import install_command

if TYPE_CHECKING:
    from consentguard.desk.session import Desk

_IDLE: Final = 60.0


def add_commands(top: Commands, options: Options) -> None:
    command = top.add_parser(
        "desk",
        parents=[options.papers, options.state],
        help="open a page in the browser on which a person decides",
        description="Opens a page on this computer, for this computer only: the photos of a folder, or of a scan, one "
        "after the other; point at faces, choose the copy, release. Photos can be dropped on the page as well.",
    )
    command.add_argument(
        "folder", type=Path, nargs="?", metavar="FOLDER", help="the photos; without it, what is dropped"
    )
    command.add_argument("--scan", type=Path, metavar="OUT", help="the output folder of a scan: go on from there")
    command.add_argument("--out", type=Path, metavar="DIR", help="where copies go; default: FOLDER-released beside it")
    command.add_argument("--channel", metavar="NAME", help="where the photos shall go; default: the policy's default")
    command.add_argument("--by", default="", metavar="NAME", help="who decides; the page asks where it is left out")
    command.add_argument("--photo", metavar="PATH", help="the photo to open first, as the scan's report names it")
    command.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="an address of this computer")
    command.add_argument("--port", type=int, default=0, metavar="N", help="default: any free one")
    command.add_argument("--idle", type=float, default=_IDLE, metavar="MINUTES",
                         help=f"close after so long without use; default {_IDLE:g}")  # fmt: skip
    command.add_argument("--no-browser", action="store_true", help="only print the address")
    command.set_defaults(run=desk)


def desk(arguments: argparse.Namespace) -> int:
    try:
        serve = import_module("consentguard.desk.web").serve
    except ModuleNotFoundError as error:
        raise WrongUsage(f"the desk needs {error.name}; run `{install_command('desk')}`.") from error
    opened = _opened(arguments)

    def tell(address: str) -> None:
        print(f"{len(opened.photos)} photos. The desk is open at\n{address}\nClose it with Ctrl-C.", flush=True)
        if not arguments.no_browser:
            webbrowser.open(address)

    try:
        serve(opened, host=arguments.host, port=arguments.port, idle_minutes=arguments.idle, tell=tell)
    except KeyboardInterrupt:
        print("the desk is closed; everything that was decided is kept", file=sys.stderr)
    return 0


def _opened(arguments: argparse.Namespace) -> Desk:
    """The desk that the options describe. Raises WrongUsage, CannotTell."""
    from consentguard.batch.journal import ScanJournal
    from consentguard.cli.files import make_folder
    from consentguard.cli.posting import poster_of
    from consentguard.desk.photos import Photos
    from consentguard.desk.safety import loopback
    from consentguard.desk.session import Desk

    loopback(arguments.host)
    folder, out = arguments.folder, arguments.scan or arguments.out
    if arguments.scan is not None:
        if folder is not None or arguments.out is not None:
            raise WrongUsage("--scan OUT says where photos and copies are: leave FOLDER and --out away")
        with ScanJournal.open(arguments.scan / "scan.db") as journal:
            about = journal.about()
        if about is None:
            raise WrongUsage(f"{arguments.scan}: no scan wrote there; name the folder that was its --out")
        folder = Path(about["folder"])
    if folder is not None and not folder.is_dir():
        raise WrongUsage(f"{folder}: is not a folder; name the folder that holds the photos")
    if out is None:
        out = folder.resolve().with_name(f"{folder.resolve().name}-released") if folder else Path("released")
    make_folder(out)
    opened = Desk(
        guard_of(arguments),
        Photos(folder, without=(out,)),
        out,
        channel=arguments.channel,
        by=arguments.by,
        poster_of=lambda channel: poster_of(arguments, channel),
    )
    if arguments.scan is not None:
        with ScanJournal.open(out / "scan.db") as journal:
            opened.know((row.path, row.content, row.verdict) for row in journal.rows())
    opened.begin_with(arguments.photo)
    return opened
