"""What the forms of an order send, and what it means to the core."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Form

from db.closing import Closing, FollowUp, PartUsed
from workorder_core.close_out import Cause, Mechanism, Remedy
from workorder_core.far_times import FarTime, near
from workorder_core.orders import CloseOut, Measured
from workorder_core.words import CloseFinding, FailureMode, HoldReason, OrderType

_FIELDS = (
    "technician", "why", "finding", "failure_mode", "cause", "remedy", "mechanism", "downtime", "hours", "readings",
    "parts", "follow_up", "waits", "starts_at", "ends_at",
)  # fmt: skip


class FormWrong(Exception):
    """Something in a form is missing or cannot be read; says what to write."""


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
    ) -> None:
        self.version = version
        self.technician, self.why = technician.strip(), why.strip()
        self.finding, self.failure_mode, self.cause, self.remedy = finding, failure_mode, cause, remedy
        self.mechanism, self.downtime, self.hours = mechanism, downtime.strip(), hours.strip()
        self.readings, self.parts, self.follow_up = readings.strip(), parts.strip(), follow_up.strip()
        self.waits, self.starts_at, self.ends_at = waits, starts_at, ends_at

    def close_out(self) -> CloseOut:
        """Return the close-out that the form describes. Raises FormWrong."""
        if self.finding not in set(CloseFinding):
            raise FormWrong("say what was found: choose one of the three findings")
        if self.cause not in set(Cause):
            raise FormWrong("choose a cause; 'unknown' is one")
        if self.remedy not in set(Remedy):
            raise FormWrong("choose what was done; 'nothing was done' is possible too")
        mode = FailureMode(self.failure_mode) if self.failure_mode in set(FailureMode) else None
        minutes = _figure(self.downtime, "the downtime in minutes")
        return CloseOut(
            finding=CloseFinding(self.finding),
            failure_mode=mode,
            cause=self.cause,
            remedy=self.remedy,
            note=self.why,
            mechanism=self.mechanism if self.mechanism in set(Mechanism) else None,
            downtime_minutes=None if minutes is None else round(minutes),
            readings=tuple(_reading(line) for line in self.readings.splitlines() if line.strip()),
        )

    def closing(self) -> Closing:
        """Return all that the form says of the end of the work. Raises FormWrong."""
        found = self.close_out()
        made = (FollowUp(title=self.follow_up, type=OrderType.PROACTIVE),) if self.follow_up else ()
        return Closing(
            close_out=found,
            hours=_figure(self.hours, "the hours of work"),
            parts_used=tuple(_part(line) for line in self.parts.splitlines() if line.strip()),
            follow_ups=made,
        )

    def waits_for(self) -> HoldReason:
        return HoldReason(self.waits) if self.waits in set(HoldReason) else HoldReason.OTHER

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
        """Return when the work is to be done, by the site's clock. Raises FormWrong."""
        start, end = local(self.starts_at, zone), local(self.ends_at, zone) if self.ends_at else None
        if end is not None and end <= start:
            raise FormWrong("the work ends after it begins; choose a later end")
        return start, end

    def filled(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in _FIELDS}


def _figure(text: str, what: str) -> float | None:
    """Return a number of a form, None where it is empty; a comma will do. Raises FormWrong."""
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e7:
        raise FormWrong(f"{what} must be a number, not {text!r}")
    return value


def _reading(line: str) -> Measured:
    """Read "vibration 1.8 mm/s". Raises FormWrong."""
    name, _, rest = line.strip().partition(" ")
    value, _, unit = rest.strip().partition(" ")
    try:
        return Measured(name=name, value=float(value.replace(",", ".")), unit=unit.strip())
    except ValueError:
        raise FormWrong(f"a reading is written as 'vibration 1.8 mm/s', not {line.strip()!r}") from None


def _part(line: str) -> PartUsed:
    """Read "2 bearing 6312"; one, where no number is said."""
    count, _, name = line.strip().partition(" ")
    if count.replace(".", "", 1).replace(",", "", 1).isdecimal() and name.strip():
        return PartUsed(part=name.strip(), used=float(count.replace(",", ".")))
    return PartUsed(part=line.strip(), used=1)


def local(text: str, zone: ZoneInfo) -> datetime:
    """Read a time of the site's clock and return it in UTC. Raises FormWrong."""
    try:
        return near(datetime.fromisoformat(text).replace(tzinfo=zone))
    except FarTime as far:
        raise FormWrong(str(far)) from None
    except ValueError:
        raise FormWrong("give both times, as the site's clock shows them") from None
