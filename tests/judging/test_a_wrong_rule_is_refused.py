"""A rule file that cannot stand stops the start, with file and field named; what is shipped stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from checklists.loading import FOLDER, load_rule, load_rules
from checklists.presence import Heard
from checklists.rule_fields import RuleError
from checklists.sentences import sentence
from checklists.verdicts import Verdict
from readings.catalogue import Catalogue, load_catalogue

CASES = sorted((Path(__file__).parents[1] / "refused" / "rules").iterdir())


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_file_is_refused_because(case: Path, catalogue: Catalogue) -> None:
    with pytest.raises(RuleError) as refused:
        load_rule(case / "file.yaml", catalogue)
    assert str(refused.value).startswith((case / "because.txt").read_text().strip())


def test_a_rule_that_says_the_same_as_another_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    text = (FOLDER / "memory_used.yaml").read_text()
    (tmp_path / "memory_used.yaml").write_text(text)
    (tmp_path / "second.yaml").write_text(text.replace("id: memory_used", "id: second"))
    with pytest.raises(RuleError, match=r"^second.yaml: rule: says the same as memory_used.yaml$"):
        load_rules(catalogue, tmp_path)


def test_a_folder_without_rules_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(RuleError, match="no rule"):
        load_rules(catalogue, tmp_path)


def test_every_shipped_rule_stands_and_says_that_it_is_a_proposal_and_why(catalogue: Catalogue) -> None:
    rules = load_rules(catalogue)
    assert len(rules) >= 30
    assert [rule.id for rule in rules if not (rule.proposal and rule.why)] == []
    assert [rule.id for rule in rules if isinstance(rule.criterion, Heard)] == ["agent_silent"]


def test_every_shipped_rule_makes_whole_sentences_in_both_languages(catalogue: Catalogue) -> None:
    for rule in load_rules(catalogue):
        for verdict in Verdict:
            said = sentence(rule, "x", verdict, 0.5, "timed_out" if verdict is Verdict.UNKNOWN else "")
            assert rule.zh in said.zh
            assert rule.en in said.en
            assert "None" not in said.zh + said.en


def test_people_read_the_units_they_write(catalogue: Catalogue) -> None:
    rules = {rule.id: rule for rule in load_rules(catalogue)}
    hot = sentence(rules["temperature_high"], "Core 0", Verdict.NOT_MET, 97.5)
    assert (hot.zh, hot.en) == (
        "温度过高 Core 0：97.5 ℃，上限 95.0 ℃",
        "temperature far too high Core 0: 97.5 ℃, at most 95.0 ℃",
    )
    busy = sentence(rules["cpu_busy"], "total", Verdict.NOT_MET, 0.973)
    assert busy.zh == "CPU 使用率 total：97.3 %，上限 90.0 %，已持续 15 分钟以上"
