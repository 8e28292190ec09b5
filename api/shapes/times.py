"""Times as they come in: one type for every shape and query, so that none lets a far date through."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

from workorder_core.far_times import near, near_day

Moment = Annotated[AwareDatetime, AfterValidator(near)]
"""A time with its offset, in UTC from here on: a year between 1970 and 2200, or it is refused with 422."""

Day = Annotated[date, AfterValidator(near_day)]
"""A day of a calendar, in the same years."""
