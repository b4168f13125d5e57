"""/sys/class/net/bonding_masters: bonds, and how many of their links carry."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import read_text, read_word
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed


class Bonding:
    name = "bonding"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.sys}/class/net"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        bonds = read_text(f"{self._folder}/bonding_masters", "no bonded interfaces").split()
        if not bonds:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._folder}/bonding_masters: no bonded interfaces")
        for bond in bonds:
            links = read_word(f"{self._folder}/{bond}/bonding/slaves")
            states = [read_word(f"{self._folder}/{link}/bonding_slave/mii_status") for link in (links or "").split()]
            unknown = links is None or None in states
            yield Sample("bonding_links_count", Gap.UNREADABLE if links is None else float(len(states)), bond)
            yield Sample("bonding_links_up_count", Gap.UNREADABLE if unknown else float(states.count("up")), bond)
