"""Far dates: refused where they come in, and survived where a database has them already."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, get_args, get_origin

import psycopg
import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from psycopg_pool import ConnectionPool
from pydantic import AwareDatetime, BaseModel, FutureDatetime, NaiveDatetime, PastDatetime, TypeAdapter, ValidationError

from api.app import create
from db.orders import work_orders
from db.people import assignments
from tests import a_plant
from tests.api.conftest import KEY

V1 = "/api/v1"
EARLY, LATE = "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-05:00"
FAR = [EARLY, LATE, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2201-01-01T00:00:00Z"]


def _dates_of(annotation: Any, name: str, seen: set[Any]) -> list[tuple[str, Any]]:
    """Return every date or time that a type lets in, with where it is."""
    base = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if base in (datetime, date, AwareDatetime, NaiveDatetime, PastDatetime, FutureDatetime):
        return [(name, annotation)]
    found = [each for part in get_args(annotation) for each in _dates_of(part, name, seen)]
    if isinstance(base, type) and issubclass(base, BaseModel) and base not in seen:
        seen.add(base)
        for field_name, field in base.model_fields.items():
            whole = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
            found += _dates_of(whole, f"{base.__name__}.{field_name}", seen)
    return found


def _is_day(annotation: Any) -> bool:
    return (get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation) is date


def test_every_time_that_a_route_accepts_is_of_a_year_between_1970_and_2200(client):
    seen: set[Any] = set()
    incoming = []
    for route in iter_route_contexts(client.app.routes):
        if route.path in ("/static", "/r", "/tech/app"):
            continue
        asked = route.dependant
        for field in (*asked.query_params, *asked.header_params, *asked.path_params, *asked.body_params):
            info = field.field_info
            whole = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
            incoming += _dates_of(whole, f"{route.path} {field.name}", seen)
    assert len(incoming) >= 15
    for _, annotation in incoming:
        reader = TypeAdapter(annotation)
        far = "9999-12-31" if _is_day(annotation) else LATE
        with pytest.raises(ValidationError, match="between 1970 and 2200"):
            reader.validate_python(far)


@pytest.mark.parametrize("far", FAR)
def test_a_far_date_in_a_request_is_refused_with_the_years_that_will_do(client, seeded, far):
    asset, order = seeded.assets["P-101"], seeded.orders["by hand"]
    soon = "2026-12-01T00:00:00Z"
    answers = [
        client.post(f"{V1}/assets/{asset}/downtimes", json={"starts_at": far, "ends_at": soon, "reason": "x"}),
        client.post(f"{V1}/assets/{asset}/downtimes", json={"starts_at": soon, "ends_at": far, "reason": "x"}),
        client.post(
            f"{V1}/work-orders",
            json={"asset_id": asset, "type": "inspection", "title": "Look", "requested_for": far},
            headers={"Idempotency-Key": "far"},
        ),
        client.post(f"{V1}/work-orders/{order}/schedule", json={"start": far}),
        client.post(f"{V1}/work-orders/{order}/schedule", json={"start": soon, "end": far}),
        client.get(f"{V1}/assets/{asset}/readings", params={"end": far}),
        client.get(f"{V1}/alarms/metrics", params={"since": far, "until": soon}),
    ]
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert "a year between 1970 and 2200" in answer.json()["detail"]


def test_a_far_date_in_a_form_is_refused_and_what_was_typed_stays(client, seeded):
    path = f"/assets/{seeded.assets['P-107']}/downtimes"
    for typed in ({"starts_at": "0001-01-01T00:00"}, {"ends_at": "9999-12-31T23:59"}):
        form = {"starts_at": "2026-12-01T06:00", "ends_at": "2026-12-01T14:00", "reason": "mothballed"} | typed
        answer = client.post(path, data=form)
        assert answer.status_code == 422
        assert "between 1970 and 2200" in answer.text
        assert "mothballed" in answer.text
    assert client.get("/alarms/history", params={"since": "0001-01-01T00:00", "until": "0001-01-02T00:00"}).is_success


def test_an_open_ended_downtime_lasts_until_it_is_taken_back(client, seeded, pool):
    asset = seeded.assets["P-108"]
    start = datetime.now(UTC) - timedelta(hours=1)
    body = {"starts_at": start.isoformat(), "ends_at": None, "reason": "mothballed"}
    made = client.post(f"{V1}/assets/{asset}/downtimes", json=body).json()
    assert made["ends_at"] is None
    assert client.get(f"{V1}/assets/{asset}").json()["in_planned_downtime"] is True
    assert made["id"] in [
        each["id"] for each in client.get(f"{V1}/downtimes", params={"after": "2199-01-01T00:00Z"}).json()
    ]
    assert "open-ended" in client.get(f"/assets/{asset}").text
    with pool.connection() as conn:
        told = conn.execute("SELECT payload FROM judge_events WHERE kind = 'downtime'").fetchone()
    assert told[0]["ends_at"] is None
    client.post(f"{V1}/downtimes/{made['id']}/cancel")
    assert client.get(f"{V1}/assets/{asset}").json()["in_planned_downtime"] is False


def test_an_open_ended_downtime_is_planned_on_the_page(client, seeded, pool):
    path = f"/assets/{seeded.assets['P-107']}/downtimes"
    assert client.post(path, data={"starts_at": "2026-03-04T06:00", "reason": "x"}).status_code == 422
    client.post(path, data={"starts_at": "2026-03-04T06:00", "reason": "mothballed", "open_ended": "true"})
    with pool.connection() as conn:
        assert conn.execute("SELECT reason, ends_at FROM planned_downtimes").fetchall() == [("mothballed", None)]


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Europe/Oslo", "America/New_York"])
def test_rows_with_far_dates_close_no_list_and_no_page_whatever_the_databases_zone(database, zone):
    with psycopg.connect(database, autocommit=True) as conn:
        name = conn.info.dbname
        conn.execute(f"ALTER DATABASE \"{name}\" SET timezone = '{zone}'".encode())
    with psycopg.connect(database) as conn:
        seeded = a_plant.build(conn, now=datetime.now(UTC), days=0.1)
        for order, far in zip(
            seeded.orders.values(),
            ("9999-12-31 23:59:59Z", "0001-01-01 00:00Z", LATE, "0044-01-01 00:00Z BC"),
            strict=False,
        ):
            conn.execute(
                "UPDATE work_orders SET requested_for = %(far)s, scheduled_start = %(far)s WHERE id = %(id)s",
                {"far": far, "id": order},
            )
        for start, end in (("0001-01-01 00:00Z BC", LATE), ("2026-01-01Z", "9999-12-31 23:59:59Z")):
            conn.execute(
                "INSERT INTO planned_downtimes (asset_id, starts_at, ends_at, reason, actor) "
                "VALUES (%s, %s, %s, 'x', 'x')",
                [seeded.assets["P-101"], start, end],
            )
    asset = seeded.assets["P-101"]
    paths = [
        "/",
        "/my-work",
        "/assets",
        f"/assets/{asset}",
        f"{V1}/work-orders",
        f"{V1}/downtimes",
        f"{V1}/assets/{asset}",
    ]
    paths += [f"/orders/{order}" for order in seeded.orders.values()]
    paths += [f"{V1}/work-orders/{order}" for order in seeded.orders.values()]
    with ConnectionPool(database, min_size=1, max_size=2, open=True) as pool:
        app = create(pool, keys={"planner": KEY})
        with TestClient(app, base_url="http://localhost", headers={"X-API-Key": KEY}) as client:
            for path in paths:
                answer = client.get(path)
                assert answer.status_code == 200, f"{path}: {answer.text[:300]}"
        with pool.connection() as conn:
            for order in work_orders.unassigned(conn):
                assignments.assign_best(conn, order, actor="system:assign", at=datetime.now(UTC))
            assert all(
                assignee
                for (assignee,) in conn.execute(
                    "SELECT assignee_id FROM work_orders WHERE requested_for > '9000-01-01' AND status = 'assigned'"
                )
            )


def test_times_are_read_in_utc_whatever_the_sessions_zone(database):
    with psycopg.connect(database, options="-c timezone=Asia/Tokyo") as conn:
        for binary in (False, True):
            for text, read in (
                ("2026-03-01 12:00+00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
                ("9999-12-31 23:59:59-05", datetime.max.replace(tzinfo=UTC)),
                ("0044-03-15 00:00+00 BC", datetime.min.replace(tzinfo=UTC)),
                ("infinity", datetime.max.replace(tzinfo=UTC)),
                ("-infinity", datetime.min.replace(tzinfo=UTC)),
            ):
                [(found,)] = conn.execute("SELECT %s::timestamptz", [text], binary=binary).fetchall()
                assert found == read
                assert found.utcoffset() == timedelta(0)
