"""Tracks an asset's operating state, and what it means for judging the asset. No I/O, no clock."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rules import operating_state
from rules.operating_state import StateNow
from workorder_core.words import OperatingState

if TYPE_CHECKING:
    from judge.asset.asset_judge import AssetJudge

# Looked up once: in Python 3.11 that is so slow that it shows in the cost of a reading.
_MAINTENANCE = OperatingState.MAINTENANCE


def steady(asset: "AssetJudge") -> bool:
    """Return whether only limits and the model judge the next reading, if the operating state does not change."""
    rule = asset.state_rule
    if rule is None:
        stays = asset.state.state is not _MAINTENANCE
    else:
        stays = asset.state.last == asset.watermark_us and operating_state.settled(rule, asset.state)
    return stays and not asset.downtimes and not asset.doubted and asset.gathering.fit


def follow(asset: "AssetJudge", at_us: int, values: Mapping[str, float]) -> None:
    """Advance the operating state to the asset's newest time, which may be later than the reading's ``at_us``."""
    mark_us = asset.watermark_us
    now_us = at_us if mark_us is None or mark_us < at_us else mark_us
    if asset.downtimes and any(start <= now_us < end for start, end in asset.downtimes.values()):
        planned = asset.state.state is _MAINTENANCE
        asset.state = StateNow(_MAINTENANCE, asset.state.since if planned else now_us, now_us)
        return
    rule = asset.state_rule
    if rule is not None:
        # A reading older than the state rule's gap says nothing about the present state.
        value = values.get(rule.signal) if now_us - at_us <= rule.max_gap_us else None
        asset.state = operating_state.step(rule, asset.state, now_us, value)
    if asset.state.state is _MAINTENANCE:
        asset.state = StateNow(OperatingState.UNKNOWN, now_us, now_us)


def model_judges(asset: "AssetJudge") -> bool:
    """Return whether the asset has been long enough in a state in which its model judges."""
    if asset.state_rule is None:
        return asset.state.state is not _MAINTENANCE
    return operating_state.settled(asset.state_rule, asset.state)


def why_not_judged(asset: "AssetJudge") -> str:
    """Return the state in which the model does not judge, as a word."""
    state = asset.state.state
    return "settling" if state is OperatingState.RUNNING else state.value
