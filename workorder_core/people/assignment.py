"""Chooses who should do an order: weighs every technician of the site, with reasons for and against.

Pure: the site's time, the technicians and their work are passed in. Nobody is removed from other work; it is proposed.

The rules. A missing skill or certificate, or being inactive, always blocks. Ordinary work goes to somebody who is on
shift now or whose shift begins before the response target. An emergency goes to somebody on shift, free or on lesser
work; if there is nobody, a colleague off shift is called out; who already has an emergency is left with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from workorder_core.errors import NotQualified
from workorder_core.far_times import is_near
from workorder_core.people import certificates
from workorder_core.people.skills import DEFAULTS, SkillTables
from workorder_core.people.technicians import Technician, next_shift, on_shift
from workorder_core.people.working_times import Absence
from workorder_core.sentences import coded, joined, marked, say
from workorder_core.words import Priority, Status

TIE_BREAK = say(
    "for emergency and high priority on shift before off shift, then free before busy with lesser work; "
    "for all the fewest unfinished orders, on shift, the sooner shift, then the code in alphabetical order"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The facts of an order for assignment: the one to assign, or one already assigned.

    Parameters
    ----------
    required_skill
        The trade of the work; ``other_skills`` and ``certificates`` must be there besides, and what the trade asks for.
    level
        The least level in the trade.
    starts
        When the work is planned, on which certificates must be valid; None: now.
    tables
        The site's own tables of what skills ask for.
    """

    number: str
    priority: Priority
    status: Status
    required_skill: str | None = None
    other_skills: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    response_due: datetime | None = None
    level: int = 1
    starts: datetime | None = None
    tables: SkillTables = DEFAULTS

    @property
    def all_skills(self) -> tuple[str, ...]:
        """Every skill that is asked for, the trade first."""
        trade = () if self.required_skill is None else (self.required_skill,)
        return tuple(dict.fromkeys(trade + self.other_skills))

    @property
    def all_certificates(self) -> tuple[str, ...]:
        """Every certificate that is asked for, by the order or by one of its skills."""
        return certificates.asked_for(self.all_skills, self.certificates, self.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One technician, weighed. ``eligible`` is False as soon as something blocks; ``against`` then says what."""

    technician: Technician
    eligible: bool
    on_shift: bool
    load: int
    reasons_for: tuple[str, ...]
    reasons_against: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The outcome: somebody, or nobody, with the reason as a sentence.

    Parameters
    ----------
    displaces
        The number of the lesser order in progress that the chosen one would have to put on hold; a person decides.
    candidates
        Everybody, the best first.
    """

    choice: Candidate | None
    why: str
    displaces: str | None
    candidates: tuple[Candidate, ...]


def propose(
    job: Job,
    technicians: Sequence[Technician],
    *,
    now_local: datetime,
    work: Mapping[str, Sequence[Job]],
) -> Proposal:
    """Weigh every technician of the site for a job and choose one, or nobody.

    ``now_local`` carries the site's time zone; ``work`` has the unfinished orders of each technician, by code.
    """
    weighed = [_weigh(job, one, now_local, work.get(one.code, ())) for one in technicians]
    weighed.sort(key=lambda entry: entry.rank)
    candidates = tuple(entry.candidate for entry in weighed)
    best = weighed[0] if weighed and weighed[0].candidate.eligible else None
    if best is None:
        return Proposal(choice=None, why=_nobody(job, candidates), displaces=None, candidates=candidates)
    name, reasons = best.candidate.technician.name, joined(best.candidate.reasons_for)
    why = say("{name}: {reasons}.", name=name, reasons=reasons)
    if best.displaces is not None:
        why = say(
            "{name}: {reasons}; proposed: put {other} on hold for it.",
            name=name,
            reasons=reasons,
            other=best.displaces,
        )
    return Proposal(choice=best.candidate, why=why, displaces=best.displaces, candidates=candidates)


@dataclass(frozen=True, slots=True)
class _Weighed:
    candidate: Candidate
    rank: tuple[bool, bool, bool, int, bool, datetime, str]
    displaces: str | None


def _weigh(job: Job, one: Technician, now: datetime, has: Sequence[Job]) -> _Weighed:
    emergency = job.priority is Priority.EMERGENCY
    good: list[str] = []
    bad: list[str] = []
    blocked = not one.active
    if blocked:
        bad.append(say("not active"))
    # Qualified is who is so on the day of the work; a placeholder for "never" is no such day.
    starts = job.starts if job.starts is not None and is_near(job.starts) else now
    day = starts.astimezone(now.tzinfo).date()
    if not one.contract.holds(day):
        bad.append(_no_contract(one, day))
        blocked = True
    blocked |= _weigh_qualification(job, one, day, good, bad)
    shift = on_shift(one, now)
    begins = next_shift(one, now)
    if (away := one.away(now)) is not None and (emergency or begins is None):
        bad.append(_away(away, now))
        blocked = True
    else:
        blocked |= _weigh_shift(job, shift, begins, good, bad)

    doing = [other for other in has if other.status is Status.IN_PROGRESS]
    emergencies = [
        other
        for other in has
        if other.priority is Priority.EMERGENCY and other.status in (Status.DISPATCHED, Status.IN_PROGRESS)
    ]
    displaces: str | None = None
    if emergency and emergencies:
        blocked = True
        bad.append(say("has the emergency {number}", number=emergencies[0].number))
    elif emergency and doing:
        displaces = max(doing, key=lambda other: other.priority).number
        bad.append(say("works on {number}, which is less urgent", number=displaces))
    good.append(say("no unfinished orders")) if not has else (good if len(has) < 3 else bad).append(_count(len(has)))
    candidate = Candidate(
        technician=one,
        eligible=not blocked,
        on_shift=shift,
        load=len(has),
        reasons_for=tuple(good),
        reasons_against=tuple(bad),
    )
    at_once = job.priority <= Priority.HIGH
    rank = (
        blocked,
        at_once and not shift,
        displaces is not None,
        len(has),
        not shift,
        begins or datetime.max.replace(tzinfo=now.tzinfo),
        one.code,
    )
    return _Weighed(candidate, rank, displaces)


def _no_contract(one: Technician, day: date) -> str:
    if one.contract_from is not None and day < one.contract_from:
        return say("not under contract before {day}", day=_dated(one.contract_from))
    return say("not under contract since {day}", day=_dated(one.contract_until or day))


def _away(absence: Absence, now: datetime) -> str:
    if absence.ends is None:
        return say("away until further notice")
    ends = absence.ends.astimezone(now.tzinfo)
    return say("away until {day}, {ends:%H:%M}", day=_dated(ends.date()), ends=ends)


def _dated(day: date) -> str:
    return coded(day.isoformat())


def _weigh_qualification(job: Job, one: Technician, day: date, good: list[str], bad: list[str]) -> bool:
    if not job.all_skills and not job.all_certificates:
        good.append(say("no particular skill is asked for"))
        return False
    lacking = False
    for kind, asked, known in (
        ("skill", job.all_skills, one.skills),
        ("certificate", job.all_certificates, one.certificates),
    ):
        has = [each for each in asked if each in known]
        lacks = [each for each in asked if each not in known]
        short = [each for each in has if not _suffices(job, one, kind, each, day)]
        has = [each for each in has if each not in short]
        if has:
            good.append(say("has the {qualification}", qualification=_named(kind, has)))
        if lacks:
            bad.append(say("lacks the {qualification}", qualification=_named(kind, lacks)))
        bad.extend(_short_of(job, one, kind, each) for each in short)
        lacking |= bool(lacks or short)
    return lacking


def _suffices(job: Job, one: Technician, kind: str, name: str, day: date) -> bool:
    if kind == "certificate":
        return one.certified(name, day)
    return name != job.required_skill or one.level(name) >= job.level


def _short_of(job: Job, one: Technician, kind: str, name: str) -> str:
    if kind == "certificate":
        return certificates.lacks(one, name)
    has = one.level(name)
    return say("lacks level {asked} in {name}: has level {has}", asked=job.level, name=coded(name), has=has)


def _named(kind: str, names: Sequence[str]) -> str:
    one, several = _QUALIFICATIONS[kind]
    if len(names) == 1:
        return say(one, name=coded(names[0]))
    return say(several, names=joined(map(coded, names[:-1])), last=coded(names[-1]))


_QUALIFICATIONS = {
    "skill": (marked("skill {name}"), marked("skills {names} and {last}")),
    "certificate": (marked("certificate {name}"), marked("certificates {names} and {last}")),
}


def _weigh_shift(job: Job, shift: bool, begins: datetime | None, good: list[str], bad: list[str]) -> bool:
    if shift:
        good.append(say("on shift"))
        return False
    if begins is None:
        bad.append(say("has no shifts"))
        return job.priority is not Priority.EMERGENCY
    if job.priority is Priority.EMERGENCY:
        good.append(say("can be called out"))
        bad.append(say("off shift until {begins:%a %H:%M}", begins=begins))
        return False
    if job.response_due is not None and begins <= job.response_due:
        good.append(say("shift begins {begins:%a %H:%M}, before the response target", begins=begins))
        return False
    if job.response_due is None:
        bad.append(say("off shift until {begins:%a %H:%M}", begins=begins))
    else:
        bad.append(say("off shift until {begins:%a %H:%M}, after the response target", begins=begins))
    return True


def _nobody(job: Job, candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return say("Nobody eligible: the site has no technicians yet.")
    skilled = [one for one in candidates if not any(reason.startswith("lacks") for reason in one.reasons_against)]
    if not skilled:
        asked = [("skill", job.all_skills), ("certificate", job.all_certificates)]
        named = joined((_named(kind, names) for kind, names in asked if names), say(" and the "))
        return say("Nobody eligible: no technician of the site has the {qualifications}.", qualifications=named)
    of_each = (
        say("{name}: {reasons}", name=one.technician.name, reasons=joined(one.reasons_against)) for one in skilled
    )
    return say("Nobody eligible: {reasons}.", reasons=joined(of_each, "; "))


def _count(orders: int) -> str:
    return say("1 unfinished order") if orders == 1 else say("{count} unfinished orders", count=orders)


def by_hand(proposal: Proposal, number: str, code: str, why: str, *, already: str | None = None) -> str:
    """Return the note of an assignment that a person decides on; raises NotQualified where it has to be justified.

    A shift or other work are the planner's business. A missing skill or certificate needs a reason, which is recorded.

    Parameters
    ----------
    already
        The note with which the same technician was named before. It justifies what it weighed, and nothing new.
    """
    candidate = next((one for one in proposal.candidates if one.technician.code == code), None)
    if candidate is None:
        return why
    hard = hard_reasons(candidate)
    if hard and not why.strip():
        if not justified(candidate, already):
            raise NotQualified(number, candidate.technician.name, hard)
        return already or ""
    weighed = candidate.reasons_for + candidate.reasons_against
    if not why.strip():
        return say("Assigned by hand ({weighed}).", weighed=joined(weighed))
    return say("Assigned by hand: {why} ({weighed}).", why=why.strip(), weighed=joined(weighed))


def hard_reasons(candidate: Candidate) -> tuple[str, ...]:
    """Return what a person may decide against with a reason only: a missing skill or certificate, or being inactive."""
    return tuple(
        reason
        for reason in candidate.reasons_against
        if reason.startswith(("lacks", "not active", "not under contract"))
    )


def justified(candidate: Candidate, note: str | None) -> bool:
    """Whether a note records a person's reason for all that speaks hard against somebody."""
    said = note is not None and note.startswith(f"{certificates.BY_HAND}: ")
    return all(said and reason in (note or "") for reason in hard_reasons(candidate))
