"""Backtests as runs: the report as JSON to download, and its part for a page."""

import json
from datetime import timedelta
from typing import Any

import psycopg

from api.shapes.runs import BacktestIn
from db.runs.runs import MadeFile
from models.documents import InvalidModels
from rules.rulebook import InvalidRulebook
from runtime.backtest import report
from runtime.backtest.command import LIVE, InvalidBacktest, Result, Wanted, judge_again
from runtime.backtest.outcomes import Criteria
from runtime.backtest.running import Assumed, Documents
from runtime.backtest.stored import NothingToJudge, Range
from runtime.runs.work import CannotBeDone, Done, Work
from workorder_core.sentences import kept

MOST_SHOWN = 200
"""The most orders of a list in the result; the report has all of them."""


def execute(work: Work) -> Done:
    """Judge history again, on a snapshot of its own, and compare with the plant's own orders."""
    asked = BacktestIn.model_validate(work.run.input)
    with psycopg.connect(work.database) as conn:
        try:
            made = judge_again(conn, _wanted(asked), lambda share: work.progress(share, kept("judging history again")))
        except (NothingToJudge, InvalidBacktest, InvalidRulebook, InvalidModels) as problem:
            raise CannotBeDone(str(problem)) from None
    document = report.as_json(made.run, made.outcome, made.difference)
    file = MadeFile(name="backtest.json", media_type="application/json", size=0, content=document.encode())
    return Done(result=_shown(made, json.loads(document)), files=[file])


def _wanted(asked: BacktestIn) -> Wanted:
    warm_up = asked.warm_up_days
    return Wanted(
        range=Range(
            since=asked.since,
            until=asked.until,
            assets=None if asked.assets is None else tuple(asked.assets),
            warm_up=None if warm_up is None else timedelta(days=warm_up),
        ),
        documents=Documents(rulebook=asked.rulebook, models=asked.models),
        assumed=Assumed(done_after=timedelta(days=asked.done_after_days)),
        criteria=Criteria(horizon=timedelta(days=asked.horizon_days)),
        against=LIVE,
    )


def _shown(made: Result, document: dict[str, Any]) -> dict[str, Any]:
    """Return the part of the report that a page shows."""
    outcome, difference = document["outcome"], document["difference"]
    return {
        "start": document["start"],
        "end": document["end"],
        "frames": document["frames"],
        "asset_months": round(sum(made.run.asset_days.values()) / 30.4, 1),
        "orders": document["orders"][:MOST_SHOWN],
        "order_count": len(document["orders"]),
        "gained": difference["gained"][:MOST_SHOWN],
        "lost": difference["lost"][:MOST_SHOWN],
        "changed": difference["changed"][:MOST_SHOWN],
        "counts": {name: len(difference[name]) for name in ("gained", "lost", "changed")}
        | {"same": difference["same"]},
        "found": outcome["found"][:MOST_SHOWN],
        "missed": outcome["missed"][:MOST_SHOWN],
        "false": len(outcome["false"]),
        "unjudged": len(outcome["unjudged"]),
        "median_lead_h": outcome["median_lead_h"],
        "technician_hours": outcome["technician_hours"],
    }
