"""Where one line ends and the next begins on a TCP connection (RFC 6587): counted octets, or a line end."""

from __future__ import annotations

from collections.abc import Iterator

LONGEST_FRAME = 64 * 1024
MOST_DIGITS = 5


class Frames:
    """Fed what was read, gives whole lines. What is longer than LONGEST_FRAME is let go up to its end and counted."""

    def __init__(self) -> None:
        self._rest = b""
        self._skip = 0  # octets of a counted frame that is too long
        self._skipping = False  # up to the next line end
        self.too_long = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        self._rest += chunk
        while self._rest:
            if self._skip:
                gone = min(self._skip, len(self._rest))
                self._rest, self._skip = self._rest[gone:], self._skip - gone
                continue
            if self._skipping:
                _, end, self._rest = self._rest.partition(b"\n")
                self._skipping = not end
                continue
            counted = self._counted()
            if counted is None:
                return
            frame = self._take_counted(*counted) if counted[1] else self._take_line()
            if frame is None:
                return
            if frame:
                yield frame

    def rest(self) -> bytes:
        """What came before the connection ended: a last line without its end, or a frame that was cut off."""
        rest, self._rest = self._rest, b""
        if self._skip or self._skipping:
            return b""
        digits, space, told = rest.partition(b" ")
        return told if space and digits.isdigit() and len(digits) <= MOST_DIGITS else rest

    def _counted(self) -> tuple[int, int] | None:
        """(octets of the header, of the frame); frame 0: it is ended by a line end; None: more must come."""
        head = self._rest[: MOST_DIGITS + 1]
        digits, space, _ = head.partition(b" ")
        if digits.isdigit() and digits[:1] != b"0":
            if space:
                return len(digits) + 1, int(digits)
            if len(head) <= MOST_DIGITS:
                return None
        return 0, 0

    def _take_counted(self, header: int, length: int) -> bytes | None:
        if length > LONGEST_FRAME:
            self.too_long += 1
            self._rest, self._skip = self._rest[header:], length
            return b""
        if len(self._rest) < header + length:
            return None
        frame, self._rest = self._rest[header : header + length], self._rest[header + length :]
        return frame

    def _take_line(self) -> bytes | None:
        line, end, rest = self._rest.partition(b"\n")
        if end:
            self._rest = rest
            return line
        if len(self._rest) > LONGEST_FRAME:
            self.too_long += 1
            self._rest, self._skipping = b"", True
            return b""
        return None
