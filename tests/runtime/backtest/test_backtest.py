"""A backtest on a plant's own history: the same orders as live, and what other rules would have made of it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner

from db.orders import work_orders
from db.people import assignments
from db.telemetry import judge as judge_db
from ingest.messages import Message
from judge.judge import Judge
from models import documents as model_documents
from rules import rulebook
from runtime.backtest import failures, stored
from runtime.backtest.command import Result, Wanted, judge_again
from runtime.backtest.difference import difference, facts
from runtime.backtest.outcomes import Failure, outcome
from runtime.backtest.running import Assumed, Documents
from runtime.backtest.stored import NothingToJudge, Range
from runtime.cli import main as cli
from runtime.demo.sample_plants import SAMPLES
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from tests.parts import databases
from tests.runtime.pipeline import cut
from workorder_core.orders import lifecycle
from workorder_core.orders.details import Complete, Start
from workorder_core.orders.lifecycle import Step
from workorder_core.orders.order import CloseOut
from workorder_core.people.access import Role, Who
from workorder_core.words import CloseFinding, FailureMode, OrderType

RULEBOOK = rulebook.read(SAMPLES / "rulebook.toml")
MODELS = {"default": {"regime": ["speed"]}}
MORE_PATIENT = {"default": {"regime": ["speed"], "patience": 80.0}}
DEAF = {"default": {"regime": ["speed"], "patience": 900_000.0, "drift": 900.0}}
BATCH = 500


def us(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def messages() -> Iterator[Message]:
    """The two pumps' days; every now and then a frame an hour late, and one sent twice."""
    kept: list[Message] = []
    for number, each in enumerate(cut.publications()):
        message = Message(each.topic, each.payload, us(each.at))
        if number % 400 == 399:
            kept.append(message)
            continue
        yield message
        if number % 400 == 60 and kept:
            late = kept.pop()
            yield Message(late.topic, late.payload, us(each.at))
        if number % 700 == 0:
            yield message


KARI = Who("person:Kari", frozenset({Role.PLANNER}))


def take_up(conn: psycopg.Connection) -> engine.Engine:
    settings = Settings(checkpoint_every_s=3600, checkpoint_every_inputs=3000, tick_every_s=3600)
    return engine.start(conn, settings, rulebook=RULEBOOK, models=MODELS, holder="test")


def close(conn: psycopg.Connection, order_id: UUID, finding: CloseFinding) -> None:
    """A technician does the work, and says what was found."""
    now = datetime.now(UTC)
    close_out = CloseOut(finding=finding, failure_mode=FailureMode.OHE, cause="wear", remedy="replace", note="done")
    conn.execute("INSERT INTO technicians (site_id, code, name) SELECT id, 'ola', 'Ola' FROM sites")
    assignments.assign_to(conn, order_id, "ola", who=KARI, at=now, why="there is nobody else")
    steps = (
        lambda order: lifecycle.apply_step(order, Step.START, Start(), at=now),
        lambda order: lifecycle.apply_step(order, Step.COMPLETE, Complete(close_out), at=now),
        lambda order: lifecycle.apply_step(order, Step.VERIFY, at=now),
        lambda order: lifecycle.apply_step(order, Step.CLOSE, at=now),
    )
    for step in steps:
        work_orders.change(conn, order_id, step, actor="person:Ola", at=now, why="done")
    conn.commit()


def moved(conn: psycopg.Connection) -> dict[str, Any]:
    """What an event says that lowers the model's limit."""
    row: Any = conn.execute("SELECT class FROM assets WHERE code = 'P-103'").fetchone()
    document = model_documents.of_class(MORE_PATIENT, row[0])
    return {"class": row[0], "model": document.name, "version": document.version, "factor": 0.75}


@pytest.fixture(scope="module")
def lived(embedded_server, _template) -> Iterator[str]:
    """A plant that has lived: late and repeated frames, a restart, another model document, a repair, in their midst."""
    with databases.fresh(embedded_server, _template) as url:
        cut.load_plant(url)
        with psycopg.connect(url) as conn:
            state = take_up(conn)
            stream = list(messages())
            third = len(stream) // 3
            for start in range(0, len(stream), BATCH):
                if start // BATCH == third // BATCH:
                    state = take_up(conn)
                if start // BATCH == 2 * third // BATCH:
                    judge_db.add(conn, "models", MORE_PATIENT, "person:Kari")
                    conn.commit()
                    ended = conn.execute("SELECT id FROM work_orders WHERE status = 'open'").fetchall()
                    for (order_id,) in ended[:1]:
                        close(conn, order_id, CloseFinding.CONFIRMED)
                    # As close-outs move it: another limit for every machine of the class from here on.
                    judge_db.add(conn, "threshold", moved(conn), "person:Ola")
                    conn.commit()
                pipeline.process(conn, stream[start : start + BATCH], state)
        yield url


def tried(url: str, **wanted: Any) -> Result:
    with psycopg.connect(url) as conn:
        return judge_again(conn, Wanted(**wanted))


def live(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        return [facts(stored.as_order(each)) for each in stored.live_orders(conn, Range())]


def test_the_plant_has_lived(lived: str) -> None:
    with psycopg.connect(lived) as conn:
        late: Any = conn.execute("SELECT count(*) FROM readings WHERE late").fetchone()
        closed: Any = conn.execute("SELECT count(*) FROM work_orders WHERE status = 'closed'").fetchone()
        documents: Any = conn.execute("SELECT count(*) FROM judge_events WHERE kind = 'models'").fetchone()
    assert late[0] > 20 and closed[0] == 1 and documents[0] == 2
    assert len(live(lived)) >= 2


def test_the_same_documents_open_the_same_orders_as_live(lived: str) -> None:
    result = tried(lived, against="live")
    assert [facts(order) for order in result.run.orders] == live(lived)
    assert result.difference is not None and result.difference.none


def test_a_limit_that_close_outs_have_moved_judges_in_the_backtest_too(lived: str) -> None:
    with psycopg.connect(lived) as conn:
        _, _, following = judge_db.holder_now(conn)
        judge = Judge()
        engine.fold(conn, judge, upto=following - 1)
        monitor = judge.assets["NTH/P-103"].monitor
        known: Any = conn.execute("SELECT count(*) FROM judge_events WHERE kind = 'threshold'").fetchone()
    assert known[0] == 1
    assert monitor is not None
    by_promise = monitor.calibration.limit(monitor.document.false_episodes_per_month)
    assert monitor.factor == 0.75
    assert monitor.limit == pytest.approx(0.75 * max(80.0, by_promise), rel=0.01)
    # A try of other documents is judged without it: it is of that version.
    deaf = tried(lived, documents=Documents(models=DEAF))
    assert deaf.run.orders != tried(lived).run.orders


@pytest.mark.slow
def test_several_processes_come_to_the_same(lived: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.backtest.command.LEAST_FOR_JOBS", 1)
    alone, together = tried(lived), tried(lived, jobs=2, against="live")
    assert [facts(order) for order in together.run.orders] == live(lived)
    assert together.run.frames == alone.run.frames and together.run.asset_days == alone.run.asset_days
    assert (together.run.start, together.run.end) == (alone.run.start, alone.run.end)
    assert [order.findings for order in together.run.orders] == [order.findings for order in alone.run.orders]


def test_one_asset_alone_gets_its_own_orders(lived: str) -> None:
    result = tried(lived, range=Range(assets=("NTH/P-103",)))
    assert [facts(order) for order in result.run.orders] == [each for each in live(lived) if each[0] == "NTH/P-103"]


def test_a_range_leaves_out_what_was_opened_before_it(lived: str) -> None:
    orders = tried(lived).run.orders
    since = orders[-1].opened_at
    result = tried(lived, range=Range(since=since))
    assert [facts(order) for order in result.run.orders] == [facts(o) for o in orders if o.opened_at >= since]
    assert result.run.start is not None and result.run.start >= since


def test_a_range_that_begins_later_knows_the_machines_and_the_documents_of_then(lived: str) -> None:
    orders = tried(lived).run.orders
    since = orders[-1].opened_at - timedelta(hours=1)
    result = tried(lived, range=Range(since=since, warm_up=timedelta(days=1)))
    last = [order for order in result.run.orders if order.asset == orders[-1].asset]
    assert last and last[-1].type is OrderType.EMERGENCY, "the limit that was loaded before the range judges in it"


def test_a_lower_limit_shows_as_a_difference(lived: str) -> None:
    document = json.loads(json.dumps(RULEBOOK.document))
    rule = {
        "id": "warm", "signal": "oil_temp", "raise_at": 30.0, "clear_below": 29.0,
        "asset_class": document["threshold"][0]["asset_class"],
        "severity": "degrading", "component": "lubrication", "failure_mode": "OHE",
    }  # fmt: skip
    document["threshold"].append(rule)
    a_day = Assumed(done_after=timedelta(days=1))
    result = tried(lived, documents=Documents(rulebook=document), assumed=a_day, against="live")
    assert result.difference is not None
    assert {order.component for order in result.difference.gained} >= {"lubrication"}
    # Nobody saw those orders, so each was taken as done in time.
    assert "taken as done" in {order.ended for order in result.run.orders}


def test_a_deaf_model_is_worse(lived: str) -> None:
    truth = [
        Failure(asset=order.asset, failed_at=order.opened_at + timedelta(hours=1)) for order in tried(lived).run.orders
    ]
    document = {key: value for key, value in RULEBOOK.document.items() if key != "threshold"}
    good = tried(lived, documents=Documents(rulebook=document, models=MODELS))
    deaf = tried(lived, documents=Documents(rulebook=document, models=DEAF))
    best, worst = outcome(good.run, truth), outcome(deaf.run, truth)
    assert not deaf.run.orders
    assert len(worst.missed) > len(best.missed)
    assert worst.cost > best.cost


def test_nothing_is_changed_by_it(lived: str) -> None:
    def everything() -> list[Any]:
        tables = ("work_orders", "evidence", "judge_events", "checkpoints", "readings")
        with psycopg.connect(lived) as conn:
            return [conn.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() for table in tables]

    before = everything()
    tried(lived, documents=Documents(models=DEAF), against="live")
    assert everything() == before


def test_a_backtest_is_the_same_every_time_and_an_earlier_one_can_be_compared_with(lived: str, tmp_path: Path) -> None:
    file = tmp_path / "first.json"
    arguments = ["backtest", "--database", lived, "--json", str(file)]
    first = CliRunner().invoke(cli.app, arguments)
    assert first.exit_code == 0, first.output
    again = CliRunner().invoke(cli.app, ["backtest", "--database", lived, "--against", str(file)])
    assert again.exit_code == 0, again.output
    assert "the same orders as" in again.output
    document = json.loads(file.read_text())
    assert len(document["orders"]) == len(live(lived))
    assert set(document["asset_days"]) == {"NTH/P-103", "NTH/P-104"}


def test_failures_from_a_file_are_found_or_missed(lived: str, tmp_path: Path) -> None:
    order = tried(lived).run.orders[0]
    file = tmp_path / "failures.toml"
    file.write_text(
        f'[[failure]]\nasset = "{order.asset}"\nfailed_at = {(order.opened_at + timedelta(hours=5)).isoformat()}\n'
        f'begins_at = "{(order.opened_at - timedelta(hours=5)).isoformat()}"\nwhat = "it broke"\n'
    )
    shown = CliRunner().invoke(cli.app, ["backtest", "--database", lived, "--failures", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "failures found 1, missed 0" in shown.output
    assert "5.0 h before" in shown.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--assets", "NTH/P-999"], "there is no asset NTH/P-999"),
        (["--from", "2031-01-01"], "nothing was judged from 2031-01-01"),
        (["--from", "2024-03-02", "--to", "2024-03-01"], "before it begins"),
        (["--against", "nowhere.json"], "--against takes live"),
        (["--rules", "nowhere.toml"], "nowhere.toml"),
        (["--failures", "nowhere.toml"], "there is no such file"),
        (["--done-after", "-3"], "write a number from 0"),
    ],
)
def test_a_mistake_is_told(lived: str, arguments: list[str], told: str) -> None:
    shown = CliRunner().invoke(cli.app, ["backtest", "--database", lived, *arguments])
    assert shown.exit_code == 2, shown.output
    assert told in shown.output


def test_an_empty_plant_has_nothing_to_judge(database: str) -> None:
    with pytest.raises(NothingToJudge, match="nothing was judged"):
        tried(database)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[failure]]\nasset = "NTH/P-1"', "failed_at is missing"),
        ('[[failure]]\nasset = "P-1"\nfailed_at = 2024-03-01T00:00:00Z', "write <site>/<asset>"),
        ('[[failure]]\nasset = "NTH/P-1"\nfailed_at = 2024-03-01T00:00:00', "has no zone"),
        ('[[failure]]\nasset = "NTH/P-1"\nfailed_at = "soon"', "'soon' is not an ISO 8601 time"),
        ('[[failure]]\nasset = "NTH/P-1"\nfailed_at = 3', "write an ISO 8601 time"),
        ('[[failure]]\nasset = "NTH/P-1"\nfailed_at = 2024-03-01T00:00:00Z\nwho = "me"', "'who' is not known"),
        (
            '[[failure]]\nasset = "NTH/P-1"\nfailed_at = 2024-03-01T00:00:00Z\nends_at = 2024-02-01T00:00:00Z',
            "must lie from begins_at to ends_at",
        ),
        ("failure = 3", r"write a \[\[failure\]\] table"),
        ("[[failure", "failures.toml"),
    ],
)
def test_a_wrong_file_of_failures_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "failures.toml"
    file.write_text(text)
    with pytest.raises(failures.InvalidFailures, match=told):
        failures.read(file)


def test_failures_as_csv(tmp_path: Path) -> None:
    file = tmp_path / "failures.csv"
    file.write_text("asset,failed_at,begins_at,what\nNTH/P-1,2024-03-02T00:00:00Z,,seized\n")
    assert failures.read(file) == [Failure(asset="NTH/P-1", failed_at=datetime(2024, 3, 2, tzinfo=UTC), what="seized")]


def test_pairs_are_the_nearest_of_the_same_fault(lived: str) -> None:
    orders = tried(lived).run.orders
    found = difference(orders, orders[1:])
    assert [order.id for order in found.lost] == [orders[0].id]
    assert not found.gained and len(found.same) == len(orders) - 1
