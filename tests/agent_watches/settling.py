"""A settlement file or log under a root made for the test, as allowed.d names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from readings.model import Gap

Host = Any  # the one of conftest, which a test folder without packages cannot import


def settle(host: Host, inbox: Path, path: str = "settle.csv", patterns: str = "", **more: str) -> None:
    lines = "".join(f", {field}: {value}" for field, value in more.items())
    wanted = f", patterns: {{{patterns}}}" if patterns else ""
    host.write(f"file_roots: ['{inbox}']\nfiles: {{settle: {{path: '{inbox}/{path}'{wanted}{lines}}}}}")


INITIALISED = "done: {text: 初始化成功}"


def matches(host: Host, name: str = "done") -> float | Gap:
    found: float | Gap = host.look()["watched_log_matches_total", f"settle/{name}"]
    return found
