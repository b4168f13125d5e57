"""Profiles from YAML, one a file, named for its id. The first wrong one stops the start with file and field named."""

from __future__ import annotations

from pathlib import Path

from checklists.loading import read_file
from checklists.rule_fields import RuleError
from checklists.verification.profile import Catalogue, Profile, profile

FOLDER = Path(__file__).parents[1] / "profiles"


def load_profiles(catalogue: Catalogue, folder: Path = FOLDER) -> dict[str, Profile]:
    """Every ``*.yaml`` of ``folder`` by id, in the order of their names. Raises RuleError."""
    found = {file.stem: load_profile(file, catalogue) for file in sorted(folder.glob("*.yaml"))}
    if not found:
        raise RuleError(f"{folder}: no profile in any *.yaml")
    return found


def load_profile(file: Path, catalogue: Catalogue) -> Profile:
    """One file. Raises RuleError beginning with the file's name."""
    return read_file(file, lambda written: _named(file, written, catalogue))


def _named(file: Path, written: object, catalogue: Catalogue) -> Profile:
    found = profile(written, catalogue)
    if found.id != file.stem:
        raise RuleError(f"id: {found.id!r} is not the name of the file")
    return found
