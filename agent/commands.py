"""``zhishou agent``: run, check, enrol."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

from agent.settings import SettingsError, load_settings

FAILED, ASKED_WRONGLY = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    run_ = actions.add_parser("run", help="read this host and send what was read until stopped")
    run_.add_argument("--interval", type=float, metavar="S", help="seconds between passes (default 15)")
    check = actions.add_parser("check", help="one pass over this host, printed: every value, every gap and why")
    check.add_argument("--json", action="store_true", help="a list of {metric, part, value} or {metric, part, gap}")
    check.add_argument("--lang", choices=("zh", "en"), default="en")
    check.add_argument("--root", type=Path, metavar="DIR", help="where proc and sys are (default /)")
    enrol = actions.add_parser("enrol", help="use an enrolment token up and keep the credential it gives")
    enrol.add_argument(
        "--token", metavar="TOKEN", help="else the environment's ZHISHOU_ENROLMENT_TOKEN, or standard input"
    )
    for action in (run_, check, enrol):
        action.add_argument("--config", type=Path, metavar="FILE", help="settings (default /etc/zhishou/agent.toml)")
        action.add_argument("--state", type=Path, metavar="DIR", help="folder of the spool and the credential")
    for action in (run_, enrol):
        action.add_argument("--server", metavar="URL", help="the centre's address")
        action.add_argument("--ca", type=Path, metavar="FILE", help="the certificate authority of the centre")


def run(args: argparse.Namespace) -> int:
    try:
        settings = load_settings(
            args.config,
            os.environ,
            state=args.state,
            server=getattr(args, "server", None),
            ca_file=getattr(args, "ca", None),
            root=getattr(args, "root", None),
            interval_s=getattr(args, "interval", None),
        )
    except SettingsError as error:
        return complain(str(error), ASKED_WRONGLY)
    # Only what the action needs is imported: the agent that stays in memory holds no more than its own work.
    action = import_module(f"agent.actions.{args.action}")
    return int(action.act(settings, args))


def complain(text: str, code: int = FAILED) -> int:
    print(f"zhishou agent: {text}", file=sys.stderr)
    return code
