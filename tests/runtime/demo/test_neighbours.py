"""What the demo's plant has around it: something of each mechanism, made once, and real."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest

from db.events import receivers
from db.events.sealing import Sealer
from db.files import files
from db.files.files import Of, Owner
from db.orders import work_orders
from db.people import calendar_feeds
from db.plant import plant
from db.runs import runs
from db.scheduling import schedules
from runtime.cli import plant_file
from runtime.delivery import reach
from runtime.demo import neighbours, planned_week
from runtime.demo.sample_plants import SAMPLES
from runtime.processes import people
from runtime.runs import child
from runtime.runs.executors import EXECUTORS
from runtime.runs.work import Work
from workorder_core.scheduling.weeks import State, week_of
from workorder_core.words import FailureMode, OrderType

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as conn:
        with conn.transaction():
            people.make_demo(conn, site=plant_file.load_plant(conn, SAMPLES / "plant.toml").code)
        yield conn


def test_people_follow_calendars_and_a_pump_has_its_data_sheet_once(conn) -> None:
    for _ in range(2):
        neighbours.settle(conn, site="NTH", now=NOW)
    for owner in ("demo", "berg", "petersen"):
        assert len(calendar_feeds.of_owner(conn, owner)) == 1
    pump = Owner(Of.ASSET, plant.asset_by_key(conn, "NTH", "P-101", now=NOW).id)
    assert [each.name for each in files.of(conn, pump)] == ["P-101 data sheet.txt"]


def test_the_erp_answers_where_webhooks_of_the_demo_may_go_and_is_where_it_was_the_next_time(conn) -> None:
    for start in range(2):
        with neighbours.erp(conn, Sealer(), now=NOW):
            [known] = receivers.listed(conn)
            address = httpx.URL(known.address)
            assert address.port is not None
            assert reach.resolve(address.host, address.port, reach.networks([neighbours.HOST])) == ["127.0.0.1"]
            answers = [httpx.post(address, content=b"{}", timeout=60).status_code for _ in range(3)]
            assert answers == [503, 204, 204], f"start {start}: the first message finds it as it starts"
    with pytest.raises(httpx.ConnectError):
        httpx.post(address, content=b"{}", timeout=60)


def test_long_work_of_each_kind_is_asked_for_once_and_can_be_done(conn, database: str) -> None:
    assert neighbours.ask(conn, site="NTH", anchor=NOW, now=NOW) == 6
    assert neighbours.ask(conn, site="NTH", anchor=NOW, now=NOW) == 0
    assert {run.kind for run in runs.page(conn)} == EXECUTORS.keys()
    while (run := runs.claim(conn, "a test", timedelta(minutes=5))) is not None:
        with psycopg.connect(database) as own:
            child._execute(Work(conn=own, side=conn, run=run, database=database), EXECUTORS[run.kind])
    done = {run.kind: run for run in runs.page(conn)}
    table, report, backtest = done["import"].result, done["audit_report"].result, done["backtest"]
    assert table is not None
    assert report is not None
    assert (table["rows"], table["wrong"], table["applied"]) == (3, 1, False)
    assert report["sound"]
    assert done["schedule"].result, done["schedule"].problem
    assert done["what_if"].result or "nobody who was named would work" in (done["what_if"].problem or "")
    assert done["triage"].result or "nothing can be learned yet" in (done["triage"].problem or "")
    assert "nothing was judged" in (backtest.problem or "") or backtest.result, "there are no readings here"


@pytest.mark.slow
def test_the_demos_planner_publishes_this_week_and_the_next_once_they_are_proposed(conn, database: str) -> None:
    site = plant.site_by_code(conn, "NTH")
    with conn.transaction():
        planned_week.locate(conn, site="NTH", now=NOW)
        for number in range(12):
            work_orders.create_by_hand(
                conn, asset=plant.asset_by_key(conn, "NTH", "P-101", now=NOW), kind=OrderType.INSPECTION,
                title=f"Look at the bearing {number}", component="bearing", failure_mode=FailureMode.VIB,
                actor="person:berg", at=NOW, estimated_hours=2.0,
            )  # fmt: skip
    now = datetime.now(UTC)
    weeks = planned_week.Weeks("NTH")
    assert not weeks.go_on(conn, now=now), "nothing is proposed yet, so it asks"
    monday = week_of(now.astimezone(ZoneInfo(site.time_zone)).date())
    assert not planned_week.Weeks("NTH").go_on(conn, now=now)
    assert [run.input["from_date"] for run in runs.page(conn, kind="schedule")] == [f"{monday}"], "once"
    for each in (monday, monday + timedelta(weeks=1)):
        run = runs.claim(conn, "a test", timedelta(minutes=5))
        assert run is not None
        with psycopg.connect(database) as own:
            child._execute(Work(conn=own, side=conn, run=run, database=database), EXECUTORS[run.kind])
        assert weeks.go_on(conn, now=datetime.now(UTC)), f"the week of {each}"
        assert State.PUBLISHED in schedules.of_week(conn, site.id, each)
    assert not weeks.go_on(conn, now=datetime.now(UTC)) and weeks.left == []
    assert planned_week.Weeks("NTH").go_on(conn, now=now) is False, "they are published already"
