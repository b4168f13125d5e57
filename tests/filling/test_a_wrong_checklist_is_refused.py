"""A checklist file that cannot stand stops the start, with file and field named; what is shipped stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checklists.duty.loading import FOLDER, load_template, load_templates
from checklists.duty.template import Template
from checklists.duty.thawing import template_from
from checklists.rule_fields import RuleError
from readings.catalogue import Catalogue, load_catalogue
from server.centre import Settings
from server.people.posts import POSTS
from server.serve import StartRefusedError, open_centre

CASES = sorted((Path(__file__).parents[1] / "refused" / "templates").iterdir())


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def round_of_hosts(catalogue: Catalogue) -> Template:
    return load_templates(catalogue, POSTS)["host_round"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_file_is_refused_because(case: Path, catalogue: Catalogue) -> None:
    with pytest.raises(RuleError) as refused:
        load_template(case / "file.yaml", catalogue, POSTS)
    assert str(refused.value).startswith((case / "because.txt").read_text().strip())


def test_a_folder_without_checklists_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(RuleError, match="no checklist"):
        load_templates(catalogue, POSTS, tmp_path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "round.yaml").mkdir()
    with pytest.raises(RuleError, match=r"^round\.yaml: cannot be read"):
        load_templates(catalogue, POSTS, tmp_path)


def test_a_wrong_checklist_stops_the_start_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_asked: object) -> dict[str, Template]:
        raise RuleError("host_round.yaml: items.cpu.verify.limit: '80 min' is not a ratio")

    monkeypatch.setattr("server.centre.load_templates", wrong)

    with pytest.raises(StartRefusedError, match=r"host_round\.yaml: items\.cpu\.verify\.limit"):
        open_centre(Settings(data=tmp_path / "data"))
    assert not (tmp_path / "data").exists(), "refused before anything was opened"


def test_the_round_of_hosts_asks_for_what_a_round_looks_at(round_of_hosts: Template) -> None:
    limits = {item.id: item.verify.limit.en for item in round_of_hosts.items if item.verify is not None}
    assert limits == {
        "heard": "heard within 3 intervals",
        "cpu": "at most 80.0 %",
        "memory": "at most 85.0 %",
        "filesystems": "at most 80.0 %",
        "inodes": "at most 80.0 %",
        "clock": "between -1 s – 1 s",
        "kernel_errors": "none in 1 d",
        "alarms": "none",
    }
    assert [item.id for item in round_of_hosts.items if item.each is None] == ["lamps"]


def test_every_shipped_line_is_a_proposal_with_its_reason_and_its_posts(catalogue: Catalogue) -> None:
    for template in load_templates(catalogue, POSTS).values():
        for item in template.items:
            assert item.proposal, item.id
            assert item.why, item.id
            assert item.operator, item.id
            assert item.reviewer, item.id


def test_test_devices_stay_out_of_the_round(round_of_hosts: Template) -> None:
    each = round_of_hosts.items[0].each
    assert each is not None
    assert each.holds("server", "production", "core")
    assert not each.holds("server", "test", "core")
    assert not each.holds("switch", "production", "core")


def test_what_a_run_freezes_gives_the_same_checklist_and_the_same_hash(catalogue: Catalogue) -> None:
    for template in load_templates(catalogue, POSTS).values():
        again = template_from(json.loads(template.frozen))
        assert again == template
        assert again.hash == template.hash


def test_the_hash_changes_with_a_limit(tmp_path: Path, catalogue: Catalogue, round_of_hosts: Template) -> None:
    text = (FOLDER / "host_round.yaml").read_text()
    (tmp_path / "host_round.yaml").write_text(text.replace("limit: 85 %", "limit: 86 %"))

    assert load_templates(catalogue, POSTS, tmp_path)["host_round"].hash != round_of_hosts.hash
