"""Converts the forms of an order to the core's terms."""

import re
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Form

from api.board.forms.form_errors import Fields, InvalidForm, figure
from db.orders.closing import Closing, FollowUp, PartUsed
from workorder_core.digits import NotANumber, typed
from workorder_core.far_times import FarTime, near
from workorder_core.orders.close_out import Cause, Mechanism, Remedy
from workorder_core.orders.details import Details, Hold, Reason
from workorder_core.orders.lifecycle import RULES, Step
from workorder_core.orders.order import CloseOut, Measured
from workorder_core.sentences import say
from workorder_core.words import CloseFinding, FailureMode, HoldReason, OrderType

_MEASURED = re.compile(
    r"(?P<name>\S.*?)[ :=]+(?P<value>[-+]?\d{1,12}(?:[.,]\d{1,12})?)(?P<unit>(?: |[^\d\s.,]).{0,39})?"
)
_USED = re.compile(
    r"(?P<used>\d{1,9}(?:[.,]\d{1,6})?)(?:\s*[x×]\s+|[x×](?=\D)|\s+|(?=[^\W\d]+[²³23]?\s))(?P<part>\S.*)"
)
_UNITS = {
    "l": "l", "litre": "l", "litres": "l", "liter": "l", "ml": "ml", "cl": "cl", "dl": "dl", "m": "m",
    "kg": "kg", "g": "g", "t": "t", "m2": "m2", "m²": "m2", "m3": "m3", "m³": "m3",
    "pcs": "pcs", "pc": "pcs", "pieces": "pcs", "pair": "pairs",
    "pairs": "pairs", "set": "sets", "sets": "sets", "roll": "rolls", "rolls": "rolls", "h": "h",
}  # fmt: skip
"""Units of parts as people write them, and as they are stored; any other word belongs to the part's name."""

_SIZES = frozenset({"mm", "cm", "inch", "bar", "v", "kv", "a", "w", "kw", "nm"})
"""Units of a part's size: "10 mm bolt" is one bolt."""

_MANY = 1000
"""Above this number, a line more probably begins with the part's name than with a count."""


class StepForm:
    """The fields that the forms of an order send; each step reads its own."""

    def __init__(
        self,
        version: Annotated[int | None, Form()] = None,
        technician: Annotated[str, Form(max_length=200)] = "",
        why: Annotated[str, Form(max_length=4000)] = "",
        finding: Annotated[str, Form(max_length=100)] = "",
        failure_mode: Annotated[str, Form(max_length=100)] = "",
        cause: Annotated[str, Form(max_length=100)] = "",
        remedy: Annotated[str, Form(max_length=100)] = "",
        mechanism: Annotated[str, Form(max_length=100)] = "",
        downtime: Annotated[str, Form(max_length=20)] = "",
        hours: Annotated[str, Form(max_length=20)] = "",
        readings: Annotated[str, Form(max_length=4000)] = "",
        parts: Annotated[str, Form(max_length=4000)] = "",
        follow_up: Annotated[str, Form(max_length=200)] = "",
        waits: Annotated[str, Form(max_length=20)] = "",
        starts_at: Annotated[str, Form(max_length=40)] = "",
        ends_at: Annotated[str, Form(max_length=40)] = "",
        plan: Annotated[str, Form(max_length=100)] = "",
    ) -> None:
        self.version = version
        self.technician, self.why = technician.strip(), why.strip()
        self.finding, self.failure_mode, self.cause, self.remedy = finding, failure_mode, cause, remedy
        self.mechanism, self.downtime, self.hours = mechanism, downtime.strip(), hours.strip()
        self.readings, self.parts, self.follow_up = readings.strip(), parts.strip(), follow_up.strip()
        self.waits, self.starts_at, self.ends_at, self.plan = waits, starts_at, ends_at, plan

    def closing(self) -> Closing:
        """Return the completion that the form describes. Raises InvalidForm."""
        with Fields() as read:
            read.need(
                "finding",
                self.finding in set(CloseFinding),
                say("say what was found: choose one of the three findings"),
            )
            read.need("cause", self.cause in set(Cause), say("choose a cause, or 'unknown'"))
            read.need("remedy", self.remedy in set(Remedy), say("choose what was done, or 'nothing was done'"))
            minutes = read("downtime", None, lambda: figure(self.downtime))
            hours = read("hours", None, lambda: figure(self.hours, most=100_000))
            readings = read("readings", (), lambda: tuple(_reading(line) for line in _lines(self.readings)))
            parts = read("parts", (), lambda: tuple(part_used(line) for line in _lines(self.parts)))
        found = CloseOut(
            finding=CloseFinding(self.finding),
            failure_mode=FailureMode(self.failure_mode) if self.failure_mode in set(FailureMode) else None,
            cause=self.cause,
            remedy=self.remedy,
            note=self.why,
            mechanism=self.mechanism if self.mechanism in set(Mechanism) else None,
            downtime_minutes=None if minutes is None else round(minutes),
            readings=readings,
        )
        made = (FollowUp(title=self.follow_up, type=OrderType.PROACTIVE),) if self.follow_up else ()
        return Closing(close_out=found, hours=hours, parts_used=parts, follow_ups=made)

    def details(self, step: Step) -> Details:
        """Return the details of a step that the form describes completely, of the type in `lifecycle.RULES`."""
        kind = RULES[step].details
        if kind is Hold:
            return Hold(self.why, self.waits_for())
        return kind(self.why) if issubclass(kind, Reason) else kind()

    def waits_for(self) -> HoldReason:
        return HoldReason(self.waits) if self.waits in set(HoldReason) else HoldReason.OTHER

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
        """Return the planned times of the work, by the site's clock. Raises InvalidForm."""
        with Fields() as read:
            start = read("starts_at", None, lambda: local(self.starts_at, zone))
            end = read("ends_at", None, lambda: local(self.ends_at, zone) if self.ends_at else None)
            read.need(
                "ends_at",
                not (start and end) or start < end,
                say("the work must end after it begins; choose a later end"),
            )
        assert start is not None, "its lack is an error of its field"
        return start, end


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _reading(line: str) -> Measured:
    """Parse "vibration 1.8 mm/s"; the name may have several words. Raises InvalidForm."""
    found = _MEASURED.fullmatch(line)
    if found is None:
        raise InvalidForm(say("a reading is written as 'vibration 1.8 mm/s', not {line!r}", line=line))
    return Measured(
        name=found["name"].strip(" :="),
        value=_number(found["value"]),
        unit=(found["unit"] or "").strip(),
    )


def _number(text: str) -> float:
    try:
        return float(typed(text))
    except NotANumber as wrong:
        raise InvalidForm(*wrong.args) from None


def part_used(line: str) -> PartUsed:
    """Parse "2 bearing 6312", "0.5 l oil" or "gasket", which means one. Raises InvalidForm."""
    found = _USED.fullmatch(line)
    if found is None:
        if not line.strip("0123456789., "):
            raise InvalidForm(say("name the part as well as the quantity {line}, as in '2 bearing 6312'", line=line))
        return PartUsed(part=line, used=1)
    used = _number(found["used"])
    unit, _, rest = found["part"].partition(" ")
    glued = line[len(found["used"])].isalpha() and line[len(found["used"])] not in "x×"
    if unit.lower() in _SIZES or (glued and unit.lower() not in _UNITS):
        return PartUsed(part=line, used=1)
    if unit.lower() in _UNITS:
        part = rest.strip().removeprefix("of ").strip()
        if not part:
            raise InvalidForm(say("name the part as well as the quantity {line}, as in '0.5 l oil'", line=line))
        return PartUsed(part=part, used=used, unit=_UNITS[unit.lower()])
    if used > _MANY:
        raise InvalidForm(
            say(
                "{used} pieces? Write '1 x {line}' or '{used} pcs {part}'",
                used=found["used"],
                line=line,
                part=found["part"],
            )
        )
    return PartUsed(part=found["part"].strip(), used=used)


def local(text: str, zone: ZoneInfo) -> datetime:
    """Parse a time of the site's clock and return it in UTC. Raises InvalidForm."""
    try:
        return near(datetime.fromisoformat(text).replace(tzinfo=zone))
    except FarTime as far:
        raise InvalidForm(str(far)) from None
    except ValueError:
        raise InvalidForm(say("give both times, as the site's clock shows them")) from None
