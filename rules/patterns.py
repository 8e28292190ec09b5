"""Recognises likely failure modes by the pattern of signals that are off, with the component.

A finding is a direction in the space of its signals: each as far off as its share says, above or below. A pattern is a
direction too. Their similarity is the cosine between them: 1 the same, 0 nothing in common.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from rules.table import InvalidRulebook, Table
from workorder_core.intake.findings import Sign
from workorder_core.sentences import kept
from workorder_core.words import FailureMode

LEAST = 0.8
"""The least similarity at which a pattern is reported."""
AHEAD = 0.03
"""How much more similar a pattern must be than one of another failure mode."""
_DIRECTIONS = {"up": 1, "down": -1, "either": 0}
_MODES = {mode.value: mode for mode in FailureMode}
_KEYS = {"id", "asset_class", "signals", "component", "failure_mode", "enabled", "about"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A failure mode and the signals that indicate it.

    Parameters
    ----------
    signals
        Names, in which ``*`` matches anything, with 1 for above, -1 for below and 0 for either.
    component
        The component, where the signals do not determine it; empty for the whole machine.
    """

    id: str
    asset_class: str
    signals: tuple[tuple[str, int], ...]
    component: str
    failure_mode: FailureMode
    about: str = ""


@dataclass(frozen=True, slots=True)
class Likely:
    """The most likely pattern of a finding; ``alike`` is the cosine, from `LEAST` to 1."""

    pattern: Pattern
    alike: float


def pattern(table: Table) -> Pattern | None:
    """Read a pattern from its table; None for one that is not enabled. Raises InvalidRulebook."""
    table.only(_KEYS)
    signals = table.table.get("signals")
    if not isinstance(signals, dict) or not signals or not all(isinstance(each, str) for each in signals.values()):
        raise table.wrong("signals", kept('must be a table of names and directions, such as { "*flow*" = "down" }'))
    for name, direction in signals.items():
        if direction not in _DIRECTIONS:
            raise InvalidRulebook(
                table.source,
                table.location,
                kept(
                    "signals: {name} is {direction!r}; use one of {directions}",
                    name=name,
                    direction=direction,
                    directions=", ".join(_DIRECTIONS),
                ),
            )
    made = Pattern(
        id=table.name("id"),
        asset_class=table.name("asset_class"),
        signals=tuple((name, _DIRECTIONS[direction]) for name, direction in signals.items()),
        component=table.name("component") if "component" in table else "",
        failure_mode=table.one_of("failure_mode", _MODES),
        about=table.text("about") if "about" in table else "",
    )
    return made if table.flag("enabled", default=True) else None


def alike(wanted: Pattern, signs: Sequence[Sign]) -> float:
    """Return the cosine between a finding's signs and a pattern.

    Every part of a pattern weighs the same, however many signals of the asset it matches; a part that is not
    measured counts against it.
    """
    off = [(sign.signal, _side(sign) * math.sqrt(max(sign.share, 0.0))) for sign in signs]
    length = math.sqrt(sum(each * each for _, each in off))
    matched: set[str] = set()
    product = 0.0
    for name, direction in wanted.signals:
        mine = [(signal, each) for signal, each in off if signal not in matched and fnmatchcase(signal, name)]
        matched.update(signal for signal, _ in mine)
        along = sum((each * abs(each) if direction else each * each) for _, each in mine)
        along *= direction or 1
        product += math.copysign(math.sqrt(abs(along)), along)
    return product / (length * math.sqrt(len(wanted.signals))) if length else 0.0


def likely(patterns: Iterable[Pattern], signs: Sequence[Sign]) -> Likely | None:
    """Return the most likely pattern of a finding; None if none is similar, or two of different failure modes are."""
    found = sorted(((alike(each, signs), each) for each in patterns), key=lambda pair: (-pair[0], pair[1].id))
    if not found or found[0][0] < LEAST:
        return None
    cosine, best = found[0]
    others = (score for score, each in found if each.failure_mode is not best.failure_mode)
    if cosine - next(others, -1.0) < AHEAD:
        return None
    return Likely(best, cosine)


def _side(sign: Sign) -> float:
    """Return 1 above the middle of the usual range, -1 below it, 0 where that is not known on both sides."""
    if sign.usual_low is None or sign.usual_high is None:
        return 0.0
    return math.copysign(1.0, sign.value - (sign.usual_low + sign.usual_high) / 2.0)
