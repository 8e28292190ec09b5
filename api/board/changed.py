"""Describes a logged change in words: each field with its old and new value, each step added, removed or reworded. The
log stores database values, and rows of earlier versions may have fewer or more fields: no field is required here, and
unknown ones are shown as plainly as possible.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from markupsafe import Markup

from api.board import words
from api.language import formats
from workorder_core.digits import plain
from workorder_core.language import N_, _
from workorder_core.sentences import translated
from workorder_core.words import FailureMode

Text = str | Markup
_NOTHING: tuple[Any, ...] = (None, "", [], {})
_SAID_ELSEWHERE = frozenset({"code", "site", "sha256"})
"""Fields that repeat the name of the changed object, or mean nothing to people."""
_LABELS = {
    "asset_class": N_("class"),
    "retired_at": N_("out of force"),
    "safety_critical": N_("safety-critical"),
    "class": N_("class"),
    "closed_on": N_("days off"),
    "works_on": N_("works on holidays"),
    "response_minutes": N_("begin within"),
    "completion_minutes": N_("complete within"),
    "working": N_("only working hours count"),
    "permits_lost": N_("permits lost"),
    "must_change": N_("has a one-time password"),
    "retire": N_("taken out of force"),
    "subdivision": N_("part of the country"),
}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def changed(old: Mapping[str, Any], new: Mapping[str, Any], zone: str) -> list[Text]:
    """Return the description of a change, in lines: plain fields together on the first, then each item of a list.
    ``old`` is empty for a new object, ``new`` for a removed one, whose former fields are then shown.
    """
    if not new and old:
        return [Markup(_("it was: %(fields)s")) % {"fields": line} for line in changed({}, old, zone)]
    plain, lines = list[Text](), list[Text]()
    for name, now in _opened(new).items():
        before = _opened(old).get(name)
        if name in _SAID_ELSEWHERE or (before in _NOTHING and now in _NOTHING):
            continue
        if name in _ITEMS:
            lines += _items(name, before, now)
        else:
            plain.append(_field(name, name in _opened(old), before, now, zone))
    return [Markup(", ").join(plain), *lines] if plain else lines


def _opened(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields; a proposed plan's own fields are flattened into them."""
    plan = fields.get("plan")
    if not isinstance(plan, Mapping) or "steps" not in plan:
        return dict(fields)
    return {**{name: value for name, value in fields.items() if name != "plan"}, **plan}


def _field(name: str, was_there: bool, before: Any, now: Any, zone: str) -> Text:
    label = _(_LABELS[name]) if name in _LABELS else words.words(name)
    if isinstance(before, list) and isinstance(now, list):
        gone, come = [each for each in before if each not in now], [each for each in now if each not in before]
        parts = [
            _(said, values=_value(name, each, zone))
            for said, each in ((N_("removed %(values)s"), gone), (N_("added %(values)s"), come))
            if each
        ]
        if parts:
            return Markup("{}: {}").format(label, ", ".join(parts))
    if not was_there or _same(before, now):
        return Markup("{}: {}").format(label, _value(name, now, zone))
    return Markup("{}: {} → {}").format(label, _value(name, before, zone), _value(name, now, zone))


def _same(before: Any, now: Any) -> bool:
    return type(before) is type(now) and bool(before == now)


def _value(name: str, value: Any, zone: str) -> Text:
    """Return a value in words; an unknown kind of value as its text."""
    if value in _NOTHING:
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in _SAYS and isinstance(value, str | int | float):
        return _SAYS[name](value)
    if isinstance(value, Mapping):
        return ", ".join(f"{words.words(str(each))}: {_value(str(each), of, zone)}" for each, of in value.items())
    if isinstance(value, list):
        return ", ".join(str(_value(name, each, zone)) for each in value)
    if isinstance(value, int | float):
        return formats.digits(plain(value))
    return _time(value, zone) if isinstance(value, str) else str(value)


def _time(text: str, zone: str) -> Text:
    try:
        if _TIME.fullmatch(text):
            return words.site_time(datetime.fromisoformat(text), zone)
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return formats.day(day)
    except ValueError:
        pass
    return text


def _mode(value: Any) -> str:
    return translated(FailureMode(value).label) if value in set(FailureMode) else str(value)


def _minutes(value: Any) -> str:
    return words.minutes(int(value)) if isinstance(value, int | float) else str(value)


_SAYS: Mapping[str, Callable[[Any], str]] = {
    "failure_mode": _mode,
    "response_minutes": _minutes,
    "completion_minutes": _minutes,
    **dict.fromkeys(
        ("asset_class", "class", "roles", "level", "kind", "numbers", "state", "criticality"),
        lambda code: words.words(str(code)),
    ),
}


class _Item(NamedTuple):
    """The sentences about an item of a list, and how an item is shown."""

    said: str
    reworded: str
    removed: str
    added: str
    moved: str
    show: Callable[[Mapping[str, Any]], str]


def _items(name: str, before: Any, now: Any) -> Iterator[Text]:
    """Yield a line for each item of a list that was added, removed, reworded or moved."""
    one = _ITEMS[name]
    was, becomes = _said(before, one.show), _said(now, one.show)
    if not was:
        yield from (_(one.said, number=n, text=text) for n, text in enumerate(becomes, 1))
        return
    moved = {text for text in was if text in becomes}
    for tag, i, j, k, m in SequenceMatcher(None, was, becomes, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        out = [each for each in was[i:j] if each not in moved]
        come = [(n, each) for n, each in enumerate(becomes[k:m], k + 1) if each not in moved]
        for text, (n, other) in zip(out, come, strict=False):
            yield _(one.reworded, number=n, before=text, after=other)
        yield from (_(one.removed, text=text) for text in out[len(come) :])
        yield from (_(one.added, number=n, text=text) for n, text in come[len(out) :])
    kept = [[each for each in side if each in moved] for side in (was, becomes)]
    if kept[0] != kept[1]:
        yield _(one.moved)


def _said(items: Any, say: Callable[[Mapping[str, Any]], str]) -> list[str]:
    found = items if isinstance(items, Sequence) and not isinstance(items, str) else []
    return [say(each) if isinstance(each, Mapping) else str(each) for each in found]


def _step(step: Mapping[str, Any]) -> str:
    kind = step.get("kind", "instruction")
    unit = words.unit(step.get("unit") or "")
    low, high = step.get("low"), step.get("high")
    limits = "" if low is None and high is None else f"{words.usual(low, high)} {unit}".strip()
    about = [
        "" if kind == "instruction" else words.words(str(kind)),
        limits or unit,
        "" if step.get("mandatory", True) else _("optional"),
    ]
    more = ", ".join(filter(None, about))
    return str(step.get("instruction", "")) + (f" ({more})" if more else "")


def _part(part: Mapping[str, Any]) -> str:
    quantity = part.get("quantity")
    count = words.amount(quantity) if isinstance(quantity, int | float) else ""
    return " ".join(filter(None, (count, part.get("unit") or "", str(part.get("part", "")))))


def _shift(shift: Mapping[str, Any]) -> str:
    days = [formats.weekdays()[day - 1] for day in shift.get("weekdays", ()) if isinstance(day, int) and 1 <= day <= 7]
    whole = len(days) > 2 and sorted(shift["weekdays"]) == list(
        range(min(shift["weekdays"]), max(shift["weekdays"]) + 1)
    )
    said = _("%(first)s to %(last)s", first=days[0], last=days[-1]) if whole else ", ".join(days)
    return f"{said} {shift.get('start')}–{shift.get('end')}"


_ITEMS: Mapping[str, _Item] = {
    "steps": _Item(
        said=N_("step %(number)s: %(text)s"),
        reworded=N_("step %(number)s reworded: %(before)s → %(after)s"),
        removed=N_("step removed: %(text)s"),
        added=N_("step %(number)s added: %(text)s"),
        moved=N_("steps in another order"),
        show=_step,
    ),
    "parts": _Item(
        said=N_("part %(number)s: %(text)s"),
        reworded=N_("part %(number)s reworded: %(before)s → %(after)s"),
        removed=N_("part removed: %(text)s"),
        added=N_("part %(number)s added: %(text)s"),
        moved=N_("parts in another order"),
        show=_part,
    ),
    "shifts": _Item(
        said=N_("shift %(number)s: %(text)s"),
        reworded=N_("shift %(number)s reworded: %(before)s → %(after)s"),
        removed=N_("shift removed: %(text)s"),
        added=N_("shift %(number)s added: %(text)s"),
        moved=N_("shifts in another order"),
        show=_shift,
    ),
}
"""Fields that are lists: the sentences about their items."""
