"""Everything a device page shows of equipment beside what it shows of every device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.centre import Centre
from server.web.collection.known import changes_of, names_of, revisions_of
from server.web.courses import Glance
from server.web.equipment import capacity, climate, configuration, environment, power, reach
from server.web.equipment.capacity import Bars
from server.web.equipment.climate import Climate
from server.web.equipment.configuration import Configuration
from server.web.equipment.environment import Section
from server.web.equipment.identity import modules
from server.web.equipment.interfaces import Around, Interfaces, interfaces
from server.web.equipment.neighbours import FACT, Known, Neighbour, by_port, neighbours
from server.web.equipment.newest import Newest, Shown
from server.web.equipment.optics import optics
from server.web.equipment.panel import Block, port_blocks, state_block
from server.web.equipment.power import Power
from server.web.equipment.reach import Row
from server.web.sight import Ledger, Value

MANY_PORTS = 30  # more of them begin with those in use


@dataclass(frozen=True, slots=True)
class Equipment:
    """What there is of each; empty or None where the device has none. ``takes``: metrics that are shown here."""

    power: Power | None
    climate: Climate | None
    interfaces: Interfaces | None
    blocks: Sequence[Block]
    squares: Sequence[Block]
    environment: Sequence[Section]
    bars: Sequence[Bars]
    counts: Sequence[Shown]
    reach: Sequence[Row]
    neighbours: Sequence[Neighbour]
    modules: Sequence[tuple[str, str]]
    configuration: Configuration | None
    takes: frozenset[str]

    @property
    def minor(self) -> bool:
        """Whether its interfaces are only those of its management card: they stand further down."""
        return not self.blocks

    @property
    def shows_first(self) -> str:
        """Which ports the table begins with."""
        return "used" if self.interfaces is not None and len(self.interfaces.rows) > MANY_PORTS else "all"


def equipment(
    centre: Centre, glance: Glance, ledger: Ledger, latest: Sequence[Value], facts: dict[str, str]
) -> Equipment:
    words, newest = glance.words, Newest(latest)
    cooling = climate.climate(newest, words)
    known = Known(names_of(centre.records)) if any(key.startswith(FACT) for key in facts) else Known(())
    around = neighbours(facts, known, ledger.device_no)
    light = optics(newest, newest.of("interface_state"))
    ports = interfaces(glance, ledger, newest, Around(facts, by_port(around), light))
    in_ports = {sensor for one in light.values() for sensor in one.sensors}
    leave = climate.METRICS if cooling is not None else frozenset()
    squares = [
        block
        for metric, title in (
            ("fibre_channel_port_state", words("光纤端口")),
            ("outlet_state", words("插座")),
        )
        if (block := state_block(newest, metric, title, words)) is not None
    ]
    return Equipment(
        power=power.power(newest, words),
        climate=cooling,
        interfaces=ports,
        blocks=port_blocks(ports.rows) if ports is not None else [],
        squares=squares,
        environment=environment.sections(newest, words, without=in_ports, leave=leave),
        bars=capacity.bars(newest, words),
        counts=capacity.counts(newest, words),
        reach=reach.rows(newest, words),
        neighbours=around,
        modules=modules(facts),
        configuration=configuration.configuration(
            revisions_of(centre.records, ledger.device_no),
            newest.value("configuration_versions_count"),
            changes_of(centre.records, ledger.device_no),
            words,
        ),
        takes=environment.METRICS | power.METRICS | climate.METRICS | reach.METRICS | TAKEN,
    )


TAKEN = frozenset(
    {"network_receive_bytes_total", "network_transmit_bytes_total", "network_receive_errors_total"}
    | {"filesystem_used_ratio", "filesystem_available_bytes", "cpu_busy_ratio", "memory_used_ratio"}
)
