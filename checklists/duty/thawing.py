"""A checklist as a run froze it, read again: the exact inverse of ``as_json``, whatever the files say by now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checklists.duty.template import ByHand, Check, Each, Item, Template
from checklists.rule import Parts
from checklists.sentences import Text

Frozen = Mapping[str, Any]


def template_from(frozen: Frozen) -> Template:
    """Raises KeyError where something is missing."""
    return Template(
        id=frozen["id"],
        version=frozen["version"],
        text=_text(frozen),
        cycle=frozen["cycle"],
        phase=frozen["phase"],
        sections={section["id"]: _text(section) for section in frozen["sections"]},
        items=tuple(item_from(item) for item in frozen["items"]),
    )


def item_from(frozen: Frozen) -> Item:
    """Raises KeyError where something is missing."""
    each, verify, by_hand = frozen["each"], frozen["verify"], frozen["by_hand"]
    return Item(
        id=frozen["id"],
        section=frozen["section"],
        text=_text(frozen),
        each=each and Each(tuple(each["kind"]), tuple(each["environment"]), tuple(each["class"])),
        verify=verify and _check(verify),
        by_hand=by_hand and ByHand(by_hand["note"] == "required", _text(by_hand)),
        operator=tuple(frozen["operator"]),
        reviewer=tuple(frozen["reviewer"]),
        proposal=frozen["proposal"],
        why=frozen["why"],
    )


def _check(frozen: Frozen) -> Check:
    parts = Parts(tuple(frozen["parts"]["only"]), tuple(frozen["parts"]["besides"]))
    return Check(**{**frozen, "parts": parts})


def _text(frozen: Frozen) -> Text:
    return Text(frozen["zh"], frozen["en"])
