"""Recorded telemetry becomes messages: the sample plant, and any CSV file with a mapping."""

import gzip
import json
import lzma
from datetime import UTC, datetime, timedelta

import pytest

from ingest.formats.payload import Bounds, parse
from ingest.messages import Message, Reason
from ingest.replay import LOOP_MINUTES, MINUTES, InvalidMapping, SamplePlant, file_frames, read_mapping

ANCHOR = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MAPPING = """
site = "SKAB"
asset = "testbed-{stem}"
delimiter = ";"
[time]
column = "when"
format = "%Y-%m-%d %H:%M:%S"
zone = "Europe/Oslo"
[signals]
"Flow (l)" = { signal = "flow", unit = "L/min" }
"Temp" = { signal = "temp", unit = "degC" }
"""
ROWS = "when;Flow (l);Temp;remark\n2026-03-02 07:00:00;12.5;71;fine\n2026-03-02 07:00:01;;72;\n"


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """Two assets whose temp is the recorded minute; the second one's clock is wrong now and then."""
    folder = tmp_path_factory.mktemp("plant")
    clocks = {3: "1970-01-01T00:00:00+00:00", 4: "2100-01-01T00:00:00+00:00", 5: "-3600", 6: "+60"}
    for asset, wrong in (("P-1", {}), ("P-2", clocks)):
        rows = [f"{minute},{wrong.get(minute, '')},{minute},{'' if minute == 2 else 9.5}" for minute in range(31_680)]
        text = "\n".join(["minute,clock,temp,flow", *rows])
        (folder / f"{asset}.csv.xz").write_bytes(lzma.compress(text.encode(), preset=0))
    return SamplePlant(folder, site="NTH", anchor=ANCHOR)


def documents(publications):
    return [json.loads(each.payload) for each in publications]


def test_the_plant_sends_a_message_an_asset_a_minute(plant):
    sent = list(plant.frames(0, 2))
    assert [each.topic for each in sent] == ["plantwright/v1/NTH/P-1", "plantwright/v1/NTH/P-2"] * 2
    assert [each.at for each in sent[::2]] == [plant.time_of(0), plant.time_of(1)]
    assert documents(sent)[2] == {"ts": plant.time_of(1).isoformat(), "values": {"temp": 1, "flow": 9.5}}


def test_what_was_not_measured_is_absent(plant):
    assert documents(plant.frames(2, 3))[0]["values"] == {"temp": 2}


def test_the_recording_ends_at_its_anchor(plant):
    assert plant.time_of(MINUTES) == ANCHOR
    assert plant.minute_at(ANCHOR - timedelta(minutes=90)) == MINUTES - 90
    assert plant.minute_at(plant.time_of(17)) == 17


def test_the_last_day_is_repeated_for_ever(plant):
    temps = [each["values"]["temp"] for each in documents(plant.frames(MINUTES - 1, MINUTES + 1))[::2]]
    assert temps == [MINUTES - 1, MINUTES]
    later = MINUTES + 1000 * LOOP_MINUTES
    (first, _) = plant.frames(later, later + 1)
    assert json.loads(first.payload)["values"]["temp"] == MINUTES
    assert first.at == ANCHOR + 1000 * timedelta(days=1)


def test_a_device_claims_the_time_that_its_clock_says(plant):
    claims = [documents(plant.frames(minute, minute + 1))[1]["ts"] for minute in range(2, 8)]
    true = [plant.time_of(minute) for minute in range(2, 8)]
    assert claims == [
        true[0].isoformat(),
        "1970-01-01T00:00:00+00:00",
        "2100-01-01T00:00:00+00:00",
        (true[3] - timedelta(hours=1)).isoformat(),
        (true[4] + timedelta(minutes=1)).isoformat(),
        true[5].isoformat(),
    ]


def test_what_the_plant_sends_is_read_but_where_its_clock_is_wrong(plant):
    received_us = int(plant.time_of(0).timestamp() * 1e6)
    reasons = []
    for each in plant.frames(0, 8):
        frames, refused = parse(Message(each.topic, each.payload, received_us), Bounds(skew_us=600_000_000))
        assert bool(frames) is not bool(refused)
        reasons += [one.reason for one in refused]
    assert reasons == [Reason.TOO_OLD, Reason.IN_FUTURE]


def test_a_folder_without_a_plant_is_named(tmp_path):
    with pytest.raises(InvalidMapping, match=r"has no sample plant \(files named <asset>\.csv\.xz\)"):
        SamplePlant(tmp_path, site="NTH", anchor=ANCHOR)


def test_a_recording_that_is_too_short_is_named(tmp_path):
    (tmp_path / "P-1.csv.xz").write_bytes(lzma.compress(b"minute,clock,temp\n0,,1\n"))
    with pytest.raises(InvalidMapping, match=r"P-1\.csv\.xz: has 1 minutes, not 31680"):
        SamplePlant(tmp_path, site="NTH", anchor=ANCHOR)


def mapping(tmp_path, text=MAPPING):
    file = tmp_path / "mapping.toml"
    file.write_text(text)
    return read_mapping(file)


def sent(tmp_path, rows=ROWS, text=MAPPING):
    file = tmp_path / "1.csv"
    file.write_text(rows)
    return list(file_frames(file, mapping(tmp_path, text)))


def test_a_row_is_a_message_in_utc_and_an_empty_field_is_absent(tmp_path):
    first, second = sent(tmp_path)
    assert first.topic == "plantwright/v1/SKAB/testbed-1"
    assert first.at == ANCHOR
    assert documents([first, second]) == [
        {"ts": "2026-03-02T06:00:00+00:00", "values": {"flow": 12.5, "temp": 71.0}},
        {"ts": "2026-03-02T06:00:01+00:00", "values": {"temp": 72.0}},
    ]


def test_a_time_with_its_own_zone_needs_no_format(tmp_path):
    text = MAPPING.replace('format = "%Y-%m-%d %H:%M:%S"', "")
    (first,) = sent(tmp_path, "when;Flow (l);Temp\n2026-03-02T06:00:00Z;1;\n", text)
    assert first.at == ANCHOR


def test_a_row_without_values_is_no_message(tmp_path):
    assert sent(tmp_path, "when;Flow (l);Temp\n2026-03-02 07:00:00;;\n") == []


@pytest.mark.parametrize("what", ["nan", "inf"])
def test_what_is_no_number_goes_to_quarantine_and_spares_the_values_beside_it(tmp_path, what):
    (publication,) = sent(tmp_path, f"when;Flow (l);Temp\n2026-03-02 07:00:00;{what};71\n")
    received_us = int(ANCHOR.timestamp()) * 1_000_000
    (frame,), (refused,) = parse(Message(publication.topic, publication.payload, received_us), Bounds())
    assert frame.values == {"temp": 71.0}
    assert refused.reason is Reason.NOT_A_NUMBER


@pytest.mark.parametrize(("ending", "opened"), [(".csv.gz", gzip.compress), (".csv.xz", lzma.compress)])
def test_a_compressed_file_is_read_as_it_is(tmp_path, ending, opened):
    file = tmp_path / f"1{ending}"
    file.write_bytes(opened(ROWS.encode()))
    assert list(file_frames(file, mapping(tmp_path))) == sent(tmp_path)


WRONG_FILES = {
    "a column is missing": ("when;Temp\n", "1.csv: has no column Flow (l); it has ['when', 'Temp']"),
    "it is empty": ("", "1.csv: has no column Flow (l), Temp, when"),
    "another format": (
        ROWS.replace("2026-03-02 07:00:01", "02.03.2026 07:00"),
        "1.csv, line 3: time data '02.03.2026 07:00' does not match format",
    ),
    "a line that ends before its time": (
        "Flow (l);Temp;when\n1;2;2026-03-02 07:00:00\n3\n",
        "1.csv, line 3: the line ends before its column when",
    ),
}


@pytest.mark.parametrize(("rows", "says"), WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_a_file_that_does_not_fit_says_where(tmp_path, rows, says):
    with pytest.raises(InvalidMapping) as raised:
        sent(tmp_path, rows)
    assert says in str(raised.value)


WRONG_MAPPINGS = {
    "no TOML": ("site = ", "mapping.toml: "),
    "no site": (MAPPING.replace('site = "SKAB"', ""), "mapping.toml: site is missing; it must be text"),
    "a site that is no text": (MAPPING.replace('"SKAB"', "1"), "mapping.toml: site is missing; it must be text"),
    "no time": (MAPPING.replace("[time]", "[times]"), "mapping.toml: [time] is missing"),
    "no time column": (MAPPING.replace("column", "colum"), "mapping.toml: [time]: column is missing"),
    "a zone that is none": (MAPPING.replace("Oslo", "Oslow"), "[time] zone 'Europe/Oslow' is not an IANA time zone"),
    "no signals": (MAPPING.split('"Flow', maxsplit=1)[0], "[signals] is empty; write:"),
    "a column without its signal": (
        MAPPING.replace('signal = "temp", ', ""),
        "mapping.toml: [signals] 'Temp': signal is missing; it must be text",
    ),
    "a column that is no table": (
        MAPPING.replace('{ signal = "temp", unit = "degC" }', '"temp"'),
        "mapping.toml: [signals] 'Temp': signal is missing",
    ),
    "a site that is no code": (MAPPING.replace('"SKAB"', '"日本"'), "mapping.toml: site: '日本' is no code: letters"),
    "a signal that is none": (MAPPING.replace('"temp"', '"Öl"'), "[signals] 'Temp': 'Öl' is not a signal name"),
    "a unit that is none": (MAPPING.replace('"degC"', '"\\u0000"'), "[signals] 'Temp': temp: '\\x00' is not a unit"),
    "a delimiter of two signs": (MAPPING.replace('";"', '";;"'), "delimiter ';;' is not a single character"),
}


@pytest.mark.parametrize(("text", "says"), WRONG_MAPPINGS.values(), ids=WRONG_MAPPINGS.keys())
def test_a_wrong_mapping_says_file_key_and_mend(tmp_path, text, says):
    with pytest.raises(InvalidMapping) as raised:
        mapping(tmp_path, text)
    assert says in str(raised.value)


def test_a_mapping_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidMapping, match=r"mapping\.toml: there is no such file"):
        read_mapping(tmp_path / "mapping.toml")


def test_only_the_files_stem_is_put_into_the_assets_name(tmp_path):
    odd = mapping(tmp_path, MAPPING.replace("testbed-{stem}", "{stem}-{0}-{"))
    assert odd.asset_of(tmp_path / "7.csv.gz") == "7-{0}-{"


def test_two_columns_of_one_name_are_told(tmp_path):
    (tmp_path / "m.toml").write_text(MAPPING)
    (tmp_path / "1.csv").write_text(ROWS.replace("remark", "Temp"))
    with pytest.raises(InvalidMapping, match="has two columns 'Temp'"):
        list(file_frames(tmp_path / "1.csv", read_mapping(tmp_path / "m.toml")))


BROKEN = {
    "another encoding": ROWS.encode() + b"2026-03-02 07:00:02;1;\xff\n",
    "half a compressed file": gzip.compress(ROWS.encode())[:-9],
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_read_to_its_end_is_told_by_name(tmp_path, content):
    file = tmp_path / ("1.csv.gz" if content[:1] == b"\x1f" else "1.csv")
    file.write_bytes(content)
    with pytest.raises(InvalidMapping, match=r"1\.csv(\.gz)?: cannot be read: "):
        list(file_frames(file, mapping(tmp_path)))


def test_a_file_whose_name_makes_no_asset_is_told_before_anything_is_sent(tmp_path):
    file = tmp_path / "水泵.csv"
    file.write_text(ROWS)
    with pytest.raises(InvalidMapping, match="asset: 'testbed-水泵' is no code"):
        list(file_frames(file, mapping(tmp_path)))
