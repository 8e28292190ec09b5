"""How well an asset is, where it is heading, and the order that comes from lead time and not from surprise."""

from datetime import timedelta

import numpy as np
import pytest

from judge.asset import health
from judge.inputs import Event, JudgedFrame
from judge.judge import Judge, Verdict
from judge.moments import moment
from models.document import ModelDocument
from models.residuals import Residual, ResidualHistory
from rules import ruleset, trend
from rules.rulebook import parse
from tests.models.laws import SECOND, stream
from workorder_core.intake.decisions import Open
from workorder_core.plant.health import Health
from workorder_core.words import FailureMode

HOUR = 3_600_000_000
LIMIT = {
    "id": "shakes", "asset_class": "pump", "signal": "vibration", "raise_at": 2.8, "clear_below": 2.4,
    "component": "bearing", "failure_mode": "VIB", "severity": "malfunction",
}  # fmt: skip
NONE, ISO = ruleset.of_asset(parse({}), "pump"), ruleset.of_asset(parse({"threshold": [LIMIT]}), "pump")


def a_history(
    *, looks: int = 60, a_day: float = 0.0, sigma: float = 0.05, noise: float = 0.01, seed: int = 1
) -> ResidualHistory:
    """A vibration of 1.2 mm/s that grows by so much a day, looked at every hour; flow stays as it is."""
    rng, history = np.random.default_rng(seed), ResidualHistory()
    for k in range(looks):
        level = 1.2 + a_day * k / 24 + noise * rng.standard_normal()
        history.add(k * HOUR, {"vibration": Residual(level, 1.2, sigma), "flow": Residual(200.0, 200.0, 1.0)})
    return history


def assess(history: ResidualHistory, rules: ruleset.RuleSet) -> Health:
    found = health.assess(moment(history.count * HOUR), history, rules)
    assert found is not None
    return found


def test_a_machine_within_its_usual_range_is_whole_and_goes_nowhere():
    found = assess(a_history(), ISO)
    assert (found.index, found.change, found.likely_at) == (100.0, None, None)


def test_the_room_to_the_rulebooks_limit_is_what_is_used_up():
    """1.7 of 1.2 to 2.8, of which .15 are ordinary: 0.35 of 1.45."""
    found = assess(a_history(looks=61, a_day=0.2, noise=0.0), ISO)
    assert (found.signal, found.limit, found.known) == ("vibration", pytest.approx(2.8), True)
    assert found.index == pytest.approx(100 * (1 - 0.35 / 1.45))
    assert found.likely_at is not None
    assert (found.likely_at - found.at) / timedelta(days=1) == pytest.approx(1.1 / 0.2, abs=0.001)
    assert found.change == pytest.approx(-100 * 0.2 / 1.45)


def test_without_a_limit_ten_times_the_usual_range_is_the_end():
    found = assess(a_history(looks=61, a_day=0.2, noise=0.0), NONE)
    assert not found.known
    assert found.limit == pytest.approx(1.2 + 10 * 0.15)


def test_noise_widens_the_interval_and_the_truth_lies_in_it():
    inside = 0
    for seed in range(20):
        found = assess(a_history(a_day=0.2, noise=0.05, seed=seed), ISO)
        assert found.likely_at is not None and found.earliest_at is not None and found.latest_at is not None
        assert found.earliest_at < found.likely_at < found.latest_at
        inside += found.earliest_at <= found.at + timedelta(days=(1.6 - 0.2 * 59 / 24) / 0.2) <= found.latest_at
    assert inside >= 15


def test_what_hangs_together_is_no_trend():
    """A wander looks like a rise where its looks are taken as independent; to us in a tenth of the cases."""
    pressing = fooled = 0
    for seed in range(20):
        rng, history, wander = np.random.default_rng(seed), ResidualHistory(), 0.0
        for k in range(60):
            wander = 0.9 * wander + 0.06 * rng.standard_normal()
            history.add(k * HOUR, {"vibration": Residual(1.2 + wander, 1.2, 0.05)})
        pressing += health.is_pressing(assess(history, ISO), timedelta(days=7))
        times, values = history.near("vibration")
        naive = trend.towards(times / (24 * HOUR), np.abs(values), 1.6)
        fooled += naive is not None and naive.certain
    assert pressing <= 2
    assert fooled >= 4


def test_a_signal_that_falls_is_held_against_its_lower_limit():
    low = LIMIT | {"id": "low", "signal": "flow", "raise_at": 100, "component": "impeller", "failure_mode": "LOO"}
    del low["clear_below"]
    rules = ruleset.of_asset(parse({"threshold": [LIMIT, low | {"clear_above": 120}]}), "pump")
    history = ResidualHistory()
    for k in range(48):
        history.add(k * HOUR, {"flow": Residual(200.0 - k, 200.0, 2.0)})
    found = assess(history, rules)
    assert (found.signal, found.limit) == ("flow", 100.0)
    assert found.likely_at is not None
    assert (found.likely_at - found.at) / timedelta(hours=1) == pytest.approx(53, abs=0.1)


PUMP = "OSL/pump"
BOOK = {"threshold": [LIMIT], "pack": [{"use": "failure-patterns-pump", "asset_class": "pump"}]}


def judged(*, grows: float, frames: int = 9000, models: dict[str, object] | None = None) -> tuple[list[Verdict], Judge]:
    """A pump that tells of itself once a minute, whose vibration grows by so much a day from frame 3000 on."""
    judge, verdicts = Judge(), []
    events = [
        Event.of(1, "rulebook", None, BOOK),
        Event.of(2, "models", None, {"pump": {"regime": ["speed"]} | (models or {})}),
        Event.of(3, "asset", PUMP, {"class": "pump", "criticality": 3}),
    ]
    verdicts += judge.decide(events)
    for k, (_, values) in enumerate(stream(frames)):
        values["vibration"] += grows * max(0, k - 3000) / 1440
        verdicts += judge.decide([JudgedFrame(k + 4, PUMP, k * 60 * SECOND, values)])
    return verdicts, judge


def test_an_order_opens_from_lead_time_though_nothing_surprises():
    """The model is made deaf: what opens the order is that the vibration will reach its limit within the week."""
    verdicts, judge = judged(grows=0.15, models={"drift": 900.0, "patience": 9e5})
    first = verdicts[0].decision
    assert isinstance(first, Open)
    assert first.finding.source == "model:level-shift:lead-time"
    assert (first.finding.failure_mode, first.finding.inferred) == (FailureMode.VIB, True)
    assert "on its way to its limit of 2.8" in first.finding.summary
    assert first.finding.signs[0].trend == pytest.approx(0.15, abs=0.08)
    assert judge.assets[PUMP].health is not None


def test_nothing_opens_where_nothing_grows_or_where_nobody_asked():
    assert judged(grows=0.0)[0] == []
    assert judged(grows=0.15, frames=7000, models={"drift": 900.0, "patience": 9e5, "lead_time_days": 0})[0] == []


def test_the_evidence_tells_trend_and_likely_mode():
    verdicts, _ = judged(grows=0.15)
    found = [verdict.decision.finding for verdict in verdicts if not verdict.decision.finding.cleared]
    first, finding = found[0], found[-1]
    assert first.source == finding.source == "model:level-shift"
    assert "Likely vibration" in first.summary
    assert "a day" in finding.summary
    sign = finding.signs[0]
    assert sign.signal == "vibration"
    assert sign.trend is not None and sign.trend_low is not None and sign.trend_high is not None
    assert 0.0 < sign.trend_low <= sign.trend <= sign.trend_high


def test_a_restart_anywhere_comes_to_the_same_health_and_the_same_bytes():
    _, whole = judged(grows=0.15, frames=5200)
    verdicts, judge = judged(grows=0.15, frames=4000)
    judge = Judge.restore(judge.dump(), judge.arrival)
    for k, (_, values) in enumerate(stream(5200)):
        if k >= 4000:
            values["vibration"] += 0.15 * (k - 3000) / 1440
            verdicts += judge.decide([JudgedFrame(k + 4, PUMP, k * 60 * SECOND, values)])
            if k % 100 == 0:
                judge = Judge.restore(judge.dump(), judge.arrival)
    assert judge.dump() == whole.dump()


def test_close_outs_move_the_limit_of_their_version_alone():
    _, judge = judged(grows=0.0, frames=1000)
    version = judge.assets[PUMP].document.version
    told = {"class": "pump", "model": "level-shift", "version": version, "factor": 2.0}
    judge.decide([Event.of(5000, "threshold", None, told)])
    monitor = judge.assets[PUMP].monitor
    assert monitor is not None
    assert monitor.limit == pytest.approx(2.0 * ModelDocument().patience)
    again = Judge.restore(judge.dump(), judge.arrival)
    assert again.dump() == judge.dump()
    again.decide([Event.of(5001, "models", None, {"pump": {"regime": ["speed"], "drift": 3.5}})])
    assert again.assets[PUMP].factor == 1.0
