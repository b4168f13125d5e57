"""Letting in who runs beside the centre: a token made and used up at once, a credential in a folder of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from readings.delivery.credential import FILE
from server.audit.chain import Actor
from server.clock import utc_now
from server.records import Records
from server.senders.enrolment import create_enrolment
from server.up.children import command

TOKEN = "ZHISHOU_ENROLMENT_TOKEN"  # noqa: S105 - the variable's name
WITHIN_S = 60


class EnrolmentFailed(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The agent or the collector of this machine was not let in; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """``role`` is its command, ``device_no`` the device it is in the ledger. ``server`` "": it is told otherwise."""

    role: str
    folder: Path
    device_no: str
    device_name: str
    server: str = ""
    authority: Path | None = None

    def words(self) -> list[str]:
        """Where the centre is and where the state lies, as arguments."""
        if not self.server:
            return []
        ca = ["--ca", str(self.authority)] if self.authority else []
        return ["--server", self.server, "--state", str(self.folder), *ca]


def enrol(records: Records, place: Place, environment: Mapping[str, str], fingerprint: str, *, actor: Actor) -> None:
    """Nothing when it has a credential already. Raises EnrolmentFailed."""
    if (place.folder / FILE).exists():
        return
    place.folder.mkdir(mode=0o700, exist_ok=True)
    _, token = create_enrolment(
        records,
        actor=actor,
        now=utc_now(),
        device_no=place.device_no,
        device_name=place.device_name,
        fingerprint=fingerprint,
    )
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            command(place.role, "enrol", *place.words()),
            env={**environment, TOKEN: token},  # not an argument: those can be read by everybody
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnrolmentFailed(f"the {place.role} was not enrolled: {type(error).__name__}") from error
    if done.returncode != os.EX_OK:
        raise EnrolmentFailed(f"the {place.role} was not enrolled: {(done.stderr or done.stdout).strip()[-500:]}")
