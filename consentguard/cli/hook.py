"""The hook's commands: what git is about to commit or push, and what a tool is about to upload."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from consentguard.cli.files import expanded
from consentguard.cli.hook_report import FileVerdicts, replace_one, report
from consentguard.cli.options import EXITS, Commands, Options
from consentguard.errors import CannotTell, WrongUsage
from consentguard.files import printable

if TYPE_CHECKING:
    from consentguard.hook.judge import Judge
    from consentguard.hook.repository import Blob, Repository

_WHICH = {
    "--pre-commit": "only before commits",
    "--pre-push": "only before pushes",
    "--both": "before commits and pushes (default)",
}


def add_commands(top: Commands, shared: Options) -> None:
    """`consentguard hook ...`."""
    commands = top.add_parser("hook", help="the last exit point of a website: judges what git or a tool lets out")
    subcommands = commands.add_subparsers(metavar="pre-commit|pre-push|files|ci|install|uninstall", required=True)
    options = _options(shared, _judging_options("policy.toml of the state, else SCH 026"))

    command = subcommands.add_parser(
        "pre-commit", parents=[options], epilog=EXITS, help="judge what is staged",
        description="Judges the staged version of every changed file, or of the files named.",
    )  # fmt: skip
    command.add_argument("files", nargs="*", metavar="FILE", help="only these, changed or not")
    command.add_argument(
        "--fix", action="store_true",
        help="stage released copies in the place of pictures that may not go; originals go to the state directory",
    )  # fmt: skip
    command.set_defaults(run=pre_commit)

    command = subcommands.add_parser(
        "pre-push", parents=[options], epilog=EXITS, help="judge every commit that is pushed",
        description="Judges every file of every pushed commit, also those that a later one takes out. Git calls it.",
    )  # fmt: skip
    command.add_argument("remote", nargs="?", default="origin", metavar="REMOTE", help="where it goes")
    command.add_argument("url", nargs="?", metavar="URL", help="its address, which is asked what it has; git names it")
    command.set_defaults(run=pre_push)

    command = subcommands.add_parser(
        "files", parents=[options], epilog=EXITS, help="judge files on the disk, for any publishing tool",
        description="Judges files on the disk, as a publishing tool is about to send them.",
    )  # fmt: skip
    command.add_argument("files", nargs="*", metavar="FILE")
    command.add_argument("--from0", action="store_true", help="read more names from stdin, each ended by a NUL")
    command.set_defaults(run=files)

    command = subcommands.add_parser(
        "ci", parents=[_judging_options("SCH 026")], epilog=EXITS,
        help="judge the last commit by the school's signed list alone",
        description="Judges every file of the last commit. A picture passes if the list names it for the channel, or "
        "if it shows nobody. No register, no key but the public one.",
    )  # fmt: skip
    command.add_argument("--list", type=Path, required=True, metavar="FILE", help="from `ledger export --public`")
    command.add_argument("--key", required=True, metavar="HEX", help="the school's public key: `ledger key` prints it")
    command.add_argument("--max-age", type=int, default=30, metavar="DAYS", help="how old the list may be; default 30")
    command.set_defaults(run=ci)

    command = subcommands.add_parser(
        "install", parents=[options], help="have git call it in this repository",
        description="Writes the hook scripts of this repository. A hook that is there is kept and runs first.",
    )  # fmt: skip
    which = command.add_mutually_exclusive_group()
    for flag, text in _WHICH.items():
        which.add_argument(flag, dest="which", action="store_const", const=flag, help=text)
    command.set_defaults(run=install, which="--both")

    command = subcommands.add_parser("uninstall", help="take the hook out and put back what was there before")
    command.set_defaults(run=uninstall)


# -- judging ----------------------------------------------------------------------------------------------------------


def pre_commit(arguments: argparse.Namespace) -> int:
    from consentguard.hook.repository import Repository

    repository = Repository.around(Path.cwd())
    judge = _judge(arguments, repository)
    blobs = repository.indexed(arguments.files) if arguments.files else repository.staged()
    stopped: list[tuple[Blob, bytes]] = []
    worst = report(_of_git(repository, judge, blobs, stopped), judge, arguments)
    if stopped and not arguments.fix and not arguments.json:
        from consentguard.hook.fix import may_be_fixed

        if any(may_be_fixed(blob.path, judge.policy.files.format) for blob, _ in stopped):
            print(
                "consentguard: `consentguard hook pre-commit --fix` puts released copies in their place",
                file=sys.stderr,
            )
    if arguments.fix:
        for blob, data in stopped:
            worst = max(worst, replace_one(repository, judge, blob, data, arguments))
    return worst


def pre_push(arguments: argparse.Namespace) -> int:
    from consentguard.hook.pushes import at_remote, pushed, what_goes
    from consentguard.hook.repository import Repository

    repository = Repository.around(Path.cwd())
    judge = _judge(arguments, repository)
    going = what_goes(repository, sys.stdin.buffer, os.environ, arguments.remote, arguments.url)
    if all(push.deletes for push in going.pushes):
        return 0
    there = at_remote(repository, going.url)
    if there is None:
        print(
            f"consentguard: {printable(going.url or arguments.remote)}: does not say what it has, so everything that "
            "leads there is judged",
            file=sys.stderr,
        )
    return report(_of_git(repository, judge, pushed(repository, going.pushes, there or ())), judge, arguments)


def files(arguments: argparse.Namespace) -> int:
    from consentguard.files import read_photo

    names = [str(path) for path in expanded(map(Path, arguments.files))]
    if arguments.from0:
        names += [os.fsdecode(name) for name in sys.stdin.buffer.read().split(b"\0") if name]
    if not names:  # a folder that a script misspelt must not look like one in which all may go
        raise WrongUsage("no file is named, so nothing was judged; check the folder that the names come from")
    judge = _judge(arguments, None)

    def judged() -> Iterator[FileVerdicts]:
        from consentguard.cli import show

        for name in names:
            try:
                yield name, judge.judge(name, read_photo(Path(name)))
            except CannotTell as error:
                yield name, (show.undecided(name, error),)
        yield from judge.pieces()

    return report(judged(), judge, arguments)


def ci(arguments: argparse.Namespace) -> int:
    from datetime import timedelta

    from consentguard.consent.clock import now
    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.record.exchange import ReleasedHashes
    from consentguard.files import read_photo
    from consentguard.hook.judge import Judge
    from consentguard.hook.repository import Repository

    repository = Repository.around(Path.cwd())
    if arguments.policy and not repository.bare:
        _must_lie_outside(arguments.policy, repository.folder, "--policy")
    listed = ReleasedHashes.read(read_photo(arguments.list), str(arguments.list), key=arguments.key)
    if listed.made_at - now(UTC) > timedelta(days=1):
        raise CannotTell(
            f"{arguments.list}: was made on {listed.made_at:%Y-%m-%d}, which is yet to come, so its age is not known; "
            "set the clock of the machine that made it, and run `consentguard ledger export --public` there again."
        )
    if now(UTC) - listed.made_at > timedelta(days=arguments.max_age):
        raise CannotTell(
            f"{arguments.list}: was made on {listed.made_at:%Y-%m-%d}, over {arguments.max_age} days ago; consents may "
            "have gone since. Run `consentguard ledger export --public` again."
        )
    policy = Policy.load(arguments.policy) if arguments.policy else Policy.shipped()
    judge = Judge.of_list(listed, policy, arguments.channel)
    return report(_of_git(repository, judge, repository.committed()), judge, arguments)


def _of_git(
    repository: Repository, judge: Judge, blobs: Sequence[Blob], stopped: list[tuple[Blob, bytes]] | None = None
) -> Iterator[FileVerdicts]:
    """Each blob with what is to say about it; what is judged and may not go is added to `stopped`."""
    from consentguard.cli import show
    from consentguard.hook.judge import leading_elsewhere

    for blob, data in repository.contents(blobs):
        name = f"{blob.path} (commit {blob.commit[:10]})" if blob.commit else blob.path
        if isinstance(data, CannotTell):
            yield blob.path, (show.undecided(name, data),)
        elif blob.is_submodule:
            yield blob.path, judge.submodule(blob.path, name)
        elif blob.is_symlink:
            yield blob.path, () if repository.holds_target(blob, data) else (leading_elsewhere(name),)
        else:
            verdicts = judge.judge(blob.path, data, name=name, stored=repository.lfs_object)
            if stopped is not None and any(verdict.outcome.exit_code for verdict in verdicts):
                stopped.append((blob, data))
            yield blob.path, verdicts
    yield from judge.pieces()


# -- installing -------------------------------------------------------------------------------------------------------


def install(arguments: argparse.Namespace) -> int:
    from consentguard.hook.repository import Repository
    from consentguard.hook.shim import STAGES, HooksFolder, line_ends_rule
    from consentguard.hook.shim import install as write

    repository = Repository.around(Path.cwd())
    options = []
    for name in ("state", "register", "policy"):
        path = getattr(arguments, name)
        if path is not None:
            options += [f"--{name}", str(path.absolute())]
    options += ["--channel", arguments.channel] if arguments.channel else []
    place = HooksFolder.of(repository)
    stages = list(STAGES) if arguments.which == "--both" else [arguments.which.removeprefix("--")]
    for path in write(place, stages, sys.executable, options):
        print(f"{path}: written")
    if place.everywhere:
        print(f"{place.folder}: core.hooksPath of your own configuration, so this guards every repository of yours.")
    if place.shared:
        print(f"{place.folder}: lies in the repository, so everybody who commits needs `consentguard` in PATH.")
        if rule := line_ends_rule(repository, place):
            print(f"{place.folder}: add the line `{rule}` to .gitattributes, or Windows cannot run what lies there.")
    try:
        _judge(arguments, repository)
    except CannotTell as error:  # the hook stands, and stops everything until this is mended
        print(f"consentguard: until this is mended nothing will pass: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def uninstall(arguments: argparse.Namespace) -> int:
    from consentguard.hook.repository import Repository
    from consentguard.hook.shim import HooksFolder
    from consentguard.hook.shim import uninstall as take_out

    place = HooksFolder.of(Repository.around(Path.cwd()))
    changed = take_out(place)
    for path in changed:
        print(f"{path}: {'as it was before' if path.exists() else 'taken out'}")
    if not changed:
        print(f"{place.folder}: holds no hook of ours; nothing was changed")
    return 0


# -- what judges ------------------------------------------------------------------------------------------------------


def _judge(arguments: argparse.Namespace, repository: Repository | None) -> Judge:
    """The judge of the state directory. What decides never comes from the tree that is judged."""
    from consentguard.consent.policy.policy import Policy
    from consentguard.consent.record.state import POLICY_FILE, REGISTER_FILE, State, default_directory
    from consentguard.consent.register.register import Register
    from consentguard.hook.judge import Judge

    directory = arguments.state or default_directory()
    local_policy = directory / POLICY_FILE
    policy_file = arguments.policy or (local_policy if os.path.lexists(local_policy) else None)
    register_file = arguments.register or directory / REGISTER_FILE
    if repository is not None and not repository.bare:
        for path, option in ((directory, "--state"), (register_file, "--register"), (policy_file, "--policy")):
            if path is not None:
                _must_lie_outside(path, repository.folder, option)
    state = State.open(directory)
    if arguments.register is None and not os.path.lexists(register_file):
        raise CannotTell(
            f"{register_file}: no register is here, so nothing can be judged; copy the school's there with "
            "`consentguard start --register FILE`, or name one outside the repository with --register FILE."
        )
    policy = Policy.load(policy_file) if policy_file else Policy.shipped()
    return Judge(Register.load(register_file), policy, state, arguments.channel)


def _must_lie_outside(path: Path, tree: Path, option: str) -> None:
    if path.resolve().is_relative_to(tree.resolve()):
        raise WrongUsage(
            f"{option} {path}: lies in the repository that is judged; what decides must not come from there, and "
            "pupils' data must not go there. Keep it outside and name that place."
        )


def _judging_options(policy: str) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--policy", type=Path, metavar="FILE", help=f"default: {policy}")
    options.add_argument("--channel", metavar="NAME", help="where it goes; default: hook.channel of the policy")
    options.add_argument("--json", action="store_true", help="one JSON object a picture on stdout")
    return options


def _options(shared: Options, judging: argparse.ArgumentParser) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False, parents=[shared.state, judging])
    options.add_argument("--register", type=Path, metavar="FILE", help="default: consent_register.csv of the state")
    return options
