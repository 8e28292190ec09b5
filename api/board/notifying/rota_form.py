"""A rota as the fields of a form, and back: a group of fields for each layer, and one more for a new one."""

import re
from collections.abc import Collection, Mapping
from datetime import date, time
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model
from pydantic import Field as _Field

from api.board.forms.form_errors import Fields, InvalidForm
from workorder_core.oncall.rotas import LAYERS_MOST, Hours, InvalidRota, Layer, OnHolidays, Rota, Unit
from workorder_core.planning.site_time import EVERY_DAY
from workorder_core.sentences import say

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_HOURS = re.compile(r"(?:([A-Za-z, -]+?)\s+)?(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)")
_OF_LAYER: Mapping[str, tuple[str, int]] = {
    "name": ("", 100),
    "people": ("", 4000),
    "starts": ("", 10),
    "turn": ("1", 5),
    "unit": ("weeks", 10),
    "hands_over": ("08:00", 10),
    "hours": ("", 1000),
    "on_holidays": ("as_usual", 20),
}


class _Written(BaseModel):
    """The fields of the form that are not of a layer, as typed."""

    model_config = ConfigDict(extra="ignore")

    site: str = _Field("", max_length=64)
    code: str = _Field("", max_length=64)
    title: str = _Field("", max_length=200)
    purpose: str = _Field("", max_length=2000)
    zone: str = _Field("UTC", max_length=64)
    country: str = _Field("", max_length=10)
    subdivision: str = _Field("", max_length=10)
    covered: str = _Field("", max_length=1000)
    why: str = _Field("", max_length=2000)

    def __getitem__(self, name: str) -> str:
        return str(getattr(self, name))


_FIELDS: dict[str, Any] = {
    f"{name}_{number}": (str, _Field(usual, max_length=most))
    for number in range(1, LAYERS_MOST + 1)
    for name, (usual, most) in _OF_LAYER.items()
}
WrittenRota: Any = create_model("WrittenRota", __base__=_Written, **_FIELDS)
"""The fields of the form; those of the first layer end in ``_1``."""


def fields_of(rota: Rota) -> Any:
    """Return a rota as the fields of its form."""
    fields = {
        "site": rota.site,
        "code": rota.code,
        "title": rota.title,
        "purpose": rota.purpose,
        "zone": rota.zone,
        "country": rota.country or "",
        "subdivision": rota.subdivision or "",
        "covered": hours_said(rota.covered),
    }
    for number, layer in enumerate(rota.layers, start=1):
        fields |= {
            f"name_{number}": layer.name,
            f"people_{number}": ", ".join(layer.people),
            f"starts_{number}": layer.starts.isoformat(),
            f"turn_{number}": str(layer.turn),
            f"unit_{number}": layer.unit.value,
            f"hands_over_{number}": layer.hands_over.isoformat("minutes"),
            f"hours_{number}": hours_said(layer.hours),
            f"on_holidays_{number}": layer.on_holidays.value,
        }
    return WrittenRota(**fields)


def read(sent: Any, *, site: str, code: str) -> Rota:
    """Return the rota that a form describes; layers without name and people are left out. Raises InvalidForm with all
    errors.
    """
    numbers = [
        number
        for number in range(1, LAYERS_MOST + 1)
        if number == 1 or sent[f"name_{number}"].strip() or sent[f"people_{number}"].strip()
    ]
    with Fields() as fields:
        fields.need("title", sent.title.strip(), say("say in a few words who is called for what"))
        covered = fields("covered", (), lambda: read_hours(sent.covered))
        layers = [_layer(fields, sent, number) for number in numbers]
    try:
        return Rota(
            code=code,
            site=site,
            title=sent.title.strip(),
            purpose=sent.purpose.strip(),
            zone=sent.zone.strip(),
            country=sent.country.strip().upper() or None,
            subdivision=sent.subdivision.strip().upper() or None,
            covered=tuple(covered),
            layers=tuple(layers),
        )
    except InvalidRota as error:
        raise InvalidForm(fields={_field(error.field, numbers): error.problem}) from error


def read_hours(text: str) -> tuple[Hours, ...]:
    """Read hours such as ``Mo-Fr 16:00-08:00; Sa,Su 00:00-24:00``; without days every day. Raises InvalidForm."""
    found = []
    for part in re.split(r"[;\n]", text):
        if not part.strip():
            continue
        read = _HOURS.fullmatch(part.strip())
        if read is None:
            raise InvalidForm(say("write hours such as Mo-Fr 16:00-08:00; Sa,Su 00:00-24:00, not {text}", text=part))
        ends = "00:00" if read[3] == "24:00" else read[3]
        try:
            begins, until = time.fromisoformat(read[2]), time.fromisoformat(ends)
        except ValueError:
            raise InvalidForm(say("{text} is no time of the day", text=part)) from None
        found.append(Hours(weekdays=_weekdays(read[1] or ""), begins=begins, ends=until))
    return tuple(found)


def hours_said(hours: tuple[Hours, ...]) -> str:
    """Return hours as ``read_hours`` reads them."""
    said = []
    for each in hours:
        days = "" if each.weekdays == EVERY_DAY else ",".join(_DAYS[day - 1] for day in sorted(each.weekdays)) + " "
        ends = "24:00" if each.ends == time() else f"{each.ends:%H:%M}"
        said.append(f"{days}{each.begins:%H:%M}-{ends}")
    return "; ".join(said)


def _weekdays(text: str) -> frozenset[int]:
    if not text.strip():
        return EVERY_DAY
    found = set[int]()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        numbers = [_weekday(each) for each in (first, last or first)]
        found |= set(range(numbers[0], numbers[1] + 1))
        if numbers[0] > numbers[1]:
            found |= {*range(numbers[0], 8), *range(1, numbers[1] + 1)}
    return frozenset(found)


def _weekday(text: str) -> int:
    short = text.title()[:2]
    if short not in _DAYS:
        raise InvalidForm(say("{text} is no weekday; write Mo, Tu, We, Th, Fr, Sa or Su", text=text))
    return _DAYS.index(short) + 1


def layer_of(sent: Any, people: Collection[str]) -> str:
    """Return the field of the first layer that names one of some people."""
    numbers = range(1, LAYERS_MOST + 1)
    return next(
        (f"people_{number}" for number in numbers if set(_names(sent[f"people_{number}"])) & set(people)), "people_1"
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in re.split(r"[,\n]", text) if each.strip())


def _layer(fields: Fields, sent: Any, number: int) -> Layer:
    people = _names(sent[f"people_{number}"])
    fields.need(f"name_{number}", sent[f"name_{number}"].strip(), say("give the layer a name, such as first"))
    fields.need(f"people_{number}", people, say("name who takes turns, in their order"))
    return Layer(
        name=sent[f"name_{number}"].strip(),
        people=people,
        starts=fields(f"starts_{number}", date(2000, 1, 1), lambda: _day(sent[f"starts_{number}"])),
        turn=fields(f"turn_{number}", 1, lambda: _count(sent[f"turn_{number}"])),
        unit=Unit.DAYS if sent[f"unit_{number}"] == Unit.DAYS else Unit.WEEKS,
        hands_over=fields(f"hands_over_{number}", time(8), lambda: _time(sent[f"hands_over_{number}"])),
        hours=fields(f"hours_{number}", (), lambda: read_hours(sent[f"hours_{number}"])),
        on_holidays=OnHolidays(sent[f"on_holidays_{number}"])
        if sent[f"on_holidays_{number}"] in list(OnHolidays)
        else OnHolidays.AS_USUAL,
    )


def _field(path: str, numbers: list[int]) -> str:
    """Return the form's field of a path in a rota, such as ``layers.0.people``."""
    parts = path.split(".")
    if parts[0] == "layers" and len(parts) > 2:
        return f"{parts[2]}_{numbers[int(parts[1])]}"
    return "title" if parts[0] == "layers" else parts[0]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidForm(say("write a day, such as 2026-03-02")) from None


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        raise InvalidForm(say("write a time, such as 08:00")) from None


def _count(text: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > 3:
        raise InvalidForm(say("write a whole number"))
    return int(text)
