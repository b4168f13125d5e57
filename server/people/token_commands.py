"""``zhishou token``: what programs show instead of a password."""

from __future__ import annotations

import argparse

from server.command_line import REFUSALS, actor, add_data, complain, now, open_records, say
from server.people.scopes import SCOPES
from server.people.tokens import all_tokens, create_token, revoke_token
from server.times import rfc3339


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make one; it is the last word printed and cannot be shown again")
    create.add_argument("name", help="what it is for")
    create.add_argument("--scope", choices=SCOPES, required=True, help="no token ever confirms, reviews or signs")
    add_data(create)
    add_data(actions.add_parser("list", help="all of them, with scope and last use"))
    revoke = actions.add_parser("revoke", help="end one at once")
    revoke.add_argument("name")
    add_data(revoke)


def run(args: argparse.Namespace) -> int:
    try:
        return {"create": create, "list": listing, "revoke": revoke}[args.action](args)
    except REFUSALS as error:
        return complain(f"token {args.action}", error)


def create(args: argparse.Namespace) -> int:
    with open_records(args) as records:
        row, token = create_token(records, name=args.name, scope=args.scope, actor=actor(), now=now())
    say(f"token {row.name}, scope {row.scope}, shown this once: {token}")
    return 0


def listing(args: argparse.Namespace) -> int:
    with open_records(args) as records:
        for row in all_tokens(records):
            used = rfc3339(row.last_used_ms) if row.last_used_ms else "never"
            state = f"revoked {rfc3339(row.revoked_ms)}" if row.revoked_ms else "in force"
            say(f"{row.name}\t{row.scope}\tcreated {rfc3339(row.created_ms)} by {row.created_by}\tused {used}\t{state}")
    return 0


def revoke(args: argparse.Namespace) -> int:
    with open_records(args) as records:
        row = revoke_token(records, args.name, actor=actor(), now=now())
    say(f"token {row.name} revoked")
    return 0
