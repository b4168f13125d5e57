"""kill -9 of a real sender, again and again: what its spool took arrives at a living centre once and in order."""

from __future__ import annotations

import os
import random
import signal
import socketserver
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from readings.delivery.answer import Answer
from tests.delivery.model import Centre, Clock

ROOT = Path(__file__).parents[2]
ROUNDS = 8

SENDER = """
import pathlib, socket, struct, sys, threading, time
sys.path.insert(0, sys.argv[3])
from readings.delivery.answer import Answer, TransportError
from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from readings.model import Clocks
from tests.delivery.model import tick

def clocks():
    return Clocks("boot", time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns())

def exactly(connection, length):
    whole = b""
    while len(whole) < length:
        piece = connection.recv(length - len(whole))
        if not piece:
            raise TransportError("cut off")
        whole += piece
    return whole

def post(body):
    try:
        with socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=10) as connection:
            connection.sendall(struct.pack("<I", len(body)) + body)
            status, length = struct.unpack("<II", exactly(connection, 8))
            return Answer(status, exactly(connection, length))
    except OSError as error:
        raise TransportError(str(error)) from error

folder = pathlib.Path(sys.argv[1])
spool = Spool(folder / "spool.db")
kept = open(folder / "kept", "ab", buffering=0)
serial = int(sys.argv[4])
threading.Thread(target=Uplink(spool, post, clocks, limit_ticks=7).run, args=(threading.Event(),), daemon=True).start()
while serial < int(sys.argv[5]):
    serial += 1
    spool.append(tick(clocks, serial))
    kept.write(b"%d\\n" % serial)
while spool.wait_for_tick(0):
    time.sleep(0.01)
"""


class Listening(socketserver.ThreadingTCPServer):
    """The centre behind a socket: length, body; status, length, answer."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, centre: Centre) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.centre = centre
        self.turn = threading.Lock()

    def take(self, body: bytes) -> Answer:
        with self.turn:
            return self.centre.post(body)


class Conversation(socketserver.StreamRequestHandler):
    server: Listening

    def handle(self) -> None:
        head = self.rfile.read(4)
        if len(head) < 4:
            return
        (length,) = struct.unpack("<I", head)
        body = self.rfile.read(length)
        if len(body) == length:
            answer = self.server.take(body)
            try:
                self.wfile.write(struct.pack("<II", answer.status, len(answer.body)) + answer.body)
            except OSError:
                return


def test_what_was_kept_arrives_once_however_often_the_sender_is_killed(tmp_path: Path) -> None:
    centre = Centre(Clock())
    rng = random.Random(4)
    with Listening(centre) as listening:
        serving = threading.Thread(target=listening.serve_forever)
        serving.start()
        try:
            for last_round in [False] * ROUNDS + [True]:
                begin_at = newest(tmp_path) + 1 if (tmp_path / "kept").exists() else 0
                end_at = begin_at + (5 if last_round else 10**9)
                port = listening.server_address[1]
                words = [str(word) for word in (tmp_path, port, ROOT, begin_at, end_at)]
                sender = subprocess.Popen([sys.executable, "-c", SENDER, *words])
                if last_round:
                    assert sender.wait(60) == 0
                    break
                wait_for_more(tmp_path, begin_at + 20, sender)
                time.sleep(rng.random() * 0.1)
                os.kill(sender.pid, signal.SIGKILL)
                sender.wait(10)
        finally:
            listening.shutdown()
            serving.join()
    found = centre.taken()
    kept = {int(line) for line in (tmp_path / "kept").read_text().split()}
    assert found == sorted(set(found))
    # One tick a round may be on disk though the sender was killed before it could note it.
    assert kept <= set(found)
    assert len(set(found) - kept) <= ROUNDS
    assert len(kept) > ROUNDS * 20


def newest(folder: Path) -> int:
    return max(int(line) for line in (folder / "kept").read_text().split())


def wait_for_more(folder: Path, serial: int, sender: subprocess.Popen[bytes]) -> None:
    while (
        not (folder / "kept").exists() or not (text := (folder / "kept").read_text().split()) or int(text[-1]) < serial
    ):
        assert sender.poll() is None
        time.sleep(0.01)
