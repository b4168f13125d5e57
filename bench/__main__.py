"""``python -m bench [NAME]``: measure, print ``name value`` a line, and say on stderr how each stands to its aim.

A benchmark is a module of this folder with ``run() -> Iterator[tuple[str, float | None, str]]``: the figure's name, its
value (None when it could not be measured here) and a note (what was compared, or why there is no value).
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import tomllib
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure should reach: ``at_least`` or ``at_most``, and the words of the design for it."""

    what: str
    at_least: float | None = None
    at_most: float | None = None

    def said(self) -> str:
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"

    def reached(self, value: float) -> bool:
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


class Benchmark(Protocol):
    """A module of this folder."""

    def run(self) -> Iterator[tuple[str, float | None, str]]: ...


def aims() -> dict[str, Aim]:
    """Figure name → aim, from aims.toml."""
    rows = tomllib.loads((HERE / "aims.toml").read_text(encoding="utf-8"))
    return {name: Aim(**row) for name, row in rows.items()}


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules([str(HERE)]) if has_run(HERE / f"{module.name}.py"))


def has_run(file: Path) -> bool:
    return file.name != "__main__.py" and file.is_file() and "\ndef run() " in file.read_text(encoding="utf-8")


def benchmark(name: str) -> Benchmark:
    module: Benchmark = importlib.import_module(f"bench.{name}")
    return module


def measure(name: str) -> Iterator[tuple[str, float | None, str]]:
    """The figures of one benchmark; one that breaks ends with its traceback on stderr and the others go on."""
    try:
        yield from benchmark(name).run()
    except Exception as error:  # noqa: BLE001 - one broken benchmark must not hide the figures of the others
        traceback.print_exc()
        yield name, None, f"broke: {type(error).__name__}: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(names())}")
    wanted = parser.parse_args().names or names()
    if unknown := [name for name in wanted if name not in names()]:
        parser.error(f"{', '.join(unknown)}: there are {', '.join(names())}")
    aimed, missing = aims(), 0
    for name in wanted:
        for figure, value, note in measure(name):
            aim = aimed.get(figure)
            if value is None:
                missing += 1
                print(f"{figure:44} not measured: {note}", file=sys.stderr)
                continue
            print(f"{figure} {value:.6g}", flush=True)
            beside = f"aim {aim.said()}: {'reached' if aim.reached(value) else 'NOT REACHED'}" if aim else "no aim"
            print(f"{figure:44} {value:<12.6g} {beside:36} {note}", file=sys.stderr, flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
