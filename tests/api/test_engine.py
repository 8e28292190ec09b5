"""The engine's own alarms through the front door: at the head of every page, by the API, in health."""

import re
from datetime import UTC, datetime

import pytest

from db.alarms import engine_alarms
from db.telemetry import engine_metrics, judge, quarantine
from db.telemetry.engine_metrics import EngineMetrics
from db.telemetry.judge import NotTheWriter
from ingest.messages import Reason, Refused
from runtime.processes import jobs
from workorder_core.people.access import Role

V1 = "/api/v1"
PAGES = (
    "/",
    "/alarms",
    "/alarms/metrics",
    "/assets",
    "/assets/1",
    "/quarantine",
    "/engine",
    "/devices",
    "/access",
    "/new-order",
)


@pytest.fixture
def tells(pool):
    """Let the engine tell its figures, some seconds ago."""

    def tells(ago_s: float = 0.0, **figures) -> None:
        with pool.connection() as conn:
            fence = judge.take_over(conn, "here, process 1")
            engine_metrics.write(conn, fence, EngineMetrics(**{"lag_limit_s": 60.0, **figures}))
            conn.execute("UPDATE engine_figures SET written_at = now() - make_interval(secs => %s)", [ago_s])

    return tells


def codes(client) -> list[str]:
    found = [each["code"] for each in client.get(f"{V1}/engine").json()["alarms"]]
    assert client.get("/health/ready").json()["engine_alarms"] == found
    return found


def test_an_engine_that_never_ran_is_told_of_on_every_page(client):
    assert client.get(f"{V1}/engine").json()["state"] == "never ran"
    assert codes(client) == ["never_ran"]
    for path in PAGES:
        page = client.get(path)
        assert "ingest has never run on this plant" in page.text, path
        assert 'href="/engine#never_ran"' in page.text, path
    assert "Start <code>plantwright serve</code>" in client.get("/engine").text


def test_one_that_judges_is_not(client, tells):
    tells(lag_s=0.3, messages=7, stored=21, refused={"not_json": 2}, stage_s={"store": 3.0, "judge": 1.0})
    told = client.get(f"{V1}/engine").json()
    assert (told["state"], told["alarms"], told["holder"]) == ("judging", [], "here, process 1")
    assert (told["messages"], told["stored"], told["refused"]) == (7, 21, {"not_json": 2})
    assert 'href="/engine#' not in client.get("/").text
    page = client.get("/engine").text
    assert "No engine alarms" in page
    assert "store 75 %" in page


@pytest.mark.parametrize(
    ("ago_s", "figures", "code"),
    [
        (0, {"lag_s": 61.0}, "behind"),
        (120, {}, "silent"),
        (0, {"stopped": True}, "stopped"),
        (0, {"checkpoint_failed": "DiskFull: no space"}, "checkpoint_fails"),
        (0, {"quarantine_full": True}, "quarantine_full"),
    ],
    ids=["behind", "silent", "stopped", "no checkpoint", "full"],
)
def test_one_that_does_not_is(client, tells, ago_s, figures, code):
    tells(ago_s, **figures)
    assert codes(client) == [code]
    assert (
        f'href="/engine#{code}"' in client.get("/orders/nothing").text
        or f'href="/engine#{code}"' in client.get("/").text
    )


def test_a_process_that_was_fenced_off_is_told_of(client, tells, pool):
    tells()
    with pool.connection() as conn:
        for fence in range(1, 150):
            engine_alarms.note_fenced_off(conn, NotTheWriter(fence, "b, process 2"), "a, process 1")
        assert conn.execute("SELECT count(*), max(fence) FROM fenced_off").fetchone() == (100, 149)
    assert codes(client) == ["fenced_off"]
    assert "a, process 1 was stopped, because b, process 2 has taken over" in client.get("/").text


def test_a_quarantine_that_grows_is_told_to_who_sees_what_is_in_it(client, known, tells, pool):
    tells()
    now_us = int(datetime.now(UTC).timestamp() * 1e6)
    refused = [Refused(f"plantwright/v1/NTH/P-10{i}", b"%d" % i, now_us, Reason.NOT_JSON, "x") for i in range(12)]
    with pool.connection() as conn:
        quarantine.keep(conn, refused)
    assert codes(client) == ["quarantine_grows"]
    assert known(Role.VIEWER, sites=["NTH"]).get(f"{V1}/engine").json()["alarms"] != []
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")
    assert known(Role.VIEWER, sites=["STH"]).get(f"{V1}/engine").json()["alarms"] == []


def test_the_door_needs_no_engine(stranger):
    assert "engine" not in stranger.get("/login").text.replace('id="engine-alarms"', "")


def test_its_page_shows_how_much_first_messages_may_make_known(client, tells):
    tells(assets=1234, assets_most=100_000, signals_most=5_000)
    page = client.get("/engine").text
    assert "1,234 known" in page and "100,000" in page and "5,000 signals each" in page


def test_the_page_says_when_planned_work_was_made_last_what_is_next_and_what_is_missing(client, tells, seeded):
    tells()
    assert 'id="generating"' not in client.get("/engine").text, "a plant without plans"
    plan = {"site": "NTH", "code": "LOOK", "title": "Look", "object": "asset", "objects": ["P-101"], "lead_days": 0}
    plan |= {"calendar": {"rule": "FREQ=YEARLY", "starts": "2190-01-10T08:00"}}
    answer = client.post(f"{V1}/maintenance-plans", json=plan, headers={"Idempotency-Key": "p"})
    assert answer.status_code == 201, answer.text
    said = card(client)
    assert "Last made nothing yet" in said
    assert "Missing none" in said
    assert codes(client) == []
    with client.app.state.pool.connection() as conn:
        conn.execute("UPDATE maintenance_series SET call_at = now() - interval '3 hours'")
    assert "Missing 1" in card(client)
    assert codes(client) == ["plans_behind"]
    with client.app.state.pool.connection() as conn:
        jobs.generate_planned(conn)
    said = card(client)
    assert "Missing none" in said
    assert "10 Jan 2190" in said
    assert codes(client) == []


def card(client) -> str:
    """What the page says of planned work, without its elements."""
    part = client.get("/engine").text.split('id="generating"')[1].split("</section>")[0]
    return " ".join(re.sub("<[^>]*>", " ", part).split())
