"""Real centre, real senders, ``kill -9`` with a batch in flight. A hundred rounds of it: ``bench/exactly_once.py``."""

from __future__ import annotations

from bench.exactly_once import SENDERS, trial


def test_what_the_spools_took_is_stored_once_and_each_event_alarms_once() -> None:
    outcome = trial(4, seed=4, series=40, seal_samples=2_000)

    assert outcome.in_flight == 4
    assert outcome.spooled > 40 * SENDERS
    assert (outcome.lost, outcome.doubled, outcome.foreign) == (0, 0, 0)
    assert outcome.spooled <= outcome.stored
    assert outcome.events > 0
    assert outcome.events_wrong == []
    assert outcome.seals > 0
