"""Many assets' `LevelShift` side by side: the same arithmetic on arrays, a row an asset, all of the same signals.

A surprise here equals the one-at-a-time form's to 1e-9; tests/models/test_bank.py holds them together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.level_shift import APART, NOVEL, REPEATS_ANYWAY, RIDGE, STEADY, UNSEEN, LevelShift, fitting_together

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Pairs = tuple[npt.NDArray[Any], ...]


class LevelShiftBank:
    """Detectors of ``assets`` machines with these signals.

    Parameters
    ----------
    like
        A detector whose parameters are the bank's.
    signals
        All signals in the order of a frame's columns, the regime's among them.
    """

    def __init__(self, like: LevelShift, signals: tuple[str, ...], assets: int) -> None:
        self.like = like
        self._regime = [signals.index(signal) for signal in like.regime]
        self._columns = [i for i, signal in enumerate(signals) if signal not in like.regime]
        self.signals = tuple(signals[i] for i in self._columns)
        shape = a, p = assets, len(self._columns)
        f, r = 1 + 3 * len(self._regime), len(self._regime)
        self._point = np.zeros((a, f))
        self._point[:, 0] = 1.0
        self._frames = np.zeros(a, dtype=np.int64)
        self._origin, self._scale, self._restless = np.full((a, r), np.nan), np.ones((a, r)), np.zeros((a, r))
        self._known, self._judged = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        self._seen, self._settled, self._held, self._near_age, self._repeats, self._longest, self._missing = (
            np.zeros(shape, dtype=np.int64) for _ in range(7)
        )
        self._value = np.full(shape, np.nan)
        self._level, self._near, self._weight, self._spread, self._echo = (np.zeros(shape) for _ in range(5))
        self._near_spread, self._near_echo, self._last, self._last_near = (np.zeros(shape) for _ in range(4))
        self._growth = np.zeros(shape)
        self._worth, self._near_worth, self._freedom, self._near_freedom = (np.ones(shape) for _ in range(4))
        self._near_point, self._coefficients, self._cross = (np.zeros((a, p, f)) for _ in range(3))
        self._gram, self._inverse = np.zeros((a, p, f, f)), np.zeros((a, p, f, f))
        self._needed = -(-like.warmup // like.spacing)
        self._samples = np.zeros((a, p, self._needed, 2 + 2 * f))
        self._together, self._others = np.zeros((a, p, p)), np.zeros((a, p, p))
        self._share = np.full(shape, np.nan)

    def score_learn_many(self, frames: Array, hold: Mask | None = None) -> Array:
        """Score a frame of every asset, then learn it. ``frames`` is assets by signals, NaN where a value is missing.

        Of the assets in ``hold`` nothing is learned.

        Returns the surprise of every judged column, assets by `signals`, NaN where a signal was not judged.
        """
        like = self.like
        point, steady = self._operating_point(frames)
        value = frames[:, self._columns]
        there = np.isfinite(value)
        was_stuck = self._judged & (self._repeats > REPEATS_ANYWAY + 4 * self._longest)
        same = value == self._value
        stuck = was_stuck & same & there
        settled = np.where(was_stuck | (self._missing >= UNSEEN), 0, self._settled)
        with np.errstate(invalid="ignore"):
            level = self._level + np.maximum(like.smoothing, 1.0 / (settled + 1)) * (value - self._level)
            candidate = there & self._judged & ~stuck & (settled >= 2.0 / like.smoothing) & (self._spread > 0.0)
            surprise = self._surprise(point, level, candidate)
        surprise[~steady] = np.nan
        self._point = point
        self._frames += 1
        worst = np.where(np.isnan(surprise), 0.0, surprise).max(axis=1, initial=0.0)
        ordinary = (steady & (worst < like.protect_above))[:, None]
        if hold is not None:
            ordinary &= ~hold[:, None]

        self._missing[self._known] += 1
        back = there & ((self._missing > UNSEEN) | (~same & was_stuck))
        self._settled[back] = 0
        self._near_age[back] = 0
        self._missing[there] = 0
        ends = there & ~same
        fits = ends & (~self._judged | (ordinary & ~was_stuck))
        self._longest = np.where(fits, np.maximum(self._longest, self._repeats), self._longest)
        self._repeats = np.where(there, np.where(same, self._repeats + 1, 0), self._repeats)
        self._value = np.where(there, value, self._value)
        self._known |= there
        moves = there & ~stuck
        self._level = np.where(moves, np.where(self._settled > 0, level, value), self._level)
        self._settled += moves
        self._learn(moves & (self._settled * like.smoothing >= 1.0), ordinary)
        return surprise

    def resume(self, assets: Mask) -> None:
        """Start the levels of these assets afresh after a gap in their frames."""
        self._frames[assets] = 0
        self._settled[assets] = 0
        self._near_age[assets] = -2 * self.like.horizon

    @property
    def nbytes(self) -> int:
        """Bytes that all detectors take together."""
        return sum(value.nbytes for value in vars(self).values() if isinstance(value, np.ndarray))

    def _operating_point(self, frames: Array) -> tuple[Array, Mask]:
        like = self.like
        point = self._point.copy()
        steady = np.ones(len(frames), dtype=bool)
        fast = np.maximum(like.smoothing, 1.0 / (self._frames + 1))
        slow = np.maximum(1.0 / like.horizon, 1.0 / (self._frames + 1))
        for i, column in enumerate(self._regime):
            value = frames[:, column]
            there = np.isfinite(value)
            first = there & np.isnan(self._origin[:, i])
            self._origin[first, i] = value[first]
            with np.errstate(divide="ignore"):
                self._scale[first, i] = np.where(value[first] != 0.0, 10.0 / np.abs(value[first]), 1.0)
            u = (value - self._origin[:, i]) * self._scale[:, i]
            at = 1 + 3 * i
            for place, gain, target in ((at, fast, u), (at + 1, fast, u * u), (at + 2, slow, u)):
                point[:, place] = np.where(there, point[:, place] + gain * (target - point[:, place]), point[:, place])
            off = np.abs(u - point[:, at])
            steady &= ~(there & (off > np.maximum(STEADY, 5.0 * self._restless[:, i])))
            restless = self._restless[:, i]
            self._restless[:, i] = np.where(there, restless + (off - restless) / like.warmup, restless)
        return point, steady

    def _surprise(self, point: Array, level: Array, candidate: Mask) -> Array:
        quadratic = np.einsum("af,apf->ap", point, np.einsum("apfg,ag->apf", self._inverse, point))
        new = quadratic * self._weight / self._worth
        candidate &= new < NOVEL
        off = level - np.einsum("apf,af->ap", self._coefficients, point)
        variance = self._spread * (1.0 + new)
        far = self._apart(off, variance, self._freedom, candidate)
        lately = candidate & (2 * self._near_age >= self.like.horizon)
        near_off = off - (self._near - np.einsum("apf,apf->ap", self._coefficients, self._near_point))
        stale = self._near_spread * self._growth * self._held
        stale += 2.0 * np.maximum(0.0, self._spread - self._near_spread) * self._held / (self._held + self.like.horizon)
        near_variance = self._near_spread * (1.0 + 1.0 / self._near_worth + new) + stale
        near = self._apart(near_off, near_variance, self._near_freedom, lately)
        return np.where(candidate, np.where(lately, np.maximum(far, near), far), np.nan)

    def _apart(self, off: Array, variance: Array, freedom: Array, valid: Mask) -> Array:
        surprise = _as_normal(off, variance, freedom)
        asks = np.nonzero(valid & (surprise > APART) & np.isfinite(self._share))
        if len(asks[0]):
            left = np.where(valid[asks[0]], off[asks[0]], 0.0)
            alone = off[asks] - np.einsum("nq,nq->n", self._others[asks], left)
            less = _as_normal(alone, variance[asks] * self._share[asks], freedom[asks])
            surprise[asks] = np.minimum(surprise[asks], less)
        return surprise

    def _learn(self, takes: Mask, ordinary: Mask) -> None:
        like = self.like
        self._held += takes & ~ordinary
        takes = takes & ordinary
        self._held = np.where(takes, np.maximum(0, self._held - 2), self._held)
        self._seen += takes
        samples = takes & (self._seen % like.spacing == 0)
        if samples.any():
            self._sample(samples)
        self._near_age += takes
        gain = np.where(takes, np.maximum(1.0 / like.horizon, 1.0 / np.maximum(1, self._near_age)), 0.0)
        self._near += gain * (self._level - self._near)
        self._near_point += gain[:, :, None] * (self._point[:, None, :] - self._near_point)

    def _sample(self, samples: Mask) -> None:
        f = self._point.shape[1]
        warming = np.nonzero(samples & ~self._judged)
        place = self._seen[warming] // self.like.spacing - 1
        self._samples[warming[0], warming[1], place] = np.concatenate(
            [
                self._level[warming][:, None],
                self._near[warming][:, None],
                self._point[warming[0]],
                self._near_point[warming],
            ],
            axis=1,
        )
        going = np.nonzero(samples & self._judged)
        left = np.full((*samples.shape, 1), np.nan)
        if len(going[0]):
            left[going[0], going[1], 0] = self._go_on(going)
        begins = samples & ~self._judged & (self._seen >= self.like.warmup)
        first = np.full((*samples.shape, self._needed), np.nan)
        if begins.any():
            first[begins] = self._begin(np.nonzero(begins), f)
            self._learn_together(first, begins)
        if len(going[0]):
            self._learn_together(left, samples & self._judged & ~begins)

    def _go_on(self, at: Pairs) -> Array:
        like = self.like
        point = self._point[at[0]]
        coefficients = self._coefficients[at]
        expected = np.einsum("nf,nf->n", coefficients, point)
        quadratic = np.einsum("nf,nf->n", point, np.einsum("nfg,ng->nf", self._inverse[at], point))
        unsure = np.sqrt(1.0 + quadratic * self._weight[at] / self._worth[at])
        reach = like.clip * np.sqrt(self._spread[at]) * unsure
        clipped = np.clip(self._level[at] - expected, -reach, reach)
        off = (clipped - self._near[at] + np.einsum("nf,nf->n", coefficients, self._near_point[at])) / unsure
        left: Array = clipped / unsure
        keep = 1.0 - like.spacing / like.memory
        weight = self._weight[at] = self._weight[at] * keep + 1.0
        self._gram[at] = self._gram[at] * keep + point[:, :, None] * point[:, None, :]
        self._cross[at] = self._cross[at] * keep + point * (expected + clipped)[:, None]
        self._spread[at] += (left * left - self._spread[at]) / weight
        self._echo[at] += (left * self._last[at] - self._echo[at]) / weight
        self._near_spread[at] += (off * off - self._near_spread[at]) / weight
        self._near_echo[at] += (off * self._last_near[at] - self._near_echo[at]) / weight
        self._last[at], self._last_near[at] = left, off
        self._solve(at)
        return left

    def _begin(self, at: Pairs, f: int) -> Array:
        samples = self._samples[at]
        level, near, point, near_point = (
            samples[..., 0],
            samples[..., 1],
            samples[..., 2 : 2 + f],
            samples[..., 2 + f :],
        )
        count = float(samples.shape[1])
        self._weight[at] = count
        self._gram[at] = np.einsum("nkf,nkg->nfg", point, point)
        self._cross[at] = np.einsum("nkf,nk->nf", point, level)
        self._judged[at] = True
        self._solve(at)
        left: Array = level - np.einsum("nf,nkf->nk", self._coefficients[at], point)
        off = left - near + np.einsum("nf,nkf->nk", self._coefficients[at], near_point)
        late = (np.arange(samples.shape[1]) + 1) * self.like.spacing > self.like.horizon // 2
        before, before_near = np.zeros_like(left), np.zeros_like(off)
        before[:, 1:], before_near[:, 1:] = left[:, :-1], off[:, :-1]
        near_weight = max(1.0, count - self.like.horizon // 2 // self.like.spacing)
        self._spread[at] = (left * left).sum(axis=1) / max(1.0, count - f)
        self._echo[at] = (left * before).sum(axis=1) / max(1.0, count - f)
        self._near_spread[at] = (off * off)[:, late].sum(axis=1) / near_weight
        self._near_echo[at] = (off * before_near)[:, late].sum(axis=1) / near_weight
        self._last[at], self._last_near[at] = left[:, -1], off[:, -1]
        self._solve(at)
        return left

    def _learn_together(self, left: Array, here: Mask) -> None:
        rows = np.nonzero(here.any(axis=1))[0]
        here, values = here[rows], np.where(here[rows][:, :, None], left[rows], 0.0)
        both = here[:, :, None] & here[:, None, :]
        count = left.shape[2]
        product = np.einsum("apk,aqk->apq", values, values) / count
        weight = self._weight[rows]
        share = np.minimum(count / np.maximum(np.minimum(weight[:, :, None], weight[:, None, :]), 1.0), 1.0)
        together = self._together[rows]
        together = np.where(both, together + share * (product - together), together)
        self._together[rows] = together
        own = np.einsum("app->ap", together)
        named = own > 0.0
        names = named.sum(axis=1)
        enough = names >= 2
        rows, own, named, names, together = rows[enough], own[enough], named[enough], names[enough], together[enough]
        if not len(rows):
            return
        scale = np.sqrt(np.where(named, own, 1.0))
        worth = self._worth[rows]
        known = np.minimum(worth[:, :, None], worth[:, None, :])
        matrix = together / (scale[:, :, None] * scale[:, None, :]) * known / (known + names[:, None, None])
        pair = named[:, :, None] & named[:, None, :]
        eye = np.eye(matrix.shape[1], dtype=bool)
        matrix = np.where(eye, 1.0, np.where(pair, matrix, 0.0))
        inverse = np.linalg.inv(fitting_together(matrix))
        own_inverse = np.einsum("app->ap", inverse)
        others = -inverse / own_inverse[:, :, None] * scale[:, :, None] / scale[:, None, :]
        self._others[rows] = np.where(eye | ~pair, 0.0, others)
        self._share[rows] = np.where(named, 1.0 / own_inverse, np.nan)

    def _solve(self, at: Pairs) -> None:
        like = self.like
        gram = self._gram[at]
        f = gram.shape[1]
        ridge = np.full(f, RIDGE)
        ridge[0] = 0.0
        self._inverse[at] = inverse = np.linalg.inv(gram + np.diag(ridge))
        self._coefficients[at] = np.einsum("nfg,ng->nf", inverse, self._cross[at])
        weight, spread, near_spread = self._weight[at], self._spread[at], self._near_spread[at]
        worth = _independent(weight, spread, self._echo[at])
        near_worth = _independent(weight, near_spread, self._near_echo[at])
        self._worth[at], self._near_worth[at] = worth, near_worth
        self._freedom[at] = np.maximum(worth - 1.0, like.trust)
        self._near_freedom[at] = np.maximum(near_worth - 1.0, like.trust)
        wandering = np.divide(spread, near_spread, out=np.ones_like(spread), where=near_spread > 0.0) - 1.0
        growth = np.clip(wandering * 3.0 * like.horizon / (weight * like.spacing), 0.0, 1.0)
        self._growth[at] = growth / like.horizon


def _as_normal(off: Array, variance: Array, freedom: Array) -> Array:
    square = np.divide(off * off, variance, out=np.zeros_like(off), where=variance > 0.0)
    wallace: Array = (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0) * np.sqrt(freedom * np.log1p(square / freedom))
    return wallace


def _independent(weight: Array, spread: Array, echo: Array) -> Array:
    rho = np.divide(echo, spread, out=np.zeros_like(spread), where=spread > 0.0)
    rho = np.clip(rho + (1.0 + 3.0 * rho) / weight, 0.0, 0.99)
    worth: Array = np.maximum(weight * (1.0 - rho) / (1.0 + rho), 0.5)
    return worth
