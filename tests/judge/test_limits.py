"""What each kind of rule says of values, as its specification reads: minutes, values, and ``!`` where it is active."""

import math
import tomllib
from collections.abc import Iterable, Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.limits import staleness
from judge.limits.fleets import NO_FLEET, Fleets, OfFleet
from judge.limits.hits import Hit
from judge.limits.limits import Limits
from judge.limits.rule_sets import RuleSets
from rules import rulebook
from rules.counter import Counter
from workorder_core.words import OperatingState

MINUTE = 60_000_000
W = 65_536
RUNNING, STOPPED = OperatingState.RUNNING, OperatingState.STOPPED

COMMON = 'id = "r"\nasset_class = "pump"\ncomponent = "bearing"\nfailure_mode = "OHE"\nseverity = "malfunction"\n'
RATE = f'[[rate]]\n{COMMON}signal = "t"\nover = "10 min"\nper = "1 h"\nraise_at = 60\nclear_below = 30\n'
FALL = f'[[rate]]\n{COMMON}signal = "t"\nover = "10 min"\nper = "1 min"\nraise_at = -2\nclear_above = -1\n'
SET_POINT = (
    f'[[deviation]]\n{COMMON}signal = "t"\nfrom = "sp"\nraise_at = 5\nclear_below = 3\n'
    'for = "2 min"\nmax_gap = "5 min"\n'
)
ABOVE = SET_POINT.replace('for = "2 min"', 'side = "above"')
BELOW = SET_POINT.replace('for = "2 min"', 'side = "below"')
COUNT = f'[[count]]\n{COMMON}signal = "t"\nabove = 10\nrearm = 8\ntimes = 3\nwithin = "10 min"\n'
COUNT_LOW = f'[[count]]\n{COMMON}signal = "t"\nbelow = 10\ntimes = 2\nwithin = "10 min"\n'
STUCK = '[[stuck]]\nid = "r"\nasset_class = "pump"\nsignal = "t"\nfor = "5 min"\nband = 0.1\n'
STUCK_ANY = '[[stuck]]\nid = "r"\nasset_class = "pump"\nsignal = "*"\nfor = "5 min"\nexcept = ["sp"]\n'
STALE = '[[stale]]\nid = "r"\nasset_class = "pump"\nsignal = "*"\nafter = "10 min"\nexcept = ["sp"]\n'
TO_LIMIT = f'[[time_to_limit]]\n{COMMON}signal = "t"\nabove = 100\nover = "32 h"\nwithin = "24 h"\n'
SCORE = f"[[model_score]]\n{COMMON}raise_at = 0.5\nclear_below = 0.3\n"
BOTH = f'[[expression]]\n{COMMON}when = "t > 80.0 && flow < 10.0"\nmax_gap = "5 min"\n'
LASTS = BOTH + 'for = "3 min"\n'
CLEARS = BOTH + 'clear_when = "t < 60.0"\n'
NAMED = f"[[expression]]\n{COMMON}when = '''signals[\"bearing-temp\"] - t > 20.0'''\n"
RATIO = f'[[expression]]\n{COMMON}when = "t / flow > 2.0"\n'
HEAD = (
    '[[derived]]\nasset_class = "pump"\nname = "head"\nunit = "m"\nvalue = "(out - inlet) * 10.2"\n'
    f'[[threshold]]\n{COMMON}signal = "head"\nraise_at = 50\nclear_below = 45\n'
)


def of(text: str, asset: str = "S/A") -> Limits:
    return Limits(RuleSets(rulebook.parse(tomllib.loads(text))).of("pump", asset))


def active(hits: Iterable[Hit]) -> bool:
    return any(hit.condition.active for hit in hits)


def fed(limits: Limits, frames: Iterable[tuple[float, Mapping[str, float]]], state=RUNNING) -> str:
    said = ""
    for minute, values in frames:
        hits = list(limits.judge(round(minute * MINUTE), dict(sorted(values.items())), state, NO_FLEET))
        said += "!" if active(hits) else "."
    return said


def t(*values: float, every: float = 1, begin: float = 0) -> list[tuple[float, Mapping[str, float]]]:
    """Values of ``t``, one every so many minutes."""
    return [(begin + every * i, {"t": value}) for i, value in enumerate(values)]


def with_(**constant: float):
    """Frames of ``t`` with other signals at constant values."""
    return lambda *values: [(minute, {**frame, **constant}) for minute, frame in t(*values)]


CASES = {
    "a rate is not known before half of its stretch": (RATE, t(20, 90, 90, 90, 90), "....."),
    "one that rises by 2 in a minute rises by 120 in an hour": (RATE, t(*range(20, 40, 2)), ".....!!!!!"),
    "it is over when the stretch no longer rises": (RATE, t(*range(20, 42, 2), *[40] * 8), "....." + "!" * 13 + "."),
    "a slow rise is none": (RATE, t(*(20 + 0.5 * i for i in range(12))), "." * 12),
    "a silence begins the stretch anew": (RATE, [*t(20, 20, 20), *t(90, 90, 90, 90, begin=60)], "......."),
    "a fall has a lower limit": (FALL, t(*range(60, 30, -3)), ".....!!!!!"),
    "a deviation goes both ways": (SET_POINT, with_(sp=50.0)(50, 56, 56, 56, 44, 44, 52), "...!!!."),
    "it must last as long as it says": (SET_POINT, with_(sp=50.0)(56, 50, 56, 56, 56), "....!"),
    "between its limits it stays": (SET_POINT, with_(sp=50.0)(56, 56, 56, 54, 53, 52.9), "..!!!."),
    "above is not below": (ABOVE, with_(sp=50.0)(44, 56, 44), ".!."),
    "below is not above": (BELOW, with_(sp=50.0)(44, 56, 44), "!.!"),
    "no set point, no deviation": (ABOVE, t(99, 99), ".."),
    "a set point holds for as long as the gap allows": (
        ABOVE, [(0, {"sp": 50.0}), (5, {"t": 99.0}), (6, {"t": 99.0})], ".!.",
    ),
    "an old set point tells nothing": (ABOVE, [(0, {"sp": 50.0}), (6, {"t": 99.0})], ".."),
    "three times in ten minutes": (COUNT, t(11, 5, 11, 5, 11, 5), "....!!"),
    "what stays above counts once": (COUNT, t(11, 12, 11, 12, 11), "....."),
    "it counts again only after it was back": (COUNT, t(11, 9, 11, 9, 11, 9, 11), "......."),
    "what was long ago does not count": (COUNT, [*t(11, 5, 11, 5), *t(11, 5, begin=12)], "......"),
    "it clears when the window is empty": (
        COUNT, [*t(11, 5, 11, 5, 11, 5), *t(5, 5, 5, begin=12)], "....!!!!.",
    ),
    "from below it counts likewise": (COUNT_LOW, t(20, 9, 10, 11, 9), "....!"),
    "a signal that moves is not stuck": (STUCK, t(*(5 + i % 2 for i in range(9))), "........."),
    "one that does not is": (STUCK, t(*[5.0] * 8), ".....!!!"),
    "noise within the band is no movement": (STUCK, t(5, 5.1, 4.9, 5, 5.05, 5, 5.1), ".....!!"),
    "it is over with the first that moves": (STUCK, t(*[5.0] * 6, 6, 6), ".....!.."),
    "what was not measured may have moved": (STUCK, [*t(5, 5, 5), *t(5, 5, 5, begin=30)], "......"),
    "every signal is watched by itself": (
        STUCK_ANY, [(i, {"a": float(i), "t": 5.0}) for i in range(7)], ".....!!",
    ),
    "but those that are left out": (STUCK_ANY, [(i, {"sp": 5.0, "t": float(i)}) for i in range(7)], "......."),
    "a signal that comes is not stale": (STALE, t(*range(20)), "." * 20),
    "one that comes no more is, while others come": (
        STALE, [(0, {"a": 1.0, "t": 1.0}), *((i, {"a": 1.0}) for i in (5, 9, 10, 12)), (13, {"a": 1.0, "t": 2.0})],
        "...!!.",
    ),
    "left out signals may be silent": (STALE, [(0, {"sp": 1.0, "t": 1.0}), *t(*range(12), begin=1)], "." * 13),
    "a trend that is a day away is told": (TO_LIMIT, t(*(40 + i for i in range(60)), every=60), "." * 37 + "!" * 23),
    "a level one never gets there": (TO_LIMIT, t(*(95 + i % 2 for i in range(60)), every=60), "." * 60),
    "a falling one neither": (TO_LIMIT, t(*(99 - i / 10 for i in range(60)), every=60), "." * 60),
    "all of a condition must hold": (BOTH, with_(flow=5.0)(70, 90, 70), ".!."),
    "signals that come apart are held together": (
        BOTH, [(0, {"t": 90.0}), (1, {"flow": 5.0}), (2, {"flow": 20.0}), (3, {"flow": 5.0})], ".!.!",
    ),
    "but not one that is too old": (BOTH, [(0, {"t": 90.0}), (6, {"flow": 5.0})], ".."),
    "a condition must last too": (LASTS, with_(flow=5.0)(90, 90, 90, 90), "...!"),
    "it clears as it says": (CLEARS, with_(flow=5.0)(90, 70, 70, 59, 70), "!!!.."),
    "names that are no identifiers": (NAMED, [(0, {"bearing-temp": 90.0, "t": 60.0})], "!"),
    "what cannot be reckoned is not known": (RATIO, with_(flow=0.0)(0.0, 9.0), ".!"),
    "a derived signal is a signal": (HEAD, [(0, {"out": 5.0, "inlet": 1.0}), (1, {"out": 6.0, "inlet": 1.0})], ".!"),
    "it needs all that it is made of": (HEAD, [(0, {"out": 6.0}), (1, {"inlet": 1.0})], ".!"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "frames", "says"), CASES.values(), ids=CASES.keys())
def test_a_rule(text, frames, says):
    assert fed(of(text), frames) == says


COUNTS = {
    "a steady counter that wraps is steady": (W, [*range(65_436, 65_536, 10), *range(4, 104, 10)], "." * 20),
    "one that is not known to wrap has begun anew": (None, [65_500, *range(65_520, 65_536, 4), *range(8)], "." * 13),
    "one that begins anew is steady too": (None, [*range(900, 1_000, 10), *range(0, 100, 10)], "." * 20),
    "one that runs away does so across its wrap": (
        W, [*range(65_486, 65_536, 10), *range(20, 300, 40)], "." * 6 + "!" * 6,
    ),
    "one exchanged for one that shows less has not risen": (None, [*range(9_000, 9_100, 10), 7_000], "." * 11),
    "a jump upwards is a rise once it goes on": (None, [*range(100, 200, 10), 50_000, 50_010], "." * 11 + "!"),
    "a nought among its readings is no rise": (
        None, [*range(13_000, 13_100, 10), 0, *range(13_110, 13_200, 10)], "." * 20,
    ),
    "nor is a number far too high": (None, [*range(100, 200, 10), 4_294_967_295, *range(210, 300, 10)], "." * 20),
}  # fmt: skip


@pytest.mark.parametrize(("wraps_at", "readings", "says"), COUNTS.values(), ids=COUNTS.keys())
def test_a_rate_of_a_counter_is_that_of_what_it_counts(wraps_at, readings, says):
    text = RATE.replace("raise_at = 60", "raise_at = 1000").replace("clear_below = 30", "clear_below = 900")
    limits = of(text)
    limits.count("t", Counter(wraps_at))
    assert fed(limits, t(*readings)) == says


def test_a_counter_that_is_none_any_more_has_its_rate_begun_anew():
    limits = of(RATE)
    limits.count("t", Counter(None))
    fed(limits, t(900, 901, 902, 0, 1, 2))
    assert limits.memories["r"]
    limits.count("t", Counter(None))
    assert limits.memories["r"], "it was said again, and is the same"
    limits.count("t", None)
    assert (limits.counters, limits.memories) == ({}, {})


HOT = f'[[threshold]]\n{COMMON}signal = "t"\nraise_at = 10\nclear_below = 8\n'


def test_what_chatters_is_damped_until_it_is_calm():
    limits = of(HOT)
    flaps = t(11, 5, 11, 5, 11, 5, 11, 5, every=0.2)
    assert fed(limits, flaps) == "!.!.!!!!"
    assert fed(limits, t(5, 11, begin=8)) == "!!"
    assert fed(limits, t(5, 5, begin=18)) == "!."
    assert fed(limits, t(11, 5, begin=30)) == "!."


def test_that_it_chatters_is_told_once():
    limits, told = of(HOT), []
    for minute, values in t(11, 5, 11, 5, 11, 5, 11, 5, every=0.2):
        told += [hit.chatters for hit in limits.judge(round(minute * MINUTE), values, RUNNING, NO_FLEET)]
    assert told.count(True) == 1


def test_three_times_in_more_than_a_minute_is_no_chatter():
    assert fed(of(HOT), t(11, 5, 11, 5, 11, 5, 11, 5, every=0.5)) == "!.!.!.!."


def test_late_parts_of_a_step_change_nothing():
    limits = of(ABOVE)
    assert fed(limits, [(2, {"sp": 50.0, "t": 56.0}), (1, {"t": 40.0}), (3, {"t": 56.0})]) == "!.!"


@pytest.mark.parametrize("text", [RATE, ABOVE, COUNT, STUCK, BOTH, HEAD], ids=lambda text: text[2:8])
def test_no_rule_judges_in_a_state_that_it_does_not_name(text):
    frames = [(i, {"t": 90.0 + i * 9, "sp": 1.0, "flow": 1.0, "out": 9.0, "inlet": 1.0}) for i in range(12)]
    stuck = [(i, {"t": 5.0}) for i in range(12)]
    assert fed(of(text), stuck if text == STUCK else frames, STOPPED) == "." * 12


def test_the_state_ends_what_was_active_and_what_was_counted():
    limits = of(STUCK)
    assert fed(limits, t(*[5.0] * 6)) == ".....!"
    assert fed(limits, t(5.0, begin=6), STOPPED) == "."
    assert fed(limits, t(*[5.0] * 6, begin=7)) == ".....!"


def test_the_score_of_a_model():
    limits = of(SCORE)
    said = [active(limits.judge_score(i * MINUTE, score, RUNNING)) for i, score in enumerate([0.1, 0.6, 0.4, 0.2])]
    assert said == [False, True, True, False]


def fleet_of(*values: float, text: str = SET_POINT.replace('"sp"', '"fleet"')) -> list[bool]:
    """The last machine's judgement, after each of the fleet has said its value in each of four minutes."""
    sets, fleets = RuleSets(rulebook.parse(tomllib.loads(text))), Fleets()
    machines = {f"S/{i}": Limits(sets.of("pump", f"S/{i}")) for i in range(len(values))}
    said: list[bool] = []
    for minute in range(4):
        for (key, limits), value in zip(machines.items(), values, strict=True):
            fleet = OfFleet(fleets, "pump", key)
            said = [*said, *[active(limits.judge(minute * MINUTE, {"t": value}, RUNNING, fleet))]]
    return said[-len(values) :]


def test_a_machine_that_is_unlike_its_fleet():
    assert fleet_of(50, 51, 49, 50, 60) == [False, False, False, False, True]
    assert fleet_of(60, 51, 49, 50, 50) == [True, False, False, False, False]


def test_a_fleet_has_at_least_three_others():
    assert fleet_of(50, 50, 90) == [False, False, False]


def test_machines_that_are_silent_are_no_part_of_the_fleet():
    fleets = Fleets()
    for key in ("S/1", "S/2", "S/3"):
        fleets.of("pump", "t").put(key, 0, 50.0)
    asked = OfFleet(fleets, "pump", "S/4")
    assert asked.median("t", 5 * MINUTE, 60.0, 5 * MINUTE) == 50.0
    assert asked.median("t", 6 * MINUTE, 60.0, 5 * MINUTE) is None


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 20), st.integers(-5, 5)), max_size=60))
def test_the_median_of_the_others_is_their_median(puts):
    fleets, known = Fleets(), {}
    for asset, minute, value in puts:
        fleets.of("pump", "t").put(str(asset), minute, float(value))
        known[str(asset)] = (minute, float(value))
        fleets = Fleets(msgspec.msgpack.decode(msgspec.msgpack.encode(fleets.dump())))
        others = sorted(each for key, (_, each) in known.items() if key != "0")
        found = fleets.of("pump", "t").median_without("0", 1)
        middle = len(others) // 2
        expected = None if not others else (others[middle] + others[(len(others) - 1) // 2]) / 2
        assert found == expected


def test_a_machine_that_sends_nothing_is_noticed_by_the_ticks():
    limits = of(STALE)
    assert fed(limits, t(1, 2)) == ".."
    wall = 10_000 * MINUTE
    said = [active(staleness.tick(limits, wall + i * MINUTE, 1 * MINUTE, RUNNING)) for i in range(12)]
    assert said == [False] * 10 + [True] * 2
    assert fed(limits, t(3, begin=5)) == "."  # its own clock may have come less far than ours
    assert [list(staleness.tick(limits, wall + i * MINUTE, 5 * MINUTE, RUNNING)) for i in range(20, 30)] == [[]] * 10


def test_a_silence_names_the_silent_signals_and_since_when():
    limits = of(STALE)
    fed(limits, [(0, {"a": 1.0, "b": 1.0, "c": 1.0}), (3, {"b": 1.0, "c": 1.0}), (12, {"c": 1.0})])
    (hit,) = limits.judge(14 * MINUTE, {"c": 1.0}, RUNNING, NO_FLEET)
    assert hit.signs == (("a", 14.0), ("b", 11.0))
    assert hit.condition.beyond_since == 0
    assert hit.value == 14.0


ALL = "\n".join(
    text.replace('"r"', f'"{i}"')
    for i, text in enumerate([HOT, RATE, SET_POINT, COUNT, STUCK_ANY, STALE, TO_LIMIT, LASTS, CLEARS, HEAD])
)
FRAMES = st.lists(
    st.tuples(
        st.integers(0, 900),
        st.dictionaries(
            st.sampled_from(["t", "sp", "flow", "out", "inlet", "other"]),
            st.sampled_from([0.0, 5.0, 9.0, 11.0, 50.0, 56.0, 90.0]), min_size=1,
        ),
        st.sampled_from([RUNNING, RUNNING, RUNNING, STOPPED]),
    ),
    max_size=60,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(FRAMES, st.integers(1, 12))
def test_a_restart_anywhere_changes_nothing(frames, every):
    rules = RuleSets(rulebook.parse(tomllib.loads(ALL))).of("pump", "S/A")
    whole, cut, at = Limits(rules), Limits(rules), 0
    for limits in (whole, cut):
        limits.count("t", Counter(100.0))
    for number, (gap, values, state) in enumerate(frames):
        at += gap * MINUTE // 10
        in_order = dict(sorted(values.items()))
        hits = [list(limits.judge(at, in_order, state, NO_FLEET)) for limits in (whole, cut)]
        assert hits[0] == hits[1]
        if number % every == 0:
            kept = msgspec.msgpack.encode(cut.dump())
            cut = Limits.restore(msgspec.msgpack.decode(kept), rules)
            assert msgspec.msgpack.encode(cut.dump()) == kept
    assert whole.dump() == cut.dump()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.0, 60.0, 79.0, 81.0, 90.0]), max_size=80))
def test_nothing_becomes_active_faster_than_its_delay(values):
    """Between two times that it becomes active lies at least its delay, however the value jumps."""
    limits, active, since = of(LASTS), False, None
    for minute, value in enumerate(values):
        said = fed(limits, [(minute, {"t": value, "flow": 5.0})]) == "!"
        if said and not active:
            assert since is None or minute - since >= 3
            assert values[minute - 3 : minute + 1] == [each for each in values[minute - 3 : minute + 1] if each > 80]
            since = minute
        active = said


def test_other_rules_keep_what_they_remember_when_one_changes():
    changed = COUNT.replace('"r"', '"c"')
    both = RuleSets(rulebook.parse(tomllib.loads(changed + STUCK)))
    limits = Limits(both.of("pump", "S/A"))
    fed(limits, t(5, 5, 5, 5))
    other = RuleSets(rulebook.parse(tomllib.loads(changed.replace("above = 10", "above = 12") + STUCK)))
    limits.use(other.of("pump", "S/A"))
    assert set(limits.memories) == {"r"}
    assert fed(limits, t(5, 5, begin=4)) == ".!"


def test_a_rule_with_another_limit_goes_on_and_one_with_another_signal_begins_anew():
    limits = of(HOT)
    assert fed(limits, t(11)) == "!"
    limits.use(of(HOT.replace("raise_at = 10", "raise_at = 12")).rules)
    assert fed(limits, t(9, begin=1)) == "!"
    limits.use(of(HOT.replace('signal = "t"', 'signal = "flow"')).rules)
    assert fed(limits, [(2, {"flow": 9.0})]) == "."


def test_a_rule_can_be_another_for_one_asset():
    text = HEAD + '[[override]]\nrule = "r"\nasset = "S/B"\nraise_at = 90\nclear_below = 80\n'
    text += '[[override]]\nrule = "r"\nasset = "S/C"\nenabled = false\n'
    frames = [(0, {"out": 7.0, "inlet": 1.0}), (1, {"out": 11.0, "inlet": 1.0})]
    assert [fed(of(text, asset), frames) for asset in ("S/A", "S/B", "S/C")] == ["!!", ".!", ".."]


LARGE = st.sampled_from(
    [1.7976931348623157e308, -1.7976931348623157e308, 1e308, -1e308, 1e200, -1e200, 5e-324, 0.0, 50.0]
)


@pytest.mark.parametrize(
    "text", [RATE, FALL, SET_POINT, ABOVE, BELOW, COUNT, STUCK, RATIO, HEAD], ids=lambda text: text[:12]
)
@settings(max_examples=30, deadline=None)
@given(st.lists(LARGE, min_size=12, max_size=40), st.lists(LARGE, min_size=3, max_size=3))
def test_whatever_is_measured_a_figure_is_a_number(text, values, others):
    limits = of(text)
    constant = dict(zip(("sp", "flow", "inlet"), others, strict=True))
    for minute, frame in t(*values):
        for hit in limits.judge(round(minute * MINUTE), {**frame, **constant, "out": frame["t"]}, RUNNING, NO_FLEET):
            assert math.isfinite(hit.value)


@settings(max_examples=20, deadline=None)
@given(st.lists(LARGE, min_size=40, max_size=60))
def test_whatever_is_measured_a_trend_is_never_none(values):
    limits = of(TO_LIMIT)
    for minute, frame in t(*values, every=60):
        for hit in limits.judge(round(minute * MINUTE), frame, RUNNING, NO_FLEET):
            assert hit.value >= 0
