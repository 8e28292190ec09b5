"""A plant's database for a notebook. It is only read, except by `Plant.try_in_shadow` and `Plant.roll_back`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import pandas as pd
import psycopg

from db.documents import backtest as backtest_db
from judge.moments import moment
from judge.shadow import DONE_AFTER
from runtime.backtest import stored
from runtime.backtest.command import Wanted, judge_again
from runtime.backtest.outcomes import Costs, Criteria
from runtime.backtest.running import Assumed
from runtime.backtest.stored import Range
from runtime.settings import load
from runtime.workbench import going_live
from runtime.workbench.going_live import OnTrial
from runtime.workbench.recording import chosen, finished, span
from runtime.workbench.scores import scores_of
from runtime.workbench.trial import Failures, Rules, Trial, difference_table, documents, known

_MOST_US = (stored.EVER[1] - moment(0)) // datetime.resolution


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant by its database. Each method opens a connection of its own."""

    database: str

    @property
    def assets(self) -> list[str]:
        """Every ``<site>/<asset>``."""
        with self._connection() as conn:
            return list(backtest_db.asset_ids(conn))

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

        ``every`` averages over steps such as ``"10min"``, in the database; times are shown in ``zone``.
        ``.attrs["units"]`` has the unit of each column. ``start <= time < end``; bad readings are left out.
        """
        since, until = _range(start, end, zone)
        step = None if every is None else pd.Timedelta(every).to_pytimedelta()
        parts = {}
        with self._connection() as conn:
            ids = backtest_db.asset_ids(conn)
            for asset in chosen(assets, list(ids)):
                rows = backtest_db.readings(conn, ids[asset], since=since, until=until, signals=signals, every=step)
                if rows:
                    long = pd.DataFrame(rows, columns=["signal", "time", "value"])
                    long["time"] = pd.to_datetime(long["time"], utc=True)
                    parts[asset] = long.pivot_table(index="time", columns="signal", values="value")
            return finished(parts, backtest_db.units(conn), None, zone)

    def orders(
        self,
        assets: str | Sequence[str] | None = None,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> pd.DataFrame:
        """Return all work orders opened in a range of event time, one per row."""
        return self._table("all_orders", assets, start, end)

    def alarms(
        self,
        assets: str | Sequence[str] | None = None,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> pd.DataFrame:
        """Return what rules and models found, as stored as evidence of orders."""
        return self._table("findings", assets, start, end)

    def close_outs(
        self,
        assets: str | Sequence[str] | None = None,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> pd.DataFrame:
        """Return what technicians found: the orders with a close-out."""
        table = self.orders(assets, start, end)
        return table[table["close_finding"].notna()].reset_index(drop=True)

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
        warm_up: timedelta | None = None,
        done_after: timedelta = DONE_AFTER,
    ) -> Trial:
        """Judge the plant's history again, with the given documents or those in force then.

        ``failures`` are all failures in the range; without them, the close-outs decide. ``warm_up`` is judged before
        ``start``; None begins with the first stored reading.
        """
        with self._connection() as conn:
            only = None if assets is None else tuple(chosen(assets, list(backtest_db.asset_ids(conn))))
            wanted = Wanted(
                range=replace(_wanted(start, end, only), warm_up=warm_up),
                documents=documents(rules, models),
                assumed=Assumed(done_after=done_after),
                costs=costs or Costs(),
                criteria=criteria or Criteria(),
                failures=known(failures),
            )
            result = judge_again(conn, wanted)
        return Trial(run=result.run, outcome=result.outcome)

    def scores(self, asset: str, *, rules: Rules = None, models: Rules = None,
               end: datetime | str | None = None) -> pd.Series:  # fmt: skip
        """Return the level of the model's alarm after each frame of an asset, as judged; see `scores_of`."""
        with self._connection() as conn:
            chosen(asset, list(backtest_db.asset_ids(conn)))
            where = stored.arrival_range(conn, _wanted(None, end, None))
            return scores_of(stored.inputs(conn, where, (asset,)), asset, documents(rules, models))

    def try_in_shadow(
        self, name: str, *, why: str, rules: Rules = None, models: Rules = None, by: str | None = None
    ) -> OnTrial:
        """Try documents in shadow: they judge beside those in force from the next batch on, and open no orders."""
        return going_live.begin(self.database, name, rules, models, why, by)

    def versions(self, kind: Literal["rulebook", "models"]) -> pd.DataFrame:
        """Return the versions of the rulebook or of the model documents, the newest first."""
        return going_live.list_versions(self.database, kind)

    def roll_back(
        self, kind: Literal["rulebook", "models"], *, why: str, number: int | None = None, by: str | None = None
    ) -> int:
        """Put an earlier version in force again (None: the one before the newest) and return the new one's number."""
        return going_live.roll_back(self.database, kind, why, number, by)

    def against_live(
        self, start: datetime | str | None = None, end: datetime | str | None = None, **others: Rules
    ) -> pd.DataFrame:
        """Return how a backtest differs from what the plant did; empty if the documents are those of the time."""
        with self._connection() as conn:
            wanted = Wanted(
                range=_wanted(start, end, None), documents=documents(others.get("rules"), others.get("models")),
                against="live",
            )  # fmt: skip
            result = judge_again(conn, wanted)
        assert result.difference is not None
        return difference_table(result.difference)

    def _table(
        self,
        name: Literal["findings", "all_orders"],
        assets: str | Sequence[str] | None,
        start: datetime | str | None,
        end: datetime | str | None,
    ) -> pd.DataFrame:
        since, until = _range(start, end, "UTC")
        with self._connection() as conn:
            only = None if assets is None else chosen(assets, list(backtest_db.asset_ids(conn)))
            columns, rows = backtest_db.table(conn, name, since=since, until=until, assets=only)
        return pd.DataFrame(rows, columns=columns)

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.database) as conn:
            yield conn
            conn.rollback()


def connect(database: str | None = None) -> Plant:
    """Return the plant of a database, by default that of the settings (PLANTWRIGHT_DATABASE or the settings file).

    Raises ValueError if neither names one, and psycopg.OperationalError if it can't be reached.
    """
    url = database or load(database=None, broker=None, data_dir=None).database
    if url is None:
        raise ValueError('which plant? connect("postgresql://…"), or set PLANTWRIGHT_DATABASE')
    psycopg.connect(url).close()
    return Plant(url)


def _range(start: datetime | str | None, end: datetime | str | None, zone: str) -> tuple[datetime, datetime]:
    low, high = span(start, end, zone)
    return moment(max(low, 0)), moment(min(high, _MOST_US))


def _wanted(start: datetime | str | None, end: datetime | str | None, assets: tuple[str, ...] | None) -> Range:
    low, high = span(start, end, "UTC")
    return Range(since=moment(low) if low > 0 else None, until=moment(high) if high < _MOST_US else None, assets=assets)
