"""``zhishou collector check``: recognise a device or a recording of one, read it once, explain."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
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
    explained = explain_recording(args.recording, types)
    if args.json:
        json.dump(explained.as_json(), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        print_explained(explained, catalogue, args.lang, sys.stdout)
    return 0


def explain_recording(path: Path, types: dict[str, DeviceType], most_bytes: int | None = None) -> Explained:
    """A recording read as the device itself would be, without a network."""
    wanted = Subtrees(every_root(types.values()))
    recorded = read_recording(path, wanted.__contains__, most_bytes)
    walk = recorded.walk()
    reading = read_device(identify(walk, types), walk)
    return Explained(reading, unasked(reading, Counter(walk.names()), recorded.unasked))
