"""Where the logs of devices are gone on from after a restart: a small file for each device and kind of probe."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from readings.delivery.credential import write_private

log = logging.getLogger(__name__)

LARGEST_BYTES = 1_000_000


class Places:
    """What cannot be read or kept is said in the log and begun anew: no device waits for the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, bytes] = {}

    def of(self, device_no: str, kind: str) -> bytes:
        """Empty where nothing was kept."""
        file = self._file(device_no, kind)
        try:
            with file.open("rb") as opened:
                place = opened.read(LARGEST_BYTES + 1)
        except FileNotFoundError:
            return b""
        except OSError as error:
            log.warning("%s: the place in %s of %s cannot be read: %s", file, kind, device_no, error)
            return b""
        if len(place) > LARGEST_BYTES:
            log.warning("%s: the place in %s of %s is larger than %d bytes", file, kind, device_no, LARGEST_BYTES)
            return b""
        self._known[file] = place
        return place

    def keep(self, device_no: str, kind: str, place: bytes) -> None:
        file = self._file(device_no, kind)
        if not place or self._known.get(file) == place:
            return
        try:
            write_private(file, place)
            self._known[file] = place
        except OSError as error:
            log.warning("%s: the place in %s of %s cannot be kept: %s", file, kind, device_no, error)

    def _file(self, device_no: str, kind: str) -> Path:
        # A device number may hold what a file name must not.
        return self._folder / f"{hashlib.sha256(device_no.encode()).hexdigest()[:32]}.{kind}"
