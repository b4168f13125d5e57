"""What a terminal would show of bytes with cursors moved about: pagers erase their own prompt that way."""

from __future__ import annotations

import re

PIECE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b[^\[]|.", re.DOTALL)
MORE = re.compile(r"(?:-{2,}|<-+)\s*\(?more\b[^\r\n]*$|press any key to continue[^\r\n]*$", re.IGNORECASE)
LONGEST_LINE = 10_000


def rendered(raw: str) -> str:
    """Line by line, with backspaces, carriage returns and cursor movements done; nothing to the right is kept blank.

    >>> rendered("---- More ----\\x1b[14D              \\x1b[14D description x")
    ' description x'
    >>> rendered("--More--\\r        \\r!")
    '!'
    """
    return "\n".join(_line(line) for line in raw.split("\n"))


def _line(raw: str) -> str:
    raw = raw.removesuffix("\r")
    if "\x1b" not in raw and "\r" not in raw and "\b" not in raw:
        return raw[:LONGEST_LINE].rstrip()
    shown: list[str] = []
    at = 0
    for piece in PIECE.finditer(raw):
        text, letter = piece[0], piece[2]
        if letter is not None:
            steps = int(piece[1]) if piece[1].isdecimal() else 1
            if letter == "D":
                at = max(0, at - steps)
            elif letter == "C":
                at = min(at + steps, LONGEST_LINE)
            elif letter == "K":
                del shown[at:]
        elif text == "\r":
            at = 0
        elif text == "\b":
            at = max(0, at - 1)
        elif text.isprintable() or text == "\t":
            shown += [" "] * (at - len(shown))
            shown[at : at + 1] = [text]
            at = min(at + 1, LONGEST_LINE)
    return "".join(shown).rstrip()


def at_more(raw: str) -> bool:
    """Whether a pager waits for a key."""
    return MORE.search(raw[-200:].replace("\x07", "").rstrip(" ")) is not None


def at_prompt(raw: str, prompt: str) -> bool:
    """Whether the device waits for the next command: its prompt stands alone in the last line."""
    return rendered(raw[-400:]).rpartition("\n")[2].strip() == prompt
