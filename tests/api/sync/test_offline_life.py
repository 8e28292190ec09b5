"""Two devices and a planner in any order: offline, sending twice, out of order, killed between storing and answering.

The model is a plain dictionary per order. After every step each operation that arrived is stored once with the verdict
that the model gives, and the order is what the model says.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from api.shapes.sync.batches import meaning
from db.orders import audit, order_content, work_orders
from db.people import assignments
from db.plant import plant
from db.sync import deciding, operations
from runtime.cli.plant_file import load_plant
from tests import a_plant
from tests.api.sync.offline import DAHL, Phone
from workorder_core.orders import record
from workorder_core.orders.details import Cancel
from workorder_core.orders.lifecycle import Step
from workorder_core.words import FailureMode, OrderType

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENDED = ("cancelled", "cannot_complete")
MOVES = {
    "start": ("dispatched", "in_progress"),
    "hold": ("dispatched|in_progress", "on_hold"),
    "resume": ("on_hold", "in_progress"),
    "cannot_complete": ("dispatched|in_progress|on_hold", "cannot_complete"),
}
TITLES = ["Look at the pump", "Replace the seal", "Align the coupling"]


def the_life(conn: psycopg.Connection) -> type[RuleBasedStateMachine]:  # noqa: C901 - a machine is one class
    class Life(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            conn.rollback()
            self.at = NOW
            self.stored: dict[str, str] = {}
            self.known: dict[UUID, int] = {}
            self.both: dict[str, tuple[object, object]] = {}
            self.open: set[str] = set()
            self.orders: dict[UUID, dict] = {}
            self.kinds: dict[str, dict] = {}

        @initialize(ahead=st.sampled_from([-1, 0, 1]))
        def begin(self, ahead):
            self.phones = [Phone(ahead=timedelta(days=ahead)), Phone()]
            asset = plant.assets(conn, now=NOW)[0]
            for _ in range(2):
                made = work_orders.create_by_hand(
                    conn,
                    asset=asset,
                    kind=OrderType.REACTIVE,
                    title=TITLES[0],
                    component="seal",
                    failure_mode=FailureMode.UNK,
                    actor=DAHL.actor,
                    at=NOW,
                )
                assignments.assign_to(conn, made.id, "holm", who=DAHL, at=NOW, why="knows it")
                start = {"status": "dispatched", "title": TITLES[0], "hours": 0.0, "parts": 0.0, "mine": True}
                self.orders[made.id] = start | {"remarks": []}
            self.cache = [dict.fromkeys(self.orders, TITLES[0]) for _ in self.phones]

        def teardown(self):
            if self.orders:
                for phone in self.phones:  # the network is there again: everything arrives, once
                    self._received(phone, phone.unsent, phone.transmit(conn, self._tick(), phone.unsent))
                self.everything_is_stored_once()
                self.orders_are_as_the_model_says()
                assert set(self.stored) == {op["op_id"] for phone in self.phones for op in phone.log}
                assert audit.verify(conn).sound
                for key in self.orders:
                    rows = work_orders.history(conn, key)
                    order = work_orders.get(conn, key)
                    assert record.replay((row.old, row.new) for row in rows) == record.facts(order)
            conn.rollback()

        def _tick(self):
            self.at += timedelta(minutes=1)
            return self.at

        # What people do on their devices, without a network.

        @rule(place=st.integers(0, 1), of=st.integers(0, 1), kind=st.sampled_from(["remark", "hours", "parts"]))
        def record_what_adds_up(self, place, of, kind):
            contents: dict[str, dict[str, Any]] = {
                "remark": {"text": f"seen {self.at}"},
                "hours": {"hours": 0.5},
                "parts": {"part": "seal", "used": 2},
            }
            self.phones[place].record(kind, list(self.orders)[of], self._tick(), **contents[kind])

        @rule(place=st.integers(0, 1), of=st.integers(0, 1), title=st.sampled_from(TITLES))
        def record_a_title(self, place, of, title):
            key = list(self.orders)[of]
            base, self.cache[place][key] = self.cache[place][key], title
            self.phones[place].record("field", key, self._tick(), name="title", base=base, value=title)

        @rule(place=st.integers(0, 1), of=st.integers(0, 1), step=st.sampled_from(sorted(MOVES)))
        def record_a_move(self, place, of, step):
            reason = {"reason": "waits"} if step in ("hold", "cannot_complete") else {}
            self.phones[place].record("move", list(self.orders)[of], self._tick(), step=step, **reason)

        @rule(place=st.integers(0, 1), data=st.data(), mine=st.booleans())
        def settle_a_conflict(self, place, data, mine):
            phone = self.phones[place]
            mine_open = [op for op in phone.log if phone.answers.get(op["op_id"], {}).get("verdict") == "conflict"]
            if mine_open:
                op = data.draw(st.sampled_from(mine_open))
                told = phone.answers[op["op_id"]]
                content = {"name": "title", "base": told["current"], "value": told["value" if mine else "current"]}
                phone.record("field", UUID(op["order"]), self._tick(), resolves=op["op_id"], **content)

        # What the network does.

        @rule(place=st.integers(0, 1), data=st.data(), fate=st.sampled_from(["arrives", "answer lost", "killed"]))
        def send(self, place, data, fate):
            phone = self.phones[place]
            again = phone.log[:2] if data.draw(st.booleans(), "sends the first ones again") else []
            ops = data.draw(st.permutations([*phone.unsent, *again]), "order")
            ops = ops[: data.draw(st.integers(0, len(ops)), "how many")]
            if fate == "killed":
                with conn.transaction(force_rollback=True):
                    phone.transmit(conn, self._tick(), ops)
                return
            received = phone.transmit(conn, self._tick(), ops)
            self._received(phone, ops, received)
            if fate == "arrives":
                phone.learn(received)

        # What the planner does meanwhile.

        @rule(of=st.integers(0, 1), title=st.sampled_from(TITLES))
        def rename(self, of, title):
            key = list(self.orders)[of]
            model = self.orders[key]
            if model["status"] not in ENDED:
                work_orders.change(
                    conn,
                    key,
                    lambda order: replace(order, title=title),
                    actor=DAHL.actor,
                    at=self._tick(),
                    name="change",
                )
                model["title"] = title

        @rule(of=st.integers(0, 1), to=st.sampled_from(["holm", "petersen"]))
        def give(self, of, to):
            key = list(self.orders)[of]
            model = self.orders[key]
            if model["status"] in ("dispatched", "in_progress"):
                assignments.assign_to(conn, key, to, who=DAHL, at=self._tick(), why="holiday")
                model |= {"status": "dispatched", "mine": to == "holm"}

        @rule(of=st.integers(0, 1))
        def cancel(self, of):
            key = list(self.orders)[of]
            if self.orders[key]["status"] not in ENDED:
                work_orders.take_step(conn, key, Step.CANCEL, Cancel("x"), who=DAHL, at=self._tick(), why="not needed")
                self.orders[key]["status"] = "cancelled"

        @rule(data=st.data(), over=st.booleans())
        def decide(self, data, over):
            if self.open:
                op_id = data.draw(st.sampled_from(sorted(self.open)))
                if over:
                    deciding.take_over(conn, UUID(op_id), meaning, who=DAHL, now=self._tick(), why="it happened")
                    self._apply(self.kinds[op_id], by_planner=True)
                else:
                    deciding.set_aside(conn, UUID(op_id), who=DAHL, now=self._tick(), why="entered already")
                self.open.discard(op_id)

        # The model.

        def _received(self, phone, ops, received):
            """Advance the model by a batch, and compare the answers."""
            for answer in received.answers:
                assert str(answer.op_id) in {op["op_id"] for op in ops}
            answered = {str(each.op_id): each for each in received.answers if each.verdict != "already"}
            for op in sorted(ops, key=lambda op: op["seq"]):
                op_id, known = op["op_id"], self.known.get(phone.id, 0)
                if op_id in self.stored or op["seq"] != known + 1:
                    continue
                self.known[phone.id] = op["seq"]
                self.kinds[op_id] = op
                verdict = self.stored[op_id] = self._apply(op)
                assert (op_id, str(answered[op_id].verdict)) == (op_id, verdict)
                if verdict in ("kept", "conflict"):
                    self.open.add(op_id)
            assert received.device.known_seq == self.known.get(phone.id, 0)
            for each in received.answers:
                if each.verdict == "early":
                    assert str(each.op_id) not in self.stored
                else:
                    assert str(each.first or each.verdict) == self.stored[str(each.op_id)]

        def _apply(self, op, *, by_planner=False):
            model, content = self.orders[UUID(op["order"])], op["content"]
            allowed = (model["mine"] or by_planner) and model["status"] not in ENDED
            if op["kind"] == "remark":
                model["remarks"].append(content["text"])
                return "applied"
            if op["kind"] == "field":
                return self._apply_title(op, model, allowed=allowed, by_planner=by_planner)
            if op["kind"] == "move":
                sources, to = MOVES[content["step"]]
                if to == model["status"] == "in_progress" and model["mine"] and not by_planner:
                    return "merged"
                if not allowed or model["status"] not in sources.split("|"):
                    return "kept"
                model["status"] = to
                return "applied"
            if not allowed:
                return "kept"
            name, amount = ("hours", content.get("hours")) if op["kind"] == "hours" else ("parts", content.get("used"))
            model[name] += amount
            return "applied"

        def _apply_title(self, op, model, *, allowed, by_planner):
            value, base = op["content"]["value"], op["content"]["base"]
            if value == model["title"]:
                self._settle(op)
                return "merged"
            if not allowed:
                return "kept"
            if base != model["title"] and not by_planner:
                self.both[op["op_id"]] = (model["title"], value)
                return "conflict"
            model["title"] = value
            if not by_planner:
                self._settle(op)
            return "applied"

        def _settle(self, op):
            resolves = op["content"].get("resolves")
            if resolves in self.open and self.stored.get(resolves) == "conflict":
                self.open.discard(resolves)

        @invariant()
        def everything_is_stored_once(self):
            rows = conn.execute(
                "SELECT op_id::text, verdict, answer, decision IS NULL AND verdict IN ('kept', 'conflict') "
                "FROM sync_operations"
            ).fetchall()
            assert {op_id: verdict for op_id, verdict, _, _ in rows} == self.stored
            assert {op_id for op_id, _, _, waits in rows if waits} == self.open
            shown = {
                op_id: (told["current"], told["value"]) for op_id, verdict, told, _ in rows if verdict == "conflict"
            }
            assert shown == self.both

        @invariant()
        def orders_are_as_the_model_says(self):
            for key, model in self.orders.items():
                order = work_orders.get(conn, key)
                used = sum(line.used or 0 for line in order_content.parts(conn, key))
                remarks = [each.text for each in order_content.comments(conn, key)]
                facts = (order.status.value, order.title, order.actual_hours or 0, used, sorted(remarks))
                assert facts == (
                    model["status"], model["title"], model["hours"], model["parts"], sorted(model["remarks"]),
                )  # fmt: skip
                waiting = {str(each.op_id) for each in operations.of_order(conn, key) if each.waits}
                assert waiting == {each for each in self.open if self.kinds[each]["order"] == str(key)}

    return Life


def live(database: str, traces: int, steps: int) -> None:
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE, at=NOW - timedelta(days=1))
        conn.commit()
        run_state_machine_as_test(
            the_life(conn),
            settings=settings(
                max_examples=traces, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )


def test_nothing_is_lost_or_applied_twice(database):
    live(database, 24, 20)


@pytest.mark.slow
def test_nothing_is_lost_or_applied_twice_in_a_thousand_traces(database):
    live(database, 1000, 50)
