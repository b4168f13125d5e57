"""Recordings torn at random are read all the same: nothing stops us, and no value is there that nobody said."""

from __future__ import annotations

import bz2
import json
import math
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import zhishou
from collector.actions.check import explain_recording
from collector.device_files import load_device_types
from collector.device_type import DeviceType
from collector.explained import Explained
from collector.identify import read_device
from collector.possible import possible
from collector.recording import RecordingError
from collector.walk import Walk
from readings.catalogue import load_catalogue
from readings.model import Gap
from tests.recordings import recordings

# One of each kind, none large.
SMALL = (
    *("apc-8932", "brocade-ds-5100b", "cisco-c3750", "eaton-93e-80", "fortinet-xcu", "geist-temperature-sensor"),
    *("h3c-wx6103", "hp-onboard-administrator", "huawei-s5720", "ibm-x3550-m3", "netapp-fas3270", "nsfocus-ads"),
    *("phoenixtec-power", "ruijie-s5750-24gt12sfp", "sangfor-ad1800-fp2", "topsec-ngfw4000-uf", "vertiv-power"),
)
MOST_LINES = 4_000
SENTINELS = (b"-1", b"65535", b"2147483647", b"-2147483648", b"4294967295", b"18446744073709551615")
JUNK = (b"", b"?", b"\xb2\xe2\xca\xd4", b"\xff\xfe\x00", b"nan", b"1e999", b"-", b"9" * 400, "风扇".encode())


@cache
def lines(name: str) -> tuple[bytes, ...]:
    path = recordings()[name]
    whole = bz2.decompress(path.read_bytes()) if path.suffix == ".bz2" else path.read_bytes()
    return tuple(line for line in whole.split(b"\n") if line)[:MOST_LINES]


@cache
def types() -> dict[str, DeviceType]:
    return load_device_types(load_catalogue())


def explained(written: list[bytes]) -> Explained | None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "torn.snmprec"
        file.write_bytes(b"\n".join(written) + b"\n")
        try:
            return explain_recording(file, types())
        except RecordingError:
            return None


def torn(line: bytes, how: int, with_: int) -> list[bytes]:
    """One line as a bad agent, a bad disk or a bad hand would leave it."""
    oid, tag, value = [*line.split(b"|", 2), b"", b""][:3]
    junk, sentinel = JUNK[with_ % len(JUNK)], SENTINELS[with_ % len(SENTINELS)]
    ways: tuple[list[bytes], ...] = (
        [b"|".join((oid, tag, junk))],
        [b"|".join((oid, b"2", sentinel))],
        [b"|".join((oid, b"4x", b"b2e2cad4"))],
        [b"|".join((oid, (b"2", b"4", b"6", b"64", b"67", b"99")[with_ % 6], value))],
        [b"|".join((oid + b".0", tag, value))],
        [line[: with_ % (len(line) + 1)]],
        [line, b"|".join((oid, tag, junk))],
        [],
    )
    return ways[how % len(ways)]


@settings(max_examples=120, deadline=None)
@example("netapp-fas3270", [(198, 5, 30239)])  # an identifier that ends in the middle
@given(
    st.sampled_from(SMALL),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 7), st.integers(0, 10**6)), min_size=1, max_size=400),
)
def test_nothing_torn_stops_the_reading_and_every_value_can_be(name: str, tears: list[tuple[int, int, int]]) -> None:
    whole = lines(name)
    wounds = {at % len(whole): (how, with_) for at, how, with_ in tears}
    said = explained([
        piece for at, line in enumerate(whole) for piece in (torn(line, *wounds[at]) if at in wounds else [line])
    ])  # fmt: skip
    assert said is not None
    json.dumps(said.as_json(), allow_nan=False)
    catalogue = load_catalogue()
    for sample in said.reading.samples:
        metric = catalogue[sample.metric]
        if isinstance(sample.value, Gap):
            continue
        assert math.isfinite(sample.value)
        assert possible(sample.metric, sample.value)
        assert metric.kind != "state" or int(sample.value) in metric.states


@pytest.mark.parametrize("name", SMALL)
def test_a_recording_whose_values_are_all_unreadable_has_no_value(name: str) -> None:
    """Only what a device is known by is left."""
    known = (b"1.3.6.1.2.1.1.1.0|", b"1.3.6.1.2.1.1.2.0|")
    said = explained([
        line if line.startswith(known) else b"|".join((*line.split(b"|", 2)[:1], b"4", b"?")) for line in lines(name)
    ])  # fmt: skip
    assert said is not None
    assert [sample for sample in said.reading.samples if not isinstance(sample.value, Gap)] == []


@pytest.mark.parametrize("junk", [b"9" * 400, b"-" + b"9" * 30, b"0"], ids=["endless", "far_below", "nought"])
@pytest.mark.parametrize("name", SMALL)
def test_a_recording_whose_numbers_are_all_alike_is_read_all_the_same(name: str, junk: bytes) -> None:
    numbers = (b"2", b"65", b"66", b"67", b"70")
    said = explained([
        b"|".join((oid, tag, junk)) if tag in numbers else b"|".join((oid, tag, value))
        for oid, tag, value in (line.split(b"|", 2) for line in lines(name) if line.count(b"|") > 1)
    ])  # fmt: skip
    assert said is not None
    assert all(
        isinstance(sample.value, Gap) or possible(sample.metric, sample.value) for sample in said.reading.samples
    )


@pytest.mark.parametrize("sentinel", [-1, 65535, 32767, 2147483647, -2147483648])
def test_no_sentinel_is_a_temperature_or_a_share(sentinel: int) -> None:
    """Whatever type, wherever such a value stands: what is not listed as a sentinel cannot be one either."""
    for type_ in types().values():
        rows = [one for one in type_.measures if one.metric.endswith(("_celsius", "_ratio"))]
        places = {one.place.at or f"{one.place.column}.1": sentinel for one in rows}
        read = read_device(type_, Walk(places))
        told = [sample for sample in read.samples if sample.metric.endswith(("_celsius", "_ratio"))]
        values = {sample.metric: sample.value for sample in told if not isinstance(sample.value, Gap)}
        assert {metric: value for metric, value in values.items() if not possible(metric, value)} == {}
        assert sentinel == -1 or values == {}, type_.id


@pytest.mark.parametrize("written", [b"", b"\n\n", b"\x00" * 4096, b"no recording\n" * 50, b"|||\n"])
def test_what_is_no_recording_is_refused_in_a_sentence(
    written: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nothing.snmprec"
    file.write_bytes(written)
    assert zhishou.main(["collector", "check", "--recording", str(file), "--json"]) == 1
    assert str(file) in capsys.readouterr().err
