"""Sites' notification policies, and the ways of the messages about an order."""

from uuid import UUID

from fastapi import APIRouter, Response

from api.asking import PLANS_PEOPLE, SEES, Asking, Conn, Now, Version, Why
from api.paging import Id, Order, PagedByFifty
from api.shapes.notifying.notifications import NotificationPolicyIn, NotificationPolicyOut, WayOut
from db.notifying import policies, ways
from db.orders import work_orders
from db.plant import plant

router = APIRouter(tags=["notifications"])
NEWEST_FIRST = Order[policies.Version](tuple[Id], lambda each: (-each.version,))
BY_EVENT = Order[ways.Way](tuple[Id, Id], lambda each: (each.event_id, each.receiver_id))


@router.get("/sites/{site_code}/notification-policy", dependencies=[SEES])
def read(site_code: str, conn: Conn, who: Asking, response: Response) -> NotificationPolicyOut:
    """Read who is notified of what at a site, by which channels and when."""
    site = plant.site_by_code(conn, site_code, who.sites)
    found = NotificationPolicyOut.of(site.code, next(iter(policies.versions(conn, site.code)), None))
    response.headers["ETag"] = f'"{found.version}"'
    return found


@router.put("/sites/{site_code}/notification-policy", dependencies=[PLANS_PEOPLE])
def write(
    site_code: str,
    body: NotificationPolicyIn,
    conn: Conn,
    now: Now,
    who: Asking,
    why: Why,
    version: Version,
    response: Response,
) -> NotificationPolicyOut:
    """Store the next version of a site's policy, in force at once."""
    site = plant.site_by_code(conn, site_code, who.sites)
    saved = policies.save(conn, site.code, body.document(), actor=who.actor, at=now, why=why, expected_version=version)
    response.headers["ETag"] = f'"{saved.version}"'
    return NotificationPolicyOut.of(site.code, saved)


@router.get("/sites/{site_code}/notification-policy/versions", dependencies=[SEES])
def versions(site_code: str, conn: Conn, who: Asking, part: PagedByFifty) -> list[NotificationPolicyOut]:
    """List the versions of a site's policy, the newest first."""
    site = plant.site_by_code(conn, site_code, who.sites)
    found = part.of_all(policies.versions(conn, site.code), NEWEST_FIRST)
    return [NotificationPolicyOut.of(site.code, each) for each in found]


@router.get("/work-orders/{order_id}/messages", dependencies=[SEES])
def of_order(order_id: UUID, conn: Conn, who: Asking, part: PagedByFifty) -> list[WayOut]:
    """List the messages about an order, each with its way: made, tried, delivered as far as is known, or held back."""
    work_orders.get(conn, order_id, who)
    found = ways.of_order(conn, order_id, before=part.after(BY_EVENT), limit=part.fetched)
    return [WayOut.model_validate(each) for each in part.of_fetched(found, BY_EVENT)]
