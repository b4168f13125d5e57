"""The agent's settings: one TOML file, each word of it also in the environment as ``ZHISHOU_AGENT_<WORD>``."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from readings.delivery.address import check_server

PREFIX = "ZHISHOU_AGENT_"
DEFAULT_SERVER = "http://127.0.0.1:8650"
DEFAULT_FILE = Path("/etc/zhishou/agent.toml")


class SettingsError(ValueError):
    """A setting cannot stand. The text is ``where: field: what is wrong``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``state`` holds the spool and the credential; ``root`` is where /proc and /sys are ("/" on a real host).

    ``server`` "" is the centre this host enrolled with. ``rotate_after_s``: how old a credential may become.
    """

    server: str = ""
    state: Path = Path("/var/lib/zhishou-agent")
    root: Path = Path("/")
    interval_s: float = 15.0
    ca_file: Path | None = None
    spool_max_bytes: int = 512 * 2**20
    spool_max_age_s: float = 30 * 86_400.0
    rotate_after_s: float = 30 * 86_400.0
    log_level: str = "INFO"


LIMITS = {
    "interval_s": (1.0, 3600.0),
    "spool_max_bytes": (2**20, 2**40),
    "spool_max_age_s": (3600.0, 366 * 86_400.0),
    "rotate_after_s": (3600.0, 366 * 86_400.0),
}


def load_settings(file: Path | None, environment: Mapping[str, str], **given: Any) -> Settings:
    """File, then environment, then what the command line gave (None: not given). Raises SettingsError.

    Without ``file`` the usual one is read where it is.
    """
    settings = Settings()
    chosen = file or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    if chosen is not None:
        settings = _with(settings, _read(chosen), str(chosen))
    known = {field.name for field in fields(Settings)}
    spoken = {key: environment[PREFIX + key.upper()] for key in known if PREFIX + key.upper() in environment}
    settings = _with(settings, spoken, "environment")
    settings = _with(settings, {key: value for key, value in given.items() if value is not None}, "command line")
    try:
        if settings.server:
            check_server(settings.server)
    except ValueError as error:
        raise SettingsError(f"server: {error}") from error
    return settings


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}") from error


def _with(settings: Settings, words: Mapping[str, Any], where: str) -> Settings:
    known = {field.name: field.type for field in fields(Settings)}
    changes: dict[str, Any] = {}
    for key, value in words.items():
        if key not in known:
            raise SettingsError(f"{where}: {key}: no such setting (known: {', '.join(known)})")
        try:
            changes[key] = _as(str(known[key]), value)
        except (TypeError, ValueError) as error:
            raise SettingsError(f"{where}: {key}: {error}") from error
        low, high = LIMITS.get(key, (None, None))
        if low is not None and high is not None and not low <= changes[key] <= high:
            raise SettingsError(f"{where}: {key}: {changes[key]:g} is not between {low:g} and {high:g}")
    return replace(settings, **changes)


def _as(kind: str, value: Any) -> Any:
    if kind.startswith("Path"):
        if not isinstance(value, str | os.PathLike) or not str(value):
            raise ValueError(f"{value!r} is not a path")
        return Path(value)
    if kind in {"int", "float"}:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f"{value!r} is not a number")
        try:
            return int(value) if kind == "int" else float(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is not a number") from error
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value
