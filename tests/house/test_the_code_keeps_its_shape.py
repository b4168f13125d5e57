"""What STYLE says of names, lengths and excuses holds for every module."""

from __future__ import annotations

import ast
import re
from pathlib import Path

LONGEST = 300
# Empty wherever they stand in a name; and those that say nothing when they are the whole name.
EMPTY_WORDS = {"manager", "handler", "helper", "helpers", "util", "utils"}
EMPTY_NAMES = {*EMPTY_WORDS, "base", "data", "info", "process"}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# An excuse has its reason on the line: codes, " - " and why; for the type checker codes in brackets, "  # " and why.
BARE_NOQA = re.compile(r"#\s*noqa(?!: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)* - \S)")
BARE_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[[a-z-]+(, ?[a-z-]+)*\]\s+(#|-) ?\S)")


def is_empty(name: str) -> bool:
    return name.lower() in EMPTY_NAMES or bool({word.lower() for word in WORD.findall(name)} & EMPTY_WORDS)


def test_no_module_is_longer_than_three_hundred_lines(modules: list[Path], root: Path) -> None:
    lengths = {str(file.relative_to(root)): len(file.read_text().splitlines()) for file in modules}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_modules_folders_and_classes_are_named_by_nouns_of_the_trade(modules: list[Path], root: Path) -> None:
    empty: list[str] = []
    for file in modules:
        place = file.relative_to(root)
        empty += [f"{place}: {part}" for part in place.with_suffix("").parts if is_empty(part)]
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and is_empty(node.name):
                empty.append(f"{place}: class {node.name}")
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in EMPTY_NAMES:
                empty.append(f"{place}: def {node.name}")
    assert empty == []


def test_every_package_module_says_what_it_is(modules: list[Path], root: Path) -> None:
    silent = [
        str(file.relative_to(root))
        for file in modules
        if file.read_text().strip() and not ast.get_docstring(ast.parse(file.read_text()))
    ]
    assert silent == []


def test_every_excuse_gives_its_reason(modules: list[Path], root: Path) -> None:
    bare = [
        f"{file.relative_to(root)}:{number}: {line.strip()}"
        for file in modules
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if file.name != Path(__file__).name and (BARE_NOQA.search(line) or BARE_IGNORE.search(line))
    ]
    assert bare == []


def test_tests_are_folders_of_questions_without_init_files(root: Path) -> None:
    assert list((root / "tests").rglob("__init__.py")) == []
    rooms = {"readings", "agent", "collector", "checklists", "server"}
    assert {folder.name for folder in (root / "tests").iterdir() if folder.is_dir()} & rooms == set()
