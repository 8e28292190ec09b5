"""A walk along every edge of the table of moves, by the forms of an order's page, each field given and left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.testclient import TestClient

from tests.a_plant import Seeded
from workorder_core.orders.lifecycle import MOVES, Step
from workorder_core.words import Status

PATHS: Mapping[Status, tuple[Step, ...]] = {
    Status.DRAFT: (),
    Status.AWAITING_APPROVAL: (Step.SUBMIT,),
    Status.OPEN: (Step.APPROVE,),
    Status.PLANNED: (Step.APPROVE, Step.PLAN),
    Status.SCHEDULED: (Step.APPROVE, Step.SCHEDULE),
    Status.DISPATCHED: (Step.APPROVE, Step.ASSIGN),
    Status.IN_PROGRESS: (Step.APPROVE, Step.ASSIGN, Step.START),
    Status.ON_HOLD: (Step.APPROVE, Step.ASSIGN, Step.START, Step.HOLD),
    Status.COMPLETED: (Step.APPROVE, Step.ASSIGN, Step.START, Step.COMPLETE),
    Status.VERIFIED: (Step.APPROVE, Step.ASSIGN, Step.START, Step.COMPLETE, Step.VERIFY),
    Status.CLOSED: (Step.APPROVE, Step.ASSIGN, Step.START, Step.COMPLETE, Step.VERIFY, Step.CLOSE),
    Status.CANCELLED: (Step.CANCEL,),
    Status.CANNOT_COMPLETE: (Step.APPROVE, Step.ASSIGN, Step.START, Step.CANNOT_COMPLETE),
}
"""The steps that lead from a draft to each status."""

EDGES = [(step, source) for step, move in MOVES.items() for source in sorted(move.sources)]


@dataclass(frozen=True, slots=True)
class Walked:
    """An order that has just gone along an edge."""

    step: Step
    source: Status
    fields: str
    order: str

    def __str__(self) -> str:
        return f"{self.step} from {self.source} with {self.fields}"


def _at(hours: float) -> str:
    return (datetime.now(ZoneInfo("Europe/Copenhagen")) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def needed(step: Step) -> dict[str, str]:
    """The fields that a step cannot do without."""
    if step is Step.SCHEDULE:
        return {"starts_at": _at(24)}
    if step is Step.COMPLETE:
        return {"finding": "confirmed", "cause": "wear", "remedy": "replace"}
    if step in (Step.REJECT, Step.UNASSIGN, Step.HOLD, Step.REWORK, Step.REOPEN, Step.CANNOT_COMPLETE, Step.CANCEL):
        return {"why": "somebody said so"}
    return {}


def optional(step: Step) -> dict[str, str]:
    """The fields that a step does without."""
    return {
        Step.PLAN: {"plan": "WALK", "hours": "2,5"},
        Step.SCHEDULE: {"ends_at": _at(26), "technician": "holm", "why": "she knows it"},
        Step.ASSIGN: {"technician": "okafor", "why": "he knows it"},
        Step.START: {"why": "the pump stands"},
        Step.HOLD: {"waits": "parts"},
        Step.COMPLETE: {
            "failure_mode": "OHE", "mechanism": "2.4", "hours": "1,5", "downtime": "90", "parts": "0.5 l oil",
            "readings": "vibration 1.8 mm/s", "follow_up": "Align the coupling", "why": "outer race was pitted",
        },
    }.get(step, {})  # fmt: skip


def variants(step: Step, *, every: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """The forms to send: bare and with everything; for ``every`` with each optional field alone, and alone left out."""
    bare, more = needed(step), optional(step)
    yield "nothing more", bare
    if more:
        yield "everything", bare | more
    for name in more if every and len(more) > 1 else ():
        if name != "technician" or step is Step.SCHEDULE:
            yield f"{name} alone", bare | {name: more[name]}
        if name != "why":
            yield f"all but {name}", bare | {other: value for other, value in more.items() if other != name}


class Walker:
    """Somebody who may do everything, at the forms."""

    def __init__(self, client: TestClient, seeded: Seeded) -> None:
        self.client, self.asset = client, seeded.assets["P-108"]
        plan = {"title": "Walk", "steps": [{"instruction": "Look", "mandatory": False}]}
        client.put("/api/v1/job-plans/WALK", json=plan).raise_for_status()

    def sends(self, path: str, form: Mapping[str, Any]) -> str:
        """Send a form and return where it leads."""
        answer = self.client.post(path, data=dict(form), headers={"Accept": "text/html"}, follow_redirects=False)
        assert answer.status_code == 303, (path, form, answer.status_code, answer.text[-3000:])
        return str(answer.headers["location"])

    def order(self, status: Status) -> str:
        """Make an order and lead it to a status; return its id."""
        form = {"asset_id": self.asset, "kind": "preventive", "title": "Walk along", "component": "seal"}
        there = self.sends("/new-order", form | {"draft": "yes"})
        for step in PATHS[status]:
            self.sends(f"{there}/{step}", needed(step) | ({"technician": "holm"} if step is Step.ASSIGN else {}))
        return there.rpartition("/")[2]

    def walk(self, *, every: bool = False) -> Iterator[Walked]:
        """Yield an order for each edge and each form of its step, just moved along it."""
        for step, source in EDGES:
            for name, form in variants(step, every=every):
                order = self.order(source)
                self.sends(f"/orders/{order}/{step}", form)
                yield Walked(step, source, name, order)
