"""The sample plant has a past: every page of the demo has something to show from its first minute."""

from collections import Counter
from datetime import UTC, datetime

import psycopg

from db.orders import audit, job_plans, order_content, work_orders
from db.orders.order_lists import Filters
from db.people import assignments
from db.plant import plant
from runtime.cli import plant_file
from runtime.demo import past
from runtime.demo.sample_plants import SAMPLES
from runtime.processes import people
from workorder_core.words import OrderType, Status


def test_the_past_has_finished_orders_with_what_was_found_and_work_that_is_coming_up(database: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with psycopg.connect(database) as conn:
        site = plant_file.load_plant(conn, SAMPLES / "plant.toml").code
        people.make_demo(conn, site=site)
        made = past.make(conn, site=site, now=now)
        assert made == len(past.JOBS)
        assert past.make(conn, site=site, now=now) == 0, "the next start of the demo adds nothing"

        orders = [each.order for each in work_orders.page(conn, Filters(site=site), limit=100)]
        statuses = Counter(each.status for each in orders)
        assert statuses[Status.CLOSED] == 6
        assert {Status.SCHEDULED, Status.ON_HOLD, Status.AWAITING_APPROVAL, Status.CANCELLED} <= statuses.keys()
        assert {each.type for each in orders} >= {OrderType.PREVENTIVE, OrderType.INSPECTION, OrderType.PROACTIVE}
        assert all(each.recorded_at <= each.status_since <= now for each in orders)
        for each in orders:
            if each.status is Status.SCHEDULED:
                assert assignments.doubts(conn, each, now=now) == (), "nobody plans their own sample past its target"
            if each.status is Status.CLOSED:
                assert each.close_out is not None
                assert order_content.undone(conn, each.id).steps == ()
        assert {each.code for each in job_plans.in_force(conn)} == {each.code for each in past.PLANS}
        assert audit.verify(conn).sound
        assert {each.site_code for each in plant.assets(conn, now=now)} == {site}
