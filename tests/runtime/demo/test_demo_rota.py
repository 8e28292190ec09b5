"""The demo has a rota, by which somebody is on call and no gap is ahead."""

from datetime import UTC, datetime

import psycopg

from db.oncall import looking_ahead, overrides, swaps
from runtime.cli.plant_file import load_plant
from runtime.demo import duty
from runtime.processes import people
from tests import a_plant
from workorder_core.oncall.swaps import State


def test_in_the_demo_somebody_is_on_call_now_and_there_is_no_gap(database):
    now = datetime.now(UTC)
    with psycopg.connect(database) as conn:
        site = load_plant(conn, a_plant.SAMPLE).code
        people.make_demo(conn, site=site)
        assert duty.put(conn, site=site, now=now)
        assert not duty.put(conn, site=site, now=now), "once"
        found = overrides.on_call(conn, at=now)
        assert [each.layer for each in found] == ["first", "second"]
        assert all(each.duty is not None for each in found)
        (asked,) = swaps.of_rota(conn, found[0].stored.id)
        assert asked.state is State.ASKED
        for person in (asked.asker, asked.other):
            assert [each.id for each in swaps.waiting(conn, person, now=now)] == [asked.id]
        assert looking_ahead.first_gaps(conn, now=now) == []
