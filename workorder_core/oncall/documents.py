"""Rotas as documents: JSON for storing, sending, and files. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any, TypeVar

from workorder_core.oncall.rotas import Hours, InvalidRota, Layer, OnHolidays, Rota, Unit
from workorder_core.planning.site_time import EVERY_DAY
from workorder_core.sentences import say

Kind = TypeVar("Kind", Unit, OnHolidays)


def to_document(rota: Rota) -> dict[str, Any]:
    """Return a rota's document, without code, site and version, which are stored beside it."""
    return {
        "title": rota.title,
        "purpose": rota.purpose,
        "zone": rota.zone,
        "country": rota.country,
        "subdivision": rota.subdivision,
        "covered": [_hours_out(each) for each in rota.covered],
        "layers": [
            {
                "name": each.name,
                "people": list(each.people),
                "starts": each.starts.isoformat(),
                "turn": each.turn,
                "unit": each.unit.value,
                "hands_over": each.hands_over.isoformat("minutes"),
                "hours": [_hours_out(one) for one in each.hours],
                "on_holidays": each.on_holidays.value,
            }
            for each in rota.layers
        ],
    }


def from_document(document: Mapping[str, Any], *, code: str, site: str, version: int = 1) -> Rota:
    """Return the rota of a document. Raises InvalidRota, which names the field."""
    known = {"title", "purpose", "zone", "country", "subdivision", "covered", "layers"}
    _only("document", document, known)
    layers = _list("layers", document.get("layers"))
    return Rota(
        code=code,
        site=site,
        version=version,
        title=_text("title", document.get("title", ""), 200),
        purpose=_text("purpose", document.get("purpose", ""), 2000),
        zone=_text("zone", document.get("zone", "UTC"), 64),
        country=_code("country", document.get("country")),
        subdivision=_code("subdivision", document.get("subdivision")),
        covered=_hours_in("covered", document.get("covered", ())),
        layers=tuple(_layer(f"layers.{number}", each) for number, each in enumerate(layers)),
    )


def _layer(field: str, facts: Any) -> Layer:
    _only(field, facts, {"name", "people", "starts", "turn", "unit", "hands_over", "hours", "on_holidays"})
    turn = facts.get("turn", 1)
    if not isinstance(turn, int) or isinstance(turn, bool):
        raise InvalidRota(say("it must be a whole number"), field=f"{field}.turn")
    people = _list(f"{field}.people", facts.get("people"))
    return Layer(
        name=_text(f"{field}.name", facts.get("name", ""), 100),
        people=tuple(_text(f"{field}.people", each, 64) for each in people),
        starts=_day(f"{field}.starts", facts.get("starts")),
        turn=turn,
        unit=_one_of(f"{field}.unit", Unit, facts.get("unit", Unit.WEEKS.value)),
        hands_over=_time(f"{field}.hands_over", facts.get("hands_over", "08:00")),
        hours=_hours_in(f"{field}.hours", facts.get("hours", ())),
        on_holidays=_one_of(f"{field}.on_holidays", OnHolidays, facts.get("on_holidays", OnHolidays.AS_USUAL.value)),
    )


def _hours_out(hours: Hours) -> dict[str, Any]:
    ends = hours.ends.isoformat("minutes")
    return {
        "weekdays": sorted(hours.weekdays),
        "begins": hours.begins.isoformat("minutes"),
        "ends": "24:00" if ends == "00:00" else ends,
    }


def _hours_in(field: str, given: Any) -> tuple[Hours, ...]:
    found = []
    for number, each in enumerate(_list(field, given)):
        path = f"{field}.{number}"
        _only(path, each, {"weekdays", "begins", "ends"})
        weekdays = _list(f"{path}.weekdays", each.get("weekdays", sorted(EVERY_DAY)))
        if not all(isinstance(day, int) for day in weekdays):
            raise InvalidRota(say("weekdays are numbers from 1, Monday, to 7"), field=f"{path}.weekdays")
        ends = each.get("ends", "24:00")
        found.append(
            Hours(
                weekdays=frozenset(weekdays),
                begins=_time(f"{path}.begins", each.get("begins", "00:00")),
                ends=_time(f"{path}.ends", "00:00" if ends == "24:00" else ends),
            )
        )
    return tuple(found)


def _only(field: str, facts: Any, known: set[str]) -> None:
    if not isinstance(facts, Mapping):
        raise InvalidRota(
            say("it must be an object with the fields {known}", known=", ".join(sorted(known))), field=field
        )
    for name in facts:
        if name not in known:
            raise InvalidRota(
                say("there is no such field; known are {known}", known=", ".join(sorted(known))),
                field=f"{field}.{name}",
            )


def _list(field: str, given: Any) -> Sequence[Any]:
    if not isinstance(given, list | tuple):
        raise InvalidRota(say("it must be a list"), field=field)
    return given


def _text(field: str, given: Any, most: int) -> str:
    if not isinstance(given, str) or len(given) > most or "\0" in given:
        raise InvalidRota(say("it must be a text of at most {most} characters", most=most), field=field)
    return given.strip()


def _code(field: str, given: Any) -> str | None:
    return None if given is None else _text(field, given, 10) or None


def _day(field: str, given: Any) -> date:
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise InvalidRota(say("it must be a day such as 2026-03-02"), field=field) from None


def _time(field: str, given: Any) -> time:
    try:
        return time.fromisoformat(given).replace(second=0, microsecond=0)
    except (TypeError, ValueError):
        raise InvalidRota(say("it must be a time such as 08:00"), field=field) from None


def _one_of(field: str, kind: type[Kind], given: Any) -> Kind:
    try:
        return kind(given)
    except ValueError:
        raise InvalidRota(say("it must be one of {known}", known=", ".join(kind)), field=field) from None
