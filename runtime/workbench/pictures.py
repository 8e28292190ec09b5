"""Plots for notebooks: signals with limits, scores, orders and failures; lead times; the cost of parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from runtime.backtest.outcomes import Failure
from runtime.workbench.trial import Trial
from runtime.workbench.tuning import Tuning

_ORDER, _FAILURE, _LIMIT, _SIGNAL = "#c2410c", "#b91c1c", "#a16207", "#1d4ed8"


def plot_readings(
    readings: pd.DataFrame,
    *,
    limits: Mapping[str, float] | None = None,
    scores: pd.Series | None = None,
    orders: pd.DataFrame | None = None,
    failures: Sequence[Failure] = (),
    title: str = "",
) -> Figure:
    """Plot the readings of one asset, one signal per row, with limits by signal, a model's score, orders and failures.

    ``readings`` are as ``.readings(asset)`` returns them; ``orders`` and ``failures`` of other assets are left out.
    """
    if readings.empty:
        raise ValueError("there are no readings to plot in that range; widen start and end")
    assets = readings.columns.get_level_values("asset").unique()
    if len(assets) != 1:
        raise ValueError(f"plot one asset at a time, not {', '.join(assets)}")
    asset, units = str(assets[0]), readings.attrs.get("units", {})
    signals = list(readings[asset].columns)
    rows = len(signals) + (scores is not None)
    figure, axes = plt.subplots(rows, 1, sharex=True, figsize=(11, 1.5 * rows + 0.6), squeeze=False)
    for axis, signal in zip(axes[:, 0], signals, strict=False):
        axis.plot(readings.index, readings[asset][signal], color=_SIGNAL, linewidth=0.8)
        if limits is not None and signal in limits:
            axis.axhline(limits[signal], color=_LIMIT, linestyle="--", linewidth=1)
        unit = units.get(f"{asset} {signal}", "")
        axis.set_ylabel(f"{signal.replace('_', ' ')}\n{unit}".rstrip(), rotation=0, ha="right", va="center", fontsize=8)
    if scores is not None:
        axes[-1, 0].plot(scores.index, scores, color=_ORDER, linewidth=0.8)
        axes[-1, 0].set_ylabel("score\n0 to 1", rotation=0, ha="right", va="center", fontsize=8)
        axes[-1, 0].set_ylim(0, 1.05)
    _mark(list(axes[:, 0]), asset, orders, failures, readings.index[0], readings.index[-1])
    figure.suptitle(title or asset, x=0.01, ha="left")
    figure.tight_layout()
    plt.close(figure)
    return figure


def plot_lead_times(trials: Mapping[str, Trial]) -> Figure:
    """Plot how long before each failure the first order came, for several trials by name, with the number of missed
    ones.
    """
    figure, axis = plt.subplots(figsize=(9, 0.8 + 0.6 * len(trials)))
    for row, trial in enumerate(trials.values()):
        leads = trial.found["lead_h"].dropna().astype(float)
        axis.plot(leads, [row] * len(leads), "o", color=_SIGNAL)
        missed, false = len(trial.outcome.missed), len(trial.outcome.false)
        counts = f"missed {missed}, for nothing {false}"
        axis.annotate(counts, (1.01, row), xycoords=("axes fraction", "data"), fontsize=8)
    axis.set_yticks(range(len(trials)), list(trials))
    axis.set_ylim(-0.5, len(trials) - 0.5)
    axis.axvline(0, color=_FAILURE, linewidth=1)
    axis.set_xlabel("hours from the order to the failure (left of the line: the order came too late)")
    figure.tight_layout()
    plt.close(figure)
    return figure


def plot_sensitivity(tuning: Tuning) -> Figure:
    """Plot the cost of each parameter's values, with the others at their best."""
    table = tuning.sensitivity
    names = list(table["parameter"].unique())
    figure, axes = plt.subplots(1, len(names), sharey=True, figsize=(3.2 * len(names), 2.8), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        part = table[table["parameter"] == name]
        axis.plot([str(value) for value in part["value"]], part["cost"], "o-", color=_SIGNAL)
        axis.set_xlabel(name)
    axes[0][0].set_ylabel("cost")
    figure.tight_layout()
    plt.close(figure)
    return figure


def _mark(
    axes: Sequence[Any], asset: str, orders: pd.DataFrame | None, failures: Sequence[Failure], start: Any, end: Any
) -> None:
    marks = []
    if orders is not None and not orders.empty:
        mine = orders[(orders["asset"] == asset) & (orders["opened_at"] >= start) & (orders["opened_at"] <= end)]
        marks += [(row.opened_at, _ORDER, "-", f"{row.type} order") for row in mine.itertuples()]
    marks += [
        (each.failed_at, _FAILURE, ":", "failed") for each in failures
        if each.asset == asset and start <= each.failed_at <= end
    ]  # fmt: skip
    for at, colour, style, text in marks:
        for axis in axes:
            axis.axvline(at, color=colour, linestyle=style, linewidth=1.2)
        axes[0].annotate(
            text, (at, 1.02), xycoords=("data", "axes fraction"), color=colour, fontsize=8, rotation=20, ha="left"
        )
