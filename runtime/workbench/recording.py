"""A recording in memory: frames from files or tables, judged as the plant would judge them. Needs no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingest.border import Bounds
from ingest.formats import payload
from ingest.messages import Message
from ingest.replay import SamplePlant
from judge.inputs import Event, Input, JudgedFrame
from judge.moments import moment
from judge.shadow import DONE_AFTER
from runtime.backtest.outcomes import Costs, Criteria, Failure, outcome
from runtime.backtest.running import Assumed, run
from runtime.cli import plant_file
from runtime.demo.report import FAULTS, read_truth
from runtime.demo.sample_plants import SAMPLES
from runtime.workbench.scores import scores_of
from runtime.workbench.trial import Failures, Rules, Trial, documents, known
from workorder_core.plant.plant import UNCLASSIFIED
from workorder_core.words import Criticality

DAY_US = 86_400_000_000
SAMPLE_END = datetime(2024, 3, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Recording:
    """Frames of some assets in their order of arrival, with what the plant knows about its assets.

    Parameters
    ----------
    frames
        (``<site>/<asset>``, event time in epoch microseconds, values by signal). Frames that arrive after newer ones of
        their asset are late, and not judged.
    classes, criticalities
        By asset; units by asset and signal.
    rules, models
        The documents for backtests that name no others.
    """

    frames: Sequence[tuple[str, int, Mapping[str, float]]]
    classes: Mapping[str, str]
    criticalities: Mapping[str, Criticality] = field(default_factory=dict)
    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rules: Rules = None
    models: Rules = None

    @property
    def assets(self) -> list[str]:
        return sorted(self.classes)

    def readings(
        self,
        assets: str | Sequence[str] | None = None,
        signals: Sequence[str] | None = None,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        every: str | None = None,
        zone: str = "UTC",
    ) -> pd.DataFrame:
        """Return readings with a column for each (asset, signal) and event time as the index.

        ``every`` averages over steps such as ``"10min"``; times are shown in ``zone``. ``.attrs["units"]`` has the
        unit of each column. ``start <= time < end``.
        """
        wanted = chosen(assets, self.assets)
        low, high = span(start, end, zone)
        parts = {}
        for asset in wanted:
            rows = [(at, values) for key, at, values in self.frames if key == asset and low <= at < high]
            if not rows:
                continue
            index = pd.DatetimeIndex(np.array([at for at, _ in rows], dtype="datetime64[us]"), tz="UTC")
            table = pd.DataFrame([values for _, values in rows], index=index).sort_index()
            parts[asset] = table[[name for name in table if signals is None or name in signals]]
        return finished(parts, self.units, every, zone)

    def backtest(
        self,
        *,
        rules: Rules = None,
        models: Rules = None,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        assets: str | Sequence[str] | None = None,
        failures: Failures = None,
        costs: Costs | None = None,
        criteria: Criteria | None = None,
        done_after: timedelta = DONE_AFTER,
    ) -> Trial:
        """Judge the recording with the given documents, or its own. What comes before ``start`` is judged but not
        counted.

        ``failures`` are all failures in the range; without them no failure counts as missed and no order as false.
        """
        low, high = span(start, end, "UTC")
        given = documents(rules if rules is not None else self.rules, models if models is not None else self.models)
        wanted = set(chosen(assets, self.assets))
        truth = known(failures)
        since = None if low <= 0 else moment(low)
        made = run(self._inputs(wanted, high), documents=given, assumed=Assumed(done_after=done_after), since=since)
        worth = outcome(made, truth or (), complete=truth is not None, costs=costs, criteria=criteria)
        return Trial(run=made, outcome=worth)

    def only(self, assets: str | Sequence[str]) -> "Recording":
        """Return the recording of only some assets."""
        wanted = set(chosen(assets, self.assets))
        return replace(
            self,
            frames=[frame for frame in self.frames if frame[0] in wanted],
            classes={asset: self.classes[asset] for asset in sorted(wanted)},
        )

    def scores(
        self, asset: str, *, rules: Rules = None, models: Rules = None, end: datetime | str | None = None
    ) -> pd.Series:
        """Return the level of the model's alarm after each frame of an asset, as judged; see `scores_of`."""
        wanted = set(chosen(asset, self.assets))
        given = documents(rules if rules is not None else self.rules, models if models is not None else self.models)
        return scores_of(self._inputs(wanted, span(None, end, "UTC")[1]), asset, given)

    def _inputs(self, wanted: set[str], until_us: int) -> Iterator[Input]:
        for asset in sorted(wanted):
            criticality = self.criticalities.get(asset, Criticality.MEDIUM)
            yield Event.of(0, "asset", asset, {"class": self.classes[asset], "criticality": int(criticality)})
            for signal, unit in sorted(self.units.get(asset, {}).items()):
                yield Event.of(0, "signal", asset, {"signal": signal, "unit": unit})
        newest: dict[str, int] = {}
        for place, (asset, at_us, values) in enumerate(self.frames, start=1):
            if asset in wanted and at_us < until_us and at_us > newest.get(asset, -1):
                newest[asset] = at_us
                yield JudgedFrame(place, asset, at_us, dict(values))


def recorded(
    tables: Mapping[str, pd.DataFrame],
    *,
    asset_class: str | Mapping[str, str] = "unclassified",
    units: Mapping[str, str] | None = None,
    rules: Rules = None,
    models: Rules = None,
) -> Recording:
    """Create a recording from one table per ``<site>/<asset>``: times with a zone as the index, one column per signal.

    Raises ValueError for a table whose index has no zone.
    """
    frames: list[tuple[str, int, dict[str, float]]] = []
    for asset, table in tables.items():
        if not isinstance(table.index, pd.DatetimeIndex) or table.index.tz is None:
            raise ValueError(f"{asset}: the index must be times with a zone; use .tz_localize('Europe/Oslo') or 'UTC'")
        times = table.index.as_unit("us").asi8.tolist()
        columns = [str(name) for name in table.columns]
        for at_us, row in zip(times, table.to_numpy(dtype=float).tolist(), strict=True):
            values = {name: value for name, value in zip(columns, row, strict=True) if value == value}
            if values:
                frames.append((asset, at_us, values))
    frames.sort(key=lambda frame: frame[1])
    classes = {asset: asset_class if isinstance(asset_class, str) else asset_class[asset] for asset in tables}
    return Recording(
        frames=frames,
        classes=classes,
        units={asset: dict(units or {}) for asset in tables},
        rules=rules,
        models=models,
    )


def sample_plant(
    assets: str | Sequence[str] | None = None, *, folder: Path = SAMPLES, end: datetime = SAMPLE_END
) -> Recording:
    """Return the sample pump station's three weeks, ending at ``end``, with its own rulebook and model documents.

    Impossible times of its broken clocks are refused as on the plant.
    """
    plant = plant_file.read(SAMPLES / "plant.toml")
    source = SamplePlant(folder, site=plant.code, anchor=end)
    frames: list[tuple[str, int, Mapping[str, float]]] = []
    keys = {f"{plant.code}/{asset.code}": asset for asset in plant.assets}
    wanted = set(chosen(assets, list(keys)))
    for sent in source.frames(0, source.minute_at(end)):
        if not sent.topic.endswith(tuple(wanted)):
            continue
        taken, _ = payload.parse(Message(sent.topic, sent.payload, int(sent.at.timestamp()) * 1_000_000), Bounds())
        frames += [(frame.key, frame.at_us, frame.values) for frame in taken]
    keys = {key: asset for key, asset in keys.items() if key in wanted}
    return Recording(
        frames=frames,
        classes={key: asset.asset_class or UNCLASSIFIED for key, asset in keys.items()},
        criticalities={key: asset.criticality or Criticality.MEDIUM for key, asset in keys.items()},
        units={key: {signal.name: signal.unit or "" for signal in asset.signals} for key, asset in keys.items()},
        rules=SAMPLES / "rulebook.toml",
        models=SAMPLES / "models.toml",
    )


def sample_failures(folder: Path = SAMPLES, end: datetime = SAMPLE_END, *, sensors: bool = False) -> list[Failure]:
    """Return what really failed in the sample plant; with ``sensors`` also the faults of its instruments."""
    plant = plant_file.read(SAMPLES / "plant.toml")
    source = SamplePlant(folder, site=plant.code, anchor=end)
    return [
        Failure(
            asset=f"{plant.code}/{truth.asset}",
            begins_at=truth.begins_at,
            failed_at=truth.fails_at or truth.begins_at,
            ends_at=truth.ends_at,
            component=truth.component,
            what=truth.what,
        )
        for truth in read_truth(folder / "truth.json", source)
        if truth.kind in FAULTS and (sensors or truth.kind != "sensor")
    ]


def finished(
    parts: Mapping[str, pd.DataFrame], units: Mapping[str, Mapping[str, str]], every: str | None, zone: str
) -> pd.DataFrame:
    """Join the tables of some assets: means over steps, the zone, and the units of the columns."""
    if not parts:
        table = pd.DataFrame(index=pd.DatetimeIndex([], tz=zone))
        table.attrs["units"] = {}
        return table
    if every is not None:
        parts = {asset: table.resample(every).mean() for asset, table in parts.items()}
    table = pd.concat(parts, axis=1, names=["asset", "signal"]).tz_convert(zone)
    table.index.name = "time"
    table.attrs["units"] = {
        f"{asset} {signal}": units.get(asset, {}).get(signal, "")
        for asset, part in parts.items()
        for signal in map(str, part.columns)
    }
    return table


def chosen(assets: str | Sequence[str] | None, known_assets: Sequence[str]) -> list[str]:
    """Return the requested assets, all for None. Raises KeyError, which lists the existing ones."""
    wanted = list(known_assets) if assets is None else [assets] if isinstance(assets, str) else list(assets)
    unknown = sorted(set(wanted) - set(known_assets))
    if unknown:
        raise KeyError(f"there is no asset {', '.join(unknown)}; there are {', '.join(known_assets)}")
    return wanted


def span(start: datetime | str | None, end: datetime | str | None, zone: str) -> tuple[int, int]:
    """Return a range in epoch microseconds; a time without a zone is in ``zone``."""
    return _us(start, zone, -(2**62)), _us(end, zone, 2**62)


def _us(at: datetime | str | None, zone: str, default: int) -> int:
    if at is None:
        return default
    stamp: Any = pd.Timestamp(at)
    if stamp.tzinfo is None:
        stamp = stamp.tz_localize(zone)
    return int((stamp - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(1, "us"))
