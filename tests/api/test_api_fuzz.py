"""Values that nobody should send, to every route: no 500."""

import json
import re

import pytest

from api import passwords
from api.app import create
from bench import api_fuzz
from bench.api_fuzz_parts import made, plant, rooms
from tests import people

V1 = "/api/v1"


@pytest.fixture(autouse=True)
def _cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", people.CHEAP)


@pytest.mark.slow
def test_no_made_up_request_is_answered_with_a_500(database: str, pool) -> None:
    with pool.connection() as conn:
        plant.fill(conn)
    app = create(pool, keys=dict(zip(("fuzz", "other"), made.KEYS, strict=True)))
    outcome = api_fuzz.run(app, database, count=600, seed=7)
    assert outcome.failed == []
    assert len(outcome.statuses) > 5


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\udfff\ud800"], ids=ascii)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("work-orders", {"asset_id": 1, "type": "inspection", "title": "TEXT"}),
        ("quarantine/retry", {"reason": "TEXT", "all": True}),
        ("devices/gw-1/unbind", {"assets": ["TEXT"]}),
        ("assets/1/downtimes", {"starts_at": "2026-03-04T06:00:00Z", "ends_at": None, "reason": "TEXT"}),
        ("users", {"name": "TEXT", "roles": ["viewer"]}),
        ("work-orders", {"TEXT": "TEXT"}),
    ],
)
def test_what_is_no_text_is_refused_and_said(client, path, body, text) -> None:
    def filled(value: object) -> object:
        if isinstance(value, dict):
            return {filled(name): filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [filled(each) for each in value]
        return text if value == "TEXT" else value

    headers = {"Idempotency-Key": "x", "Content-Type": "application/json"}
    answer = client.post(f"{V1}/{path}", content=json.dumps(filled(body)), headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]


def test_a_picture_that_is_none_is_said_at_the_step(client, seeded) -> None:
    answer = client.post(f"/orders/{seeded.orders['by hand']}/plan-steps/1", data={"photo": "none of them"})
    assert answer.status_code == 422
    assert "hoose one of the order" in answer.text


def test_there_is_something_for_every_parameter_of_a_path(database: str, pool) -> None:
    app = create(pool, keys=dict(zip(("fuzz", "other"), made.KEYS, strict=True)))
    with pool.connection() as conn:
        plant.fill(conn)
        conn.commit()
        address = rooms.fill(app, made.KEYS[0], conn)
        known = {part for name in plant.known(conn, address) for part in name.split("/")}
    asked = {name for operation, _ in made.operations(app) for name in re.findall(r"\{(\w+)", operation)}
    assert asked - known == set()
