"""How a device's health is said and ordered on pages: worst first."""

from __future__ import annotations

from server.web.i18n import N_

WORST_FIRST = ("fault", "unreachable", "warning", "unknown", "maintenance", "normal")
HEALTH_WORDS: dict[str, str] = {
    "fault": N_("故障"),
    "unreachable": N_("不可达"),
    "warning": N_("告警"),
    "unknown": N_("无数据"),
    "maintenance": N_("维护"),
    "normal": N_("正常"),
}
VERDICT_WORDS: dict[str, str] = {"met": N_("正常"), "not_met": N_("异常"), "unknown": N_("无数据")}
VERDICT_SIGNS = {"met": "normal", "not_met": "warning", "unknown": "unknown"}
AGENT_WORDS: dict[str, str] = {
    "up": N_("在报"),
    "late": N_("迟报"),
    "silent": N_("失联"),
    "never": N_("从未上报"),
}
AGENT_SIGNS = {"up": "normal", "late": "warning", "silent": "unreachable", "never": "unknown"}
GAP_REASONS: dict[str, str] = {
    "unreachable": N_("不可达"),
    "refused": N_("被拒绝"),
    "timed_out": N_("超时"),
    "not_offered": N_("不提供"),
    "unreadable": N_("读不懂"),
    "blind": N_("采集方不在线"),
    "dropped": N_("缓存已满，丢弃"),
    "lost": N_("丢失"),
}
# Syslog severities (0–7) as a sign and a word.
SEVERITY_SIGNS = ("fault", "fault", "fault", "fault", "warning", "maintenance", "maintenance", "maintenance")
SEVERITY_WORDS: tuple[str, ...] = (
    N_("紧急"),
    N_("立即处理"),
    N_("严重"),
    N_("错误"),
    N_("警告"),
    N_("注意"),
    N_("信息"),
    N_("调试"),
)


def rank(health: str) -> int:
    """0 for the worst. A word this version does not know ranks with what is unknown."""
    return WORST_FIRST.index(health) if health in WORST_FIRST else WORST_FIRST.index("unknown")
