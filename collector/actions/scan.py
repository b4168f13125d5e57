"""``zhishou collector scan``: which devices of a network speak SNMP, and what they are."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys

from collector.commands import target_of
from collector.device_files import load_device_types
from collector.scanning import addresses_of, scan
from readings.catalogue import load_catalogue


def act(args: argparse.Namespace) -> int:
    types = load_device_types(load_catalogue())
    looked_at = len(addresses_of(args.network))
    target = target_of(args, f"0.0.0.0:{args.port}", os.environ)
    found = asyncio.run(scan(args.network, target, types, args.rate))
    if args.json:
        json.dump([one.as_json() for one in found], sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        for one in found:
            sys.stdout.write(f"{one.address}  {one.type}  {one.vendor} {one.model}  {one.name}  {one.serial}\n")
    sys.stderr.write(f"{len(found)} of {looked_at} addresses answered\n")
    if found and not args.json:
        sys.stderr.write("to have them asked: --json >found.json, look it over, zhishou device import found.json\n")
    return 0
