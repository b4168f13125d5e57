"""gufo-snmp behind a guard: it is fast, and it hides errors, loops and dead sessions, so each is looked for here.

Error replies come back as ``None`` or as nothing at all; a walk that does not increase goes on for ever; a reply of
more than 4 kB cannot be decoded; after its agent restarted a v3 session is dead for ever.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    DesKey,
    Md5Key,
    NoSuchInstance,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    SnmpAuthError,
    SnmpDecodeError,
    SnmpError,
    SnmpVersion,
    User,
)
from gufo.snmp.aio import SnmpSession
from gufo.snmp.typing import ValueType

from collector.protocols.snmp import MOST_PER_SUBTREE, SYS_UPTIME, Credential, Manner, Rows, Target
from collector.walk import Value
from readings.model import Gap, SourceFailed

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
TRIES = 2
ROWS_PER_LOOK = 50  # at the clock
RESTARTS = 4  # of one subtree, each with half as many rows at once


class QuickAgent:
    """One session with one agent, one request in flight. A new session begins whenever the old one fell silent."""

    def __init__(self, target: Target) -> None:
        if target.credential.context:
            raise SourceFailed(Gap.REFUSED, "a context needs the tolerant transport")
        self._target = target
        self._session: SnmpSession | None = None

    async def get(self, objects: Sequence[str]) -> dict[str, Value]:
        for attempt in range(TRIES):
            try:
                session = await self._opened()
                found = await session.get_many(objects)
                if not found:  # the agent has none of them, or refused all for one
                    return await self._one_by_one(session, objects)
                return {oid: value for oid, value in found.items() if value is not None}
            except (OSError, SnmpError) as error:
                self._session = None
                if attempt + 1 == TRIES or isinstance(error, SnmpAuthError):
                    raise _failed(error, self._target) from error
        raise AssertionError("unreachable")

    async def _one_by_one(self, session: SnmpSession, objects: Sequence[str]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for oid in objects:
            try:
                value = await session.get(oid)
            except NoSuchInstance:
                continue
            if value is not None:
                found[oid] = value
            elif self._target.credential.version > 1:  # v1 has no other word for "not here" than an error
                found[oid] = Gap.REFUSED
        return found

    async def rows(self, root: str, manner: Manner, until: float = math.inf) -> Rows:
        for _ in range(RESTARTS):
            try:
                return await self._subtree(root, manner, until)
            except SnmpDecodeError as error:
                # A reply larger than the buffer: the same in smaller pieces.
                if "incomplete" not in str(error).lower() or manner.repetitions == 1:
                    raise _failed(error, self._target) from error
                manner.was_too_much()
            except (OSError, SnmpError) as error:
                self._session = None
                if isinstance(error, TimeoutError) and manner.repetitions > 1 and not _is_refused(error):
                    manner.was_too_much()
                    if await self._still_answers():
                        continue
                raise _failed(error, self._target) from error
        return Rows({}, Gap.TIMED_OUT, f"{root}: no answer, however little was asked at once")

    async def has_nothing_at(self, root: str) -> bool:
        try:
            session = await self._opened()
            if await session.get(root) is not None:
                return True
        except NoSuchInstance:
            return True
        except (OSError, SnmpError) as error:
            self._session = None
            raise _failed(error, self._target) from error
        # Again v1: an agent that answers anything lets us in.
        return self._target.credential.version == 1 and bool(await self.get([SYS_UPTIME]))

    async def _subtree(self, root: str, manner: Manner, until: float) -> Rows:
        loop = asyncio.get_running_loop()
        values: dict[str, Value] = {}
        seen: set[str] = set()
        beneath = f"{root}."
        async for oid, value in self._iterator(await self._opened(), root, manner):
            if oid in seen:
                return Rows(values, Gap.UNREADABLE, f"{root}: the agent went back to {oid}")
            seen.add(oid)
            if len(seen) % ROWS_PER_LOOK == 0 and loop.time() > until:
                return Rows(values, Gap.TIMED_OUT, f"{root}: it did not come to an end in time")
            if len(seen) > MOST_PER_SUBTREE:
                return Rows(values, Gap.UNREADABLE, f"{root}: more than {MOST_PER_SUBTREE} rows")
            if value is not None and oid.startswith(beneath):
                values[oid] = value
        return Rows(values)

    def _iterator(self, session: SnmpSession, root: str, manner: Manner) -> AsyncIterator[tuple[str, ValueType]]:
        if self._target.credential.version == 1:
            return session.getnext(root)
        return session.getbulk(root, manner.repetitions)

    async def _still_answers(self) -> bool:
        try:
            return bool(await self.get([SYS_UPTIME]))
        except SourceFailed:
            return False

    async def _opened(self) -> SnmpSession:
        if self._session is None:
            credential = self._target.credential
            session = SnmpSession(
                self._target.host,
                port=self._target.port,
                community=credential.community,
                user=_user(credential) if credential.version == 3 else None,
                version=VERSIONS[credential.version],
                timeout=self._target.timeout_s,
            )
            await session.refresh()
            self._session = session
        return self._session


def _user(credential: Credential) -> User:
    """Keys of the names in AUTHENTICATION and PRIVACY; without a key the user speaks in the clear."""
    authentication = AUTHENTICATION[credential.authentication] if credential.authentication else None
    privacy = PRIVACY[credential.privacy] if credential.privacy else None
    return User(
        credential.user,
        auth_key=authentication(credential.authentication_key.encode()) if authentication else None,
        priv_key=privacy(credential.privacy_key.encode()) if privacy else None,
    )


def _is_refused(error: BaseException) -> bool:
    """A closed port arrives as a timeout whose cause says so."""
    return isinstance(error, ConnectionRefusedError) or "refused" in str(error.__cause__ or "").lower()


def _failed(error: Exception, target: Target) -> SourceFailed:
    if isinstance(error, SnmpAuthError):
        return SourceFailed(Gap.REFUSED, f"{target}: the user or its key is not accepted")
    if _is_refused(error):
        return SourceFailed(Gap.UNREACHABLE, f"{target}: nothing listens there")
    if isinstance(error, TimeoutError):
        return SourceFailed(Gap.TIMED_OUT, f"{target}: no answer within {target.timeout_s:g} s (twice)")
    if isinstance(error, OSError):
        return SourceFailed(Gap.UNREACHABLE, f"{target}: {error}")
    return SourceFailed(Gap.UNREADABLE, f"{target}: {type(error).__name__}: {error}")
