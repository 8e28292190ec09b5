"""A model's score of each frame, and the limits, for plots."""

from collections.abc import Iterable

import pandas as pd

from judge.inputs import Event, Input
from judge.judge import Judge
from judge.moments import moment
from judge.shadow import DOCUMENTS
from rules import rulebook as rulebooks
from runtime.backtest.running import Documents
from runtime.workbench.trial import Rules, documents


def scores_of(inputs: Iterable[Input], asset: str, given: Documents) -> pd.Series:
    """Return the alarm's level after each frame of an asset, by event time: 0 ordinary, 0.5 alarm raised, 1 full.

    NaN while the model does not know the asset yet, or does not judge it.
    """
    judge = Judge()
    replaced = {kind: getattr(given, kind) for kind in DOCUMENTS if getattr(given, kind) is not None}

    def stream() -> Iterable[Input]:
        yield from (Event.of(0, kind, None, dict(document)) for kind, document in replaced.items())
        yield from (each for each in inputs if not (isinstance(each, Event) and each.kind in replaced))

    times, scores = [], []
    for each in stream():
        for _ in judge.consider((each,)):
            pass
        if not isinstance(each, Event) and each.asset == asset:
            monitor = judge.assets[asset].monitor
            times.append(moment(each.at_us))
            scores.append(monitor.score() if monitor is not None and monitor.ready() else float("nan"))
    return pd.Series(scores, index=pd.DatetimeIndex(times, tz="UTC"), name="score", dtype=float)


def limits(rules: Rules, asset_class: str) -> dict[str, float]:
    """Return the limit of each signal of an asset class, in the signal's unit; of several the nearest to usual."""
    table = documents(rules, None).rulebook
    if table is None:
        raise ValueError("give a rulebook: a TOML file, or its tables")
    found: dict[str, float] = {}
    for rule in rulebooks.parse(table).rules_for(asset_class):
        if rule.kind != "threshold":
            continue
        nearest = min if rule.upper else max
        found[rule.signal] = nearest(found.get(rule.signal, rule.raise_at), rule.raise_at)
    return found
