"""Checklists: the questions in order, and which answers fail. No clock, no I/O. A change makes a new version; a round
in progress keeps the version that it began with.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from workorder_core.digits import plain
from workorder_core.sentences import say
from workorder_core.words import Severity

MOST_ITEMS = 200
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SIGNAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,127}")
"""The names that a signal can have."""
FOLLOWED = (Severity.MALFUNCTION, Severity.SAFETY)
"""Severities of a failed point: a reactive order, or an emergency."""


class ItemKind(StrEnum):
    """The kind of answer that an item asks for."""

    YES_NO = "yes_no"
    MEASUREMENT = "measurement"
    CHOICE = "choice"
    TEXT = "text"
    PHOTO = "photo"
    SIGNATURE = "signature"

    @property
    def label(self) -> str:
        return {ItemKind.YES_NO: "yes or no"}.get(self, self.value)


class InvalidChecklist(ValueError):
    """An invalid checklist. ``item`` is the number of the invalid item, from 1; 0: the checklist as a whole."""

    def __init__(self, problem: str, *, item: int = 0, field: str = "text") -> None:
        super().__init__(say("item {item}: {problem}", item=item, problem=problem) if item else problem)
        self.problem, self.item, self.field = problem, item, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Asks an item only if an earlier one has this answer: ``yes``, ``no``, a choice, or ``failed`` or ``passed``."""

    key: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of a checklist.

    Parameters
    ----------
    key
        Its identity across versions, so that answers of different versions can be compared.
    needed
        Whether a stop is incomplete without an answer.
    unit, low, high
        Of a measurement: a value below ``low`` or above ``high`` has failed; None: no limit on that side.
    signal
        Of a measurement: the asset's signal of which it is a reading; empty: of none.
    choices
        The possible answers.
    fails
        The answers that fail: choices, or ``no`` or ``yes``.
    severity
        How bad it is if it fails: MALFUNCTION opens a reactive order, SAFETY an emergency. None: no order.
    photo_if_failed
        Whether a failed answer needs a photo.
    only_if
        When it is asked; None: always.
    """

    key: str
    kind: ItemKind
    text: str
    needed: bool = True
    unit: str = ""
    low: float | None = None
    high: float | None = None
    signal: str = ""
    choices: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()
    severity: Severity | None = None
    photo_if_failed: bool = False
    only_if: Condition | None = None

    @property
    def limits(self) -> str:
        """The limits for people: ``0.5 to 2.8 mm/s``, ``at most 80 degC``; empty without any."""
        unit = f" {self.unit}" if self.unit else ""
        if self.low is not None and self.high is not None:
            return f"{plain(self.low)} to {plain(self.high)}{unit}"
        if self.low is not None:
            return f"at least {plain(self.low)}{unit}"
        return f"at most {plain(self.high)}{unit}" if self.high is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """A version of a checklist. Raises InvalidChecklist for items that cannot be asked or answered."""

    title: str
    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise InvalidChecklist(say("the checklist needs a title"))
        if not 1 <= len(self.items) <= MOST_ITEMS:
            raise InvalidChecklist(
                say("a checklist has 1 to {most} items, not {count}", most=MOST_ITEMS, count=len(self.items))
            )
        before: dict[str, Item] = {}
        for number, item in enumerate(self.items, 1):
            _check(item, number, before)
            before[item.key] = item

    def item(self, key: str) -> Item:
        """Return the item with that key. Raises KeyError."""
        return next(each for each in self.items if each.key == key)


def _check(item: Item, number: int, before: Mapping[str, Item]) -> None:
    """Raise InvalidChecklist for an item that contradicts itself or the items before it."""

    def wrong(problem: str, field: str) -> InvalidChecklist:
        return InvalidChecklist(problem, item=number, field=field)

    if not _KEY.fullmatch(item.key):
        raise wrong(
            say("{key!r} is not a key: use a small letter first, then small letters, digits and _", key=item.key), "key"
        )
    if item.key in before:
        raise wrong(say("the key {key!r} is used by another item", key=item.key), "key")
    if not item.text.strip():
        raise wrong(say("say what is asked"), "text")
    if item.severity is not None and item.severity not in FOLLOWED:
        raise wrong(say("a failed point is a malfunction or a matter of safety"), "severity")
    measured = item.kind is ItemKind.MEASUREMENT
    if not measured and (item.low, item.high, item.unit, item.signal) != (None, None, "", ""):
        raise wrong(say("only a measurement has a unit, limits and a signal"), "unit")
    if item.signal and not _SIGNAL.fullmatch(item.signal):
        raise wrong(
            say(
                "{signal!r} is not the name of a signal: use A-Z, a-z, digits, blanks and _ . : / -", signal=item.signal
            ),
            "signal",
        )
    if item.low is not None and item.high is not None and not item.low < item.high:
        raise wrong(
            say("the lower limit ({low:g}) must be below the upper one ({high:g})", low=item.low, high=item.high), "low"
        )
    _check_choices(item, wrong)
    if item.only_if is not None:
        _check_condition(item.only_if, before, wrong)


def _check_choices(item: Item, wrong: Any) -> None:
    if item.kind is ItemKind.CHOICE and (len(item.choices) < 2 or len(set(item.choices)) != len(item.choices)):
        raise wrong(say("a choice needs at least two different answers"), "choices")
    if item.kind is not ItemKind.CHOICE and item.choices:
        raise wrong(say("only a choice has answers to choose from"), "choices")
    answers = ("yes", "no") if item.kind is ItemKind.YES_NO else item.choices
    strange = [each for each in item.fails if each not in answers]
    if strange:
        raise wrong(
            say("{answers} cannot be answered, so it cannot have failed", answers=", ".join(map(repr, strange))),
            "fails",
        )


def _check_condition(condition: Condition, before: Mapping[str, Item], wrong: Any) -> None:
    asked = before.get(condition.key)
    if asked is None:
        raise wrong(say("it depends on {key!r}, which is not an item before it", key=condition.key), "only_if")
    possible = {"passed", "failed", *asked.choices, *(("yes", "no") if asked.kind is ItemKind.YES_NO else ())}
    if condition.answer not in possible:
        raise wrong(say("{key!r} cannot be answered {answer!r}", key=condition.key, answer=condition.answer), "only_if")


def key_of(text: str, taken: Sequence[str] = ()) -> str:
    """Return a key for an item made from its text, different from those taken.

    >>> key_of("Oil level at the sight glass?"), key_of("Oil", ["oil"])
    ('oil_level_at_the_sight_glass', 'oil_2')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:34].strip("_")
    begin = plain if plain[:1].isalpha() else f"item_{plain}".strip("_")
    number, key = 1, begin
    while key in taken:
        number += 1
        key = f"{begin}_{number}"
    return key


def as_document(item: Item) -> dict[str, Any]:
    """Return an item as JSON values, without defaults."""
    found: dict[str, Any] = {"key": item.key, "kind": item.kind.value, "text": item.text}
    for each in fields(Item):
        value = getattr(item, each.name)
        if each.name in found or value == each.default:
            continue
        if isinstance(value, Condition):
            value = {"key": value.key, "answer": value.answer}
        found[each.name] = list(value) if isinstance(value, tuple) else int(value) if each.name == "severity" else value
    return found


def from_document(document: Mapping[str, Any]) -> Item:
    """Return the item of a stored document."""
    facts = dict(document) | {"kind": ItemKind(document["kind"])}
    for name in ("choices", "fails"):
        facts[name] = tuple(facts.get(name, ()))
    if facts.get("severity") is not None:
        facts["severity"] = Severity(facts["severity"])
    if facts.get("only_if") is not None:
        facts["only_if"] = Condition(**facts["only_if"])
    return Item(**facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The differences between two versions. ``changed``: by key, each field with its value before and after."""

    title: tuple[str, str] | None
    added: tuple[Item, ...]
    removed: tuple[Item, ...]
    changed: Mapping[str, Mapping[str, tuple[Any, Any]]]
    reordered: bool

    def __bool__(self) -> bool:
        return bool(self.title or self.added or self.removed or self.changed or self.reordered)


def difference(before: Checklist, after: Checklist) -> Difference:
    """Compare two versions item by item, each known by its key."""
    old, new = ({each.key: each for each in one.items} for one in (before, after))
    changed: dict[str, dict[str, tuple[Any, Any]]] = {}
    for key in old.keys() & new.keys():
        was, now = as_document(old[key]), as_document(new[key])
        told = {name: (was.get(name), now.get(name)) for name in was | now if was.get(name) != now.get(name)}
        if told:
            changed[key] = told
    both = old.keys() & new.keys()
    return Difference(
        title=None if before.title == after.title else (before.title, after.title),
        added=tuple(each for each in after.items if each.key not in old),
        removed=tuple(each for each in before.items if each.key not in new),
        changed={key: changed[key] for key in new if key in changed},
        reordered=[key for key in old if key in both] != [key for key in new if key in both],
    )


def keep_keys(items: Sequence[Item], before: Sequence[Item]) -> tuple[Item, ...]:
    """Return items with a key each: those without one get that of an earlier item of the same text, or a new one."""
    by_text = {each.text: each.key for each in before}
    taken = [each.key for each in items if each.key]
    found = []
    for item in items:
        key = item.key
        if not key:
            known = by_text.get(item.text)
            key = known if known and known not in taken else key_of(item.text, taken)
            taken.append(key)
        found.append(replace(item, key=key))
    return tuple(found)
