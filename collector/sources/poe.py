"""Power over Ethernet by POWER-ETHERNET-MIB (RFC 3621): what each group of ports can give, gives, and how it is."""

from __future__ import annotations

from collections.abc import Iterator

from collector.source import SnmpSource, Unmapped
from collector.walk import Walk
from readings.model import Gap, Sample

TABLE = "1.3.6.1.2.1.105.1.3.1.1"
POWER, OPER, CONSUMED = (f"{TABLE}.{column}" for column in (2, 3, 4))
STATES = {1: 1.0, 2: 5.0, 3: 3.0}  # pethMainPseOperStatus on, off, faulty → normal, off, failed


def read(walk: Walk) -> Iterator[Sample | Unmapped]:
    for index in walk.column(POWER):
        limit = walk.number(f"{POWER}.{index}")
        if limit == 0:
            continue  # a unit without power over Ethernet
        part = f"group {index}"
        yield Sample("poe_limit_watts", limit, part)
        yield Sample("poe_power_watts", walk.number(f"{CONSUMED}.{index}"), part)
        oid = f"{OPER}.{index}"
        oper = walk.number(oid)
        if isinstance(oper, Gap) or oper in STATES:
            yield Sample("poe_state", oper if isinstance(oper, Gap) else STATES[int(oper)], part)
        else:
            yield Unmapped("poe_state", oid, walk.text(oid))
            yield Sample("poe_state", Gap.UNREADABLE, part)


SOURCE = SnmpSource("poe", (TABLE,), read)
