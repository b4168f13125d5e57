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
from server.up.collecting import Listening
from server.up.household import Household, UpFailed

LAST_PORT = 65_535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    add_listening(parser)
    hearing = Listening()
    parser.add_argument(
        "--listen",
        default=hearing.address,
        metavar="IP",
        help=f"where traps and syslog come (default {hearing.address})",
    )
    parser.add_argument(
        "--trap-port", type=port, default=hearing.trap_port, metavar="N", help=f"0: none (default {hearing.trap_port})"
    )
    parser.add_argument(
        "--syslog-port",
        type=port,
        default=hearing.syslog_port,
        metavar="N",
        help=f"0: none (default {hearing.syslog_port})",
    )
    parser.epilog = (
        "ZHISHOU_ADMIN_PASSWORD sets the first password of admin; without it one is made and printed once. "
        "All data lies in DIR, readable by you alone; the same DIR goes on where it was left. The key of devices' "
        "secrets lies beside it (DIR.secrets-key, or ZHISHOU_SECRETS_KEY)."
    )


def port(text: str) -> int:
    """Raises ArgumentTypeError."""
    if not text.isascii() or not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to {LAST_PORT}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    lines = threading.Lock()

    def say(line: str) -> None:
        with lines:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    try:
        settings = settings_from(args)
        with held(settings.data, "up"), listen(settings.host, settings.port) as listener:
            hearing = Listening(args.listen, args.trap_port, args.syslog_port)
            household = Household(settings, listener, say, hearing)

            def stop(number: int, _frame: FrameType | None) -> None:
                household.stopping.set()

            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, stop)
            household.run()
            say("stopped")
    except (*REFUSALS, UpFailed) as error:
        return complain("up", error)
    return 0
