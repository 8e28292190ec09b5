"""Trying a mapping, and hearing on a real broker what nobody maps: the proposal is a mapping that works."""

import io
import json
import threading
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from ingest.border import Bounds
from ingest.broker.publisher import Publisher
from ingest.broker.subscriber import Subscriber
from ingest.formats import mapped, mapping, proposal
from ingest.messages import Message
from runtime.cli import main, mappings
from runtime.settings import Settings
from tests.runtime.processes import kills

NOW_US = 1_772_431_200_000_000


def heard(*pairs):
    return [Message(topic, payload, NOW_US) for topic, payload in pairs]


def proposed(messages):
    """Propose, and read each message by the proposals; the frames as (asset, event time in s, values)."""
    made = [mapping.parse(tomllib.loads(text), source="proposed") for text in proposal.proposals(messages)]
    found = []
    for message in messages:
        for each in made:
            frames, _ = mapped.parse(each, message, Bounds()) or ([], [])
            found += [(frame.asset, frame.at_us // 1_000_000, frame.values) for frame in frames]
    return found


def test_an_objects_numbers_and_time_are_found():
    messages = heard(
        ("plant/press/data", b'{"t": {"timestamp": 1772431100}, "temp": 71.5, "m": {"rms": "2.5"}, "name": "x"}'),
        ("plant/saw/data", b'{"t": {"timestamp": 1772431101}, "temp": 70}'),
    )
    assert proposed(messages) == [
        ("press", 1772431100, {"temp": 71.5, "m/rms": 2.5}),
        ("saw", 1772431101, {"temp": 70.0}),
    ]


def test_bare_values_take_their_names_from_the_topic():
    messages = heard(("shop/fan/speed", b"1480"), ("shop/fan/current", b"4.2"), ("shop/saw/speed", b"900"))
    assert proposed(messages) == [
        ("fan", NOW_US // 1_000_000, {"speed": 1480.0}),
        ("fan", NOW_US // 1_000_000, {"current": 4.2}),
        ("saw", NOW_US // 1_000_000, {"speed": 900.0}),
    ]


def test_an_array_is_walked():
    messages = heard(("gw/1", b'[{"ts": "2026-03-02T05:59:00", "a": 1}, {"ts": "2026-03-02T05:59:30", "a": 2}]'))
    assert [each[1:] for each in proposed(messages)] == [(1772431140, {"a": 1.0}), (1772431170, {"a": 2.0})]


def test_what_is_no_number_is_told_and_nothing_breaks():
    text = "\n".join(proposal.proposals(heard(("a/b", b"\xff"), ("a/c", b"on"), ("d", b"{}"), ("e/f/g", b"[]"))))
    assert "is not a number" in text
    assert "No number was found." in text
    assert all(tomllib.loads(each) for each in proposal.proposals(heard(("a/b", b"\xff"), ('q"/x', b"{}"))))


def test_listening_hears_what_nobody_maps_and_leaves_nothing_at_the_broker(mosquitto, monkeypatch):
    written = io.StringIO()
    console = Console(file=written, width=200)
    settings = Settings(broker=mosquitto.url)
    listening, came, done = threading.Event(), set[str](), threading.Event()

    class Heard(Subscriber):
        """Says that it listens, and what it has handed on."""

        def batches(self, *, most, max_wait_s):
            listening.set()
            for batch in super().batches(most=most, max_wait_s=max_wait_s):
                came.update(each.topic for each in batch)
                yield batch

    monkeypatch.setattr(mappings, "Subscriber", Heard)
    thread = threading.Thread(target=mappings.listen, args=(settings, ["#"], kills.PATIENCE_S, done, console))
    thread.start()
    assert listening.wait(kills.PATIENCE_S)
    with Publisher(mosquitto.url) as publisher:
        publisher.publish("plantwright/v1/NTH/P-1", b'{"ts": 0, "values": {"a": 1}}')
        publisher.publish("plant/press/data", b'{"ts": 1772431100, "temp": 71.5}')
    kills.within(lambda: came >= {"plantwright/v1/NTH/P-1", "plant/press/data"}, "both messages are heard")
    done.set()
    thread.join(kills.PATIENCE_S)
    said = written.getvalue()
    assert "heard 2 messages; 1 are understood already" in said
    assert '"temp" = { signal = "temp", unit = "" }' in said


def test_a_message_that_does_not_fit_says_why_and_exits_with_one(tmp_path):
    def attempt(topic, payload, name="homie"):
        done = CliRunner().invoke(main.app, ["mapping", "try", name, "--topic", topic, "--payload", payload])
        return done.exit_code, done.output

    assert attempt("homie/5/b/s/t", "21.5") == (0, "homie/b  when it came\n  s/t = 21.5\n")
    assert attempt("homie/5/b/s/t", "warm") == (0, "homie/b  when it came\n  s/t = 'warm', by its states\n")
    code, said = attempt("homie/5/b/s/t", "nan")
    assert (code, "refused, not_a_number: s/t: 'nan' is not a number" in said) == (1, True)
    assert attempt("other/topic", "5")[0] == 1
    code, said = attempt("a", "5", str(tmp_path / "none.toml"))
    assert (code, "name a file, or one of homie, skab, umh" in said) == (2, True)


def test_trying_a_date_at_the_edge_of_the_calendar_says_that_it_is_refused(tmp_path, capsys):
    document = 'topic = "net/{machine}/out"\nsite = "NET"\nasset = "{machine}"\nvalues = "v"\n'
    (tmp_path / "m.toml").write_text(document + '[time]\npath = "t"\nformat = "iso"\nzone = "Europe/Oslo"\n')
    payload = '{"t": "0001-01-01T00:00:00", "v": {"temp": 20.5}}'
    assert not mappings.attempt(str(tmp_path / "m.toml"), "net/press-1/out", payload, Console())
    assert capsys.readouterr().out.startswith("refused, too_old: ")


@pytest.mark.parametrize(
    "topic", ["/sensors/boiler/SENSOR", "sensors/boiler/SENSOR/", "sensors//boiler/SENSOR", "//a", "/"]
)
def test_an_empty_level_is_a_level_and_the_proposal_for_it_works(topic):
    (text,) = proposal.proposals(heard((topic, b'{"temp": 41.5}')))
    made = mapping.parse(tomllib.loads(text), source="proposed")
    assert made.filter is not None
    assert [level == "" for level in made.filter.split("/")] == [level == "" for level in topic.split("/")]
    assert [values for _, _, values in proposed(heard((topic, b'{"temp": 41.5}')))] == [{"temp": 41.5}]


def test_topics_with_and_without_a_leading_slash_are_two_sorts():
    found = proposed(heard(("/shop/fan", b'{"a": 1}'), ("shop//fan", b'{"a": 2}'), ("/shop/saw", b'{"a": 3}')))
    assert [(asset, values["a"]) for asset, _, values in found] == [("fan", 1.0), ("fan", 2.0), ("saw", 3.0)]


def test_an_object_of_machines_is_proposed_with_their_names():
    found = proposed(heard(("shop/all", b'{"P-101": {"temp": 41.5}, "P-102": {"temp": 44}}')))
    assert found == [("P-101", NOW_US // 1_000_000, {"temp": 41.5}), ("P-102", NOW_US // 1_000_000, {"temp": 44.0})]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(st.lists(st.tuples(st.text(alphabet="ab/{}*\n\"'é", min_size=1, max_size=12), JSON.map(json.dumps)), max_size=4))
def test_every_proposal_loads_and_is_for_its_messages(pairs):
    messages = heard(*((topic, text.encode()) for topic, text in pairs))
    texts = proposal.proposals(messages)
    assert all(tomllib.loads(text) for text in texts)
    made = [mapping.parse(tomllib.loads(text), source="x") for text in texts if "# No number" not in text]
    for message in messages:
        assert len(made) < len(texts) or any(mapped.parse(each, message, Bounds()) is not None for each in made)
