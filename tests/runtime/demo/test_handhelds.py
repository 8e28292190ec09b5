"""The demo's technicians have devices, and the planner has something to decide."""

from datetime import UTC, datetime

import psycopg

from db.orders import audit
from db.sync import devices, operations
from runtime.cli import plant_file
from runtime.demo import handhelds, past
from runtime.demo.sample_plants import SAMPLES
from runtime.processes import people
from workorder_core.sync.words import Verdict


def test_devices_report_a_conflict_and_work_that_is_kept_once(database: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with psycopg.connect(database) as conn:
        site = plant_file.load_plant(conn, SAMPLES / "plant.toml").code
        people.make_demo(conn, site=site)
        past.make(conn, site=site, now=now)
        assert handhelds.report(conn, site=site, now=now) == 5
        assert handhelds.report(conn, site=site, now=now) == 0, "the next start of the demo adds nothing"
        waiting = operations.waiting(conn, within=None, after=None, limit=10)
        assert [(each.kind, each.verdict) for each in waiting] == [("move", Verdict.KEPT), ("field", Verdict.CONFLICT)]
        assert [each.revoked_at is not None for each in devices.listed(conn)].count(True) == 1
        assert {each.name: each.unsent for each in devices.listed(conn)}["Anna’s phone"] == 2
        assert audit.verify(conn).sound
