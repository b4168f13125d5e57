"""Duty checklists from YAML, one a file, named for its id. The first wrong one stops the start by file and field."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from checklists.criteria import Band
from checklists.duty.template import ByHand, Check, Each, Item, Template
from checklists.loading import KINDS as RULES
from checklists.loading import LONGEST_WINDOW_MS, Catalogue, StrictLoader
from checklists.rule import Parts
from checklists.rule_fields import Fields, RuleError
from checklists.sentences import Text
from readings.model import Severity

FOLDER = Path(__file__).parents[1] / "templates"
CYCLES = ("daily", "weekly", "monthly", "quarterly", "half_yearly", "yearly", "special", "temporary")  # 2.2-2, D5
PHASES = ("pre_open", "intraday", "post_close", "any")  # 2.2-3
SELECTORS: Mapping[str, Collection[str]] = {
    "kind": (
        *("server", "virtual_machine", "storage", "switch", "router", "firewall", "ups", "air_conditioner"),
        *("pdu", "sensor", "other"),
    ),
    "environment": ("production", "test", "office"),
    "class": ("core", "special", "peripheral"),
}
LIMITS = ("at_most", "at_least", "between", "equals")
FRESH_MS = 600_000
LONGEST_FRESH_MS = 24 * 3_600_000
MOST_ITEMS = 200
ITEM = re.compile(r"[a-z][a-z0-9_]{0,63}")


def load_templates(catalogue: Catalogue, posts: Collection[str], folder: Path = FOLDER) -> dict[str, Template]:
    """Every ``*.yaml`` of ``folder`` by id, in the order of their names. Raises RuleError."""
    found = [load_template(file, catalogue, posts) for file in sorted(folder.glob("*.yaml"))]
    if not found:
        raise RuleError(f"{folder}: no checklist in any *.yaml")
    return {template.id: template for template in found}


def load_template(file: Path, catalogue: Catalogue, posts: Collection[str]) -> Template:
    """One file. ``posts``: those there are. Raises RuleError beginning with the file's name."""
    try:
        written = yaml.load(file.read_text(encoding="utf-8"), Loader=StrictLoader)  # noqa: S506 - a SafeLoader
        return _template(Fields(written), file.stem, catalogue, posts)
    except RuleError as error:
        raise RuleError(f"{file.name}: {error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleError(f"{file.name}: not YAML: {' '.join(str(error).split())}") from error
    except OSError as error:
        raise RuleError(f"{file.name}: cannot be read: {error.strerror}") from error


def _template(fields: Fields, stem: str, catalogue: Catalogue, posts: Collection[str]) -> Template:
    name = fields.text("id")
    if name != stem:
        raise RuleError(f"id: {name!r} is not the name of the file")
    sections: dict[str, Text] = {}
    for section in _listed(fields, "sections"):
        key = section.text("id")
        if key in sections:
            raise RuleError(f"{section.name('id')}: {key!r} is told twice")
        sections[key] = _text(section)
        section.done()
    items: dict[str, Item] = {}
    for line in _listed(fields, "items"):
        item = _item(line, sections, catalogue, posts)
        if item.id in items:
            raise RuleError(f"{line.name('id')}: {item.id!r} is told twice")
        items[item.id] = item
        line.done()
    if idle := sections.keys() - {item.section for item in items.values()}:
        raise RuleError(f"sections: nothing stands in {min(idle)}")
    template = Template(
        id=name,
        version=_version(fields),
        text=_text(fields),
        cycle=fields.word("cycle", CYCLES),
        phase=fields.word("phase", PHASES),
        sections=sections,
        items=tuple(items.values()),
    )
    fields.done()
    return template


def _item(fields: Fields, sections: Collection[str], catalogue: Catalogue, posts: Collection[str]) -> Item:
    name = fields.text("id")
    if not ITEM.fullmatch(name):
        raise RuleError(f"{fields.name('id')}: {name!r} is not a name: a-z, 0-9, _, a letter first")
    has_check, has_hand = fields.has("verify"), fields.has("by_hand")
    if has_check == has_hand:
        raise RuleError(f"{fields.name('verify')}: verify or by_hand, one of them")
    once, for_each = fields.flag("once"), fields.has("each")
    if once == for_each:
        raise RuleError(f"{fields.name('each')}: each (of which devices) or once: true, one of them")
    if once and has_check:
        raise RuleError(f"{fields.name('verify')}: a reading is of a device: say each")
    return Item(
        id=name,
        section=fields.word("section", sections),
        text=_text(fields),
        each=_each(fields.inside("each")) if for_each else None,
        verify=_check(fields.inside("verify"), catalogue) if has_check else None,
        by_hand=_by_hand(fields.inside("by_hand")) if has_hand else None,
        operator=_words(fields, "operator", posts),
        reviewer=_words(fields, "reviewer", posts),
        proposal=fields.flag("proposal"),
        why=fields.text("why", ""),
    )


def _each(fields: Fields) -> Each:
    each = Each(*(_words(fields, key, words) for key, words in SELECTORS.items()))
    fields.done()
    return each


def _by_hand(fields: Fields) -> ByHand:
    by_hand = ByHand(fields.word("note", ("required", "optional")) == "required", _text(fields))
    fields.done()
    return by_hand


def _check(fields: Fields, catalogue: Catalogue) -> Check:
    rule = fields.word("rule", (*LIMITS, "heard", "no_events", "no_alarms"))
    fresh_ms = fields.duration_ms("fresh", FRESH_MS)
    if not 0 < fresh_ms <= LONGEST_FRESH_MS:
        raise RuleError(f"{fields.name('fresh')}: {fresh_ms / 1000:g} s: more than nothing and at most 24 h")
    check = Check(rule, fresh_ms, **_of_rule(rule, fields, catalogue))
    fields.done()
    return check


def _of_rule(rule: str, fields: Fields, catalogue: Catalogue) -> dict[str, Any]:
    """What is told of a check beside rule and freshness, by the kind of rule."""
    if rule in LIMITS:
        metric = fields.text("metric")
        if metric not in catalogue:
            raise RuleError(f"{fields.name('metric')}: {metric!r} is not in the catalogue")
        for word in ("clear", "margin"):  # a rule over time has these; a line of a checklist is looked at once
            if fields.has(word):
                raise RuleError(f"{fields.name(word)}: no such field (or not with this kind of rule)")
        unit = catalogue[metric].unit
        band = RULES[rule](fields, metric, unit)
        assert isinstance(band, Band)
        parts = fields.inside("parts")
        named = Parts(parts.texts("only"), parts.texts("besides"))
        parts.done()
        low, high = (None if abs(bound) == float("inf") else bound for bound in (band.low, band.high))
        offered_only = fields.flag("offered_only")
        return {
            "metric": metric,
            "unit": unit,
            "low": low,
            "high": high,
            "parts": named,
            "offered_only": offered_only,
        }
    if rule == "heard":
        intervals = fields.quantity("intervals", "")
        if intervals < 1:
            raise RuleError(f"{fields.name('intervals')}: {intervals:g}: one must pass before anybody is late")
        return {"intervals": intervals}
    if rule == "no_alarms":
        return {}
    severity = Severity[fields.word("severity", [word.name.lower() for word in Severity]).upper()]
    over_ms = fields.duration_ms("over")
    if not 0 < over_ms <= LONGEST_WINDOW_MS:
        raise RuleError(f"{fields.name('over')}: {over_ms / 1000:g} s: more than nothing and at most 24 h")
    return {"source": fields.text("source"), "severity": int(severity), "over_ms": over_ms}


def _listed(fields: Fields, field: str) -> list[Fields]:
    """A list of mappings, each known by its place or, once it is told, by its id."""
    value = fields.any(field)
    if not isinstance(value, list) or not value:
        raise RuleError(f"{fields.name(field)}: {'is missing' if value is None else f'{value!r} is not a list'}")
    if len(value) > MOST_ITEMS:
        raise RuleError(f"{fields.name(field)}: {len(value)} of them, at most {MOST_ITEMS}")
    return [Fields(each, f"{field}.{_place(each, number)}") for number, each in enumerate(value, 1)]


def _place(written: object, number: int) -> str:
    name = written.get("id") if isinstance(written, Mapping) else None
    return name if isinstance(name, str) and name else str(number)


def _words(fields: Fields, field: str, words: Collection[str]) -> tuple[str, ...]:
    told = fields.texts(field)
    for word in told:
        if word not in words:
            raise RuleError(f"{fields.name(field)}: {word!r} is none of {', '.join(sorted(words))}")
    return told


def _version(fields: Fields) -> int:
    version = fields.any("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise RuleError(f"version: {version!r} is not a number from 1 on")
    return version


def _text(fields: Fields) -> Text:
    return Text(fields.text("zh"), fields.text("en"))
