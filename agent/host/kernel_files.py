"""Reading the kernel's small text files: an error is a reason, a number is a number or a gap, never a zero.

SourceFailed (readings.model) is the only error raised here.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence

from readings.model import Gap, SourceFailed

MAX_FILE_BYTES = 16 * 2**20
HALF_A_PAGE = 2048
KERNEL_FOLDERS = ("/proc/", "/sys/")
MOST_KEPT = 256
# Neither flag is everywhere: Windows has no O_CLOEXEC, and would turn line ends without O_BINARY.
READING = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.EOPNOTSUPP, errno.ENOSYS}
HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
FORBIDDEN = {errno.EACCES, errno.EPERM}


def _seek_and_read(descriptor: int, size: int, offset: int) -> bytes:
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, size)


_pread = getattr(os, "pread", _seek_and_read)  # Windows has none


def gap_for(error: OSError) -> Gap:
    """Why a file could not be read."""
    if error.errno in NOT_THERE:
        return Gap.NOT_OFFERED
    if error.errno in FORBIDDEN:
        return Gap.REFUSED
    if error.errno in {errno.ETIMEDOUT, errno.EAGAIN}:
        return Gap.TIMED_OUT
    return Gap.UNREADABLE


def read_bytes(path: str) -> bytes:
    """The whole file. Raises OSError."""
    return _read(path, _whole)


def read_small(path: str) -> bytes:
    """A file of at most a page, as those of sysfs are: one read gives all of it. Raises OSError."""
    return _read(path, _page)


def _page(descriptor: int) -> bytes:
    return _pread(descriptor, 4096, 0)


def _whole(descriptor: int) -> bytes:
    """A /proc file comes in pieces of whole records, as many as fit into a page, and ends when a read gives nothing.

    Where the first piece left half a page free no record can be behind it.
    """
    chunk = _pread(descriptor, 65536, 0)
    if len(chunk) < HALF_A_PAGE and chunk.endswith(b"\n"):
        return chunk
    chunks = [chunk]
    size = len(chunk)
    while chunk and size <= MAX_FILE_BYTES:
        chunk = _pread(descriptor, 65536, size)
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


# Files of the kernel stay open: read anew from their beginning they say what is so now, at a fifth of the cost of
# opening them. One whose device or module went away fails and is opened again, or found to be gone. EINVAL is what a
# device says that is there and has no answer (the carrier of an interface that is down): opened anew it says the same.
_kept: dict[str, int] = {}


def _read(path: str, content: Callable[[int], bytes]) -> bytes:
    descriptor = _kept.get(path)
    if descriptor is not None:
        try:
            return content(descriptor)
        except OSError as error:
            if error.errno == errno.EINVAL:
                raise
            os.close(_kept.pop(path))
    descriptor = os.open(path, READING)
    keeping = path.startswith(KERNEL_FOLDERS) and len(_kept) < MOST_KEPT
    try:
        return content(descriptor)
    except OSError as error:
        keeping = keeping and error.errno == errno.EINVAL
        raise
    finally:
        if keeping:
            _kept[path] = descriptor
        else:
            os.close(descriptor)


def read_text(path: str, absent: str = "this kernel does not offer it") -> str:
    """The whole file as text. Raises SourceFailed with the reason; ``absent`` says what a missing file means."""
    try:
        return read_bytes(path).decode("utf-8", "replace")
    except OSError as error:
        gap = gap_for(error)
        why = absent if gap is Gap.NOT_OFFERED else error.strerror or type(error).__name__
        raise SourceFailed(gap, f"{path}: {why}") from error


def whole_lines(path: str, text: str) -> list[str]:
    """The lines of a kernel file. Raises SourceFailed when it is not whole."""
    check_whole(path, text)
    return text.splitlines()


def check_whole(path: str, text: str) -> None:
    """Raises SourceFailed when the last line is cut off: half a number is a wrong number."""
    if not text:
        raise SourceFailed(Gap.UNREADABLE, f"{path}: empty")
    if not text.endswith("\n"):
        raise SourceFailed(Gap.UNREADABLE, f"{path}: cut off within its last line")


def unreadable(path: str, what: str, error: Exception | None = None) -> SourceFailed:
    """The error for a file that is there and does not say what its format promises."""
    return SourceFailed(Gap.UNREADABLE, f"{path}: {what[:120]!r} is not what this file should say ({error})")


def count_of(word: str, scale: float = 1.0) -> float:
    """A decimal number that cannot be negative, times ``scale``. Raises ValueError."""
    if not word.isdecimal() or len(word) > 20:
        raise ValueError(f"{word[:40]!r} is not a count")
    return int(word) * scale


def counts_of(words: Sequence[str]) -> list[int]:
    """Decimal numbers of which none can be negative, looked at all at once. Raises ValueError, naming the wrong one."""
    if not "".join(words).isdecimal() or max(map(len, words)) > 20:
        for word in words:
            count_of(word)
    return list(map(int, words))


def hex_count(word: str) -> int:
    """A hexadecimal number that cannot be negative. Raises ValueError."""
    if not word or len(word) > 16 or not HEXADECIMAL.issuperset(word):
        raise ValueError(f"{word[:40]!r} is not a hexadecimal count")
    return int(word, 16)


def read_number(path: str, scale: float = 1.0, number_base: int = 10) -> float | Gap:
    """The one integer in a small file, times ``scale``, or why there is none."""
    try:
        text = read_small(path)
    except OSError as error:
        return gap_for(error)
    try:
        value = int(text, number_base)
    except ValueError:
        return Gap.UNREADABLE
    if not -(2**63) <= value < 2**64:
        return Gap.UNREADABLE
    # 49925 m°C is 49.925, and 49925 * 0.001 is not quite.
    return value / round(1 / scale) if scale < 1 else value * scale


def read_word(path: str) -> str | None:
    """The one line in a small file, None when it cannot be read or is empty."""
    try:
        return read_small(path).decode("utf-8", "replace").strip("\n\0 ") or None
    except OSError:
        return None


def entries(folder: str) -> list[str]:
    """Names in a folder, sorted; none when it is not there. Raises SourceFailed when it cannot be listed."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names as text, at half the cost
    except OSError as error:
        if gap_for(error) is Gap.NOT_OFFERED:
            return []
        raise SourceFailed(gap_for(error), f"{folder}: {error.strerror}") from error
