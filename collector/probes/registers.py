"""Register maps: what the registers of a Modbus device mean, read from ``collector/registers/*.yaml``.

A map that says something wrong stops the start: :class:`WrongMap` names the file, the register and the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta

from readings.catalogue import Catalogue, Metric
from readings.units import UnitError, in_unit

FOLDER = Path(__file__).parents[1] / "registers"
MOST_REGISTERS = 500
SIZES = {
    "bit": 1,
    "uint16": 1,
    "int16": 1,
    "uint32": 2,
    "int32": 2,
    "float32": 2,
    "uint64": 4,
    "int64": 4,
    "float64": 4,
}
Kind = Literal["bit", "uint16", "int16", "uint32", "int32", "float32", "uint64", "int64", "float64"]
WordOrder = Literal["high_first", "low_first"]
UnitId = Annotated[int, Meta(ge=0, le=255)]
BIT_FUNCTIONS = (1, 2)


class WrongMap(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """A register map cannot be used."""


class WrittenRegister(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry as it stands in the file. ``scale`` and ``offset`` are quantities: ``0.1 ℃``, ``-40 ℃``."""

    metric: str
    function: Literal[1, 2, 3, 4]
    address: Annotated[int, Meta(ge=0, le=65535)]
    type: Kind
    part: Annotated[str, Meta(max_length=120)] = ""
    word_order: WordOrder | None = None
    bit: Annotated[int, Meta(ge=0, le=15)] | None = None
    scale: str | float | None = None
    offset: str | float | None = None
    sentinels: Annotated[tuple[float, ...], Meta(max_length=20)] = ()
    between: tuple[str | float, str | float] | None = None
    means: Annotated[dict[int, int], Meta(max_length=100)] | None = None


class WrittenMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    zh: Annotated[str, Meta(min_length=1)]
    en: Annotated[str, Meta(min_length=1)]
    proposal: bool
    registers: Annotated[tuple[WrittenRegister, ...], Meta(min_length=1, max_length=MOST_REGISTERS)]
    unit_id: UnitId = 1
    word_order: WordOrder = "high_first"


@dataclass(frozen=True, slots=True)
class Register:
    """``means`` of a state is every number the device may give; of a number it is None, and ``scale`` counts.

    ``sentinels`` are what the device itself gives for "no value", before scaling; ``between`` are the limits of what
    is possible, in the metric's unit.
    """

    metric: str
    part: str
    function: int
    address: int
    kind: Kind
    low_first: bool
    bit: int | None
    scale: float
    offset: float
    sentinels: tuple[float, ...]
    between: tuple[float, float] | None
    means: Mapping[int, int] | None

    @property
    def size(self) -> int:
        return SIZES[self.kind]


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """``proposal``: made from what such devices usually have, to be compared with the manual of the one at hand."""

    id: str
    zh: str
    en: str
    proposal: bool
    unit_id: int
    registers: tuple[Register, ...]


def load_maps(catalogue: Catalogue, folder: Path = FOLDER) -> dict[str, RegisterMap]:
    """Every map of ``folder`` by its id. Raises WrongMap for the first thing that is wrong."""
    return {file.stem: load_map(file, catalogue) for file in sorted(folder.glob("*.yaml"))}


def load_map(file: Path, catalogue: Catalogue) -> RegisterMap:
    """Raises WrongMap."""
    try:
        written = msgspec.convert(_plain(file), WrittenMap)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise WrongMap(f"{file.name}: {' '.join(str(error).split())}") from error
    if written.id != file.stem:
        raise WrongMap(f"{file.name}: id: {written.id!r} is not the file's name")
    registers: list[Register] = []
    for number, one in enumerate(written.registers):
        try:
            registers.append(_register(one, written.word_order, catalogue))
        except (ValueError, UnitError) as error:
            raise WrongMap(f"{file.name}: registers[{number}]: {error}") from error
    names = [(register.metric, register.part) for register in registers]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise WrongMap(f"{file.name}: {' '.join(twice)}: told by two registers")
    return RegisterMap(written.id, written.zh, written.en, written.proposal, written.unit_id, tuple(registers))


def _plain(file: Path) -> Any:
    text = file.read_text(encoding="utf-8")
    # References could multiply a small file into a large one; no map needs them.
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise yaml.YAMLError("a * that refers to something said before is not taken; say it twice")
    return yaml.safe_load(text)


def _register(written: WrittenRegister, word_order: WordOrder, catalogue: Catalogue) -> Register:
    """Raises ValueError, UnitError."""
    metric = catalogue.get(written.metric)
    if metric is None:
        raise ValueError(f"metric: {written.metric!r} is not in the catalogue")
    _check(written, metric)
    between = written.between
    limits = None if between is None else (in_unit(between[0], metric.unit), in_unit(between[1], metric.unit))
    if limits is not None and limits[0] >= limits[1]:
        raise ValueError(f"between: {between} begins where it ends, or later")
    return Register(
        metric=written.metric,
        part=written.part,
        function=written.function,
        address=written.address,
        kind=written.type,
        low_first=(written.word_order or word_order) == "low_first",
        bit=written.bit,
        scale=1.0 if written.scale is None else in_unit(written.scale, metric.unit),
        offset=0.0 if written.offset is None else in_unit(written.offset, metric.unit),
        sentinels=written.sentinels,
        between=limits,
        means=written.means,
    )


def _check(written: WrittenRegister, metric: Metric) -> None:
    if bool(written.part) != bool(metric.part):
        raise ValueError(f"part: {metric.key} has {'a part: ' + metric.part if metric.part else 'none'}")
    if (written.type == "bit") != (written.function in BIT_FUNCTIONS):
        raise ValueError(f"type: {written.type} is not what function {written.function} reads")
    if written.bit is not None and written.type != "uint16":
        raise ValueError(f"bit: of a uint16 only, not of {written.type}")
    if written.address + SIZES[written.type] > 65536:
        raise ValueError(f"address: {written.type} at {written.address} ends past 65535")
    if metric.kind == "state":
        if not written.means:
            raise ValueError(f"means: {metric.key} is a state: say what each number of the device means")
        unknown = [number for number in written.means.values() if number not in metric.states]
        if unknown:
            raise ValueError(f"means: {unknown[0]} is no state of {metric.key}")
        if written.scale is not None or written.offset is not None or written.between is not None:
            raise ValueError("scale, offset, between: a state has none")
    elif written.means is not None:
        raise ValueError(f"means: {metric.key} is no state")
    elif metric.unit and written.scale is None:
        raise ValueError(f"scale: is missing; one count of the device is how much, such as '0.1 …' in {metric.unit}")
