"""The newest of everything, and how it outlives a restart of the centre: a file that may be lost without loss."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from readings.model import Gap
from readings.wire import WireError
from server.inbox.arrival import gap_of_code
from server.series import SeriesRef, series_ref

log = logging.getLogger(__name__)


@dataclass(slots=True)
class SourceNow:
    """The newest pass of one source. ``gap`` set: it gave nothing at ``at_ms``; ``values`` are of an earlier pass."""

    at_ms: int
    series: SeriesRef
    values: NDArray[np.float64]
    gap: Gap | None = None
    detail: str = ""


@dataclass(slots=True)
class DeviceNow:
    """``newest_ms``: stored time of its newest tick; ``received_ms``: when a batch of it last arrived (both 0: never).

    ``version`` grows with every change.
    """

    device_no: str
    sources: dict[str, SourceNow] = field(default_factory=dict)
    newest_ms: int = 0
    received_ms: int = 0
    interval_s: float = 15.0
    version: int = 0


class _Source(msgspec.Struct, array_like=True, frozen=True):
    name: str
    at_ms: int
    series: bytes
    values: bytes
    gap: int
    detail: str


class _Device(msgspec.Struct, array_like=True, frozen=True):
    device_no: str
    newest_ms: int
    received_ms: int
    interval_s: float
    sources: list[_Source]


_encode = msgspec.msgpack.Encoder().encode
_devices = msgspec.msgpack.Decoder(list[_Device])


def save(file: Path, devices: dict[str, DeviceNow]) -> None:
    """Whole or not at all; a failure is logged, for all of it comes again."""
    kept = [
        _Device(
            device.device_no,
            device.newest_ms,
            device.received_ms,
            device.interval_s,
            [
                _Source(
                    name, now.at_ms, now.series.packed, now.values.tobytes(), int(now.gap) if now.gap else 0, now.detail
                )
                for name, now in list(device.sources.items())
            ],
        )
        for device in list(devices.values())
    ]
    unfinished = file.with_name(file.name + ".tmp")
    try:
        unfinished.write_bytes(_encode(kept))
        unfinished.replace(file)
    except OSError as error:
        log.warning("live view: keeping %s: %s", file, error)


def restored(file: Path) -> dict[str, DeviceNow]:
    """device_no → what was newest; empty when there is no such file or it is damaged."""
    try:
        kept = _devices.decode(file.read_bytes())
        return {device.device_no: _device(device) for device in kept}
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, WireError, ValueError) as error:
        log.warning("live view: reading %s: %s; it fills again with what arrives", file, error)
        return {}


def _device(kept: _Device) -> DeviceNow:
    sources = {}
    for source in kept.sources:
        series, values = series_ref(source.series), np.frombuffer(source.values, dtype="<f8")
        if len(series) != len(values):
            raise ValueError(f"{source.name}: {len(values)} values for {len(series)} series")
        gap = gap_of_code(source.gap) if source.gap else None
        sources[source.name] = SourceNow(source.at_ms, series, values, gap, source.detail)
    return DeviceNow(kept.device_no, sources, kept.newest_ms, kept.received_ms, kept.interval_s)
