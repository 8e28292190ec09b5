"""What the charts of a page are drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.board import words
from db.plant import Signal
from db.work_orders import Evidence


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
                "at": [at for at, _ in points],
                "value": [value for _, value in points],
                "usual": [sign.usual_low, sign.usual_high],
                "limit": evidence.limit if by_rule and place == 0 else None,
                "window": [evidence.since.timestamp(), evidence.at.timestamp()],
            }
        )
    return charts


def of_signal(signal: Signal, columns: Mapping[str, Sequence[float]], zone: str) -> dict[str, Any]:
    """Return a chart of what a signal did, with its extremes by bucket."""
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
