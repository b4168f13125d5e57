"""/proc/uptime: how long the host has been up."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Sample


class Uptime:
    name = "uptime"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/uptime"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        line = whole_lines(self._path, read_text(self._path))[0]
        word = line.split(" ")[0]
        if not word.replace(".", "", 1).isdecimal() or len(word) > 20:
            raise unreadable(self._path, line, ValueError("no seconds"))
        yield Sample("uptime_seconds", float(word))
