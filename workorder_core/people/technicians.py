"""Somebody who can be given work: skills, certificates, contract, and when they are at work. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from workorder_core.people import working_times
from workorder_core.people.skills import USUAL_LEVEL
from workorder_core.people.working_times import Absence, Contract, Pattern, Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class Technician:
    """Somebody who can be given work.

    Parameters
    ----------
    shift_start, shift_end
        Local time of the site. A shift may pass midnight; equal times mean the whole day.
    weekdays
        ISO weekdays on which the shift begins, 1 = Monday.
    levels
        The level of a skill, 1 to 5; a skill that is not in it has level 3.
    valid_until
        The last day, of the site, on which a certificate is valid; one that is not in it does not expire.
    firm
        The contractor's name; None: one's own people.
    pattern, rotation
        The code and the shifts of the pattern that is worked, ``pattern_offset`` days later; None: the times above.
    depot
        The code of the location at which the day begins and ends.
    speed
        A job of 60 minutes takes this person 60 × speed.
    absences
        Those that have not ended.
    """

    id: int
    site_id: int
    code: str
    name: str
    skills: frozenset[str]
    certificates: frozenset[str]
    shift_start: time
    shift_end: time
    weekdays: frozenset[int]
    active: bool = True
    levels: Mapping[str, int] = field(default_factory=dict)
    valid_until: Mapping[str, date] = field(default_factory=dict)
    firm: str | None = None
    contract_from: date | None = None
    contract_until: date | None = None
    pattern: str | None = None
    pattern_offset: int = 0
    overtime_minutes: int = 0
    depot: str | None = None
    speed: float = 1.0
    language: str | None = None
    rotation: Pattern | None = None
    absences: tuple[Absence, ...] = ()

    @property
    def works(self) -> Pattern:
        """The rotation of the person: the pattern that is worked, else the person's own week."""
        return self.rotation or working_times.weekly(self.shift_start, self.shift_end, self.weekdays)

    @property
    def contract(self) -> Contract:
        return Contract(first=self.contract_from, last=self.contract_until)

    def level(self, skill: str) -> int:
        """Return the level in a skill; 0 without it."""
        return self.levels.get(skill, USUAL_LEVEL) if skill in self.skills else 0

    def certified(self, certificate: str, day: date) -> bool:
        """Return whether a certificate is there and valid on a day."""
        return certificate in self.certificates and day <= self.valid_until.get(certificate, date.max)

    def away(self, at: datetime) -> Absence | None:
        """Return the absence that covers a moment."""
        return next((each for each in self.absences if each.covers(at)), None)

    def shift_on(self, day: date) -> Shift | None:
        """Return the shift that begins on a local day, without absences."""
        if not self.contract.holds(day):
            return None
        return self.works.on(day - timedelta(days=self.pattern_offset if self.rotation else 0))


def on_shift(one: Technician, now_local: datetime) -> bool:
    """Return whether a technician is at work at a local time; a night shift belongs to the day it began."""
    if one.away(now_local) is not None:
        return False
    clock = now_local.time()
    today, yesterday = one.shift_on(now_local.date()), one.shift_on(now_local.date() - timedelta(days=1))
    if today is not None and today.starts <= clock and (clock < today.ends or today.ends <= today.starts):
        return True
    return yesterday is not None and yesterday.ends <= yesterday.starts and clock < yesterday.ends


_LOOKED_AHEAD = 90
"""The days in which the next shift is looked for, where a rotation or an absence is long."""


def next_shift(one: Technician, now_local: datetime) -> datetime | None:
    """Return when somebody's next shift begins, in local time; None when they have none."""
    for days in range(_LOOKED_AHEAD if one.rotation or one.absences else 8):
        day: date = now_local.date() + timedelta(days=days)
        shift = one.shift_on(day)
        if shift is None:
            continue
        begins = datetime.combine(day, shift.starts, tzinfo=now_local.tzinfo)
        if begins > now_local and one.away(begins) is None:
            return begins
    return None
