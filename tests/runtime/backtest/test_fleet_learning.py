"""A plant whose pumps have failed: what is learned from its history, tried, and put in force."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest

from db.documents import documents, fleets
from db.documents.documents import Kind
from db.plant import plant
from db.reliability import survival
from ingest.messages import Message
from models.documents import InvalidModels
from models.lives import remaining_life_learning
from models.lives.remaining_life_learning import TooFewLives
from rules import rulebook
from runtime.backtest import command, learning
from runtime.backtest.outcomes import Failure
from runtime.backtest.running import Documents
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from tests.judge.fleet.conftest import SIGNALS, life

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PUMPS = [f"P-{number}" for number in range(1, 12)]
HOURS = 130
ACTOR = "person:dahl"


def message(pump: str, hour: int, row: np.ndarray) -> Message:
    at = BEGAN + timedelta(hours=hour)
    document = {"ts": int(at.timestamp() * 1000), "values": dict(zip(SIGNALS, row.tolist(), strict=True))}
    return Message(f"plantwright/v1/NTH/{pump}", json.dumps(document).encode(), int(at.timestamp() * 1e6))


@pytest.fixture
def conn(database, monkeypatch):
    """Ten pumps that have failed after 130 hours each, and one that runs."""
    for name, number in (("TREES", 1), ("ROUNDS", 60), ("NETS", 1), ("FOLDS", 2)):
        monkeypatch.setattr(remaining_life_learning, name, number)
    with psycopg.connect(database) as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('NTH', 'North')")
        conn.execute(
            "INSERT INTO assets (site_id, code, name, class) SELECT id, p, p, 'pump' FROM sites, unnest(%s::text[]) p",
            (PUMPS,),
        )
        conn.commit()
        yield conn


def run(conn: psycopg.Connection, sent: list[Message]) -> engine.Engine:
    settings = Settings(tick_every_s=3600)
    state = engine.start(conn, settings, rulebook=rulebook.EMPTY, models={}, holder="test")
    for begin in range(0, len(sent), 500):
        pipeline.process(conn, sent[begin : begin + 500], state)
    conn.commit()
    return state


@pytest.mark.slow
def test_learned_from_history_it_opens_the_order_that_a_backtest_opens_too(conn):
    rng = np.random.default_rng(1)
    lives = {pump: life(rng, HOURS) for pump in PUMPS}
    run(conn, [message(pump, hour, lives[pump][hour]) for hour in range(HOURS - 70) for pump in PUMPS])
    run(conn, [message(pump, hour, lives[pump][hour]) for hour in range(HOURS - 70, HOURS) for pump in PUMPS[:-1]])
    failed = [Failure(asset=f"NTH/{pump}", failed_at=BEGAN + timedelta(hours=HOURS - 1)) for pump in PUMPS[:-1]]
    wanted = learning.Wanted(asset_class="pump", failures=failed, step_s=0.0, lead_days=1.0)
    with pytest.raises(TooFewLives, match="7 lives have ended in a failure; it takes at least 8"):
        learning.learn(conn, learning.Wanted(asset_class="pump", failures=failed[:7], step_s=0.0))
    model = learning.learn(conn, wanted)
    assert (model.learned["lives"], model.learned["failed"], model.signals) == (11, 10, SIGNALS)
    assert set(model.starts) == {"NTH/P-11"}

    fleets.write(conn, "pump", (), model, actor=ACTOR, why="they failed")
    assert [each.version for each in fleets.listed(conn, "pump")] == [model.version]
    documents.write(conn, Kind.MODELS, {"pump": {"fleet": model.version[:6]}}, actor=ACTOR, why="in force")
    assert documents.version(conn, Kind.MODELS).document == {"pump": {"fleet": model.version}}
    conn.commit()
    state = run(conn, [message("P-11", hour, lives["P-11"][hour]) for hour in range(HOURS - 70, HOURS)])

    assert engine.restore(conn).dump() == state.judge.dump()
    orders = conn.execute(
        "SELECT o.opened_at, o.type, e.version, e.fails_early, e.fails_late, o.completion_due >= o.response_due, o.id "
        "FROM work_orders o JOIN LATERAL (SELECT * FROM evidence WHERE order_id = o.id AND source = 'model:fleet' "
        "ORDER BY seq LIMIT 1) e ON true"
    ).fetchall()
    ((opened_at, kind, version, early, late, ordered, order_id),) = orders
    assert (kind, version, ordered) == ("predictive", model.version, True)
    assert timedelta(hours=10) < BEGAN + timedelta(hours=HOURS - 1) - opened_at < timedelta(hours=60)
    assert early <= late
    conn.commit()
    again = command.judge_again(
        conn, command.Wanted(documents=Documents(models={"pump": {"fleet": model.version}}), against="live")
    )
    assert order_id in {each.id for each in command.judge_again(conn, command.Wanted()).run.orders}
    assert any("model:fleet" in each.why for each in again.run.orders)

    asset = plant.asset_by_key(conn, "NTH", "P-11", now=BEGAN).id
    stored = survival.of_asset(conn, asset)
    assert stored is not None
    assert (stored.model_version, stored.survival.at) == (model.version, BEGAN + timedelta(hours=HOURS - 1))
    with pytest.raises(InvalidModels, match="there is no fleet model 'abcdef'"):
        documents.write(conn, Kind.MODELS, {"pump": {"fleet": "abcdef"}}, actor=ACTOR, why="a typo")
    with pytest.raises(InvalidModels, match="was learned from pump assets"):
        documents.write(conn, Kind.MODELS, {"fan": {"fleet": model.version}}, actor=ACTOR, why="another class")
