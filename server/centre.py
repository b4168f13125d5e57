"""The centre put together: the stores, the pump between them, and what the routes ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from server.records import Records
from server.senders.directory import SenderDirectory
from server.settings import Settings

__all__ = ["Centre", "Settings"]

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the centre owns the clock that everything in it is handed


@dataclass
class Centre:
    """``Centre.open(settings)`` … ``close()``. ``now`` is the only clock; tests hand in their own."""

    settings: Settings
    records: Records
    senders: SenderDirectory
    now: Clock = utc_now

    @classmethod
    def open(cls, settings: Settings, now: Clock = utc_now) -> Self:
        """Raises RecordsError."""
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        records = Records(settings.data / "records.db")
        return cls(settings=settings, records=records, senders=SenderDirectory(records), now=now)

    def close(self) -> None:
        self.records.close()
