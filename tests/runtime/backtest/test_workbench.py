"""What a reliability engineer imports in a notebook: history as tables, trials, tuning, pictures, going live."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from db.errors import AlreadyExists
from ingest.messages import Message
from rules import rulebook
from runtime import workbench
from runtime.backtest.outcomes import Failure
from runtime.demo.sample_plants import SAMPLES
from runtime.pipeline import engine, pipeline
from runtime.settings import Settings
from runtime.workbench import Plant, Recording
from runtime.workbench.tuning import Candidate
from tests.parts import databases
from tests.runtime.pipeline import cut

MODELS = {"default": {"regime": ["speed"]}}
NAMED = {"default": {"estimator": "tests.models.strange.Jump", "parameters": {"signal": "temp"}, "warmup_frames": 200}}


BREAKS = (1500, 6500)


def two_machines(*, breaks: Sequence[int] = BREAKS) -> Recording:
    """Two machines, a frame a minute; A gets hot at the minutes given and fails two hours later. Seeded."""
    rng = np.random.default_rng(7)
    index = pd.date_range("2026-01-01", periods=8000, freq="1min", tz="UTC")
    tables = {}
    for asset in ("S/A", "S/B"):
        temp = 60 + rng.normal(0, 0.5, len(index))
        if asset == "S/A":
            for at in breaks:
                temp[at : at + 120] += 15
        tables[asset] = pd.DataFrame({"temp": temp, "flow": 100 + rng.normal(0, 1, len(index))}, index=index)
    return workbench.recorded(tables, asset_class="pump", units={"temp": "degC", "flow": "m3/h"})


def failures(*, breaks: Sequence[int] = BREAKS) -> list[Failure]:
    start = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    return [
        Failure(
            asset="S/A", begins_at=start + timedelta(minutes=at), failed_at=start + timedelta(minutes=at + 120),
            what="hot",
        )
        for at in breaks
    ]  # fmt: skip


def hot(limit: float) -> dict[str, Any]:
    rule = {
        "id": "hot", "asset_class": "pump", "signal": "temp", "raise_at": limit, "clear_below": limit - 2,
        "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
    }  # fmt: skip
    return {"threshold": [rule]}


DEAF = {"default": {"drift": 900.0, "patience": 900_000.0}}


def test_readings_have_units_a_zone_and_the_step_asked_for() -> None:
    table = two_machines().readings("S/A", ["temp"], "2026-01-01 01:00", "2026-01-01 03:00", "10min", "Europe/Oslo")
    assert table.columns.tolist() == [("S/A", "temp")]
    assert table.attrs["units"] == {"S/A temp": "degC"}
    assert str(pd.DatetimeIndex(table.index).tz) == "Europe/Oslo"
    assert (table.index[0].isoformat(), len(table)) == ("2026-01-01T01:00:00+01:00", 12)
    with pytest.raises(KeyError, match="there is no asset S/C; there are S/A, S/B"):
        two_machines().readings("S/C")


def test_a_table_without_a_zone_is_refused() -> None:
    table = pd.DataFrame({"temp": [1.0]}, index=pd.DatetimeIndex(["2026-01-01"]))
    with pytest.raises(ValueError, match=r"tz_localize\('Europe/Oslo'\)"):
        workbench.recorded({"S/A": table})


def test_a_limit_finds_what_it_is_meant_to_find_and_a_change_of_it_shows() -> None:
    history = two_machines()
    a_day = timedelta(days=1)
    good = history.backtest(rules=hot(70.0), models=DEAF, failures=failures(), done_after=a_day)
    assert len(good.outcome.found) == 2 and not good.outcome.false
    assert good.found["lead_h"].tolist() == [2.0, 2.0]
    nervous = history.backtest(rules=hot(61.5), models=DEAF, failures=failures(), done_after=a_day)
    assert len(nervous.outcome.false) > 3
    assert nervous.outcome.cost > good.outcome.cost
    assert set(nervous.against(good)["what"]) >= {"gained"}
    late = history.backtest(rules=hot(90.0), models=DEAF, failures=failures(), done_after=a_day)
    assert late.summary["failures missed"] == len(late.outcome.missed) == 2
    assert late.against(good)["what"].tolist() == ["lost", "lost"]


def test_a_worse_model_shows_as_worse() -> None:
    good, deaf = (two_machines().backtest(models=each, failures=failures()) for each in ({}, DEAF))
    assert good.outcome.found and not deaf.outcome.found
    assert deaf.outcome.cost > good.outcome.cost


def by_known(candidate: Candidate, known: Sequence[Failure], _at: datetime) -> dict[str, Any]:
    """An honest maker: it looks only at what it is given."""
    return hot(candidate["limit"]) if len(known) >= 0 else {}


def with_a_leak(candidate: Candidate, known: Sequence[Failure], at: datetime) -> dict[str, Any]:
    """Knows by the failures of the whole range at which limit each was caught; with none known it is blind."""
    return hot(70.0 if candidate["cheat"] and len(known) >= 2 else 90.0)


SPAN: dict[str, Any] = {"start": "2026-01-01", "end": "2026-01-06 12:00"}


def test_walking_forward_finds_the_limit_and_what_each_value_costs() -> None:
    found = workbench.tune(
        two_machines(), {"limit": [61.0, 70.0, 90.0]}, failures(), kind="rules", make=by_known, **SPAN
    )
    assert found.best == {"limit": 70.0}
    costs = dict(zip(found.sensitivity["value"], found.sensitivity["cost"], strict=True))
    assert costs[70.0] < min(costs[61.0], costs[90.0])
    assert all(fold.chosen_at < fold.end for fold in found.folds) and len(found.folds) == 3
    assert found.table.loc[0, "optimism"] == 0


def test_walking_forward_catches_a_model_that_leaks() -> None:
    found = workbench.tune(
        two_machines(), {"cheat": [True, False]}, failures(), kind="rules", make=with_a_leak, folds=4, **SPAN
    )
    table: Any = found.table.set_index("cheat")
    # Over the whole range the leak looks as good as can be; on what it had not seen it is no better than without.
    assert table.loc[True, "seen"] < table.loc[False, "seen"]
    assert table.loc[True, "optimism"] > 40_000
    candidate = {"cheat": True}
    cut_at = "2026-01-03"
    asked: dict[str, Any] = {"start": "2026-01-01", "cut": cut_at, "end": "2026-01-06 12:00", "kind": "rules"}
    assert workbench.sees_the_future(two_machines(), with_a_leak, candidate, failures(), **asked)
    assert not workbench.sees_the_future(two_machines(), by_known, {"limit": 70.0}, failures(), **asked)


def test_tuning_without_a_failure_or_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="give a value for each parameter"):
        workbench.tune(two_machines(), {}, failures(), **SPAN)
    with pytest.raises(ValueError, match="no failure from"):
        workbench.tune(two_machines(), {"patience": [40.0]}, [], **SPAN)


def test_a_detector_of_ones_own_is_tried_like_any_other(monkeypatch) -> None:
    from models.named import estimators

    estimators.allow("tests.models.strange")
    trial = two_machines().backtest(models=NAMED, failures=failures())
    assert trial.outcome.found
    assert "model:level-shift" in trial.orders["why"].iloc[0] and trial.orders["asset"].eq("S/A").all()


def test_the_scores_and_the_limits_are_what_judges() -> None:
    history = two_machines()
    scores = history.scores("S/A")
    assert scores.iloc[:300].isna().all()
    opened = history.backtest().orders["opened_at"].iloc[0]
    assert scores[: opened - timedelta(minutes=5)].max() < 0.5 <= scores[opened]
    assert workbench.limits(hot(70.0), "pump") == {"temp": 70.0}
    assert workbench.limits(SAMPLES / "rulebook.toml", "centrifugal_pump")["flow"] == 120


def test_pictures_show_signals_limits_scores_orders_and_failures() -> None:
    history = two_machines()
    trial = history.backtest(rules=hot(70.0), failures=failures())
    figure = workbench.plot_readings(
        history.readings("S/A", every="10min"), limits={"temp": 70.0}, scores=history.scores("S/A"),
        orders=trial.orders, failures=failures(),
    )  # fmt: skip
    assert [axis.get_ylabel() for axis in figure.axes] == ["temp\ndegC", "flow\nm3/h", "score\n0 to 1"]
    told = [text.get_text() for text in figure.axes[0].texts]
    assert told.count("failed") == 2 and any("order" in each for each in told)
    leads = workbench.plot_lead_times({"70": trial})
    assert "missed 0" in leads.axes[0].texts[0].get_text()
    with pytest.raises(ValueError, match="one asset at a time"):
        workbench.plot_readings(history.readings())
    with pytest.raises(ValueError, match="no readings to plot"):
        workbench.plot_readings(history.readings("S/A", start="2027-01-01"))


def take_up(conn: psycopg.Connection) -> engine.Engine:
    settings = Settings(checkpoint_every_s=3600, checkpoint_every_inputs=100_000, tick_every_s=3600)
    rules = rulebook.read(SAMPLES / "rulebook.toml")
    return engine.start(conn, settings, rulebook=rules, models=MODELS, holder="test")


def feed(url: str, begin: int = 0, end: int | None = None) -> None:
    stream = [Message(e.topic, e.payload, int(e.at.timestamp() * 1e6)) for e in cut.publications()[begin:end]]
    with psycopg.connect(url) as conn:
        state = take_up(conn)
        for start in range(0, max(len(stream), 1), 1000):
            pipeline.process(conn, stream[start : start + 1000], state)


@pytest.fixture(scope="module")
def plant(embedded_server, _template) -> Iterator[Plant]:
    with databases.fresh(embedded_server, _template) as url:
        cut.load_plant(url)
        feed(url, end=3000)
        yield workbench.connect(url)


def test_a_plant_in_a_database_answers_like_a_recording(plant: Plant) -> None:
    assert plant.assets == ["NTH/P-103", "NTH/P-104"]
    first = cut.publications()[0].at
    table = plant.readings("NTH/P-103", ["flow"], first, first + timedelta(hours=1), zone="Europe/Oslo")
    sent = json.loads(cut.publications()[0].payload)["values"]["flow"]
    assert table["NTH/P-103"]["flow"].iloc[0] == pytest.approx(sent)
    assert table.attrs["units"]["NTH/P-103 flow"] == "m3/h" and str(pd.DatetimeIndex(table.index).tz) == "Europe/Oslo"
    hourly = plant.readings(every="1h")
    assert hourly["NTH/P-104"]["flow"].notna().sum() >= 24
    orders, trial = plant.orders(), plant.backtest()
    assert orders["opened_at"].tolist() == trial.orders["opened_at"].tolist() != []
    assert set(plant.alarms()["asset"]) <= set(plant.assets) and plant.close_outs().empty
    assert plant.against_live().empty
    assert plant.scores("NTH/P-103").notna().any()
    with pytest.raises(KeyError, match="NTH/P-103"):
        plant.scores("NTH/P-999")


def test_from_the_notebook_to_the_shadow_to_the_plant_and_back(plant: Plant) -> None:
    trial = plant.try_in_shadow("patient", models={"default": {"patience": 900.0}}, why="calmer", by="kari")
    feed(plant.database, 3000, 3600)
    with pytest.raises(AlreadyExists, match=f"run in shadow {trial.run}"):
        plant.try_in_shadow("another", models=MODELS, why="at once", by="kari")
    assert trial.state.begun_by == "person:kari" and trial.state.first is not None
    assert set(trial.orders.columns) == set(plant.backtest().orders.columns)
    assert set(trial.against_live().columns) >= {"what", "asset", "later_by_h"}
    trial.promote("calmer indeed", by="ola")
    feed(plant.database, 3600, 3700)
    assert plant.versions("models")["actor"].tolist() == ["person:ola", "system:settings"]
    assert plant.roll_back("models", why="too calm", by="kari") == 3
    assert plant.versions("models")["document"].iloc[0] == MODELS


def test_a_plant_has_to_be_named(monkeypatch) -> None:
    monkeypatch.delenv("PLANTWRIGHT_DATABASE", raising=False)
    with pytest.raises(ValueError, match="which plant"):
        workbench.connect()


def test_the_sample_plant_loads_with_what_failed_in_it() -> None:
    found = workbench.sample_failures()
    assert {each.asset for each in found} >= {"NTH/P-103", "NTH/P-104"}
    assert Path(SAMPLES / "rulebook.toml").exists()
