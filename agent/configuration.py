"""The configuration of the centre's making: followed when every word of it may be, else the running one stays."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from agent.settings import Settings
from readings.delivery.configuration import Configuration, ConfigurationRefused, Wanted, decode_configuration
from readings.delivery.credential import write_private
from readings.model import Severity

log = logging.getLogger(__name__)

FILE = "configuration.json"
Tell = Callable[[str, Severity, str], None]  # kind, severity, text: an event of the next tick


@runtime_checkable
class Paced(Protocol):
    """A source that is not read in every pass, but every ``pace_s``."""

    name: str
    pace_s: float


def paced_of(sources: Iterable[object]) -> dict[str, Paced]:
    """By name, those among them whose pace may be set."""
    return {source.name: source for source in sources if isinstance(source, Paced)}


class Configured:
    """``follow`` hands over seconds between passes. ``revision`` is the one that was looked at last, refused or not."""

    def __init__(
        self,
        state: Path,
        settings: Settings,
        *,
        follow: Callable[[float], None],
        paced: Mapping[str, Paced],
        tell: Tell,
    ) -> None:
        self._file = state / FILE
        self._settings = settings
        self._follow = follow
        self._paced = paced
        self._own_paces = {name: source.pace_s for name, source in paced.items()}
        self._tell = tell
        self._running = Configuration(0)
        self.revision = 0

    @property
    def rotation_wanted(self) -> bool:
        return self._running.rotate_credential

    def start(self) -> None:
        """Go on as before the restart. A file that is damaged is as good as none: the centre is asked again."""
        try:
            kept = decode_configuration(self._file.read_bytes())
            self._apply(kept.settings)
        except FileNotFoundError:
            return
        except (OSError, ConfigurationRefused) as error:
            log.warning("%s: not followed: %s", self._file, error)
            return
        self._running, self.revision = kept, kept.revision

    def take(self, body: bytes, revision: int) -> None:
        """What the centre answered for the ``revision`` its receipt named. Raises OSError: it could not be kept."""
        try:
            wanted = decode_configuration(body)
            self._apply(wanted.settings)
        except ConfigurationRefused as error:
            text = f"configuration {revision} of the centre is refused, {self._running.revision} stays: {error}"
            self._tell("configuration_refused", Severity.WARNING, text)
        else:
            self._running = wanted
            log.info("configuration %d of the centre is followed: %s", wanted.revision, wanted.settings)
            self._keep()
        self.revision = revision

    def rotated(self) -> None:
        """The credential was changed as the centre wished. Raises OSError."""
        if self._running.rotate_credential:
            self._running = msgspec.structs.replace(self._running, rotate_credential=False)
            self._keep()

    def _apply(self, wanted: Wanted) -> None:
        """All of it or nothing. Raises ConfigurationRefused."""
        strange = sorted(wanted.paces.keys() - self._paced.keys())
        if strange:
            raise ConfigurationRefused(f"paces.{strange[0][:100]}: no such source has a pace here")
        self._follow(self._settings.interval_s if wanted.interval_s is None else wanted.interval_s)
        logging.getLogger().setLevel(wanted.log_level or self._settings.log_level.upper())
        for name, source in self._paced.items():
            source.pace_s = wanted.paces.get(name, self._own_paces[name])

    def _keep(self) -> None:
        write_private(self._file, msgspec.json.encode(self._running))
