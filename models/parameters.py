"""The parameters of the default detector, `models.kernel`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """How the default detector judges an asset.

    Parameters
    ----------
    warmup
        Frames of a signal before it is judged.
    regime
        Signals that define the operating point. They are never judged: the others are, given them.
    smoothing
        Weight of the newest frame in a signal's level. A smaller weight detects smaller shifts, later.
    horizon
        Frames that the near reference remembers.
    spacing
        Frames between two samples of the spread, far enough apart that a lagged covariance means something.
    protect_above
        Surprise above which a frame is not learned, so that a slow failure cannot teach the model that failing is
        normal. The price: after a lasting change that the operating point does not explain, somebody has to reset the
        model.
    memory
        Frames after which what was learned counts 1/e: how slowly the normal may change.
    trust
        Degrees of freedom granted even to a past of a single independent sample.
    clip
        Standard deviations beyond which a learned sample counts as if it were there.
    """

    warmup: int = 400
    regime: tuple[str, ...] = ()
    smoothing: float = 0.15
    horizon: int = 64
    spacing: int = 6
    protect_above: float = 3.5
    memory: int = 20_000
    trust: float = 4.0
    clip: float = 2.5
