"""Signals that have gone silent, by event time, and by ticks of the wall clock where an asset sends nothing at all."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from judge.limits.fleets import NO_FLEET
from judge.limits.hits import Hit
from rules.threshold import EVERY, NORMAL
from workorder_core.words import OperatingState

if TYPE_CHECKING:
    from judge.limits.limits import Limits

NEVER_US = 1 << 62


def hear(limits: "Limits", at_us: int, values: Mapping[str, float]) -> None:
    limits.quiet_since_us = None
    # Readings of one signal come in order of event time, except after a clock that was ahead.
    limits.heard.update(dict.fromkeys(values, at_us))
    if any(limits.conditions.get(rule.id, NORMAL).active for rule in limits.rules.stale):
        limits.next_look_us = 0


def look(limits: "Limits", at_us: int, state: OperatingState) -> Iterator[Hit]:
    """Compare the longest silence of any signal with each limit; schedule the next check for when one can pass."""
    again = []
    for rule in limits.rules.stale:
        after_us = round(rule.raise_at * 60e6)
        watched = {
            signal: at
            for signal, at in limits.heard.items()
            if signal not in rule.excluded and rule.signal in (EVERY, signal)
        }
        if not watched:
            continue
        silent = sorted((at, signal) for signal, at in watched.items() if at_us - at >= after_us)
        oldest = min(watched.values())
        again.append(oldest + after_us)
        before = limits.conditions.get(rule.id)
        if before is not None and before.last is not None and at_us < before.last:
            limits.conditions[rule.id] = before._replace(last=at_us)  # ticks had run ahead of event time
        hit = limits.step(rule, at_us, (at_us - oldest) / 60e6, state, NO_FLEET)
        if hit is not None:
            named = silent or [(oldest, min(watched, key=lambda signal: (watched[signal], signal)))]
            signs = tuple((signal, (at_us - at) / 60e6) for at, signal in named)
            yield hit._replace(signs=signs, condition=hit.condition._replace(beyond_since=named[0][0]))
    limits.next_look_us = min(again, default=at_us)


def tick(
    limits: "Limits", wall_us: int, last_us: int | None, state: OperatingState, unheard_us: int = 0
) -> Iterator[Hit]:
    """Judge staleness at a tick of the wall clock, which notices an asset that sends nothing at all.

    Its event time does not advance then; the silence counts from the first tick after the newest reading, without the
    time that nobody has listened (``unheard_us`` since the tick before): what was sent then has yet to arrive.
    """
    if not limits.rules.stale or last_us is None:
        return
    if limits.quiet_since_us is not None:
        limits.quiet_since_us += unheard_us
    if limits.quiet_since_us is None or wall_us < limits.quiet_since_us:  # the clock was set back
        limits.quiet_since_us = wall_us
    yield from look(limits, last_us + wall_us - limits.quiet_since_us, state)
