"""Shipped maps against pymodbus's own server, over TCP and as RTU on a pseudo-terminal; refusals, silence, lies."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from collector.probes.modbus import ModbusSettings, ask, read
from collector.probes.registers import RegisterMap, load_maps
from collector.probes.stated import WrongSettings
from readings.catalogue import Catalogue
from readings.model import SourceFailed

Values = Callable[..., dict[str, float | str]]
Serving = Callable[..., Any]
NO_BITS, NO_WORDS = [SimData(60000, values=[False] * 16, datatype=DataType.BITS)], [SimData(60000)]


@pytest.fixture(scope="module")
def maps(catalogue: Catalogue) -> dict[str, RegisterMap]:
    return load_maps(catalogue)


def device(holding: dict[int, list[int]] | None = None, discrete: list[bool] | None = None, unit: int = 1) -> SimDevice:
    """Holding registers by their first address; every other address is refused."""
    words = [SimData(first, values=given, datatype=DataType.REGISTERS) for first, given in (holding or {}).items()]
    bits = [SimData(0, values=discrete, datatype=DataType.BITS)] if discrete else NO_BITS
    return SimDevice(id=unit, simdata=(NO_BITS, bits, words or NO_WORDS, NO_WORDS))


def listening(server: ModbusTcpServer) -> asyncio.Server:
    assert isinstance(server.transport, asyncio.Server)
    return server.transport


@asynccontextmanager
async def over_tcp(simulated: SimDevice) -> AsyncIterator[tuple[ModbusTcpServer, int]]:
    server = ModbusTcpServer(simulated, address=("127.0.0.1", 0), ignore_missing_devices=True)
    await server.serve_forever(background=True)
    try:
        yield server, listening(server).sockets[0].getsockname()[1]
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]  # it has no types


def look(simulated: SimDevice, registers: RegisterMap, values: Values, **more: Any) -> dict[str, float | str]:
    async def run() -> dict[str, float | str]:
        async with over_tcp(simulated) as (_, port):
            settings = ModbusSettings(host="127.0.0.1", port=port, time_limit_s=0.5, retries=0, **more)
            return values(read(registers, await ask(settings, registers)))

    return asyncio.run(run())


def test_a_transmitter_tells_temperature_and_humidity(maps: dict[str, RegisterMap], values: Values) -> None:
    told = look(device({0: [551, 235]}), maps["temperature_humidity_transmitter"], values)
    assert told == {"humidity_ratio room": 0.551, "temperature_celsius room": 23.5}


def test_what_changes_at_the_device_is_told_next(maps: dict[str, RegisterMap], values: Values) -> None:
    registers = maps["temperature_humidity_transmitter"]

    async def run() -> list[float | str]:
        async with over_tcp(device({0: [551, 235]})) as (server, port):
            settings = ModbusSettings(host="127.0.0.1", port=port)
            found = []
            for tenths in (235, 65481, 32767, 2000):
                await server.async_setValues(1, 3, 1, [tenths])
                found.append(values(read(registers, await ask(settings, registers)))["temperature_celsius room"])
            return found

    assert asyncio.run(run()) == [23.5, -5.5, "unreadable", "unreadable"]


def test_contacts_are_read_as_bits(maps: dict[str, RegisterMap], values: Values) -> None:
    bits = [False, True, False, False, True, True, True, False] + [False] * 8
    told = look(device(discrete=bits), maps["smoke_door_contacts"], values)
    assert [name for name, value in told.items() if value == 1.0] == [
        "smoke_state detector 2",
        "door_open_state door 4",
    ]
    assert len(told) == 8


def test_an_unlisted_number_of_a_state_is_a_gap_beside_the_others(maps: dict[str, RegisterMap], values: Values) -> None:
    told = look(device({0: [7, 0, 124]}), maps["leak_detector"], values)
    assert told == {
        "leak_state cable": "unreadable",
        "leak_cable_state cable": 0.0,
        "leak_distance_metres cable": 12.4,
    }


def test_addresses_the_device_does_not_have_are_not_offered_and_cost_nothing_else(
    maps: dict[str, RegisterMap], values: Values
) -> None:
    told = look(device({0: [231, 480], 10: [1, 0b1001]}), maps["crac_generic"], values)
    assert told["temperature_celsius return air"] == 23.1
    assert told["temperature_celsius supply air"] == "not_offered"
    assert told["cooling_fan_ratio fan"] == "not_offered"
    assert told["crac_system_state"] == 1.0
    assert told["cooling_alarm_state high temperature"] == 1.0
    assert told["cooling_alarm_state compressor"] == 0.0
    assert told["cooling_alarm_state water under the floor"] == 1.0


def test_a_device_that_keeps_silent_is_a_gap(serving: Serving, maps: dict[str, RegisterMap]) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def run() -> None:
        async with serving(silent) as port:
            settings = ModbusSettings(host="127.0.0.1", port=port, unit_id=9, time_limit_s=0.2, retries=1)
            await ask(settings, maps["leak_detector"])

    with pytest.raises(SourceFailed, match=r"unit 9: leak_detector: function 3 address 0: no answer") as failure:
        asyncio.run(run())
    assert failure.value.gap.word == "timed_out"


def test_a_connection_that_is_cut_is_unreachable(serving: Serving, maps: dict[str, RegisterMap]) -> None:
    async def cut(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(12)

    async def run() -> None:
        async with serving(cut) as port:
            await ask(ModbusSettings(host="127.0.0.1", port=port), maps["leak_detector"])

    with pytest.raises(SourceFailed, match="function 3 address 0: the connection was cut off") as failure:
        asyncio.run(run())
    assert failure.value.gap.word == "unreachable"


@pytest.mark.parametrize(
    ("code", "gap", "says"),
    [
        pytest.param(1, "not_offered", "illegal function", id="a function it does not have"),
        pytest.param(2, "not_offered", "illegal data address", id="addresses it does not have"),
        pytest.param(4, "unreadable", "device failure", id="a failing device"),
        pytest.param(6, "unreadable", "device busy", id="a busy device"),
        pytest.param(10, "unreachable", "no path", id="a gateway without a way"),
        pytest.param(11, "timed_out", "no answer from it", id="a gateway whose line is silent"),
        pytest.param(99, "unreadable", "not of the protocol", id="a number of its own"),
    ],
)
def test_a_device_that_only_refuses_is_a_gap_of_the_whole_source(
    serving: Serving, maps: dict[str, RegisterMap], code: int, gap: str, says: str
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.read(12):
            writer.write(head[:4] + bytes([0, 3, head[6], head[7] | 0x80, code]))
            await writer.drain()

    async def run() -> None:
        async with serving(refuse) as port:
            await ask(ModbusSettings(host="127.0.0.1", port=port), maps["leak_detector"])

    with pytest.raises(SourceFailed, match=rf"exception {code} \(.*{says}") as failure:
        asyncio.run(run())
    assert failure.value.gap.word == gap


def test_a_closed_port_is_unreachable(closed_port: int, maps: dict[str, RegisterMap]) -> None:
    with pytest.raises(SourceFailed, match="cannot be connected") as failure:
        asyncio.run(ask(ModbusSettings(host="127.0.0.1", port=closed_port), maps["leak_detector"]))
    assert failure.value.gap.word == "unreachable"


@asynccontextmanager
async def line() -> AsyncIterator[tuple[str, str]]:
    """Two ends of a serial line: pseudo-terminals whose masters feed each other."""
    (one, one_end), (other, other_end) = os.openpty(), os.openpty()
    for end in (one_end, other_end):
        tty.setraw(end)
    for master in (one, other):
        os.set_blocking(master, False)
    loop = asyncio.get_running_loop()
    loop.add_reader(one, lambda: os.write(other, os.read(one, 4096)))
    loop.add_reader(other, lambda: os.write(one, os.read(other, 4096)))
    try:
        yield os.ttyname(one_end), os.ttyname(other_end)
    finally:
        for master in (one, other):
            loop.remove_reader(master)
        for descriptor in (one, one_end, other, other_end):
            os.close(descriptor)


def on_the_line(simulated: SimDevice, registers: RegisterMap, values: Values, **more: Any) -> dict[str, float | str]:
    async def run() -> dict[str, float | str]:
        async with line() as (ours, theirs):
            server = ModbusSerialServer(simulated, port=theirs, baudrate=19200, ignore_missing_devices=True)
            await server.serve_forever(background=True)
            try:
                settings = ModbusSettings(serial=ours, baud=19200, time_limit_s=0.5, retries=0, **more)
                return values(read(registers, await ask(settings, registers)))
            finally:
                await server.shutdown()  # type: ignore[no-untyped-call]  # it has no types

    return asyncio.run(run())


def test_rtu_on_a_serial_line_reads_the_same(maps: dict[str, RegisterMap], values: Values) -> None:
    told = on_the_line(device({0: [551, 235]}, unit=5), maps["temperature_humidity_transmitter"], values, unit_id=5)
    assert told == {"humidity_ratio room": 0.551, "temperature_celsius room": 23.5}


def test_two_devices_of_one_line_are_asked_one_after_the_other(maps: dict[str, RegisterMap], values: Values) -> None:
    registers = maps["temperature_humidity_transmitter"]

    async def run() -> list[dict[str, float | str]]:
        async with line() as (ours, theirs):
            both = [device({0: [551, 235]}, unit=5), device({0: [402, 301]}, unit=6)]
            server = ModbusSerialServer(both, port=theirs, baudrate=19200, ignore_missing_devices=True)
            await server.serve_forever(background=True)
            try:
                asked = [
                    ask(ModbusSettings(serial=ours, baud=19200, time_limit_s=2, retries=0, unit_id=unit), registers)
                    for unit in (5, 6) * 4
                ]
                return [values(read(registers, answer)) for answer in await asyncio.gather(*asked)]
            finally:
                await server.shutdown()  # type: ignore[no-untyped-call]  # it has no types

    five = {"humidity_ratio room": 0.551, "temperature_celsius room": 23.5}
    six = {"humidity_ratio room": 0.402, "temperature_celsius room": 30.1}
    assert asyncio.run(run()) == [five, six] * 4


def test_a_serial_line_with_nobody_on_it_times_out(maps: dict[str, RegisterMap]) -> None:
    async def run() -> None:
        async with line() as (ours, _):
            await ask(ModbusSettings(serial=ours, time_limit_s=0.2, retries=0), maps["leak_detector"])

    with pytest.raises(SourceFailed, match="no answer") as failure:
        asyncio.run(run())
    assert failure.value.gap.word == "timed_out"


def test_a_line_that_is_not_there_is_unreachable(maps: dict[str, RegisterMap]) -> None:
    with pytest.raises(SourceFailed, match="/dev/ttyNONE unit 1: cannot be connected") as failure:
        asyncio.run(ask(ModbusSettings(serial="/dev/ttyNONE"), maps["leak_detector"]))
    assert failure.value.gap.word == "unreachable"


@pytest.mark.parametrize("more", [{}, {"host": "127.0.0.1", "serial": "/dev/ttyS0"}], ids=["neither", "both"])
def test_a_device_is_either_at_an_address_or_on_a_line(more: dict[str, Any]) -> None:
    with pytest.raises(WrongSettings, match="host or serial"):
        ModbusSettings(**more)
