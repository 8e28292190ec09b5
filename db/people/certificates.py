"""Whether those who have orders have what the work asks for, on the day on which they begin. The caller owns the
transaction.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from psycopg import Connection

from db.people import site_rules, technicians
from db.plant import plant
from workorder_core.orders.order import WorkOrder
from workorder_core.people import certificates


def expired(conn: Connection, order: WorkOrder, *, at: datetime) -> tuple[str, ...]:
    """Return the expired certificates that keep the technician of an order from beginning, each as a sentence.

    What somebody gave a reason for when assigning the order is no obstacle.
    """
    if order.assignee is None:
        return ()
    skills = ([order.required_skill] if order.required_skill else []) + list(order.other_skills)
    tables = site_rules.skill_tables(conn, order.site_id)
    asked = certificates.asked_for(skills, order.required_certificates, tables)
    if not asked:
        return ()
    one = technicians.get(conn, order.site_id, order.assignee)
    day = at.astimezone(ZoneInfo(plant.site(conn, order.site_id).time_zone)).date()
    return certificates.expired(one, asked, day, note=order.assignment_note)
