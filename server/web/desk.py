"""The duty desk: is all well, what needs a hand now, what is under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from server.centre import Centre
from server.devices.ledger import all_devices
from server.duty import runs as duty
from server.duty.lines import Line, Run
from server.duty.views import for_review, progress
from server.people.tables import Person
from server.times import rfc3339
from server.web import runs as run_pages
from server.web import verification_rows as verification_pages
from server.web.fleet import COUNT_WORDS, Stood
from server.web.health import HEALTH_WORDS, WORST_FIRST
from server.web.i18n import N_, Words

MOST_NEEDS = 12
MOST_RUNS = 10
WAITING: dict[str, str] = {"confirm": N_("确认"), "review": N_("复核")}


@dataclass(frozen=True, slots=True)
class Need:
    sign: str
    word: str
    what: str
    why: str
    since: str
    href: str
    act: str
    mine: bool = False


@dataclass(frozen=True, slots=True)
class DeskView:
    answer: Sequence[tuple[str, str]]
    needs: Sequence[Need]
    more_needs: int
    runs: Sequence[run_pages.RunRow]
    verifications: Sequence[verification_pages.Row]


def view(centre: Centre, everyone: Sequence[Stood], person: Person | None, words: Words) -> DeskView:
    devices = {device.device_no: device for device in all_devices(centre.records)}
    open_runs = [
        duty.whole_run(centre.records, head.number) for head in duty.runs(centre.records, "open", "", MOST_RUNS)
    ]
    verifications = [
        row for row in verification_pages.rows(centre, words, devices, person) if row.state in {"running", "submitted"}
    ]
    needs = [
        *_devices(everyone, words),
        *(need for run in open_runs for need in _run(run, person, words)),
        *_verifications(verifications, words),
    ]
    needs.sort(key=lambda need: not need.mine)
    return DeskView(
        answer=_answer(everyone, open_runs, len(needs), words),
        needs=needs[:MOST_NEEDS],
        more_needs=max(0, len(needs) - MOST_NEEDS),
        runs=[run_pages.row_of(run, words) for run in open_runs],
        verifications=verifications,
    )


def _answer(everyone: Sequence[Stood], runs: Sequence[Run], needs: int, words: Words) -> list[tuple[str, str]]:
    """One sentence: the checklists, then the devices, worst first."""
    said: list[tuple[str, str]] = []
    if runs:
        total = sum(len(run.lines) for run in runs)
        done = sum(run.counts["reviewed"] for run in runs)
        said.append(("", words("检查单 %(done)s/%(n)s 项已复核。", done=done, n=total)))
    counts = Counter(standing.health for _, standing in everyone)
    bad = [health for health in WORST_FIRST if health != "normal" and counts[health]]
    if not everyone:
        said.append(("", words("还没有设备。")))
    elif not bad:
        said.append(("", words.many("%(n)s 台设备全部正常。", len(everyone))))
    else:
        for place, health in enumerate(bad):
            said.append((health, words(COUNT_WORDS[health], n=counts[health])))
            said.append(("", words("。") if place == len(bad) - 1 else words("，")))
    if not needs and not bad:
        said.append(("", words("没有需要处理的。")))
    return said


def _devices(everyone: Sequence[Stood], words: Words) -> list[Need]:
    return [
        Need(
            sign=standing.health,
            word=words(HEALTH_WORDS.get(standing.health, "无数据")),
            what=ledger.name or ledger.device_no,
            why=words.of(standing.reason),
            since=rfc3339(standing.seen_ms) if standing.seen_ms is not None else "",
            href=f"/devices/{ledger.device_no}",
            act=words("查看"),
        )
        for ledger, standing in everyone
        if standing.health not in {"normal", "maintenance"}
    ]


def _run(run: Run, person: Person | None, words: Words) -> list[Need]:
    """What of this run waits for whoever looks; and one that is complete waits for its closing."""
    title = words.of({"zh": run.template.text.zh, "en": run.template.text.en})
    views = [run_pages.item_of(run, line, person, words) for line in run.lines]
    found: list[Need] = []
    for may, word in WAITING.items():
        mine = [item for item in views if item.may == may]
        if mine:
            worst = _first(run, person) if may == "review" else None
            found.append(
                Need(
                    sign="warning" if any(item.sign == "fault" for item in mine) else "maintenance",
                    word=words("待复核") if may == "review" else words("待确认"),
                    what=f"{title} {run.number}",
                    why=words.many("%(n)s 项，先看：%(what)s", len(mine), what=_title(worst, words) or mine[0].title),
                    since=rfc3339(run.started.at_ms),
                    href=f"/runs/{run.number}",
                    act=words(word),
                    mine=True,
                )
            )
    if run.lines and progress(run.lines).complete:
        found.append(
            Need(
                sign="normal",
                word=words("可关闭"),
                what=f"{title} {run.number}",
                why=words("全部复核"),
                since=rfc3339(run.started.at_ms),
                href=f"/runs/{run.number}#close-title",
                act=words("关闭"),
                mine=run_pages.may_close(run, person),
            )
        )
    return found


def _first(run: Run, person: Person | None) -> Line | None:
    lines = for_review(run, person.name, person.posts) if person is not None else []
    return lines[0] if lines else None


def _title(line: Line | None, words: Words) -> str:
    return "" if line is None else words.of({"zh": line.spec.text.zh, "en": line.spec.text.en})


def _verifications(rows: Sequence[verification_pages.Row], words: Words) -> list[Need]:
    found: list[Need] = []
    for row in rows:
        full = row.state == "running" and row.share >= 1
        if row.state != "submitted" and not full:
            continue
        signs = row.state == "submitted"
        found.append(
            Need(
                sign="warning",
                word=row.state_text if signs else words("已满时长"),
                what=f"{row.device_name} {row.number}",
                why=words("系统建议：%(what)s", what=row.verdict),
                since=row.started,
                href=f"/verifications/{row.number}#signing",
                act=words("审核") if signs else words("提交"),
                mine=row.doing.sign if signs else row.doing.submit,
            )
        )
    return found
