"""The forecast as a table of trades and periods, and as bars that a template has only to draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10
from typing import Any

from api.board import words
from api.language import formats
from workorder_core.planning.forecast import Load, Period

TALL, GAP = 220.0, 4.0
THINNEST, WIDEST = 12.0, 48.0
WIDE = 1080.0
"""As wide as a desktop's page has room for; more bars than fit at their thinnest are scrolled."""
NAMED_EVERY = 80.0
"""So far apart are names of weeks and months, so that they do not overlap."""
LEFT, BELOW, ABOVE = 44.0, 26.0, 8.0
_COLOURS = 6
_TICKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One week or month. ``begins`` None: what was due before this one and is not done."""

    begins: date | None
    label: str
    hours: Mapping[str, float]
    count: int
    made: int

    @property
    def total(self) -> float:
        return sum(self.hours.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows without gaps, what is overdue first; the trades with the most hours first."""

    rows: Sequence[Row]
    trades: Sequence[str]
    totals: Mapping[str, float]
    count: int

    @property
    def total(self) -> float:
        return sum(self.totals.values())


def table(loads: Sequence[Load], period: Period, *, today: date, last: date) -> Table:
    """Return a forecast as a table from this week or month on to the one that has the day ``last``."""
    totals: dict[str, float] = {}
    cells: dict[int, list[Load]] = {}
    this = period.key(today)
    for each in loads:
        totals[each.trade] = totals.get(each.trade, 0.0) + each.hours
        cells.setdefault(max(period.key(each.begins), this - 1), []).append(each)
    trades = sorted(totals, key=lambda trade: (-totals[trade], trade))
    numbers = range(this - (this - 1 in cells), period.key(last) + 1)
    rows = [_row(cells.get(number, ()), period, number, late=number < this) for number in numbers]
    return Table(rows=rows if loads else (), trades=trades, totals=totals, count=sum(each.count for each in loads))


def _row(loads: Sequence[Load], period: Period, number: int, *, late: bool) -> Row:
    begins = period.begins(number)
    hours: dict[str, float] = {}
    for each in loads:
        hours[each.trade] = hours.get(each.trade, 0.0) + each.hours
    label = formats.day(begins) if period is Period.WEEK else formats.month(begins)
    return Row(
        begins=None if late else begins,
        label="" if late else label,
        hours=hours,
        count=sum(each.count for each in loads),
        made=sum(each.made for each in loads),
    )


def drawn(shown: Table) -> dict[str, Any] | None:
    """Return the bars of a table, stacked by trade from below, in units of a drawing; None where there are no hours."""
    most = max((row.total for row in shown.rows), default=0.0)
    if not most:
        return None
    step = _round_step(most)
    top = ceil(most / step) * step
    scale = (TALL - ABOVE - BELOW) / top
    thick = min(max((WIDE - LEFT) / len(shown.rows) - GAP, THINNEST), WIDEST)
    every = ceil(NAMED_EVERY / (thick + GAP))
    wide = LEFT + len(shown.rows) * (thick + GAP) + NAMED_EVERY / 2
    return {
        "wide": f"{wide:g}",
        "tall": f"{TALL:g}",
        "base": f"{TALL - BELOW:g}",
        "left": f"{LEFT:g}",
        "ticks": [
            {"y": f"{TALL - BELOW - n * step * scale:.1f}", "text": words.amount(n * step)}
            for n in range(round(top / step) + 1)
        ],
        "bars": [
            _bar(row, number, shown.trades, scale, thick, named=number % every == 0)
            for number, row in enumerate(shown.rows)
        ],
        "colours": {trade: number % _COLOURS for number, trade in enumerate(shown.trades)},
    }


def _bar(row: Row, number: int, trades: Sequence[str], scale: float, thick: float, *, named: bool) -> dict[str, Any]:
    x, base = LEFT + number * (thick + GAP) + GAP / 2, TALL - BELOW
    parts = []
    for colour, trade in enumerate(trades):
        high = row.hours.get(trade, 0.0) * scale
        if high:
            base -= high
            parts.append({"y": f"{base:.1f}", "high": f"{high:.1f}", "colour": colour % _COLOURS, "trade": trade})
    return {"x": f"{x:.1f}", "wide": f"{thick:.1f}", "parts": parts, "row": row, "named": named}


def _round_step(most: float) -> float:
    """Return the distance of the lines of a scale: 1, 2 or 5 times a power of ten, so that there are few."""
    step = 10.0 ** floor(log10(most / _TICKS))
    return step * next(each for each in (1, 2, 5, 10) if most / (step * each) <= _TICKS)
