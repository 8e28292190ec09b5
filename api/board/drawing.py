"""The data from which a page's charts are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from api.board import words
from db.orders.work_orders import Evidence
from db.plant.plant import Signal
from db.reliability.survival import Stored
from workorder_core.alarms.alarms import AlarmMetrics
from workorder_core.alarms.standard import A_PERIOD, FLOOD_ABOVE, PERIOD, PERIODS_A_DAY
from workorder_core.language import _

_MOST_POINTS = 300
WIDE, HIGH = 320, 96


def of_evidence(evidence: Evidence, signals: Mapping[str, Signal], zone: str) -> list[dict[str, Any]]:
    """Return a chart for each sign that has readings: the readings, the usual range, a rule's limit, the window."""
    charts = []
    for place, sign in enumerate(evidence.signs):
        points = evidence.readings.get(sign.signal, ())
        if not points:
            continue
        known = signals.get(sign.signal)
        by_rule = evidence.source.startswith("rule:")
        charts.append(
            {
                "title": known.title if known else words.words(sign.signal),
                "unit": words.unit(sign.unit),
                "zone": zone,
                "at": [at for at, _value in points],
                "value": [value for _at, value in points],
                "usual": [sign.usual_low, sign.usual_high],
                "limit": evidence.limit if by_rule and place == 0 else None,
                "window": [evidence.since.timestamp(), evidence.at.timestamp()],
            }
        )
    return charts


def of_signal(signal: Signal, columns: Mapping[str, Sequence[float]], zone: str) -> dict[str, Any]:
    """Return a chart of a signal, with its extremes by bucket."""
    return {
        "title": signal.title,
        "unit": words.unit(signal.unit),
        "zone": zone,
        "at": columns["at"],
        "value": columns["mean"],
        "low": columns["low"],
        "high": columns["high"],
        "usual": [None, None],
        "limit": None,
        "window": None,
    }


@dataclass(frozen=True, slots=True)
class Curve:
    """How likely an asset is to fail, drawn from ``at`` to the last day known.

    Parameters
    ----------
    early_at, likely_at, late_at
        By when it fails with 10, 50 and 90 %; None: later than is known.
    line, area
        Paths in a box of `WIDE` by `HIGH`: the probability of having failed, and what is between 10 and 90 %.
    """

    at: datetime
    until: datetime
    early_at: datetime | None
    likely_at: datetime | None
    late_at: datetime | None
    line: str
    area: str
    wide: int
    high: int


def of_survival(stored: Stored | None) -> Curve | None:
    """Return the curve of an asset's survival function; None if it has none."""
    if stored is None:
        return None
    found = stored.survival
    last = found.days[-1]
    points = [(0.0, 0.0), *zip(found.days, found.failed, strict=True)]
    early, late = (found.quantile(p) for p in (0.1, 0.9))
    begin, end = (last if early is None else early), (last if late is None else late)

    def x(days: float) -> float:
        return round(WIDE * days / last, 1)

    return Curve(
        at=found.at,
        until=found.at + timedelta(days=last),
        early_at=found.date(0.1),
        likely_at=found.date(0.5),
        late_at=found.date(0.9),
        line="M" + " L".join(f"{x(days)} {round(HIGH * (1.0 - failed), 1)}" for days, failed in points),
        area=f"M{x(begin)} 0 H{x(end)} V{HIGH} H{x(begin)} Z",
        wide=WIDE,
        high=HIGH,
    )


def of_alarms(found: AlarmMetrics, since: datetime, zone: str) -> list[dict[str, Any]]:
    """Return the charts of a range: alarms in ten minutes against a flood's limit, for longer ranges also by day."""
    counts = dict(found.course)
    group = max(1, ceil(found.periods / _MOST_POINTS))
    most = [max(counts.get(number, 0) for number in range(begin, begin + group))
            for begin in range(0, found.periods, group)]  # fmt: skip
    title = _("Alarms in 10 minutes") if group == 1 else _("Most alarms in 10 minutes")
    chart = _of_counts(title, since, group * PERIOD, most, float(FLOOD_ABOVE), zone)
    if found.periods < 3 * PERIODS_A_DAY:
        return [chart]
    days = [sum(counts.get(number, 0) for number in range(begin, begin + PERIODS_A_DAY))
            for begin in range(0, found.periods, PERIODS_A_DAY)]  # fmt: skip
    return [
        chart,
        _of_counts(_("Alarms in 24 hours"), since, PERIODS_A_DAY * PERIOD, days, float(A_PERIOD * PERIODS_A_DAY), zone),
    ]


def _of_counts(
    title: str, since: datetime, step: timedelta, values: Sequence[float], limit: float, zone: str
) -> dict[str, Any]:
    return {
        "title": title,
        "unit": "",
        "zone": zone,
        "at": [(since + number * step).timestamp() for number in range(len(values))],
        "value": list(values),
        "usual": [None, None],
        "limit": limit,
        "window": None,
    }
