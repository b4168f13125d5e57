"""Whatever happens, in whatever order: the centre holds every reading once and in order, or knows why it does not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import HealthCheck, settings

from tests.delivery.troubled import READABLE, UNREADABLE, TroubledSender

TestDelivery = TroubledSender.TestCase
TestDelivery.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

# Chance may never draw some order of these; so each order of any three is tried as well.
TROUBLES: dict[str, Callable[[TroubledSender], object]] = {
    "a kill": lambda sender: sender.kill(reboot=False),
    "a reboot": lambda sender: sender.kill(reboot=True),
    "a cut before the centre had it": lambda sender: sender.send_into_trouble("request lost"),
    "a cut after the centre had it": lambda sender: sender.send_into_trouble("answer lost"),
    "a full disk": lambda sender: sender.full or sender.the_disk_is_full(),
    "a read-only disk": lambda sender: sender.the_disk_turns_read_only(READABLE),
    "an unreadable disk": lambda sender: sender.the_disk_turns_read_only(UNREADABLE),
    "an hour back": lambda sender: sender.the_clock_is_set(-1),
    "a day ahead": lambda sender: sender.the_clock_is_set(24),
    "a refused batch": lambda sender: sender.send_into_trouble(422),
    "a batch too large": lambda sender: sender.send_into_trouble(413),
    "a centre away": lambda sender: sender.the_centre_is_away(away=True),
}


@pytest.mark.parametrize("first", TROUBLES)
def test_three_troubles_in_any_order(first: str) -> None:
    for then in permutations([name for name in TROUBLES if name != first], 2):
        sender = TroubledSender()
        sender.begin(max_bytes=10**9, limit_ticks=3)
        try:
            for trouble in (first, *then):
                sender.append(2, 0)
                sender.send(1)
                TROUBLES[trouble](sender)
                sender.nothing_is_doubled_and_all_is_in_order()
            sender.append(2, 0)
        except BaseException as error:
            error.add_note(f"{first}, {', '.join(then)}")
            raise
        finally:
            sender.teardown()
