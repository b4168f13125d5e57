"""The text of the newest readings: escaped, grouped, without what is stale or a gap, formatted once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import numpy as np
import pytest

from readings.catalogue import load_catalogue
from readings.model import GAP_FLOATS, Gap
from readings.wire import pack_series
from server.exposition.names import escaped
from server.exposition.readings_text import ReadingsText
from server.live import DeviceNow, SourceNow
from server.series import series_ref

NOW = 1_800_000_000_000
Values = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def catalogue() -> object:
    return load_catalogue()


@pytest.fixture
def readings(catalogue: dict[str, object]) -> ReadingsText:
    return ReadingsText(catalogue)  # type: ignore[arg-type]  # the catalogue, typed loosely by the fixture


def source(values: Values, at_ms: int = NOW, gap: Gap | None = None) -> SourceNow:
    return SourceNow(at_ms, series_ref(pack_series(list(values))), np.array(list(values.values())), gap)


def device(device_no: str = "SRV-1", **sources: SourceNow) -> DeviceNow:
    return DeviceNow(device_no, sources, NOW, NOW)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_a_reading_is_one_line_with_its_device_and_part(readings: ReadingsText) -> None:
    text = readings.text([device(cpu=source({("cpu_busy_ratio", "total"): 0.1, ("load1", ""): 2.0}))], NOW)
    assert lines(text) == [
        'zhishou_cpu_busy_ratio{device="SRV-1",cpu="total"} 0.1',
        'zhishou_load1{device="SRV-1"} 2.0',
    ]
    assert "# TYPE zhishou_cpu_busy_ratio gauge\n" in text


def test_each_metric_stands_together_under_one_head(readings: ReadingsText) -> None:
    devices = [device(f"SRV-{n}", a=source({("load1", ""): n, ("forks_total", ""): n})) for n in range(3)]
    text = readings.text(devices, NOW)
    kinds = [line.split()[2] if line.startswith("# TYPE") else line.partition("{")[0] for line in text.splitlines()]
    assert kinds[1:5] == ["zhishou_forks_total"] * 4
    assert text.count("# TYPE zhishou_load1 ") == 1
    assert "# TYPE zhishou_forks_total counter" in text


def test_names_and_parts_are_escaped(readings: ReadingsText) -> None:
    text = readings.text([device("机房-1", disk=source({("filesystem_used_ratio", 'C:\\ "data"'): 0.5}))], NOW)
    assert lines(text) == [r'zhishou_filesystem_used_ratio{device="机房-1",mount="C:\\ \"data\""} 0.5']
    assert escaped("one\nline") == r"one\nline"


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.1, "0.1"), (1e300, "1e+300"), (float("inf"), "+Inf"), (float("-inf"), "-Inf"), (-0.0, "-0.0"), (7.0, "7.0")],
)
def test_a_value_reads_back_to_the_bit(readings: ReadingsText, value: float, written: str) -> None:
    text = readings.text([device(a=source({("load1", ""): value}))], NOW)
    assert text.endswith(f" {written}\n")
    assert float(text.rsplit(" ", 1)[1]) == value


def test_what_is_stale_or_a_gap_is_absent(readings: ReadingsText) -> None:
    told = device(
        fresh=source({("load1", ""): 1.0, ("load5", ""): GAP_FLOATS[Gap.TIMED_OUT], ("load15", ""): float("nan")}),
        old=source({("uptime_seconds", ""): 1.0}, at_ms=NOW - 45_001),
        failed=source({("threads_count", ""): 1.0}, gap=Gap.REFUSED),
    )
    assert lines(readings.text([told], NOW)) == ['zhishou_load1{device="SRV-1"} 1.0']


def test_only_what_changed_is_written_anew_and_gaps_come_and_go(readings: ReadingsText) -> None:
    for values in ([1.0, 2.0], [1.0, 3.0], [GAP_FLOATS[Gap.LOST], 3.0], [1.5, 3.0]):
        told = source(dict(zip([("load1", ""), ("load5", "")], values, strict=True)))
        wanted = [value for value in values if value == value]
        assert [float(line.rsplit(" ", 1)[1]) for line in lines(readings.text([device(a=told)], NOW))] == wanted


def test_a_series_that_two_sources_tell_is_there_once(readings: ReadingsText) -> None:
    same = {("load1", ""): 1.0}
    assert len(lines(readings.text([device(a=source(same), b=source(same))], NOW))) == 1
    later = device(a=source(same, at_ms=NOW - 60_000), b=source({("load1", ""): 2.0}))
    assert lines(readings.text([later], NOW)) == ['zhishou_load1{device="SRV-1"} 2.0'], "the fresh one is told"


def test_what_the_catalogue_does_not_know_is_untyped(readings: ReadingsText) -> None:
    text = readings.text([device(a=source({("something_new", "x"): 1.0}))], NOW)
    assert "# TYPE zhishou_something_new untyped" in text
    assert lines(text) == ['zhishou_something_new{device="SRV-1",part="x"} 1.0']


@pytest.mark.peer("promtool")
def test_promtool_finds_no_fault_in_any_metric_of_the_catalogue(
    catalogue: dict[str, object], readings: ReadingsText, peer: Callable[[str], str]
) -> None:
    values = {(key, "x"): 1.0 for key in catalogue}
    text = readings.text([device(a=source(values)), device("SRV-2", a=source({("not_in_it", ""): 1.0}))], NOW)
    told = subprocess.run(
        [peer("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout + told.stderr) == (0, "")
    names = [line.partition("{")[0] for line in lines(text)]
    assert len(names) == len(set(names)), "no two metrics of the catalogue share a name"
