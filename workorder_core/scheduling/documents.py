"""Weights as the plant's document, and a problem as the document that is kept with each schedule."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from workorder_core.scheduling.problem import Problem, Weights
from workorder_core.sentences import say

MOST = 1e9
"""The most that a weight can be, in money."""
PRIORITIES = range(1, 6)
_BY_PRIORITY = ("lateness_hour", "unscheduled_day", "failure_day")
MOST_LIKELY = 0.99
"""The most that a probability of failure on one day can be."""


class InvalidWeights(ValueError):
    """A weight is not a number that a cost can be. ``field`` names it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(say("{field}: {problem}", field=field, problem=problem))
        self.field = field


def weights_document(weights: Weights) -> dict[str, Any]:
    """Return weights as JSON; numbers by priority have it as a text."""
    return {
        each.name: {str(priority): value for priority, value in getattr(weights, each.name).items()}
        if each.name in _BY_PRIORITY
        else getattr(weights, each.name)
        for each in fields(Weights)
    }


def weights_of(document: Mapping[str, Any]) -> Weights:
    """Return the weights of a document; what it leaves out is as it is without one. Raises InvalidWeights."""
    known = {each.name for each in fields(Weights)}
    for name in document:
        if name not in known:
            raise InvalidWeights(
                name, say("there is no such weight; there are {known}", known=", ".join(sorted(known)))
            )
    usual = Weights()
    facts: dict[str, Any] = {}
    for name, value in document.items():
        if name in _BY_PRIORITY:
            facts[name] = dict(getattr(usual, name)) | _by_priority(name, value)
        else:
            facts[name] = _number(name, value)
    return Weights(**facts)


def _by_priority(name: str, value: Any) -> dict[int, float]:
    if not isinstance(value, Mapping):
        raise InvalidWeights(name, say("give a number for each priority, 1 to 5"))
    found = {}
    for key, number in value.items():
        if str(key) not in map(str, PRIORITIES):
            raise InvalidWeights(name, say("there is no priority {key}; give a number for each, 1 to 5", key=key))
        found[int(key)] = _number(f"{name}.{key}", number, MOST_LIKELY if name == "failure_day" else MOST)
    return found


def _number(name: str, value: Any, most: float = MOST) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        if most < 1:
            raise InvalidWeights(name, say("give a probability from 0 to {most:.2f}", most=most))
        raise InvalidWeights(name, say("give a number from 0 to {most:,.0f}", most=most))
    return float(value)


def problem_document(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON, so that what a schedule was made from can be read and solved again."""
    facts = asdict(problem)
    facts["starts_at"] = problem.starts_at.isoformat()
    facts["travel"] = [[here, there, minutes] for (here, there), minutes in problem.travel.items()]
    facts["km"] = [[here, there, km] for (here, there), km in problem.km.items()]
    facts["weights"] = weights_document(problem.weights)
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
