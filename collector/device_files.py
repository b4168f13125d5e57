"""Device files, read strictly: the first thing that is wrong stops the start, with file and field named."""

from __future__ import annotations

from pathlib import Path

import yaml

from collector.device_fields import DeviceFileError, Fields
from collector.device_type import DeviceType, FactPlace, Measure, Place, Recognition, StateTable
from collector.sources import SOURCES
from readings.catalogue import Catalogue, Metric
from readings.units import UnitError, in_unit

FOLDER = Path(__file__).parent / "devices"
KINDS = (  # what the ledger calls such a device
    *("air_conditioner", "bmc", "environment", "firewall", "host", "network"),
    *("pdu", "storage", "switch", "ups", "wireless"),
)
DEFAULT_INTERVAL, SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = "60 s", 5.0, 3600.0


def load_device_types(catalogue: Catalogue, folder: Path = FOLDER) -> dict[str, DeviceType]:
    """Every ``*.yaml`` of ``folder`` by id. Raises DeviceFileError for the first thing that is wrong."""
    types = {file.stem: load_device_type(file, catalogue) for file in sorted(folder.glob("*.yaml"))}
    if not types:
        raise DeviceFileError(f"{folder}: no device type in any *.yaml")
    return types


def load_device_type(file: Path, catalogue: Catalogue) -> DeviceType:
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DeviceFileError(f"{file.name}: not YAML: {' '.join(str(error).split())}") from error
    try:
        return _device_type(Fields(written), file.stem, catalogue)
    except DeviceFileError as error:
        raise DeviceFileError(f"{file.name}: {error}") from error


def _device_type(fields: Fields, stem: str, catalogue: Catalogue) -> DeviceType:
    id_ = fields.text("id")
    if id_ != stem:
        raise fields.wrong("id", f"{id_!r} is not the file's name {stem!r}")
    kind = fields.text("kind")
    if kind not in KINDS:
        raise fields.wrong("kind", f"{kind!r} is none of {', '.join(KINDS)}")
    vendor = fields.text("vendor", "")
    order = fields.numbers("order") or frozenset({0.0})
    recognise = tuple(_recognition(ways) for ways in fields.each("recognise")) or (Recognition(),)
    named = fields.texts("sources")
    unknown = [name for name in named if name not in SOURCES]
    if unknown:
        raise fields.wrong("sources", f"{unknown[0]!r} is none of {', '.join(SOURCES)}")
    interval_s = _interval(fields)
    measures = tuple(_measure(row, catalogue) for row in fields.each("values"))
    states = tuple(_states(row, catalogue) for row in fields.each("states"))
    facts = _facts(fields.inside("facts"))
    fields.done()
    sources = tuple(SOURCES[name] for name in named)
    return DeviceType(id_, kind, vendor, recognise, sources, interval_s, measures, states, facts, int(min(order)))


def _recognition(fields: Fields) -> Recognition:
    found = Recognition(fields.oids("sys_object_id"), fields.pattern("sys_descr"), fields.oids("answers"))
    fields.done()
    return found


def _interval(fields: Fields) -> float:
    text = fields.text("interval", DEFAULT_INTERVAL)
    try:
        seconds = in_unit(text, "seconds")
    except UnitError as error:
        raise fields.wrong("interval", str(error)) from error
    if not SHORTEST_INTERVAL_S <= seconds <= LONGEST_INTERVAL_S:
        raise fields.wrong("interval", f"{text!r} is not between 5 s and 1 h")
    return seconds


def _metric(fields: Fields, catalogue: Catalogue, *, state: bool) -> Metric:
    key = fields.text("metric")
    metric = catalogue.get(key)
    if metric is None:
        raise fields.wrong("metric", f"no metric is called {key!r}")
    if (metric.kind == "state") != state:
        raise fields.wrong("metric", f"{key} is a {metric.kind}: it stands under {'values' if state else 'states'}")
    return metric


def _place(fields: Fields) -> Place:
    at, column = fields.oid("at"), fields.oid("column")
    if bool(at) == bool(column):
        raise fields.wrong("at", "one of at (an object) and column (a row each), not both")
    named_by, via = fields.oid("named_by"), fields.oid("via")
    part = fields.text("part", "")
    if at and (named_by or via):
        raise fields.wrong("named_by", "only the rows of a column are named by another")
    if via and not named_by:
        raise fields.wrong("via", "leads to a name: named_by is missing")
    alone = fields.text("alone", "") if fields.has("alone") else None
    called = fields.pattern("called")
    if called is not None and not named_by and "{index}" not in part:
        raise fields.wrong("called", "chooses rows by their names: named_by is missing, or {index} in part")
    where, among, other_than = "", frozenset[float](), frozenset[float]()
    if fields.has("where"):
        condition = fields.inside("where")
        where = condition.oid("column")
        among, other_than = condition.numbers("among"), condition.numbers("other_than")
        condition.done()
        if not where or not (among or other_than) or at:
            raise fields.wrong("where", "a column and the numbers it is among or other_than, for rows of a column")
    return Place(at, column, part, named_by, via, where, among, other_than, alone, called, fields.oid("unless"))


def _measure(fields: Fields, catalogue: Catalogue) -> Measure:
    metric = _metric(fields, catalogue, state=False)
    place = _place(fields)
    of, beside = fields.oid("of"), fields.oid("beside")
    invert = fields.flag("invert")
    if (of or beside) and metric.unit != "ratio":
        raise fields.wrong("of", f"{metric.key} is no ratio")
    if of and beside:
        raise fields.wrong("of", "one of of (the whole) and beside (the rest), not both")
    step = 1.0 if of or beside else fields.step("each", metric.unit)
    within = fields.pattern("within")
    if within is not None and within.groups != 1:
        raise fields.wrong("within", "has one group: the number")
    gaps, absent = fields.numbers("gaps"), fields.numbers("absent")
    least = fields.step("least", metric.unit) if fields.has("least") else None
    otherwise = fields.flag("otherwise")
    digits = fields.oid("digits")
    if digits and not place.column:
        raise fields.wrong("digits", "a column beside the rows of a column")
    found = Measure(metric.key, place, step, gaps, absent, of, beside, invert, within, least, otherwise, digits)
    fields.done()
    return found


def _states(fields: Fields, catalogue: Catalogue) -> StateTable:
    metric = _metric(fields, catalogue, state=True)
    place = _place(fields)
    words = {state.en: number for number, state in metric.states.items()}
    means: dict[float | str, int] = {}
    for said, word in fields.mapping("means").items():
        if not isinstance(said, int | float | str) or isinstance(said, bool):
            raise fields.wrong("means", f"{said!r} is neither a number nor a text (quote yes, no, on, off)")
        if word not in words:
            raise fields.wrong("means", f"{said}: {word!r} is none of {', '.join(words)}")
        means[said if isinstance(said, str) else float(said)] = words[word]
    absent, gaps = fields.numbers("absent"), fields.numbers("gaps")
    found = StateTable(metric.key, place, means, absent, gaps, fields.flag("otherwise"))
    fields.done()
    return found


def _facts(fields: Fields) -> dict[str, tuple[FactPlace, ...]]:
    facts: dict[str, tuple[FactPlace, ...]] = {}
    for key in fields.left():
        places: list[FactPlace] = []
        for place in fields.each(key):
            at, column, pattern = place.oid("at"), place.oid("column"), place.pattern("sys_descr")
            place.done()
            if sum((bool(at), bool(column), pattern is not None)) != 1:
                raise place.wrong("at", "one of at, column and sys_descr")
            if pattern is not None and pattern.groups != 1:
                raise place.wrong("sys_descr", "has one group: what it finds is the fact")
            places.append(FactPlace(at, column, pattern))
        facts[key] = tuple(places)
    return facts
