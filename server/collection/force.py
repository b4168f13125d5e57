"""What was written of the collection takes effect: senders and their rights are what the records say."""

from __future__ import annotations

from datetime import datetime

from server.centre import Centre
from server.times import to_ms


def in_force(centre: Centre, now: datetime) -> None:
    """After every change of shares, devices in them or their secrets."""
    centre.senders.refresh()
    centre.rights.refresh(to_ms(now))
