"""``zhishou device``: devices added to the ledger and asked from then on, one by one or as a scan found them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from readings.delivery.protocols import CollectionRefused
from server.collection.adding import Added, Wanted, add_asked
from server.collection.found import FoundRefused, proposals
from server.collection.tables import CollectedDevice
from server.collection.ways import SECRETS_COME, add_logins, add_ways, ask_secret, ways_of
from server.command_line import REFUSALS, actor, add_data, complain, now, open_records, say, settings_from
from server.device_secrets.keys import key_path
from server.device_secrets.vault import Vault
from server.devices.tables import Device

KINDS = "server, switch, router, firewall, storage, ups, air_conditioner, pdu, bmc, environment, other"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="put a device into the ledger and have it asked", epilog=SECRETS_COME)
    add.add_argument("device_no", metavar="DEVICE_NO", help="its number in the ledger; one that is there already stays")
    add.add_argument("address", metavar="ADDRESS", help="an IP address or a host name")
    add.add_argument("--kind", required=True, help=f"such as {KINDS}")
    add.add_argument("--name", default="", help="the name shown; default its number")
    add.add_argument("--type", default="", metavar="ID", help="the device type; without it, it is recognised")
    add_share(add)
    add_ways(add)
    add_logins(add)
    take = actions.add_parser(
        "import", help="add what `zhishou collector scan --json` found, all with one SNMP secret", epilog=SECRETS_COME
    )
    take.add_argument(
        "file", type=Path, metavar="FILE", help="the list; edit it first: device_no, name, kind are yours"
    )
    add_share(take)
    add_ways(take)
    for action in (add, take):
        action.add_argument("--dry-run", action="store_true", help="check everything, change nothing")
        add_data(action)


def add_share(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--share", default="local", help="whose collectors ask it; default local")
    parser.add_argument("--interval", type=float, default=60.0, metavar="S", help="seconds between polls; default 60")


def run(args: argparse.Namespace) -> int:
    try:
        return {"add": add, "import": take}[args.action](args)
    except (*REFUSALS, CollectionRefused, FoundRefused) as error:
        return complain(f"device {args.action}", error)


def add(args: argparse.Namespace) -> int:
    protocols, secrets = ways_of(args, ask_secret)
    device = Device(device_no=args.device_no, name=args.name, kind=args.kind, created_ms=0)
    asked = CollectedDevice(
        device_no=args.device_no,
        share=args.share,
        address=args.address,
        device_type=args.type,
        interval_s=args.interval,
        protocols=protocols,
    )
    return act(args, [Wanted(device, asked, secrets)])


def take(args: argparse.Namespace) -> int:
    with open_records(args) as records:
        found, passed_over = proposals(records, args.file)
    for line in passed_over:
        say(line)
    if not found:
        say("nothing to add")
        return 0
    protocols, secrets = ways_of(args, ask_secret)
    wanted: list[Wanted] = []
    for one in found:
        ways = {name: dict(words) for name, words in protocols.items()}
        if "snmp" in ways:
            ways["snmp"]["port"] = one.port or args.snmp_port
        asked = CollectedDevice(
            device_no=one.device.device_no,
            share=args.share,
            address=one.host,
            device_type=one.type,
            interval_s=args.interval,
            protocols=ways,
        )
        wanted.append(Wanted(one.device, asked, secrets))
    return act(args, wanted)


def act(args: argparse.Namespace, wanted: list[Wanted]) -> int:
    vault = Vault(key_path(settings_from(args).data, os.environ))
    with open_records(args) as records:
        added = add_asked(records, vault, wanted, actor=actor(), now=now(), only_try=args.dry_run)
    for one, done in zip(wanted, added, strict=True):
        say(line_of(one, done, only_try=args.dry_run))
    if not all(done.held for done in added):
        say(f"no collector has taken share {args.share} yet: they are asked as soon as one does")
    return 0


def line_of(wanted: Wanted, done: Added, *, only_try: bool) -> str:
    ledger = f"new in the ledger ({wanted.device.kind})" if done.new else "in the ledger already"
    ways = ", ".join(sorted(wanted.asked.protocols))
    secrets = ", ".join(sorted(wanted.secrets)) or "none"
    start = "would be added: " if only_try else ""
    where = f"{wanted.asked.address}, share {wanted.asked.share}"
    return f"{start}{done.device_no}: {ledger}; asked at {where} by {ways}; secrets: {secrets}"
