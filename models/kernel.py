"""The default detector and its alarm, compiled: one asset's frame on one row of numbers. This is their definition.

Has the level of any signal shifted from what this asset's own past makes likely? Each signal is smoothed, the operating
point is regressed out, and what is left is compared with its own past twice: with all of it (slow wear shows here) and
with the last `HORIZON` frames (of a signal that has always wandered only sudden steps show, here). The past counts as
the number of independent samples that its autocorrelation leaves (Bayley and Hammersley 1946), and the deviation is
judged
by Student's distribution with that many degrees of freedom. `models.default_detector` has the alarm. The same in
readable Python, step by step with its sources, is `tests/models/level_shift.py`, and tests compare the two.

It is compiled from loops over scalars in a fixed order, without fast-math, so that a row's scores are the same bit for
bit whether it is judged alone, among a hundred thousand others, or from within other compiled code.

An asset's state is three rows: ``numbers`` (float64), ``counts`` (int64) and ``samples`` (float64; the warm-up's, not
used afterwards). Their layout depends on how many ``signals`` and regime signals there are, see `Shape`. A frame is
``values``, one for each signal slot, and ``regime``, one for each regime signal; NaN where there is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

if TYPE_CHECKING:
    from models.parameters import Parameters

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

# Compiled code is cached until this file changes. So every constant of it is defined here, and the
# readable form imports them.
RIDGE = 0.01
REPEATS_ANYWAY = 2
UNSEEN = 10
LEAST_EIGENVALUE = 1e-3
STEADY = 0.1
NOVEL = 1.0
APART = 2.0
RENEW = 8
"""After this many samples the relations between signals are recomputed: that is expensive, and they change slowly."""
FULL = 1.1
"""The alarm's sum stops growing at this many times the patience, so that an alarm ends soon after its cause."""
RELIEF = 3.0
"""An ordinary frame reduces the sum by this many times the amount by which it is below the drift."""
EASE = 0.5
"""An alarm is sustained by a signal that surprises at least this fraction of the worst of it: a signal that has nearly
returned no longer sustains it."""
BACK = 0.5
"""A signal sustains an alarm while it is off by at least this fraction of its own worst of this alarm: one that is
recovering no longer does, however improbable it still is."""
REST = 25
"""An alarm ends after this many frames in a row without a sustaining signal: a lull of noise does not end it."""
OUTLIVED = 1.0
"""An alarm is over once it has lasted this many times the frames that its normal was learned from: a reference says
nothing about what has lasted longer than itself."""
TREND = 12.0
"""The variance of a straight line's slope, in units of a sample's variance by the number of samples and their span
squared."""
DOUBT = 0.5
"""Above this fraction of the patience nothing is learned, until the sum has fallen again."""
GROUP = 64
"""Size of the groups, in order of first appearance, within which signals may explain each other's deviations. Tables of
all signals by all would grow with the square of their number."""
FEW = 30
"""Values of a signal after which its usual step is known. With fewer, the tolerance is ``FEW / values`` times as wide;
of the first three, an outlier is dropped."""
FAR = 3.0
"""A value this many times as far from the level as any recent one is set aside until the next one confirms it."""
REGIME_FAR = 300.0
"""The same for regime signals, in multiples of the farthest recent leap: they leap at every start, and a frame without
them is judged by the previous operating point. At 3, a sensitive document alarmed half as often again."""
REGIME_LEAST = 1e-3
"""After ``FEW`` values the leap of a regime signal counts as at least this fraction of its first value, a hundredth of
a percent."""
REGIME_SAME = 0.02
"""First values of a regime signal no farther apart than a fifth of a percent are alike."""
FIRM = 50.0
"""A confirmed value counts up to this many times the farthest recent step: no two readings move a level permanently."""
FADE = 1.0 - 1.0 / 1024.0
"""The fraction of the farthest recent step that remains after every new value."""
HUGE = 1e100
"""Larger values are ignored: their squares would overflow."""
GAP = 10
"""A time without frames of this many usual intervals is a gap: levels start afresh, alarms have to be raised again."""

# Parameters, by their index in the row that `parameters` makes.
SMOOTHING, HORIZON, SPACING, WARMUP, PROTECT, MEMORY, TRUST, CLIP, DRIFT, PATIENCE, PARAMETERS = range(11)

# One signal's numbers.
VALUE, LEVEL, NEAR, WEIGHT, SPREAD, ECHO, NEAR_SPREAD, NEAR_ECHO, LAST, LAST_NEAR = range(10)
WORTH, NEAR_WORTH, FREEDOM, NEAR_FREEDOM, GROWTH = range(10, 15)
LOOK_LEVEL, LOOK_EXPECTED, LOOK_SIGMA, LOOK_SURPRISE, ZONE, WORST, REACH, FIRST, VECTORS = range(15, 24)
# One signal's counts. LOOKED: 0 never judged, 1 before, 2 in the newest frame.
KNOWN, JUDGED, SEEN, SETTLED, HELD, NEAR_AGE, REPEATS, LONGEST, MISSING, TAKEN, LOOKED, GIVEN, OUTSIDE, COUNTS = range(
    14
)
# The asset's counts come first; one for each regime signal follows: twice its values so far, ``FEW`` at most, and one
# more while it has leapt.
FRAMES, ACTIVE, SINCE, AT, TIMED, AT_REST, FLAGS = range(7)


class Shape(NamedTuple):
    """The layout of an asset's rows: how many ``signals`` are judged, and how many regime signals there are."""

    signals: int
    regimes: int
    needed: int
    """The number of samples of the warm-up."""

    @property
    def features(self) -> int:
        return 1 + 3 * self.regimes

    @property
    def numbers(self) -> int:
        """Length of a row of numbers: the asset's own, a block for each signal, and two tables of each by its group."""
        return int(_head(self.regimes)) + self.signals * (int(_block(self.features)) + 2 * self.width)

    @property
    def width(self) -> int:
        """Columns of the tables of a signal's deviations with those of its group."""
        return min(self.signals, GROUP)

    @property
    def counts(self) -> int:
        return FLAGS + self.regimes + self.signals * COUNTS

    @property
    def samples(self) -> int:
        return self.signals * self.needed * (2 + 2 * self.features)


def compiled(function: Callable[..., Any]) -> Any:
    """Compile at the first call, and cache the code for the next start if a folder for it is writable."""
    try:
        return njit(cache=True)(function)
    except RuntimeError:  # neither the source's folder nor the user's own is writable
        return njit(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile into each caller: a call with arrays from the loop over a frame's signals costs more than the work."""
    return njit(inline="always")(function)


@compiled
def _head(regimes):
    return 1 + 3 * regimes + 4 * regimes + 3


@compiled
def _block(features):
    return VECTORS + 3 * features + 2 * features * features


@compiled
def _work(signals, regimes):
    """Length of the scratch row in which a frame is judged: allocating one for each part would cost a third more."""
    return 10 * signals + 2 * (1 + 3 * regimes) + 8


@compiled
def begin(numbers, counts):
    """Initialise empty rows as those of an unknown asset."""
    numbers[:] = 0.0
    counts[:] = 0
    numbers[0] = 1.0


@compiled
def start_afresh(counts, signals, regimes, horizon):
    """After a gap in the frames levels start afresh; what was learned stays."""
    counts[FRAMES] = 0
    for s in range(signals):
        c = FLAGS + regimes + s * COUNTS
        if counts[c + KNOWN]:
            counts[c + SETTLED] = 0
            counts[c + NEAR_AGE] = -2 * horizon


@compiled
def judge(numbers, counts, samples, p, signals, regimes, at_us, values, regime):
    """Score the frame at event time ``at_us``, learn from it when it is ordinary enough, and add up its surprise.

    Returns whether the alarm is active after it. The deviations are left in the signals' blocks.
    """
    patience = p[PATIENCE]
    head = 1 + 3 * regimes
    total, pace, peak = head + 4 * regimes, head + 4 * regimes + 1, head + 4 * regimes + 2
    if counts[TIMED]:
        step = at_us - counts[AT]
        if numbers[pace] > 0.0 and step > GAP * numbers[pace]:
            start_afresh(counts, signals, regimes, int(p[HORIZON]))
            numbers[total] = 0.0
            counts[ACTIVE] = 0
            for s in range(signals):
                counts[FLAGS + regimes + s * COUNTS + LOOKED] = 0
        elif step > 0:
            # Moves towards the median of the steps, unaffected by a few outliers.
            if numbers[pace] == 0.0:
                numbers[pace] = float(step)
            elif step > numbers[pace]:
                numbers[pace] *= 1.05
            else:
                numbers[pace] *= 1 / 1.05
    counts[AT] = at_us
    counts[TIMED] = 1
    hold = counts[ACTIVE] != 0 or numbers[total] > DOUBT * patience
    work = np.empty(_work(signals, regimes))
    surprise = score_learn(numbers, counts, samples, p, signals, regimes, values, regime, hold, work)
    if surprise < 0.0:
        return counts[ACTIVE] != 0
    begins = numbers[total] == 0.0 and not counts[ACTIVE]
    if begins:
        counts[SINCE] = at_us
        numbers[peak] = 0.0
    numbers[peak] = max(numbers[peak], surprise)
    still, outlived = _kept_up(numbers, counts, p, signals, regimes, begins)
    least = p[DRIFT]
    if counts[ACTIVE]:
        least = max(least, EASE * numbers[peak])
        surprise = still
    beyond = 0.5 * (surprise * surprise - least * least)
    if beyond <= 0.0:
        beyond *= RELIEF
    numbers[total] = min(max(numbers[total] + beyond, 0.0), FULL * patience)
    if numbers[total] >= patience:
        counts[ACTIVE] = 1
    counts[AT_REST] = counts[AT_REST] + 1 if numbers[total] == 0.0 else 0
    if counts[ACTIVE] and (outlived or counts[AT_REST] > REST):
        counts[ACTIVE] = 0
        numbers[total] = 0.0
        come_to_rest(numbers, counts, signals, regimes, outlived)
    return counts[ACTIVE] != 0


@compiled
def _kept_up(numbers, counts, p, signals, regimes, begins):
    """Return the surprise of what sustains an alarm, and whether the worst signal's has outlived its reference."""
    f = 1 + 3 * regimes
    size, first = _block(f), _head(regimes)
    still, worst, outlived = 0.0, 0.0, False
    for s in range(signals):
        n, c = first + s * size, FLAGS + regimes + s * COUNTS
        if begins:
            numbers[n + WORST] = 0.0
        if counts[c + LOOKED] != 2:
            continue
        off, surprise = abs(numbers[n + LOOK_LEVEL] - numbers[n + LOOK_EXPECTED]), numbers[n + LOOK_SURPRISE]
        numbers[n + WORST] = max(numbers[n + WORST], off)
        if off >= BACK * numbers[n + WORST]:
            still = max(still, surprise)
        if surprise > worst:
            worst = surprise
            outlived = counts[c + HELD] > OUTLIVED * min(float(counts[c + SEEN]), p[MEMORY])
    return still, outlived


@compiled
def come_to_rest(numbers, counts, signals, regimes, outlived):
    """After an alarm: the remaining deviation of each signal is ordinary from now on. If the alarm was ``outlived``, by
    a machine that has permanently left its past, the distance is learned as normal variation.
    """
    f = 1 + 3 * regimes
    size, first = _block(f), _head(regimes)
    for s in range(signals):
        n, c = first + s * size, FLAGS + regimes + s * COUNTS
        if counts[c + LOOKED] != 2:
            continue
        off, zone = numbers[n + LEVEL] - _dot(numbers, n + VECTORS + 2 * f, numbers, 0, f), numbers[n + ZONE]
        # An alarm that ended in a lull must not make the fault ordinary.
        most = BACK * numbers[n + WORST]
        rest = off if outlived or most == 0.0 else min(max(off, -most), most)
        if numbers[n + LOOK_SURPRISE] > 1.0 and (rest * zone <= 0.0 or abs(rest) > abs(zone)):
            numbers[n + ZONE] = rest
            if outlived:
                part = min(counts[c + HELD] / counts[c + SEEN], 1.0)
                gone = off * off * part / (1.0 + part) / (1.0 + part)
                numbers[n + SPREAD] += gone
                numbers[n + ECHO] += gone
        counts[c + NEAR_AGE] = 0
        if outlived:
            counts[c + HELD] = 0


@compiled
def score_learn(numbers, counts, samples, p, signals, regimes, values, regime, hold, work):
    """Score a frame, then learn it unless ``hold``; return its surprise, or -1 if nothing was judged."""
    f = 1 + 3 * regimes
    size = VECTORS + 3 * f + 2 * f * f
    first = f + 4 * regimes + 3
    levels, stuck = work[:signals], work[signals : 2 * signals]
    # A new view for every signal would cost a third of the time: parts of the scratch row are addressed by offset.
    far, near, at = 2 * signals, 6 * signals, 10 * signals
    point = work[at : at + f]
    _believe_all(numbers, counts, first, size, signals, regimes, values, regime)
    steady = _operating_point(numbers, counts, p, regimes, regime, point)
    unsettled = 2.0 / p[SMOOTHING]
    before = -1
    for s in range(signals):
        value = values[s]
        n, c = first + s * size, FLAGS + regimes + s * COUNTS
        stuck[s] = 0.0
        work[far + 4 * s + 3] = work[near + 4 * s + 3] = -1.0
        if counts[c + LOOKED] == 2:
            counts[c + LOOKED] = 1
        if not math.isfinite(value):
            continue
        if counts[c + KNOWN] == 0:
            levels[s] = value
            continue
        was_stuck = _stuck(counts, c)
        settled = 0 if was_stuck or counts[c + MISSING] >= UNSEEN else counts[c + SETTLED]
        stuck[s] = 1.0 if was_stuck and value == numbers[n + VALUE] else 0.0
        gain = p[SMOOTHING] if settled >= unsettled else max(p[SMOOTHING], 1.0 / (settled + 1))
        level = numbers[n + LEVEL] + gain * (value - numbers[n + LEVEL])
        levels[s] = level
        if counts[c + JUDGED] and stuck[s] == 0.0 and settled >= unsettled and numbers[n + SPREAD] > 0.0:
            _deviate(numbers, counts, n, c, f, level, p, work, far + 4 * s, near + 4 * s, at, before)
            before = n
    surprise = -1.0
    if steady:
        surprise = _look(numbers, counts, first, size, signals, regimes, work, far, near, at + f)
    numbers[:f] = point
    counts[FRAMES] += 1
    ordinary = steady and not hold and max(surprise, 0.0) < p[PROTECT]
    left, how_many, renew = _take(numbers, counts, samples, p, signals, regimes, values, levels, stuck, ordinary)
    if how_many.shape[0]:
        _learn_together(numbers, first, size, signals, left, how_many, renew)
    return surprise


@compiled
def _believe_all(numbers, counts, first, size, signals, regimes, values, regime):
    """Keep the believed values of a frame; the others become NaN."""
    for i in range(regimes):
        regime[i] = _believed_of_regime(numbers, counts, 1 + 3 * regimes + 4 * i, 1 + 3 * i, FLAGS + i, regime[i])
    for s in range(signals):
        values[s] = _believed(numbers, counts, first + s * size, FLAGS + regimes + s * COUNTS, values[s])


@compiled
def _believed_of_regime(numbers, counts, n, point, c, value):
    """Return the believed value of a regime signal: the value itself, or NaN until the next one confirms it."""
    if not math.fabs(value) <= HUGE:
        return np.nan
    given, leapt = counts[c] // 2, counts[c] % 2
    if given == 0:
        return value
    u = (value - numbers[n]) * numbers[n + 1]
    leap, farthest = abs(u - numbers[point]), numbers[n + 3]
    if given < 3:
        second = math.copysign(farthest, numbers[point])
        odd = odd_one_out(0.0, second, u, REGIME_SAME) if given == 2 else 0
        if odd == 1 or odd == 2:
            # Starts afresh, except for the count of its values.
            numbers[n], numbers[n + 1] = value, 10.0 / abs(value) if value != 0.0 else 1.0
            numbers[n + 2] = numbers[n + 3] = 0.0
            numbers[point] = numbers[point + 1] = numbers[point + 2] = 0.0
            counts[c] = 6 + odd - 1
            return value
    far = given > 1
    if given < FEW:
        far = far and leap > REGIME_FAR * FEW / given * max(farthest, REGIME_LEAST)
    else:
        far = leap > REGIME_FAR * farthest
    if far and leapt == 0:
        counts[c] += 1
        return np.nan
    counts[c] = 2 * min(given + 1, FEW) + (1 if far else 0)
    numbers[n + 3] = max(farthest, leap)
    return value


@compiled
def odd_one_out(first, second, third, alike):
    """Return which of a signal's first three values is the outlier, as 1 to 3; 0 for none. Two of them are close
    together, and the other is farther off than the tolerance for two values; values no farther apart than ``alike`` are
    close too.
    """
    most = FAR * FEW / 2
    a, b, c = abs(second - first), abs(third - second), abs(third - first)
    if min(b, c) > most * max(a, alike):
        return 3
    if min(a, c) > most * max(b, alike):
        return 1
    if min(a, b) > most * max(c, alike):
        return 2
    return 0


@inlined
def _believed(numbers, counts, n, c, value):
    """Return the part of a value that is smoothed: all if it is no farther from the level than usual, otherwise nothing
    until the next one confirms it, and then at most a bounded step.
    """
    if not math.fabs(value) <= HUGE:
        return np.nan
    given = counts[c + GIVEN]
    if given == 0:
        numbers[n + FIRST] = value
    elif given == 2 and counts[c + OUTSIDE] == 0:
        first, second = numbers[n + FIRST], numbers[n + VALUE]
        odd = odd_one_out(first, second, value, min(abs(first), abs(second), abs(value)) / (FAR * FEW / 2))
        if odd == 1 or odd == 2:
            counts[c + SETTLED] = counts[c + NEAR_AGE] = 0
            counts[c + GIVEN] = 3
            counts[c + OUTSIDE] = odd - 1
            numbers[n + LEVEL] = numbers[n + NEAR] = value
            numbers[n + REACH] = abs(value - (first if odd == 2 else second))
            return value
    level = numbers[n + LEVEL]
    fresh = counts[c + SETTLED] == 0 or counts[c + MISSING] >= UNSEEN or _stuck(counts, c)
    off, reach = value - level, numbers[n + REACH]
    if abs(off) > allowed(given, level, reach):
        counts[c + OUTSIDE] += 1
        if counts[c + OUTSIDE] == 1:
            return np.nan
        if not fresh and reach > 0.0:
            value = level + min(max(off, -FIRM * reach), FIRM * reach)
    elif reach > 0.0 or given >= FEW:
        counts[c + OUTSIDE] = 0
    if not fresh and value != numbers[n + VALUE]:
        step = abs(value - level)
        if counts[c + OUTSIDE] and reach > 0.0:
            step = min(step, FAR * reach)
        numbers[n + REACH] = max(step, reach * FADE)
    counts[c + GIVEN] += 1
    return value


@compiled
def allowed(given, level, reach):
    """Return how far from the level the next value may be to be believed at once, after ``given`` values. While the
    first few are all equal, that is the level's distance from zero, so that a coarse sensor can make its first step.
    """
    if given < 2:
        return np.inf
    if given >= FEW:
        return FAR * reach
    return FAR * FEW / given * reach if reach > 0.0 else abs(level)


@compiled
def _operating_point(numbers, counts, p, regimes, regime, point):
    """Fill ``point``; return whether no regime signal is moving between operating points."""
    f = 1 + 3 * regimes
    point[:] = numbers[:f]
    fast = max(p[SMOOTHING], 1.0 / (counts[FRAMES] + 1))
    slow = max(1.0 / p[HORIZON], 1.0 / (counts[FRAMES] + 1))
    steady = True
    for i in range(regimes):
        value = regime[i]
        if not math.isfinite(value):
            continue
        origin, scale, restless = f + 4 * i, f + 4 * i + 1, f + 4 * i + 2
        if counts[FLAGS + i] == 0:
            counts[FLAGS + i] = 2
            numbers[origin] = value
            numbers[scale] = 10.0 / abs(value) if value != 0.0 else 1.0
        u = (value - numbers[origin]) * numbers[scale]
        at = 1 + 3 * i
        point[at] += fast * (u - point[at])
        point[at + 1] += fast * (u * u - point[at + 1])
        point[at + 2] += slow * (u - point[at + 2])
        off = abs(u - point[at])
        if off > max(STEADY, 5.0 * numbers[restless]):
            steady = False
        numbers[restless] += (off - numbers[restless]) / p[WARMUP]
    return steady


@compiled
def _stuck(counts, c):
    if counts[c + REPEATS] <= REPEATS_ANYWAY or not counts[c + JUDGED]:
        return False
    return counts[c + REPEATS] > REPEATS_ANYWAY + 4 * counts[c + LONGEST]


@compiled
def _dot(a, at, b, there, length):
    total = 0.0
    for i in range(length):
        total += a[at + i] * b[there + i]
    return total


@compiled
def _quadratic(matrix, at, v, there, length):
    total = 0.0
    for i in range(length):
        total += v[there + i] * _dot(matrix, at + i * length, v, there, length)
    return total


@compiled
def _as_normal(square, freedom):
    return (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0) * math.sqrt(freedom * math.log1p(square / freedom))


@compiled
def _deviation(off, variance, freedom, work, at):
    """Store (off, variance, freedom, surprise) at an offset of the scratch row."""
    work[at], work[at + 1], work[at + 2] = off, variance, freedom
    work[at + 3] = _as_normal(off * off / variance, freedom) if variance > 0.0 else 0.0


@compiled
def _deviate(numbers, counts, n, c, f, level, p, work, far, near, point, before):
    """Record how a level deviates from all of its past and from its last horizon, each if the point is known. After the
    ``point`` follow f elements for the difference from the near one, and the products of both, for signals that share
    them.
    """
    near_point, coefficients = n + VECTORS, n + VECTORS + 2 * f
    inverse = n + VECTORS + 3 * f + f * f
    way, known, moved_known = point + f, point + 2 * f, point + 2 * f + 1
    scale = numbers[n + WEIGHT] / numbers[n + WORTH]
    # Signals that arrive together share their operating points, so that most of them need no new products.
    same = before >= 0 and _equal(numbers, inverse, inverse - n + before, f * f)
    if not same:
        work[known] = _quadratic(numbers, inverse, work, point, f)
    new = work[known] * scale
    spread, near_spread = numbers[n + SPREAD], numbers[n + NEAR_SPREAD]
    held = counts[c + HELD]
    moved_before = work[moved_known] if same else -1.0
    work[moved_known] = -1.0
    off = level - _dot(numbers, coefficients, work, point, f)
    if new < NOVEL:
        aged = 0.0
        if held:
            aged = held / counts[c + SEEN]
            aged *= 1.0 + TREND * (1.0 + aged) / numbers[n + WORTH]
        out = off - _within(off, numbers[n + ZONE])
        _deviation(out, spread * (1.0 + new + aged), numbers[n + FREEDOM], work, far)
    if 2 * counts[c + NEAR_AGE] >= p[HORIZON] and near_spread > 0.0:
        if moved_before >= 0.0 and _equal(numbers, near_point, near_point - n + before, f):
            work[moved_known] = moved_before
        else:
            for i in range(f):
                work[way + i] = work[point + i] - numbers[near_point + i]
            work[moved_known] = _quadratic(numbers, inverse, work, way, f)
        moved = work[moved_known] * scale
        if moved >= NOVEL:
            return
        off -= numbers[n + NEAR] - _dot(numbers, coefficients, numbers, near_point, f)
        stale = 0.0
        if held:
            stale = near_spread * numbers[n + GROWTH] * held
            stale += 2.0 * max(0.0, spread - near_spread) * held / (held + p[HORIZON])
        variance = near_spread * (1.0 + 1.0 / numbers[n + NEAR_WORTH] + moved) + stale
        _deviation(off, variance, numbers[n + NEAR_FREEDOM], work, near)


@compiled
def _equal(numbers, at, other, length):
    same = True
    for i in range(length):
        same = same and numbers[at + i] == numbers[other + i]
    return same


@compiled
def _within(off, zone):
    """Return the part of a deviation between 0 and ``zone``."""
    return min(max(off, min(0.0, zone)), max(0.0, zone))


@compiled
def _apart(numbers, others, signals, s, work, table, out):
    """Store at ``out`` the rest of a deviation after the other signals have explained their part, if it is less."""
    # A table's row begins with the first signal of the group.
    begins = s - s % GROUP
    row, seen = others + s * min(signals, GROUP) - begins, table + 4 * s
    for i in range(4):
        work[out + i] = work[seen + i]
    if numbers[row + s] == 0.0:
        return
    off = work[seen]
    for other in range(begins, min(begins + GROUP, signals)):
        if other != s and work[table + 4 * other + 3] >= 0.0:
            off -= numbers[row + other] * work[table + 4 * other]
    _deviation(off, work[seen + 1] * numbers[row + s], work[seen + 2], work, out)
    if work[out + 3] >= work[seen + 3]:
        for i in range(4):
            work[out + i] = work[seen + i]


@compiled
def _look(numbers, counts, first, size, signals, regimes, work, far, near, rest):
    """Store the deviation in the block of each judged signal; return the largest surprise, -1 if none was judged."""
    others = first + signals * size + signals * min(signals, GROUP)
    worst = -1.0
    for s in range(signals):
        seen, lately = far + 4 * s, near + 4 * s
        if work[seen + 3] > APART:
            _apart(numbers, others, signals, s, work, far, rest)
            seen = rest
        if work[lately + 3] > work[seen + 3]:
            if work[lately + 3] > APART:
                _apart(numbers, others, signals, s, work, near, rest + 4)
                lately = rest + 4
            if work[lately + 3] > work[seen + 3]:
                seen = lately
        if work[seen + 3] < 0.0:
            continue
        n = first + s * size
        numbers[n + LOOK_LEVEL] = work[s]
        numbers[n + LOOK_EXPECTED] = work[s] - work[seen]
        numbers[n + LOOK_SIGMA] = math.sqrt(work[seen + 1])
        numbers[n + LOOK_SURPRISE] = work[seen + 3]
        counts[FLAGS + regimes + s * COUNTS + LOOKED] = 2
        worst = max(worst, work[seen + 3])
    return worst


@compiled
def _take(numbers, counts, samples, p, signals, regimes, values, levels, stuck, ordinary):
    """Update every level with the frame, and the pasts if it is ordinary. Returns the residuals of the new samples,
    their number for each signal, both empty if there are none, and whether the relations between signals are due to be
    recomputed.
    """
    f = 1 + 3 * regimes
    size, first = VECTORS + 3 * f + 2 * f * f, f + 4 * regimes + 3
    needed = samples.shape[0] // max(1, signals * (2 + 2 * f))
    left, how_many = numbers[:0].reshape((0, 1)), counts[:0]
    renew = False
    for s in range(signals):
        c = FLAGS + regimes + s * COUNTS
        if counts[c + KNOWN]:
            counts[c + MISSING] += 1
    for s in range(signals):
        value = values[s]
        if not math.isfinite(value):
            continue
        n, c = first + s * size, FLAGS + regimes + s * COUNTS
        same = counts[c + KNOWN] != 0 and value == numbers[n + VALUE]
        if counts[c + KNOWN] == 0:
            counts[c + KNOWN] = 1
            numbers[n + WORTH] = numbers[n + NEAR_WORTH] = 1.0
            numbers[n + FREEDOM] = numbers[n + NEAR_FREEDOM] = 1.0
        was_stuck = _stuck(counts, c)
        if counts[c + MISSING] > UNSEEN or (not same and was_stuck):
            counts[c + SETTLED] = 0
            counts[c + NEAR_AGE] = 0
            numbers[n + LEVEL] = value
        counts[c + MISSING] = 0
        if same:
            counts[c + REPEATS] += 1
        else:
            if not counts[c + JUDGED] or (ordinary and not was_stuck):
                counts[c + LONGEST] = max(counts[c + LONGEST], counts[c + REPEATS])
            counts[c + REPEATS] = 0
        numbers[n + VALUE] = value
        if stuck[s] != 0.0:
            continue
        numbers[n + LEVEL] = levels[s] if counts[c + SETTLED] else value
        counts[c + SETTLED] += 1
        if counts[c + SETTLED] * p[SMOOTHING] < 1.0:
            continue
        if not ordinary:
            counts[c + HELD] += 1
            continue
        counts[c + HELD] = max(0, counts[c + HELD] - 2)
        counts[c + SEEN] += 1
        if counts[c + SEEN] % int(p[SPACING]) == 0:
            if not how_many.shape[0]:
                left = np.zeros((signals, max(needed, 1)))
                how_many = np.zeros(signals, np.int64)
            how_many[s] = _sample(numbers, counts, samples, p, n, c, s, needed, f, left[s])
            if how_many[s] > 1 or counts[c + SEEN] % (RENEW * int(p[SPACING])) == 0:
                renew = True
        _follow_near(numbers, counts, p, n, c, f)
    return left, how_many, renew


@inlined
def _follow_near(numbers, counts, p, n, c, f):
    """Let a signal's near past follow its level, with the frame's features."""
    slow = 1.0 / p[HORIZON]
    counts[c + NEAR_AGE] += 1
    gain = slow if counts[c + NEAR_AGE] >= p[HORIZON] else max(slow, 1.0 / max(1, counts[c + NEAR_AGE]))
    numbers[n + NEAR] += gain * (numbers[n + LEVEL] - numbers[n + NEAR])
    for i in range(f):
        u = numbers[n + VECTORS + i]
        numbers[n + VECTORS + i] = u + gain * (numbers[i] - u)


@compiled
def _sample(numbers, counts, samples, p, n, c, s, needed, f, left):
    """Sample the level; fill ``left`` and return how many samples are new to the spread."""
    near_point, cross, coefficients = n + VECTORS, n + VECTORS + f, n + VECTORS + 2 * f
    gram, inverse = n + VECTORS + 3 * f, n + VECTORS + 3 * f + f * f
    wide = 2 + 2 * f
    if not counts[c + JUDGED]:
        k = counts[c + TAKEN]
        at = (s * needed + k) * wide
        samples[at], samples[at + 1] = numbers[n + LEVEL], numbers[n + NEAR]
        for i in range(f):
            samples[at + 2 + i] = numbers[i]
            samples[at + 2 + f + i] = numbers[near_point + i]
        counts[c + TAKEN] = k + 1
        if counts[c + SEEN] < p[WARMUP]:
            return 0
        return _begin_past(numbers, counts, samples, p, n, c, s, needed, f, left)
    expected = _dot(numbers, coefficients, numbers, 0, f)
    # At a new point the regression may be far off: it must be free to learn that, without widening the spread.
    unsure = math.sqrt(1.0 + _quadratic(numbers, inverse, numbers, 0, f) * numbers[n + WEIGHT] / numbers[n + WORTH])
    reach = p[CLIP] * math.sqrt(numbers[n + SPREAD]) * unsure
    over = numbers[n + LEVEL] - expected
    within = _within(over, numbers[n + ZONE])
    # Learning catches up with the signal's new level as fast as this allowance fades.
    numbers[n + ZONE] *= 1.0 - 1.0 / (numbers[n + WEIGHT] + 1.0)
    over = min(max(over - within, -reach), reach)
    level = expected + within + over
    off = (over + within - numbers[n + NEAR] + _dot(numbers, coefficients, numbers, near_point, f)) / unsure
    over /= unsure
    keep = 1.0 - p[SPACING] / p[MEMORY]
    weight = numbers[n + WEIGHT] * keep + 1.0
    numbers[n + WEIGHT] = weight
    for i in range(f):
        for j in range(f):
            numbers[gram + i * f + j] = numbers[gram + i * f + j] * keep + numbers[i] * numbers[j]
        numbers[cross + i] = numbers[cross + i] * keep + numbers[i] * level
    numbers[n + SPREAD] += (over * over - numbers[n + SPREAD]) / weight
    numbers[n + ECHO] += (over * numbers[n + LAST] - numbers[n + ECHO]) / weight
    numbers[n + NEAR_SPREAD] += (off * off - numbers[n + NEAR_SPREAD]) / weight
    numbers[n + NEAR_ECHO] += (off * numbers[n + LAST_NEAR] - numbers[n + NEAR_ECHO]) / weight
    numbers[n + LAST], numbers[n + LAST_NEAR] = over, off
    _solve(numbers, p, n, f)
    left[0] = over
    return 1


@compiled
def _begin_past(numbers, counts, samples, p, n, c, s, needed, f, left):
    """The first fit, from the samples of the warm-up."""
    cross, coefficients, gram = n + VECTORS + f, n + VECTORS + 2 * f, n + VECTORS + 3 * f
    wide, taken = 2 + 2 * f, counts[c + TAKEN]
    numbers[n + WEIGHT] = float(taken)
    for k in range(taken):
        at = (s * needed + k) * wide
        for i in range(f):
            for j in range(f):
                numbers[gram + i * f + j] += samples[at + 2 + i] * samples[at + 2 + j]
            numbers[cross + i] += samples[at + 2 + i] * samples[at]
    counts[c + JUDGED] = 1
    _solve(numbers, p, n, f)
    squares = products = near_squares = near_products = 0.0
    before = before_near = 0.0
    horizon, spacing = int(p[HORIZON]), int(p[SPACING])
    for k in range(taken):
        at = (s * needed + k) * wide
        over = samples[at] - _dot(numbers, coefficients, samples, at + 2, f)
        off = over - samples[at + 1] + _dot(numbers, coefficients, samples, at + 2 + f, f)
        squares += over * over
        products += over * before
        if (k + 1) * spacing > horizon // 2:
            near_squares += off * off
            near_products += off * before_near
        before, before_near = over, off
        left[k] = over
    weight = numbers[n + WEIGHT]
    near_weight = max(1.0, weight - horizon // 2 // spacing)
    numbers[n + SPREAD] = squares / max(1.0, weight - f)
    numbers[n + ECHO] = products / max(1.0, weight - f)
    numbers[n + NEAR_SPREAD], numbers[n + NEAR_ECHO] = near_squares / near_weight, near_products / near_weight
    numbers[n + LAST], numbers[n + LAST_NEAR] = before, before_near
    samples[s * needed * wide : (s + 1) * needed * wide] = 0.0
    counts[c + TAKEN] = 0
    _solve(numbers, p, n, f)
    return taken


@compiled
def _independent(weight, spread, echo):
    rho = echo / spread if spread > 0.0 else 0.0
    rho = min(max(rho + (1.0 + 3.0 * rho) / weight, 0.0), 0.99)
    return max(weight * (1.0 - rho) / (1.0 + rho), 0.5)


@compiled
def _solve(numbers, p, n, f):
    cross, coefficients = n + VECTORS + f, n + VECTORS + 2 * f
    gram, inverse = n + VECTORS + 3 * f, n + VECTORS + 3 * f + f * f
    before = VECTORS + 3 * f + 2 * f * f
    same = n - before >= 2 * f + 2
    if same:
        for i in range(gram, gram + f * f):
            if numbers[i] != numbers[i - before]:
                same = False
                break
    if same:
        # Signals that were sampled together share their operating points, so the inverse is made once.
        for i in range(inverse, inverse + f * f):
            numbers[i] = numbers[i - before]
    else:
        _invert(numbers, gram, inverse, f)
    for i in range(f):
        total = 0.0
        for j in range(f):
            total += numbers[inverse + i * f + j] * numbers[cross + j]
        numbers[coefficients + i] = total
    weight, spread, near_spread = numbers[n + WEIGHT], numbers[n + SPREAD], numbers[n + NEAR_SPREAD]
    numbers[n + WORTH] = _independent(weight, spread, numbers[n + ECHO])
    numbers[n + NEAR_WORTH] = _independent(weight, near_spread, numbers[n + NEAR_ECHO])
    numbers[n + FREEDOM] = max(numbers[n + WORTH] - 1.0, p[TRUST])
    numbers[n + NEAR_FREEDOM] = max(numbers[n + NEAR_WORTH] - 1.0, p[TRUST])
    wandering = spread / near_spread - 1.0 if near_spread > 0.0 else 0.0
    frames = weight * p[SPACING]
    numbers[n + GROWTH] = min(max(wandering * 6.0 * p[HORIZON] / frames, 0.0), 1.0) / p[HORIZON]


@compiled
def _invert(numbers, gram, inverse, f):
    """Store the inverse of the ridged moments: Gauss and Jordan, with the largest pivot of each column."""
    a = np.zeros((f, 2 * f))
    for i in range(f):
        for j in range(f):
            a[i, j] = numbers[gram + i * f + j]
        if i > 0:
            a[i, i] += RIDGE
        a[i, f + i] = 1.0
    _eliminate(a)
    for i in range(f):
        for j in range(f):
            numbers[inverse + i * f + j] = a[i, f + j]


@compiled
def _eliminate(a):
    """Turn a matrix with a unit matrix beside it into a unit matrix with its inverse beside it."""
    f = a.shape[0]
    for k in range(f):
        best = k
        for i in range(k + 1, f):
            if abs(a[i, k]) > abs(a[best, k]):
                best = i
        if best != k:
            for j in range(2 * f):
                a[k, j], a[best, j] = a[best, j], a[k, j]
        pivot = a[k, k]
        for j in range(2 * f):
            a[k, j] /= pivot
        for i in range(f):
            if i != k:
                factor = a[i, k]
                for j in range(2 * f):
                    a[i, j] -= factor * a[k, j]


@compiled
def _all_above(matrix, least, lower):
    """Return whether all eigenvalues of a symmetric matrix are above ``least``: then Cholesky's factor of the rest
    exists."""
    m = matrix.shape[0]
    for i in range(m):
        for j in range(i + 1):
            total = matrix[i, j] - (least if i == j else 0.0)
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            if i == j:
                if total <= 0.0:
                    return False
                lower[i, i] = math.sqrt(total)
            else:
                lower[i, j] = total / lower[j, j]
    return True


@compiled
def _learn_together(numbers, first, size, signals, left, how_many, renew):
    """Learn how the signals of each group deviate together, and from it how the others explain each."""
    width = min(signals, GROUP)
    for begins in range(0, signals, GROUP):
        ends = min(begins + GROUP, signals)
        # A row of a table begins with the group's first signal.
        together = first + signals * size - begins
        others = together + signals * width
        _add_products(numbers, first, size, begins, ends, together, width, left, how_many)
        if renew:
            _renew(numbers, first, size, begins, ends, together, others, width)


@compiled
def _add_products(numbers, first, size, begins, ends, together, width, left, how_many):
    """Add the residuals of new samples to the table of a group's products."""
    for a in range(begins, ends):
        for b in range(begins, ends):
            if how_many[a] == 0 or how_many[a] != how_many[b]:
                continue
            product = 0.0
            for k in range(how_many[a]):
                product += left[a, k] * left[b, k]
            product /= how_many[a]
            weight = min(numbers[first + a * size + WEIGHT], numbers[first + b * size + WEIGHT])
            share = min(how_many[a] / max(weight, 1.0), 1.0)
            at = together + a * width + b
            numbers[at] += share * (product - numbers[at])


@compiled
def _renew(numbers, first, size, begins, ends, together, others, width):
    """Recompute how the signals of a group explain each other."""
    m = 0
    names = np.empty(ends - begins, np.int64)
    for a in range(begins, ends):
        if numbers[together + a * width + a] > 0.0:
            names[m] = a
            m += 1
    if m < 2:
        return
    matrix = np.eye(m)
    for i in range(m):
        a = names[i]
        for j in range(m):
            b = names[j]
            if a == b:
                continue
            # Few samples say little about a correlation, and less the more signals there are.
            known = min(numbers[first + a * size + WORTH], numbers[first + b * size + WORTH])
            scale = math.sqrt(numbers[together + a * width + a]) * math.sqrt(numbers[together + b * width + b])
            matrix[i, j] = numbers[together + a * width + b] / scale * known / (known + m)
    beside = np.zeros((m, 2 * m))
    if not _all_above(matrix, LEAST_EIGENVALUE, beside):
        least = np.linalg.eigvalsh(matrix)[0]
        shrink = max(LEAST_EIGENVALUE - least, 0.0) / max(1.0 - least, LEAST_EIGENVALUE)
        matrix *= 1.0 - shrink
        for i in range(m):
            matrix[i, i] += shrink
    for i in range(m):
        for j in range(m):
            beside[i, j], beside[i, m + j] = matrix[i, j], 1.0 if i == j else 0.0
    _eliminate(beside)
    inverted = beside[:, m:]
    for i in range(m):
        a = names[i]
        row = others + a * width
        for b in range(begins, ends):
            numbers[row + b] = 0.0
        for j in range(m):
            b = names[j]
            if a == b:
                numbers[row + b] = 1.0 / inverted[i, i]
            else:
                scale = math.sqrt(numbers[together + a * width + a]) / math.sqrt(numbers[together + b * width + b])
                numbers[row + b] = -inverted[i, j] / inverted[i, i] * scale


@compiled
def score_learn_many(numbers, counts, samples, p, frames, judged, told, hold, out):
    """`score_learn` for a row of each asset: the columns ``judged`` of a frame, and ``told``, the regime's.

    ``out`` gets the surprise of each judged signal, NaN for the others.
    """
    signals, regimes = judged.shape[0], told.shape[0]
    f = 1 + 3 * regimes
    size, first = VECTORS + 3 * f + 2 * f * f, f + 4 * regimes + 3
    row, work = np.empty(signals + regimes), np.empty(_work(signals, regimes))
    values, regime = row[:signals], row[signals:]
    for a in range(numbers.shape[0]):
        for s in range(signals):
            values[s] = frames[a, judged[s]]
        for s in range(regimes):
            regime[s] = frames[a, told[s]]
        score_learn(numbers[a], counts[a], samples[a], p, signals, regimes, values, regime, hold[a], work)
        for s in range(signals):
            looked = counts[a, FLAGS + regimes + s * COUNTS + LOOKED] == 2
            out[a, s] = numbers[a, first + s * size + LOOK_SURPRISE] if looked else np.nan


def row_of_signal(shape: Shape, s: int) -> int:
    """Return where the block of a signal begins in a row of numbers."""
    return int(_head(shape.regimes)) + s * int(_block(shape.features))


def counts_of_signal(shape: Shape, s: int) -> int:
    """Return where the counts of a signal begin in a row of counts."""
    return FLAGS + shape.regimes + s * COUNTS


def parameters(like: Parameters, drift: float = 0.0, patience: float = 0.0) -> Numbers:
    """Return the row of parameters that the kernel reads: the detector's, and the alarm's drift and patience."""
    row = (
        like.smoothing, like.horizon, like.spacing, like.warmup, like.protect_above, like.memory, like.trust, like.clip,
        drift, patience,
    )  # fmt: skip
    return np.array(row, dtype=np.float64)


def sum_place(shape: Shape) -> int:
    """Return the index of the alarm's sum of surprise in a row of numbers."""
    return shape.features + 4 * shape.regimes


def move(
    old: Shape, before: tuple[Numbers, Counts, Numbers], new: Shape, after: tuple[Numbers, Counts, Numbers]
) -> None:
    """Copy an asset's rows into empty ones that have room for more signals."""
    was, now = row_of_signal(old, old.signals), row_of_signal(new, old.signals)
    after[0][:now] = before[0][:was]
    after[1][: counts_of_signal(new, old.signals)] = before[1]
    after[2][: len(before[2])] = before[2]
    for table in range(2):
        from_ = was + table * old.signals * old.width
        to = row_of_signal(new, new.signals) + table * new.signals * new.width
        part = before[0][from_ : from_ + old.signals * old.width].reshape(old.signals, old.width)
        whole = after[0][to : to + new.signals * new.width].reshape(new.signals, new.width)
        whole[: old.signals, : old.width] = part


def make_ready() -> None:
    """Compile now, so that the first frame does not wait: about 20 seconds once, less than one from then on."""
    shape = Shape(1, 1, 1)
    numbers, counts, samples = np.zeros(shape.numbers), np.zeros(shape.counts, dtype=np.int64), np.zeros(shape.samples)
    begin(numbers, counts)
    judge(numbers, counts, samples, np.ones(PARAMETERS), 1, 1, 0, np.zeros(1), np.zeros(1))


if __name__ == "__main__":
    make_ready()
