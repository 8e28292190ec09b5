"""Local times when clocks change, and dates at the edges of the calendar: each has its right moment or is refused."""

import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import local_time
from ingest.border import Bad, Bounds, since_epoch
from ingest.formats import mapped, mapping
from ingest.local_time import RowOrder
from ingest.messages import Message, Reason
from ingest.replay import InvalidMapping, file_frames, read_mapping

OSLO = ZoneInfo("Europe/Oslo")
NOW_US = since_epoch(datetime(2026, 11, 1, tzinfo=UTC))
LIVE = """
topic = "net/{machine}/out"
site = "NET"
asset = "{machine}"
values = "v"
[time]
path = "t"
"""
FILE = """
site = "NTH"
asset = "{stem}"
[time]
column = "Zeit"
format = "%d.%m.%Y %H:%M"
zone = "Europe/Oslo"
[signals]
Temp = "temp"
"""


def live(document, at, received_us=NOW_US):
    made = mapping.parse(tomllib.loads(LIVE + document), source="01.toml")
    payload = b'{"t": "%s", "v": {"temp": 20.5}}' % at.encode()
    found = mapped.parse(made, Message("net/press-1/out", payload, received_us), Bounds())
    assert found is not None
    return [frame.at_us for frame in found[0]], [(each.reason, each.problem) for each in found[1]]


def utc(text):
    return since_epoch(datetime.fromisoformat(text).replace(tzinfo=UTC))


EDGES = [
    ("iso", 'zone = "Europe/Oslo"', "0001-01-01T00:00:00", Reason.TOO_OLD),
    ("iso", "", "0001-01-01T00:00:00+01:00", Reason.TOO_OLD),
    ("iso", 'zone = "Europe/Oslo"', "9999-12-31T23:59:59-05:00", Reason.IN_FUTURE),
    ("iso", 'zone = "America/New_York"', "9999-12-31T23:59:59.999999", Reason.IN_FUTURE),
    ("auto", 'zone = "Asia/Tokyo"', "0001-01-01T00:00:00", Reason.TOO_OLD),
    ("%d.%m.%Y %H:%M:%S", 'zone = "Europe/Oslo"', "01.01.0001 00:00:00", Reason.TOO_OLD),
    ("%d.%m.%Y %H:%M:%S%z", "", "31.12.9999 23:59:59-2359", Reason.IN_FUTURE),
    ("%G-W%V-%u", 'zone = "UTC"', "9999-W53-7", Reason.WRONG_TIME),
]


@pytest.mark.parametrize(("written", "zone", "at", "reason"), EDGES)
def test_a_date_at_the_edge_of_the_calendar_is_refused_alone(written, zone, at, reason):
    frames, ((refused, _),) = live(f'format = "{written}"\n{zone}', at)
    assert (frames, refused) == ([], reason)


@given(st.datetimes(), st.sampled_from(["Europe/Oslo", "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "UTC"]))
def test_no_local_time_raises_anything_but_a_refusal(at, name):
    meant: tuple[int, ...] = ()
    with suppress(Bad):
        meant = local_time.moments(at, ZoneInfo(name))
    assert list(meant) == sorted(set(meant))


@pytest.mark.parametrize("format_", ["%Y %Y", "%Q", "%", "ISO", "dd.mm.yyyy"])
def test_a_format_that_no_time_can_have_is_told_when_the_document_is_loaded(format_):
    with pytest.raises(InvalidMapping, match="is not known"):
        mapping.parse(tomllib.loads(LIVE + f'format = "{format_}"'), source="x")


def test_a_time_that_came_twice_is_the_one_nearest_to_its_coming():
    document = 'format = "iso"\nzone = "Europe/Oslo"'
    for received, meant in (
        ("2025-10-26T00:30:05", "2025-10-26T00:30:00"),
        ("2025-10-26T01:30:05", "2025-10-26T01:30"),
    ):
        assert live(document, "2025-10-26T02:30:00", utc(received)) == ([utc(meant)], [])


def test_a_time_that_no_clock_showed_is_refused_by_name():
    frames, ((reason, problem),) = live('format = "iso"\nzone = "Europe/Oslo"', "2026-03-29T02:30:00")
    assert (frames, reason) == ([], Reason.WRONG_TIME)
    assert problem.startswith("2026-03-29T02:30:00 does not exist in Europe/Oslo")


def rows(*lines, document=FILE):
    made, order = mapping.parse(tomllib.loads(document), source="x"), RowOrder()
    found: list[object] = []
    for line in lines:
        at, temp, *more = line.split(";")
        cells = {"Zeit": at, "Temp": temp, "signal": "".join(more)}
        try:
            frame, bad = mapped.row(made, cells, "P-1", NOW_US, Bounds(), order)
        except Bad as wrong:
            found.append(wrong.reason)
        else:
            assert bad == []
            found.append(datetime.fromtimestamp(frame.at_us / 1e6, UTC).strftime("%H:%M"))
    return found


AUTUMN = (
    "26.10.2025 01:30;10", "26.10.2025 02:00;20", "26.10.2025 02:30;21", "26.10.2025 02:00;30", "26.10.2025 02:30;31",
    "26.10.2025 03:00;40",
)  # fmt: skip


def test_a_row_that_is_not_after_the_row_before_has_the_second_meaning():
    right = ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"]
    assert rows(*AUTUMN) == right
    assert rows(*reversed(AUTUMN)) == right[::-1]
    hourly = [AUTUMN[i] for i in (1, 3, 5)]
    assert rows(*hourly) == ["00:00", "01:00", "02:00"]


def test_a_row_for_each_signal_is_after_the_row_before_of_its_own_signal():
    document = FILE.replace('[signals]\nTemp = "temp"\n', "").replace(
        "[time]", 'value="Temp"\nsignal="{.signal}"\n[time]'
    )
    twice = [f"{line};{signal}" for line in AUTUMN for signal in ("temp", "flow")]
    assert rows(*twice, document=document)[::2] == ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"]


def test_in_spring_the_rows_that_cannot_be_are_refused_and_the_true_ones_stay():
    spring = [f"29.03.2026 {clock};1" for clock in ("01:30", "02:00", "02:30", "03:00", "03:30")]
    assert rows(*spring) == ["00:30", Reason.WRONG_TIME, Reason.WRONG_TIME, "01:00", "01:30"]


REPLAYED = FILE.replace('Temp = "temp"', 'Temp = { signal = "temp" }')


def replayed(tmp_path, *lines):
    (tmp_path / "m.toml").write_text(REPLAYED)
    (tmp_path / "P-1.csv").write_text("\n".join(["Zeit,Temp", *(line.replace(";", ",") for line in lines)]))
    frames = file_frames(tmp_path / "P-1.csv", read_mapping(tmp_path / "m.toml"))
    return [publication.at.strftime("%H:%M") for publication in frames]


def test_a_replayed_file_has_the_second_hour_too(tmp_path):
    assert replayed(tmp_path, *AUTUMN) == ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"]


@pytest.mark.parametrize(
    ("at", "problem"), [("01.01.0001 00:00", "edge of the calendar"), ("29.03.2026 02:30", "does not exist")]
)
def test_a_time_that_cannot_be_replayed_is_told_with_its_line(at, problem, tmp_path):
    with pytest.raises(InvalidMapping, match=rf"line 2: .*{problem}"):
        replayed(tmp_path, f"{at};1")
