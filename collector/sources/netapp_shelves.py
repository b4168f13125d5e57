"""NetApp's disk shelves (NETWORK-APPLIANCE-MIB enclTable): what is there and what failed stands in lists of numbers
("1, 2"), temperatures and their limits in lists of texts ("24C (75F) ambient, 26C (78F)"), in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from collector.source import SnmpSource, Unmapped
from collector.walk import Walk
from readings.model import Gap, Sample

TABLE = "1.3.6.1.4.1.789.1.21.1.2.1"
CONTACT, NAME, SUPPLIES, SUPPLIES_FAILED, FANS, FANS_FAILED, SENSORS, OVER_FAILED, OVER_WARNED, CURRENT, FAIL, WARN = (
    f"{TABLE}.{column}" for column in (2, 3, 13, 15, 17, 18, 20, 21, 22, 25, 26, 27)
)
# enclContactState: 1 initializing, 2 transitioning, 3 active, 4 inactive, 5 reconfiguring, 6 nonexistent
CONTACTS = {1: 2, 2: 2, 3: 1, 4: 3, 5: 2, 6: 4}
NORMAL, WARNING, FAILED = 1.0, 2.0, 3.0
TEMPERATURES = (
    ("temperature_celsius", CURRENT),
    ("temperature_maximum_celsius", WARN),
    ("temperature_critical_celsius", FAIL),
)
_DEGREES = re.compile(r"(-?\d+)C\b")
MOST_LISTED = 200


def read(walk: Walk) -> Iterator[Sample | Unmapped]:
    for index in walk.column(NAME):
        shelf = walk.text(f"{NAME}.{index}") or index
        yield from _contact(walk, index, f"shelf {shelf}")
        for metric, what, there, failed in (
            ("power_supply_state", "power supply", SUPPLIES, SUPPLIES_FAILED),
            ("fan_state", "fan", FANS, FANS_FAILED),
        ):
            bad = dict.fromkeys(_numbers(walk, failed, index), FAILED)
            yield from _states(metric, f"{shelf} {what}", _numbers(walk, there, index), bad)
        sensors = _numbers(walk, SENSORS, index)
        bad = dict.fromkeys(_numbers(walk, OVER_WARNED, index), WARNING)
        bad |= dict.fromkeys(_numbers(walk, OVER_FAILED, index), FAILED)
        yield from _states("temperature_state", f"{shelf} sensor", sensors, bad)
        for metric, column in TEMPERATURES:
            degrees = _listed(walk, column, index)
            for sensor, text in zip(sensors, degrees, strict=False):
                yield Sample(metric, _degrees(text), f"{shelf} sensor {sensor}")


def _contact(walk: Walk, index: str, part: str) -> Iterator[Sample | Unmapped]:
    oid = f"{CONTACT}.{index}"
    number = walk.number(oid)
    if isinstance(number, Gap) or number in CONTACTS:
        yield Sample("module_state", number if isinstance(number, Gap) else float(CONTACTS[int(number)]), part)
    else:
        yield Unmapped("module_state", oid, walk.text(oid))
        yield Sample("module_state", Gap.UNREADABLE, part)


def _states(metric: str, part: str, there: list[str], bad: Mapping[str, float]) -> Iterator[Sample]:
    for number in dict.fromkeys((*there, *bad)):
        yield Sample(metric, bad.get(number, NORMAL), f"{part} {number}")


def _degrees(text: str) -> float | Gap:
    """
    >>> _degrees("24C (75F) ambient"), _degrees("<N/A>")
    (24.0, <Gap.NOT_OFFERED: 4>)
    """
    found = _DEGREES.match(text)
    if found:
        return float(found[1])
    return Gap.NOT_OFFERED if "N/A" in text else Gap.UNREADABLE


def _numbers(walk: Walk, column: str, index: str) -> list[str]:
    return [text for text in _listed(walk, column, index) if text.isdigit()]


def _listed(walk: Walk, column: str, index: str) -> list[str]:
    pieces = walk.text(f"{column}.{index}").split(",")
    return [text for piece in pieces[:MOST_LISTED] if (text := piece.strip())]


SOURCE = SnmpSource("netapp_shelves", (NAME, CONTACT, SUPPLIES, SUPPLIES_FAILED, FANS, FANS_FAILED, SENSORS,
                                       OVER_FAILED, OVER_WARNED, CURRENT, FAIL, WARN), read)  # fmt: skip
