"""``/etc/zhishou/allowed.d/*.yaml``: all that this agent may watch beyond the host itself, and root alone says it.

A file that is wrong is refused with file and field. What an earlier version of it named goes on; without one its things
are gaps that say why. Nothing the centre says is ever read here: it knows the names from the readings, no more.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from agent.watched.stated import all_of, names_in, stated
from agent.watched.things import SECTIONS, Named
from agent.watched.trusted import Signature, Untrusted, folder_of, read_trusted, signature_of
from agent.watched.words import WrongFile
from agent.watched.yaml_text import plain_yaml
from readings.model import Event, Gap, Sample, Severity, SourceFailed

log = logging.getLogger(__name__)

FOLDER = ("zhishou", "allowed.d")
MOST_FILES = 32
LOOK_EVERY = 4  # passes
REFUSED, IN_USE, EARLIER_IN_USE = 0.0, 1.0, 2.0


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was last looked at: ``wrong`` is "" where ``named`` is what it says now."""

    signature: Signature
    named: Named | None = None
    wrong: str = ""
    untrusted: bool = False
    names: dict[str, list[str]] = field(default_factory=dict)

    @property
    def state(self) -> float | Gap:
        if self.named is not None:
            return EARLIER_IN_USE if self.wrong else IN_USE
        return Gap.REFUSED if self.untrusted else REFUSED


class Allowed:
    """``named`` is in force now; ``left_out`` are the names, by section, that a refused file would have watched."""

    name = "watched"

    def __init__(self, etc: str, owner: int = 0) -> None:
        """``owner`` is who must have written the files: root."""
        self._etc = etc
        self._owner = owner
        self._files: dict[str, _File] = {}
        self._refused = ""  # why the folder itself cannot be used
        self._passes = 0
        self._untold: list[Event] = []
        self.named = Named()
        self.left_out: dict[str, dict[str, str]] = {}
        self._look()

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        if self._passes and self._passes % LOOK_EVERY == 0:
            self._look()
        self._passes += 1
        told, self._untold = self._untold, []
        yield from told
        if self._refused:
            raise SourceFailed(Gap.REFUSED, self._refused)
        if not self._files:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._etc}/{'/'.join(FOLDER)}: this host names nothing to watch")
        for name, file in self._files.items():
            yield Sample("watched_configuration", file.state, name)
        yield Sample("watched_load_window_allowed", float(self.named.load_window))

    def _look(self) -> None:
        """Read anew what changed."""
        before = self._refused
        try:
            with folder_of(self._etc, FOLDER, self._owner) as folder:
                found = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))  # noqa: PTH208 - of a descriptor
                self._refused = "" if len(found) <= MOST_FILES else f"{len(found)} files; at most {MOST_FILES} are read"
                self._take({name: self._file(name, folder) for name in found[:MOST_FILES]})
        except (FileNotFoundError, NotADirectoryError):
            self._refused = ""
            self._take({})
        except (OSError, Untrusted) as error:
            self._refused = str(error)
        if self._refused and self._refused != before:
            self._tell("watched_refused", Severity.WARNING, f"{self._refused}; what was watched before goes on")

    def _file(self, name: str, folder: int) -> _File:
        known = self._files.get(name)
        signature: Signature = ()
        written = None
        try:
            signature = signature_of(name, folder)
            if known is not None and known.signature == signature:
                return known
            written = plain_yaml(read_trusted(name, folder, self._owner).decode("utf-8"))
            return _File(signature, stated(written))
        except (WrongFile, UnicodeDecodeError) as error:
            wrong = _File(signature, None, f"{name}: {error}", names=names_in(written))
        except (OSError, Untrusted) as error:
            wrong = _File(signature, None, f"{name}: {error}", untrusted=True)
        return wrong if known is None else replace(wrong, named=known.named, names=wrong.names or known.names)

    def _take(self, found: dict[str, _File]) -> None:
        """Put in force what the files say together; the first to use a name keeps it."""
        together: dict[str, Named] = {}
        files: dict[str, _File] = {}
        for name, file in found.items():
            files[name] = self._beside(together, name, file)
            self._tell_change(name, files[name])
            named = files[name].named
            if named is not None:
                together[name] = named
        self._files = files
        self.named = all_of(together)
        self.left_out = {}
        for file in files.values():
            for section, names in file.names.items() if file.named is None else ():
                self.left_out.setdefault(section, {}).update(dict.fromkeys(names, file.wrong))

    def _beside(self, together: Mapping[str, Named], name: str, file: _File) -> _File:
        """``file`` beside those before it: as it is, in its earlier version, or refused."""
        earlier = self._files.get(name)
        wrong = file.wrong
        for named in (file.named, earlier.named if earlier is not None else None):
            if named is None:
                continue
            try:
                all_of({**together, name: named})
            except WrongFile as error:
                wrong = wrong or str(error)
                continue
            return replace(file, named=named, wrong=wrong)
        if file.named is None:
            return replace(file, wrong=wrong)
        names = {section: file.named.names(section) for section in SECTIONS}
        # Without a signature it is looked at again each time: the other file may give the name up.
        return replace(file, signature=(), named=None, wrong=wrong, names=names)

    def _tell_change(self, name: str, file: _File) -> None:
        before = self._files.get(name)
        if file.wrong and (before is None or before.wrong != file.wrong):
            what = "its earlier version goes on" if file.named is not None else "nothing of it is watched"
            self._tell("watched_refused", Severity.WARNING, f"{file.wrong}; {what}")
        elif not file.wrong and before is not None and before.signature != file.signature:
            self._tell("watched_changed", Severity.NOTICE, f"{name}: read anew and in force")

    def _tell(self, kind: str, severity: Severity, text: str) -> None:
        log.warning("%s", text) if severity < Severity.NOTICE else log.info("%s", text)
        self._untold.append(Event(self.name, kind, severity, text))
