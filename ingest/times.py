"""Times as mapping documents describe them: where they are, how they are written, and what they mean."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ingest import border, local_time
from ingest.border import Bad
from ingest.formats.paths import MISSING, JsonPath
from ingest.messages import Reason

COUNTED = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
"""Formats that count from 1970, and the microseconds of one."""
_PROBE = datetime(2026, 11, 25, 13, 48, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """Where the time is and how it is written. ``zone`` is for times without one; None refuses those."""

    path: JsonPath
    format: str
    zone: ZoneInfo | None

    def read(self, value: object) -> tuple[int, ...]:
        """Return epoch microseconds: two moments for a local time that came twice. Raises Bad."""
        if isinstance(value, datetime):
            return self._moments(value)
        if isinstance(value, str):
            value = value.strip()
        if value is MISSING or value is None or value == "":
            raise Bad(Reason.NO_TIME, f"there is no time at {self.path.text!r}")
        if self.format in COUNTED:
            try:
                number = border.measure("time", value)
            except Bad:
                raise Bad(Reason.WRONG_TIME, f"{str(value)[:40]!r} is no number of {self.format}") from None
            return (border.counted(number, COUNTED[self.format]),)
        if self.format == "auto" and isinstance(value, int | float):
            return (border.microseconds(value),)
        try:
            text = str(value)
            # A naive time is put into the zone below.
            at = border.iso(text) if self.format in ("iso", "auto") else datetime.strptime(text, self.format)  # noqa: DTZ007
        except (ValueError, OverflowError):
            said = border.digits(text) if self.format in ("iso", "auto") else ""
            wrong = f"{str(value)[:40]!r} is no time of format {self.format}{border.wrong_in_iso(text)}"
            raise Bad(Reason.WRONG_TIME, said or wrong) from None
        return self._moments(at)

    def us_each(self, value: object) -> float | None:
        """Return the microseconds of one, where a time is a count; None where it is a text or a date."""
        if self.format in COUNTED:
            return COUNTED[self.format]
        return 1e3 if self.format == "auto" and isinstance(value, int | float) else None

    def _moments(self, at: datetime) -> tuple[int, ...]:
        if at.tzinfo is not None:
            return (border.since_epoch(at),)
        if self.zone is None:
            raise Bad(Reason.NAIVE_TIME, f"{at.isoformat()} has no zone; give the mapping [time] zone")
        return local_time.moments(at, self.zone)


def wrong_format(text: str) -> str | None:
    """Return what is wrong with how times are written: auto, iso, a count, or what ``strptime`` reads; None: nothing.

    A format has to say the whole date: a time of 1900 would be refused for ever, and blamed on the device's clock.
    """
    if text in ("auto", "iso", *COUNTED):
        return None
    try:
        read = datetime.strptime(_PROBE.strftime(text), text)  # noqa: DTZ007 (it is tried, and forgotten)
    except (ValueError, OverflowError, re.error):
        read = None
    if read is None or "%" not in text:
        return "is not known; use auto, iso, s, ms, us, ns, or like %Y-%m-%d %H:%M:%S"
    if read.date() != _PROBE.date():
        return "does not say the whole date; it needs a year, a month and a day, like %Y-%m-%d %H:%M:%S"
    if read.hour not in (0, _PROBE.hour):
        return "has hours of 12 and does not say which half of the day; write %H, or %p beside %I"
    return None
