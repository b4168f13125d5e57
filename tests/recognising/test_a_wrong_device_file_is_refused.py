"""A device file that cannot stand stops the start, with file and field named; what is shipped stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.device_fields import DeviceFileError
from collector.device_files import FOLDER, load_device_type, load_device_types
from collector.device_type import DeviceType
from readings.catalogue import Catalogue

CASES = sorted((Path(__file__).parents[1] / "refused" / "devices").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_file_is_refused_because(case: Path, catalogue: Catalogue) -> None:
    with pytest.raises(DeviceFileError) as refused:
        load_device_type(case / f"{case.name}.yaml", catalogue)
    assert str(refused.value).startswith((case / "because.txt").read_text().strip())


def test_a_folder_without_device_types_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(DeviceFileError, match="no device type"):
        load_device_types(catalogue, tmp_path)


def test_every_shipped_file_names_the_mib_it_rests_on() -> None:
    silent = [file.name for file in FOLDER.glob("*.yaml") if not file.read_text(encoding="utf-8").startswith("# ")]
    assert silent == []


def test_no_two_types_claim_the_same_devices(types: dict[str, DeviceType]) -> None:
    claims: dict[tuple[str, str, tuple[str, ...]], str] = {}
    for one in types.values():
        for way in one.recognise:
            pattern = way.sys_descr.pattern if way.sys_descr else ""
            for oid in way.sys_object_ids or ("",):
                assert claims.setdefault((oid, pattern, way.answers), one.id) == one.id
