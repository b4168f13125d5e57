"""``zhishou audit``: checking and reading the chain of everything that was changed."""

from __future__ import annotations

import argparse

from sqlmodel import col, select

from server.audit.chain import Head, verify
from server.audit.tables import AuditEntry
from server.command_line import REFUSALS, add_data, complain, open_records, say
from server.times import rfc3339


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("verify", help="walk the chain; exit code 1 and the place when it is broken")
    check.add_argument("--witness", metavar="N:HASH", help="a head somebody kept; it must still stand at its place")
    add_data(check)
    listing = actions.add_parser("list", help="the newest entries")
    listing.add_argument("--last", type=int, default=20, metavar="N", help="how many (default 20)")
    add_data(listing)


def run(args: argparse.Namespace) -> int:
    try:
        return {"verify": verification, "list": show}[args.action](args)
    except REFUSALS as error:
        return complain(f"audit {args.action}", error)


def verification(args: argparse.Namespace) -> int:
    witness = read_head(args.witness) if args.witness else None
    with open_records(args) as records, records.session() as session:
        found = verify(session, witness)
    if not found.holds:
        return complain("audit verify", f"the chain is broken at entry {found.broken_at}: {found.reason}")
    say(f"the chain holds: {found.entries} entries, head {found.head}")
    return 0


def read_head(text: str) -> Head:
    """Raises ValueError."""
    sequence, colon, digest = text.partition(":")
    if not colon or not sequence.isdigit():
        raise ValueError(f"{text!r} is not a head (N:HASH, as `zhishou audit verify` prints it)")
    return Head(int(sequence), digest)


def show(args: argparse.Namespace) -> int:
    with open_records(args) as records, records.session() as session:
        newest = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence).desc()).limit(args.last)).all()
    for entry in reversed(newest):
        change = f" {entry.old or '-'} -> {entry.new or '-'}" if entry.old or entry.new else ""
        say(
            f"{entry.sequence} {rfc3339(entry.at_ms)} {entry.actor_kind}/{entry.actor} {entry.act} "
            f"{entry.subject}{change}"
        )
    return 0
