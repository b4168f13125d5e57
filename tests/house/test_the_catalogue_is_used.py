"""Every metric of the catalogue is yielded by some source, and every rule, alert and panel names one that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from readings.catalogue import Catalogue, load_catalogue

ROOMS = ("agent", "collector", "readings", "server")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def literals(module: Path) -> list[str]:
    """Patterns of every text in a module: plain strings as they are, f-strings with their holes open."""
    patterns: list[str] = []
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            patterns.append(re.escape(node.value))
        if isinstance(node, ast.JoinedStr):
            pieces = [piece.value if isinstance(piece, ast.Constant) else None for piece in node.values]
            # A hole alone would match every name: some of the name must stand in the text.
            if sum(len(str(piece)) for piece in pieces if piece) >= 5:
                patterns.append("".join(re.escape(str(piece)) if piece else "[a-z0-9_]+" for piece in pieces))
    return [pattern for pattern in patterns if re.fullmatch(r"[a-z0-9_\[\]+\-\\]+", pattern)]


def test_every_metric_is_produced_by_some_source(catalogue: Catalogue, modules: list[Path], root: Path) -> None:
    sources = [file for file in modules if file.relative_to(root).parts[0] in ROOMS]
    patterns = {f"(?:{pattern})" for file in sources for pattern in literals(file)}
    for file in (root / "collector" / "devices").glob("*.yaml"):  # what a device type yields stands in its file
        patterns |= set(re.findall(r"\bmetric: *([a-z0-9_]+)", file.read_text()))
    written = re.compile("|".join(patterns))
    assert [key for key in catalogue if not written.fullmatch(key)] == []


def test_every_metric_speaks_both_languages_and_has_a_sentence_of_help(catalogue: Catalogue) -> None:
    for key, metric in catalogue.items():
        assert metric.zh, key
        assert metric.en, key
        assert metric.help.endswith("."), f"{key}: {metric.help!r} is no sentence"
        assert re.search(r"[一-鿿]|CPU|Swap|SWAP", metric.zh), f"{key}: {metric.zh!r} is not Chinese"


def test_a_rule_file_is_named_for_its_id_and_judges_metrics_that_exist(root: Path, catalogue: Catalogue) -> None:
    seen: list[str] = []
    for file in sorted((root / "checklists" / "rules").glob("*.yaml")):
        rule = yaml.safe_load(file.read_text())
        assert rule["id"] == file.stem
        seen += re.findall(r"\bmetric: *([a-z0-9_]+)", file.read_text())
    assert seen
    assert [metric for metric in seen if metric not in catalogue] == []
