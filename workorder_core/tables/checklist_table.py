"""The items of checklists as a table that people import: a row is one item, known by ``<checklist>/<key>``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from workorder_core.inspections.checklists import (
    Checklist,
    Condition,
    InvalidChecklist,
    Item,
    ItemKind,
    key_of,
)
from workorder_core.sentences import kept, say
from workorder_core.tables.cells import CellKind, Column, Value
from workorder_core.tables.tables import Facts, Row, RowProblem, Table
from workorder_core.words import Severity

_POINT = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63})/([a-z][a-z0-9_]{0,39})")
_KINDS: Mapping[str, Value] = {name: each.value for each in ItemKind for name in (each.label, each.value)}
_SEVERITIES: Mapping[str, Value] = {"malfunction": "malfunction", "safety": "safety", "none": ""}
_LAST = 10_000
_COLUMN = {"text": "text", "key": "point", "unit": "unit", "low": "low", "choices": "choices", "fails": "fails"}
_COLUMN |= {"severity": "severity", "only_if": "only_if"}


def _check(table: Table, rows: Sequence[Row], known: Mapping[str, Facts]) -> list[RowProblem]:
    wrong = [
        table.wrong(
            row,
            "point",
            kept("is not a point: write <checklist>/<item>, such as PUMP-DAILY/seal, with small letters for the item"),
        )
        for row in rows
        if not _POINT.fullmatch(row.key)
    ]
    if wrong:
        return wrong
    by_key = {row.key: row for row in rows}
    for code in sorted({row.key.partition("/")[0] for row in rows}):
        try:
            checklist(code, known, by_key)
        except InvalidChecklist as problem:
            items = ordered(code, known, by_key)
            keys = [key for key, _ in items]
            at = by_key.get(f"{code}/{keys[problem.item - 1]}") if problem.item else None
            row = at or next(row for row in rows if row.key.startswith(f"{code}/"))
            name = _COLUMN.get(problem.field, "text") if problem.item else "title"
            wrong.append(table.wrong(row, name, problem.problem))
    return wrong


CHECKLISTS = Table(
    name="checklists",
    title="Checklists",
    one="item of a checklist",
    columns=(
        Column(name="point", title="Point", most=110, also=("item", "id", "inspection point")),
        Column(name="title", title="Title", most=200, also=("checklist", "checklist title")),
        Column(name="position", title="Position", kind=CellKind.WHOLE, also=("order", "number", "no")),
        Column(name="text", title="Text", needed=True, most=200, also=("question", "description", "instruction")),
        Column(name="kind", title="Kind", needed=True, choices=_KINDS, also=("type", "answer")),
        Column(name="needed", title="Needed", kind=CellKind.YES_NO, also=("mandatory", "required")),
        Column(name="unit", title="Unit", most=40, also=("uom",)),
        Column(name="low", title="Low", kind=CellKind.DECIMAL, also=("lower limit", "min", "minimum")),
        Column(name="high", title="High", kind=CellKind.DECIMAL, also=("upper limit", "max", "maximum")),
        Column(name="signal", title="Signal", kind=CellKind.CODE),
        Column(name="choices", title="Choices", also=("options",)),
        Column(name="fails", title="Fails", also=("answers that fail",)),
        Column(name="severity", title="Severity", choices=_SEVERITIES),
        Column(name="photo_if_failed", title="Photo if failed", kind=CellKind.YES_NO),
        Column(name="only_if", title="Only if", also=("condition",)),
    ),
    key="point",
    check=_check,
)


def facts_of(code: str, checklist: Checklist) -> dict[str, Facts]:
    """Return the rows of a checklist by their keys, in the table's form."""
    found: dict[str, Facts] = {}
    for number, item in enumerate(checklist.items, 1):
        found[f"{code}/{item.key}"] = {
            "point": f"{code}/{item.key}",
            "title": checklist.title,
            "position": number,
            "text": item.text,
            "kind": item.kind.value,
            "needed": item.needed,
            "unit": item.unit or None,
            "low": None if item.low is None else Decimal(f"{item.low:.15g}"),
            "high": None if item.high is None else Decimal(f"{item.high:.15g}"),
            "signal": item.signal or None,
            "choices": "; ".join(item.choices) or None,
            "fails": "; ".join(item.fails) or None,
            "severity": "" if item.severity is None else item.severity.name.lower(),
            "photo_if_failed": item.photo_if_failed,
            "only_if": None if item.only_if is None else f"{item.only_if.key} = {item.only_if.answer}",
        }
    return found


def ordered(code: str, known: Mapping[str, Facts], rows: Mapping[str, Row]) -> list[tuple[str, Facts]]:
    """Return the items of the resulting checklist: by key, the existing ones updated from rows, in order."""
    mine: dict[str, dict[str, Value | None]] = {}
    for point, facts in known.items():
        if point.startswith(f"{code}/"):
            mine[point] = dict(facts)
    for point, row in rows.items():
        if point.startswith(f"{code}/"):
            said = {name: value for name, value in row.values.items() if value is not None}
            mine[point] = {**mine.get(point, {}), **said}
    numbered = [
        (int(str(facts.get("position") or _LAST)), number, point.partition("/")[2], facts)
        for number, (point, facts) in enumerate(mine.items())
    ]
    return [(key, facts) for _, _, key, facts in sorted(numbered, key=lambda each: each[:2])]


def checklist(code: str, known: Mapping[str, Facts], rows: Mapping[str, Row]) -> Checklist:
    """Return the checklist that results from the rows. Raises InvalidChecklist."""
    items = ordered(code, known, rows)
    # A row's title takes precedence over the existing one.
    said = [row.values.get("title") for point, row in rows.items() if point.startswith(f"{code}/")]
    titles = [*filter(None, said), *(facts.get("title") for _, facts in items if facts.get("title"))]
    return Checklist(
        title=str(titles[0]) if titles else code,
        items=tuple(_item(number, key, facts) for number, (key, facts) in enumerate(items, 1)),
    )


def _item(number: int, key: str, facts: Facts) -> Item:
    def text(name: str) -> str:
        return str(facts.get(name) or "")

    severity, condition = text("severity"), text("only_if")
    asked, equals, answer = condition.partition("=")
    if condition and not equals:
        raise InvalidChecklist(say("write it as key = answer, such as seal = no"), item=number, field="only_if")
    low, high, needed = facts.get("low"), facts.get("high"), facts.get("needed")
    item = Item(
        key=key or key_of(text("text")),
        kind=ItemKind(text("kind") or ItemKind.TEXT.value),
        text=text("text") or key,
        needed=True if needed is None else bool(needed),
        unit=text("unit"),
        low=None if low is None else float(str(low)),
        high=None if high is None else float(str(high)),
        signal=text("signal"),
        choices=_list(text("choices")),
        fails=_list(text("fails")),
        severity=Severity[severity.upper()] if severity else None,
        photo_if_failed=bool(facts.get("photo_if_failed")),
    )
    return item if not condition else replace(item, only_if=Condition(key=asked.strip(), answer=answer.strip()))


def _list(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(";") if each.strip())
