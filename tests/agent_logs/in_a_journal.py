"""Run by ``unshare --mount``: a systemd-journald of its own under a /run of its own, and our reader beside it.

Prints one JSON object: for each act what was told after it. The machine's own journal is neither read nor written.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from agent.clocks import clocks_of
from agent.host.root import Root
from agent.oslog.journal import Journal
from agent.oslog.self_test import self_test_of
from readings.model import Event

JOURNALD = "/lib/systemd/systemd-journald"
SOCKETS = Path("/run/systemd/journal")
FOLDER = Path("/run/log/journal") / Path("/etc/machine-id").read_text(encoding="utf-8").strip()
LONGEST_WAIT_S = 20.0


def say(text: str, priority: str = "err") -> None:
    subprocess.run(["systemd-cat", "-t", "matchd", "-p", priority], input=text.encode(), check=True)


def say_by_syslog(text: str) -> None:
    subprocess.run(["logger", "-u", str(SOCKETS / "dev-log"), "-p", "user.err", "-t", "oldd", text], check=True)


def opened(mark: str = "") -> Journal:
    root = Root()
    return Journal(root, clocks_of(root), mark)


def told(journal: Journal, wanted: int) -> list[list[str]]:
    """Passes until ``wanted`` events were told, then one more; journald writes a moment after the program said it."""
    found: list[list[str]] = []
    give_up = time.monotonic() + LONGEST_WAIT_S
    while True:
        enough = len(found) >= wanted
        found += [[item.kind, item.text] for item in journal.read() if isinstance(item, Event)]
        journal.commit()
        if enough or time.monotonic() > give_up:
            return found
        time.sleep(0.05)


def self_test(mark: str) -> list[list[str]]:
    """The results of a self-test through this journald, and whatever it told as an event (nothing)."""
    Path("/run/dev").mkdir()
    Path("/run/dev/log").symlink_to(SOCKETS / "dev-log")
    root = Root(dev="/run/dev")
    journal = Journal(root, clocks_of(root), mark)
    test = self_test_of(root, clocks_of(root), [journal])
    found: list[list[str]] = []
    give_up = time.monotonic() + LONGEST_WAIT_S
    while not found and time.monotonic() < give_up:
        found += [[item.part, str(item.value)] for item in test.read()]
        found += [[item.kind, item.text] for item in journal.read() if isinstance(item, Event)]
        journal.commit()
        time.sleep(0.05)
    return found


def wait(ready: Callable[[], bool]) -> None:
    give_up = time.monotonic() + LONGEST_WAIT_S
    while not ready() and time.monotonic() < give_up:
        time.sleep(0.05)


def main() -> None:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    SOCKETS.mkdir(parents=True)
    FOLDER.mkdir(parents=True)
    journald = subprocess.Popen([JOURNALD], stderr=subprocess.DEVNULL)
    try:
        wait((SOCKETS / "stdout").exists)
        answers: dict[str, list[list[str]]] = {}
        journal = opened()
        say("nothing of note", "info")
        say("order book 订单簿 broken")
        say_by_syslog("disk quota reached")
        answers["errors only, both ways in"] = told(journal, 2)
        answers["a self-test"] = self_test(journal.mark)
        journal = opened(journal.mark)
        answers["after a restart"] = told(journal, 0)
        say("while nobody read")
        journal = opened(journal.mark)
        answers["said between two runs"] = told(journal, 1)
        journald.send_signal(signal.SIGUSR2)  # rotate
        wait(lambda: len(list(FOLDER.glob("system@*.journal"))) == 1)
        say("in the new file")
        answers["across a rotation"] = told(journal, 1)
        mark = journal.mark
        journald.send_signal(signal.SIGUSR2)
        wait(lambda: len(list(FOLDER.glob("system@*.journal"))) == 2)
        for old in FOLDER.glob("system@*.journal"):
            old.unlink()
        say("after what is gone")
        answers["the place is gone"] = told(opened(mark), 2)
        json.dump(answers, sys.stdout)
    finally:
        journald.terminate()
        journald.wait()


if __name__ == "__main__":
    main()
