"""A mapping document that could not work is refused where it is loaded, and names its key; nothing else goes wrong."""

import json
import tomllib

import pytest

from ingest.border import Bounds
from ingest.formats import mapping
from ingest.formats.formats import Formats
from ingest.formats.mapped import Mapped
from ingest.messages import Message, Reason
from ingest.replay import InvalidMapping

NOW_US = 1_772_431_200_000_000
BARE = {"topic": "a/{m}", "site": "S", "asset": "{m}", "value": "", "signal": "x"}

WRONG = {
    "no topic at all": {"topic": ""},
    "a wildcard in a level": {"topic": "hall/a+b"},
    "a hash in a level": {"topic": "hall/a#"},
    "a wildcard beside a name": {"topic": "hall/x+{m}"},
    "a NUL": {"topic": "hall/\0/{m}"},
    "a shared subscription": {"topic": "$share/group/{m}"},
    "a topic of the native payload": {"topic": "plantwright/v2/{m}"},
    "a topic longer than a packet": {"topic": "a" * 70_000},
    "a folder of time zones": {"time": {"path": "t", "zone": "Europe"}},
    "a time zone of 5,000 characters": {"time": {"path": "t", "zone": "x" * 5_000}},
    "a time without a date": {"time": {"path": "t", "format": "%H:%M:%S"}},
    "a date without a year": {"time": {"path": "t", "format": "%d.%m. %H:%M"}},
    "a clock of twelve hours": {"time": {"path": "t", "format": "%d.%m.%Y %I:%M"}},
    "an encoding that reads nothing": {"encoding": "undefined"},
    "an encoding with a NUL": {"encoding": "utf-8\0"},
    "a delimiter that ends a line": {"delimiter": "\n"},
    "a delimiter that quotes": {"delimiter": '"'},
    "a field that is not closed": {"asset": "pump-{m"},
    "braces in braces": {"asset": "{{m}}"},
    "braces round nothing": {"asset": "{}"},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
def test_a_document_that_could_not_work_is_refused_and_names_the_key(changed):
    with pytest.raises(InvalidMapping) as wrong:
        mapping.parse({**BARE, **changed}, source="x")
    assert next(iter(changed)) in wrong.value.problem or "[time]" in wrong.value.source


@pytest.mark.parametrize("scale", ["nan", "inf", "1" + "0" * 400])
def test_a_scale_is_a_number_that_can_be_multiplied_by(scale):
    text = f'topic = "a/{{m}}"\nsite = "S"\nasset = "A"\n[signals]\n"v" = {{ signal = "x", scale = {scale} }}'
    with pytest.raises(InvalidMapping, match="scale"):
        mapping.parse(tomllib.loads(text), source="x")


@pytest.mark.parametrize("index", ["\u00b2", "9" * 5_000, "\u0663"])
def test_an_index_that_is_no_number_is_a_name(index):
    document = {**BARE, "value": f"v[{index}]"}
    del document["signal"]
    read = mapping.parse({**document, "signal": "x"}, source="x")
    frames, _ = Formats([Mapped([read])]).parse(message({"v": {index: 5}}), Bounds())
    assert [frame.values for frame in frames] == [{"x": 5.0}]


def message(document):
    return Message("a/P-1", json.dumps(document).encode(), NOW_US)


def test_an_asset_without_a_name_costs_no_asset_beside_it():
    read = mapping.parse(
        {"topic": "a/{m}", "site": "S", "asset": "{#key}", "each": "", "signals": {"temp": "temp"}}, source="x"
    )
    sent = {"": {"temp": 1}, "P-2": {"temp": 2}, "P-3": {"temp": 3}}
    frames, (refused,) = Formats([Mapped([read])]).parse(message(sent), Bounds())
    assert [(frame.asset, frame.values) for frame in frames] == [("P-2", {"temp": 2.0}), ("P-3", {"temp": 3.0})]
    assert refused.reason is Reason.WRONG_TOPIC


@pytest.mark.parametrize(("said", "quality"), [(192, 0), (192.0, 0), ("OK", 0), (True, 2), (64.0, 1), (0, 2)])
def test_a_quality_is_good_however_json_writes_its_number(said, quality):
    document = {**BARE, "value": "v", "quality": {"path": "q", "good": ["OK", 192, 1], "uncertain": [64]}}
    read = mapping.parse(document, source="x")
    (frame,), _ = Formats([Mapped([read])]).parse(message({"v": 5, "q": said}), Bounds())
    assert (0 if frame.details is None else frame.details.quality) == quality


@pytest.mark.parametrize("name", [float("inf"), float("-inf"), 10**400])
def test_a_number_that_is_none_is_no_name(name):
    document = {**BARE, "value": "v", "signal": "{.n}"}
    frames, (refused,) = Formats([Mapped([mapping.parse(document, source="x")])]).parse(
        message({"v": 5, "n": name}), Bounds()
    )
    assert (frames, refused.reason) == ([], Reason.WRONG_SHAPE)
