"""``zhishou enrolment``: the single-use token that lets one agent in."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta

from server.command_line import REFUSALS, actor, add_data, complain, now, open_records, say, settings_from
from server.senders.enrolment import create_enrolment
from server.times import rfc3339
from server.tls.certificates import Certificates

UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make one; it is the last word printed and cannot be shown again")
    create.add_argument("--device", metavar="NO", help="the device it is for; without it the agent waits for approval")
    create.add_argument("--name", default="", help="the device's name, when it is new")
    create.add_argument("--ttl", type=duration, default=timedelta(hours=1), metavar="1h", help="default 1h, at most 7d")
    add_data(create)


def duration(text: str) -> timedelta:
    """``90s``, ``10min``, ``1h``, ``2d``. Raises ArgumentTypeError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d)", text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 30min, 1h or 2d")
    return timedelta(seconds=float(found[1]) * UNITS[found[2]])


def run(args: argparse.Namespace) -> int:
    try:
        settings = settings_from(args)
        fingerprint = Certificates(settings.data).fingerprint() if settings.speaks_https else ""
        with open_records(args) as records:
            row, token = create_enrolment(
                records,
                actor=actor(),
                now=now(),
                device_no=args.device,
                device_name=args.name,
                ttl=args.ttl,
                fingerprint=fingerprint,
            )
    except REFUSALS as error:
        return complain("enrolment create", error)
    whom = f"device {row.device_no}" if row.device_no else "one agent, which then waits for approval"
    say(f"lets in {whom}, until {rfc3339(row.expires_ms)}: {token}")
    return 0
