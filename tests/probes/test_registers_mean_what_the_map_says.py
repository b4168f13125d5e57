"""Decoding of Modbus registers: types, words, scale, sentinels, limits and states; and maps that are refused."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.probes.modbus import ModbusAnswer, blocks, read
from collector.probes.registers import FOLDER, RegisterMap, WrongMap, load_map, load_maps
from readings.catalogue import Catalogue
from readings.model import Gap

MapOf = Callable[[str], RegisterMap]
TEMPERATURE = "metric: temperature_celsius, part: room"


@pytest.fixture
def map_of(tmp_path: Path, catalogue: Catalogue) -> MapOf:
    """A map with these registers, one ``{…}`` a line."""

    def make(registers: str) -> RegisterMap:
        lines = "".join(f"  - {line}\n" for line in registers.splitlines())
        (tmp_path / "x.yaml").write_text(f"id: x\nzh: 试\nen: x\nproposal: true\nregisters:\n{lines}")
        return load_map(tmp_path / "x.yaml", catalogue)

    return make


def words(form: str, value: float) -> list[int]:
    told = struct.pack(f">{form}", value)
    return [int.from_bytes(told[place : place + 2], "big") for place in range(0, len(told), 2)]


@pytest.mark.parametrize(
    ("register", "given", "expected"),
    [
        pytest.param("type: int16, scale: 0.1 ℃", words("h", -55), -5.5, id="a negative tenth"),
        pytest.param("type: uint16, scale: 0.1 ℃", [235], 23.5, id="a tenth stays exact"),
        pytest.param("type: uint16, scale: 1 ℃, offset: -40 ℃", [65], 25.0, id="an offset"),
        pytest.param("type: uint32, scale: 0.01 ℃", words("I", 70000), 700.0, id="two words, high first"),
        pytest.param("type: int32, scale: 1 ℃, word_order: low_first", words("i", -7)[::-1], -7.0, id="low word first"),
        pytest.param("type: float32, scale: 1 ℃", words("f", 21.5), 21.5, id="a float"),
        pytest.param("type: float64, scale: 1 ℃, word_order: low_first", words("d", 1.25)[::-1], 1.25, id="a double"),
        pytest.param("type: uint64, scale: 0.001 ℃", words("Q", 1500), 1.5, id="four words"),
        pytest.param("type: int16, scale: 1 ℃, sentinels: [32767]", [32767], Gap.UNREADABLE, id="a sentinel"),
        pytest.param("type: float32, scale: 1 ℃", words("f", float("nan")), Gap.UNREADABLE, id="not a number"),
        pytest.param("type: float32, scale: 1 ℃", words("f", float("inf")), Gap.UNREADABLE, id="without end"),
        pytest.param("type: int16, scale: 0.1 ℃, between: [-40 ℃, 85 ℃]", [9999], Gap.UNREADABLE, id="impossible"),
        pytest.param("type: int16, scale: 0.1 ℃, between: [-40 ℃, 85 ℃]", [850], 85.0, id="at the limit"),
        pytest.param("type: uint32, scale: 1 ℃", [1], Gap.UNREADABLE, id="half a value"),
    ],
)
def test_a_register_is_decoded_as_written(
    map_of: MapOf, register: str, given: list[int], expected: float | Gap
) -> None:
    one = map_of(f"{{{TEMPERATURE}, function: 4, address: 10, {register}}}")
    answer = ModbusAnswer({(4, 10 + place): word for place, word in enumerate(given)})
    assert [sample.value for sample in read(one, answer)] == [expected]


@pytest.mark.parametrize(
    ("given", "expected"), [(0, 1.0), (1, 0.0), (2, Gap.UNREADABLE)], ids=["open", "shut", "unlisted"]
)
def test_a_state_is_what_was_mapped_by_hand_and_nothing_else(map_of: MapOf, given: int, expected: float | Gap) -> None:
    one = map_of("{metric: door_open_state, part: a, function: 3, address: 0, type: uint16, means: {0: 1, 1: 0}}")
    assert [sample.value for sample in read(one, ModbusAnswer({(3, 0): given}))] == [expected]


def test_bits_of_one_register_are_states_of_their_own(map_of: MapOf) -> None:
    one = map_of(
        "{metric: smoke_state, part: a, function: 3, address: 5, type: uint16, bit: 0, means: {0: 0, 1: 1}}\n"
        "{metric: smoke_state, part: b, function: 3, address: 5, type: uint16, bit: 15, means: {0: 0, 1: 1}}"
    )
    assert [sample.value for sample in read(one, ModbusAnswer({(3, 5): 0x8000}))] == [0.0, 1.0]


def test_only_neighbours_are_asked_together(map_of: MapOf) -> None:
    many = map_of(
        "\n".join(
            f"{{metric: temperature_celsius, part: p{place}, function: {function}, address: {place}, type: uint16,"
            " scale: 1 ℃}"
            for function, place in ((3, 0), (3, 1), (3, 3), (4, 4), *((3, 100 + step) for step in range(70)))
        )
    )
    asked = [(block[0].function, block[0].address, len(block)) for block in blocks(many.registers)]
    assert asked == [(3, 0, 2), (3, 3, 1), (3, 100, 64), (3, 164, 6), (4, 4, 1)]


def test_every_shipped_map_stands_and_says_that_it_is_a_proposal(catalogue: Catalogue) -> None:
    maps = load_maps(catalogue)
    assert set(maps) == {"temperature_humidity_transmitter", "leak_detector", "smoke_door_contacts", "crac_generic"}
    assert set(maps) == {file.stem for file in FOLDER.glob("*.yaml")}
    assert all(one.proposal for one in maps.values())


@pytest.mark.parametrize(
    ("register", "says"),
    [
        pytest.param("metric: nothing, function: 3, address: 0, type: int16", "not in the catalogue", id="metric"),
        pytest.param(f"{TEMPERATURE}, function: 3, address: 0, type: int16", "scale: is missing", id="no scale"),
        pytest.param(
            f"{TEMPERATURE}, function: 3, address: 0, type: int16, scale: 0.1 %", "not a temperature", id="unit"
        ),
        pytest.param(
            f"{TEMPERATURE}, function: 2, address: 0, type: int16, scale: 1 ℃", "function 2 reads", id="function"
        ),
        pytest.param(f"{TEMPERATURE}, function: 6, address: 0, type: int16, scale: 1 ℃", "function", id="a write"),
        pytest.param(f"{TEMPERATURE}, function: 3, address: 65535, type: int32, scale: 1 ℃", "past 65535", id="end"),
        pytest.param(f"{TEMPERATURE}, function: 3, address: 0, type: bcd, scale: 1 ℃", "type", id="type"),
        pytest.param(f"{TEMPERATURE}, function: 3, address: 0, type: int16, scale: 1 ℃, x: 1", "`x`", id="field"),
        pytest.param(
            f"{TEMPERATURE}, function: 3, address: 0, type: int16, scale: 1 ℃, between: [9 ℃, 1 ℃]",
            "between",
            id="limits the wrong way round",
        ),
        pytest.param(
            "metric: temperature_celsius, function: 3, address: 0, type: int16, scale: 1 ℃", "part", id="no part"
        ),
        pytest.param("metric: smoke_state, part: a, function: 2, address: 0, type: bit", "means", id="no states"),
        pytest.param(
            "metric: smoke_state, part: a, function: 2, address: 0, type: bit, means: {0: 0, 1: 7}",
            "7 is no state",
            id="a state that is none",
        ),
        pytest.param(
            f"{TEMPERATURE}, function: 3, address: 0, type: int16, scale: 1 ℃, means: {{0: 0}}", "no state", id="number"
        ),
    ],
)
def test_a_wrong_map_is_refused_with_file_register_and_field(map_of: MapOf, register: str, says: str) -> None:
    with pytest.raises(WrongMap, match=r"x\.yaml") as refusal:
        map_of(f"{{{register}}}")
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("id: y\nzh: 试\nen: y\nproposal: true\nregisters: [{}]", "metric", id="an empty register"),
        pytest.param("id: [", "expected", id="no YAML"),
        pytest.param("id: &a x\nzh: *a", "say it twice", id="a reference"),
        pytest.param("id: x\nzh: 试\nen: x\nproposal: true\nregisters: []", "registers", id="no registers"),
    ],
)
def test_a_file_that_is_no_map_is_refused(tmp_path: Path, catalogue: Catalogue, text: str, says: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(WrongMap, match=says):
        load_map(tmp_path / "x.yaml", catalogue)


def test_a_map_has_the_name_of_its_file_and_tells_nothing_twice(tmp_path: Path, catalogue: Catalogue) -> None:
    text = (FOLDER / "leak_detector.yaml").read_text()
    (tmp_path / "other.yaml").write_text(text)
    with pytest.raises(WrongMap, match="is not the file's name"):
        load_map(tmp_path / "other.yaml", catalogue)
    line = next(line for line in text.splitlines() if "leak_state" in line)
    (tmp_path / "leak_detector.yaml").write_text(f"{text}\n{line}\n")
    with pytest.raises(WrongMap, match="told by two registers"):
        load_map(tmp_path / "leak_detector.yaml", catalogue)
