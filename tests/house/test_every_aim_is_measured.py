"""The table of aims and the benchmarks name the same figures."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path


def figure_patterns(module: Path) -> list[str]:
    """Every text of a benchmark that could be a figure's name: "area.what", holes of f-strings left open."""
    found: list[str] = []
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(re.escape(node.value))
        if isinstance(node, ast.JoinedStr):
            pieces = [re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"\w+" for p in node.values]
            found.append("".join(pieces))
    return [pattern for pattern in found if re.match(r"[a-z_]+\\\.", pattern)]


def test_every_aim_is_a_figure_of_some_benchmark(root: Path) -> None:
    aims = tomllib.loads((root / "bench" / "aims.toml").read_text())
    written = re.compile("|".join(p for file in (root / "bench").glob("*.py") for p in figure_patterns(file)))
    assert [name for name in aims if not written.fullmatch(name)] == []
    assert all(("at_least" in aim) != ("at_most" in aim) and aim["what"] for aim in aims.values())
