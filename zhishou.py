"""The one command. Sub-commands import only the role they run."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

# command: (the module with add_arguments(parser) and run(args) -> exit code, what it does in one line)
COMMANDS = {
    "up": ("server.up.commands", "watch this very machine: centre, agent and collector, until Ctrl-C"),
    "server": ("server.commands", "run the centre"),
    "agent": ("agent.commands", "run, check or enrol the agent of this host"),
    "collector": ("collector.commands", "check, record or find devices that cannot run an agent"),
    "device": ("server.collection.commands", "add devices that a collector asks, one by one or as a scan found them"),
    "person": ("server.people.commands", "add and list the people who may sign in"),
    "token": ("server.people.token_commands", "create, list and revoke API tokens for programs"),
    "enrolment": ("server.senders.commands", "create the single-use token that lets an agent in"),
    "secrets": ("server.device_secrets.commands", "make and change the key that seals the secrets of devices"),
    "evidence": ("server.evidence.commands", "take a frozen record out as a file, or check such a file offline"),
    "audit": ("server.audit.commands", "check the chain of everything that was changed"),
}
SUPERVISOR = "ZHISHOU_SUPERVISOR"  # pid of the `zhishou up` that started this program
PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``zhishou``. Returns the exit code: 0 done, 1 refused or failed, 2 asked wrongly."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    os.umask(0o077)  # whatever is kept is for its owner alone
    end_with_supervisor()
    parser = argparse.ArgumentParser(
        prog="zhishou", description="Zhishou (值守): operations monitoring that ends in records people sign."
    )
    parser.add_argument("--version", action="version", version=f"zhishou {own_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in words if not word.startswith("-")), "")
    for name, (_, says) in COMMANDS.items():
        command = commands.add_parser(name, help=says, description=says[0].upper() + says[1:] + ".")
        if name == chosen:
            module = load(name)
            module.add_arguments(command)
    args = parser.parse_args(words)
    try:
        return int(load(args.command).run(args))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output went away (`zhishou agent check | head`); the interpreter must not complain too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def load(name: str) -> ModuleType:
    """The module of a command. Ends the program when the extra it needs is not installed."""
    module = COMMANDS[name][0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        role = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] in {"server", "agent", "collector"}:
            raise
        raise SystemExit(
            f"zhishou {name}: {error.name} is not installed here: pip install 'zhishou[{role}]'"
        ) from error


def own_version() -> str:
    try:
        return version("zhishou")
    except PackageNotFoundError:
        return "(not installed)"


def end_with_supervisor() -> None:
    """A child of `zhishou up` gets SIGTERM when that ends in whatever way: no process stays behind (Linux)."""
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):  # it was gone before we could ask
        raise SystemExit(1)


if __name__ == "__main__":
    raise SystemExit(main())
