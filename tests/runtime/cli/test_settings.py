"""Settings come from the command line, the environment and a file; a wrong one stops the start and names what to do."""

import os
import sys

import pytest

from models.document import ModelDocument, ModelDocumentError
from runtime.settings import FILE_VARIABLE, InvalidSettings, Settings, load


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith("PLANTWRIGHT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Write the settings file and name it in the environment."""

    def write(text):
        path = tmp_path / "plantwright.toml"
        path.write_text(text)
        monkeypatch.setenv(FILE_VARIABLE, str(path))
        return path

    return write


def test_nothing_has_to_be_set():
    assert load().topics == ["plantwright/#"]


def test_the_file_is_read(file):
    file('batch_most = 7\ntopics = ["plantwright/v1/NTH/#"]\n[api_keys]\nboard = "0123456789abcdef"')
    settings = load()
    assert (settings.batch_most, settings.topics) == (7, ["plantwright/v1/NTH/#"])
    assert settings.api_keys == {"board": "0123456789abcdef"}


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(file, monkeypatch):
    file("batch_most = 7\nport = 1\nretention_days = 30")
    monkeypatch.setenv("PLANTWRIGHT_BATCH_MOST", "8")
    monkeypatch.setenv("PLANTWRIGHT_PORT", "2")
    settings = load(port=3)
    assert (settings.retention_days, settings.batch_most, settings.port) == (30, 8, 3)


def test_what_the_command_line_leaves_out_is_not_set_by_it(monkeypatch):
    monkeypatch.setenv("PLANTWRIGHT_BROKER", "mqtt://plant")
    assert load(broker=None).broker == "mqtt://plant"


def test_lists_and_tables_are_written_as_json_in_the_environment(monkeypatch):
    monkeypatch.setenv("PLANTWRIGHT_TOPICS", '["a/#", "b/#"]')
    assert load().topics == ["a/#", "b/#"]


WRONG = {
    "a number in words": (
        "BATCH_MOST",
        "many",
        "batch_most (environment PLANTWRIGHT_BATCH_MOST, or a key of the TOML file)",
    ),
    "a number too small": ("BATCH_MOST", "0", "greater than or equal to 1"),
    "no time to wait": ("BATCH_MAX_WAIT_S", "0", "greater than 0"),
    "more years than a database knows": ("OLDEST_DAYS", "1000000", "less than or equal to 36500"),
    "a clock two days ahead": ("MAX_SKEW_S", "172800", "less than or equal to 86400"),
    "no retention": ("RETENTION_DAYS", "0", "greater than or equal to 1"),
    "no topics": ("TOPICS", "[]", "at least 1 item"),
    "another database": ("DATABASE", "mysql://u:secret@h/d", "write postgresql://user:password@host:5432/name"),
    "another broker": ("BROKER", "amqp://u:secret@h", "write mqtt://host:1883 or mqtts://host:8883"),
    "no client name": ("CLIENT_ID", "", "at least 1 character"),
    "a short key": ("API_KEYS", '{"board": "secret"}', "the key 'board' is shorter than 16 characters; make one with"),
    "a port that is none": ("PORT", "65536", "less than or equal to 65535"),
    "a misspelt one": ("BATCH_MOSt", "7", "PLANTWRIGHT_BATCH_MOSt: there is no such setting"),
    "one that is none": ("BATCHMOST", "7", "PLANTWRIGHT_BATCHMOST: there is no such setting; `plantwright settings`"),
}


@pytest.mark.parametrize(("name", "value", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_one_stops_the_start_and_names_the_mend(monkeypatch, name, value, says):
    monkeypatch.setenv(f"PLANTWRIGHT_{name}", value)
    with pytest.raises(InvalidSettings) as raised:
        load()
    assert says in str(raised.value)
    assert f"PLANTWRIGHT_{name}" in str(raised.value) or name == "HOST"


@pytest.mark.parametrize(("name", "value", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_one_tells_no_secret(monkeypatch, name, value, says):
    monkeypatch.setenv(f"PLANTWRIGHT_{name}", value)
    with pytest.raises(InvalidSettings) as raised:
        load()
    assert "secret" not in str(raised.value)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(InvalidSettings) as raised:
        load(batch_most=0, port=-1)
    assert len(str(raised.value).splitlines()) == 2


def test_a_key_of_the_file_that_is_none_is_named(file):
    file("batchmost = 7")
    with pytest.raises(InvalidSettings, match=r"batchmost .*there is no such setting"):
        load()


def test_a_file_that_is_no_toml_is_named(file):
    path = file("batch_most = ")
    with pytest.raises(InvalidSettings) as raised:
        load()
    assert str(raised.value).startswith(f"{path}: ")


def test_a_file_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv(FILE_VARIABLE, "/nowhere/plantwright.toml")
    with pytest.raises(InvalidSettings, match=r"PLANTWRIGHT_CONFIG: there is no file /nowhere/plantwright\.toml"):
        load()


def test_pages_open_without_a_password_on_this_machine_only():
    assert load(pages_as="demo").pages_as == "demo"
    with pytest.raises(InvalidSettings, match=r"host is 0\.0\.0\.0, which others can reach: leave pages_as out"):
        load(host="0.0.0.0", pages_as="demo")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_is_for(name):
    assert Settings.model_fields[name].description


def test_a_folder_of_own_detectors_may_be_named(tmp_path, monkeypatch):
    (tmp_path / "our_detectors.py").write_text(
        "class Far:\n"
        "    def score_one(self, x):\n        return 0.0\n"
        "    def learn_one(self, x):\n        return self\n"
    )
    monkeypatch.setattr("sys.path", [*sys.path])
    named = {"estimator": "our_detectors.Far", "warmup_frames": 64}
    with pytest.raises(ModelDocumentError, match="`detectors` names"):
        ModelDocument.from_table(named)
    load(detectors=tmp_path)
    assert ModelDocument.from_table(named).estimator == "our_detectors.Far"


@pytest.mark.parametrize(("make", "problem"), [(None, "no such folder"), ("json.py", "another module json already")])
def test_a_folder_of_detectors_that_does_not_fit_is_told(tmp_path, make, problem):
    folder = tmp_path / "detectors"
    if make is not None:
        folder.mkdir()
        (folder / make).write_text("")
    with pytest.raises(InvalidSettings, match=problem):
        load(detectors=folder)


def test_what_the_timetable_gives_out_names_orders_that_there_can_be(file):
    assert load().dispatch == ["engine"]
    file('dispatch = ["engine", "person:emergency"]')
    assert load().dispatch == ["engine", "person:emergency"]
    file('dispatch = ["engine", "person:urgent"]')
    with pytest.raises(InvalidSettings, match="'person:urgent' names no orders: write engine, person, schedule"):
        load()


FILES = {
    "nested too deep": b"x = " + b"[" * 5_000,
    "a number of thousands of digits": b"x = " + b"9" * 5_000,
    "another encoding": b"x = '\xff'",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_of_settings_that_is_no_toml_is_told_by_name(tmp_path, monkeypatch, content):
    file = tmp_path / "plantwright.toml"
    file.write_bytes(content)
    monkeypatch.setenv("PLANTWRIGHT_CONFIG", str(file))
    with pytest.raises(InvalidSettings, match=r"plantwright\.toml: is not TOML: "):
        load()


@pytest.mark.parametrize("topic", ["", "#/a", "a#", "a/b+", "a\0", "\ud800", "x" * 65_536])
def test_a_topic_filter_that_a_broker_would_not_take_is_refused(topic):
    with pytest.raises(InvalidSettings, match=r"topics .* is no topic filter, a broker would close the connection"):
        load(topics=["plantwright/#", topic])


@pytest.mark.parametrize("topic", ["#", "+", "/", "a//b", "+/a/+", "a/#", "$SYS/#", "$share/g/a/+", "ü /+"])
def test_a_topic_filter_is_taken(topic):
    assert load(topics=[topic]).topics == [topic]


def test_a_list_in_the_environment_that_is_no_json_is_told(monkeypatch):
    monkeypatch.setenv("PLANTWRIGHT_TOPICS", "plantwright/#")
    with pytest.raises(InvalidSettings, match=r'must be JSON: error parsing value for field "topics"'):
        load()
