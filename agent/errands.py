"""What a receipt reminds of besides batches: another configuration at the centre, a credential that grew old.

Done by the thread that sends, between two batches: one request in flight, ever.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import httpx

from agent.configuration import Configured
from readings.delivery.configuration import PATH
from readings.delivery.rotation import Rotation, RotationFailed
from readings.wire import Receipt

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 60.0
LARGEST_BYTES = 64 * 1024


class Errands:
    """``after(receipt)`` never raises: what fails is said once and tried again a minute later."""

    def __init__(
        self,
        http: httpx.Client,
        configured: Configured,
        rotation: Rotation,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._configured = configured
        self._rotation = rotation
        self._monotonic = monotonic
        self._not_before = 0.0
        self._trouble = ""

    def after(self, receipt: Receipt) -> None:
        if self._monotonic() < self._not_before:
            return
        try:
            if receipt.configuration_revision != self._configured.revision:
                self._configured.take(self._fetch(), receipt.configuration_revision)
            if self._configured.rotation_wanted or self._rotation.due():
                self._rotation.rotate()
                self._configured.rotated()
        except (httpx.HTTPError, RotationFailed, OSError) as error:
            self._not_before = self._monotonic() + AGAIN_AFTER_S
            said = f"{type(error).__name__}: {error}"
            if said != self._trouble:
                log.warning("%s; again in %g s", said, AGAIN_AFTER_S)
            self._trouble = said
        else:
            self._trouble = ""

    def _fetch(self) -> bytes:
        """Raises httpx.HTTPError."""
        with self._http.stream("GET", PATH, headers=self._rotation.headers) as said:
            said.raise_for_status()
            body = b""
            for chunk in said.iter_bytes():
                body += chunk
                if len(body) > LARGEST_BYTES:
                    break  # no configuration is as long: what was cut off is refused as such
            return body
