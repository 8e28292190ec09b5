"""Technicians, to whom work can be assigned."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.asking import PLANS_PEOPLE, SEES, Asking, Conn, Why
from api.naming import Names, Naming
from api.once import OnlyOnce
from api.paging import Id, Order, Paged, Text
from api.shapes.technicians import TechnicianFacts, TechnicianIn, TechnicianOut
from db.people import technicians
from db.plant import plant
from workorder_core.people.technicians import Technician
from workorder_core.plant.new_names import NameKind

router = APIRouter(prefix="/technicians", tags=["technicians"])
BY_CODE = Order[Technician](tuple[Id, Text, Id], lambda each: (each.site_id, each.code, each.id))


@router.get("", dependencies=[SEES])
def find(
    conn: Conn, who: Asking, part: Paged, site: Annotated[str | None, Query(description="a site's code")] = None
) -> list[TechnicianOut]:
    """List the technicians of a site, or of all."""
    site_id = None if site is None else plant.site_by_code(conn, site, who.sites).id
    return [TechnicianOut.of(each) for each in part.of_all(technicians.listed(conn, site_id, who.sites), BY_CODE)]


@router.post("", status_code=201, response_model=TechnicianOut, dependencies=[PLANS_PEOPLE])
def create(body: TechnicianIn, conn: Conn, who: Asking, _: Why, names: Names, once: OnlyOnce) -> Response:
    """Create a technician. With an Idempotency-Key, at most once."""
    site = plant.site_by_code(conn, body.site, who.sites)
    wanted = body.technician(technician_id=0, site_id=site.id, code=body.code)

    def make(_: Response) -> TechnicianOut:
        _require(names, body)
        return TechnicianOut.of(technicians.create(conn, wanted))

    return once(body, make, needed=False)


@router.get("/{technician_id}", dependencies=[SEES])
def read(technician_id: int, conn: Conn) -> TechnicianOut:
    """Read one technician."""
    return TechnicianOut.of(technicians.by_id(conn, technician_id))


@router.put("/{technician_id}", dependencies=[PLANS_PEOPLE])
def update(technician_id: int, body: TechnicianFacts, conn: Conn, _: Why, names: Names) -> TechnicianOut:
    """Change a technician's facts; site and code stay. Set former technicians inactive; they are never deleted."""
    before = technicians.by_id(conn, technician_id)
    _require(names, body)
    after = body.technician(technician_id=before.id, site_id=before.site_id, code=before.code, before=before)
    technicians.update(conn, after)
    return TechnicianOut.of(technicians.by_id(conn, technician_id))


def _require(names: Naming, body: TechnicianFacts) -> None:
    names.require((NameKind.SKILL, body.skills), (NameKind.CERTIFICATE, body.certificates))
