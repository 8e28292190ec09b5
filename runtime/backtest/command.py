"""``plantwright backtest``: judges a range of the plant's history again."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from db.costs import costs as costs_db
from db.documents import backtest as backtest_db
from db.documents import documents as db_documents
from db.documents import fleets
from db.documents.backtest import LiveOrder
from db.documents.documents import Kind
from models import documents as model_documents
from rules import rulebook as rulebooks
from runtime.backtest import report, stored
from runtime.backtest.difference import Difference, difference
from runtime.backtest.ledger import Order
from runtime.backtest.outcomes import Costs, Criteria, Failure, Outcome, in_money, outcome
from runtime.backtest.parallel import SNAPSHOT, run_parts
from runtime.backtest.running import Assumed, Documents, Run, run
from runtime.backtest.stored import Range
from workorder_core.costs.cost_model import Worth
from workorder_core.words import FailureMode, OrderType, Severity

LIVE = "live"
LEAST_FOR_JOBS = 50_000
"""Below so many inputs, starting processes costs more than it saves."""


class InvalidBacktest(ValueError):
    """A backtest was asked for something that cannot be done; says what, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The request for a backtest.

    Parameters
    ----------
    failures
        All failures in the range; None: what close-outs say.
    against
        ``live``, or the JSON file of an earlier backtest.
    jobs
        Processes that share the assets, if there is enough to do.
    """

    range: Range = field(default_factory=Range)
    documents: Documents = field(default_factory=Documents)
    assumed: Assumed = field(default_factory=Assumed)
    costs: Costs = field(default_factory=Costs)
    criteria: Criteria = field(default_factory=Criteria)
    failures: Sequence[Failure] | None = None
    against: str | None = None
    jobs: int = 1


@dataclass(slots=True, kw_only=True)
class Result:
    """A run with its outcome, and its differences from what it was compared with.

    ``worth`` is the outcome in money, by currency, if the plant has a cost model.
    """

    run: Run
    outcome: Outcome
    difference: Difference | None
    worth: Sequence[Worth] = ()


def documents(rules: Path | None, models: Path | None) -> Documents:
    """Read the documents that are to judge. Raises InvalidRulebook or InvalidModels."""
    return Documents(
        rulebook=None if rules is None else rulebooks.read(rules).document,
        models=None if models is None else model_documents.read(models),
    )


def judge_again(conn: Connection, wanted: Wanted, on_progress: Callable[[float], None] = lambda _: None) -> Result:
    """Run a backtest on a database, which is only read. Raises NothingToJudge or InvalidBacktest.

    ``on_progress`` is called from time to time with the share done, 0 to 1. What it raises ends the backtest.
    """
    other = None if wanted.against in (None, LIVE) else _earlier(Path(str(wanted.against)))
    with conn.transaction():
        # One snapshot: an order that opens while this runs is either fully in it or not at all.
        conn.execute(SNAPSHOT)
        judging = wanted.documents
        if judging.models is not None:
            wanted = replace(wanted, documents=replace(judging, models=fleets.resolved(conn, judging.models)))
        where = stored.arrival_range(conn, wanted.range)
        live = stored.live_orders(conn, wanted.range)
        above = backtest_db.above(conn)
        assets = _with_those_above(wanted.range.assets, above)
        seen = _seen(conn, replace(wanted.range, assets=None if wanted.range.assets is None else assets))
        many = min(wanted.jobs, len(assets)) > 1 and len(where) >= LEAST_FOR_JOBS
        if many and not _compares_assets(conn, wanted.documents):
            made = run_parts(
                conn,
                where,
                _families(assets, above, backtest_db.areas(conn)),
                jobs=wanted.jobs,
                documents=wanted.documents,
                seen=seen,
                assumed=wanted.assumed,
                since=wanted.range.since,
                on_progress=on_progress,
            )
        else:
            made = run(
                stored.inputs(conn, where, None if wanted.range.assets is None else assets),
                documents=wanted.documents,
                seen=seen,
                assumed=wanted.assumed,
                since=wanted.range.since,
                on_input=lambda arrival: on_progress(max(0.0, (arrival - where.first) / len(where))),
            )
        prices = costs_db.prices_of_assets(conn)
    made = _only(made, wanted.range.assets)
    if wanted.against == LIVE:
        # Orders opened before the first stored reading cannot be judged again.
        began = made.start
        other = [stored.as_order(each) for each in live if began is None or each.opened_at >= began]
    outcome_of = _worth(made, live, wanted)
    return Result(
        run=made,
        outcome=outcome_of,
        worth=in_money(outcome_of, prices),
        difference=None if other is None else difference(other, made.orders),
    )


def command(database: str, wanted: Wanted, json_file: Path | None, console: Console) -> None:
    """Run a backtest, print it, and write the JSON document if one is asked for."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with psycopg.connect(database) as conn, Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("judging", total=1.0)
        result = judge_again(conn, wanted, lambda share: progress.update(task, completed=share))
    against = "the plant's own orders" if wanted.against == LIVE else str(wanted.against)
    report.show(result.run, result.outcome, result.difference, against, console)
    report.show_worth(result.worth, console)
    if json_file is not None:
        json_file.write_text(
            report.as_json(result.run, result.outcome, result.difference, result.worth), encoding="utf-8"
        )


def _with_those_above(wanted: tuple[str, ...] | None, above: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the assets to judge, including upstream ones: those can be the cause of what is found."""
    if wanted is None:
        return tuple(above)
    return tuple(dict.fromkeys(each for asset in wanted for each in above.get(asset, [asset])))


def _families(
    assets: Sequence[str], above: Mapping[str, Sequence[str]], areas: Mapping[str, str | None]
) -> list[tuple[str, ...]]:
    """Group the assets by upstream asset and area: assets that can affect one another are judged in one process."""
    families: dict[str, set[str]] = {}
    for asset in assets:
        together = {asset, above.get(asset, [asset])[-1], f"area {areas.get(asset) or asset.partition('/')[0]}"}
        for name in [*together]:
            together |= families.get(name, set())
        families.update(dict.fromkeys(together, together))
    known = set(assets)
    distinct = {id(family): family & known for family in families.values()}
    return [tuple(each for each in assets if each in family) for family in distinct.values()]


def _only(made: Run, wanted: tuple[str, ...] | None) -> Run:
    if wanted is None:
        return made
    orders = [order for order in made.orders if order.asset in wanted]
    return replace(
        made, orders=orders, asset_days={key: made.asset_days[key] for key in made.asset_days if key in wanted}
    )


def _compares_assets(conn: Connection, judging: Documents) -> bool:
    """Return whether a rule combines several assets, so that they cannot be judged apart."""
    if judging.rulebook is not None:
        return rulebooks.parse(judging.rulebook).compares_assets
    then = db_documents.versions(conn, Kind.RULEBOOK, limit=10_000)
    return any(rulebooks.parse(each.document).compares_assets for each in then)


def _seen(conn: Connection, wanted: Range) -> set[UUID]:
    """Return the orders that people could act on, including those of the warm-up."""
    return {each.id for each in stored.live_orders(conn, Range(until=wanted.until, assets=wanted.assets))}


def _worth(made: Run, live: Sequence[LiveOrder], wanted: Wanted) -> Outcome:
    confirmed, denied = stored.close_outs(live)
    return outcome(
        made,
        confirmed if wanted.failures is None else wanted.failures,
        denied={each.id for each in denied},
        complete=wanted.failures is not None,
        criteria=wanted.criteria,
        costs=wanted.costs,
    )


def _earlier(file: Path) -> list[Order]:
    """Return the orders of an earlier backtest's document."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return [_order(each) for each in document["orders"]]
    except FileNotFoundError:
        raise InvalidBacktest(f"{file}: there is no such file; --against takes live, or what --json wrote") from None
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise InvalidBacktest(f"{file} is not what --json of a backtest writes ({error})") from None


def _order(facts: Mapping[str, Any]) -> Order:
    return Order(
        id=UUID(facts["id"]),
        asset=facts["asset"],
        component=facts["component"],
        failure_mode=FailureMode(facts["failure_mode"]),
        severity=next(each for each in Severity if each.order_type == facts["type"]),
        opened_at=datetime.fromisoformat(facts["opened_at"]),
        opened_as=OrderType(facts["opened_as"]),
        why=facts["why"],
        evidence=facts["evidence"],
        duplicate_of=None if facts["duplicate_of"] is None else UUID(facts["duplicate_of"]),
        ended=facts["ended"],
    )


def days(value: float) -> timedelta:
    """Return a duration in days. Raises InvalidBacktest."""
    if not 0 <= value <= 36_500:
        raise InvalidBacktest(f"{value} days: write a number from 0 to 36500")
    return timedelta(days=value)
