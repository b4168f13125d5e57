"""Is a device that is not heard silent, or is whoever asks it gone or cut off? Only the first is the device's own."""

from __future__ import annotations

from readings.model import Gap
from server.collection.rights import DEFAULT_INTERVAL_S, Rights
from server.live import Live

SILENT_INTERVALS = 2  # its own readings come four times as often as the default interval: it is not merely late


class Blindness:
    """``of(device_no, now_ms)``: by what the centre holds in memory."""

    def __init__(self, rights: Rights, live: Live) -> None:
        self._rights = rights
        self._live = live

    def of(self, device_no: str, now_ms: int) -> bool:
        collector_no = self._rights.asked_by(device_no)
        if collector_no is None:
            return False
        collector = self._live.devices.get(collector_no)
        silent_ms = now_ms - (collector.newest_ms if collector is not None else 0)
        if silent_ms > SILENT_INTERVALS * DEFAULT_INTERVAL_S * 1000:
            return True
        device = self._live.devices.get(device_no)
        return device is not None and any(source.gap is Gap.BLIND for source in device.sources.values())
