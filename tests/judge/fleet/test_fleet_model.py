"""An asset judged by its class's fleet model: what opens, what is foreseen, and that a restart changes nothing."""

import json
from datetime import timedelta

import numpy as np
import pytest

from judge.asset import by_fleet
from judge.inputs import Event, JudgedFrame
from judge.judge import Judge
from models.documents import InvalidModels, parse
from models.lives.fleet import FleetModel
from models.lives.life import LifeState
from tests.judge.fleet.conftest import HOUR_US, SIGNALS, life
from workorder_core.intake.decisions import Open
from workorder_core.words import Severity

PUMP, NEW = "OSL/P-77", 200
DEAF = {"drift": 900.0, "patience": 9e5, "lead_time_days": 0}


@pytest.fixture(scope="module")
def stream(fleet_model):
    """A pump's whole life, under a deaf detector and the fleet model, in the judge's inputs."""
    document = {"pump": DEAF | {"fleet": json.loads(json.dumps(fleet_model.table()))}}
    rows = life(np.random.default_rng(7), NEW)
    return [
        Event.of(1, "models", None, document),
        Event.of(2, "asset", PUMP, {"class": "pump", "criticality": 3}),
        *(
            JudgedFrame(k + 3, PUMP, k * HOUR_US, dict(zip(SIGNALS, row, strict=True)))
            for k, row in enumerate(rows.tolist())
        ),
    ]


def test_an_order_opens_ahead_of_the_failure_and_says_when_and_why(stream):
    judge = Judge()
    first = judge.decide(stream)[0].decision
    assert isinstance(first, Open)
    finding = first.finding
    failed_at = finding.at.replace(year=1970, month=1, day=1, hour=0) + timedelta(hours=NEW - 1)
    assert finding.source == "model:fleet"
    assert finding.severity is Severity.DEGRADING
    assert finding.signs[0].signal == "vibration"
    assert timedelta(hours=20) < failed_at - finding.at < timedelta(hours=100)
    assert finding.fails is not None and finding.fails.likely is not None and finding.fails.late is not None
    assert finding.fails.early <= finding.fails.likely <= finding.fails.late
    assert abs(finding.fails.likely - failed_at) < timedelta(hours=30)
    assert "is worn as others were before they failed, by vibration" in finding.summary


def test_a_new_machine_is_worth_no_order_and_has_a_long_survival(stream):
    judge = Judge()
    assert judge.decide(stream[:100]) == []
    ((key, survival, version),) = by_fleet.changed_survivals(judge.assets, [PUMP])
    model = judge.assets[PUMP].fleet_model
    assert model is not None
    assert (key, version) == (PUMP, model.version)
    assert survival is not None
    assert (survival.quantile(0.5) or 0.0) > 2.0
    assert by_fleet.changed_survivals(judge.assets, [PUMP]) == []


@pytest.mark.parametrize("cut", [1, 2, 20, 57, 130, 180])
def test_a_judge_that_was_killed_ends_with_the_same_bytes_and_decisions(stream, cut):
    whole = Judge()
    expected = whole.decide(stream)
    first = Judge()
    decided = first.decide(stream[:cut])
    again = Judge.restore(first.dump(), first.arrival)
    decided += again.decide(stream[cut:])
    assert again.dump() == whole.dump()
    assert decided == expected


def test_a_confirmed_repair_begins_another_life(stream):
    judge = Judge()
    order = judge.decide(stream)[0].decision.order_id
    moved = {"order_id": str(order), "status": "closed", "close_finding": "confirmed"}
    judge.decide([Event.of(900, "order_moved", PUMP, moved)])
    assert by_fleet.changed_survivals(judge.assets, [PUMP])[0][1] is None
    assert judge.assets[PUMP].life is None
    assert not judge.assets[PUMP].is_active("model:fleet")
    nothing = Judge()
    nothing.decide(stream)
    nothing.decide([Event.of(900, "order_moved", PUMP, moved | {"close_finding": "nothing_found"})])
    assert nothing.assets[PUMP].life is not None


def test_in_shadow_it_opens_the_same_orders_and_promoted_it_goes_on(stream):
    judge = Judge()
    document = stream[0].change.document
    begun = [
        stream[1],
        Event.of(3, "shadow", None, {"run": 1, "models": document}),
        *(JudgedFrame(each.arrival + 5, each.asset, each.at_us, each.values) for each in stream[2:]),
    ]
    verdicts = judge.decide(begun)
    assert {verdict.shadow for verdict in verdicts} == {1}
    live = Judge().decide(stream)
    assert [verdict.decision.finding.at for verdict in verdicts] == [verdict.decision.finding.at for verdict in live]
    judge.decide([Event.of(950, "shadow", None, {"ended": "promoted"})])
    assert judge.assets[PUMP].life is not None


def test_rows_of_a_longer_step_are_means_of_the_frames(fleet_model):
    table = fleet_model.table() | {"step_s": 7200.0}
    table.pop("version")
    state = LifeState(FleetModel.of_table(table))
    judged = [state.add(k * HOUR_US, dict.fromkeys(SIGNALS, float(k))) for k in range(7)]
    assert [each is not None for each in judged] == [False, False, True, False, True, False, True]
    assert state.values.tolist() == [4.5, 4.5, 4.5]


def test_a_model_changed_by_hand_is_refused(fleet_model):
    table = json.loads(json.dumps(fleet_model.table()))
    table["index"]["limit"] = 0.1
    with pytest.raises(InvalidModels, match="changed by hand; learn again with `plantwright models learn`"):
        parse({"pump": {"fleet": table}})
    with pytest.raises(InvalidModels, match="fleet cannot be read"):
        parse({"pump": {"fleet": {"signals": 1}}})
    with pytest.raises(InvalidModels, match="write a version"):
        parse({"pump": {"fleet": 7}})


def test_the_index_of_one_row_at_a_time_is_that_of_the_whole_life(fleet_model):
    rows = life(np.random.default_rng(3))
    state = LifeState(fleet_model)
    course = [state.add_row(k * HOUR_US, row).index for k, row in enumerate(rows)]
    assert np.allclose(course, fleet_model.index.trace(fleet_model.conditions.scaled(rows)))
