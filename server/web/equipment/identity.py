"""What a device says it is, in words: its facts without those that stand elsewhere on its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.web.equipment.newest import natural
from server.web.gap_words import gap_words
from server.web.i18n import N_, Words
from server.web.kinds import type_word

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
    "boot_id": N_("启动标识"),
    "hostname": N_("主机名"),
    "architecture": N_("架构"),
    "cpu": N_("处理器"),
    "os.pretty_name": N_("操作系统"),
    "kernel.release": N_("内核"),
    "kernel.machine": N_("架构"),
    "cpu.model_name": N_("处理器"),
    "cpu.count": N_("逻辑处理器数"),
    "disk.names": N_("磁盘"),
    "nic.names": N_("网卡"),
    "packages.count": N_("软件包数"),
    "packages.sha256": N_("软件包清单散列"),
    "tls": N_("TLS 版本"),
    "tls distrust": N_("不信任的原因"),
}
VALUES: dict[str, str] = {"raw socket": N_("原始套接字"), "datagram socket": N_("数据报套接字")}


@dataclass(frozen=True, slots=True)
class FactsInWords:
    """``named``: in our words and their order; ``others``: keys as they were told (a host tells each package)."""

    named: Sequence[tuple[str, str]]
    others: Sequence[tuple[str, str]]


def facts_in_words(facts: Sequence[tuple[str, str]], words: Words) -> FactsInWords:
    order = list(FACT_WORDS)
    found: list[tuple[int, str, str]] = []
    for key, value in facts:
        if key.startswith(ELSEWHERE) or not value:
            continue
        plain, of = _of_whom(key)
        of = words("端口 %(n)s", n=of[5:]) if of.startswith("port ") else of
        title = f"{words(FACT_WORDS[plain])} {of}".strip() if plain in FACT_WORDS else key
        found.append((order.index(plain) if plain in FACT_WORDS else len(order), title, _value(plain, value, words)))
    found.sort(key=lambda fact: (fact[0], natural(fact[1])))
    return FactsInWords(
        named=[(title, value) for place, title, value in found if place < len(order)],
        others=[(title, value) for place, title, value in found if place == len(order)],
    )


def _of_whom(key: str) -> tuple[str, str]:
    """("model", "Node 2") of "model Node 2": where a device is several."""
    found = max((one for one in FACT_WORDS if key.startswith(f"{one} ")), key=len, default="")
    return (found, key.removeprefix(found).strip()) if found and key not in FACT_WORDS else (key, "")


def _value(key: str, value: str, words: Words) -> str:
    if key == "device_type":
        return type_word(value, words)
    if key == "tls distrust":
        return gap_words(value, words)
    return words(VALUES[value]) if key == "ping_method" and value in VALUES else value


def modules(facts: Mapping[str, str]) -> list[tuple[str, str]]:
    """(part, model, serial and releases as one text), in natural order."""
    found = [(key.removeprefix(MODULE), value) for key, value in facts.items() if key.startswith(MODULE)]
    return sorted(found, key=lambda module: natural(module[0]))
