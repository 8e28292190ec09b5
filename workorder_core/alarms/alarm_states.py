"""The states of an alarm after ISA-18.2 and IEC 62682: which may follow which, and who changes them.

An alarm is a source (a rule, a model) on one asset. The engine reports its condition; people acknowledge, shelve, reset
and remove from service. Nothing here reads a clock or a database: callers pass ``at`` (aware UTC, the wall clock)
and store what they get back. A shelf's end is a time of the sequence of inputs: see ``workorder_core.alarms.silence``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from workorder_core.sentences import coded, joined, say
from workorder_core.words import Severity


class State(StrEnum):
    """The states of ISA-18.2."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned_unacknowledged"
    LATCHED = "latched"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed_by_design"
    OUT_OF_SERVICE = "out_of_service"

    @property
    def label(self) -> str:
        return coded(self.value.replace("_", " "))


class Move(StrEnum):
    """What changes an alarm's state: the first four are the engine's, the others people's (unshelving is both's)."""

    RAISE = "raise"
    CLEAR = "clear"
    SUPPRESS = "suppress"
    RELEASE = "release"
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    TAKE_OUT = "take_out_of_service"
    RETURN = "return_to_service"

    @property
    def label(self) -> str:
        return coded(self.value.replace("_", " "))


AS_IT_IS = None
"""The target state: unacknowledged if the condition is active, normal otherwise."""
NEXT: Mapping[State, Mapping[Move, State | None]] = {
    State.NORMAL: {
        Move.RAISE: State.UNACKNOWLEDGED,
        Move.SHELVE: State.SHELVED,
        Move.TAKE_OUT: State.OUT_OF_SERVICE,
    },
    State.UNACKNOWLEDGED: {
        Move.CLEAR: State.RETURNED,
        Move.SUPPRESS: State.SUPPRESSED,
        Move.ACKNOWLEDGE: State.ACKNOWLEDGED,
        Move.SHELVE: State.SHELVED,
        Move.TAKE_OUT: State.OUT_OF_SERVICE,
    },
    State.ACKNOWLEDGED: {
        Move.CLEAR: State.NORMAL,
        Move.SUPPRESS: State.SUPPRESSED,
        Move.SHELVE: State.SHELVED,
        Move.TAKE_OUT: State.OUT_OF_SERVICE,
    },
    State.RETURNED: {
        Move.RAISE: State.UNACKNOWLEDGED,
        Move.ACKNOWLEDGE: State.NORMAL,
        Move.SHELVE: State.SHELVED,
        Move.TAKE_OUT: State.OUT_OF_SERVICE,
    },
    State.LATCHED: {
        Move.RAISE: State.UNACKNOWLEDGED,
        Move.ACKNOWLEDGE: State.LATCHED,
        Move.RESET: State.NORMAL,
        Move.SHELVE: State.SHELVED,
        Move.TAKE_OUT: State.OUT_OF_SERVICE,
    },
    State.SHELVED: {
        Move.SHELVE: State.SHELVED,
        Move.UNSHELVE: AS_IT_IS,
        Move.TAKE_OUT: State.OUT_OF_SERVICE,
    },
    State.SUPPRESSED: {
        Move.CLEAR: State.NORMAL,
        Move.RELEASE: AS_IT_IS,
        Move.SHELVE: State.SHELVED,
        Move.TAKE_OUT: State.OUT_OF_SERVICE,
    },
    State.OUT_OF_SERVICE: {
        Move.TAKE_OUT: State.OUT_OF_SERVICE,
        Move.RETURN: AS_IT_IS,
    },
}
"""The table of moves. A latching alarm whose condition clears is latched instead of returned or normal."""

SHELF_MOST = timedelta(hours=12)
"""The longest shelving by default: a shift, so that the next one decides again."""
OUT_MOST = timedelta(days=90)
SAFETY_OUT_MOST = timedelta(hours=8)
"""The longest time out of service of a safety alarm, for work on its instrument; it is never shelved."""


class AlarmError(Exception):
    """A request that an alarm's state does not allow."""


class IllegalAlarmMove(AlarmError):
    """The table has no such move from the alarm's state."""

    def __init__(self, name: str, state: State, move: Move, possible: tuple[Move, ...]) -> None:
        ways = joined(each.label for each in possible)
        super().__init__(
            say(
                "the alarm {name} is {state}: '{move}' is not possible now (possible: {ways})",
                name=name,
                state=state.label,
                move=move.label,
                ways=ways,
            )
        )
        self.name, self.state, self.move, self.possible = name, state, move, possible


class AlarmReasonMissing(AlarmError):
    """A move that hides an alarm from people was requested without a reason."""

    def __init__(self, name: str, move: Move) -> None:
        super().__init__(
            say("'{move}' of the alarm {name} needs a reason: say why in one sentence", move=move.label, name=name)
        )
        self.name, self.move = name, move


class MayNotBeShelved(AlarmError):
    """The alarm is about a risk for people or the plant, or its rule forbids shelving."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(say("the alarm {name} cannot be shelved: {why}", name=name, why=why))
        self.name = name


class InvalidEnd(AlarmError):
    """A shelf, or a time out of service, that ends too late or has ended already."""

    def __init__(self, name: str, move: Move, most: timedelta) -> None:
        super().__init__(
            say(
                "'{move}' of the alarm {name} must end after now, and within {most}; choose another end",
                move=move.label,
                name=name,
                most=in_words(most),
            )
        )
        self.name, self.move, self.most = name, move, most


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """An alarm's terms from its rule; a zero ``shelf_most`` forbids shelving."""

    severity: Severity = Severity.DEGRADING
    latching: bool = False
    shelf_most: timedelta = SHELF_MOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One alarm's current state.

    Parameters
    ----------
    name
        For people: the source and the asset.
    active
        Whether its condition is active.
    since
        When it entered its state, on the wall clock; None if it never changed.
    until
        When shelving, or the time out of service, ends; None without an end.
    acknowledged
        Whether somebody has acknowledged its newest occurrence.
    """

    name: str
    state: State = State.NORMAL
    active: bool = False
    latching: bool = False
    severity: Severity = Severity.DEGRADING
    since: datetime | None = None
    until: datetime | None = None
    acknowledged: bool = False


def possible(point: Point) -> tuple[Move, ...]:
    """Return what people can do with an alarm now."""
    by_people = (move for move in NEXT[point.state] if move not in _OF_ENGINE)
    safety = point.severity is Severity.SAFETY
    return tuple(
        move for move in by_people
        if not (move is Move.ACKNOWLEDGE and point.acknowledged) and not (move is Move.SHELVE and safety)
    )  # fmt: skip


def follow_engine(
    point: Point, move: Move, *, at: datetime, terms: Terms | None = None, until: datetime | None = None
) -> Point:
    """Apply a move of the engine; a move that the state does not allow only changes the condition."""
    active = {Move.RAISE: True, Move.CLEAR: False}.get(move, point.active)
    point = replace(point, active=active)
    if terms is not None:
        point = replace(point, latching=terms.latching, severity=terms.severity)
    if move not in NEXT[point.state]:
        return point
    return _move(point, move, at, until)


def acknowledge(point: Point, *, at: datetime) -> Point:
    """Record that somebody has seen it."""
    if Move.ACKNOWLEDGE not in possible(point):
        raise IllegalAlarmMove(point.name, point.state, Move.ACKNOWLEDGE, possible(point))
    return replace(_move(point, Move.ACKNOWLEDGE, at), acknowledged=True)


def reset(point: Point, *, at: datetime) -> Point:
    """Reset a latched alarm whose condition is over."""
    return _move(point, Move.RESET, at)


def shelve(point: Point, terms: Terms, *, until: datetime, why: str, at: datetime) -> Point:
    """Shelve an alarm for a stated time, during which it opens no orders."""
    if terms.severity is Severity.SAFETY or point.severity is Severity.SAFETY:
        raise MayNotBeShelved(
            point.name,
            say("it warns of a risk to people or the plant; to work on its instrument, take it out of service"),
        )
    if not terms.shelf_most:
        raise MayNotBeShelved(
            point.name, say("its rule says max_shelf = 0; take it out of service, or change the rule")
        )
    _check(point, Move.SHELVE, why)
    if not at < until <= at + terms.shelf_most:
        raise InvalidEnd(point.name, Move.SHELVE, terms.shelf_most)
    return _move(point, Move.SHELVE, at, until)


def unshelve(point: Point, *, at: datetime) -> Point:
    """Unshelve an alarm before its shelving ends."""
    return _move(point, Move.UNSHELVE, at)


def take_out(point: Point, terms: Terms, *, until: datetime | None, why: str, at: datetime) -> Point:
    """Remove an alarm from service, for work on its instrument. It opens no orders during that time."""
    _check(point, Move.TAKE_OUT, why)
    safety = Severity.SAFETY in (terms.severity, point.severity)
    most = SAFETY_OUT_MOST if safety else OUT_MOST
    if (until is None and safety) or (until is not None and not at < until <= at + most):
        raise InvalidEnd(point.name, Move.TAKE_OUT, most)
    return _move(point, Move.TAKE_OUT, at, until)


def return_to_service(point: Point, *, at: datetime) -> Point:
    """Put an alarm back into service."""
    return _move(point, Move.RETURN, at)


def in_words(span: timedelta) -> str:
    """Format a span for people: ``12 h``, ``90 d``."""
    hours = span / timedelta(hours=1)
    return say("{days:g} d", days=hours / 24) if hours > 48 else say("{hours:g} h", hours=hours)


_OF_ENGINE = (Move.RAISE, Move.CLEAR, Move.SUPPRESS, Move.RELEASE)
_UNSEEN = (Move.RAISE, Move.RELEASE, Move.UNSHELVE, Move.RETURN)


def _check(point: Point, move: Move, why: str) -> None:
    if move not in possible(point):
        raise IllegalAlarmMove(point.name, point.state, move, possible(point))
    if not why.strip():
        raise AlarmReasonMissing(point.name, move)


def _move(point: Point, move: Move, at: datetime, until: datetime | None = None) -> Point:
    if move not in NEXT[point.state]:
        raise IllegalAlarmMove(point.name, point.state, move, possible(point))
    to = NEXT[point.state][move]
    if to is AS_IT_IS:
        to = State.UNACKNOWLEDGED if point.active else State.NORMAL
    elif move is Move.CLEAR and point.latching and point.state is not State.SUPPRESSED:
        to = State.LATCHED
    seen = point.acknowledged and move not in _UNSEEN
    return replace(point, state=to, since=at, until=until, acknowledged=seen and to is not State.NORMAL)
