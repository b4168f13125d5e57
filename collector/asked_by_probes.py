"""A listed device as probes ask it: one poll for each protocol its settings name, whether it can be used or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from collector.pacing import Paced
from collector.places import Places
from collector.polled import Ask, AskedSource, Items, MakePolls, Poll
from collector.probe_settings import asked_by
from collector.probes.kinds import Kind, Probe, Told
from collector.probes.stated import WrongSettings, taken
from readings.delivery.collection import ListedDevice
from readings.model import Clocks, Gap, Sample, SourceFailed

BACKUP_EVERY_S = 86_400.0


def probe_polls(kinds: Mapping[str, Kind], places: Places, clocks: Callable[[], Clocks]) -> MakePolls:
    def now() -> datetime:
        return datetime.fromtimestamp(clocks().wall_ns / 1e9, UTC)

    def way(device: ListedDevice, kind: Kind, words: Callable[[], list[dict[str, Any]]]) -> Ask:
        try:
            settings = [taken(kind.settings, each) for each in words()]
        except WrongSettings as wrong:
            return _failing(SourceFailed(Gap.NOT_OFFERED, str(wrong)))
        except SourceFailed as failed:
            return _failing(failed)
        kept = places.of(device.device_no, kind.name)
        probes = [Probe(kind, each, now, kept) for each in settings]
        if kind.name == "tcp":
            return _ports(probes, [f"port {each['port']}" for each in words()])
        return _heard(device, probes[0]) if kind.name == "icmp" else _going_on(device, kind, probes[0], places)

    def make(device: ListedDevice) -> Sequence[Poll]:
        polls: list[Poll] = []
        for name, why in device.not_understood.items():
            failing = _failing(SourceFailed(Gap.NOT_OFFERED, f"this collector does not understand it: {why}"))
            polls.append(AskedSource(device.device_no, name, failing, clocks))
        for name, (kind_name, words) in asked_by(device).items():
            asked = AskedSource(device.device_no, name, way(device, kinds[kind_name], words), clocks)
            every_s = BACKUP_EVERY_S if kind_name == "configuration" else 0.0
            polls.append(Paced(asked, device.interval_s, clocks, every_s))
        return polls

    return make


def _failing(failed: SourceFailed) -> Ask:
    async def ask() -> Items:
        raise failed

    return ask


def _going_on(device: ListedDevice, kind: Kind, probe: Probe, places: Places) -> Ask:
    """A place is kept when the next look begins: what was told up to it is in the spool by then, and not lost."""

    async def ask() -> Items:
        if kind.place is not None:
            await asyncio.to_thread(places.keep, device.device_no, kind.name, probe.place)
        return await probe.ask()

    return ask


def _heard(device: ListedDevice, probe: Probe) -> Ask:
    """Echoes that are all lost are silence: as readings they would say that the device was heard.

    And whoever refuses is this machine, not the device.
    """

    async def ask() -> Items:
        try:
            told = await probe.ask()
        except SourceFailed as failed:
            raise SourceFailed(Gap.NOT_OFFERED if failed.gap is Gap.REFUSED else failed.gap, failed.detail) from failed
        if Sample("ping_lost_ratio", 1.0) in told:
            raise SourceFailed(Gap.TIMED_OUT, f"ICMP {device.address}: not one echo came back")
        return told

    return ask


def _ports(probes: Sequence[Probe], parts: Sequence[str]) -> Ask:
    """Every port beside the others; a silent one is a gap of its own unless all are silent."""

    async def ask() -> Items:
        answers = await asyncio.gather(*(probe.ask() for probe in probes), return_exceptions=True)
        told: Told = []
        silent: list[SourceFailed] = []
        for part, answer in zip(parts, answers, strict=True):
            if isinstance(answer, SourceFailed):
                silent.append(answer)
                told += [Sample("tcp_port_open", answer.gap, part), Sample("tcp_connect_seconds", answer.gap, part)]
            elif isinstance(answer, BaseException):
                raise answer
            else:
                told += answer
        if len(silent) == len(probes):
            raise silent[0]
        return told

    return ask
