"""The ledger's side of a device page: its card, where it is in its life, what may come next, and its entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from server.centre import Centre
from server.devices.card import CLASSES, ENVIRONMENTS, entries_of, service_life
from server.devices.life import LIFE_WORDS, STEPS, Life
from server.devices.tables import Device
from server.people.posts import POSTS
from server.people.register import all_people
from server.people.tables import Person
from server.times import rfc3339
from server.web.i18n import N_, Words
from server.web.verification_words import ACT_WORDS, OPINION_WORDS

# The card's fields in the order of 1.5-10, then the rest of the ledger (1.5-5, 1.5-6).
CARD_WORDS: dict[str, str] = {
    "name": N_("设备名称"),
    "purpose": N_("用途"),
    "owner_dept": N_("责任部门"),
    "owner": N_("责任人"),
    "location": N_("位置"),
    "stocked_on": N_("验收入库时间"),
    "issued_on": N_("领用出库时间"),
    "service_life_years": N_("规定使用年限"),
    "warranty_until": N_("保修期限"),
    "vendor": N_("厂商"),
    "model": N_("型号"),
    "serial": N_("序列号"),
    "main_parameters": N_("主要参数"),
    "device_class": N_("设备类别"),
    "environment": N_("环境"),
    "software": N_("软件安装信息"),
    "licence": N_("正版授权码"),
    "owner_post": N_("责任岗位"),
}
CLASS_WORDS: dict[str, str] = dict(zip(CLASSES, (N_("核心设备"), N_("特殊设备"), N_("周边设备")), strict=True))
PLACE_WORDS: dict[str, str] = dict(zip(ENVIRONMENTS, (N_("生产"), N_("测试"), N_("办公")), strict=True))
KIND_WORDS: dict[str, str] = {
    "life": N_("状态"),
    "location_transfer": N_("位置转移"),
    "owner_transfer": N_("责任转移"),
    "purpose_change": N_("用途变更"),
    "verification": N_("验证测试"),
    "card": N_("卡片"),
}
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Stage:
    """``state``: "done", "here" or "ahead"."""

    text: str
    state: str


@dataclass(frozen=True, slots=True)
class Line:
    at: str
    kind: str
    what: str
    note: str
    who: str


@dataclass(frozen=True, slots=True)
class LedgerView:
    life: str
    stages: Sequence[Stage]
    card: Sequence[tuple[str, str]]
    editable: Sequence[tuple[str, str, str]]
    classes: Sequence[tuple[str, str]]
    environments: Sequence[tuple[str, str]]
    over_life: bool
    by_hand: Sequence[tuple[str, str]]
    may_verify: bool
    lines: Sequence[Line]


def view(centre: Centre, device: Device, person: Person | None, words: Words, today: date) -> LedgerView:
    order = list(Life)
    here = order.index(Life(device.life))
    years, last, over = service_life(device, today)
    shown = {field: str(getattr(device, field) or "") for field in CARD_WORDS}
    editable = [(field, words(title), shown[field]) for field, title in CARD_WORDS.items()]
    shown["device_class"] = words(CLASS_WORDS.get(device.device_class, device.device_class))
    shown["environment"] = words(PLACE_WORDS.get(device.environment, device.environment))
    shown["owner_post"] = words.of(_post(device.owner_post))
    if years is not None:
        until = words("%(n)s 年", n=years)
        shown["service_life_years"] = words("%(years)s，至 %(day)s", years=until, day=last) if last else until
    names = {each.name: each.display_name for each in all_people(centre.records)}
    held = set(person.posts) if person is not None else set()
    return LedgerView(
        life=device.life,
        stages=[
            Stage(words.of(_both(life)), "done" if place < here else "here" if place == here else "ahead")
            for place, life in enumerate(order)
        ],
        card=[(words(title), shown[field]) for field, title in CARD_WORDS.items() if shown[field]],
        editable=editable,
        classes=[(key, words(word)) for key, word in CLASS_WORDS.items()],
        environments=[(key, words(word)) for key, word in PLACE_WORDS.items()],
        over_life=bool(over),
        by_hand=[
            (step.to.value, words.of(_both(step.to)))
            for step in STEPS
            if step.leaves == device.life and step.act is None and step.posts & held
        ],
        may_verify=any(step.leaves == device.life and step.to is Life.VERIFYING for step in STEPS)
        and bool(held & {"sysadmin", "room_admin"}),
        lines=[
            Line(
                at=rfc3339(entry.at_ms),
                kind=words(KIND_WORDS.get(entry.kind, entry.kind)),
                what=f"{said(entry.old, words)} → {said(entry.new, words)}",
                note=" · ".join(text for text in (entry.reference, entry.note) if text),
                who=names.get(entry.actor, entry.actor),
            )
            for entry in entries_of(centre.records, device.device_no)[:SHOWN]
        ],
    )


def life_word(device: Device, words: Words) -> str:
    return words.of(_both(Life(device.life)))


def _both(life: Life) -> dict[str, str]:
    return {"zh": LIFE_WORDS[life].zh, "en": LIFE_WORDS[life].en}


def _post(key: str) -> dict[str, str]:
    return {"zh": POSTS[key].zh, "en": POSTS[key].en} if key in POSTS else {"zh": key}


def said(text: str, words: Words) -> str:
    """An entry's old or new in the reader's words: a life, or ``field: value``."""
    field, colon, value = text.partition(": ")
    if not colon:
        acts = ACT_WORDS | OPINION_WORDS
        return words.of(_both(Life(text))) if text in list(Life) else words(acts[text]) if text in acts else text or "–"
    return f"{words(CARD_WORDS[field])} {value or '–'}" if field in CARD_WORDS else text
