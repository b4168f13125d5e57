"""Families of sysfs that say one number a file: a folder a part, told as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from agent.host.kernel_files import entries, read_number, read_word
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

MAX_PARTS = 4096
RELOOK = 20
MINUS_ONE = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file under the part's folder: its integer times ``scale``, or its word by ``words``."""

    file: str
    metric: str
    scale: float = 1.0
    number_base: int = 10
    words: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """``pattern`` is the path under /sys, a ``*`` wherever there is one folder a part: those names make the part."""

    name: str
    pattern: str
    leaves: tuple[Leaf, ...]
    absent: str
    part: Callable[[str], str] = str


class TreeSource:
    """One or several trees (controllers and their rows). New folders are looked for every RELOOK passes."""

    def __init__(self, name: str, root: Root, trees: tuple[Tree, ...]) -> None:
        self.name = name
        self._sys = root.sys
        self._trees = trees
        self._found: list[tuple[str, str, tuple[Leaf, ...]]] = []
        self._passes = 0

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        if self._passes % RELOOK == 0:
            self._found = [found for tree in self._trees for found in self._look(tree)]
        self._passes += 1
        if not self._found:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._sys}/{self._trees[0].pattern}: {self._trees[0].absent}")
        return (
            Sample(leaf.metric, read_leaf(f"{folder}/{leaf.file}", leaf), part)
            for folder, part, leaves in self._found
            for leaf in leaves
        )

    def _look(self, tree: Tree) -> Iterator[tuple[str, str, tuple[Leaf, ...]]]:
        """(folder, part, the files that are there): what a driver does not offer says nothing, what ceases is a gap."""
        for folder, name in folders(self._sys, tree.pattern)[:MAX_PARTS]:
            there = (leaf for leaf in tree.leaves if read_leaf(f"{folder}/{leaf.file}", leaf) is not Gap.NOT_OFFERED)
            if leaves := tuple(there):
                yield folder, tree.part(name), leaves


def read_leaf(path: str, leaf: Leaf) -> float | Gap:
    if leaf.words is None:
        value = read_number(path, leaf.scale, leaf.number_base)
        # fc_host says -1, in hex, for what the adapter does not count.
        unknown = leaf.number_base == 16 and not isinstance(value, Gap) and value >= MINUS_ONE * leaf.scale
        return Gap.NOT_OFFERED if unknown else value
    word = read_word(path)
    return Gap.NOT_OFFERED if word is None else leaf.words.get(word, Gap.UNREADABLE)


def folders(top: str, pattern: str) -> list[tuple[str, str]]:
    """[(folder, names that stood for its stars joined by /)], sorted."""
    found = [(top, "")]
    for step in pattern.split("/"):
        if not any(sign in step for sign in "*["):
            found = [(f"{folder}/{step}", name) for folder, name in found]
            continue
        found = [
            (f"{folder}/{entry}", f"{name}/{entry}" if name else entry)
            for folder, name in found
            for entry in entries(folder)
            if fnmatchcase(entry, step)
        ]
    return found
