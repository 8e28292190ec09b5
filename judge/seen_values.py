"""The ranges seen of every signal's values, for plausibility: a map for each asset, shared by judges."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from judge.inputs import JudgedFrame
from workorder_core.plant import seen
from workorder_core.plant.seen import Seen

if TYPE_CHECKING:
    from judge.judge import Judge


def of(judge: "Judge", key: str) -> dict[str, Seen]:
    """Return the ranges seen of the signals of an asset, its own map."""
    asset = judge.assets.get(key)
    return judge.early.setdefault(key, {}) if asset is None else asset.seen


def of_each(judge: "Judge", keys: Iterable[str]) -> dict[str, dict[str, Seen]]:
    """Return the ranges seen of every signal of those assets, each asset's own map: numbering readings updates them.

    The assets have left the lane already, see `Judge.judged_times`.
    """
    return {key: of(judge, key) for key in keys}


def add(judge: "Judge", frame: JudgedFrame) -> None:
    """Count the values of a stored frame, as was done when it was numbered."""
    seen.add_frame(of(judge, frame.asset), frame.values)


def share(judge: "Judge", beside: "Judge") -> None:
    """Let a judge share the ranges seen by the plant's judge, ``beside`` it: both judge the same readings."""
    judge.beside = beside
    for key, asset in judge.assets.items():
        asset.seen = of(beside, key)
