"""What a receipt reminds of besides batches: another configuration at the centre, a credential that grew old.

Done by the thread that sends, between two batches: one request in flight, ever.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import httpx

from agent.configuration import Configured
from readings.delivery.answer import TransportError
from readings.delivery.configuration import PATH
from readings.delivery.rotation import Rotation, RotationFailed
from readings.delivery.transport import Asking
from readings.wire import Receipt

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 60.0


class Errands:
    """``after(receipt)`` never raises: what fails is said once and tried again a minute later."""

    def __init__(
        self,
        http: httpx.Client,
        configured: Configured,
        rotation: Rotation,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asking = Asking(http)
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
        except (TransportError, RotationFailed, OSError) as error:
            self._not_before = self._monotonic() + AGAIN_AFTER_S
            said = f"{type(error).__name__}: {error}"
            if said != self._trouble:
                log.warning("%s; again in %g s", said, AGAIN_AFTER_S)
            self._trouble = said
        else:
            self._trouble = ""

    def _fetch(self) -> bytes:
        """Raises TransportError. A configuration longer than an answer may be was cut off, and is refused as such."""
        said = self._asking.get(PATH, self._rotation.headers)
        if said.status != httpx.codes.OK:
            raise TransportError(f"{PATH}: {said.status}")
        return said.body
