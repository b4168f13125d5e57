"""What may be asked of which command line. Nothing that is not in these lists is ever sent to a device."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from readings.model import Gap, SourceFailed

MOST_COMMANDS = 40


@dataclass(frozen=True, slots=True)
class Platform:
    """``driver`` is netmiko's; ``configuration`` the command that shows it whole, ``ends`` its last line.

    ``volatile`` lines change by themselves and make no new version; ``refusal`` is how the device says no.
    """

    driver: str
    pager_off: tuple[str, ...]
    configuration: str
    ends: str
    volatile: str
    refusal: str
    commands: tuple[str, ...]


HUAWEI = Platform(
    driver="huawei",
    pager_off=("screen-length 0 temporary",),
    configuration="display current-configuration",
    ends=r"return",
    volatile=r"!Software Version .*|!Last configuration was .*|#?\s*clock .*",
    refusal=r"^\s*Error: ?.*|^\s*\^\s*$",
    commands=(
        *("display version", "display device", "display clock", "display interface brief", "display cpu-usage"),
        *("display memory-usage", "display power", "display fan", "display temperature all", "display alarm active"),
        *("display lldp neighbor brief", "display arp", "display stp brief", "display eth-trunk", "display elabel"),
        *("display transceiver", "display vrrp brief", "display ip routing-table statistics", "display logbuffer"),
    ),
)
COMWARE = Platform(
    driver="hp_comware",
    pager_off=("screen-length disable",),
    configuration="display current-configuration",
    ends=r"return",
    volatile=r"#?\s*clock .*",
    refusal=r"^\s*% ?.*|^\s*\^\s*$",
    commands=(
        *("display version", "display device", "display clock", "display interface brief", "display cpu-usage"),
        *("display memory", "display power", "display fan", "display environment", "display device manuinfo"),
        *("display lldp neighbor-information list", "display arp", "display stp brief", "display irf"),
        *("display transceiver interface", "display vrrp", "display logbuffer", "display link-aggregation summary"),
    ),
)
IOS_LIKE = (
    *("show version", "show clock", "show interfaces status", "show ip interface brief", "show inventory"),
    *("show lldp neighbors", "show cdp neighbors", "show arp", "show logging", "show environment all"),
    *("show processes cpu", "show vlan brief", "show spanning-tree summary", "show etherchannel summary"),
)
IOS = Platform(
    driver="cisco_ios",
    pager_off=("terminal length 0",),
    configuration="show running-config",
    ends=r"end",
    volatile=(
        r"Building configuration.*|Current configuration ?: .*|! ?Last configuration change .*"
        r"|! ?NVRAM config last updated .*|! ?No configuration change since .*|ntp clock-period .*"
    ),
    refusal=r"^\s*% ?.*|^\s*\^\s*$",
    commands=IOS_LIKE,
)
NXOS = Platform(
    driver="cisco_nxos",
    pager_off=("terminal length 0",),
    configuration="show running-config",
    ends=r"\S.*",  # it has no last line of its own
    volatile=r"!Time: .*|!Running configuration last done at: .*|!Command: .*",
    refusal=r"^\s*% ?.*|^\s*\^\s*$",
    commands=("show version", "show clock", "show interface status", "show inventory", "show module", "show vpc brief"),
)
RUIJIE = Platform(
    driver="ruijie_os",
    pager_off=("terminal length 0",),
    configuration="show running-config",
    ends=r"end",
    volatile=r"Building configuration.*|Current configuration ?: .*|! ?Last configuration change .*",
    refusal=r"^\s*% ?.*|^\s*\^\s*$",
    commands=(*IOS_LIKE[:5], "show lldp neighbors", "show cpu", "show memory", "show power", "show fan"),
)
ZTE = Platform(
    driver="zte_zxros",
    pager_off=("terminal length 0",),
    configuration="show running-config",
    ends=r"!?end|!",
    volatile=r"Building configuration.*|!<time>.*",
    refusal=r"^\s*% ?.*|^\s*\^\s*$",
    commands=("show version", "show clock", "show interface brief", "show processor", "show lldp neighbor brief"),
)
PLATFORMS: dict[str, Platform] = {
    "huawei_vrp": HUAWEI,
    "h3c_comware": COMWARE,
    "cisco_ios": IOS,
    "cisco_nxos": NXOS,
    "ruijie": RUIJIE,
    "zte": ZTE,
}


def only_reading(name: str, commands: Sequence[str]) -> Platform:
    """The platform called ``name``. Raises SourceFailed: one of ``commands`` is not in its list, word for word."""
    platform = PLATFORMS.get(name)
    if platform is None:
        raise SourceFailed(Gap.NOT_OFFERED, f"CLI: no platform is called {name!r} (known: {', '.join(PLATFORMS)})")
    if len(commands) > MOST_COMMANDS:
        raise SourceFailed(Gap.REFUSED, f"CLI {name}: {len(commands)} commands at once, at most {MOST_COMMANDS}")
    allowed = {*platform.commands, platform.configuration}
    for command in commands:
        if command not in allowed:
            what = f"{command[:60]!r} is not among the commands that only read"
            raise SourceFailed(Gap.REFUSED, f"CLI {name}: {what}; nothing was connected")
    return platform


def is_refusal(platform: Platform, text: str) -> bool:
    """A short answer in which the device complains of the command instead of obeying it."""
    lines = [line for line in text.splitlines() if line.strip()]
    return 0 < len(lines) <= 4 and any(re.match(platform.refusal, line) for line in lines)
