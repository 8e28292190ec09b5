"""Different names never become one asset or one signal, whatever way they come in by."""

import itertools
import json
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import names
from ingest.border import Bad, Bounds
from ingest.formats import mapping
from ingest.formats.formats import Formats
from ingest.formats.mapped import Mapped
from ingest.formats.thingsboard import ThingsBoard
from ingest.messages import Message, Reason
from ingest.names import Names
from ingest.replay import stem

NOW_US = 1_772_431_200_000_000
TS = NOW_US // 1000
BAG = 'topic = "{site}/{asset}/all"\nvalues = "v"\n'
ONE = 'topic = "gw"\nsite = "{.site}"\nasset = "{.asset}"\nsignal = "{.name}"\nvalue = "v"\n'


def everything(owned=()):
    documents = [mapping.parse(tomllib.loads(each), source="x") for each in (BAG, ONE)]
    return Formats(
        [Mapped([*documents, mapping.ready_made("umh"), mapping.ready_made("homie")]), ThingsBoard("TB")],
        names=Names(owned),
    )


def gateway(devices):
    document = {name: [{"ts": TS, "values": values}] for name, values in devices.items()}
    return Message("v1/gateway/telemetry", json.dumps(document).encode(), NOW_US)


def read(formats, *messages):
    """Return what is stored, by asset and signal; two values of one signal would be two there."""
    found = []
    for message in messages:
        frames, refused = formats.parse(message, Bounds())
        assert refused == []
        found += [(frame.key, name, value) for frame in frames for name, value in frame.values.items()]
    assert len({each[:2] for each in found}) == len(found)
    return found


SIGNALS = [
    {"P": 6.2, "ΔP": 0.4},
    {"ΔP": 0.4, "P": 6.2},
    {"U": 231, "U<": 0, "U>": 0},
    {"温度1": 40, "压力1": 6},
    {"T (C)": 1, "T [C]": 2},
    {"+24V": 1, "-24V": 2, "24V": 3},
    {"x" * 129: 1, "x" * 128 + "y": 2, "x" * 128: 3},
    {"a<b": 1, "a>b": 2, "a_b": 3},
    {"Süd": 1, "Sud": 2},
    {"_a": 1, "a": 2, "a ": 3},
]


@pytest.mark.parametrize("values", SIGNALS, ids=lambda values: next(iter(values))[:8])
def test_two_signals_of_a_device_stay_two(values):
    by_gateway = read(everything(), gateway({"P-1": values}))
    assert sorted(value for _, _, value in by_gateway) == sorted(values.values())
    by_mapping = read(everything(), Message("S/A/all", json.dumps({"v": values}).encode(), NOW_US))
    assert [each[1:] for each in by_mapping] == [each[1:] for each in by_gateway]
    formats = everything()
    one_by_one = [
        Message("gw", json.dumps({"site": "S", "asset": "A", "name": name, "v": value}).encode(), NOW_US)
        for name, value in values.items()
    ]
    assert [each[1:] for each in read(formats, *one_by_one)] == [each[1:] for each in by_gateway]


MACHINES = [
    ["水泵1", "风机1"], ["Насос 1", "Котёл 1"], ["Pump 7", "Pump_7"], ["Pump_7", "Pump 7"], ["a/b", "a.b"],
    ["x" * 65, "x" * 64 + "y"], ["Süd", "Sud"], ["Pump_", "Pump"],
]  # fmt: skip


@pytest.mark.parametrize("devices", MACHINES, ids=lambda devices: devices[0][:8])
def test_two_machines_stay_two(devices):
    assert len({key for key, _, _ in read(everything(), gateway({name: {"t": 1} for name in devices}))}) == 2
    formats = everything()
    found = read(formats, *(gateway({name: {"t": 1}}) for name in devices))
    assert len({key for key, _, _ in found}) == 2


def test_long_places_of_umh_are_two_assets():
    place = "umh/v1/acme/bergen/packaging-department-north/filling-line-number-12/carousel-station-a"
    payload = json.dumps({"timestamp_ms": TS, "value": 5}).encode()
    messages = [Message(f"{place}/motor-{n}/_historian/temp", payload, NOW_US) for n in (1, 2)]
    found = read(everything(), *messages)
    assert len({key for key, _, _ in found}) == 2


def test_two_sites_stay_two():
    payloads = [{"site": site, "asset": "A", "name": "t", "v": 1} for site in ("Nord 1", "Nord_1")]
    found = read(everything(), *(Message("gw", json.dumps(each).encode(), NOW_US) for each in payloads))
    assert len({key for key, _, _ in found}) == 2


def test_a_name_that_can_be_used_stays_and_one_that_is_folded_has_no_hash():
    assert [names.code(name) for name in ("P-101", "Pump 7", "Pumpe 1 (Süd)", "a/b")] == [
        "P-101", "Pump_7", "Pumpe_1_Sud", "a.b",
    ]  # fmt: skip
    assert [names.signal(name) for name in ("oil temp", "T (C)", " T [C] ", "m/s²")] == [
        "oil temp", "T _C", "T _C", "m/s2",
    ]  # fmt: skip
    assert re.fullmatch("P-[0-9a-f]{6}", names.signal("ΔP"))


@pytest.mark.parametrize("name", ["", " ", "水泵", "---", "()"])
def test_a_name_of_which_nothing_can_be_used_is_refused(name):
    with pytest.raises(Bad) as wrong:
        names.code(name)
    assert wrong.value.reason is Reason.WRONG_TOPIC


def test_who_has_a_name_keeps_it_when_the_engine_starts_again():
    formats = everything()
    first = read(formats, gateway({"Pump_7": {"T (C)": 1}}))
    owned = formats.names.new()
    assert formats.names.new() == []
    again = read(everything(owned), gateway({"Pump 7": {"T [C]": 2}}), gateway({"Pump_7": {"T [C]": 3, "T (C)": 4}}))
    assert first == [("TB/Pump_7", "T _C", 1.0)]
    assert re.fullmatch("TB/Pump_7-[0-9a-f]{6}", again[0][0])
    assert again[0][1] == "T _C"
    assert again[2] == ("TB/Pump_7", "T _C", 4.0)


def test_a_name_that_is_spelled_like_anothers_hash_is_another():
    for first, second in (("Pump_7", "Pump 7"), ("P", "ΔP")):
        known = Names()
        known.asset("S", first)
        made = known.asset("S", second)[1]
        literal = known.asset("S", made)[1]
        again = Names(known.new())
        assert len({first, made, literal}) == 3
        assert [again.asset("S", name)[1] for name in (made, second, first)] == [literal, made, first]
        known, place = Names(), ("S", "A")
        assert known.signal(place, made) == made
        assert known.signal(place, first) == first
        signal = known.signal(place, second)
        assert signal not in (made, first)
        assert known.signal(place, second) == signal


@pytest.mark.parametrize("room", [0, 200, 400, 600, 800, 1_000])
def test_a_name_like_a_hash_is_another_also_where_no_name_is_remembered(monkeypatch, room):
    monkeypatch.setattr(names, "MOST_BYTES", room)
    for order in itertools.permutations(["Pump_7", "Pump 7", names.hashed("Pump_7", "Pump 7", 64)]):
        known = Names()
        assert len({known.asset("S", name) for name in order * 2}) == 3


@given(st.lists(st.text(max_size=100), max_size=8), st.lists(st.text(min_size=64, max_size=300), max_size=3))
def test_whatever_the_names_are_they_stay_as_many(few, long):
    known = Names()
    found: dict[str, object] = {}
    signals, assets = set(), set()
    for name in [*few, *long] * 2:
        try:
            made = known.signal(("S", "A"), name), known.asset("S", name)
        except Bad:
            continue
        assert found.setdefault(name, made) == made
        signals.add(made[0])
        assets.add(made[1])
        assert len(made[0]) <= 128
        assert len(made[1][1]) <= 64
    assert len(signals) == len(assets) == len(found)


def test_what_is_remembered_of_names_is_bounded_and_they_stay_distinct(monkeypatch):
    monkeypatch.setattr(names, "MOST_BYTES", 50_000)
    known = Names()
    made = {known.signal(("S", "A"), f"T ({i}) {'x' * 6_000}") for i in range(500)}
    assert len(made) == 500
    assert known.bytes < 51_000
    assert sum(len(name) for _, _, _, name in known.new()) < 51_000


def test_two_paths_that_give_one_signal_are_told_both():
    document = 'topic = "t"\nsite = "S"\nasset = "A"\n[signals]\n"a" = "flow"\n"b" = "flow"\n'
    formats = Formats([Mapped([mapping.parse(tomllib.loads(document), source="x")])])
    (frame,), (refused,) = formats.parse(Message("t", b'{"a": 1, "b": 2}', NOW_US), Bounds())
    assert (frame.values, refused.reason) == ({"flow": 1.0}, Reason.WRONG_SIGNAL)
    assert "'a' and 'b' both give the signal 'flow'" in refused.problem
    (frame,), none = formats.parse(Message("t", b'{"b": 2}', NOW_US), Bounds())
    assert (frame.values, none) == ({"flow": 2.0}, [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("P.101.csv", "P.101"), ("P.102.csv.gz", "P.102"), ("P-1.PARQUET", "P-1"), ("P-1", "P-1"), (".csv", ".csv")],
)
def test_the_stem_of_a_file_is_its_name_without_known_endings(name, expected):
    assert stem(Path(name)) == expected


LINES = 'topic = "{site}/{line}/{machine}"\nasset = "{line}.{machine}"\nvalues = "v"\n'
JOINED = Mapped([mapping.parse(tomllib.loads(LINES), source="x")])


def asset_of(known, line, machine):
    message = Message(f"N/{line}/{machine}", b'{"v": {"temp": 1}}', NOW_US)
    ((frame,), refused) = JOINED.parse(message, Bounds(), known)
    assert refused == []
    return frame.asset


def test_names_that_are_joined_to_the_same_text_are_two_assets_for_good():
    known = Names()
    first, second = asset_of(known, "a.b", "c"), asset_of(known, "a", "b.c")
    assert first == "a.b.c"
    assert re.fullmatch("a\\.b\\.c-[0-9a-f]{6}", second)
    again = Names(known.new())
    assert (asset_of(again, "a", "b.c"), asset_of(again, "a.b", "c")) == (second, first)
    assert asset_of(again, "a", "c") == "a.c"


def test_a_joined_name_that_was_known_without_where_its_parts_end_stays_the_asset_that_it_was():
    known = Names([("N", "", "", "N"), ("N", "a.b.c", "", "a.b.c")])
    assert asset_of(known, "a.b", "c") == "a.b.c"
    again = Names([("N", "", "", "N"), *known.new()])
    assert asset_of(again, "a", "b.c") != "a.b.c"
    assert again.asset("N", "a.b.c") == ("N", "a.b.c"), "who names the whole means the one that has it"


def test_a_name_that_looks_as_if_it_were_joined_is_a_name_of_its_own():
    known = Names()
    assert asset_of(known, "a.b", "c") == "a.b.c"
    codes = {known.asset("N", name)[1] for name in ("a.b.c\x1f3,4", "a.b.c\x1f", "a.b.c\x1f1,2")}
    assert len(codes) == 3
    assert "a.b.c" not in codes


@pytest.mark.parametrize("pair", [("Hall 1", "Hall_1"), ("Süd", "Sud"), ("水泵1", "风机1"), ("P", "ΔP"), ("(A)", "A")])
def test_different_names_of_locations_never_become_one(pair):
    known = Names()
    codes = [known.location("N", name) for name in pair]
    assert len(set(codes)) == 2
    again = Names(known.new())
    assert [again.location("N", name) for name in reversed(pair)] == codes[::-1]
    assert again.asset("N", pair[0])[1] == names.code(pair[0]), "an asset may be called as its location"
