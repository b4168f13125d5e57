"""Modbus over TCP or a serial line: the registers of a map, asked in blocks, each value or a gap of its own."""

from __future__ import annotations

import asyncio
import logging
import math
import struct
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from weakref import WeakKeyDictionary

from msgspec import Meta
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException

from collector.probes.registers import BIT_FUNCTIONS, Register, RegisterMap, UnitId
from collector.probes.stated import Host, LimitS, Port, Settings, WrongSettings
from readings.model import Gap, Sample, SourceFailed

# It writes every packet of a failure that is also raised, and told by us.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

# The protocol allows 125 registers at once; converters on old serial lines do not always.
LONGEST_BLOCK = 64
# Exception replies (Modbus application protocol 1.1b3, 7). The last two come from a gateway before the device.
EXCEPTIONS = {
    1: (Gap.NOT_OFFERED, "illegal function"),
    2: (Gap.NOT_OFFERED, "illegal data address"),
    3: (Gap.UNREADABLE, "illegal data value"),
    4: (Gap.UNREADABLE, "device failure"),
    6: (Gap.UNREADABLE, "device busy"),
    10: (Gap.UNREACHABLE, "the gateway has no path to it"),
    11: (Gap.TIMED_OUT, "the gateway had no answer from it"),
}
NOT_THERE = {1, 2}
_LINES: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Lock]] = WeakKeyDictionary()
FORMATS = dict(
    pair.split()
    for pair in ["uint16 >H", "int16 >h", "uint32 >I", "int32 >i", "float32 >f", "uint64 >Q", "int64 >q", "float64 >d"]
)


class ModbusSettings(Settings, frozen=True, kw_only=True):
    """Over TCP at ``host``, or as RTU on the line ``serial`` (``/dev/ttyUSB0``). ``unit_id``: else the map's own."""

    host: Host | None = None
    port: Port = 502
    serial: Annotated[str, Meta(pattern=r"^/dev/[A-Za-z0-9/_.-]+$", max_length=200)] | None = None
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    unit_id: UnitId | None = None
    retries: Annotated[int, Meta(ge=0, le=5)] = 1
    time_limit_s: LimitS = 2.0
    whole_limit_s: LimitS = 30.0

    def __post_init__(self) -> None:
        if (self.host is None) == (self.serial is None):
            raise WrongSettings("ModbusSettings: host or serial: one of them, not both")

    @property
    def place(self) -> str:
        return f"{self.host} port {self.port}" if self.host is not None else f"{self.serial}"


@dataclass(slots=True)
class ModbusAnswer:
    """``words`` by (function, address); ``gaps`` of the addresses that have none; ``first`` refusal, in a sentence."""

    words: dict[tuple[int, int], int] = field(default_factory=dict)
    gaps: dict[tuple[int, int], Gap] = field(default_factory=dict)
    first: SourceFailed | None = None

    def refuse(self, block: Sequence[Register], gap: Gap, why: str) -> None:
        self.gaps.update({(one.function, one.address): gap for one in block})
        self.first = self.first or SourceFailed(gap, why)


async def ask(settings: ModbusSettings, registers: RegisterMap) -> ModbusAnswer:
    """Raises SourceFailed: nothing answers there, or nothing of the map is to be had."""
    unit = registers.unit_id if settings.unit_id is None else settings.unit_id
    tried = f"Modbus {settings.place} unit {unit}"
    answer = ModbusAnswer()
    async with _line(settings):
        return await _asked(settings, registers, unit, tried, answer)


def _line(settings: ModbusSettings) -> AbstractAsyncContextManager[None]:
    """Devices of one line are asked one after the other: on it all hear all."""
    if settings.serial is None:
        return nullcontext()
    lines = _LINES.setdefault(asyncio.get_running_loop(), {})
    return lines.setdefault(settings.serial, asyncio.Lock())


async def _asked(
    settings: ModbusSettings, registers: RegisterMap, unit: int, tried: str, answer: ModbusAnswer
) -> ModbusAnswer:
    client = _client(settings)
    try:
        async with asyncio.timeout(settings.whole_limit_s):
            if not await client.connect():
                raise SourceFailed(Gap.UNREACHABLE, f"{tried}: cannot be connected")
            for block in blocks(registers.registers):
                await _ask_block(client, block, unit, f"{tried}: {registers.id}", answer)
    except ConnectionException as error:
        raise SourceFailed(Gap.UNREACHABLE, f"{tried}: the connection was lost") from error
    except TimeoutError as error:
        raise SourceFailed(Gap.TIMED_OUT, f"{tried}: not all answered in {settings.whole_limit_s:g} s") from error
    except OSError as error:
        raise SourceFailed(Gap.UNREACHABLE, f"{tried}: {error.strerror or error}") from error
    finally:
        client.close()
    if answer.first is not None and not answer.words:
        raise answer.first
    return answer


def _client(settings: ModbusSettings) -> Any:
    # Retries of a reply are ours to count; a connection of the probe is never taken up again by the library itself.
    limits: dict[str, Any] = {
        "timeout": settings.time_limit_s,
        "retries": settings.retries,
        "reconnect_delay": 0,
    }
    if settings.host is not None:
        return AsyncModbusTcpClient(settings.host, port=settings.port, **limits)
    return AsyncModbusSerialClient(
        settings.serial or "",
        framer=FramerType.RTU,
        baudrate=settings.baud,
        parity=settings.parity,
        stopbits=settings.stop_bits,
        **limits,
    )


def blocks(registers: Sequence[Register]) -> list[list[Register]]:
    """Registers side by side are asked at once. Holes are not asked over: many devices refuse what they do not have."""
    found: list[list[Register]] = []
    for register in sorted(registers, key=lambda one: (one.function, one.address)):
        if found:
            last = found[-1]
            end = max(one.address + one.size for one in last)
            fits = register.address + register.size - last[0].address <= LONGEST_BLOCK
            if last[0].function == register.function and register.address <= end and fits:
                last.append(register)
                continue
        found.append([register])
    return found


async def _ask_block(client: Any, block: list[Register], unit: int, tried: str, answer: ModbusAnswer) -> None:
    function, address = block[0].function, block[0].address
    count = max(one.address + one.size for one in block) - address
    asked = f"{tried}: function {function} address {address}"
    reads = (client.read_coils, client.read_discrete_inputs, client.read_holding_registers, client.read_input_registers)
    try:
        reply = await reads[function - 1](address, count=count, device_id=unit)
    except ConnectionException:
        raise
    except ModbusException as error:
        if not client.connected:
            raise SourceFailed(Gap.UNREACHABLE, f"{asked}: the connection was cut off") from error
        # Silence: what answered before stays, and who never answered at all is not asked for the rest.
        if not answer.words:
            raise SourceFailed(Gap.TIMED_OUT, f"{asked}: no answer") from error
        answer.refuse(block, Gap.TIMED_OUT, f"{asked}: no answer")
        return
    if reply.isError():
        code = reply.exception_code
        if code in NOT_THERE and len({one.address for one in block}) > 1:
            # One address too many makes the device refuse the block: ask each alone.
            for place in sorted({one.address for one in block}):
                await _ask_block(client, [one for one in block if one.address == place], unit, tried, answer)
            return
        gap, meaning = EXCEPTIONS.get(code, (Gap.UNREADABLE, "not of the protocol"))
        answer.refuse(block, gap, f"{asked}: exception {code} ({meaning})")
        return
    words = reply.bits[:count] if function in BIT_FUNCTIONS else reply.registers
    if len(words) < count:
        answer.refuse(block, Gap.UNREADABLE, f"{asked}: {len(words)} of {count} came back")
        return
    answer.words.update({(function, address + place): int(word) for place, word in enumerate(words[:count])})


def read(registers: RegisterMap, answer: ModbusAnswer) -> Iterator[Sample]:
    for register in registers.registers:
        gap = answer.gaps.get((register.function, register.address))
        yield Sample(register.metric, _value(register, answer) if gap is None else gap, register.part)


def _value(register: Register, answer: ModbusAnswer) -> float | Gap:
    places = range(register.address, register.address + register.size)
    words = [answer.words.get((register.function, place)) for place in places]
    known = [word for word in words if word is not None]
    if len(known) < register.size:
        return Gap.UNREADABLE
    raw = _raw(register, known)
    if not math.isfinite(raw) or raw in register.sentinels:
        return Gap.UNREADABLE
    if register.means is not None:
        meant = register.means.get(int(raw)) if raw == int(raw) else None
        return Gap.UNREADABLE if meant is None else float(meant)
    value = scaled(raw, register.scale) + register.offset
    if register.between is not None and not register.between[0] <= value <= register.between[1]:
        return Gap.UNREADABLE
    return value


def _raw(register: Register, words: list[int]) -> float:
    """What the device counts, before scaling.

    ``low_first`` turns the order of words, never of the bytes in one: those are always high first on the wire.
    """
    if register.kind == "bit":
        return float(words[0] & 1)
    if register.bit is not None:
        return float(words[0] >> register.bit & 1)
    ordered = reversed(words) if register.low_first else words
    told = struct.unpack(FORMATS[register.kind], b"".join(struct.pack(">H", word) for word in ordered))
    return float(told[0])


def scaled(raw: float, scale: float) -> float:
    """Division by the inverse keeps 235 tenths at 23.5 exactly.

    >>> scaled(235, 0.1), scaled(3, 0.001)
    (23.5, 0.003)
    """
    inverse = 1 / scale if scale else 0.0
    return raw / round(inverse) if abs(scale) < 1 and inverse and abs(inverse - round(inverse)) < 1e-9 else raw * scale
