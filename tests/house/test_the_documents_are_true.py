"""Links lead somewhere, both READMEs say the same, commands exist, decisions are numbered and complete."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECTIONS = ["## Context", "## Choice", "## What was measured", "## What would change our mind"]


def commands(readme: Path) -> list[str]:
    """The command lines of its code blocks, without their comments."""
    lines = [line for block in FENCE.findall(readme.read_text()) for line in block.splitlines()]
    stripped = [re.sub(r"\s{2,}#.*", "", line).strip() for line in lines]
    return [line for line in stripped if re.match(r"(make|zhishou|curl|git|prometheus|[A-Z_]+=\S+ make)\b", line)]


def anchors(document: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_links_of_the_documents_resolve(tracked: list[Path], root: Path) -> None:
    broken: list[str] = []
    for document in (file for file in tracked if file.suffix == ".md" and "vendor" not in file.parts):
        for link in LINK.findall(document.read_text()):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = (document.parent / path) if path else document
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{document.relative_to(root)}: {link}")
    assert broken == []


def test_both_readmes_name_the_same_commands(root: Path) -> None:
    english = commands(root / "README.md")
    assert "make up" in english
    assert "make test" in english
    assert english == commands(root / "README.zh.md")


def named_commands(root: Path) -> list[tuple[str, ...]]:
    found = {
        tuple(re.match(r"zhishou((?: [a-z]+)+)", line)[1].split())  # type: ignore[index]  # the filter below matched
        for line in commands(root / "README.md")
        if re.match(r"zhishou [a-z]", line)
    }
    return sorted(found)


@pytest.mark.parametrize("words", named_commands(Path(__file__).parents[2]), ids=" ".join)
def test_a_command_the_readme_names_is_there(words: tuple[str, ...]) -> None:
    zhishou = Path(sys.executable).with_name("zhishou")
    # "person create NAME" and "agent check --json" alike: the words before the first argument must be known.
    known = next(n for n in (words[:2], words[:1]) if n)
    told = subprocess.run([zhishou, *known, "--help"], capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 0, told.stderr


def test_decisions_are_numbered_from_one_and_say_what_would_change_our_mind(root: Path) -> None:
    records = sorted(file for file in (root / "docs" / "decisions").glob("*.md") if file.name != "README.md")
    assert [file.name[:4] for file in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    assert len(records) >= 8
    listed = LINK.findall((root / "docs" / "decisions" / "README.md").read_text())
    assert listed == [file.name for file in records]
    for record in records:
        text = record.read_text()
        assert re.match(rf"# {int(record.name[:4])}\. .+\n", text), f"{record.name}: its first line is '# N. Title'"
        missing = [section for section in SECTIONS if section not in text]
        assert missing == [], record.name
