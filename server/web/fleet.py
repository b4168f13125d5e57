"""The fleet page: one sentence, then the devices worst first, a page at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from markupsafe import Markup

from readings.units import show
from server.times import rfc3339
from server.web.courses import EMPTY, Glance
from server.web.equipment.figures import Figure, figures
from server.web.health import HEALTH_WORDS, WORST_FIRST, rank
from server.web.i18n import N_, Words
from server.web.kinds import FAMILIES, family_of
from server.web.sight import Ledger, Series, Sight, Standing, Value

PAGE_SIZE = 50
SPARKS_KEPT_MS = 30_000
QUICKS: tuple[tuple[str, str], ...] = (
    ("cpu_busy_ratio", N_("CPU")),
    ("memory_used_ratio", N_("内存")),
    ("filesystem_used_ratio", N_("磁盘")),
)
# How many of a kind the first sentence says, in the words of the trade.
COUNT_WORDS: dict[str, str] = {
    "fault": N_("%(n)s 台故障"),
    "unreachable": N_("%(n)s 台不可达"),
    "warning": N_("%(n)s 台告警"),
    "unknown": N_("%(n)s 台无数据"),
    "maintenance": N_("%(n)s 台维护"),
}


@dataclass(frozen=True, slots=True)
class Quick:
    """``sign`` "": a plain number; else its word stands with that sign."""

    title: str
    number: str
    unit: str
    spark: Markup
    sign: str = ""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    device_no: str
    name: str
    place: str
    health: str
    reason: str
    seen: str
    quicks: Sequence[Quick]


@dataclass(frozen=True, slots=True)
class Group:
    health: str
    count: int
    rows: Sequence[DeviceRow]


@dataclass(frozen=True, slots=True)
class Question:
    """What of the fleet is asked for: part of a name, a health, a family of kinds, a page from 1."""

    search: str = ""
    health: str = ""
    page: int = 1
    family: str = ""

    def link(self, **change: object) -> str:
        """The query string of the same question with something changed; a changed filter starts at page 1."""
        asked: dict[str, object] = {"q": self.search, "health": self.health, "kind": self.family, **change}
        return urlencode({key: value for key, value in asked.items() if value and (key, value) != ("page", 1)})


@dataclass(frozen=True, slots=True)
class FleetView:
    answer: Sequence[tuple[str, str]]
    worst: str
    counts: Sequence[tuple[str, int]]
    families: Sequence[tuple[str, str, int]]
    groups: Sequence[Group]
    total_devices: int
    pages: int
    question: Question
    page_size: int = PAGE_SIZE

    @property
    def health(self) -> str:
        return self.question.health

    @property
    def family(self) -> str:
        return self.question.family

    @property
    def search(self) -> str:
        return self.question.search

    @property
    def page(self) -> int:
        return self.question.page

    @property
    def query_string(self) -> str:
        return self.question.link(page=self.question.page)

    def link(self, **change: object) -> str:
        return self.question.link(**change)


Stood = tuple[Ledger, Standing]


def stand(sight: Sight, now_ms: int) -> list[Stood]:
    """Every device with how it stands, worst first, then by number."""
    ledgers = sight.ledger()
    everyone = list(zip(ledgers, sight.stand(ledgers, now_ms), strict=True))
    return sorted(everyone, key=lambda stood: (rank(stood[1].health), stood[0].device_no))


def view(glance: Glance, everyone: Sequence[Stood], question: Question) -> FleetView:
    """The page that answers ``question``; a page beyond the last one is the last one."""
    counts = Counter(standing.health for _, standing in everyone)
    kinds = Counter(family_of(ledger.kind) for ledger, _ in everyone)
    here_too = [stood for stood in everyone if not question.family or family_of(stood[0].kind) == question.family]
    of_family = Counter(standing.health for _, standing in here_too)
    wanted = [stood for stood in everyone if _matches(stood, question)]
    shown = Counter(standing.health for _, standing in wanted)
    pages = max(1, -(-len(wanted) // PAGE_SIZE))
    question = replace(question, page=min(max(1, question.page), pages))
    here = wanted[(question.page - 1) * PAGE_SIZE : question.page * PAGE_SIZE]
    groups: dict[str, list[DeviceRow]] = {}
    for ledger, standing in here:
        groups.setdefault(standing.health, []).append(_row(glance, ledger, standing))
    worst = next(((ledger, standing) for ledger, standing in everyone if standing.health != "normal"), None)
    return FleetView(
        answer=_answer(glance.words, counts, len(everyone)),
        worst=_worst(glance.words, worst) if worst else "",
        counts=[(health, of_family[health]) for health in WORST_FIRST],
        families=[
            (key, word, kinds[key]) for key, (word, _) in FAMILIES.items() if kinds[key] or key == question.family
        ],
        groups=[Group(health, shown[health], rows) for health, rows in groups.items()],
        total_devices=len(everyone),
        pages=pages,
        question=question,
    )


def _matches(stood: Stood, question: Question) -> bool:
    ledger, standing = stood
    if question.health and standing.health != question.health:
        return False
    if question.family and family_of(ledger.kind) != question.family:
        return False
    text = f"{ledger.device_no} {ledger.name} {ledger.location} {ledger.purpose}".casefold()
    return all(word in text for word in question.search.casefold().split())


def _answer(words: Words, counts: Counter[str], total: int) -> list[tuple[str, str]]:
    """The first sentence in pieces (health or "", text)."""
    if not total:
        return [("", words("还没有设备。三步接入第一台。"))]
    bad = [(health, counts[health]) for health in WORST_FIRST if health != "normal" and counts[health]]
    if not bad:
        return [("", words.many("%(n)s 台设备，全部正常。", total))]
    pieces = [("", words.many("%(n)s 台设备，", total))]
    for place, (health, count) in enumerate(bad):
        if place:
            pieces.append(("", words("、")))
        pieces.append((health, words(COUNT_WORDS[health], n=count)))
    pieces.append(("", words("，其余正常。") if counts["normal"] else words("。")))
    return pieces


def _worst(words: Words, worst: Stood) -> str:
    ledger, standing = worst
    reason = words.of(standing.reason)
    health = words(HEALTH_WORDS.get(standing.health, HEALTH_WORDS["unknown"]))
    return words("最要紧：%(name)s，%(why)s", name=ledger.name, why=reason or health)


def _row(glance: Glance, ledger: Ledger, standing: Standing) -> DeviceRow:
    words = glance.words
    latest = glance.sight.latest(ledger.device_no, glance.now_ms)
    special = figures(ledger.kind, latest, words)
    quicks = _host(glance, ledger, latest) if special is None else _figures(glance, ledger, special)
    return DeviceRow(
        device_no=ledger.device_no,
        name=ledger.name or ledger.device_no,
        place=" · ".join(text for text in (ledger.device_no, ledger.location) if text and text != ledger.name),
        health=standing.health,
        reason=words.of(standing.reason) if standing.health != "normal" else "",
        seen=rfc3339(standing.seen_ms) if standing.seen_ms is not None else "",
        quicks=quicks,
    )


def _figures(glance: Glance, ledger: Ledger, special: Sequence[Figure]) -> list[Quick]:
    """What stands for a switch, a UPS, an air conditioner; a course beside what is a number of one series."""
    series = {figure: Series(figure.metric, figure.part) for figure in special if figure.metric}
    sparks = glance.courses.sparks(ledger, series.values(), glance.now_ms, kept_ms=SPARKS_KEPT_MS)
    return [
        Quick(
            figure.title,
            figure.number,
            figure.unit,
            sparks[series[figure]].line if figure in series else EMPTY.line,
            figure.sign,
        )
        for figure in special
    ]


def _host(glance: Glance, ledger: Ledger, latest: Sequence[Value]) -> list[Quick]:
    words = glance.words
    newest = {metric: _quick(latest, metric) for metric, _ in QUICKS}
    series = {metric: Series(metric, value.part) for metric, value in newest.items() if value is not None}
    sparks = glance.courses.sparks(ledger, series.values(), glance.now_ms, kept_ms=SPARKS_KEPT_MS)
    quicks = []
    for metric, title in QUICKS:
        value = newest[metric]
        known = value.value if value is not None and not value.stale else None
        number, unit = show(known, value.unit, words.language) if known is not None and value else ("", "")
        spark = sparks[series[metric]] if metric in series else EMPTY
        quicks.append(Quick(title, number, unit, spark.line))
    return quicks


def _quick(latest: Sequence[Value], metric: str) -> Value | None:
    """The part that stands for the device: the total, the one part, or the fullest one."""
    found = [value for value in latest if value.metric == metric]
    for value in found:
        if value.part in ("total", ""):
            return value
    return max(found, key=lambda value: -1.0 if value.value is None else value.value, default=None)
