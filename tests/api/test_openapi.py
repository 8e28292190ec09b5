"""What the API's description promises, tried with what schemathesis makes up: no 500, no answer outside its schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg_pool import ConnectionPool
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api import passwords
from api.app import create
from tests import a_plant, people
from tests.api.conftest import KEY
from tests.parts import databases
from workorder_core.people.access import Role

SCHEMA = schemathesis.openapi.from_dict(create(None, keys={}).openapi())  # type: ignore[arg-type]
OPERATIONS = {each.ok().label: each.ok() for each in SCHEMA.get_all_operations() if isinstance(each, Ok)}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass
class Plant:
    """An application on a database that all tries share, and ids of what is in it."""

    client: TestClient
    ids: dict[str, Any]


@pytest.fixture(scope="module")
def plant(embedded_server: str, _template: str) -> Iterator[Plant]:
    with databases.fresh(embedded_server, _template) as url:
        with psycopg.connect(url) as conn:
            seeded = a_plant.build(conn, now=datetime.now(UTC), days=0.2)
            people.add_user(conn, "mette", Role.VIEWER)
            people.add_key(conn, "scada", Role.VIEWER)
        ids = {"order_id": str(seeded.orders["predictive"]), "asset_id": seeded.assets["P-103"], "number": "NTH-1002"}
        ids |= {"technician_id": 1, "downtime_id": 1, "user_name": "mette", "key_name": "scada", "kind": "rulebook"}
        with ConnectionPool(url, min_size=1, max_size=3, open=True) as pool:
            app = create(pool, keys={"planner": KEY})
            yield Plant(TestClient(app, "http://localhost", raise_server_exceptions=False), ids)


@pytest.fixture(autouse=True)
def _cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", people.CHEAP)


def tried(plant: Plant, case: Any, *, known: bool) -> None:
    """Send what was made up; where ``known``, to ids that there are. A number in a form is sent as its text."""
    if known:
        for name in case.path_parameters.keys() & plant.ids.keys():
            case.path_parameters[name] = plant.ids[name]
    sent = case.as_transport_kwargs(base_url="http://localhost")
    sent["headers"] = dict(sent["headers"]) | {"X-API-Key": KEY}
    sent.pop("cookies", None)
    if isinstance(sent.get("files"), list):
        for n, (field, (name, part)) in enumerate(sent["files"]):
            sent["files"][n] = (field, (name, part if isinstance(part, str | bytes) else str(part)))
    answer = plant.client.request(**sent)
    answer.request.read()  # what was sent of a file is looked at in a complaint
    case.validate_response(answer, checks=CHECKS)


@pytest.mark.parametrize("examples", [4, pytest.param(25, marks=pytest.mark.slow)])
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_answer_is_a_500_or_outside_its_schema(plant, label, examples):
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    cases = st.one_of([OPERATIONS[label].as_strategy(generation_mode=mode) for mode in modes])

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, known=st.booleans())
    def run(case: Any, known: bool) -> None:
        tried(plant, case, known=known)

    run()
