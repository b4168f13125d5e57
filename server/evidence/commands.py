"""``zhishou evidence``: a frozen record as a file, and such a file checked (which needs nothing of the centre)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import evidence_check


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser(
        "check", help="offline; exit code 1 and every place where it does not hold, 2: unreadable"
    )
    evidence_check.add_arguments(check)
    export = actions.add_parser("export", help="the evidence file of a closed checklist or a submitted verification")
    export.add_argument("number", help="C-2026-0001, V-2026-0001")
    export.add_argument("--data", type=Path, metavar="DIR", help="the centre's data folder (default ./zhishou-data)")
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help="default NUMBER.zhishou-evidence.jsonl")


def run(args: argparse.Namespace) -> int:
    if args.action == "check":
        return evidence_check.run(args)
    try:
        from server.evidence.exporting import write_file  # noqa: PLC0415 - checking needs no database
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"zhishou evidence export: {error.name} is not installed here: pip install 'zhishou[server]'\n"
        )
        return 1
    return write_file(args)
