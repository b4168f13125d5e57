"""What many devices say in the same way, by the standard MIBs: each a pure function of a walk, registered here."""

from __future__ import annotations

from collector.source import SnmpSource
from collector.sources import (
    entity,
    entity_sensor,
    entity_state,
    geist,
    host_resources,
    if_mib,
    liebert_environment,
    neighbours,
    netapp_shelves,
    poe,
    system,
    ucd,
    ups_mib,
)

SOURCES: dict[str, SnmpSource] = {
    source.name: source
    for source in (
        system.SOURCE,
        if_mib.SOURCE,
        entity.SOURCE,
        entity_sensor.SOURCE,
        entity_sensor.CISCO,
        entity_state.SOURCE,
        poe.SOURCE,
        host_resources.SOURCE,
        ucd.SOURCE,
        ups_mib.SOURCE,
        neighbours.LLDP,
        neighbours.CDP,
        geist.SOURCE,
        liebert_environment.SOURCE,
        netapp_shelves.SOURCE,
    )
}
