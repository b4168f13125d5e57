"""A run is judged to its end by the copy of the profile it began with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checklists.rule_fields import RuleError
from checklists.verification.loading import FOLDER, load_profile, load_profiles
from checklists.verification.profile import Profile, from_json
from readings.catalogue import load_catalogue

ALLOW = """allow:
  - {pattern: "ACPI Error: AE_NOT_FOUND", reason: firmware of this model, approver: wang, expires: 2027-06-30}
"""


def written(folder: Path, change: tuple[str, str] = ("", "")) -> Profile:
    (folder / "server.yaml").write_text((FOLDER / "server.yaml").read_text().replace(*change))
    return load_profile(folder / "server.yaml", load_catalogue())


def test_the_frozen_copy_is_the_same_profile_with_the_same_hash(tmp_path: Path) -> None:
    profile = written(tmp_path, ("allow: []\n", ALLOW))
    again = from_json(profile.as_json())
    assert again == profile
    assert (again.hash, again.as_json()) == (profile.hash, profile.as_json())
    assert [(entry.approver, str(entry.expires)) for entry in again.allow] == [("wang", "2027-06-30")]


def test_the_hash_is_of_the_content_alone(tmp_path: Path) -> None:
    shipped = load_profiles(load_catalogue())["server"]
    assert len(shipped.hash) == 64
    assert written(tmp_path, ("# Approved exceptions", "# Exceptions")).hash == shipped.hash
    shuffled = json.dumps(dict(reversed(json.loads(shipped.as_json()).items())))
    assert from_json(shuffled).hash == shipped.hash


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("busy: 80 %", "busy: 81 %"), id="a limit"),
        pytest.param(("version: 2", "version: 3"), id="the version"),
        pytest.param(("allow: []\n", ALLOW), id="an exception"),
        pytest.param(("zh: CPU 正常", "zh: CPU"), id="a word"),
    ],
)
def test_another_content_is_another_hash(tmp_path: Path, change: tuple[str, str]) -> None:
    assert written(tmp_path, change).hash != written(tmp_path).hash


@pytest.mark.parametrize(
    ("frozen", "because"),
    [
        pytest.param("{", "not JSON", id="cut off"),
        pytest.param("[]", "is a mapping", id="no fields"),
        pytest.param('{"id": "server"}', "version: is missing", id="half of it"),
    ],
)
def test_a_frozen_copy_that_cannot_stand_is_refused(frozen: str, because: str) -> None:
    with pytest.raises(RuleError, match=because):
        from_json(frozen)
