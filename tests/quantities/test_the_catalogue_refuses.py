"""A catalogue file that says something wrong is refused, with file and field named: each case is a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from readings.catalogue import CatalogueError, load_catalogue

CASES = sorted((Path(__file__).parents[1] / "refused" / "catalogue").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_a_wrong_file_is_refused_because(case: Path) -> None:
    with pytest.raises(CatalogueError) as refused:
        load_catalogue(case)
    assert str(refused.value) == (case / "because.txt").read_text(encoding="utf-8").strip()


def test_the_catalogue_of_the_product_stands() -> None:
    catalogue = load_catalogue()
    assert catalogue["source_success"].states[0].en == "failed"
    assert catalogue["source_duration_seconds"].part == "source"
    assert len(catalogue) == len(list(catalogue))


def test_an_empty_folder_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no metric"):
        load_catalogue(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CatalogueError, match=r"bytes\.toml: not TOML"):
        load_catalogue(tmp_path)
