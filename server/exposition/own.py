"""What the centre measures of itself, and one line of each device: computed when somebody scrapes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from checklists.verdicts import Health, Verdict
from server.alarms.queries import event_alarms
from server.centre import Centre
from server.devices.ledger import all_devices
from server.devices.status import last_heard
from server.duty.metrics import items_by_state
from server.exposition.names import escaped, head_of
from server.inbox.counters import REASONS
from server.times import to_ms
from server.verification.metrics import verification_lines

COUNTERS = {
    "batches": "Batches accepted and on disk.",
    "duplicates": "Batches that were repeats of accepted ones.",
    "hellos": "Requests that only asked for the position.",
    "samples": "Values and gaps in accepted batches.",
    "body_bytes": "Bytes of accepted batches as they came.",
    "commits": "Transactions of the inbox.",
    "commit_seconds": "Time spent in the transactions of the inbox.",
    "request_seconds": "Time from a batch's arrival to its answer, summed.",
}


class CentreCollector(Collector):
    """Reads the counters of the centre's parts where they are kept."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre

    def collect(self) -> Iterator[Metric]:
        yield from self._inbox()
        yield from self._pump()
        yield from self._judged()
        yield from self._duty()
        yield from self._certificate()
        troubles = self._centre.troubles()
        yield GaugeMetricFamily("zhishou_healthy", "1 when /healthz says so, else 0.", value=float(not troubles))

    def _inbox(self) -> Iterator[Metric]:
        counters = self._centre.inbox.counters
        for field, text in COUNTERS.items():
            yield CounterMetricFamily(f"zhishou_inbox_{field}", text, value=float(getattr(counters, field)))
        refused = CounterMetricFamily("zhishou_batches_refused", "Batches not accepted, by reason.", labels=["reason"])
        # All from the start, at 0: of a counter that appears with its first refusal Prometheus sees no increase.
        for reason in sorted({*REASONS, *counters.refused}):
            refused.add_metric([reason], float(counters.refused[reason]))
        yield refused

    def _pump(self) -> Iterator[Metric]:
        pump = self._centre.pump
        text = "Accepted batches that some applier has not been given yet."
        yield GaugeMetricFamily("zhishou_pump_backlog_batches", text, value=float(pump.backlog()))
        held = GaugeMetricFamily(
            "zhishou_applier_durable_batches", "Batches an applier holds durably (their last id).", labels=["applier"]
        )
        for applier in (self._centre.history, self._centre.happenings, self._centre.judge):
            held.add_metric([applier.name], float(applier.cursor()))
        yield held

    def _certificate(self) -> Iterator[Metric]:
        """NaN over plain HTTP: the series is there, so that an alert on it is no alert on nothing."""
        serving = self._centre.serving
        ends = math.nan if serving is None else serving.ends.timestamp()
        text = "When the centre's certificate ends; its own is renewed 30 days before, one that was brought is not."
        yield GaugeMetricFamily("zhishou_certificate_ends_timestamp_seconds", text, value=ends)

    def _judged(self) -> Iterator[Metric]:
        found = GaugeMetricFamily("zhishou_findings", "What rules say of parts now, by verdict.", labels=["verdict"])
        count = dict.fromkeys(Verdict, 0)
        for state in list(self._centre.judge.states.values()):
            for finding in list(state.findings.values()):
                count[finding.verdict] += 1
        for verdict, number in count.items():
            found.add_metric([verdict.value], float(number))
        yield found
        rules = len(self._centre.judge.rules)
        yield GaugeMetricFamily("zhishou_rules", "Rules in force.", value=float(rules))

    def _duty(self) -> Iterator[Metric]:
        text = "Lines of open checklists, by state."
        lines = GaugeMetricFamily("zhishou_checklist_items", text, labels=["template", "state"])
        for labels, number in items_by_state(self._centre.records, self._centre.templates).items():
            lines.add_metric(labels, float(number))
        yield lines


def own_text(centre: Centre, now: datetime) -> bytes:
    """``/metrics``. A registry of its own: nothing that a library registers by itself gets in."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(CentreCollector(centre))
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    lines = [*device_lines(centre, now), *verification_lines(centre.records)]
    return generate_latest(registry) + "".join(lines).encode()


def device_lines(centre: Centre, now: datetime) -> Iterable[str]:
    """Three families, one line of each device (of health: one a word, 1 for what it is)."""
    devices = [device.device_no for device in all_devices(centre.records)]
    alarms = event_alarms(centre.records, to_ms(now))
    health = {no: centre.judge.health(no, alarms.get(no)).health for no in devices}
    labels = {no: f'device="{escaped(no)}"' for no in devices}
    heard = {no: last_heard(centre, no) for no in devices}

    yield head_of("zhishou_device_up", "gauge", "1 while the device reports, 0 when it is silent or never did.")
    for no in devices:
        up = heard[no] is not None and health[no] is not Health.UNREACHABLE
        yield f"zhishou_device_up{{{labels[no]}}} {int(up)}\n"
    yield head_of("zhishou_device_health", "gauge", "1 for what the device is, 0 for what it is not.")
    for no in devices:
        for word in Health:
            yield f'zhishou_device_health{{{labels[no]},health="{word.value}"}} {int(health[no] is word)}\n'
    name = "zhishou_agent_last_seen_timestamp_seconds"
    yield head_of(name, "gauge", "When the newest tick of the device was read.")
    for no in devices:
        if (ms := heard[no]) is not None:
            yield f"{name}{{{labels[no]}}} {ms / 1000!r}\n"
