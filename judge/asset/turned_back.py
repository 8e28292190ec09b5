"""Brings an asset back to the present whose newest readings a clock that was ahead has stamped. No I/O, no clock."""

from typing import TYPE_CHECKING

from judge.asset import by_model

if TYPE_CHECKING:
    from judge.asset.asset_judge import AssetJudge


def turn_back(asset: "AssetJudge", now_us: int) -> None:
    """Forget what lies later than ``now_us`` (epoch microseconds), so that newer readings are not late until then.

    Active rules stay active, and what the model has learned stays. Durations, rates and windows begin anew.
    """
    for signal, at_us in list(asset.newest.items()):
        if at_us > now_us:
            del asset.newest[signal]
    if asset.watermark_us is not None and asset.watermark_us > now_us:
        asset.watermark_us = now_us
    asset.state = asset.state._replace(since=min(asset.state.since, now_us), last=min(asset.state.last, now_us))
    asset.doubted = {signal: min(since_us, now_us) for signal, since_us in asset.doubted.items()}
    asset.limits.turn_back(now_us)
    asset.gathering.turn_back(now_us)
    by_model.forget_trends(asset)
