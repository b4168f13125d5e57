"""From the words of a file to the things it names. Raises WrongFile with the field, and nothing else."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from agent.watched.things import (
    SECTIONS,
    Named,
    Pattern,
    WatchedCertificate,
    WatchedCommand,
    WatchedFile,
    WatchedPort,
    WatchedProcess,
)
from agent.watched.words import NAME, Words, WrongFile
from readings.model import Severity
from readings.pattern import bounded_pattern

MOST_THINGS = 100  # in one section of one file
MOST_PATTERNS = 16
LONGEST_NUMBER_OF_SECONDS = 86_400.0
SEVERITIES = ("notice", "warning", "error")
ENCODINGS = ("utf-8", "gb18030", "gbk", "big5", "latin-1")

Thing = TypeVar("Thing")


def stated(written: Any) -> Named:
    """Raises WrongFile."""
    words = Words({} if written is None else written)
    told = words.texts("file_roots")
    if "/" in told:
        raise words.wrong("file_roots", "'/' is every file there is; name the folders that are meant")
    roots = tuple(_absolute(words, "file_roots", root) for root in told)
    named = Named(
        processes=_each(words, "processes", _process),
        ports=_each(words, "ports", _port),
        files=_each(words, "files", lambda name, inside: _file(name, inside, roots)),
        certificates=_each(words, "certificates", lambda name, inside: _certificate(name, inside, roots)),
        commands=_each(words, "commands", _command),
        load_window=words.flag("load_window"),
    )
    words.done()
    return named


def names_in(written: Any) -> dict[str, list[str]]:
    """Names by section in a file that is wrong, as far as they can be told: what is now not watched."""
    found: dict[str, list[str]] = {}
    for section in SECTIONS if isinstance(written, Mapping) else ():
        things = written.get(section)
        if isinstance(things, Mapping):
            names = [name for name in things if isinstance(name, str) and NAME.fullmatch(name)]
            found[section] = names[:MOST_THINGS]
    return found


def _each(words: Words, section: str, make: Callable[[str, Words], Thing]) -> tuple[Thing, ...]:
    things: list[Thing] = []
    for name, inside in words.inside(section, MOST_THINGS):
        things.append(make(name, inside))
        inside.done()
    return tuple(things)


def _process(name: str, words: Words) -> WatchedProcess:
    program = words.text("program", "")
    cmdline = words.checked("cmdline", bounded_pattern) if words.has("cmdline") else None
    if not program and cmdline is None:
        raise words.wrong("program", "neither program nor cmdline says which processes are meant")
    return WatchedProcess(name, program, cmdline, words.text("user", ""))


def _port(name: str, words: Words) -> WatchedPort:
    return WatchedPort(
        name, words.whole("port", 1, 65535), words.address("host", "127.0.0.1"), _time_limit(words, 2.0, 10.0)
    )


def _file(name: str, words: Words, roots: tuple[str, ...]) -> WatchedFile:
    path = _under(words, "path", roots)
    folder, _, last = path.rpartition("/")
    if "*" in folder or "?" in folder:
        raise words.wrong("path", f"{path!r}: * and ? stand in its last word only")
    patterns = tuple(_pattern(words, pattern, inside) for pattern, inside in words.inside("patterns", MOST_PATTERNS))
    if patterns and ("*" in last or "?" in last):
        raise words.wrong("patterns", f"new lines are followed in one file, and {last!r} may be several")
    return WatchedFile(name, path, roots, patterns, words.word("encoding", ENCODINGS, "utf-8"))


def _pattern(file: Words, name: str, words: Words) -> Pattern:
    text = words.text("text", "")
    regex = words.checked("regex", bounded_pattern) if words.has("regex") else None
    if bool(text) == (regex is not None):
        raise words.wrong("text", "say either the text or the regex to look for")
    severity = words.word("severity", SEVERITIES, "notice")
    words.done()
    return Pattern(name, text, regex, Severity[severity.upper()])


def _certificate(name: str, words: Words, roots: tuple[str, ...]) -> WatchedCertificate:
    every = words.seconds("every", 3600.0, 60.0, LONGEST_NUMBER_OF_SECONDS)
    if words.has("file") == words.has("port"):
        raise words.wrong("file", "say either the file or the port that shows the certificate")
    if words.has("file"):
        return WatchedCertificate(name, file=_under(words, "file", roots), roots=roots, every_s=every)
    return WatchedCertificate(
        name,
        host=words.address("host", "127.0.0.1"),
        port=words.whole("port", 1, 65535),
        server_name=words.text("server_name", ""),
        time_limit_s=_time_limit(words, 5.0, 30.0),
        every_s=every,
    )


def _command(name: str, words: Words) -> WatchedCommand:
    argv = words.texts("argv")
    if not argv or not argv[0].startswith("/"):
        raise words.wrong("argv", "a list that begins with the full path of a program; no shell takes it apart")
    reads = words.word("reads", ("number", "exit_code"), "number")
    time_limit = _time_limit(words, 5.0, 300.0)
    every = words.seconds("every", 60.0, 5.0, LONGEST_NUMBER_OF_SECONDS)
    if time_limit > every:
        raise words.wrong("time_limit", f"{time_limit:g} s is longer than the {every:g} s between two runs")
    return WatchedCommand(name, argv, words.text("user"), reads == "number", time_limit, every)


def _time_limit(words: Words, default: float, most: float) -> float:
    return words.seconds("time_limit", default, 0.05, most)


def _under(words: Words, field: str, roots: tuple[str, ...]) -> str:
    path = _absolute(words, field, words.text(field))
    if not any(path.startswith(f"{root}/") for root in roots):
        raise words.wrong(field, f"{path!r} is under none of file_roots ({', '.join(roots) or 'none are named'})")
    return path


def _absolute(words: Words, field: str, path: str) -> str:
    if not path.startswith("/") or posixpath.normpath(path) != path.rstrip("/"):
        raise words.wrong(field, f"{path!r} is not a full path without '.', '..' and '//'")
    return path.rstrip("/")


def all_of(files: Mapping[str, Named]) -> Named:
    """What the files name together. Raises WrongFile: a name stands twice in one section."""
    owner: dict[tuple[str, str], str] = {}
    for file, named in files.items():
        for section, name in _names(named):
            if (section, name) in owner:
                raise WrongFile(f"{file}: {section}.{name}: {owner[section, name]} names it already")
            owner[section, name] = file
    together = {
        section: tuple(thing for named in files.values() for thing in getattr(named, section)) for section in SECTIONS
    }
    return Named(**together, load_window=any(named.load_window for named in files.values()))


def _names(named: Named) -> Iterator[tuple[str, str]]:
    for section in SECTIONS:
        for name in named.names(section):
            yield section, name
