"""Programs as people start them: without what the tester's own shell says, and waited for as long as it takes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

WITHIN_S = 60.0
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("ZHISHOU_")}
PYTHON = [sys.executable, "-P", "-m"]


def wait(true: Callable[[], Any]) -> Any:
    """What ``true`` says once it says something."""
    end = time.monotonic() + WITHIN_S
    while not (said := true()):
        assert time.monotonic() < end, true
        time.sleep(0.1)
    return said
