"""The public recordings of real devices (PyPI: snmpsim-data), by name."""

from __future__ import annotations

from functools import cache
from importlib.metadata import files
from pathlib import Path


@cache
def recordings() -> dict[str, Path]:
    """Name → file, of every recording there is."""
    found = [Path(str(file.locate())) for file in files("snmpsim-data") or [] if ".snmprec" in file.name]
    return {path.name.partition(".snmprec")[0]: path for path in sorted(found)}
