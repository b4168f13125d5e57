"""Rules from YAML, one a file, named for its id. The first wrong one stops the start with file and field named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import yaml

from checklists import criteria
from checklists.criteria import Criterion
from checklists.presence import Absent, Heard
from checklists.rule import Parts, Rule, Scope
from checklists.rule_fields import Fields, RuleError
from checklists.verdicts import RuleSeverity
from checklists.windows import IncreaseAtMost, ShareOfTime
from readings.catalogue import Metric

FOLDER = Path(__file__).parent / "rules"
LONGEST_WINDOW_MS = 24 * 3_600_000
Catalogue = Mapping[str, Metric]
Taken = TypeVar("Taken")


def load_rules(catalogue: Catalogue, folder: Path = FOLDER) -> tuple[Rule, ...]:
    """Every ``*.yaml`` of ``folder``, in the order of their names. Raises RuleError."""
    rules: list[Rule] = []
    told_in: dict[object, str] = {}
    for file in sorted(folder.glob("*.yaml")):
        rule = load_rule(file, catalogue)
        same = (rule.criterion, rule.scope, rule.parts, rule.severity)
        if same in told_in:
            raise RuleError(f"{file.name}: rule: says the same as {told_in[same]}")
        told_in[same] = file.name
        rules.append(rule)
    if not rules:
        raise RuleError(f"{folder}: no rule in any *.yaml")
    return tuple(rules)


def load_rule(file: Path, catalogue: Catalogue) -> Rule:
    """One file. Raises RuleError beginning with the file's name."""
    return read_file(file, lambda written: _rule(Fields(written), file.stem, catalogue))


def read_file(file: Path, take: Callable[[object], Taken]) -> Taken:
    """What ``take`` makes of the YAML of ``file``. Raises RuleError beginning with the file's name."""
    try:
        return take(yaml.load(file.read_text(encoding="utf-8"), Loader=StrictLoader))  # noqa: S506 - a SafeLoader
    except RuleError as error:
        raise RuleError(f"{file.name}: {error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleError(f"{file.name}: not YAML: {' '.join(str(error).split())}") from error
    except OSError as error:
        raise RuleError(f"{file.name}: cannot be read: {error.strerror}") from error


class StrictLoader(yaml.SafeLoader):
    """YAML in which a field told twice is an error instead of a silent choice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise RuleError(f"{key}: is told twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


def _rule(fields: Fields, stem: str, catalogue: Catalogue) -> Rule:
    name = fields.text("id")
    if name != stem:
        raise RuleError(f"id: {name!r} is not the name of the file")
    kind = fields.word("rule", KINDS.keys())
    unit = ""
    metric = ""
    if kind != "heard":
        metric = fields.text("metric")
        if metric not in catalogue:
            raise RuleError(f"metric: {metric!r} is not in the catalogue")
        unit = catalogue[metric].unit
    criterion = KINDS[kind](fields, metric, unit)
    if kind == "increase_at_most" and catalogue[metric].kind != "counter":
        raise RuleError(f"metric: {metric} is a {catalogue[metric].kind}; only a counter increases")
    scope, parts = fields.inside("scope"), fields.inside("parts")
    rule = Rule(
        id=name,
        criterion=criterion,
        severity=RuleSeverity(fields.word("severity", [severity.value for severity in RuleSeverity])),
        zh=fields.text("zh"),
        en=fields.text("en"),
        unit=unit,
        for_ms=fields.duration_ms("for", 0),
        fresh_ms=fields.duration_ms("fresh") if fields.has("fresh") else None,
        scope=Scope(frozenset(scope.texts("kind")), frozenset(scope.texts("tag"))),
        parts=Parts(parts.texts("only"), parts.texts("besides")),
        proposal=fields.flag("proposal"),
        why=fields.text("why", ""),
    )
    for part in (scope, parts, fields):
        part.done()
    return rule


def _at_least(fields: Fields, metric: str, unit: str) -> Criterion:
    limit = fields.quantity("limit", unit)
    clear = fields.quantity("clear", unit, limit)
    if clear < limit:
        raise RuleError(f"clear: {clear:g} is below the limit {limit:g}: once too low it must come up to more")
    return criteria.at_least(metric, limit, clear)


def _at_most(fields: Fields, metric: str, unit: str) -> Criterion:
    limit = fields.quantity("limit", unit)
    clear = fields.quantity("clear", unit, limit)
    if clear > limit:
        raise RuleError(f"clear: {clear:g} is above the limit {limit:g}: once too high it must come down to less")
    return criteria.at_most(metric, limit, clear)


def _between(fields: Fields, metric: str, unit: str) -> Criterion:
    low, high = fields.quantity("low", unit), fields.quantity("high", unit)
    margin = fields.quantity("margin", unit, 0.0)
    if low >= high:
        raise RuleError(f"{fields.name('low')}: {low:g} is not below high, {high:g}")
    if margin < 0 or low + margin > high - margin:
        raise RuleError(f"margin: {margin:g} leaves nothing between {low:g} and {high:g}")
    return criteria.between(metric, low, high, margin)


def _equals(fields: Fields, metric: str, unit: str) -> Criterion:
    return criteria.equals(metric, fields.quantity("value", unit))


def _increase(fields: Fields, metric: str, unit: str) -> Criterion:
    limit = fields.quantity("limit", unit)
    if limit < 0:
        raise RuleError(f"limit: {limit:g}: a counter cannot increase by less than nothing")
    return IncreaseAtMost(metric, limit, _over(fields))


def _share(fields: Fields, metric: str, unit: str) -> Criterion:
    low = fields.quantity("low", unit, float("-inf")) if fields.has("low") else float("-inf")
    high = fields.quantity("high", unit) if fields.has("high") else float("inf")
    if low == float("-inf") and high == float("inf"):
        raise RuleError("high: is missing (or low): outside of what?")
    limit = fields.quantity("limit", "ratio")
    if not 0 <= limit < 1:
        raise RuleError(f"limit: {limit:g} is no share from 0 % to below 100 %")
    return ShareOfTime(metric, low, high, limit, _over(fields))


def _over(fields: Fields) -> int:
    over = fields.duration_ms("over")
    if not 0 < over <= LONGEST_WINDOW_MS:
        raise RuleError(f"over: {over / 1000:g} s: more than nothing and at most 24 h")
    return over


def _absent(fields: Fields, metric: str, unit: str) -> Criterion:
    del unit
    return Absent(metric, fields.text("source"))


def _heard(fields: Fields, metric: str, unit: str) -> Criterion:
    del metric, unit
    intervals = fields.quantity("intervals", "")
    if intervals < 1:
        raise RuleError(f"intervals: {intervals:g}: at least one must pass before anybody is late")
    return Heard(intervals)


KINDS: dict[str, Callable[[Fields, str, str], Criterion]] = {
    "at_least": _at_least,
    "at_most": _at_most,
    "between": _between,
    "equals": _equals,
    "increase_at_most": _increase,
    "share_of_time": _share,
    "absent": _absent,
    "heard": _heard,
}
