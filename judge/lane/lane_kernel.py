"""The lane's compiled loops: readings against the tables of `judge.lane.lane`, in order of arrival.

A frame is a message's readings: its asset's row ``of_frame[f]``, its time ``at[f]``, and the readings from
``begin[f]`` to ``begin[f + 1]``, each with its signal's row ``of_reading[r]`` and its value. Times are epoch
microseconds.
"""

from __future__ import annotations

import numpy as np

from models.kernel import compiled

NONE = -(1 << 62)
"""No time at all."""

# An asset's row. OPEN: where the open step begins, LAST the newest time in it, ROUND its number. FIRST and
# COUNT: its signals' rows. GAP: after a longer silence its operating state is re-examined, 0 without a state rule; from
# LOOK on its silences are. BAD: this batch has something of it that the lane cannot judge.
MARK, MARK_SEEN, STEP, HOLD, OPEN, LAST, ROUND, FIRST, COUNT, GAP, LOOK, BAD, ASSET = range(13)
# A signal's rows: of whole numbers, then of values. HEARD: when its limits were last judged, TOUCHED: here at all.
# The last three, and LARGEST and LEAST_HIGHER, are those of `workorder_core.plant.seen`; BEFORE is the value before
# that of VALUE, see `judge.asset.frames`.
ID, NEWEST, NEWEST_SEEN, HEARD, HELD, IN_ROUND, TOUCHED, SEEN, HIGHER, SINCE, SIGNAL = range(11)
LOW, HIGH, VALUE, LARGEST, LEAST_HIGHER, BEFORE, NUMBERS = range(7)
LEAST, BORNE_OUT, RECENT, FLOOR, FACTOR = 500, 3, 100, 10.0, 1_000.0
"""The constants of `workorder_core.plant.seen`: compiled code is cached until this file changes."""


@compiled
def sift(assets, signals, numbers, of_frame, at, received, begin, of_reading, values, oldest, skew, bad):
    """Mark all frames of every asset with anything out of the ordinary, and return how many those are.

    A reading is ordinary if it is newer than every stored one of its signal, not late, within the bounds of a device's
    clock, and within the signal's limits. Nothing is applied yet.
    """
    frames = len(of_frame)
    for f in range(frames):
        a = of_frame[f]
        now, mark = at[f], assets[a, MARK_SEEN]
        step = assets[a, STEP]
        fine = received[f] - oldest <= now <= received[f] + skew and now < assets[a, LOOK]
        fine = fine and (assets[a, GAP] == 0 or now - mark <= assets[a, GAP])
        if now <= mark:
            fine = fine and step > 0 and now // step == mark // step
        else:
            assets[a, MARK_SEEN] = now
        for r in range(begin[f], begin[f + 1]):
            s = of_reading[r]
            fine = fine and now > signals[s, NEWEST_SEEN] and now >= signals[s, HEARD]
            fine = fine and numbers[s, LOW] < values[r] < numbers[s, HIGH]
            signals[s, NEWEST_SEEN] = now
        if not fine:
            assets[a, BAD] = 1
    count = 0
    for f in range(frames):
        a = of_frame[f]
        if assets[a, BAD]:
            bad[f] = True
            count += 1
            assets[a, MARK_SEEN] = assets[a, MARK]
            for r in range(begin[f], begin[f + 1]):
                s = of_reading[r]
                signals[s, NEWEST_SEEN] = signals[s, NEWEST]
    for f in range(frames):
        assets[of_frame[f], BAD] = 0
    return count


@compiled
def apply(assets, signals, numbers, of_frame, at, begin, of_reading, values, closed, gathered):
    """Apply the frames that `sift` has passed; return how many frames they have completed for the models.

    For each, ``closed`` has the asset's row, the frame that closed it, its time, and where in ``gathered`` its values
    are, one for each signal of the asset in order, NaN if it has none; -1 if the model gets the frame itself.
    """
    count = place = 0
    for f in range(len(of_frame)):
        a, now = of_frame[f], at[f]
        step, opened = assets[a, STEP], assets[a, OPEN]
        if step == 0:
            closed[count, 0], closed[count, 1], closed[count, 2], closed[count, 3] = a, f, now, -1
            count += 1
        else:
            if opened != NONE and not opened <= now < opened + step:
                closed[count, 0], closed[count, 1], closed[count, 2] = a, f, assets[a, LAST]
                closed[count, 3] = place
                count += 1
                place = _gather(assets, signals, numbers, a, gathered, place)
                opened = NONE
            if opened == NONE:
                assets[a, OPEN] = now - now % step
                assets[a, LAST] = now
                assets[a, ROUND] += 1
            assets[a, LAST] = max(assets[a, LAST], now)
        assets[a, MARK] = max(assets[a, MARK], now)
        for r in range(begin[f], begin[f + 1]):
            s = of_reading[r]
            numbers[s, BEFORE] = values[r] if signals[s, HELD] == NONE else numbers[s, VALUE]
            signals[s, NEWEST] = signals[s, HEARD] = signals[s, HELD] = now
            signals[s, IN_ROUND] = assets[a, ROUND]
            signals[s, TOUCHED] = 1
            numbers[s, VALUE] = values[r]
            magnitude = abs(values[r])
            if signals[s, SEEN] < LEAST or signals[s, HIGHER] or magnitude > numbers[s, LARGEST]:
                _see(signals, numbers, s, magnitude)
    return count


@compiled
def _see(signals, numbers, s, magnitude):
    """Add a value as `workorder_core.plant.seen.Seen.add` does. Implausible values never get here."""
    if signals[s, SEEN] < LEAST and magnitude > 0.0:
        signals[s, SEEN] += 1
    bound, least_higher = FACTOR * max(numbers[s, LARGEST], FLOOR), numbers[s, LEAST_HIGHER]
    if magnitude <= numbers[s, LARGEST] or (signals[s, HIGHER] and magnitude <= bound < least_higher):
        if signals[s, HIGHER]:
            signals[s, SINCE] += 1
            if signals[s, SINCE] >= RECENT:
                signals[s, HIGHER] = signals[s, SINCE] = 0
        return
    if signals[s, HIGHER] and not least_higher <= bound < magnitude:
        magnitude = min(least_higher, magnitude)
        signals[s, HIGHER] += 1
    else:
        signals[s, HIGHER] = 1
    numbers[s, LEAST_HIGHER] = magnitude
    signals[s, SINCE] = 0
    if signals[s, HIGHER] == BORNE_OUT:
        numbers[s, LARGEST], signals[s, HIGHER] = magnitude, 0


@compiled
def _gather(assets, signals, numbers, a, gathered, place):
    """Copy the values of an asset's step into ``gathered``; return where the next ones go."""
    first, hold = assets[a, FIRST], assets[a, HOLD]
    for s in range(first, first + assets[a, COUNT]):
        value, before = numbers[s, VALUE], numbers[s, BEFORE]
        if signals[s, IN_ROUND] != assets[a, ROUND]:
            held = hold > 0 and signals[s, HELD] != NONE and assets[a, LAST] - signals[s, HELD] <= hold
            if not held:
                value = np.nan
            elif abs(value) > FACTOR * max(abs(before), FLOOR):
                value = before
        gathered[place] = value
        place += 1
    return place


def make_ready() -> None:
    """Compile now, so that the first batch does not wait for it."""
    assets, signals = np.zeros((1, ASSET), dtype=np.int64), np.zeros((1, SIGNAL), dtype=np.int64)
    numbers, one, two = np.zeros((1, NUMBERS)), np.zeros(1, dtype=np.int64), np.zeros(2, dtype=np.int64)
    value, closed = np.zeros(1), np.zeros((1, 4), dtype=np.int64)
    sift(assets, signals, numbers, one, one, one, two, one, value, 0, 0, np.zeros(1, dtype=np.bool_))
    apply(assets, signals, numbers, one, one, two, one, value, closed, value)
