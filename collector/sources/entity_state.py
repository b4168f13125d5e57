"""States of power supplies, fans, modules and chassis by ENTITY-STATE-MIB (RFC 4268), on the rows of ENTITY-MIB."""

from __future__ import annotations

from collections.abc import Iterator

from collector.source import SnmpSource, Unmapped
from collector.sources.entity import CLASS, DESCRIPTION, NAME
from collector.sources.parts import names
from collector.walk import Walk
from readings.model import Gap, Sample

OPER = "1.3.6.1.2.1.131.1.1.1.3"
UNKNOWN = 1
# entStateOper → normal, failed (disabled: "totally inoperable"), warning (testing), as the catalogue counts them
STATES = {2: 3, 3: 1, 4: 2}
METRICS = {3: "module_state", 6: "power_supply_state", 7: "fan_state", 9: "module_state"}  # entPhysicalClass


def read(walk: Walk) -> Iterator[Sample | Unmapped]:
    opers = walk.column(OPER)
    told = {index: metric for index in opers if (metric := _metric(walk, index))}
    parts = names((index, walk.text(f"{NAME}.{index}") or walk.text(f"{DESCRIPTION}.{index}")) for index in told)
    for index, part in parts.items():
        oid = f"{OPER}.{index}"
        oper = walk.number(oid)
        if isinstance(oper, Gap) or oper == UNKNOWN:
            yield Sample(told[index], Gap.NOT_OFFERED if oper == UNKNOWN else oper, part)
        elif int(oper) in STATES:
            yield Sample(told[index], float(STATES[int(oper)]), part)
        else:
            yield Unmapped(told[index], oid, walk.text(oid))
            yield Sample(told[index], Gap.UNREADABLE, part)


def _metric(walk: Walk, index: str) -> str | None:
    kind = walk.number(f"{CLASS}.{index}")
    return None if isinstance(kind, Gap) else METRICS.get(int(kind))


SOURCE = SnmpSource("entity_state", (OPER, CLASS, NAME, DESCRIPTION), read)
