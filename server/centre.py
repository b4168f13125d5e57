"""The centre put together: the stores, the pump between them, and what the routes ask."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from server.data_folder import make_private
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
    stopping: threading.Event = field(default_factory=threading.Event)  # set when the end begins: streams stop

    @classmethod
    def open(cls, settings: Settings, now: Clock = utc_now) -> Self:
        """Raises FolderRefused, RecordsError."""
        make_private(settings.data)
        records = Records(settings.data / "records.db")
        return cls(settings=settings, records=records, senders=SenderDirectory(records), now=now)

    def close(self) -> None:
        self.stopping.set()
        self.records.close()
