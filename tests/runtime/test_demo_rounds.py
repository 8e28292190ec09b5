"""The demo's rounds: some weeks of them, one missed, one due, one with a fault that is open, and an audit."""

from datetime import UTC, datetime, timedelta

import psycopg

from db.inspections import audits, points, reports, rounds
from runtime.cli import plant_file
from runtime.demo import walks
from runtime.demo.sample_plants import SAMPLES
from workorder_core.inspections.rounds import RoundStatus


def test_the_demo_has_rounds_with_a_history_and_an_open_failed_point(database):
    now = datetime.now(UTC)
    with psycopg.connect(database) as conn:
        site = plant_file.load_plant(conn, SAMPLES / "plant.toml").code
        made = walks.make(conn, site=site, now=now)
        assert (made, walks.make(conn, site=site, now=now)) == (2 * walks.WEEKS + 1, 0)
        tally = rounds.tally(conn)
        assert (tally[RoundStatus.MISSED], tally[RoundStatus.DUE], rounds.failed_tally(conn)) == (1, 1, (0, 0))
        assert conn.execute("SELECT count(*) FROM work_orders").fetchone() == (0,)
        again = now + timedelta(minutes=5)
        assert [walks.find_a_fault(conn, site=site, now=again) for _ in range(2)] == [1, 0]
        assert rounds.failed_tally(conn) == (1, 1)
        newest = next(each for each in rounds.page(conn) if each.failed)
        (point,) = points.open_points(conn, newest.id)
        assert (point.item, point.round, reports.get(conn, newest.id).unaltered) == ("seal", newest.number, True)
        assert [each.overdue for each in audits.findings(conn, now=now)] == [True, False, False]
        # What was made up is no reading.
        assert conn.execute("SELECT count(*) FROM entered_readings").fetchone() == (0,)
