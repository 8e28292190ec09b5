"""Documents on trial: they judge beside those in force, open nothing, and can be let in and taken back."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from db.documents import documents, shadow, shadow_report
from db.documents.documents import Kind
from db.errors import AlreadyExists, NotFound, NothingOnTrial
from db.telemetry import judge as judge_db
from ingest.messages import Message
from judge.asset import asset_dump
from judge.judge import FORMAT, Judge
from models.documents import InvalidModels
from rules import rulebook
from rules.rulebook import InvalidRulebook
from runtime.backtest import shadowed, stored
from runtime.backtest.command import Wanted, judge_again
from runtime.backtest.difference import facts
from runtime.backtest.stored import Range
from runtime.cli import main as cli
from runtime.demo.sample_plants import SAMPLES
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from tests.parts import databases
from tests.runtime.pipeline import cut

RULEBOOK = rulebook.read(SAMPLES / "rulebook.toml")
MODELS = {"default": {"regime": ["speed"]}}
WHO = "person:Kari"


def warmer() -> dict[str, Any]:
    """The sample's rulebook with a limit that the oil passes at once."""
    document: dict[str, Any] = json.loads(json.dumps(RULEBOOK.document))
    rule = {
        "id": "warm", "signal": "oil_temp", "raise_at": 30.0, "clear_below": 29.0,
        "asset_class": document["threshold"][0]["asset_class"],
        "severity": "degrading", "component": "lubrication", "failure_mode": "OHE",
    }  # fmt: skip
    document["threshold"].append(rule)
    return document


def messages() -> list[Message]:
    return [Message(each.topic, each.payload, int(each.at.timestamp() * 1_000_000)) for each in cut.publications()]


def take_up(conn: psycopg.Connection, rules: rulebook.Rulebook = RULEBOOK) -> engine.Engine:
    settings = Settings(checkpoint_every_s=3600, checkpoint_every_inputs=1500, tick_every_s=3600)
    return engine.start(conn, settings, rulebook=rules, models=MODELS, holder="test")


def feed(conn: psycopg.Connection, state: engine.Engine, stream: Sequence[Message]) -> None:
    for start in range(0, len(stream), 500):
        pipeline.process(conn, stream[start : start + 500], state)


@dataclass(frozen=True, slots=True)
class Lived:
    url: str
    without: list[tuple[object, ...]]
    """What the plant opened in the same days with nothing on trial."""


def live(conn: psycopg.Connection) -> list[tuple[object, ...]]:
    return [facts(stored.as_order(each)) for each in stored.live_orders(conn, Range())]


@pytest.fixture(scope="module")
def lived(embedded_server, _template) -> Iterator[Lived]:
    """Two pumps' days; after the first hours a rulebook is on trial, with a restart in the midst of it."""
    stream = messages()
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        cut.load_plant(url)
        feed(conn, take_up(conn), stream)
        without = live(conn)
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        cut.load_plant(url)
        state = take_up(conn)
        begin, restart = len(stream) // 6, len(stream) // 2
        feed(conn, state, stream[:begin])
        shadow.begin(conn, "warmer oil", rulebook=warmer(), models=None, actor=WHO, why="it was said to help")
        conn.commit()
        feed(conn, state, stream[begin:restart])
        feed(conn, take_up(conn), stream[restart:])
        yield Lived(url, without)


def test_what_is_on_trial_changes_nothing_on_the_plant(lived: Lived) -> None:
    with psycopg.connect(lived.url) as conn:
        assert live(conn) == lived.without
        assert "lubrication" not in {order.component for order in stored.live_orders(conn, Range())}


def test_what_it_would_have_opened_is_shown_beside_what_the_plant_opened(lived: Lived) -> None:
    with psycopg.connect(lived.url) as conn:
        (run,) = shadow.runs(conn)
        found = shadowed.against_live(conn, run)
        orders = shadow.orders(conn, run.id)
    assert run.outcome is None and run.begun_by == WHO and run.first is not None
    assert {order.component for order in found.gained} == {"lubrication"}
    # It began with all that the plant had learned: what the models find is the same.
    assert len(found.same) == len(lived.without) and not found.lost and not found.changed
    assert all(order.evidence >= 1 for order in orders)
    assert len([order for order in orders if order.component == "lubrication"]) == run.orders - len(lived.without)


def test_the_report_counts_frames_and_how_right_both_were(lived: Lived) -> None:
    with psycopg.connect(lived.url) as conn:
        run = shadow.run(conn, 1)
        first = shadow_report.report(conn, 1)
        judged = conn.execute("SELECT count(DISTINCT arrival) FROM readings WHERE arrival > %s", [run.first]).fetchone()
        assert judged is not None
        assert first.frames == judged[0] > 5_000
        assert (len(first.both), len(first.found.lost)) == (len(lived.without), 0)
        assert first.found.gained and {order.component for order in first.found.gained} == {"lubrication"}
        assert first.live.precision is None and first.candidate.precision is None
        # What is closed counts for both where both have opened it, and for the plant where it alone has.
        findings = ("confirmed", "nothing_found")
        for pair, finding in zip(first.both, findings, strict=False):
            conn.execute(
                "UPDATE work_orders SET status = 'closed', close_finding = %s, close_cause = 'wear', "
                "close_remedy = 'replace', close_failure_mode = %s WHERE id = %s",
                [finding, "OHE" if finding == "confirmed" else None, pair.before.id],
            )
        conn.execute("DELETE FROM shadow_orders WHERE id <> %s", [first.both[0].after.id])
        second = shadow_report.report(conn, 1)
        assert "nothing_found" in {order.close_finding for order in second.found.lost}
        assert (second.live.right, second.live.close_outs, second.live.precision) == (1, 2, 0.5)
        assert (second.candidate.right, second.candidate.close_outs, second.candidate.precision) == (1, 1, 1.0)
        conn.rollback()


def test_a_pipeline_of_river_is_tried_beside_the_default_over_a_restart(database: str) -> None:
    cut.load_plant(database)
    stream = messages()
    estimator = [
        {"class": "river.compose.Select", "args": ["flow", "vibration", "discharge_pressure"]},
        "river.preprocessing.StandardScaler",
        "river.anomaly.StandardAbsoluteDeviation",
    ]
    with psycopg.connect(database) as conn:
        feed(conn, take_up(conn), stream[:500])
        document = {"name": "apart", "estimator": estimator, "regime": ["speed"], "patience": 60.0}
        shadow.begin(conn, "apart", rulebook=None, models={"default": document}, actor=WHO, why="to see")
        conn.commit()
        feed(conn, take_up(conn), stream[500:2500])
        state = take_up(conn)
        feed(conn, state, stream[2500:])
        assert state.judge.shadow is not None
        monitors = [asset.monitor for asset in state.judge.shadow.judge.assets.values() if asset.monitor is not None]
        assert monitors and all(each.document.name == "apart" and each.ready() for each in monitors)
        report = shadow_report.report(conn, 1)
        found = [order for order in shadow.orders(conn, 1) if order.why.startswith("model:apart")]
    assert report.frames > 5_000
    assert found
    assert all(order.opened_as == "predictive" for order in found)


def test_an_order_that_nobody_saw_does_not_hide_the_next(database: str) -> None:
    stream = messages()
    cut.load_plant(database)
    with psycopg.connect(database) as conn:
        state = take_up(conn)
        feed(conn, state, stream[:500])
        shadow.begin(conn, "warm", rulebook=warmer(), models=None, actor=WHO, why="to see it open twice")
        conn.commit()
        feed(conn, state, stream[500:])
        # The same days again, a month later: three days after it was opened, an order that nobody saw is done.
        later = timedelta(days=30)
        again = []
        for each in stream[:2000]:
            document = json.loads(each.payload)
            document["ts"] = (datetime.fromisoformat(document["ts"]) + later).isoformat()
            received_us = each.received_us + later // timedelta(microseconds=1)
            again.append(Message(each.topic, json.dumps(document).encode(), received_us))
        feed(conn, state, again)
        oil = [order for order in shadow.orders(conn, 1) if order.component == "lubrication"]
    by_asset = {asset: [order.opened_at for order in oil if order.asset == asset] for asset in {o.asset for o in oil}}
    assert by_asset and all(len(opened) >= 2 for opened in by_asset.values())
    assert all((two - one).days >= 3 for opened in by_asset.values() for one, two in pairwise(opened))


def test_the_rebuilt_judge_has_the_same_state_from_a_checkpoint_and_from_none(lived: Lived) -> None:
    with psycopg.connect(lived.url) as conn:
        arrival = judge_db.checkpointed(conn, format_=FORMAT) or 0
        from_kept, from_none = Judge.from_parts(judge_db.checkpoint_parts(conn, format_=FORMAT), arrival), Judge()
        _, _, following = judge_db.holder_now(conn)
        engine.fold(conn, from_kept, upto=following - 1)
        engine.fold(conn, from_none, upto=following - 1)
    assert from_kept.shadow is not None and from_none.shadow is not None
    assert from_kept.dump() == from_none.dump()


@pytest.fixture
def begun(database) -> Iterator[psycopg.Connection]:
    """A plant with something on trial since its first reading."""
    cut.load_plant(database)
    with psycopg.connect(database) as conn:
        feed(conn, take_up(conn), messages()[:500])
        yield conn


def begin(conn: psycopg.Connection, **documents_on_trial: Any) -> int:
    given: dict[str, Any] = {"rulebook": None, "models": None} | documents_on_trial
    run = shadow.begin(conn, "a trial", **given, actor=WHO, why="to see")
    conn.commit()
    return run


def test_promotion_goes_on_with_what_was_learned_in_the_shadow(begun: psycopg.Connection) -> None:
    stream = messages()
    begin(begun, models={"default": {"regime": ["speed"], "patience": 30.0}}, rulebook=warmer())
    state = take_up(begun)
    feed(begun, state, stream[500:3000])
    assert state.judge.shadow is not None
    learned = {key: asset_dump.dump(asset) for key, asset in state.judge.shadow.judge.assets.items()}
    changed = shadow.end(begun, 1, "promoted", actor="person:Ola", why="it found more")
    begun.commit()
    assert set(changed) == {Kind.RULEBOOK, Kind.MODELS}
    pipeline.process(begun, [], state)
    assert {key: asset_dump.dump(asset) for key, asset in state.judge.assets.items()} == learned
    assert state.judge.shadow is None
    feed(begun, state, stream[3000:])
    newest = documents.version(begun, Kind.MODELS)
    assert (newest.actor, newest.why, newest.number) == ("person:Ola", "it found more", 2)
    assert newest.arrival is not None
    orders = [facts(stored.as_order(each)) for each in stored.live_orders(begun, Range())]
    assert "lubrication" in {each[1] for each in orders}
    # A backtest follows the trial and its end too: the same orders as live.
    begun.commit()
    assert [facts(order) for order in judge_again(begun, Wanted()).run.orders] == orders


def test_what_is_dropped_leaves_no_trace_in_the_judge(begun: psycopg.Connection) -> None:
    run = begin(begun, rulebook=warmer())
    state = take_up(begun)
    pipeline.process(begun, [], state)
    shadow.end(begun, run, "dropped", actor=WHO, why="too many")
    begun.commit()
    feed(begun, state, messages()[500:2000])
    assert state.judge.shadow is None
    assert state.judge.rulebook.version == RULEBOOK.version
    with pytest.raises(AlreadyExists, match="end of the run in shadow 1"):
        shadow.end(begun, run, "promoted", actor=WHO, why="after all")
    with pytest.raises(NotFound, match="run in shadow 7"):
        shadow.end(begun, 7, "promoted", actor=WHO, why="after all")


def test_what_cannot_judge_is_not_put_on_trial(begun: psycopg.Connection) -> None:
    with pytest.raises(NothingOnTrial):
        begin(begun)
    with pytest.raises(InvalidRulebook):
        begin(begun, rulebook={"threshold": [{"id": "x"}]})
    with pytest.raises(InvalidModels, match="patience"):
        begin(begun, models={"default": {"patience": "much"}})
    begin(begun, rulebook=warmer())
    with pytest.raises(AlreadyExists, match="run in shadow 1"):
        begin(begun, rulebook=warmer())
    assert len(shadow.runs(begun)) == 1


def test_a_version_put_in_force_outlives_a_restart_until_the_settings_file_changes(begun: psycopg.Connection) -> None:
    documents.write(begun, Kind.RULEBOOK, warmer(), actor=WHO, why="a try")
    begun.commit()
    state = take_up(begun)
    assert state.judge.rulebook.version == rulebook.parse(warmer()).version
    other = {key: value for key, value in RULEBOOK.document.items() if key != "threshold"}
    assert take_up(begun, rulebook.parse(other)).judge.rulebook.version == rulebook.parse(other).version
    assert [(each.number, each.actor) for each in documents.versions(begun, Kind.RULEBOOK)] == [
        (3, "system:settings"), (2, WHO), (1, "system:settings"),
    ]  # fmt: skip


def test_a_version_can_be_rolled_back_and_the_state_of_the_rest_stays(begun: psycopg.Connection) -> None:
    state = take_up(begun)
    before = {key: asset_dump.dump(asset)["watch"] for key, asset in state.judge.assets.items()}
    documents.write(begun, Kind.RULEBOOK, warmer(), actor=WHO, why="a try")
    made = documents.roll_back(begun, Kind.RULEBOOK, actor=WHO, why="too many orders")
    begun.commit()
    pipeline.process(begun, [], state)
    assert (made.number, made.why, made.document) == (3, "back to version 1: too many orders", RULEBOOK.document)
    assert state.judge.rulebook.version == RULEBOOK.version
    assert {key: asset_dump.dump(asset)["watch"] for key, asset in state.judge.assets.items()} == before
    with pytest.raises(NotFound, match="version of the rulebook 9"):
        documents.roll_back(begun, Kind.RULEBOOK, 9, actor=WHO, why="a slip")


def run_cli(*arguments: str) -> str:
    shown = CliRunner().invoke(cli.app, arguments)
    assert shown.exit_code == 0, shown.output
    return shown.output


def test_from_the_command_line(database, tmp_path) -> None:
    (tmp_path / "rules.toml").write_text("[component_of_signal.pump]\nflow = 'impeller'\n")
    (tmp_path / "models.toml").write_text("[default]\npatience = 60.0\n")
    (tmp_path / "wrong.toml").write_text("[default]\npatience = 'much'\n")
    plant = ["--database", database]
    assert "no rulebook yet" in run_cli("documents", "list", "rulebook", *plant)
    put = ["documents", "put", "rulebook", str(tmp_path / "rules.toml"), "--why", "first", "--by", "kari", *plant]
    assert "version 1" in run_cli(*put)
    (tmp_path / "rules.toml").write_text("[component_of_signal.pump]\nflow = 'seal'\n")
    run_cli(*put)
    assert "person:kari" in run_cli("documents", "list", "rulebook", *plant)
    assert "impeller" in run_cli("documents", "show", "rulebook", "1", *plant)
    assert "seal" in run_cli("documents", "diff", "rulebook", "1", "2", *plant)
    assert "back to version 1" in run_cli("documents", "rollback", "rulebook", "--why", "no seal", *plant)
    assert "They are the same" in run_cli("documents", "diff", "rulebook", "1", "3", *plant)
    assert "Begin: plantwright shadow start" in run_cli("shadow", "list", *plant)
    run_cli("shadow", "start", "patient", "--models", str(tmp_path / "models.toml"), "--why", "calm", *plant)
    assert "patient" in run_cli("shadow", "list", *plant)
    assert "The engine starts it with its next batch" in run_cli("shadow", "show", *plant)
    with psycopg.connect(database) as conn:
        pipeline.process(conn, [], take_up(conn))
    shown_run = run_cli("shadow", "show", *plant)
    assert "0 frames judged; opened by both 0, by the plant alone 0, by the run alone 0" in shown_run
    assert "not known, none is closed yet" in shown_run
    assert "same orders as the plant's own orders: 0" in shown_run
    assert "models in force" in run_cli("shadow", "promote", "--why", "calm indeed", *plant)
    assert "promoted" in run_cli("shadow", "list", *plant)
    wrong = ["documents", "put", "models", str(tmp_path / "wrong.toml"), "--why", "a slip", *plant]
    shown = CliRunner().invoke(cli.app, wrong)
    assert shown.exit_code == 2
    with psycopg.connect(database) as conn:
        # The other one is what the settings named when the engine took the plant up.
        assert [each.document for each in documents.versions(conn, Kind.MODELS)] == [
            {"default": {"patience": 60.0}}, MODELS,
        ]  # fmt: skip
