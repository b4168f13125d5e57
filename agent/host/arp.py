"""/proc/net/arp: neighbours known on every interface."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agent.host.kernel_files import read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Sample


class Arp:
    name = "arp"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/net/arp"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        return parse(self._path, read_text(self._path))


def parse(path: str, text: str) -> Iterator[Sample]:
    """A head line, then six columns a neighbour, the interface last. Raises SourceFailed."""
    found: Counter[str] = Counter()
    for line in whole_lines(path, text)[1:]:
        words = line.split()
        if len(words) != 6:
            raise unreadable(path, line, ValueError("not 6 columns"))
        found[words[5]] += 1
    return (Sample("arp_entries_count", float(number), interface) for interface, number in sorted(found.items()))
