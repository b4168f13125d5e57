"""Files under the named roots: whether they are there, their age and size, and what their new lines say."""

from __future__ import annotations

import fnmatch
import json
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from agent.host.kernel_files import gap_for
from agent.host.patience import Patience
from agent.host.root import Root
from agent.oslog.telling import Telling
from agent.watched.beneath import Outside, names_beneath, stat_beneath
from agent.watched.following import LONGEST_LINE, New, Place, new_lines
from agent.watched.things import Watch, WatchedFile
from readings.model import Clocks, Event, Fact, Gap, Sample, Severity

METRICS = (
    "watched_file_present",
    "watched_file_count",
    "watched_file_age_seconds",
    "watched_file_size_bytes",
    "watched_file_modified_today",
)
PATIENCE_S = 2.0
MATCH_WITHIN_S = 0.5  # of looking for patterns a pass, whatever the lines are


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at a path now: the newest file of ``count``. ``new`` is None for a file whose lines do not matter."""

    count: int
    newest: str = ""
    modified_s: float = 0.0
    size: int = 0
    new: New | None = None


class Files:
    """A log source (agent.oslog.telling): its places go to disk with the tick that tells the lines before them."""

    name = "watched_files"

    def __init__(
        self,
        root: Root,
        clocks: Callable[[], Clocks],
        watch: Callable[[], Watch[WatchedFile]],
        mark: str = "",
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._prefix = root.files
        self._clocks = clocks
        self._watch = watch
        self._places = places_in(mark)
        self._telling = Telling(self.name, self.name, mark)
        self._matches: dict[tuple[str, str], int] = {}
        self._seen: dict[str, tuple[str, int]] = {}  # (path, count) of the pass before
        self._asked: dict[str, tuple[WatchedFile, str, bool]] = {}
        self._patience: Patience[Found] = Patience(self._look, patience_s)

    @property
    def mark(self) -> str:
        return self._telling.mark

    def commit(self) -> None:
        self._telling.commit()

    def read(self) -> Iterator[Sample | Event | Fact]:
        """Raises SourceFailed."""
        watch = self._watch()
        watch.check("files")
        self._telling.begin()
        now = self._clocks()
        samples: list[Sample] = [Sample(METRICS[0], Gap.UNREADABLE, name) for name in watch.left_out]
        self._asked = {file.name: self._question(file, now.wall_ns) for file in watch.things}
        answers = self._patience.ask(list(self._asked))
        until = time.monotonic() + MATCH_WITHIN_S
        for name, found in zip(self._asked, answers, strict=True):
            file, path, _ = self._asked[name]
            if isinstance(found, Found):
                self._tell_coming_and_going(name, path, found.count, now.boottime_ns)
            samples += measures(name, found, now.wall_ns)
            samples += self._patterns(file, found, now.boottime_ns, until)
        self._places = {name: place for name, place in self._places.items() if name in self._asked}
        return iter([*self._telling.end(mark_of(self._places)), *samples])

    def _question(self, file: WatchedFile, wall_ns: int) -> tuple[WatchedFile, str, bool]:
        """(file, its path today, whether it is new since a pass found none there or under another name)."""
        path = path_today(file.path, wall_ns)
        before = self._seen.get(file.name)
        return file, path, before is not None and (before[0] != path or not before[1])

    def _look(self, name: str) -> Found:
        """Runs in a thread that may hang with the file system, so it changes nothing. Raises OSError."""
        file, path, fresh = self._asked[name]
        found = newest_of(path, file.roots, self._prefix)
        if not file.patterns or not found.count:
            return found
        new = new_lines(path, file.roots, self._prefix, self._places.get(name), fresh=fresh)
        return Found(found.count, found.newest, found.modified_s, found.size, new)

    def _tell_coming_and_going(self, name: str, path: str, count: int, now_ns: int) -> None:
        before = self._seen.get(name)
        self._seen[name] = (path, count)
        if before is None:
            return
        had = before[1] if before[0] == path else 0
        if count > had:
            many = f" ({count} files now)" if count > 1 else ""
            self._telling.add(
                "watched_file_appeared", Severity.NOTICE, f"{name}: {path} is there{many}", boottime_ns=now_ns
            )
        elif count < had:
            left = f" ({count} files left)" if count else ""
            self._telling.add("watched_file_gone", Severity.WARNING, f"{name}: {path} went{left}", boottime_ns=now_ns)

    def _patterns(self, file: WatchedFile, found: Found | OSError, now_ns: int, until: float) -> Iterator[Sample]:
        """Counters of what was seen since the agent started; a gap while the file cannot be read."""
        new = found.new if isinstance(found, Found) else None
        late = False
        if new is not None:
            late = not self._take_lines(file, new, now_ns, until)
        for pattern in file.patterns:
            part = f"{file.name}/{pattern.name}"
            count: float | Gap = float(self._matches.get((file.name, pattern.name), 0))
            if late:
                count = Gap.TIMED_OUT
            elif new is None:
                count = gap_for(found) if isinstance(found, OSError) else Gap.NOT_OFFERED
            yield Sample("watched_log_matches_total", count, part)

    def _take_lines(self, file: WatchedFile, new: New, now_ns: int, until: float) -> bool:
        """Tell what was seen. False: there was no time for all lines; how many were left out is told."""
        for text in new.lost:
            self._telling.lost(1, f"{file.name}: {text}", boottime_ns=now_ns)
        self._places[file.name] = new.place
        for chunk in new.chunks:
            if not any(pattern.may_stand_in(chunk, file.encoding) for pattern in file.patterns):
                continue
            lines = chunk.splitlines()
            for number, raw in enumerate(lines):
                if time.monotonic() > until:
                    left = len(lines) - number
                    text = f"{file.name}: {left} lines and more came faster than they can be looked at"
                    self._telling.lost(left, text, boottime_ns=now_ns)
                    return False
                self._look_for(file, raw[:LONGEST_LINE].decode(file.encoding, "replace"), now_ns)
        return True

    def _look_for(self, file: WatchedFile, line: str, now_ns: int) -> None:
        for pattern in file.patterns:
            if pattern.seen_in(line):
                key = (file.name, pattern.name)
                self._matches[key] = self._matches.get(key, 0) + 1
                text = f"{file.name}/{pattern.name}: {line}"
                self._telling.add("watched_pattern_seen", pattern.severity, text, boottime_ns=now_ns)


def path_today(path: str, wall_ns: int) -> str:
    """``{yyyymmdd}`` and ``{yyyy-mm-dd}`` filled in, in the host's own zone."""
    if "{" not in path:
        return path
    today = time.localtime(wall_ns / 1e9)
    return path.replace("{yyyymmdd}", time.strftime("%Y%m%d", today)).replace(
        "{yyyy-mm-dd}", time.strftime("%Y-%m-%d", today)
    )


def newest_of(path: str, roots: tuple[str, ...], prefix: str) -> Found:
    """The newest of the plain files that ``path`` means. Raises OSError: it cannot be known whether there are any."""
    folder, _, last = path.rpartition("/")
    if "*" not in last and "?" not in last:
        try:
            said = stat_beneath(path, roots, prefix)
        except (FileNotFoundError, NotADirectoryError):
            return Found(0)
        if not stat.S_ISREG(said.st_mode):
            raise Outside(path, "it is no plain file")
        return Found(1, path, said.st_mtime, said.st_size)
    found = Found(0)
    for name in names_beneath(folder, roots, prefix):
        if not fnmatch.fnmatchcase(name, last):
            continue
        with suppress(FileNotFoundError, Outside):
            said = stat_beneath(f"{folder}/{name}", roots, prefix)
            if stat.S_ISREG(said.st_mode):
                newer = found.count == 0 or (said.st_mtime, name) > (found.modified_s, found.newest.rpartition("/")[2])
                kept = (f"{folder}/{name}", said.st_mtime, said.st_size) if newer else _of(found)
                found = Found(found.count + 1, *kept)
    return found


def _of(found: Found) -> tuple[str, float, int]:
    return found.newest, found.modified_s, found.size


def measures(name: str, found: Found | OSError, wall_ns: int) -> Iterator[Sample]:
    """Values in the order of METRICS. That there is no file is known; of what is not there nothing is."""
    values: tuple[float | Gap, ...]
    if isinstance(found, OSError):
        values = (gap_for(found),) * len(METRICS)
    elif not found.count:
        values = (0.0, 0.0, Gap.NOT_OFFERED, Gap.NOT_OFFERED, Gap.NOT_OFFERED)
    else:
        now_s = wall_ns / 1e9
        today = time.localtime(found.modified_s)[:3] == time.localtime(now_s)[:3]
        age = max(now_s - found.modified_s, 0.0)
        values = (1.0, float(found.count), age, float(found.size), float(today))
    return (Sample(metric, value, name) for metric, value in zip(METRICS, values, strict=True))


def mark_of(places: Mapping[str, Place]) -> str:
    return json.dumps({name: [p.path, p.inode, p.offset] for name, p in places.items()}) if places else ""


def places_in(mark: str) -> dict[str, Place]:
    """Those of the last committed tick; none of a mark that is no such thing."""
    try:
        said = json.loads(mark or "{}")
        return {str(name): Place(str(path), int(inode), int(offset)) for name, (path, inode, offset) in said.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
