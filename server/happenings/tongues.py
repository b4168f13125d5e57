"""An event that was told in both languages at once ("中文 / English"), taken apart for who reads one of them."""

from __future__ import annotations

import re

BETWEEN = " / "
HAN = re.compile(r"[\u4e00-\u9fff]")


def tongues(text: str) -> tuple[str, str]:
    """(zh, en); the text itself for both where it was told once.

    What a device names stands in both halves alike, so that the middle separator is the one between them.

    >>> tongues("接口 1 / 2 断开 / interface 1 / 2 went down")
    ('接口 1 / 2 断开', 'interface 1 / 2 went down')
    >>> tongues("1.3.6.1 a / b")
    ('1.3.6.1 a / b', '1.3.6.1 a / b')
    """
    pieces = text.split(BETWEEN)
    if len(pieces) % 2 or len(pieces) < 2:
        return text, text
    half = len(pieces) // 2
    zh, en = BETWEEN.join(pieces[:half]), BETWEEN.join(pieces[half:])
    return (zh, en) if HAN.search(zh) and en.strip() else (text, text)
