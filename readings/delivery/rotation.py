"""Changing the credential: the new one is on disk before it is used once, and until then the old one lets in."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import httpx
import msgspec

from readings.delivery.answer import TransportError
from readings.delivery.credential import FILE, Credential, keep
from readings.delivery.enrolment import CREDENTIAL
from readings.delivery.transport import Asking

log = logging.getLogger(__name__)

PATH = "/api/v1/agents/self/credential"


class RotationFailed(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The centre gave no new credential; the present one goes on."""


class Bearer(Protocol):
    """Whatever sends under the credential."""

    def bear(self, credential: str) -> None: ...


class _Answer(msgspec.Struct):
    credential: str


class Rotation:
    """``bearer`` is told the new credential. ``wall_s`` is this host's clock: an age in weeks need not be exact."""

    def __init__(
        self,
        http: httpx.Client,
        state: Path,
        credential: Credential,
        bearer: Bearer,
        *,
        every_s: float,
        wall_s: Callable[[], float],
    ) -> None:
        self._asking = Asking(http)
        self._state = state
        self._credential = credential
        self._bearer = bearer
        self._every_s = every_s
        self._wall_s = wall_s

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._credential.credential}"}

    def due(self) -> bool:
        """Whether the credential is older than it should be: its file says since when it is there."""
        try:
            since = os.stat(self._state / FILE).st_mtime  # noqa: PTH116 - after every receipt
        except OSError:
            return False
        return self._wall_s() - since >= self._every_s

    def rotate(self) -> None:
        """Raises RotationFailed, OSError: then nothing has changed here, and asking again is safe."""
        try:
            said = self._asking.post(PATH, b"", self.headers)
            if said.status not in {httpx.codes.OK, httpx.codes.CREATED}:
                raise RotationFailed(f"{PATH}: {said.status}")
            answer = msgspec.json.decode(said.body, type=_Answer)
        except TransportError as error:
            raise RotationFailed(f"{PATH}: {error}") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RotationFailed(f"{PATH}: answered what is no credential: {type(error).__name__}") from error
        if CREDENTIAL.fullmatch(answer.credential) is None:
            raise RotationFailed(f"{PATH}: answered what is no credential")
        fresh = replace(self._credential, credential=answer.credential)
        keep(self._state, fresh)
        self._credential = fresh
        self._bearer.bear(fresh.credential)
        log.info("the credential was changed")
