"""Instructions by which people solve problems themselves."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.asking import PLANS, Asking, Conn, Now
from api.naming import Names
from api.once import OnlyOnce
from api.paging import Order, PagedByFifty
from api.shapes.requests.self_help import HelpIn, HelpOut
from db.plant import plant
from db.requests import self_help
from db.requests.self_help import Help
from workorder_core.plant.new_names import NameKind

router = APIRouter(tags=["requests"])
BY_ID = Order[Help](tuple[int], lambda each: (each.id,))
HelpId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/sites/{site_code}/self-help", dependencies=[PLANS])
def find(site_code: str, conn: Conn, who: Asking, part: PagedByFifty) -> list[HelpOut]:
    """List the instructions of a site in use, with how often they were tried and have helped."""
    site = plant.site_by_code(conn, site_code, who.sites)
    (after,) = part.after(BY_ID) or (0,)
    found = self_help.of_site(conn, site.id, after=after, limit=part.fetched)
    return [HelpOut.model_validate(each) for each in part.of_fetched(found, BY_ID)]


@router.post("/sites/{site_code}/self-help", status_code=201, response_model=HelpOut, dependencies=[PLANS])
def add(site_code: str, body: HelpIn, conn: Conn, now: Now, who: Asking, once: OnlyOnce, names: Names) -> Response:
    """Write instructions, which are shown before a request is sent. The header Idempotency-Key is required."""

    def make(_: Response) -> HelpOut:
        site = plant.site_by_code(conn, site_code, who.sites)
        names.require((NameKind.CLASS, [body.asset_class]))
        if body.asset_id is not None:
            plant.asset(conn, body.asset_id, now=now, within={site.code})
        return HelpOut.model_validate(self_help.add(conn, site.id, **body.model_dump(), actor=who.actor, at=now))

    return once(body, make)


@router.post("/sites/{site_code}/self-help/{help_id}/retire", dependencies=[PLANS])
def retire(site_code: str, help_id: HelpId, conn: Conn, now: Now, who: Asking) -> HelpOut:
    """Show instructions no more; what they have counted stays."""
    site = plant.site_by_code(conn, site_code, who.sites)
    return HelpOut.model_validate(self_help.retire(conn, site.id, help_id, actor=who.actor, at=now))
