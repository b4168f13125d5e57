"""An event that was told in both languages at once ("中文 / English"), taken apart for who reads one of them."""

from __future__ import annotations

import re

from checklists.sentences import Text
from server.happenings.chinese import OWN, in_chinese

BETWEEN = " / "
# Who wrote a line that was told in one tongue only: (zh, en).
WRITERS = {
    "kernel": ("内核", "kernel"),
    "kernel_log": ("内核", "kernel"),
    "journal": ("系统日志", "journal"),
    "syslog": ("系统日志", "syslog"),
    "ipmi": ("BMC 日志", "BMC log"),
    "redfish": ("BMC 日志", "BMC log"),
}
HAN = re.compile(r"[\u4e00-\u9fff]")


def told(source: str, kind: str, text: str) -> Text:
    """``text`` of an event in each language: our own sentences as they are, a device's own line with who wrote it.

    >>> told("kernel", "error", "EXT4-fs error")
    Text(zh='内核：EXT4-fs error', en='kernel: EXT4-fs error')
    """
    zh, en = tongues(text)
    if zh != en:
        return Text(zh, en)
    if kind in OWN:
        return Text(in_chinese(text), text)
    writer = WRITERS.get(source, (source, source))
    return Text(f"{writer[0]}：{zh}", f"{writer[1]}: {en}")


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
