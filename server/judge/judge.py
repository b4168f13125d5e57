"""The judge: hands each device's ticks to its own rules, writes what changed, and notices silence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from checklists.criteria import Unknown
from checklists.lasting import Standing
from checklists.rule import Rule
from checklists.verdicts import Verdict
from readings.model import Gap
from readings.wire import Batch
from server.inbox.arrival import Arrival
from server.judge import store
from server.judge.health import DeviceHealth, EventAlarm, device_health
from server.judge.lane import Lane, RuleBook
from server.judge.state import RETIRE_MS, DeviceState, Directory, Finding, Traits, finding_of
from server.judge.store import NAME, Pending, change_of
from server.judge.ticks import ticks_of
from server.judge.watch import Watch
from server.records import Records
from server.records.cursors import read_cursor

# Batches this young stay behind the durable cursor, so that windows (2 min, 5 min) are filled again after a restart.
HOLD_MS = 600_000
WRITE_EVERY_MS = 10_000
DUE_AT_ONCE = 1000


def _sees_all(_device_no: str, _now_ms: int) -> bool:
    return False


class Judge:
    """Fed by the pump's thread; ``silence`` is called by a clock's, pages and routes read. ``started_ms``: now.

    What was judged and could not be written stays pending and goes with the next write: judging twice changes nothing.
    """

    name = NAME
    takes_newest = True  # also of a hello or a repeat: the present is judged at once

    def __init__(
        self, records: Records, rules: Iterable[Rule], started_ms: int, traits: Directory = lambda _device_no: Traits()
    ) -> None:
        self.rules = {rule.id: rule for rule in rules}
        self._records = records
        self._traits = traits
        self.is_blind: Callable[[str, int], bool] = _sees_all  # of whoever asks this device, at a time in ms
        self._started_ms = started_ms
        self._lock = threading.RLock()
        self._pending = Pending()
        self._books: dict[str, RuleBook] = {}
        self._held: list[tuple[int, int]] = []  # (received_ms, id) of arrivals after the durable cursor, thinned
        self._written_ms = 0
        with records.session() as session:
            self._cursor = read_cursor(session, NAME)
            self.states = store.load(session, self._book_of, self.rules)

    def cursor(self) -> int:
        return self._cursor

    def apply(self, arrivals: Sequence[Arrival]) -> None:
        """Judge them all, then write once if anything turned (or it is time to move the cursor)."""
        with self._lock:
            for arrival in arrivals:
                # The newest first: what the batch itself brings is then seen to be a backlog.
                if arrival.newest is not None and arrival.newest_ms is not None:
                    self._take_newest(arrival, arrival.newest, arrival.newest_ms)
                if arrival.batch is not None:
                    self._take(arrival, arrival.batch)
                if arrival.id:
                    self._hold(arrival)
            received_ms = max((arrival.received_ms for arrival in arrivals), default=0)
            if self._pending.urgent() or received_ms - self._written_ms >= WRITE_EVERY_MS:
                self._write(received_ms)

    def silence(self, now_ms: int) -> int:
        """Turn what is stale, silent or gone to unknown: how many devices were looked at. Call it every second."""
        with self._lock:
            with self._records.session() as session:
                due = store.take_due(session, now_ms, DUE_AT_ONCE)
            moved: list[tuple[str, int, int]] = []
            for device_no, old_ms in due:
                state = self.states[device_no]
                # Until one interval of our own life has passed, nobody can be called silent: we were the deaf ones.
                if now_ms < self._started_ms + state.interval_s * 1000:
                    continue
                self._age(state, now_ms)
                state.due_ms = state.next_due()
                moved.append((device_no, old_ms, state.due_ms))
            if moved:
                with self._records.writing() as session:
                    for device_no, old_ms, new_ms in moved:
                        store.move_due(session, device_no, old_ms, new_ms)
                    store.write(session, self.states, self._pending, self._cursor)
                self._pending.clear()
            return len(moved)

    def findings(self, device_no: str) -> list[Finding]:
        """What is shown of the device now: what is not met first, then what is unknown, then what is met."""
        # Without the lock: who reads never waits for a write to reach the disk. Taking the list is one step.
        state = self.states.get(device_no)
        found = list(state.findings.values()) if state is not None else []
        order = [Verdict.NOT_MET, Verdict.UNKNOWN, Verdict.MET]
        return sorted(found, key=lambda finding: (order.index(finding.verdict), finding.key))

    def health(self, device_no: str, alarm: EventAlarm | None = None) -> DeviceHealth:
        """``alarm``: its open alarms by events (server.alarms.queries.event_alarms)."""
        return device_health(self.states.get(device_no), alarm)

    def version(self, device_no: str) -> int:
        """Grows with every change of a verdict of the device."""
        state = self.states.get(device_no)
        return 0 if state is None else state.version

    def forget(self, device_no: str) -> None:
        """Its kind or tags changed in the ledger: its rules are chosen anew, from the next tick on."""
        with self._lock:
            self._books.clear()
            state = self.states.get(device_no)
            if state is not None:
                state.book = self._book_of(device_no)
                for lane in (*state.lanes.values(), *state.ahead.values()):
                    lane.use(state.book)

    def close(self) -> None:
        with self._lock:
            self._write(self._written_ms)

    def _take(self, arrival: Arrival, batch: Batch) -> None:
        for asked in ticks_of(arrival, batch, arrival.times):
            at_ms = asked.at_ms
            state = self._state(asked.device_no, batch.interval_s)
            lane = state.lane(asked.source)
            changed = lane.take(asked)
            ahead = state.ahead.get(asked.source)
            if ahead is None:
                for watch in changed:
                    self._show(state, watch, asked.source, at_ms)
            elif at_ms >= ahead.at_ms:
                self._meet(state, lane, at_ms)
            else:
                for watch in changed:
                    self._note_late(state, watch, asked.source, at_ms)
            if at_ms > state.newest_ms and asked.heard:
                self._heard(state, at_ms)

    def _take_newest(self, arrival: Arrival, batch: Batch, at_ms: int) -> None:
        for asked in ticks_of(arrival, batch, [at_ms]):
            state = self._state(asked.device_no, batch.interval_s)
            lane = state.shown_lane(asked.source)
            if lane is not None and at_ms <= lane.at_ms:
                continue
            for watch in state.lane_ahead(asked.source).take(asked):
                self._show(state, watch, asked.source, at_ms, ahead=True)
            if at_ms > state.newest_ms and asked.heard:
                self._heard(state, at_ms)

    def _meet(self, state: DeviceState, lane: Lane, at_ms: int) -> None:
        """The stored ticks have reached the newest that was shown: from here on they are what is shown."""
        del state.ahead[lane.source]
        for watch in lane.watches.values():
            if watch.standing is not None:
                self._show(state, watch, lane.source, at_ms)
                # Also where it says what was shown already: its row still holds where the stored ticks stood before.
                self._pending.findings.add((state.device_no, watch.key))
        self._pending.devices.add(state.device_no)

    def _show(self, state: DeviceState, watch: Watch, source: str, at_ms: int, *, ahead: bool = False) -> None:
        """What the watch says is what is shown from now on; a change of verdict is a row."""
        before = state.findings.get(watch.key)
        assert watch.standing is not None
        if before is not None and before.standing == watch.standing and before.reason == watch.reason:
            return
        finding = finding_of(state.device_no, watch, source, at_ms)
        if before is not None and before.verdict is finding.verdict and before.reason == finding.reason:
            before.standing = finding.standing  # pending or tripped: the evidence of the last change stays
        else:
            state.findings[watch.key] = finding
        self._pending.findings.add((state.device_no, watch.key))
        self._pending.devices.add(state.device_no)
        if before is None or before.verdict is not finding.verdict:
            previous = "" if before is None else before.verdict.value
            self._pending.changes.append(change_of(finding, previous, ahead=ahead))
            state.version += 1

    def _note_late(self, state: DeviceState, watch: Watch, source: str, at_ms: int) -> None:
        """A backlog turned the watch at its own time; what is shown stays, and is "unknown" where nothing was."""
        if watch.key not in state.findings:
            unseen = Watch(watch.rule, watch.part, Standing(Verdict.UNKNOWN, at_ms))
            unseen.reason = Unknown.GATHERING
            self._show(state, unseen, source, at_ms, ahead=True)
        finding = finding_of(state.device_no, watch, source, at_ms)
        if finding.standing.since_ms == at_ms:
            self._pending.changes.append(change_of(finding, "", late=True))
        self._pending.findings.add((state.device_no, watch.key))
        self._pending.devices.add(state.device_no)

    def _heard(self, state: DeviceState, at_ms: int) -> None:
        state.newest_ms = at_ms
        for rule in state.book.heard:
            finding = state.findings.get((rule.id, ""))
            if finding is None or finding.verdict is not Verdict.MET:
                self._say(state, rule, Verdict.MET, at_ms)
        self._pending.devices.add(state.device_no)

    def _age(self, state: DeviceState, now_ms: int) -> None:
        """Everything that time alone changes at ``now_ms``."""
        for rule in state.book.heard:
            finding = state.findings.get((rule.id, ""))
            silent_ms = now_ms - state.newest_ms
            if finding is not None and finding.verdict is Verdict.MET and silent_ms > rule.fresh_of(state.interval_s):
                self._say(state, rule, Verdict.UNKNOWN, now_ms, age_ms=silent_ms)
        for source in state.lanes.keys() | state.ahead.keys():
            lane = state.shown_lane(source)
            assert lane is not None
            stale = [watch for watch in lane.watches.values() if now_ms - lane.last_ms(watch) > lane.fresh_ms(watch)]
            gone = [watch for watch in stale if watch.last_ms and lane.at_ms > watch.last_ms]
            late = [watch for watch in stale if watch not in gone]
            for watch in lane.blank(gone, Unknown.GONE, now_ms) + lane.blank(late, Unknown.STALE, now_ms):
                self._show(state, watch, source, now_ms)
            for watch in gone:
                if now_ms - watch.last_ms > RETIRE_MS:
                    self._retire(state, lane, watch, now_ms)
        self._pending.devices.add(state.device_no)

    def _say(self, state: DeviceState, rule: Rule, verdict: Verdict, at_ms: int, *, age_ms: int = 0) -> None:
        """A finding on the device as a whole: heard, or silent for ``age_ms``."""
        watch = Watch(rule, "", Standing(verdict, at_ms))
        watch.value, watch.reason = age_ms / 1000, ""
        if verdict is Verdict.UNKNOWN:
            watch.reason = Gap.BLIND.word if self.is_blind(state.device_no, at_ms) else Unknown.STALE
        self._show(state, watch, "", at_ms)

    def _retire(self, state: DeviceState, lane: Lane, watch: Watch, now_ms: int) -> None:
        for each in (lane, state.lane(lane.source)):
            each.watches.pop(watch.key, None)
        finding = state.findings.pop(watch.key, None)
        if finding is not None:
            gone = {"at_ms": now_ms, "verdict": ""}
            self._pending.changes.append(change_of(finding, finding.verdict.value) | gone)
            self._pending.findings.discard((state.device_no, watch.key))
            self._pending.retired.add((state.device_no, watch.key))
            state.version += 1

    def _state(self, device_no: str, interval_s: float) -> DeviceState:
        state = self.states.get(device_no)
        if state is None:
            state = self.states[device_no] = DeviceState(device_no, self._book_of(device_no), interval_s)
        elif state.set_interval(interval_s):
            state.due_ms = min(state.due_ms, state.next_due())
            self._pending.devices.add(device_no)
        return state

    def _book_of(self, device_no: str) -> RuleBook:
        traits = self._traits(device_no)
        name = f"{traits.kind} {sorted(traits.tags)}"
        if name not in self._books:
            concerned = [rule for rule in self.rules.values() if rule.scope.holds(traits.kind, traits.tags)]
            self._books[name] = RuleBook(concerned)
        return self._books[name]

    def _hold(self, arrival: Arrival) -> None:
        if not self._held or arrival.received_ms - self._held[-1][0] >= 1000:
            self._held.append((arrival.received_ms, arrival.id))
        else:
            self._held[-1] = (self._held[-1][0], arrival.id)

    def _write(self, received_ms: int) -> None:
        # A due moment that is too early costs one look; only what turned can make it earlier.
        for device_no in {device_no for device_no, _ in self._pending.findings}:
            self.states[device_no].due_ms = self.states[device_no].next_due()
        position = self._cursor
        passed = [id_ for held_ms, id_ in self._held if held_ms <= received_ms - HOLD_MS]
        position = max([position, *passed])
        with self._records.writing() as session:
            store.write(session, self.states, self._pending, position)
        self._pending.clear()
        self._cursor, self._written_ms = position, received_ms
        self._held = [held for held in self._held if held[1] > position]
