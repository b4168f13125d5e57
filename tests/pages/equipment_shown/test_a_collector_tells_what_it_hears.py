"""What a collector's ears made of what came; one that listens and heard nothing is not one that does not listen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from readings.wire import Block, pack_series
from server.times import to_ns
from tests.pages.equipment import room_batch, seen
from tests.pages.equipment_shown.conftest import BOOTED_NS

if TYPE_CHECKING:
    from tests.pages.equipment_shown.conftest import Room

Heard = Mapping[tuple[str, str], float]
DEAF = "没有听 Trap 与 Syslog 的读数。"


def hear(room: Room, heard: Heard) -> str:
    """The page of the collection after its collector said so."""
    room.clock.forward(minutes=1)
    wall = to_ns(room.clock())
    batch = room_batch(room.number + 1, [(wall - BOOTED_NS, wall)], facts=False, machines=[])
    said = np.array([list(heard.values())], "<f8").tobytes()
    batch.blocks[:] = [Block("", "hearing", [0], pack_series(list(heard)), said)]
    room.send(batch)
    return seen(room.page("/collection"))


def test_one_that_listens_and_heard_nothing_yet_says_so(empty_room: Room) -> None:
    share = {"active_id": empty_room.active_id, "standby_id": empty_room.standby_id}
    empty_room.api.request("PUT", "/api/v1/collection/shares/room", json=share)
    empty_room.lease()
    assert DEAF in hear(empty_room, {("collected_devices", ""): 0})
    page = hear(empty_room, {("listener_hearing", "traps"): 1, ("listener_hearing", "syslog"): 0})
    assert "启动以来听到 Trap 收到 0" in page
    assert "启动以来听到 Trap Syslog" not in page


def test_what_was_lost_of_a_storm_wants_a_look(room: Room) -> None:
    page = hear(
        room, {("listener_messages_total", "traps received"): 41, ("listener_messages_total", "traps folded"): 3}
    )
    assert "风暴中，只计数 3" in page
    assert "3 条 Trap 或 Syslog 没有逐条记录" in page
