"""The words and signs of verifications, and times as far as they are reached."""

from __future__ import annotations

import math

from checklists.verdicts import ROWS, TABLE, Verdict
from server.web.i18n import N_

OUTCOME_SIGNS = {"PASS": "normal", "FAIL": "fault", "INCONCLUSIVE": "unknown", "NOT_APPLICABLE": "maintenance"}
OUTCOME_WORDS = {row.criterion.key: {"zh": row.criterion.zh, "en": row.criterion.en} for row in TABLE}
VERDICT_SIGNS = {"pass": "normal", "fail": "fault", "inconclusive": "unknown"}
VERDICT_TEXTS = {
    "pass": ROWS[Verdict.MET].criterion,
    "fail": ROWS[Verdict.NOT_MET].criterion,
    "inconclusive": ROWS[Verdict.UNKNOWN].criterion,
}
OPINION_WORDS: dict[str, str] = {"pass": N_("合格"), "fail": N_("不合格")}
STATE_WORDS: dict[str, str] = {
    "submitted": N_("待审核"),
    "running": N_("进行中"),
    "signed": N_("已签署"),
    "withdrawn": N_("已撤回"),
}
STATE_SIGNS = {"submitted": "warning", "running": "maintenance", "signed": "normal", "withdrawn": "unknown"}
ACT_WORDS: dict[str, str] = {
    "started": N_("启动"),
    "observed": N_("机房观察"),
    "work_planned": N_("登记计划维护"),
    "work_cancelled": N_("取消计划维护"),
    "withdrawn": N_("撤回"),
    "submitted": N_("提交"),
    "signed": N_("签署"),
    "extended": N_("延长"),
}
COVERAGES: tuple[tuple[str, str, float], ...] = (
    ("sample", N_("采样覆盖"), 0.99),
    ("event", N_("事件覆盖"), 1.0),
    ("counter", N_("计数连续"), 1.0),
)
# What a pass does not prove (VERIFICATION 6.5), by the key the record keeps.
LIMIT_WORDS: dict[str, str] = {
    "silent_data_corruption": N_("不留日志的静默数据错误：看日志永远发现不了。"),
    "long_run_reliability": N_("长期可靠性：一周零故障只能说明平均无故障时间大于 56 小时（95 % 置信下限）。"),
    "other_loads_and_temperatures": N_("在别的负载与温度下才出现的故障。"),
    "slots_without_data": N_("标为无数据的时段里发生的任何事。"),
    "only_the_checks_listed": N_("结论只对列出的判据有效。"),
}


def span(hours: float, *, up: bool = False) -> str:
    """``168 h``, "55.6 h"; of less than an hour in minutes. Rounded down, so that nothing reads as reached that is not;
    ``up``: what is left, rounded up.
    """
    return f"{_number(hours, hours, up=up)} {'h' if hours >= 1 else 'min'}"


def amount(hours: float, needed: float) -> str:
    """As much of ``needed``, in its unit."""
    return _number(hours, needed)


def _number(hours: float, unit_of: float, *, up: bool = False) -> str:
    value = hours * 10 if unit_of >= 1 else hours * 60
    whole = math.ceil(value - 1e-6) if up else math.floor(value + 1e-6)
    return f"{whole / 10:.1f}".removesuffix(".0") if unit_of >= 1 else str(whole)


def percent(share: float) -> str:
    """Two digits, rounded down: 99.996 % must not read as whole."""
    return "100" if share >= 1 else f"{int(share * 10_000 + 1e-9) / 100:.2f}"
