"""A profile that cannot stand stops the start, with file and field named; what is shipped stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from checklists.rule_fields import RuleError
from checklists.verification.loading import load_profile, load_profiles
from readings.catalogue import Catalogue, load_catalogue

CASES = sorted((Path(__file__).parents[1] / "refused" / "profiles").iterdir())


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_profile_is_refused_because(case: Path, catalogue: Catalogue) -> None:
    with pytest.raises(RuleError) as refused:
        load_profile(case / "file.yaml", catalogue)
    assert str(refused.value).startswith((case / "because.txt").read_text().strip())


def test_a_criterion_whose_metrics_nobody_reads_is_refused(catalogue: Catalogue) -> None:
    without = Catalogue({key: metric for key, metric in catalogue.items() if key != "memory_used_ratio"})
    with pytest.raises(
        RuleError, match=r"^server.yaml: criteria\[5\].rule: 'memory_used_ratio' is not in the catalogue$"
    ):
        load_profiles(without)


def test_a_folder_without_profiles_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(RuleError, match="no profile"):
        load_profiles(catalogue, tmp_path)


def test_what_is_shipped_is_a_proposal_that_allows_nothing(catalogue: Catalogue) -> None:
    profiles = load_profiles(catalogue)
    assert [(name, profile.id) for name, profile in profiles.items()] == [("server", "server")]
    server = profiles["server"]
    assert (server.proposal, bool(server.why), server.allow) == (True, True, ())
    assert (server.window_ms, server.kinds) == (168 * 3_600_000, ("server",))
    assert [c.named.id for c in server.criteria if c.named.blocker] == ["S1", "S2", "S10", "S12", "S14", "S15", "S22"]
