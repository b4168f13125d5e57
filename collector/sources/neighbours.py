"""Who is at the other end of which port: LLDP (LLDP-MIB) and Cisco's CDP (CISCO-CDP-MIB), as facts."""

from __future__ import annotations

from collections.abc import Iterator

from collector.source import SnmpSource
from collector.sources.if_mib import DESCRIPTION, NAME, interface_names
from collector.walk import Walk
from readings.model import Fact

REMOTE = "1.0.8802.1.1.2.1.4.1.1"  # index: time mark, local port, number of the neighbour
CHASSIS_ID, PORT_ID, PORT_DESCRIPTION, SYSTEM_NAME = (f"{REMOTE}.{column}" for column in (5, 7, 8, 9))
LOCAL_PORT = "1.0.8802.1.1.2.1.3.7.1.3"
LOCAL_DESCRIPTION = "1.0.8802.1.1.2.1.3.7.1.4"
CACHE = "1.3.6.1.4.1.9.9.23.1.2.1.1"  # index: ifIndex, number of the neighbour
CDP_DEVICE, CDP_PORT = f"{CACHE}.6", f"{CACHE}.7"
MOST = 1_000


def read_lldp(walk: Walk) -> Iterator[Fact]:
    found: dict[str, list[str]] = {}
    for index in list(walk.column(CHASSIS_ID))[:MOST]:
        marks = index.split(".")
        port = marks[1] if len(marks) == 3 else index
        local = walk.text(f"{LOCAL_PORT}.{port}") or walk.text(f"{LOCAL_DESCRIPTION}.{port}") or port
        who = walk.text(f"{SYSTEM_NAME}.{index}") or walk.text(f"{CHASSIS_ID}.{index}")
        where = walk.text(f"{PORT_ID}.{index}") or walk.text(f"{PORT_DESCRIPTION}.{index}")
        found.setdefault(local, []).append(f"{who} {where}".strip())
    for local, others in found.items():
        yield Fact(f"neighbour.{local}", "; ".join(others))


def read_cdp(walk: Walk) -> Iterator[Fact]:
    parts = interface_names(walk)
    for index in list(walk.column(CDP_DEVICE))[:MOST]:
        port = index.split(".")[0]
        who, where = walk.text(f"{CDP_DEVICE}.{index}"), walk.text(f"{CDP_PORT}.{index}")
        yield Fact(f"neighbour.{parts.get(port, port)}", f"{who} {where}".strip())


LLDP = SnmpSource(
    "lldp", (CHASSIS_ID, PORT_ID, PORT_DESCRIPTION, SYSTEM_NAME, LOCAL_PORT, LOCAL_DESCRIPTION), read_lldp
)
CDP = SnmpSource("cdp", (CDP_DEVICE, CDP_PORT, NAME, DESCRIPTION), read_cdp)
