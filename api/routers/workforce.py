"""What a site has of its own about people: rules of work, shift patterns, crews, skills; absences and rates of each."""

from fastapi import APIRouter, Response

from api.asking import PLANS_PEOPLE, SEES, SEES_COSTS, Asking, Conn, Forbidden, Now, Why, needs
from api.naming import Names
from api.once import OnlyOnce
from api.paging import Id, Order, Paged, Text
from api.shapes.workforce import (
    AbsenceIn,
    AbsenceOut,
    AskedOut,
    RateData,
    RateOut,
    SkillCertificatesOut,
    WorkforceData,
)
from db.people import site_rules, technicians, workforce
from db.people.workforce import StoredAbsence
from db.plant import plant
from workorder_core.people.access import Role, Who
from workorder_core.people.skills import Entry
from workorder_core.people.technicians import Technician
from workorder_core.plant.new_names import NameKind
from workorder_core.tables.people_tables import NOTHING

router = APIRouter(tags=["technicians"])
RECORDS = needs(Role.TECHNICIAN, Role.PLANNER)
BY_CODE = Order[Entry](tuple[Text, Text], lambda each: (each.of, each.code))
BY_SKILL = Order[tuple[str, frozenset[str], bool]](tuple[Text], lambda each: (each[0],))
BY_ID = Order[StoredAbsence](tuple[Id], lambda each: (each.id,))


@router.get("/sites/{site_code}/workforce", dependencies=[SEES])
def read(site_code: str, conn: Conn, who: Asking) -> WorkforceData:
    """Read a site's rules of work, shift patterns, crews, and what skills its work asks for."""
    return WorkforceData.of(workforce.of_site(conn, plant.site_by_code(conn, site_code, who.sites).id))


@router.put("/sites/{site_code}/workforce", dependencies=[PLANS_PEOPLE])
def put(site_code: str, body: WorkforceData, conn: Conn, who: Asking, names: Names, _: Why) -> WorkforceData:
    """Replace a site's rules of work, shift patterns, crews, and what skills its work asks for."""
    site = plant.site_by_code(conn, site_code, who.sites)
    asked = [each.skill for each in (*body.components, *body.failure_modes) if each.skill is not None]
    names.require(
        (NameKind.SKILL, asked + [each.skill for each in body.certificates]),
        (NameKind.CERTIFICATE, [name for each in body.certificates for name in each.certificates]),
    )
    workforce.put(conn, site.id, body.workforce())
    return WorkforceData.of(workforce.of_site(conn, site.id))


@router.get("/sites/{site_code}/asked-skills", dependencies=[SEES])
def asked_skills(site_code: str, conn: Conn, who: Asking, part: Paged) -> list[AskedOut]:
    """List what components and failure modes ask for at a site; what it has no entry for goes by the default."""
    tables = site_rules.skill_tables(conn, plant.site_by_code(conn, site_code, who.sites).id)
    return [
        AskedOut(
            of=each.of,
            code=each.code,
            skill=NOTHING if each.asked is None else each.asked.skill,
            level=1 if each.asked is None else each.asked.level,
            own=each.own,
        )
        for each in part.of_all(tables.entries(), BY_CODE)
    ]


@router.get("/sites/{site_code}/skill-certificates", dependencies=[SEES])
def skill_certificates(site_code: str, conn: Conn, who: Asking, part: Paged) -> list[SkillCertificatesOut]:
    """List the certificates that skills ask for at a site; a skill without an entry goes by the default."""
    tables = site_rules.skill_tables(conn, plant.site_by_code(conn, site_code, who.sites).id)
    return [
        SkillCertificatesOut(skill=skill, certificates="; ".join(sorted(names)) or NOTHING, own=own)
        for skill, names, own in part.of_all(tables.certificates_by_skill(), BY_SKILL)
    ]


@router.get("/technicians/{technician_id}/absences", dependencies=[SEES])
def absences(technician_id: int, conn: Conn, who: Asking, part: Paged) -> list[AbsenceOut]:
    """List when a technician is away. The reason is for the person and for administrators."""
    one = technicians.by_id(conn, technician_id)
    mine = _is(conn, who, one) or Role.ADMINISTRATOR in who.roles
    found = workforce.absences(conn, technician_id, reasons=mine)
    return [AbsenceOut.of(each) for each in part.of_all(found, BY_ID)]


@router.post(
    "/technicians/{technician_id}/absences", status_code=201, response_model=AbsenceOut, dependencies=[RECORDS]
)
def add(technician_id: int, body: AbsenceIn, conn: Conn, who: Asking, now: Now, once: OnlyOnce) -> Response:
    """Record when a technician is away; technicians record their own. With an Idempotency-Key, at most once."""
    one = technicians.by_id(conn, technician_id)
    mine = _is(conn, who, one)
    if not mine and not who.may((Role.PLANNER,)):
        raise Forbidden(who, frozenset({Role.PLANNER}))

    def make(_: Response) -> AbsenceOut:
        facts = body.model_dump()
        return AbsenceOut.of(workforce.add_absence(conn, one, **facts, actor=who.actor, at=now))

    return once(body, make, needed=False)


@router.delete(
    "/technicians/{technician_id}/absences/{absence_id}",
    status_code=204,
    response_model=None,
    dependencies=[PLANS_PEOPLE],
)
def drop(technician_id: int, absence_id: int, conn: Conn, _: Why) -> None:
    """Remove an absence, with its reason."""
    workforce.drop_absence(conn, technician_id, absence_id)


@router.get("/technicians/{technician_id}/rate", dependencies=[SEES_COSTS])
def rate(technician_id: int, conn: Conn) -> RateOut | None:
    """Read what a technician costs; null: the site's labour rates count."""
    technicians.by_id(conn, technician_id)
    found = workforce.rate(conn, technician_id)
    return None if found is None else RateOut.of(found)


@router.put("/technicians/{technician_id}/rate", dependencies=[PLANS_PEOPLE])
def put_rate(technician_id: int, body: RateData, conn: Conn, _: Why) -> RateOut | None:
    """Set what a technician costs, in the currency of the site."""
    one = technicians.by_id(conn, technician_id)
    site = plant.site(conn, one.site_id)
    workforce.put_rate(conn, one, site.code, **body.model_dump())
    return rate(technician_id, conn)


def _is(conn: Conn, who: Who, one: Technician) -> bool:
    """Return whether somebody is a technician."""
    return who.technician == one.code and who.technician_site == plant.site(conn, one.site_id).code
