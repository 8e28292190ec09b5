"""The made-up series are the same for a seed, and their windows are a tenth of each."""

import json
from datetime import datetime

import numpy as np
import pytest

from bench.nab import Series, read, rows_a_day, score, spans
from bench.nab_made_up import MadeUp, Maker, main


def test_a_seed_makes_the_same_series_and_another_others() -> None:
    one, again, other = Maker(3).costs(), Maker(3).costs(), Maker(4).costs()
    assert all(np.array_equal(a.values, b.values) and a.labels == b.labels for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[0].values, other[0].values)


def test_windows_share_a_tenth_and_those_that_overlap_are_one() -> None:
    assert MadeUp("x", np.zeros(1000), [300, 700]).windows() == [(275, 325), (675, 725)]
    assert MadeUp("x", np.zeros(1000), [300, 330, 700]).windows() == [(284, 346), (684, 716)]
    assert MadeUp("x", np.zeros(1000)).windows() == []


def test_the_tree_is_read_back_with_its_windows(tmp_path, capsys) -> None:
    main(["--out", str(tmp_path), "--seed", "2"])
    table = json.loads((tmp_path / "windows.json").read_text())
    told = json.loads(capsys.readouterr().out)
    series = {each.path: each for each in read(tmp_path)}
    assert told == {"series": len(series), "windows": sum(len(windows) for windows in table.values())}
    assert told["series"] > 50
    assert told["windows"] > 80
    for path, windows in table.items():
        rows = spans(series[path], windows)
        assert len(rows) == len(windows), path
        assert all(0 < first < last < len(series[path].values) for first, last in rows), path


def test_the_day_is_told_by_the_stamps() -> None:
    assert rows_a_day(MadeUp("x", np.zeros(300), rows_a_day=24).stamps()) == 24
    assert rows_a_day(MadeUp("x", np.zeros(300), rows_a_day=288).stamps()) == 288
    assert rows_a_day(["2014-04-01 00:00:00"]) == 1
    assert rows_a_day(["2014-04-01 00:00:00", "2014-04-01 00:00:01", "2014-04-01 00:00:02"]) == 288, "at most"


@pytest.mark.parametrize("name", ["day_flat", "day_missing"])
def test_a_day_that_is_not_like_the_others_is_told(name: str) -> None:
    made = next(each for each in Maker(5).days() if each.name == name)
    scores = score(Series(name, made.stamps(), made.values.tolist()))
    ((first, last),) = made.windows()
    assert max(scores[first : last + 1]) == max(scores)
    assert max(scores[:first]) < max(scores)
    assert datetime.fromisoformat(made.stamps()[first]) < datetime.fromisoformat(made.stamps()[last])
