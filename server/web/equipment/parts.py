"""Parts of equipment in the reader's words, where they are words of ours; what a device calls its own parts stays."""

from __future__ import annotations

import re

from server.web.i18n import N_, Words

WHOLE: dict[str, str] = {
    "total": N_("合计"),
    "ambient": N_("环境"),
    "return air": N_("回风"),
    "supply air": N_("送风"),
    "control": N_("控制点"),
    "enclosure": N_("机箱"),
    "high temperature": N_("高温"),
    "compressor": N_("压缩机"),
    "fan": N_("风机"),
    "water under the floor": N_("地板下漏水"),
}
NUMBERED: dict[str, str] = {
    "line": N_("第 %(n)s 相"),
    "phase": N_("第 %(n)s 相"),
    "bank": N_("分路 %(n)s"),
    "fan": N_("风扇 %(n)s"),
    "power supply": N_("电源 %(n)s"),
    "port": N_("端口 %(n)s"),
    "outlet": N_("插座 %(n)s"),
    "battery": N_("电池 %(n)s"),
    "sensor": N_("传感器 %(n)s"),
}


def part_word(part: str, words: Words) -> str:
    if part in WHOLE:
        return words(WHOLE[part])
    found = re.fullmatch(r"([A-Za-z ]+?) ([0-9][0-9./]*)", part)
    if found is not None and found[1].casefold() in NUMBERED:
        return words(NUMBERED[found[1].casefold()], n=found[2])
    return part
