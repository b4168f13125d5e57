"""What a device says it is, in words: its facts without those that stand elsewhere on its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.web.equipment.newest import natural
from server.web.i18n import N_, Words

# Facts of single parts, told in the tables of those parts.
ELSEWHERE = ("interface.", "neighbour.", "module.")
MODULE = "module."
FACT_WORDS: dict[str, str] = {
    "vendor": N_("厂商"),
    "model": N_("型号"),
    "serial": N_("序列号"),
    "hardware": N_("硬件版本"),
    "firmware": N_("软件版本"),
    "ups_firmware": N_("UPS 固件"),
    "description": N_("自述"),
    "name": N_("自报名称"),
    "location": N_("自报位置"),
    "contact": N_("自报联系人"),
    "device_type": N_("识别为"),
    "configuration_revision": N_("配置版本"),
    "ping_method": N_("Ping 方式"),
    "virtual": N_("虚拟化"),
    "os": N_("操作系统"),
    "kernel": N_("内核"),
    "hostname": N_("主机名"),
    "architecture": N_("架构"),
    "cpu": N_("处理器"),
    "tls": N_("TLS 版本"),
    "tls distrust": N_("不信任的原因"),
}


def facts_in_words(facts: Sequence[tuple[str, str]], words: Words) -> list[tuple[str, str]]:
    """Known keys in our words and their order, then the rest as it was told."""
    order = list(FACT_WORDS)
    found: list[tuple[int, str, str]] = []
    for key, value in facts:
        if key.startswith(ELSEWHERE) or not value:
            continue
        plain, _, of = key.rpartition(" ") if key.startswith(("tls ", "firmware ")) else (key, "", "")
        title = f"{words(FACT_WORDS[plain])} {of}".strip() if plain in FACT_WORDS else key
        found.append((order.index(plain) if plain in FACT_WORDS else len(order), title, value))
    return [(title, value) for _, title, value in sorted(found, key=lambda fact: (fact[0], fact[1]))]


def modules(facts: Mapping[str, str]) -> list[tuple[str, str]]:
    """(part, model, serial and releases as one text), in natural order."""
    found = [(key.removeprefix(MODULE), value) for key, value in facts.items() if key.startswith(MODULE)]
    return sorted(found, key=lambda module: natural(module[0]))
