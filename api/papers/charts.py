"""Charts for prints, with positions as fractions of width and height, so that a template only has to draw them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil, floor, log10
from typing import Any
from zoneinfo import ZoneInfo

from api.board import words
from api.language import formats

_COLUMNS = 240
_MARGIN = 0.06
_TICKS = 4


def drawn(chart: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the drawing of a page's chart; None if it has no readings. Every position is a fraction of the width or
    the height, from the left and from below.
    """
    points = thinned([*zip(chart["at"], chart["value"], strict=True)])
    if not points:
        return None
    marks = [each for each in (*chart["usual"], chart["limit"]) if each is not None]
    values = [value for _, value in points] + marks
    low, high = min(values), max(values)
    room = (high - low) * _MARGIN or abs(high) * _MARGIN or 1.0
    low, high = low - room, high + room
    first, last = points[0][0], points[-1][0]
    if chart["window"] is not None:
        first, last = min(first, chart["window"][0]), max(last, chart["window"][1])
    wide: float = (last - first) or 1.0
    tall: float = high - low

    def x(at: float) -> float:
        share: float = (at - first) / wide
        return share

    def y(value: float) -> float:
        share: float = (value - low) / tall
        return min(max(share, 0.0), 1.0)

    usual_low, usual_high = chart["usual"]
    return {
        "title": chart["title"],
        "unit": chart["unit"],
        "points": [[round(x(at), 4), round(y(value), 4)] for at, value in points],
        "usual": None
        if usual_low is None and usual_high is None
        else [y(low if usual_low is None else usual_low), y(high if usual_high is None else usual_high)],
        "limit": None if chart["limit"] is None else y(chart["limit"]),
        "window": None if chart["window"] is None else [x(each) for each in chart["window"]],
        "values": [[y(value), words.number(value)] for value in _round_values(low, high)],
        "times": [[share, _time(first + share * wide, chart["zone"])] for share in (0.0, 0.5, 1.0)],
    }


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Thin readings out so that a line of them can be drawn, keeping the smallest and the largest of each column."""
    if len(points) <= 2 * _COLUMNS:
        return list(points)
    a_column = ceil(len(points) / _COLUMNS)
    kept = []
    for begin in range(0, len(points), a_column):
        column = points[begin : begin + a_column]
        least, greatest = min(column, key=lambda each: each[1]), max(column, key=lambda each: each[1])
        kept += sorted({least, greatest})
    return kept


def _round_values(low: float, high: float) -> list[float]:
    """Return a few round values between two bounds."""
    step = 10.0 ** floor(log10((high - low) / _TICKS))
    step *= next(each for each in (1, 2, 5, 10) if (high - low) / (step * each) <= _TICKS)
    begin = ceil(low / step)
    return [n * step for n in range(begin, floor(high / step) + 1)]


def _time(at: float, zone: str) -> str:
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    return formats.short(local)
