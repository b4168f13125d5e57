"""Regular expressions that cannot hold whoever asks: whatever a line says, matching it takes a known time.

Python's matcher tries every way there is and cannot be interrupted. What makes the ways many is refused when a file is
loaded: repeated groups, several repeats, references back, looking around. What is left takes at most some square of the
length of a line, and lines are cut.
"""

from __future__ import annotations

import re

LONGEST_PATTERN = 200
MOST_OPTIONAL = 6
MOST_ALTERNATIVES = 8
TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?.?|\{[\d,]*\}|.", re.DOTALL)


def bounded_pattern(text: str) -> re.Pattern[str]:
    """``text`` compiled. Raises ValueError: no regular expression, or one that may take without end.

    >>> bounded_pattern("(a+)+$")
    Traceback (most recent call last):
    ValueError: '(a+)+$': a group is repeated, which may take without end
    """
    if not text or len(text) > LONGEST_PATTERN:
        raise ValueError(f"{text[:40]!r}… has {len(text)} characters; from 1 to {LONGEST_PATTERN} are taken")
    fault = _fault(TOKEN.findall(text), anchored=text.startswith("^"))
    if fault:
        raise ValueError(f"{text!r}: {fault}")
    try:
        return re.compile(text)
    except (re.error, OverflowError) as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from error


def _fault(tokens: list[str], *, anchored: bool) -> str:
    repeats = optional = alternatives = 0
    before = ""
    for piece in tokens:
        if piece.startswith("(?") and piece != "(?:":
            return f"{piece} is not taken, only plain groups and (?:…)"
        if re.fullmatch(r"\\[0-9]", piece):
            return f"{piece} refers back, which may take without end"
        if piece in {"*", "+"} or piece.startswith("{"):
            if before == ")":
                return "a group is repeated, which may take without end"
            repeats += 1
        optional += piece == "?"
        alternatives += piece == "|"
        before = piece
    most = 2 if anchored and not alternatives else 1  # a ^ holds for its own alternative only
    if repeats > most:
        return f"{repeats} repeats; at most 1 is taken, 2 where the pattern begins with ^ and has no |"
    if optional > MOST_OPTIONAL or alternatives > MOST_ALTERNATIVES:
        return f"more than {MOST_OPTIONAL} ? or {MOST_ALTERNATIVES} |"
    return ""
