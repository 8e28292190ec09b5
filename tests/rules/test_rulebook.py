"""A rulebook is used whole or not at all, and a wrong one says the file, the rule, the key and what to do."""

import tomllib
from pathlib import Path

import pytest

from rules import packs
from rules.fit import misfits
from rules.kinds import DEFAULT_MAX_GAP_US
from rules.rulebook import InvalidRulebook, parse, read
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
    pump = sample.rules_for("centrifugal_pump")
    assert {rule.id for rule in pump} >= {"bearing-temp-safety", "flow-low", "vibration-zone-c"}
    state = sample.state_rule_for("centrifugal_pump")
    assert state is not None
    assert state.settle_us == 3 * 3600 * SECOND


def test_a_rule_says_what_it_says():
    (rule,) = book(HOT).rules
    assert (rule.id, rule.signal, rule.raise_at, rule.clear_at, rule.upper) == ("hot", "temp", 90.0, 80.0, True)
    assert (rule.component, rule.failure_mode, rule.severity) == ("bearing", FailureMode.OHE, Severity.SAFETY)


def test_what_is_left_out_has_its_default():
    (rule,) = book(HOT).rules
    assert (rule.for_us, rule.max_gap_us) == (0, DEFAULT_MAX_GAP_US)
    assert rule.states == {OperatingState.RUNNING, OperatingState.UNKNOWN}


@pytest.mark.parametrize(
    ("text", "seconds"), [('"30 s"', 30), ('"5min"', 300), ('"1.5 h"', 5400), ('"1 d"', 86_400), ('"0 s"', 0)]
)
def test_durations_are_written_with_their_unit(text, seconds):
    (rule,) = book(hot(**{"for": text})).rules
    assert rule.for_us == seconds * SECOND


def test_a_rule_is_switched_off_without_being_deleted():
    assert book(hot(enabled="false")).rules == ()


def test_rules_are_for_a_class_of_assets():
    rules = book(HOT + hot(id='"other"', asset_class='"fan"') + STATE)
    assert [rule.id for rule in rules.rules_for("fan")] == ["other"]
    assert rules.state_rule_for("fan") is None


def test_the_version_depends_on_what_is_said_and_not_on_how_it_is_written():
    turned_round = "\n".join(["[[threshold]]  # a remark", *reversed(HOT.strip().splitlines()[1:])])
    assert book(HOT).version == book(turned_round).version
    assert book(HOT).version != book(hot(raise_at="91")).version


def test_an_empty_document_is_a_rulebook_without_rules():
    assert book("").rules == ()


WRONG = {
    "a key that is none": (
        hot(rise_at="1"),
        "threshold 'hot': 'rise_at' is not a known key; the keys are asset_class,",
    ),
    "a table that is none": ("[[treshold]]", "the document: 'treshold' is not a known key"),
    "no id": (hot(["id"]), "threshold 1: id: is missing; it must be text"),
    "a blank id": (hot(id='" "'), "threshold ' ': id: is missing; it must be text"),
    "no signal": (hot(["signal"]), "threshold 'hot': signal: is missing; it must be text"),
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
    "a duration without a unit": (hot(**{"for": "30"}), 'for: 30 is not a duration; write it like "30 s"'),
    "a duration in months": (hot(**{"for": '"2 months"'}), "for: '2 months' is not a duration"),
    "a duration that is negative": (hot(max_gap='"-5 min"'), "max_gap: '-5 min' is not a duration"),
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
        "operating_state 1: signal: is missing; it must be text",
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

REST = 'asset_class = "pump"\ncomponent = "bearing"\nfailure_mode = "OHE"\nseverity = "malfunction"\n'


def of_kind(kind, **keys):
    """A rule of another kind, its own keys as they stand in TOML."""
    return f'[[{kind}]]\nid = "r"\n{REST}' + "\n".join(f"{key} = {value}" for key, value in keys.items())


PACK = '[[pack]]\nuse = "iso-20816-3"\nasset_class = "pump"\nsignal = "vibration"\n'
WRONG |= {
    "a key of another kind": (of_kind("rate", signal='"t"', rearm=1), "rate 'r': 'rearm' is not a known key"),
    "a rate over nothing": (
        of_kind("rate", signal='"t"', over='"0 s"', raise_at=2, clear_below=1),
        "rate 'r': over: must be longer than 0 s",
    ),
    "a rate without its stretch": (
        of_kind("rate", signal='"t"', raise_at=2, clear_below=1), "rate 'r': over: is missing; write it like",
    ),
    "every signal where one is meant": (
        of_kind("rate", signal='"*"', over='"1 h"', raise_at=2, clear_below=1),
        "rate 'r': signal: '*' is for stuck and stale rules; name one signal",
    ),
    "a deviation below its limit": (
        of_kind("deviation", signal='"t"', **{"from": '"sp"'}, raise_at=2, clear_above=3),
        "clear_above: a deviation has an upper limit",
    ),
    "a deviation to a strange side": (
        of_kind("deviation", signal='"t"', **{"from": '"sp"'}, raise_at=2, clear_below=1, side='"left"'),
        "side: 'left' is not known; use one of both, above, below",
    ),
    "a count of nothing": (
        of_kind("count", signal='"t"', times=3, within='"1 h"'), "above: give the limit as either above = …",
    ),
    "a count that never counts again": (
        of_kind("count", signal='"t"', above=5, rearm=6, times=3, within='"1 h"'),
        "rearm: (6.0) lies beyond the limit (5.0)",
    ),
    "half a time": (
        of_kind("count", signal='"t"', above=5, times=1.5, within='"1 h"'), "times: must be a whole number of at least",
    ),
    "a band below nothing": (of_kind("stuck", signal='"*"', **{"for": '"1 h"'}, band=-1), "band: must be 0 or more"),
    "signals left out that are no list": (
        of_kind("stale", signal='"*"', after='"1 h"', **{"except": '"t"'}), "except: must be a list of texts",
    ),
    "a score that no model has": (
        of_kind("model_score", raise_at=5, clear_below=1), "raise_at: a model's score lies between 0 and 1",
    ),
    "a condition that is none": (
        of_kind("expression", when='"t >"'), "expression 'r': when: line 1, column 4 of 't >'",
    ),
    "a condition that is a number": (of_kind("expression", when='"t + 1.0"'), "a float; it must give true or false"),
    "a condition on nothing": (of_kind("expression", when='"1.0 > 2.0"'), "when: names no signal"),
    "a function that is none": (of_kind("expression", when='"sqrt(t) > 2.0"'), "'sqrt', which CEL does not know"),
    "a derived truth": (
        '[[derived]]\nasset_class = "pump"\nname = "d"\nvalue = "t > 1.0"', "gives False, a bool; it must give",
    ),
    "an override of nothing": (
        hot() + '\n[[override]]\nrule = "hit"\nasset = "S/A"', "rule: there is no rule 'hit'; the rules are hot",
    ),
    "an override of no asset": (hot() + '\n[[override]]\nrule = "hot"\nasset = "A"', "'A' is not an asset; write"),
    "an override of what stays": (
        hot() + '\n[[override]]\nrule = "hot"\nasset = "S/A"\nsignal = "t"', "signal: cannot be overridden",
    ),
    "an override that is wrong": (
        hot() + '\n[[override]]\nrule = "hot"\nasset = "S/A"\nraise_at = 70',
        "override of 'hot' for S/A: clear_below: (80.0) must be lower than raise_at (70.0)",
    ),
    "a pack that is none": (
        '[[pack]]\nuse = "iso"\nasset_class = "pump"', "use: 'iso' is not known; use one of bearing",
    ),
    "a pack without its group": (PACK + 'foundation = "rigid"', "group: is missing; the pack 'iso-20816-3' needs it"),
    "a pack of another group": (
        PACK + 'foundation = "rigid"\ngroup = 7',
        "group and foundation: '7, rigid' is none of: 1, rigid; 1, flexible; 2, rigid; 2, flexible",
    ),
    "a pack twice": (2 * (PACK + 'foundation = "rigid"\ngroup = 1\n'), "'iso-20816-3-zone-c': the id is used twice"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_rulebook_says_where_and_what_to_do(text, says, tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(InvalidRulebook) as raised:
        read(file)
    assert str(raised.value).startswith(f"{file}: ")
    assert says in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidRulebook, match=r"rules\.toml: file: there is no such file"):
        read(tmp_path / "rules.toml")


@pytest.mark.parametrize("content", [b"[[threshold", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(tmp_path, content):
    file = tmp_path / "rules.toml"
    file.write_bytes(content)
    with pytest.raises(InvalidRulebook, match=r"rules\.toml: TOML: "):
        read(file)


def test_a_folder_of_files_is_one_rulebook(tmp_path):
    (tmp_path / "a.toml").write_text(HOT)
    (tmp_path / "b.toml").write_text(hot(id='"hotter"', raise_at="99") + STATE)
    (tmp_path / "c.toml").write_text('[[override]]\nrule = "hot"\nasset = "S/A"\nenabled = false')
    book = read(tmp_path)
    assert [rule.id for rule in book.rules] == ["hot", "hotter"]
    assert [rule.id for rule in book.rules_for("pump", "S/A")] == ["hotter"]
    (tmp_path / "b.toml").write_text(hot(id='"hotter"', raise_at="1"))
    with pytest.raises(InvalidRulebook, match=r"b\.toml: threshold 'hotter': clear_below"):
        read(tmp_path)
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(InvalidRulebook, match=r"folder: has no \.toml file"):
        read(tmp_path)


def zones(group, foundation):
    rules = book(PACK + f'foundation = "{foundation}"\ngroup = {group}').rules
    return [rule.raise_at for rule in rules]


def test_the_zones_of_iso_20816_3_are_the_standards():
    assert zones(1, "rigid") == [4.5, 7.1]
    assert zones(1, "flexible") == [7.1, 11.0]
    assert zones(2, "rigid") == [2.8, 4.5]
    assert zones(2, "flexible") == [4.5, 7.1]


@pytest.mark.parametrize("name", packs.names())
def test_every_pack_says_what_it_is_and_where_it_is_from_and_can_be_used(name):
    pack = packs.read(name)
    assert pack["about"].endswith(".")
    assert pack["source"]
    keys = {key: f'"{key}"' for key, default in pack.get("parameters", {}).items() if default == ""}
    keys |= {"group": "2", "foundation": '"rigid"'} if "group" in keys else {}
    text = f'[[pack]]\nuse = "{name}"\nasset_class = "pump"\n' + "\n".join(f"{k} = {v}" for k, v in keys.items())
    made = book(text)
    rules = (*made.rules, *made.patterns)
    assert rules
    assert all(rule.id.startswith(f"{name}-") for rule in rules)


MEASURED = {"pump": {"temp": ["degC"], "speed": ["rpm"]}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HOT, []),
        (hot(asset_class='"fan"'), []),
        (hot(signal='"tmp"'), ["signal: no asset of the class 'pump' measures 'tmp'; did you mean 'temp'?"]),
        (hot(signal='"flow"'), ["its signals are speed, temp"]),
        (hot(unit='"K"'), ["unit: 'temp' is measured in degC, not in K; write the limits in degC"]),
        (hot(unit='"°C"'), []),
        (hot(unit='"bar"'), ["nothing converts bar to it"]),
        (STATE, []),
        (STATE.replace('"speed"', '"rpm"'), ["operating_state of 'pump': signal: no asset of"]),
        (of_kind("expression", when='"temp > 1.0 && flw > 2.0"'), ["when: no asset of the class 'pump' mea"]),
        (of_kind("deviation", signal='"temp"', **{"from": '"set"'}, raise_at=2, clear_below=1), ["from: no asset"]),
        (of_kind("deviation", signal='"temp"', **{"from": '"fleet"'}, raise_at=2, clear_below=1), []),
        (of_kind("stale", signal='"*"', after='"1 h"'), []),
        (
            '[[derived]]\nasset_class = "pump"\nname = "d"\nunit = "K"\nvalue = "temp + 273.15"\n' + hot(signal='"d"'),
            [],
        ),
    ],
)  # fmt: skip
def test_a_rulebook_is_held_against_what_is_measured(text, says):
    found = misfits(book(text), MEASURED)
    assert len(found) == len(says)
    assert all(each in str(problem) for each, problem in zip(says, found, strict=True))
