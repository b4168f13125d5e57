"""``zhishou collector check``: recognise a device or a recording of one, read it once, explain."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from collector.device_files import load_device_types
from collector.device_type import DeviceType
from collector.explained import Explained, print_explained, unasked
from collector.identify import every_root, identify, read_device
from collector.recording import read_recording
from collector.subtrees import Subtrees
from readings.catalogue import load_catalogue


def act(args: argparse.Namespace) -> int:
    """Raises what reading and asking raise: RecordingError, DeviceFileError, SourceFailed."""
    catalogue = load_catalogue()
    types = load_device_types(catalogue)
    remarks: list[str] = []
    if args.recording is not None:
        explained = explain_recording(args.recording, types)
    else:
        explained, remarks = asyncio.run(explain_device(args, types, os.environ))
    if args.json:
        json.dump(explained.as_json(), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        print_explained(explained, catalogue, args.lang, sys.stdout)
    for remark in remarks:
        sys.stderr.write(f"zhishou collector: {remark}\n")
    return 0


def explain_recording(path: Path, types: Mapping[str, DeviceType], most_bytes: int | None = None) -> Explained:
    """A recording read as the device itself would be, without a network."""
    wanted = Subtrees(every_root(types.values()))
    recorded = read_recording(path, wanted.__contains__, most_bytes)
    walk = recorded.walk()
    reading = read_device(identify(walk, types), walk)
    return Explained(reading, unasked(reading, Counter(walk.names()), recorded.unasked))


async def explain_device(
    args: argparse.Namespace, types: Mapping[str, DeviceType], environment: Mapping[str, str]
) -> tuple[Explained, list[str]]:
    """A device asked once; and what is to be said about how it answered. Raises SourceFailed."""
    # A recording needs no network library: only here are they loaded.
    from collector.commands import target_of  # noqa: PLC0415 - see above
    from collector.protocols.snmp import Manner  # noqa: PLC0415 - see above
    from collector.protocols.snmp_agents import agent_for, asked_whole, recognise  # noqa: PLC0415 - see above

    target = target_of(args, args.address, environment)
    agent = agent_for(target)
    type_, _ = await recognise(agent, types)
    asked = await asked_whole(agent, type_, Manner(), target.walk_within_s)
    return Explained(read_device(type_, asked.walk()), ()), asked.remarks
