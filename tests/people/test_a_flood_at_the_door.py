"""Many sign-ins at once: slow for themselves, not for whoever is inside."""

from __future__ import annotations

import asyncio
import threading

import anyio.to_thread

from server.people.queue import one_of_a_few


def test_sign_ins_that_wait_hold_no_thread_that_others_need() -> None:
    let_go = threading.Event()
    begun: list[int] = []

    def slow(number: int) -> int:
        begun.append(number)
        let_go.wait()
        return number

    async def flood() -> tuple[int, list[int]]:
        waiting = [asyncio.create_task(one_of_a_few(slow, number)) for number in range(100)]
        free = await anyio.to_thread.run_sync(len, "somebody else")
        assert anyio.to_thread.current_default_thread_limiter().borrowed_tokens == 0
        assert len(begun) <= 2
        let_go.set()
        return free, await asyncio.gather(*waiting)

    assert asyncio.run(flood()) == (13, list(range(100)))
