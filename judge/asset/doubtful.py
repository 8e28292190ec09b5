"""Implausible values: which rules judge them, and the instrument order if a safety rule needs the signal."""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from judge.asset import asset_findings
from judge.asset.asset_findings import Doubt
from workorder_core.intake.findings import Finding
from workorder_core.plant.signals import BEYOND

if TYPE_CHECKING:
    from judge.asset.asset_judge import AssetJudge


def judge(
    asset: "AssetJudge", arrival: int, at_us: int, values: Mapping[str, float], doubtful: Collection[str]
) -> Iterator[Finding]:
    """Judge a frame in which the values of the ``doubtful`` signals are implausible. No model sees those, and limits
    only if nobody has declared a range. If a safety rule uses such a signal, its instrument has failed, and the rule
    protects nothing.
    """
    sound = {signal: value for signal, value in values.items() if signal not in doubtful}
    if sound:
        yield from asset.judge(arrival, at_us, sound)
    asset.newest.update(dict.fromkeys(doubtful, at_us))
    judged = {signal: values[signal] for signal in sorted(doubtful) if signal not in asset.plausible}
    if judged:
        for hit in asset.limits.judge(at_us, judged, asset.state.state, asset.fleet):
            yield from asset.of_hit(hit, arrival)
    for signal in sorted(doubtful):
        rules = asset.limits.rules.safety_rules_reading(signal)
        if rules:
            since_us = asset.doubted.setdefault(signal, at_us)
            doubt = Doubt(signal, values[signal], *_true_between(asset, signal, values[signal]), rules)
            yield asset_findings.of_doubt(asset.facts(), doubt, arrival, since_us, at_us)


def _true_between(asset: "AssetJudge", signal: str, value: float) -> tuple[float, float]:
    """Return the declared range that an implausible value is outside of; infinite if the range was learned, because a
    learned range changes with the input.
    """
    return asset.plausible.get(signal, (-BEYOND, BEYOND) if abs(value) > BEYOND else (-math.inf, math.inf))


def trust_again(asset: "AssetJudge", arrival: int, at_us: int, values: Mapping[str, float]) -> Iterator[Finding]:
    """End the doubt about signals of safety rules for which a plausible value came."""
    for signal in sorted(asset.doubted.keys() & values.keys()):
        since_us = asset.doubted.pop(signal)
        doubt = Doubt(signal, values[signal], *_true_between(asset, signal, values[signal]), ())
        yield asset_findings.of_doubt(asset.facts(), doubt, arrival, since_us, at_us)
