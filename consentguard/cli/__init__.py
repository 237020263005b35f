"""The command line: a command is a function, and errors become exit codes in one place.

0 went through · 1 must not go · 2 wrong usage · 3 undecided, so must not go · 130 interrupted. Over several photos the
worst wins: 3 before 1 before 0.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence

from consentguard.cli.parser import build_parser
from consentguard.errors import ConsentGuardError
from consentguard.files import said_of


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code. Wrong options leave through argparse, with 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name that the terminal cannot show stops no photo
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if "run" not in arguments:
        parser.print_help(sys.stderr)
        return 2
    arguments.main = main  # for commands that run others
    _leave_no_core()
    try:
        code: int = arguments.run(arguments)
        if sys.stdout:  # the shell may have closed it
            sys.stdout.flush()
    except ConsentGuardError as error:
        print(f"consentguard: {_in_lines(str(error), argv)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("consentguard: interrupted; nothing half done was left behind", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; keep Python from complaining about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3
    except Exception:  # noqa: BLE001  (a bug of ours is no verdict: undecided, with everything that helps to mend it)
        traceback.print_exc()
        print("consentguard: this is a bug, nothing was released; please report the lines above", file=sys.stderr)
        return 3
    return code


def _in_lines(message: str, argv: Sequence[str] | None) -> str:
    """A message in which no name given on the command line ends a line or moves the cursor."""
    for given in sys.argv[1:] if argv is None else argv:
        if not given.isprintable():
            message = said_of(given, message)
    return message


def _leave_no_core() -> None:
    """A crash must not write photos, keys and templates to the disk; what this process starts inherits that."""
    if os.name != "posix":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
