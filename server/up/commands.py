"""``zhishou up``: one command, and this machine is watched."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from types import FrameType

from server.command_line import REFUSALS, add_data, complain, settings_from
from server.commands import add_listening
from server.data_folder import held
from server.listening import listen
from server.up.household import Household, UpFailed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    add_listening(parser)
    parser.epilog = (
        "ZHISHOU_ADMIN_PASSWORD sets the first password of admin; without it one is made and printed once. "
        "All data lies in DIR, readable by you alone; the same DIR goes on where it was left."
    )


def run(args: argparse.Namespace) -> int:
    lines = threading.Lock()

    def say(line: str) -> None:
        with lines:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    try:
        settings = settings_from(args)
        with held(settings.data, "up"), listen(settings.host, settings.port) as listener:
            household = Household(settings, listener, say)

            def stop(number: int, _frame: FrameType | None) -> None:
                household.stopping.set()

            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, stop)
            household.run()
            say("stopped")
    except (*REFUSALS, UpFailed) as error:
        return complain("up", error)
    return 0
