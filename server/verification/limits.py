"""What a pass does not prove. A record names these by key: the words may be improved, the record stays."""

from __future__ import annotations

from checklists.sentences import Text

LIMITS = {
    "silent_data_corruption": Text(
        "不能证明没有静默数据损坏：这类错误不在任何日志中留下痕迹",
        "not that no data was silently corrupted: such faults leave no trace in any log",
    ),
    "long_run_reliability": Text(
        "不能证明长期可靠性：一周无故障仅说明平均无故障时间不低于 56 小时（95 % 置信度）",
        "not long-run reliability: a week without a failure bounds the mean time between failures at 56 h (95 %)",
    ),
    "other_loads_and_temperatures": Text(
        "不涵盖其他负载或温度下才出现的故障",
        "not faults that only other loads or temperatures bring out",
    ),
    "slots_without_data": Text(
        "标为“无数据”的时段不作任何结论",
        "nothing about the minutes marked as without data",
    ),
    "only_the_checks_listed": Text(
        "合格仅适用于所列各项检查",
        "a pass applies only to the checks that are listed",
    ),
}
