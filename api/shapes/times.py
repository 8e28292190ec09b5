"""Types of times in bodies and queries: shared by all, so that none accepts a far date."""

from datetime import date, time
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, WithJsonSchema

from workorder_core.far_times import near, near_day
from workorder_core.sentences import say

Moment = Annotated[AwareDatetime, AfterValidator(near)]
"""A time with its offset, converted to UTC; a year outside 1970 to 2200 is refused with 422."""

Day = Annotated[date, AfterValidator(near_day)]
"""A calendar day, in the same years."""

_CLOCK: dict[str, Any] = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"}


def _local(clock: time) -> time:
    if clock.tzinfo is not None:
        raise ValueError(say("shift times are the site's local time: write them without an offset, for instance 06:00"))
    return clock


LocalTime = Annotated[time, AfterValidator(_local), WithJsonSchema(_CLOCK)]
"""The site's own clock: JSON Schema's format "time" would ask for an offset."""


def end_of_day(sent: object) -> object:
    """Parse the end of a shift; 24:00 is the midnight that ends the day, written 00:00."""
    return "00:00" if sent in ("24:00", "24:00:00") else sent
