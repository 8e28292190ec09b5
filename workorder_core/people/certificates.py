"""Certificates that end: who is warned ahead, and who must not begin work with one that has expired. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta

from workorder_core.people.skills import SkillTables
from workorder_core.people.technicians import Technician
from workorder_core.sentences import coded, say

BY_HAND = "Assigned by hand"
"""How the note of an assignment begins that a person decided on."""


def asked_for(skills: Iterable[str], certificates: Iterable[str], tables: SkillTables) -> tuple[str, ...]:
    """Return every certificate that work asks for: its own, then those of its skills."""
    of_skills = (each for skill in skills for each in sorted(tables.certificates_of(skill)))
    return tuple(dict.fromkeys((*certificates, *of_skills)))


def lacks(one: Technician, certificate: str) -> str:
    """Return that somebody's certificate has expired, as it is weighed in an assignment."""
    until = coded(one.valid_until[certificate].isoformat())
    return say("lacks a valid certificate {name}: it expired after {day}", name=coded(certificate), day=until)


def expired(one: Technician, asked: Iterable[str], day: date, *, note: str | None = None) -> tuple[str, ...]:
    """Return which of the certificates that work asks for somebody has, but no longer on a day, each as a sentence.

    Parameters
    ----------
    note
        That of the order's assignment: what a person has given a reason for then is no obstacle now.
    """
    excused = note if note is not None and note.startswith(f"{BY_HAND}: ") else ""
    return tuple(
        say(
            "the certificate {name} of {technician} expired after {day}",
            name=coded(each),
            technician=one.name,
            day=coded(one.valid_until[each].isoformat()),
        )
        for each in asked
        if each in one.certificates and not one.certified(each, day) and lacks(one, each) not in excused
    )


def ending(one: Technician, today: date, warn_days: int) -> tuple[str, ...]:
    """Return a warning for each certificate of somebody that has ended or ends within so many days, the first first."""
    known = sorted((until, name) for name, until in one.valid_until.items() if name in one.certificates)
    return tuple(
        say("{name} expired after {day}", name=coded(name), day=coded(until.isoformat()))
        if until < today
        else say("{name} ends on {day}", name=coded(name), day=coded(until.isoformat()))
        for until, name in known
        if until <= today + timedelta(days=warn_days)
    )
