"""A refusal of the device list as a form shows it: at which field, and in the reader's language."""

from __future__ import annotations

import re

from server.web.i18n import N_, Words

PLACES: tuple[tuple[str, str], ...] = (
    (r"protocols: Object missing required field `(\w+)` - at `\$\.(\w+)`", r"way.\2.\1"),
    (r"protocols: .* - at `\$\.(\w+)\.(\w+)[^`]*`", r"way.\1.\2"),
    (r"protocols: .* - at `\$\.(\w+)`", r"way.\1"),
    (r"protocols\.(\w+)\.(\w+).*?: .*", r"way.\1.\2"),
    (r"(snmp|ssh|bmc|sql): .*", r"secret.\1"),
    (r".* is (?:not a device number|in the ledger already).*", "device_no"),
    (r"(\w+): .*", r"\1"),
)
SAID: tuple[tuple[str, str], ...] = (
    (r"Expected `(?:int|float)`, got `str`", N_("要填一个数")),
    (r"Expected `(?:int|float)` >= (?P<n>[\d.]+)", N_("不能小于 %(n)s")),
    (r"Expected `(?:int|float)` <= (?P<n>[\d.]+)", N_("不能大于 %(n)s")),
    (r"Expected `float` > 0", N_("必须大于 0")),
    (r"missing required field", N_("必须填写")),
    (r"Expected `str` of length >= 1", N_("必须填写")),
    (r"Expected `str` of length <= (?P<n>\d+)", N_("最多 %(n)s 个字符")),
    (r"Expected `str` matching regex", N_("要以 / 开头")),
    (r"Expected `array` of length >= 1", N_("至少填一个")),
    (r"Expected `array` of length <= (?P<n>\d+)", N_("最多 %(n)s 个")),
    (r"Invalid enum value", N_("不在可选的值之中")),
    (r"is neither an IP address nor a host name", N_("既不是 IP 地址，也不是主机名")),
    (r"is not an IP address", N_("不是 IP 地址")),
    (r"is no id of a device type", N_("不是设备类型的名字（小写字母、数字、下划线）")),
    (r"there is no share", N_("没有这个分组")),
    (r"has (?P<n>\d+) devices already", N_("已有 %(n)s 台设备，装不下了")),
    (r"there is no active agent", N_("没有这个已批准的采集器")),
    (r"the same as active_id", N_("不能与主用相同")),
    (r"is no name: lower-case", N_("只能用小写字母、数字、- 和 _，最多 64 个")),
    (r"is not between (?P<low>[\d.]+) and (?P<high>[\d.]+) s", N_("要在 %(low)s 与 %(high)s 秒之间")),
    (r"either a community \(v1, v2c\) or a user \(v3\)", N_("团体名（v1、v2c）与用户（v3）二者填一")),
    (r"a community has no keys", N_("团体名不带密钥")),
    (r"a key needs its protocol, and a protocol its key", N_("算法与密钥要一起填")),
    (r"privacy without authentication", N_("SNMPv3 没有不认证的加密")),
    (r"a key has at least (?P<n>\d+) characters", N_("密钥至少 %(n)s 个字符")),
    (r"only SSH knows private keys", N_("只有 SSH 用私钥")),
    (r"a password is missing", N_("缺少口令")),
    (r"is in the ledger already", N_("台账里已有这个编号")),
    (r"is not a device number", N_("编号只能用文字、数字和 . _ -，最多 64 个，以文字或数字开头")),
    (r"Expected `(?P<n>str)`", N_("填得不对")),
)


def placed(refusal: str) -> str:
    """The field's name in the form; "" where it is the form as a whole.

    >>> placed("protocols: Expected `int` <= 65535 - at `$.snmp.port`")
    'way.snmp.port'
    """
    for pattern, field in PLACES:
        found = re.fullmatch(pattern, refusal, re.DOTALL)
        if found is not None:
            return found.expand(field)
    return ""


def said(refusal: str, words: Words) -> str:
    """In Chinese where we have the sentence, else as the server says it; without the field it stands at."""
    if words.language != "en":
        for pattern, sentence in SAID:
            found = re.search(pattern, refusal)
            if found is not None:
                return words(sentence, **found.groupdict())
    plain = re.sub(r"^[\w.\[\]]+: ", "", refusal)
    return re.sub(r" - at `[^`]*`$", "", plain)
