"""An inbox on disk, a clock that follows the agents, and appliers that only remember."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bench.batches import Agent
from readings.wire import Receipt
from server.inbox import Arrival, Inbox, Sender


class Remembering:
    """An applier that keeps ids; ``durable`` is what its cursor says, ``trouble`` what its apply raises."""

    def __init__(self, name: str = "remembering", durable: int = 0) -> None:
        self.name = name
        self.durable = durable
        self.arrivals: list[Arrival] = []
        self.trouble: Exception | None = None

    def cursor(self) -> int:
        return self.durable

    def apply(self, arrivals: Sequence[Arrival]) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.arrivals += arrivals

    @property
    def ids(self) -> list[int]:
        return [arrival.id for arrival in self.arrivals]


class Desk:
    """An inbox with a loop of its own to post to, and a centre's clock that is right."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_ns = 0
        self.loop = asyncio.new_event_loop()
        self.inbox = self.open()

    def open(self) -> Inbox:
        return Inbox(self.folder / "inbox.db", lambda: self.now_ns, handover_bytes=20_000)

    def again(self) -> Inbox:
        """Closed and opened, as after a restart; start() or a pump must follow."""
        self.inbox.close()
        self.inbox = self.open()
        return self.inbox

    def post(self, agent: Agent, body: bytes, late_ns: int = 0) -> Receipt:
        """Raises what the inbox raises."""
        self.now_ns = agent.now_ns() + late_ns
        sender = Sender(f"agent of {agent.device_no}", agent.device_no)
        return self.loop.run_until_complete(self.inbox.take(sender, body, self.now_ns))

    def post_together(self, posts: Sequence[tuple[Agent, bytes]]) -> list[Receipt | BaseException]:
        async def all_of_them() -> list[Receipt | BaseException]:
            takes = [
                self.inbox.take(Sender(f"agent of {agent.device_no}", agent.device_no), body, agent.now_ns())
                for agent, body in posts
            ]
            return await asyncio.gather(*takes, return_exceptions=True)

        return self.loop.run_until_complete(all_of_them())

    def close(self) -> None:
        self.inbox.close()
        self.loop.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def remembering() -> type[Remembering]:
    return Remembering
