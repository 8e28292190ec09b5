"""Escalation policies: for which orders and alarms of a site, whom to ask in which order. Pure data that refuses what
cannot be a policy.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from workorder_core.errors import WorkOrderError
from workorder_core.people.access import Role
from workorder_core.sentences import say
from workorder_core.words import OrderType, Priority

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
STEPS_MOST, WHOM_MOST, WAIT_MOST, REPEAT_MOST, LIST_MOST = 10, 20, 1440, 10, 100
EVERY_CODE = "*"
"""Stands for every alarm of the engine."""
NOT_ESCALATED = "nobody_acknowledged"
"""The engine's alarm that an escalation has ended without an answer: everybody has been asked already."""


class InvalidPolicy(WorkOrderError):
    """A document that is no escalation policy. ``field`` is the path of what is wrong, such as ``steps.0.whom``."""

    def __init__(self, problem: str, *, field: str) -> None:
        super().__init__(say("{field}: {problem}", field=field, problem=problem))
        self.field, self.problem = field, problem


class TargetKind(StrEnum):
    """Whom a step can ask."""

    PERSON = "person"
    """A user, by name."""
    ROTA = "rota"
    """Whoever is on call at that moment by a rota of the site, in all its layers or in one: ``PUMPS/second``."""
    CREW = "crew"
    """Every technician of a crew of the site who is a user."""
    ROLE = "role"
    """Every user with a role who sees the site."""
    CHIEF = "chief"
    """The site's chief, whoever that is then."""
    EVERYBODY = "everybody"
    """Every user who sees the site."""


WITHOUT_NAME = frozenset({TargetKind.CHIEF, TargetKind.EVERYBODY})
"""The kinds of which there is one only."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a step asks. ``layer`` is that of a rota; empty: each layer."""

    kind: TargetKind
    name: str = ""
    layer: str = ""

    def __str__(self) -> str:
        if self.kind in WITHOUT_NAME:
            return self.kind.value
        return f"{self.kind.value}:{self.name}" + (f"/{self.layer}" if self.layer else "")


def target(text: str, *, field: str) -> Target:
    """Return whom a text such as ``rota:PUMPS/first`` means; a name alone is a person. Raises InvalidPolicy."""
    text = text.strip()
    kind, colon, name = text.partition(":")
    if not colon:
        kind, name = (text, "") if text in WITHOUT_NAME else (TargetKind.PERSON.value, text)
    known = kind.strip() in list(TargetKind)
    name, _, layer = name.strip().partition("/") if kind.strip() == TargetKind.ROTA else (name.strip(), "", "")
    if not known or bool(name) == (kind.strip() in WITHOUT_NAME):
        raise InvalidPolicy(
            say(
                "{text} is nobody: write person:anna, rota:PUMPS, rota:PUMPS/second, crew:PUMPS, role:planner, "
                "chief or everybody",
                text=text or "''",
            ),
            field=field,
        )
    found = Target(TargetKind(kind.strip()), name.strip(), layer.strip())
    if found.kind is TargetKind.ROLE and found.name not in list(Role):
        raise InvalidPolicy(say("there is no role {role}", role=found.name), field=field)
    return found


@dataclass(frozen=True, slots=True)
class Step:
    """Who is asked together, and for how many minutes their answer is waited for before the next step."""

    whom: tuple[Target, ...]
    wait_minutes: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Covers:
    """Which orders and alarms a policy is for. It is for some orders, or some alarms, or both.

    Parameters
    ----------
    order_types
        Of orders; empty: no orders.
    priorities
        The orders' priorities; empty: each.
    alarm_severities
        Of alarms of assets, 1 to 3; empty: no alarms.
    engine_alarms
        Codes of the engine's own alarms, or ``*``; empty: none.
    areas
        Codes of locations: only what is in one of them, or below. Empty: the whole site. Not for the engine's alarms.
    asset_classes
        Likewise; empty: each class.
    """

    order_types: frozenset[OrderType] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    alarm_severities: frozenset[int] = frozenset()
    engine_alarms: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    asset_classes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Whom to ask about what, in which order, at one site. ``repeat`` is how often all steps are taken again."""

    code: str
    site: str
    title: str
    covers: Covers
    steps: tuple[Step, ...]
    repeat: int = 0
    version: int = 1

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise InvalidPolicy(say("letters, digits and . _ - only, beginning with a letter or digit"), field="code")
        if not self.title.strip():
            raise InvalidPolicy(say("it must not be empty"), field="title")
        if not (self.covers.order_types or self.covers.alarm_severities or self.covers.engine_alarms):
            raise InvalidPolicy(
                say("name the kinds of orders, or the severities of alarms, that it is for"), field="order_types"
            )
        if not self.covers.alarm_severities <= {1, 2, 3}:
            raise InvalidPolicy(say("severities are numbers from 1 to 3"), field="alarm_severities")
        if not 1 <= len(self.steps) <= STEPS_MOST:
            raise InvalidPolicy(say("a policy has 1 to {most} steps", most=STEPS_MOST), field="steps")
        if not 0 <= self.repeat <= REPEAT_MOST:
            raise InvalidPolicy(say("it must be a number from 0 to {most}", most=REPEAT_MOST), field="repeat")
        for number, step in enumerate(self.steps):
            if not 1 <= len(step.whom) <= WHOM_MOST:
                raise InvalidPolicy(say("a step asks 1 to {most}", most=WHOM_MOST), field=f"steps.{number}.whom")
            if not 1 <= step.wait_minutes <= WAIT_MOST:
                raise InvalidPolicy(
                    say("it must be a number from 1 to {most}", most=WAIT_MOST), field=f"steps.{number}.wait_minutes"
                )

    @property
    def people(self) -> frozenset[str]:
        """The users whom it names."""
        return self._named(TargetKind.PERSON)

    @property
    def rotas(self) -> frozenset[str]:
        """The codes of the rotas that it names."""
        return self._named(TargetKind.ROTA)

    @property
    def asks_chief(self) -> bool:
        """Whether a step asks the site's chief."""
        return any(each.kind is TargetKind.CHIEF for step in self.steps for each in step.whom)

    @property
    def crews(self) -> frozenset[str]:
        """The codes of the crews that it names."""
        return self._named(TargetKind.CREW)

    def _named(self, kind: TargetKind) -> frozenset[str]:
        return frozenset(each.name for step in self.steps for each in step.whom if each.kind is kind)


class CauseKind(StrEnum):
    """What an escalation is about."""

    ORDER = "order"
    ALARM = "alarm"
    ENGINE = "engine"
    REQUEST = "request"
    """Somebody says that there is danger: as an emergency order would be, before somebody has confirmed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What may have to be escalated: an order, an alarm of an asset, or one of the engine.

    ``areas`` are the codes of the location that its asset is at and of those above; ``code`` is an engine alarm's.
    """

    kind: CauseKind
    type: str = ""
    priority: int = 0
    severity: int = 0
    code: str = ""
    areas: Collection[str] = ()
    asset_class: str = ""


def fits(policy: Policy, cause: Cause) -> bool:
    """Return whether a policy is for an order or alarm of its site."""
    covers = policy.covers
    if cause.kind is CauseKind.ENGINE:
        return cause.code != NOT_ESCALATED and not covers.engine_alarms.isdisjoint({cause.code, EVERY_CODE})
    if cause.kind in (CauseKind.ORDER, CauseKind.REQUEST):
        meant = cause.type in covers.order_types and (not covers.priorities or cause.priority in covers.priorities)
    else:
        meant = cause.severity in covers.alarm_severities
    in_area = not covers.areas or not covers.areas.isdisjoint(cause.areas)
    return meant and in_area and (not covers.asset_classes or cause.asset_class in covers.asset_classes)


def choose(policies: Collection[Policy], cause: Cause) -> Policy | None:
    """Return the policy that an order or alarm is escalated by: of those that fit the first by its code."""
    return min((each for each in policies if fits(each, cause)), key=lambda each: each.code, default=None)
