"""``zhishou collector record``: a device walked whole into a recording that may be given away."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from collector.commands import target_of
from collector.device_files import load_device_types
from collector.protocols.snmp import Manner, Target
from collector.protocols.snmp_agents import recognise
from collector.protocols.snmp_tolerant import TolerantAgent
from collector.scrubbing import Line, Scrubber
from readings.catalogue import load_catalogue
from readings.model import SourceFailed

ROOTS = ("1.0.8802", "1.3.6.1")
MOST_LINES = 500_000


def act(args: argparse.Namespace) -> int:
    if args.output.exists():
        raise FileExistsError(f"{args.output}: is there already; a recording is never overwritten")
    target = target_of(args, args.address, os.environ)
    text = asyncio.run(recorded(target))
    args.output.write_text(text, encoding="ascii")
    sys.stderr.write(f"{text.count(chr(10))} values in {args.output}; look it over before you give it away\n")
    return 0


async def recorded(target: Target) -> str:
    """The recording's text. Types are told by pysnmp alone, so it asks here. Raises SourceFailed."""
    types = load_device_types(load_catalogue())
    agent = TolerantAgent(target)
    try:
        type_, _ = await recognise(agent, types)
        lines: list[Line] = []
        for root in ROOTS:
            try:
                lines += await agent.tagged(root, Manner(), MOST_LINES - len(lines))
            except SourceFailed:
                if not lines and root == ROOTS[-1]:
                    raise
    finally:
        agent.close()
    serials = (place.at or place.column for place in type_.facts.get("serial", ()))
    return "".join(f"{line}\n" for line in Scrubber(lines, [oid for oid in serials if oid]).written())
