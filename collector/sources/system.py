"""What every agent says of itself (SNMPv2-MIB): uptime, name, place, whom to ask."""

from __future__ import annotations

from collections.abc import Iterator

from collector.source import SnmpSource
from collector.walk import Walk
from readings.model import Fact, Gap, Sample

SYSTEM = "1.3.6.1.2.1.1"
DESCRIPTION, OBJECT_ID, UPTIME, CONTACT, NAME, LOCATION = (f"{SYSTEM}.{at}.0" for at in range(1, 7))
# snmpEngineTime counts seconds since the agent began; sysUpTime wraps after 497 days.
ENGINE_TIME = "1.3.6.1.6.3.10.2.1.3.0"
WRAP_SECONDS = 2**32 / 100


def read(walk: Walk) -> Iterator[Sample | Fact]:
    uptime, engine = walk.number(UPTIME, times=0.01), walk.number(ENGINE_TIME)
    wrapped = not isinstance(uptime, Gap) and not isinstance(engine, Gap) and engine > WRAP_SECONDS
    yield Sample("uptime_seconds", engine if wrapped else uptime)
    facts = (("description", DESCRIPTION), ("name", NAME), ("location", LOCATION), ("contact", CONTACT))
    for key, oid in facts:
        if text := walk.text(oid):
            yield Fact(key, text)


SOURCE = SnmpSource("system", (SYSTEM, ENGINE_TIME), read)
