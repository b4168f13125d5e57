"""Every kind of probe by its name: which settings it takes, and one look with what it brings.

``look`` is given what the look before gave as the place to go on from (None at first), so that each record of a log,
each trouble and each change of a configuration is told once. A :class:`Probe` carries the place.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from collector.cli import backup
from collector.cli.platforms import only_reading
from collector.cli.ssh import CliSettings, Sessions
from collector.probes import icmp, ipmi, ipmi_reading, modbus, nut, redfish, redfish_reading, sql, tcp, tls, web
from collector.probes.redfish_session import RedfishSettings
from collector.probes.registers import RegisterMap
from collector.probes.sql_settings import SqlSettings
from collector.probes.stated import Name, Settings, WrongSettings
from readings.model import Event, Fact, Gap, Sample, SourceFailed

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Told = list[Sample | Event | Fact]
Look = Callable[[Any, Any, Clock], Coroutine[Any, Any, tuple[Told, Any]]]
FOLDER_NAME = re.compile(r"\w[\w.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Kind:
    """``look(settings, before, clock)`` gives (what was told, the place for the next look). Raises SourceFailed.

    ``place`` is what places of this kind are, None for one that goes on from nowhere.
    """

    name: str
    settings: type[Settings]
    look: Look
    place: Any = None


class Probe:
    """One thing of one device, asked again and again: ``ask`` is all that whoever polls needs.

    ``place`` is to be kept where it outlives a restart, and given back: nothing of a log is then lost or told twice.
    """

    def __init__(self, kind: Kind, settings: Settings, clock: Clock, place: bytes = b"") -> None:
        self._kind = kind
        self._settings = settings
        self._clock = clock
        self._place = _place_from(kind, place)

    async def ask(self) -> Told:
        """Raises SourceFailed; what was not told then is told by the next look that comes to an end."""
        told, self._place = await self._kind.look(self._settings, self._place, self._clock)
        return told

    @property
    def place(self) -> bytes:
        """JSON, empty where there is nothing to go on from."""
        return b"" if self._place is None else msgspec.json.encode(self._place)


def _place_from(kind: Kind, kept: bytes) -> Any:
    """None for what cannot be read: the log then begins anew, and says so."""
    if not kept or kind.place is None:
        return None
    try:
        return msgspec.json.decode(kept, type=kind.place)
    except msgspec.DecodeError:
        log.warning("%s: the place kept cannot be read, so the log is begun anew", kind.name)
        return None


class MappedModbusSettings(modbus.ModbusSettings, frozen=True, kw_only=True):
    """``map`` is the id of a file in ``collector/registers``."""

    map: Name


class BackupSettings(CliSettings, frozen=True, kw_only=True):
    """``folder`` is the device's own under the collector's folder of configurations."""

    folder: Name

    def __post_init__(self) -> None:
        if FOLDER_NAME.fullmatch(self.folder) is None:
            raise WrongSettings("BackupSettings: folder: letters, digits, _ . - and at most 100 of them")


def probe_kinds(maps: Mapping[str, RegisterMap], sessions: Sessions, backups: Path) -> dict[str, Kind]:
    """All there are. ``backups`` is where versions of configurations are kept."""

    async def look_modbus(settings: MappedModbusSettings, before: None, clock: Clock) -> tuple[Told, None]:
        known = maps.get(settings.map)
        if known is None:
            raise SourceFailed(Gap.NOT_OFFERED, f"Modbus: no register map is called {settings.map!r}")
        return list(modbus.read(known, await modbus.ask(settings, known))), None

    async def look_backup(settings: BackupSettings, before: None, clock: Clock) -> tuple[Told, None]:
        text = await backup.ask(sessions, settings)
        folder, platform, now = backups / settings.folder, only_reading(settings.platform, ()), clock()

        def keep() -> Told:
            return list(backup.read(backup.keep(folder, text, platform, now), now))

        try:
            return await asyncio.to_thread(keep), None
        except OSError as error:
            raise SourceFailed(Gap.UNREADABLE, f"{folder}: cannot be kept: {error.strerror or error}") from error

    kinds = (
        Kind("icmp", icmp.IcmpSettings, _look_icmp),
        Kind("tcp", tcp.TcpSettings, _look_tcp),
        Kind("tls", tls.TlsSettings, _look_tls),
        Kind("web", web.WebSettings, _look_web),
        Kind("modbus", MappedModbusSettings, look_modbus),
        Kind("redfish", RedfishSettings, _look_redfish, redfish_reading.Place),
        Kind("ipmi", ipmi.IpmiSettings, _look_ipmi, ipmi_reading.Place),
        Kind("nut", nut.NutSettings, _look_nut),
        Kind("sql", SqlSettings, _look_sql, str),
        Kind("configuration", BackupSettings, look_backup),
    )
    return {kind.name: kind for kind in kinds}


async def _look_icmp(settings: icmp.IcmpSettings, before: None, clock: Clock) -> tuple[Told, None]:
    return list(icmp.read(await icmp.ask(settings))), None


async def _look_tcp(settings: tcp.TcpSettings, before: None, clock: Clock) -> tuple[Told, None]:
    return list(tcp.read(await tcp.ask(settings))), None


async def _look_tls(settings: tls.TlsSettings, before: None, clock: Clock) -> tuple[Told, None]:
    answer = await tls.ask(settings)
    return list(tls.read(answer, clock())), None


async def _look_web(settings: web.WebSettings, before: None, clock: Clock) -> tuple[Told, None]:
    answer = await web.ask(settings)
    return list(web.read(answer, clock())), None


async def _look_redfish(
    settings: RedfishSettings, before: redfish_reading.Place | None, clock: Clock
) -> tuple[Told, redfish_reading.Place]:
    answer = await redfish.ask(settings)
    events, place = redfish_reading.news(answer, before)
    return [*redfish_reading.read(answer), *events], place


async def _look_ipmi(
    settings: ipmi.IpmiSettings, before: ipmi_reading.Place | None, clock: Clock
) -> tuple[Told, ipmi_reading.Place]:
    answer = await ipmi.ask(settings, before.summary if before is not None else "")
    now = clock()
    events, place = ipmi_reading.news(answer, before, now)
    return [*ipmi_reading.read(answer, now), *events], place


async def _look_nut(settings: nut.NutSettings, before: None, clock: Clock) -> tuple[Told, None]:
    return list(nut.read(await nut.ask(settings))), None


async def _look_sql(settings: SqlSettings, before: str | None, clock: Clock) -> tuple[Told, str]:
    answer = await sql.ask(settings)
    return list(sql.read(answer, before or "")), answer.why
