"""Who is at the other end of which port, by LLDP and CDP; linked where the ledger has that device."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from server.web.equipment.newest import natural

FACT = "neighbour."
INTERFACE = "interface."
MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """``device_no`` "": nobody of that name is in the ledger, or more than one. ``port``: that of a known device."""

    local: str
    told: str
    device_no: str
    port: str = ""


class Known:
    """Names of devices → number: of the ledger, and what devices call themselves. A name that two have is nobody's."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._numbers: dict[str, str] = {}
        for name, device_no in names:
            key = name.strip().casefold()
            if key:
                self._numbers[key] = device_no if self._numbers.get(key, device_no) == device_no else ""

    def find(self, told: str) -> tuple[str, str]:
        """(device_no, port) of ``told``, "name port": the longest known name it begins with, also without its domain.

        >>> Known([("core 1", "SW-1"), ("core", "SW-2")]).find("core 1 Gi0/1")
        ('SW-1', 'Gi0/1')
        >>> Known([("n4507", "SW-3")]).find("N4507.example.com Gi3/5")
        ('SW-3', 'Gi3/5')
        """
        words = told.split(" ")
        for count in range(len(words), 0, -1):
            if found := self._numbers.get(" ".join(words[:count]).casefold()):
                return found, " ".join(words[count:]).strip()
        host, dot, _ = words[0].casefold().partition(".")
        found = self._numbers.get(host, "") if dot else ""
        return found, " ".join(words[1:]).strip() if found else ""


def neighbours(facts: Mapping[str, str], known: Known, own_no: str) -> list[Neighbour]:
    """In order of the ports. A local port told by its address is named where an interface has that address."""
    ports = {
        found[0].lower(): key.removeprefix(INTERFACE)
        for key, value in facts.items()
        if key.startswith(INTERFACE) and (found := MAC.search(value))
    }
    told: list[Neighbour] = []
    for key, value in facts.items():
        if key.startswith(FACT):
            local = key.removeprefix(FACT)
            local = ports.get(local.lower(), local)
            for other in dict.fromkeys(value.split("; ")):
                number, port = known.find(other)
                told.append(Neighbour(local, other, number if number != own_no else "", port))
    return sorted(told, key=lambda one: (natural(one.local), one.told))


def by_port(found: Sequence[Neighbour]) -> dict[str, list[Neighbour]]:
    ports: dict[str, list[Neighbour]] = {}
    for one in found:
        ports.setdefault(one.local, []).append(one)
    return ports
