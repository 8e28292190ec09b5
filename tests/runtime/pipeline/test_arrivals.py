"""Every new reading gets its place in the sequence once, however the stream is cut into batches."""

import json
from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.telemetry import readings
from db.telemetry.catalogue import Admission, Catalogue
from ingest.messages import Frame, Reason, Refused
from runtime.pipeline import admission, arrivals
from runtime.pipeline.sequence import Numbering
from tests.parts import databases

START_US = int(datetime(2026, 3, 2, 6, 0, tzinfo=UTC).timestamp()) * 1_000_000
PUMP, FAN = "P-101", "F-7"


@pytest.fixture(scope="module")
def shared(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        yield conn


@pytest.fixture
def conn(shared):
    with shared.transaction(force_rollback=True):
        yield shared


def a_frame(second, asset=PUMP, **values):
    return Frame(
        "NTH", asset, START_US + round(second * 1_000_000), START_US, {name: float(n) for name, n in values.items()}
    )


def in_a_row(first, frames):
    """Number the frames of a batch that has nothing else."""
    return Numbering(first, [], range(len(frames)))


class Sequence:
    """The arrivals of a stream, batch after batch, as the pipeline takes them."""

    def __init__(self, conn, newest=None):
        self.conn, self.newest = conn, newest
        self.catalogue = Catalogue.load(conn, Admission())
        self.marks: dict[str, dict[str, int]] = {}
        self.next = 1
        self.told: list[str] = []
        self.refused: list[Refused] = []
        self.repeated = 0

    def take(self, batch):
        frames, ids, *_ = admission.admit(self.conn, batch, self.catalogue)
        places = in_a_row(self.next, frames)
        arrived = arrivals.arrange(self.conn, frames, ids, self.marks, places.number, newest=self.newest)
        readings.insert_new(self.conn, arrived.columns)
        judged = {frame.arrival for frame in arrived.frames}
        for place in range(self.next, places.next):
            rows = [i for i, arrival in enumerate(arrived.columns.arrival) if arrival == place]
            late = {bool(arrived.columns.late[i]) for i in rows}
            assert (False in late) == (place in judged)
            partly = [len(late) > 1 and bool(arrived.columns.late[i]) for i in rows]
            values = sorted(
                f"{arrived.columns.value[i]:g}{'-' * is_late}" for i, is_late in zip(rows, partly, strict=True)
            )
            self.told.append(f"{place}: {' '.join(values)}{' late' if late == {True} else ''}")
        self.next = places.next
        self.refused += arrived.refused
        self.repeated += arrived.repeated


def taken(conn, frames, size=1000, newest=None):
    sequence = Sequence(conn, newest)
    for i in range(0, len(frames), size):
        sequence.take(frames[i : i + size])
    return sequence


CASES = {
    "frames are numbered as they come": ([a_frame(0, t=1), a_frame(1, t=2)], ["1: 1", "2: 2"]),
    "a frame's readings share its place": ([a_frame(0, t=1, f=2)], ["1: 1 2"]),
    "the same again is nothing, and leaves no gap": (
        [a_frame(0, t=1), a_frame(0, t=1), a_frame(1, t=2)],
        ["1: 1", "2: 2"],
    ),
    "another value for a reading that is there is not stored": ([a_frame(0, t=1), a_frame(0, t=9)], ["1: 1"]),
    "older than the newest of its signal is late": (
        [a_frame(1, t=2), a_frame(0, t=1), a_frame(2, t=3)],
        ["1: 2", "2: 1 late", "3: 3"],
    ),
    "older than another signal of its asset is not late": (
        [a_frame(1, f=2), a_frame(0, t=1), a_frame(3, f=2), a_frame(2, t=3)],
        ["1: 2", "2: 1", "3: 2", "4: 3"],
    ),
    "of one frame a part may be late": (
        [a_frame(1, f=2), a_frame(0, f=8, t=1), a_frame(0.5, t=3)],
        ["1: 2", "2: 1 8-", "3: 3"],
    ),
    "what is refused moves no clock": (
        [a_frame(3, t=2), a_frame(3, t=9), a_frame(2, f=1), a_frame(1, t=7)],
        ["1: 2", "2: 1", "3: 7 late"],
    ),
    "late again is nothing": ([a_frame(1, t=2), a_frame(0, t=1), a_frame(0, t=1)], ["1: 2", "2: 1 late"]),
    "a late one does not make the next one late": (
        [a_frame(5, t=5), a_frame(0, t=0), a_frame(6, t=6)],
        ["1: 5", "2: 0 late", "3: 6"],
    ),
    "other signals of the same time are no repetition": ([a_frame(0, t=1), a_frame(0, f=2)], ["1: 1", "2: 2"]),
    "of a message that is partly known the rest is taken": ([a_frame(0, t=1), a_frame(0, t=1, f=2)], ["1: 1", "2: 2"]),
    "of a message that contradicts partly the rest is taken": (
        [a_frame(0, t=1), a_frame(0, t=9, f=2)],
        ["1: 1", "2: 2"],
    ),
    "each asset has its own clock": ([a_frame(9, t=1), a_frame(0, FAN, t=2)], ["1: 1", "2: 2"]),
    "the same time on two assets is no repetition": ([a_frame(0, t=1), a_frame(0, FAN, t=1)], ["1: 1", "2: 1"]),
    "zero and minus zero are one value": ([a_frame(0, t=0.0), a_frame(0, t=-0.0)], ["1: 0"]),
}


@pytest.mark.parametrize("remembers", [False, True])
@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize(("frames", "told"), CASES.values(), ids=CASES.keys())
def test_arrivals(conn, frames, told, size, remembers):
    assert taken(conn, frames, size, {} if remembers else None).told == told


def test_what_is_newer_than_all_of_its_signal_is_not_looked_up_even_behind_its_asset(conn, monkeypatch):
    sequence = Sequence(conn, {})
    sequence.take([a_frame(0, t=1), a_frame(5, f=2)])
    monkeypatch.setattr(readings, "stored", None)
    sequence.take([a_frame(1, t=1), a_frame(2, t=1), a_frame(6, f=2)])
    assert sequence.told == ["1: 1", "2: 2", "3: 1", "4: 1", "5: 2"]


def test_a_process_that_begins_asks_for_the_newest_of_each_signal_once(conn, monkeypatch):
    taken(conn, [a_frame(0, t=1), a_frame(5, f=2)])
    later = Sequence(conn, {})
    later.next = 3
    later.take([a_frame(0, t=1), a_frame(1, t=1), a_frame(5, f=9)])
    assert (later.told, later.repeated, len(later.refused)) == (["3: 1"], 1, 1)
    monkeypatch.setattr(readings, "newest", None)
    later.take([a_frame(2, t=1)])


def test_what_repeats_is_counted(conn):
    sequence = taken(conn, [a_frame(0, t=1, f=2), a_frame(0, t=1, f=2), a_frame(0, t=1, x=3)])
    assert sequence.repeated == 3


def test_what_contradicts_goes_to_quarantine_with_the_reading_that_is_not_stored(conn):
    (refused,) = taken(conn, [a_frame(0, t=1), a_frame(0, t=9, f=2)]).refused
    assert (refused.reason, refused.topic) == (Reason.OTHER_VALUE_STORED, "plantwright/v1/NTH/P-101")
    assert json.loads(refused.payload) == {"ts": START_US / 1000, "values": {"t": 9.0}}
    assert refused.problem == "another value is stored for t at that time; the first one stays"


def test_the_first_value_stays(conn):
    sequence = taken(conn, [a_frame(0, t=1), a_frame(0, t=9)])
    known = sequence.catalogue.find(conn, "NTH", PUMP, ["t"])
    assert known is not None
    key = (known.signals["t"], START_US)
    assert readings.stored(conn, [key]) == {key: 1.0}


def test_what_is_judged_is_what_is_stored_and_not_late(conn):
    catalogue = Catalogue.load(conn, Admission())
    frames, ids, *_ = admission.admit(conn, [a_frame(1, t=1), a_frame(0, t=2), a_frame(1, t=1, f=3)], catalogue)
    places = in_a_row(8, frames)
    arrived = arrivals.arrange(conn, frames, ids, {}, places.number)
    readings.insert_new(conn, arrived.columns)
    assert list(readings.judged_after(conn, 0, 100)) == arrived.frames
    assert [frame.arrival for frame in arrived.frames] == [8, 10]
    assert (arrived.late, places.next) == (1, 11)


FRAMES = st.lists(
    st.builds(
        a_frame,
        st.integers(0, 3),
        st.sampled_from([PUMP, FAN]),
        t=st.sampled_from([1, 2]),
    )
    | st.builds(a_frame, st.integers(0, 3), f=st.just(5), t=st.sampled_from([1, 2])),
    max_size=12,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(frames=FRAMES, size=st.integers(1, 12))
def test_how_a_stream_is_cut_changes_nothing(shared, frames, size):
    with shared.transaction(force_rollback=True):
        whole = taken(shared, frames)
    with shared.transaction(force_rollback=True):
        cut = taken(shared, frames, size, {})
    assert (cut.told, cut.repeated, cut.next, cut.marks) == (whole.told, whole.repeated, whole.next, whole.marks)
    assert [each.payload for each in cut.refused] == [each.payload for each in whole.refused]


def known_only(conn):
    """A catalogue that knows P-101's ``t`` and admits nothing else."""
    Catalogue.load(conn, Admission()).find(conn, "NTH", PUMP, ["t"])
    return Catalogue.load(conn, Admission(unknown=False))


def test_an_asset_that_is_not_known_is_refused_where_that_is_set(conn):
    frames, ids, (refused,), *_ = admission.admit(conn, [a_frame(0, FAN, t=1)], known_only(conn))
    assert (frames, ids) == ([], [])
    assert refused.reason is Reason.UNKNOWN_ASSET
    assert refused.problem == "asset NTH/F-7 is not known; add it, or set admit_unknown"


def test_a_signal_that_is_not_known_spares_those_beside_it(conn):
    frames, ids, (refused,), *_ = admission.admit(conn, [a_frame(0, t=1, f=2)], known_only(conn))
    assert [list(known) for known in ids] == [["t"]]
    assert refused.problem == "NTH/P-101 has no signal f; add it, or set admit_unknown"
    assert json.loads(refused.payload)["values"] == {"f": 2.0}
    arrived = arrivals.arrange(conn, frames, ids, {}, in_a_row(1, frames).number)
    assert [frame.values for frame in arrived.frames] == [{"t": 1.0}]


def test_what_is_made_known_on_first_sight_is_known_to_the_next_process(conn):
    admission.admit(conn, [a_frame(0, t=1, f=2)], Catalogue.load(conn, Admission()))
    later = Catalogue.load(conn, Admission(unknown=False))
    _, (ids,), refused, *_ = admission.admit(conn, [a_frame(1, t=1, f=2)], later)
    assert (sorted(ids), refused) == (["f", "t"], [])


ALIASES = {
    "an alias is its signal": ([{"flux": 1}], [{"flow": 1}], []),
    "an alias beside other signals": ([{"t": 5, "flux": 1}], [{"t": 5, "flow": 1}], []),
    "by name and by alias the same is one reading": ([{"flow": 1, "flux": 1}], [{"flow": 1}], []),
    "by two aliases the same is one reading": ([{"debit": 1, "flux": 1}], [{"flow": 1}], []),
    "of two values that of the signal's own name stays": ([{"flux": 2, "flow": 1}], [{"flow": 1}], [{"flux": 2}]),
    "by name, then by alias: a repetition": ([{"flow": 1}, {"flux": 1}], [{"flow": 1}], []),
}


@pytest.mark.parametrize(("sent", "judged", "refused"), ALIASES.values(), ids=ALIASES.keys())
def test_other_names_of_a_signal(conn, sent, judged, refused):
    """The judge must see the name that it sees when it is rebuilt, and a signal named twice must not stop the batch."""
    Catalogue.load(conn, Admission()).find(conn, "NTH", PUMP, ["flow"])
    for alias in ("flux", "debit"):
        conn.execute(
            "INSERT INTO signal_aliases (asset_id, alias, signal_id) SELECT asset_id, %s, id FROM signals", [alias]
        )
    catalogue = Catalogue.load(conn, Admission())
    frames, ids, contradicted, *_ = admission.admit(conn, [a_frame(0, **values) for values in sent], catalogue)
    arrived = arrivals.arrange(conn, frames, ids, {}, in_a_row(1, frames).number)
    readings.insert_new(conn, arrived.columns)
    assert [frame.values for frame in arrived.frames] == judged
    assert list(readings.judged_after(conn, 0, 9)) == arrived.frames
    assert [json.loads(each.payload)["values"] for each in contradicted] == refused
