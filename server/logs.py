"""What the centre says while it runs: one line an event, to stderr, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
import traceback

from server.times import rfc3339

# Tokens, credentials, enrolment tokens and sessions all begin like this (server/secret.py).
SECRET = re.compile(r"\bzs[a-z]_[A-Za-z0-9_-]{8,}")
ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def without_secrets(text: str) -> str:
    return SECRET.sub(lambda found: f"{found.group()[:4]}…", text)


class OneLine(logging.Formatter):
    """``time level logger message key=value …``; line breaks become ``⏎`` so that no input can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        words = [rfc3339(int(record.created * 1000)), record.levelname.lower(), record.name, record.getMessage()]
        words += [f"{key}={value}" for key, value in vars(record).items() if key not in ORDINARY]
        if record.exc_info:
            words.append("".join(traceback.format_exception(*record.exc_info)).strip())
        return without_secrets(" ".join(words)).replace("\r", "").replace("\n", " ⏎ ")


def log_to_stderr(level: str) -> None:
    line = logging.StreamHandler(sys.stderr)
    line.setFormatter(OneLine())
    logging.basicConfig(level=level.upper(), handlers=[line], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(max(logging.INFO, logging.getLogger().level))
