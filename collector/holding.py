"""What the centre says this collector is to ask, and until when: the device list and the leases, kept up to date.

Secrets stay in memory: after a restart the centre must answer once before anything is asked.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from readings.delivery.answer import TransportError
from readings.delivery.collection import (
    DEVICES_PATH,
    LARGEST_LIST_BYTES,
    LEASES_PATH,
    DeviceList,
    ListedDevice,
    decode_leases,
    decode_list,
)
from readings.delivery.protocols import CollectionRefused
from readings.delivery.rotation import Rotation, RotationFailed
from readings.wire import Receipt

log = logging.getLogger(__name__)

FIRST_EVERY_S = 10.0
LEAST_EVERY_S = 1.0

Listen = Callable[[Sequence[ListedDevice]], None]


def _nobody(_devices: Sequence[ListedDevice]) -> None:
    return


class Holding:
    """``holds(share)`` is asked before every poll and event. ``step`` asks the centre once; ``run`` does so for ever.
    ``changed`` is called with every new list.

    By ``monotonic`` a lease counts from before the question was sent, so that it never outlives the centre's word.
    """

    def __init__(
        self,
        http: httpx.Client,
        rotation: Rotation,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._rotation = rotation
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._every_s = FIRST_EVERY_S
        self._etag = ""
        self._list = DeviceList(-1)
        self._wake = threading.Event()
        self.trouble = ""
        self.changed: Listen = _nobody

    def holds(self, share: str) -> bool:
        return self._monotonic() < self._until.get(share, -math.inf)

    @property
    def devices(self) -> list[ListedDevice]:
        return self._list.devices

    def after(self, receipt: Receipt) -> None:
        """For the uplink: a receipt that names another revision is worth asking at once."""
        if receipt.configuration_revision != self._list.revision:
            self._wake.set()

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.step()
            self._wake.wait(self._every_s)
            self._wake.clear()

    def wake(self) -> None:
        self._wake.set()

    def step(self) -> None:
        """Leases, then the list if it changed, then the credential if it is due. Never raises for the centre."""
        try:
            revision = self._renew()
            if revision != self._list.revision:
                self._fetch()
            if self._rotation.due():
                self._rotation.rotate()
        except (httpx.HTTPError, TransportError, CollectionRefused, RotationFailed, OSError) as error:
            said = f"{type(error).__name__}: {error}"
            if said != self.trouble:
                log.warning("the centre did not say what to ask: %s; what is held goes on until it ends", said)
            self.trouble = said
        else:
            self.trouble = ""

    def _renew(self) -> int:
        asked_s = self._monotonic()
        _, _, body = self._ask("POST", LEASES_PATH)
        told = decode_leases(body)
        self._until = {
            lease.share: math.inf if lease.alone else asked_s + lease.lasts_s for lease in told.leases if lease.held
        }
        self._every_s = max(LEAST_EVERY_S, min((lease.every_s for lease in told.leases), default=FIRST_EVERY_S))
        return told.revision

    def _fetch(self) -> None:
        status, etag, body = self._ask("GET", DEVICES_PATH, {"If-None-Match": self._etag} if self._etag else {})
        if status == httpx.codes.NOT_MODIFIED:
            return
        self._list, self._etag = decode_list(body), etag
        log.info("device list %d: %d devices", self._list.revision, len(self._list.devices))
        self.changed(self._list.devices)

    def _ask(self, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, str, bytes]:
        """(status, ETag, body). Raises httpx.HTTPError, TransportError."""
        sent: dict[str, Any] = {**self._rotation.headers, **(headers or {})}
        with self._http.stream(method, path, headers=sent) as said:
            if said.status_code not in {httpx.codes.OK, httpx.codes.NOT_MODIFIED}:
                raise TransportError(f"{method} {path}: {said.status_code}")
            body = b""
            for chunk in said.iter_bytes():
                body += chunk
                if len(body) > LARGEST_LIST_BYTES:
                    raise TransportError(f"{method} {path}: more than {LARGEST_LIST_BYTES} bytes")
            return said.status_code, said.headers.get("etag", ""), body
