"""A file of what may be watched, word by word: every field is asked for by name, and one nobody asked for is wrong."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from readings.units import UnitError, in_unit

LONGEST_TEXT = 4096
MOST_TEXTS = 64
NAME = re.compile(r"\w[\w.-]{0,63}")


class WrongFile(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """A file cannot be used. The text is ``field: what is wrong`` until the file's name is put before it."""


class Words:
    """One mapping of the file; ``where`` is its field, for what is wrong in it."""

    def __init__(self, written: Any, where: str = "") -> None:
        self._where = where
        if not isinstance(written, Mapping):
            raise WrongFile(f"{where or 'the file'}: {str(written)[:60]!r} is not a list of 'field: value'")
        self._written = dict(written)
        self._asked: set[str] = set()

    def wrong(self, field: str, why: object) -> WrongFile:
        return WrongFile(f"{self._where}.{field}: {why}" if self._where else f"{field}: {why}")

    def has(self, field: str) -> bool:
        return self._written.get(field) is not None

    def take(self, field: str) -> Any:
        """What stands there, None for nothing."""
        self._asked.add(field)
        return self._written.get(field)

    def done(self) -> None:
        """Raises WrongFile: a field nobody asked for."""
        unknown = [str(field) for field in self._written if field not in self._asked]
        if unknown:
            raise self.wrong(unknown[0][:60], f"no such field (known: {', '.join(sorted(self._asked))})")

    def text(self, field: str, default: str | None = None) -> str:
        written = self.take(field)
        if written is None and default is not None:
            return default
        return self._text(field, written)

    def texts(self, field: str) -> tuple[str, ...]:
        written = self.take(field)
        if written is None:
            return ()
        if not isinstance(written, Sequence) or isinstance(written, str) or len(written) > MOST_TEXTS:
            raise self.wrong(field, f"{str(written)[:60]!r} is not a list of at most {MOST_TEXTS} texts")
        return tuple(self._text(f"{field}[{index}]", word) for index, word in enumerate(written))

    def _text(self, field: str, written: Any) -> str:
        if not isinstance(written, str) or not 0 < len(written) <= LONGEST_TEXT or "\0" in written:
            missing = "is missing" if written is None else f"{str(written)[:60]!r} is not a text (put it in quotes)"
            raise self.wrong(field, missing)
        return written

    def word(self, field: str, known: Sequence[str], default: str) -> str:
        written = self.text(field, default)
        if written not in known:
            raise self.wrong(field, f"{written[:60]!r} is none of {', '.join(known)}")
        return written

    def flag(self, field: str) -> bool:
        written = self.take(field)
        if written is not None and not isinstance(written, bool):
            raise self.wrong(field, f"{str(written)[:60]!r} is neither true nor false")
        return bool(written)

    def whole(self, field: str, low: int, high: int) -> int:
        written = self.take(field)
        if not isinstance(written, int) or isinstance(written, bool) or not low <= written <= high:
            raise self.wrong(field, f"{str(written)[:60]!r} is not a whole number from {low} to {high}")
        return written

    def seconds(self, field: str, default: float, low: float, high: float) -> float:
        written = self.take(field)
        if written is None:
            return default
        if not isinstance(written, str):
            raise self.wrong(field, f"{str(written)[:60]!r} is not a duration with its unit, such as '5 s'")
        try:
            value = in_unit(written, "seconds")
        except UnitError as error:
            raise self.wrong(field, error) from error
        if not low <= value <= high:
            raise self.wrong(field, f"{written!r} is not between {low:g} s and {high:g} s")
        return value

    def address(self, field: str, default: str) -> str:
        """An IP address: a name would have to be resolved by somebody who may answer with any other."""
        written = self.text(field, default)
        try:
            return str(ipaddress.ip_address(written))
        except ValueError as error:
            raise self.wrong(field, f"{written[:60]!r} is not an IP address; names are not resolved") from error

    def checked(self, field: str, check: Callable[[str], Any]) -> Any:
        """What ``check`` makes of a text; its ValueError is what is wrong."""
        written = self.text(field)
        try:
            return check(written)
        except ValueError as error:
            raise self.wrong(field, error) from error

    def inside(self, field: str, most: int) -> Iterator[tuple[str, Words]]:
        """(name, its words) of a mapping of things by name."""
        written = self.take(field)
        if written is None:
            return
        if not isinstance(written, Mapping) or len(written) > most:
            raise self.wrong(field, f"not a list of at most {most} 'name: …'")
        for name, words in written.items():
            if not isinstance(name, str) or NAME.fullmatch(name) is None:
                raise self.wrong(field, f"{str(name)[:70]!r} is no name: letters, digits, _ . - and at most 64 of them")
            place = f"{self._where}.{field}.{name}" if self._where else f"{field}.{name}"
            yield name, Words(words, place)
