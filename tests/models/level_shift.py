"""The readable form of the default detector, as a river estimator, which `models.kernel` is held to.

Has the level of any signal shifted from what this asset's own past makes likely? Each signal is smoothed by an
exponentially weighted moving average, the operating point is regressed out, and what is left is compared with its own
past twice: with all of it (a slow wear shows here) and with the last ``horizon`` frames (a signal that has always
wandered shows only its sudden steps, here). How far is far is not a tuned number. The past counts for as many
independent looks as its autocorrelation leaves of it, and the deviation is judged by Student's distribution with that
many degrees of freedom: a level that was seen only once or twice cannot surprise.

S. W. Roberts, "Control chart tests based on geometric moving averages", Technometrics 1 (1959).
G. V. Bayley and J. M. Hammersley, "The effective number of independent observations in an autocorrelated time
series", J. R. Stat. Soc. 8 (1946); the bias of an autocorrelation by M. G. Kendall, Biometrika 41 (1954).
D. L. Wallace, "Bounds on normal approximations to Student's and the chi-square distributions", Ann. Math. Stat. 30
(1959). E. S. Page and P. J. Huber stand behind the alarm (`models.default_detector`) and the clipping of what is
learned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from operator import mul
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from river.base import AnomalyDetector

from models.kernel import (
    APART,
    BACK,
    FADE,
    FAR,
    FEW,
    FIRM,
    GROUP,
    HUGE,
    LEAST_EIGENVALUE,
    NOVEL,
    REGIME_FAR,
    REGIME_LEAST,
    REGIME_SAME,
    RENEW,
    REPEATS_ANYWAY,
    RIDGE,
    STEADY,
    TREND,
    UNSEEN,
    allowed,
    odd_one_out,
)
from models.parameters import Parameters

HALF = math.log(2.0)
_NOTHING: tuple[list[list[float]], float] = ([], 0.0)


class Look(NamedTuple):
    """How one signal stands to its past at one frame.

    ``level`` is the signal's smoothed value, ``expected`` what the past makes of it at this operating point, both in
    the signal's unit; ``sigma`` the spread of ``level - expected`` while ordinary; ``surprise`` the deviation as the
    standard normal quantile of equal probability, never negative.
    """

    signal: str
    level: float
    expected: float
    sigma: float
    surprise: float


class Leap(NamedTuple):
    """How a regime signal has leapt over its values so far, ``FEW`` at most: the ``farthest`` leap that was believed,
    and whether the newest is ``far`` beyond those before it. Where the first two are dropped it ``begins`` anew.
    """

    given: int = 1
    farthest: float = 0.0
    far: bool = False
    begins: bool = False


class _Deviation(NamedTuple):
    """A level's deviation from what is expected, with its variance while ordinary."""

    level: float
    off: float
    variance: float
    freedom: float
    surprise: float


def _deviation(level: float, off: float, variance: float, freedom: float) -> _Deviation:
    surprise = as_normal(off * off / variance, freedom) if variance > 0.0 else 0.0
    return _Deviation(level, off, variance, freedom, surprise)


def independent(weight: float, spread: float, echo: float) -> float:
    """Return how many independent looks ``weight`` samples with this variance and lagged covariance are worth."""
    rho = echo / spread if spread > 0.0 else 0.0
    rho = min(max(rho + (1.0 + 3.0 * rho) / weight, 0.0), 0.99)
    return max(weight * (1.0 - rho) / (1.0 + rho), 0.5)


def within(off: float, zone: float) -> float:
    """Return the part of a deviation that lies between 0 and ``zone``."""
    return min(max(off, min(0.0, zone)), max(0.0, zone))


def fitting_together(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return correlation matrices (last two axes), shrunk towards none as far as it takes to make them possible.

    Correlations learned from different frames, or shrunk each by itself, need not be possible together; the inverse of
    such a matrix gives negative variances.
    """
    least = np.linalg.eigvalsh(matrix)[..., 0]
    shrink = np.maximum(LEAST_EIGENVALUE - least, 0.0) / np.maximum(1.0 - least, LEAST_EIGENVALUE)
    shrink = shrink[..., None, None]
    shrunk: NDArray[np.float64] = matrix * (1.0 - shrink) + shrink * np.eye(matrix.shape[-1])
    return shrunk


def as_normal(square: float, freedom: float) -> float:
    """Return the normal quantile as improbable as a Student's t of this square, after Wallace."""
    return (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0) * math.sqrt(freedom * math.log1p(square / freedom))


def _dot(a: list[float], b: list[float]) -> float:
    total: float = sum(map(mul, a, b))
    return total


class _Past:
    """What is known of one signal, in its unit.

    ``level`` is the smoothed value, ``settled`` the frames it has been smoothed over. ``near`` remembers a horizon of
    levels, ``near_point`` the operating points that go with it, over ``near_age`` frames; for ``held`` frames neither
    has moved. The rest comes from samples, ``spacing`` frames apart, that weigh ``weight`` together: the regression on
    the operating point with the inverse of its moments, and variance and lagged covariance of what it leaves. ``zone``
    is how far from what is expected the signal came to rest after an alarm: up to there it is ordinary. ``first`` is
    the first value, ``reach`` the farthest that one of ``given`` values has lain from the level of late, ``outside``
    how many running lie far beyond it, ``worst`` how far off the level was at the worst of the alarm there is.
    """

    __slots__ = (
        "coefficients",
        "cross",
        "echo",
        "first",
        "freedom",
        "given",
        "gram",
        "growth",
        "held",
        "inverse",
        "judged",
        "last",
        "last_near",
        "level",
        "longest",
        "looks_worth",
        "missing",
        "near",
        "near_age",
        "near_echo",
        "near_freedom",
        "near_point",
        "near_spread",
        "near_worth",
        "outside",
        "reach",
        "repeats",
        "samples",
        "seen",
        "settled",
        "spread",
        "value",
        "weight",
        "worst",
        "zone",
    )

    def __init__(self, features: int) -> None:
        self.judged = False
        self.seen = self.settled = self.held = self.near_age = 0
        self.repeats = self.longest = self.missing = 0
        self.value: float | None = None
        self.level = self.near = 0.0
        self.near_point = [0.0] * features
        self.samples: list[list[float]] = []
        self.weight = self.spread = self.echo = self.near_spread = self.near_echo = 0.0
        self.last = self.last_near = 0.0
        self.gram = [[0.0] * features for _ in range(features)]
        self.inverse = [[0.0] * features for _ in range(features)]
        self.cross = [0.0] * features
        self.coefficients = [0.0] * features
        self.looks_worth = self.near_worth = self.freedom = self.near_freedom = 1.0
        self.growth = self.zone = self.reach = self.worst = self.first = 0.0
        self.given = self.outside = 0


class LevelShift(AnomalyDetector):
    """Scores a frame by the most surprising level among its signals; learns only from frames that surprise little.

    Its parameters are those of `models.parameters.Parameters`, and ``limit``: the surprise, in normal standard
    deviations, whose score is 0.5.
    """

    def __init__(self, of: Parameters | None = None, limit: float = 4.5) -> None:
        of = of or Parameters()
        self.of, self.limit = of, limit
        self.warmup, self.regime, self.smoothing, self.horizon = of.warmup, of.regime, of.smoothing, of.horizon
        self.spacing, self.protect_above, self.memory = of.spacing, of.protect_above, of.memory
        self.trust, self.clip = of.trust, of.clip
        self._features = 1 + 3 * len(self.regime)
        self._origin: dict[str, list[float]] = {}
        self._point = [1.0] + [0.0] * (self._features - 1)
        self._settled = 0
        self._restless: dict[str, list[float]] = {}
        self._leaps: dict[str, Leap] = {}
        self._past: dict[str, _Past] = {}
        self._together: dict[str, dict[str, float]] = {}
        self._others: dict[str, dict[str, float]] = {}
        self._measured: tuple[list[list[float]], float] = _NOTHING
        self._newest: list[Look] = []

    # river's two verbs

    def score_one(self, x: Mapping[str, float]) -> float:  # type: ignore[override]
        """Return how unusual the frame is: 0 ordinary, 0.5 at the limit, towards 1 never seen; 0 while warming up."""
        believed, _, _ = self._believed(x)
        return self.as_score(self.surprise(self._looks(believed)[0]))

    def learn_one(self, x: Mapping[str, float]) -> None:  # type: ignore[override]
        """Take the frame into the levels, and into the past if it surprises little."""
        self.score_learn_one(x)

    # the same at the price of one, with the reasons

    def score_learn_one(self, x: Mapping[str, float], *, hold: bool = False) -> list[Look]:
        """Score the frame, then learn it as `learn_one` does. Returns a look for each signal that was judged.

        With ``hold`` nothing is learned, however ordinary the frame: an alarm is raised, or about to be.
        """
        x = self._believe(x)
        looks, point, levels = self._looks(x)
        steady = self._steady(x, point)
        if not steady:
            looks = []
        self._newest = looks
        self._point = point
        self._settled += 1
        ordinary = steady and not hold and self.surprise(looks) < self.protect_above
        for past in self._past.values():
            past.missing += 1
        left: dict[str, list[float]] = {}
        for signal, value, smoothed, stuck in levels:
            past = self._past.get(signal) or self._past.setdefault(signal, _Past(self._features))
            was_stuck = past.repeats > REPEATS_ANYWAY and self._stuck(past)
            if past.missing > UNSEEN or (value != past.value and was_stuck):
                past.settled = past.near_age = 0
                past.level = value
            past.missing = 0
            if value == past.value:
                past.repeats += 1
            else:
                if not past.judged or (ordinary and not was_stuck):
                    past.longest = max(past.longest, past.repeats)
                past.repeats = 0
            past.value = value
            if not stuck:
                past.level = smoothed if past.settled else value
                past.settled += 1
                if past.settled * self.smoothing >= 1.0 and (sampled := self._learn(past, ordinary)):
                    left[signal] = sampled
        if left:
            often = RENEW * self.spacing
            renew = any(len(new) > 1 or self._past[signal].seen % often == 0 for signal, new in left.items())
            self._learn_together(left, renew)
        return looks

    def resume(self) -> None:
        """Start the levels afresh after a gap in the frames; what was learned stays.

        The near reference waits two horizons more: a machine that stood warms up again.
        """
        self._settled = 0
        for past in self._past.values():
            past.settled, past.near_age = 0, -2 * self.horizon

    def note_worst(self, *, begins: bool) -> None:
        """Note how far off each signal is while the sum of surprise is above nothing, which ``begins`` here or not."""
        for past in self._past.values():
            if begins:
                past.worst = 0.0
        for look in self._newest:
            past = self._past[look.signal]
            past.worst = max(past.worst, abs(look.level - look.expected))

    def come_to_rest(self, *, outlived: bool = False) -> None:
        """Take what lies between the usual and where each signal is now for ordinary: an alarm is over.

        Up to a part of the worst of it: an alarm that ended in a lull must not make the fault ordinary. With
        ``outlived`` the machine has left its past for good, longer ago than that lasted: how far it went is learned as
        what it does by itself.
        """
        for look in self._newest:
            past = self._past[look.signal]
            off = past.level - _dot(past.coefficients, self._point)
            most = BACK * past.worst
            rest = off if outlived or most == 0.0 else min(max(off, -most), most)
            if look.surprise > 1.0 and (rest * past.zone <= 0.0 or abs(rest) > abs(past.zone)):
                past.zone = rest
                if outlived:
                    part = min(past.held / past.seen, 1.0)
                    gone = off * off * part / (1.0 + part) / (1.0 + part)
                    past.spread += gone
                    past.echo += gone
            past.near_age = 0
            if outlived:
                past.held = 0

    def ready(self) -> bool:
        """Whether the warm-up of any signal is over."""
        return any(past.judged for past in self._past.values())

    def as_score(self, surprise: float) -> float:
        """Return the score from 0 to 1 of a surprise: 0.5 at the limit."""
        return -math.expm1(-HALF * (surprise / self.limit) ** 2)

    @staticmethod
    def surprise(looks: list[Look]) -> float:
        """Return the surprise of a frame: that of its most surprising signal."""
        return max((look.surprise for look in looks), default=0.0)

    # how it is done

    def _believed(self, x: Mapping[str, float]) -> tuple[dict[str, float], list[str], dict[str, Leap]]:
        """Return what is believed of a frame, the signals of which too much is far off, and each regime signal's leap.

        A value is believed where it is no farther from the level than usual; else nothing of it before the next one
        bears it out, and then no more than a bounded step.
        """
        believed: dict[str, float] = {}
        outside: list[str] = []
        leaps: dict[str, Leap] = {}
        for signal, value in x.items():
            if not abs(value) <= HUGE:
                continue
            if signal in self.regime:
                leap = self._leap(signal, value)
                if leap is not None:
                    leaps[signal] = leap
                if leap is None or leap.begins or not leap.far or self._leaps[signal].far:
                    believed[signal] = value
                continue
            past = self._past.get(signal)
            believed[signal] = value
            if past is None or self._odd(past, value):
                continue
            if abs(value - past.level) > allowed(past.given, past.level, past.reach):
                outside.append(signal)
                if not past.outside:
                    del believed[signal]
                elif not self._fresh(past) and past.reach > 0.0:
                    most = FIRM * past.reach
                    believed[signal] = past.level + min(max(value - past.level, -most), most)
        return believed, outside, leaps

    def _leap(self, signal: str, value: float) -> Leap | None:
        """Return how a regime signal leaps with this value; None for one that was never seen."""
        if signal not in self._origin:
            return None
        known = self._leaps.setdefault(signal, Leap())
        origin, scale = self._origin[signal]
        u, at = (value - origin) * scale, self._point[1 + 3 * self.regime.index(signal)]
        if known.given == 2:
            odd = odd_one_out(0.0, math.copysign(known.farthest, at), u, REGIME_SAME)
            if odd in (1, 2):
                return Leap(3, 0.0, odd == 2, begins=True)
        leap = abs(u - at)
        if known.given < FEW:
            most = math.inf if known.given < 2 else REGIME_FAR * FEW / known.given * max(known.farthest, REGIME_LEAST)
        else:
            most = REGIME_FAR * known.farthest
        far = leap > most
        if far and not known.far:
            return Leap(known.given, known.farthest, True)
        return Leap(min(known.given + 1, FEW), max(known.farthest, leap), far)

    def _believe(self, x: Mapping[str, float]) -> dict[str, float]:
        """Return what is believed of a frame, and note how far it goes."""
        believed, outside, leaps = self._believed(x)
        for signal, leap in leaps.items():
            if leap.begins:
                self._begin_point(signal, believed[signal])
            self._leaps[signal] = leap._replace(begins=False)
        for signal in outside:
            self._past[signal].outside += 1
        for signal, value in believed.items():
            if signal in self.regime:
                continue
            past = self._past.get(signal) or self._past.setdefault(signal, _Past(self._features))
            odd = self._odd(past, value) if signal not in outside else 0
            if odd:
                self._begin_anew(past, value, odd)
                continue
            if not past.given:
                past.first = value
            if signal not in outside and (past.reach > 0.0 or past.given >= FEW):
                past.outside = 0
            if not self._fresh(past) and value != past.value:
                self._note_step(past, abs(value - past.level))
            past.given += 1
        return believed

    @staticmethod
    def _note_step(past: _Past, step: float) -> None:
        if past.outside and past.reach > 0.0:
            step = min(step, FAR * past.reach)
        past.reach = max(step, past.reach * FADE)

    def _odd(self, past: _Past, value: float) -> int:
        """Return which of the first two values lies alone, now that there is a third; else 0."""
        if past.given != 2 or past.outside or past.value is None:
            return 0
        alike = min(abs(past.first), abs(past.value), abs(value)) / (FAR * FEW / 2)
        odd: int = odd_one_out(past.first, past.value, value, alike)
        return odd if odd < 3 else 0

    @staticmethod
    def _begin_anew(past: _Past, value: float, odd: int) -> None:
        """Begin with the third value, where one of the first two lay alone."""
        past.reach = abs(value - (past.first if odd == 2 else past.value or 0.0))
        past.settled = past.near_age = 0
        past.given, past.outside = 3, odd - 1
        past.level = past.near = value

    def _begin_point(self, signal: str, value: float) -> None:
        """Begin a regime signal's part of the operating point with this value."""
        self._origin[signal] = [value, 10.0 / abs(value) if value else 1.0]
        self._restless[signal] = [0.0]
        at = 1 + 3 * self.regime.index(signal)
        self._point[at : at + 3] = [0.0, 0.0, 0.0]

    def _fresh(self, past: _Past) -> bool:
        """Whether the level begins with the next value, however far from the old one it is."""
        return past.settled == 0 or past.missing >= UNSEEN or self._stuck(past)

    def _operating_point(self, x: Mapping[str, float]) -> list[float]:
        """Each regime signal smoothed, its square, its slow average, scaled so that 1 is a change of 10 %."""
        point = self._point[:]
        fast = max(self.smoothing, 1.0 / (self._settled + 1))
        slow = max(1.0 / self.horizon, 1.0 / (self._settled + 1))
        for i, signal in enumerate(self.regime):
            value = x.get(signal)
            if value is None or not math.isfinite(value):
                continue
            origin = self._origin.get(signal)
            if origin is None:
                origin = self._origin[signal] = [value, 10.0 / abs(value) if value else 1.0]
            u = (value - origin[0]) * origin[1]
            at = 1 + 3 * i
            point[at] += fast * (u - point[at])
            point[at + 1] += fast * (u * u - point[at + 1])
            point[at + 2] += slow * (u - point[at + 2])
        return point

    def _steady(self, x: Mapping[str, float], point: list[float]) -> bool:
        """Whether no regime signal is on its way from one point to another; takes note of how restless each is."""
        steady = True
        for i, signal in enumerate(self.regime):
            value = x.get(signal)
            if value is None or not math.isfinite(value):
                continue
            origin, scale = self._origin[signal]
            off = abs((value - origin) * scale - point[1 + 3 * i])
            restless = self._restless.setdefault(signal, [0.0])
            if off > max(STEADY, 5.0 * restless[0]):
                steady = False
            restless[0] += (off - restless[0]) / self.warmup
        return steady

    def _looks(self, x: Mapping[str, float]) -> tuple[list[Look], list[float], list[tuple[str, float, float, bool]]]:
        point = self._operating_point(x)
        self._measured = _NOTHING
        levels: list[tuple[str, float, float, bool]] = []
        far: dict[str, _Deviation] = {}
        near: dict[str, _Deviation] = {}
        unsettled = 2.0 / self.smoothing
        for signal, value in x.items():
            if signal in self.regime or not math.isfinite(value):
                continue
            past = self._past.get(signal)
            if past is None:
                levels.append((signal, value, value, False))
                continue
            stuck = past.repeats > REPEATS_ANYWAY and self._stuck(past)
            settled = 0 if stuck or past.missing >= UNSEEN else past.settled
            stuck = stuck and value == past.value
            level = past.level + max(self.smoothing, 1.0 / (settled + 1)) * (value - past.level)
            levels.append((signal, value, level, stuck))
            if past.judged and not stuck and settled >= unsettled and past.spread > 0.0:
                self._deviate(signal, past, level, point, far, near)
        looks = []
        for signal, _, level, _ in levels:
            seen = far.get(signal)
            if seen is not None and seen.surprise > APART:
                seen = self._apart(signal, seen, far)
            lately = near.get(signal)
            if lately is not None and (seen is None or lately.surprise > seen.surprise):
                lately = lately if lately.surprise <= APART else self._apart(signal, lately, near)
                seen = lately if seen is None or lately.surprise > seen.surprise else seen
            if seen is not None:
                looks.append(Look(signal, level, level - seen.off, math.sqrt(seen.variance), seen.surprise))
        return looks, point, levels

    def _deviate(
        self,
        signal: str,
        past: _Past,
        level: float,
        point: list[float],
        far: dict[str, _Deviation],
        near: dict[str, _Deviation],
    ) -> None:
        """Note how a level deviates from all of its past and from its last horizon, each where the point is known."""
        if past.inverse is not self._measured[0]:
            self._measured = (past.inverse, _quadratic(past.inverse, point))
        scale = past.weight / past.looks_worth
        new = self._measured[1] * scale
        off = level - _dot(past.coefficients, point)
        if new < NOVEL:
            # A past of so many frames says less about a time that is as many frames after it.
            # Nor can it tell a slow trend from none.
            aged = past.held / past.seen
            aged *= 1.0 + TREND * (1.0 + aged) / past.looks_worth
            out = off - within(off, past.zone)
            far[signal] = _deviation(level, out, past.spread * (1.0 + new + aged), past.freedom)
        if 2 * past.near_age >= self.horizon and past.near_spread > 0.0:
            # The usual level falls out of a difference: only the way between the operating points has to be known.
            moved = _quadratic(past.inverse, [u - v for u, v in zip(point, past.near_point, strict=True)]) * scale
            if moved >= NOVEL:
                return
            off -= past.near - _dot(past.coefficients, past.near_point)
            # A reference that had to be held ages: a signal that wanders has gone on wandering.
            stale = past.near_spread * past.growth * past.held
            stale += 2.0 * max(0.0, past.spread - past.near_spread) * past.held / (past.held + self.horizon)
            variance = past.near_spread * (1.0 + 1.0 / past.near_worth + moved) + stale
            near[signal] = _deviation(level, off, variance, past.near_freedom)

    def _apart(self, signal: str, deviation: _Deviation, all_of_them: dict[str, _Deviation]) -> _Deviation:
        """What is left of a deviation once the other signals have explained their part, if that surprises less."""
        others = self._others.get(signal)
        if others is None:
            return deviation
        off, share = deviation.off, 1.0
        for other, weight in others.items():
            if other == signal:
                share = weight
            elif other in all_of_them:
                off -= weight * all_of_them[other].off
        apart = _deviation(deviation.level, off, deviation.variance * share, deviation.freedom)
        return apart if apart.surprise < deviation.surprise else deviation

    @staticmethod
    def _stuck(past: _Past) -> bool:
        return past.judged and past.repeats > REPEATS_ANYWAY + 4 * past.longest

    def _learn(self, past: _Past, ordinary: bool) -> list[float]:
        """Take the level into the past. Returns what the regression left of the samples that are new to the spread."""
        left: list[float] = []
        if not ordinary:
            past.held += 1
            return left
        past.held = max(0, past.held - 2)
        past.seen += 1
        if past.seen % self.spacing == 0:
            left = self._sample(past)
        past.near_age += 1
        gain = max(1.0 / self.horizon, 1.0 / max(1, past.near_age))
        past.near += gain * (past.level - past.near)
        past.near_point = [u + gain * (v - u) for u, v in zip(past.near_point, self._point)]  # noqa: B905
        return left

    def _sample(self, past: _Past) -> list[float]:
        if not past.judged:
            past.samples.append([past.level, past.near, *self._point, *past.near_point])
            return self._begin(past) if past.seen >= self.warmup else []
        expected = _dot(past.coefficients, self._point)
        # At a point that is new the regression may be far off: it must be free to learn that, and the spread not widen.
        unsure = math.sqrt(1.0 + _quadratic(past.inverse, self._point) * past.weight / past.looks_worth)
        reach = self.clip * math.sqrt(past.spread) * unsure
        left = past.level - expected
        inside = within(left, past.zone)
        # What is learned catches up with where the signal came to rest as fast as this is forgotten.
        past.zone *= 1.0 - 1.0 / (past.weight + 1.0)
        left = min(max(left - inside, -reach), reach)
        level = expected + inside + left
        off = (left + inside - past.near + _dot(past.coefficients, past.near_point)) / unsure
        left /= unsure
        keep = 1.0 - self.spacing / self.memory
        past.weight = past.weight * keep + 1.0
        for i, u in enumerate(self._point):
            row = past.gram[i]
            for j, v in enumerate(self._point):
                row[j] = row[j] * keep + u * v
            past.cross[i] = past.cross[i] * keep + u * level
        past.spread += (left * left - past.spread) / past.weight
        past.echo += (left * past.last - past.echo) / past.weight
        past.near_spread += (off * off - past.near_spread) / past.weight
        past.near_echo += (off * past.last_near - past.near_echo) / past.weight
        past.last, past.last_near = left, off
        self._solve(past)
        return [left]

    def _begin(self, past: _Past) -> list[float]:
        """The first fit, from the samples of the warm-up, which are dropped."""
        f = self._features
        past.weight = float(len(past.samples))
        for sample in past.samples:
            point = sample[2 : 2 + f]
            for i, u in enumerate(point):
                for j, v in enumerate(point):
                    past.gram[i][j] += u * v
                past.cross[i] += u * sample[0]
        past.judged = True
        self._solve(past)
        squares = products = near_squares = near_products = 0.0
        before = before_near = 0.0
        lefts = []
        for k, sample in enumerate(past.samples):
            left = sample[0] - _dot(past.coefficients, sample[2 : 2 + f])
            off = left - sample[1] + _dot(past.coefficients, sample[2 + f :])
            squares += left * left
            products += left * before
            if (k + 1) * self.spacing > self.horizon // 2:
                near_squares += off * off
                near_products += off * before_near
            before, before_near = left, off
            lefts.append(left)
        near_weight = max(1.0, past.weight - self.horizon // 2 // self.spacing)
        past.spread = squares / max(1.0, past.weight - f)
        past.echo = products / max(1.0, past.weight - f)
        past.near_spread, past.near_echo = near_squares / near_weight, near_products / near_weight
        past.last, past.last_near = before, before_near
        past.samples = []
        self._solve(past)
        return lefts

    def _learn_together(self, left: dict[str, list[float]], renew: bool) -> None:
        """Learn how the signals deviate together, and from it what the others make of each."""
        groups = self._groups()
        for a, here in left.items():
            row = self._together.setdefault(a, {})
            for b, there in left.items():
                if len(here) == len(there) and groups[a] == groups[b]:
                    product = sum(map(mul, here, there)) / len(here)
                    share = len(here) / max(min(self._past[a].weight, self._past[b].weight), 1.0)
                    row[b] = row.get(b, 0.0) + min(share, 1.0) * (product - row.get(b, 0.0))
        if not renew:
            return
        known = [signal for signal, row in self._together.items() if row.get(signal, 0.0) > 0.0]
        for group in sorted(set(groups.values())):
            self._renew([signal for signal in known if groups[signal] == group])

    def _groups(self) -> dict[str, int]:
        """Return in which group each signal is: only within one do the others explain a signal's part."""
        return {signal: place // GROUP for place, signal in enumerate(self._past)}

    def _renew(self, names: list[str]) -> None:
        """Compute anew what the signals of a group make of each other."""
        if len(names) < 2:
            return
        table = np.array([[self._together[a].get(b, 0.0) for b in names] for a in names])
        worth = np.array([self._past[signal].looks_worth for signal in names])
        scale = np.sqrt(table.diagonal())
        known = np.minimum(worth[:, None], worth[None, :])
        # Few looks say little about a correlation, the less the more signals there are to correlate.
        matrix = table / (scale[:, None] * scale[None, :]) * known / (known + len(names))
        np.fill_diagonal(matrix, 1.0)
        inverse = np.linalg.inv(fitting_together(matrix))
        own = inverse.diagonal()
        weights = -inverse / own[:, None] * scale[:, None] / scale[None, :]
        np.fill_diagonal(weights, 1.0 / own)
        for a, row in zip(names, weights.tolist(), strict=True):
            self._others[a] = dict(zip(names, row, strict=True))

    def _solve(self, past: _Past) -> None:
        # Signals that were sampled together share their operating points, so the inverse is made once.
        like = next((p for p in self._past.values() if p is not past and p.judged and p.gram == past.gram), None)
        if like is None:
            ridged = [[v + RIDGE * (i == j > 0) for j, v in enumerate(row)] for i, row in enumerate(past.gram)]
            past.inverse = np.linalg.inv(ridged).tolist()
        else:
            past.inverse = like.inverse
        past.coefficients = [_dot(row, past.cross) for row in past.inverse]
        past.looks_worth = independent(past.weight, past.spread, past.echo)
        past.near_worth = independent(past.weight, past.near_spread, past.near_echo)
        past.freedom = max(past.looks_worth - 1.0, self.trust)
        past.near_freedom = max(past.near_worth - 1.0, self.trust)
        wandering = past.spread / past.near_spread - 1.0 if past.near_spread > 0.0 else 0.0
        frames = past.weight * self.spacing
        # A random walk is spread about its mean by a sixth of the variance that it gathers.
        past.growth = min(max(wandering * 6.0 * self.horizon / frames, 0.0), 1.0) / self.horizon


def _quadratic(matrix: list[list[float]], v: list[float]) -> float:
    return _dot(v, [_dot(row, v) for row in matrix])
