"""A rulebook is used whole or not at all, and a wrong one says the file, the rule, the key and the mend."""

import tomllib
from pathlib import Path

import pytest

from rules.rulebook import DEFAULT_MAX_GAP_US, WrongRulebook, parse, read
from workorder_core.words import FailureMode, OperatingState, Severity

SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "rulebook.toml"
SECOND = 1_000_000

HOT = """
[[threshold]]
id = "hot"
asset_class = "pump"
signal = "temp"
raise_at = 90
clear_below = 80
component = "bearing"
failure_mode = "OHE"
severity = "safety"
"""
STATE = """
[[operating_state]]
asset_class = "pump"
signal = "speed"
running_above = 600
stopped_below = 100
"""


def book(text):
    return parse(tomllib.loads(text))


def hot(without=(), **keys):
    """The rule HOT with other keys, given as they stand in TOML."""
    lines = [line for line in HOT.strip().splitlines() if line.split(" = ")[0] not in {*keys, *without}]
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in keys.items())])


def test_the_sample_rulebook_can_be_used():
    sample = read(SAMPLE)
    pump = sample.thresholds_for("centrifugal_pump")
    assert {rule.id for rule in pump} >= {"bearing-temp-safety", "flow-low", "vibration-zone-c"}
    state = sample.state_rule_for("centrifugal_pump")
    assert state is not None
    assert state.settle_us == 3 * 3600 * SECOND


def test_a_rule_says_what_it_says():
    (rule,) = book(HOT).thresholds
    assert (rule.id, rule.signal, rule.raise_at, rule.clear_at, rule.upper) == ("hot", "temp", 90.0, 80.0, True)
    assert (rule.component, rule.failure_mode, rule.severity) == ("bearing", FailureMode.OHE, Severity.SAFETY)


def test_what_is_left_out_has_its_default():
    (rule,) = book(HOT).thresholds
    assert (rule.for_us, rule.max_gap_us) == (0, DEFAULT_MAX_GAP_US)
    assert rule.states == {OperatingState.RUNNING, OperatingState.UNKNOWN}


@pytest.mark.parametrize(
    ("text", "seconds"), [('"30 s"', 30), ('"5min"', 300), ('"1.5 h"', 5400), ('"1 d"', 86_400), ('"0 s"', 0)]
)
def test_durations_are_written_with_their_unit(text, seconds):
    (rule,) = book(hot(**{"for": text})).thresholds
    assert rule.for_us == seconds * SECOND


def test_a_rule_is_switched_off_without_being_deleted():
    assert book(hot(enabled="false")).thresholds == ()


def test_rules_are_for_a_class_of_assets():
    rules = book(HOT + hot(id='"other"', asset_class='"fan"') + STATE)
    assert [rule.id for rule in rules.thresholds_for("fan")] == ["other"]
    assert rules.state_rule_for("fan") is None


def test_the_version_depends_on_what_is_said_and_not_on_how_it_is_written():
    turned_round = "\n".join(["[[threshold]]  # a remark", *reversed(HOT.strip().splitlines()[1:])])
    assert book(HOT).version == book(turned_round).version
    assert book(HOT).version != book(hot(raise_at="91")).version


def test_an_empty_document_is_a_rulebook_without_rules():
    assert book("").thresholds == ()


WRONG = {
    "a key that is none": (hot(rise_at="1"), "threshold 'hot': 'rise_at' is not a key here; the keys are asset_class,"),
    "a table that is none": ("[[treshold]]", "the document: 'treshold' is not a key here"),
    "no id": (hot(["id"]), "threshold 1: id: is missing; it must be a text"),
    "a blank id": (hot(id='" "'), "threshold ' ': id: is missing; it must be a text"),
    "no signal": (hot(["signal"]), "threshold 'hot': signal: is missing; it must be a text"),
    "no limit": (hot(["raise_at"]), "threshold 'hot': raise_at: is missing; it must be a number in the signal's unit"),
    "a limit in words": (hot(raise_at='"90"'), "raise_at: is missing; it must be a number"),
    "a limit that is no number": (hot(raise_at="nan"), "raise_at: is missing; it must be a number"),
    "a limit that is never reached": (hot(raise_at="inf"), "raise_at: is missing; it must be a number"),
    "a limit that is true": (hot(raise_at="true"), "raise_at: is missing; it must be a number"),
    "nothing to clear at": (hot(["clear_below"]), "clear_below: give clear_below for an upper limit, or clear_above"),
    "two limits to clear at": (
        hot(clear_above="95"),
        "clear_below: give clear_below for an upper limit, or clear_above",
    ),
    "an upper limit that clears above": (
        hot(clear_below="91"),
        "threshold 'hot': clear_below: (91.0) must be lower than raise_at (90.0)",
    ),
    "a lower limit that clears below": (
        hot(["clear_below"], clear_above="80"),
        "threshold 'hot': clear_above: (80.0) must be higher than raise_at (90.0)",
    ),
    "a limit that clears where it is raised": (hot(clear_below="90"), "clear_below: (90.0) must be lower"),
    "a duration without a unit": (hot(**{"for": "30"}), 'for: 30 is no duration; write it like "30 s"'),
    "a duration in months": (hot(**{"for": '"2 months"'}), "for: '2 months' is no duration"),
    "a duration that is negative": (hot(max_gap='"-5 min"'), "max_gap: '-5 min' is no duration"),
    "a failure mode that is none": (hot(failure_mode='"HOT"'), "failure_mode: 'HOT' is not known; use one of AIR, BRD"),
    "a list of failure modes": (hot(failure_mode='["OHE"]'), "failure_mode: ['OHE'] is not known; use one of AIR"),
    "a severity that is none": (
        hot(severity='"bad"'),
        "severity: 'bad' is not known; use one of degrading, malfunction, safety",
    ),
    "no severity": (hot(["severity"]), "severity: None is not known; use one of degrading"),
    "a state that is none": (hot(states='["on"]'), "states: must be a list of running, stopped, maintenance, unknown"),
    "no state at all": (hot(states="[]"), "states: must be a list of running"),
    "a state that is no list": (hot(states='"running"'), "states: must be a list of running"),
    "states in a list too many": (hot(states='[["running"]]'), "states: must be a list of running"),
    "switched off in words": (hot(enabled='"no"'), "threshold 'hot': enabled: must be true or false"),
    "an id twice": (HOT + HOT, "threshold 'hot': the id is used twice; give each rule its own"),
    "one table where a list is meant": (
        HOT.replace("[[threshold]]", "[threshold]"),
        "threshold: must be a list of tables; write [[threshold]]",
    ),
    "a threshold that is no table": ("threshold = [1]", "threshold 1: must be a table"),
    "a class with two states": (STATE + STATE, "operating_state of 'pump': a class has one operating state rule"),
    "state limits the wrong way round": (
        STATE.replace("100", "700"),
        "operating_state 1: stopped_below: operating state of pump: stopped_below (700.0) must be lower than",
    ),
    "a state without its signal": (
        STATE.replace('signal = "speed"', ""),
        "operating_state 1: signal: is missing; it must be a text",
    ),
    "a component that is no text": (
        "[component_of_signal.pump]\nflow = 3",
        "component_of_signal: must be a table per asset class of signal = component",
    ),
    "components without a class": (
        '[component_of_signal]\nflow = "impeller"',
        "component_of_signal: must be a table per asset class of signal = component",
    ),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_rulebook_says_where_and_what_to_do(text, says, tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(WrongRulebook) as raised:
        read(file)
    assert str(raised.value).startswith(f"{file}: ")
    assert says in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(WrongRulebook, match=r"rules\.toml: file: there is no such file"):
        read(tmp_path / "rules.toml")


@pytest.mark.parametrize("content", [b"[[threshold", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(tmp_path, content):
    file = tmp_path / "rules.toml"
    file.write_bytes(content)
    with pytest.raises(WrongRulebook, match=r"rules\.toml: TOML: "):
        read(file)
