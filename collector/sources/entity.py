"""What a device is made of, by ENTITY-MIB (RFC 6933): model, serial and release of the whole and of its modules."""

from __future__ import annotations

from collections.abc import Iterator

from collector.source import SnmpSource
from collector.sources.parts import names
from collector.walk import Walk, index_order
from readings.model import Fact

TABLE = "1.3.6.1.2.1.47.1.1.1.1"
DESCRIPTION, CLASS, NAME, HARDWARE, FIRMWARE, SOFTWARE, SERIAL, MAKER, MODEL = (
    f"{TABLE}.{column}" for column in (2, 5, 7, 8, 9, 10, 11, 12, 13)
)
CHASSIS, STACK = 3, 11
MOST_MODULES = 1_000


def read(walk: Walk) -> Iterator[Fact]:
    told = [index for index in walk.column(CLASS) if walk.text(f"{SERIAL}.{index}") or walk.text(f"{MODEL}.{index}")]
    chassis = [index for index in told if walk.number(f"{CLASS}.{index}") == CHASSIS]
    for key, column in (("model", MODEL), ("serial", SERIAL), ("firmware", SOFTWARE), ("hardware", HARDWARE)):
        # A stack has several: each stands among the modules, the first is the device's own.
        text = next((text for index in chassis if (text := walk.text(f"{column}.{index}"))), "")
        if text:
            yield Fact(key, text)
    parts = names((index, walk.text(f"{NAME}.{index}") or walk.text(f"{DESCRIPTION}.{index}")) for index in told)
    for index in sorted(parts, key=index_order)[:MOST_MODULES]:
        columns = (MODEL, SERIAL, HARDWARE, FIRMWARE, SOFTWARE)
        texts = [text for column in columns if (text := walk.text(f"{column}.{index}"))]
        yield Fact(f"module.{parts[index]}", "; ".join(texts))


SOURCE = SnmpSource("entity", (CLASS, NAME, DESCRIPTION, SERIAL, MODEL, HARDWARE, FIRMWARE, SOFTWARE), read)
