"""Escalation policies as documents: JSON for storing, sending, and files. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workorder_core.escalating.policies import LIST_MOST, Covers, InvalidPolicy, Policy, Step, target
from workorder_core.sentences import say
from workorder_core.words import OrderType, Priority

_COVERS = ("order_types", "priorities", "alarm_severities", "engine_alarms", "areas", "asset_classes")


def to_document(policy: Policy) -> dict[str, Any]:
    """Return a policy's document, without code, site and version, which are stored beside it."""
    return {
        "title": policy.title,
        **{name: sorted(getattr(policy.covers, name)) for name in _COVERS},
        "steps": [
            {"whom": [str(each) for each in step.whom], "wait_minutes": step.wait_minutes} for step in policy.steps
        ],
        "repeat": policy.repeat,
    }


def from_document(document: Mapping[str, Any], *, code: str, site: str, version: int = 1) -> Policy:
    """Return the policy of a document. Raises InvalidPolicy, which names the field."""
    _only("document", document, {"title", "steps", "repeat", *_COVERS})
    steps = _list("steps", document.get("steps"))
    return Policy(
        code=code,
        site=site,
        version=version,
        title=_text("title", document.get("title", "")),
        covers=Covers(
            order_types=_set("order_types", document, _order_type),
            priorities=_set("priorities", document, _priority),
            alarm_severities=_set("alarm_severities", document, _whole),
            engine_alarms=_set("engine_alarms", document, _text),
            areas=_set("areas", document, _text),
            asset_classes=_set("asset_classes", document, _text),
        ),
        steps=tuple(_step(f"steps.{number}", each) for number, each in enumerate(steps)),
        repeat=_whole("repeat", document.get("repeat", 0)),
    )


def _step(field: str, facts: Any) -> Step:
    _only(field, facts, {"whom", "wait_minutes"})
    whom = _list(f"{field}.whom", facts.get("whom"))
    return Step(
        whom=tuple(target(_text(f"{field}.whom", each), field=f"{field}.whom") for each in whom),
        wait_minutes=_whole(f"{field}.wait_minutes", facts.get("wait_minutes", 5)),
    )


def _set(name: str, document: Mapping[str, Any], read: Callable[[str, Any], Any]) -> frozenset[Any]:
    given = _list(name, document.get(name, ()))
    if len(given) > LIST_MOST:
        raise InvalidPolicy(say("there are more than {most}", most=LIST_MOST), field=name)
    return frozenset(read(name, each) for each in given)


def _order_type(field: str, given: Any) -> OrderType:
    if given not in list(OrderType):
        raise InvalidPolicy(say("it must be one of {known}", known=", ".join(OrderType)), field=field)
    return OrderType(given)


def _priority(field: str, given: Any) -> Priority:
    if _whole(field, given) not in list(Priority):
        raise InvalidPolicy(say("priorities are numbers from 1, the most urgent, to 4"), field=field)
    return Priority(given)


def _only(field: str, facts: Any, known: set[str]) -> None:
    if not isinstance(facts, Mapping):
        raise InvalidPolicy(
            say("it must be an object with the fields {known}", known=", ".join(sorted(known))), field=field
        )
    for name in facts:
        if name not in known:
            raise InvalidPolicy(
                say("there is no such field; known are {known}", known=", ".join(sorted(known))),
                field=f"{field}.{name}",
            )


def _list(field: str, given: Any) -> Sequence[Any]:
    if not isinstance(given, list | tuple):
        raise InvalidPolicy(say("it must be a list"), field=field)
    return given


def _text(field: str, given: Any) -> str:
    if not isinstance(given, str) or len(given) > 200 or "\0" in given:
        raise InvalidPolicy(say("it must be a text of at most {most} characters", most=200), field=field)
    return given.strip()


def _whole(field: str, given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise InvalidPolicy(say("it must be a whole number"), field=field)
    return given
