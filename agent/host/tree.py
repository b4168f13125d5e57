"""Families of sysfs that say one number a file: a folder a part, told as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from agent.host.kernel_files import entries, read_number, read_word
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

MAX_PARTS = 4096
MINUS_ONE = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file under the part's folder: its integer times ``scale``, or its word by ``words``.

    ``optional`` files belong to some drivers only: absent, they say nothing at all.
    """

    file: str
    metric: str
    scale: float = 1.0
    number_base: int = 10
    words: dict[str, float] | None = None
    optional: bool = True


@dataclass(frozen=True, slots=True)
class Tree:
    """``pattern`` is the path under /sys, a ``*`` wherever there is one folder a part: those names make the part."""

    name: str
    pattern: str
    leaves: tuple[Leaf, ...]
    absent: str
    part: Callable[[str], str] = str


class TreeSource:
    """Reads one or several trees (disks and their slots, ports and their hosts) as one source."""

    def __init__(self, name: str, root: Root, trees: tuple[Tree, ...]) -> None:
        self.name = name
        self._sys = root.sys
        self._trees = trees

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        said = [sample for tree in self._trees for sample in self._read(tree)]
        if not said:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._sys}/{self._trees[0].pattern}: {self._trees[0].absent}")
        return iter(said)

    def _read(self, tree: Tree) -> Iterator[Sample]:
        for folder, name in folders(self._sys, tree.pattern)[:MAX_PARTS]:
            part = tree.part(name)
            for leaf in tree.leaves:
                value = read_leaf(f"{folder}/{leaf.file}", leaf)
                if not (leaf.optional and value is Gap.NOT_OFFERED):
                    yield Sample(leaf.metric, value, part)


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
