"""gufo-snmp's socket in the event loop: one request in flight, its answer taken whole.

gufo's own session hands a table out row by row, each through a coroutine, and makes several tasks for every request;
that costs three times what decoding the answer does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    DesKey,
    Md5Key,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    SnmpVersion,
    User,
)
from gufo.snmp._fast import GetIter
from gufo.snmp.aio import SnmpSession
from gufo.snmp.typing import ValueType

from collector.protocols.snmp import Credential, Target

AUTHENTICATION = {
    "md5": Md5Key,
    "sha1": Sha1Key,
    "sha224": Sha224Key,
    "sha256": Sha256Key,
    "sha384": Sha384Key,
    "sha512": Sha512Key,
}
PRIVACY = {"des": DesKey, "aes128": Aes128Key, "aes192": Aes192Key, "aes256": Aes256Key}
VERSIONS = {1: SnmpVersion.v1, 2: SnmpVersion.v2c, 3: SnmpVersion.v3}

T = TypeVar("T")
Row = tuple[str, ValueType]


class Line:
    """One socket to one agent. Whatever gufo raises is raised: OSError (TimeoutError too), SnmpError."""

    def __init__(self, session: SnmpSession, timeout_s: float) -> None:
        self._socket = session._sock  # what gufo's own iterators use, too: it has no other name
        self._number = self._socket.get_fd()
        self._timeout_s = timeout_s

    async def get(self, oid: str) -> ValueType:
        """None after an error reply. Raises NoSuchInstance."""
        return await self._exchange(lambda: self._socket.send_get(oid), self._socket.recv_get)

    async def get_many(self, objects: Sequence[str]) -> dict[str, ValueType]:
        """Nothing after an error reply; what the agent has not is missing."""
        asked = list(objects)
        return await self._exchange(lambda: self._socket.send_get_many(asked), self._socket.recv_get_many)

    async def next_row(self, place: GetIter) -> list[Row | None]:
        """The row after ``place``, which moves on; [] at the end."""

        def receive() -> list[Row | None]:
            try:
                return [self._socket.recv_get_next(place)]
            except StopAsyncIteration:
                return []

        return await self._exchange(lambda: self._socket.send_get_next(place), receive)

    async def next_rows(self, place: GetIter) -> list[Row | None]:
        """Rows after ``place``, which moves on; [] or None as the last at the end, [] too after an error reply."""

        def receive() -> list[Row | None]:
            try:
                return self._socket.recv_get_bulk(place)
            except StopAsyncIteration:
                return []

        return await self._exchange(lambda: self._socket.send_get_bulk(place), receive)

    async def _exchange(self, send: Callable[[], None], receive: Callable[[], T]) -> T:
        """The reader is taken off after every answer: a line that is dropped leaves nothing in the event loop."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def readable() -> None:
            if answer.done():
                return
            try:
                answer.set_result(receive())
            except BlockingIOError:  # it was the answer to another request, or none at all
                return
            except Exception as error:  # noqa: BLE001 - goes on to whoever waits
                answer.set_exception(error)

        def late() -> None:
            if not answer.done():
                answer.set_exception(TimeoutError())

        send()
        loop.add_reader(self._number, readable)
        timer = loop.call_later(self._timeout_s, late)
        try:
            return await answer
        finally:
            timer.cancel()
            loop.remove_reader(self._number)


async def line_to(target: Target) -> Line:
    """A new line; with v3 the agent is asked who it is and what time it has. Raises as Line does."""
    credential = target.credential
    session = SnmpSession(
        target.host,
        port=target.port,
        community=credential.community,
        user=_user(credential) if credential.version == 3 else None,
        version=VERSIONS[credential.version],
        timeout=target.timeout_s,
    )
    await session.refresh()
    return Line(session, target.timeout_s)


def _user(credential: Credential) -> User:
    """Keys of the names in AUTHENTICATION and PRIVACY; without a key the user speaks in the clear."""
    authentication = AUTHENTICATION[credential.authentication] if credential.authentication else None
    privacy = PRIVACY[credential.privacy] if credential.privacy else None
    return User(
        credential.user,
        auth_key=authentication(credential.authentication_key.encode()) if authentication else None,
        priv_key=privacy(credential.privacy_key.encode()) if privacy else None,
    )
