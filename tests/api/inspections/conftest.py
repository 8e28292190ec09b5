"""A checklist and a route of two pumps, and the verbs by which tests walk it."""

from typing import Any

import pytest

V1 = "/api/v1"
ITEMS: list[dict[str, Any]] = [
    {"key": "seal", "kind": "yes_no", "text": "Shaft seal dry?", "fails": ["no"], "severity": "malfunction"},
    {"key": "leak", "kind": "choice", "text": "How much?", "choices": ["drops", "a stream"], "fails": ["a stream"],
     "severity": "safety", "only_if": {"key": "seal", "answer": "no"}},
    {"key": "temp", "kind": "measurement", "text": "Bearing temperature", "unit": "degC", "high": 80,
     "signal": "bearing_temp", "severity": "malfunction"},
    {"key": "note", "kind": "text", "text": "Anything else", "needed": False},
]  # fmt: skip


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


def begin(client, route: int, name: str = "round") -> int:
    answer = client.post(f"{V1}/rounds", json={"site": "NTH", "route_id": route}, headers=key(name))
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "under_way"
    return int(answer.json()["id"])


def answered(client, of: int, stop: int, *, finish: bool = True, status: int = 200, more: Any = None, **answers: str):
    given = {name: {"answer": said} for name, said in answers.items()}
    body = {"answers": given, "finish": finish} | (more or {})
    answer = client.put(f"{V1}/rounds/{of}/stops/{stop}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture
def checklist(client) -> int:
    body = {"site": "NTH", "code": "PUMP-DAILY", "title": "Daily look at a pump", "items": ITEMS}
    answer = client.post(f"{V1}/checklists", json=body, headers=key("list"))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture
def route(client, checklist, seeded) -> int:
    stops = [{"asset_id": seeded.assets[code], "checklist_id": checklist} for code in ("P-102", "P-101")]
    body = {"site": "NTH", "code": "HALL", "title": "Supply hall", "stops": stops}
    answer = client.post(f"{V1}/inspection-routes", json=body, headers=key("route"))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])
