"""How well an asset is and how right a model was, through the front door; and that close-outs move its limit."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from db.orders import decisions
from db.plant import health
from models.document import ModelDocument
from tests.a_plant import a_finding
from workorder_core.intake import priority
from workorder_core.intake.decisions import Open
from workorder_core.plant.health import Health
from workorder_core.words import Criticality, FailureMode, Severity

V1 = "/api/v1"
DOCUMENT = ModelDocument()
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORN = Health(
    at=NOW, index=62.5, signal="vibration", value=2.1, limit=2.8, known=True, change=-4.0, change_low=-5.0,
    change_high=-3.0, likely_at=NOW + timedelta(days=15), earliest_at=NOW + timedelta(days=12), latest_at=None,
)  # fmt: skip


def test_the_health_of_an_asset_is_told_with_its_trend(client, pool, seeded):
    asset_id = seeded.assets["P-103"]
    assert client.get(f"{V1}/assets/{asset_id}/health").json()["index"] is None
    assert "Not known yet" in client.get(f"/assets/{asset_id}").text
    with pool.connection() as conn:
        health.write(conn, [("NTH/P-103", WORN)], {"NTH/P-103": asset_id}.__getitem__)
    told = client.get(f"{V1}/assets/{asset_id}/health").json()
    assert (told["index"], told["signal"], told["unit"], told["latest_at"]) == (62.5, "vibration", "mm/s", None)
    assert (told["change"], told["change_low"], told["change_high"]) == (-4.0, -5.0, -3.0)
    page = client.get(f"/assets/{asset_id}").text
    assert "62 %" in page
    assert "the limit is likely reached on" in page
    with pool.connection() as conn:
        health.write(conn, [("NTH/P-103", None)], {"NTH/P-103": asset_id}.__getitem__)
    assert client.get(f"{V1}/assets/{asset_id}/health").json()["index"] is None
    assert client.get(f"{V1}/assets/99999/health").status_code == 404


def opened(pool, seeded, *, version=DOCUMENT.version, source="model:level-shift", mode=FailureMode.VIB) -> UUID:
    """An order of the model on P-101, done and verified."""
    finding = a_finding("NTH/P-101", component=uuid4().hex, mode=mode, source=source, at=NOW, lasted=timedelta(hours=1))
    finding = type(finding)(**{name: getattr(finding, name) for name in finding.__slots__} | {"version": version})
    order_id = uuid4()
    urgency = priority.of_finding(Criticality.HIGH, Severity.DEGRADING)
    with pool.connection() as conn:
        decisions.apply(
            conn, Open(order_id, finding, None), urgency, asset_id=seeded.assets["P-101"], now=datetime.now(UTC)
        )
    return order_id


def close(client, order_id, finding, mode=None):
    body = {"finding": finding, "failure_mode": mode, "cause": "wear", "remedy": "replace"}
    for step, sent in (
        ("assign", {"technician": "holm", "why": "she is there"}),
        ("start", None),
        ("complete", body),
        ("verify", None),
        ("close", None),
    ):
        answer = client.post(f"{V1}/work-orders/{order_id}/{step}", json=sent)
        assert answer.status_code == 200, answer.text


def moves(pool) -> list[tuple[float, str]]:
    with pool.connection() as conn:
        found = conn.execute("SELECT payload, why FROM judge_events WHERE kind = 'threshold' ORDER BY id").fetchall()
    return [(payload["factor"], why) for payload, why in found]


def test_close_outs_are_counted_and_move_the_limit_as_an_event_that_says_why(client, pool, seeded):
    assert client.get(f"{V1}/models/precision").json() == []
    close(client, opened(pool, seeded), "nothing_found")
    close(client, opened(pool, seeded), "nothing_found")
    close(client, opened(pool, seeded), "confirmed", "VIB")
    close(client, opened(pool, seeded, source="model:level-shift:lead-time"), "other_cause", "LOO")
    (told,) = client.get(f"{V1}/models/precision").json()
    assert (told["confirmed"], told["other_cause"], told["nothing_found"]) == (1, 1, 2)
    assert (told["right"], told["labelled"], told["precision"], told["in_force"]) == (2, 4, 0.5, True)
    factors = [factor for factor, _ in moves(pool)]
    assert factors[0] < factors[1] > factors[2] > factors[3] == told["factor"]
    assert all(DOCUMENT.limit_least <= each <= DOCUMENT.limit_most for each in factors)
    assert "on 2 of the newest 4 closed orders of level-shift" in moves(pool)[-1][1]


def test_labels_of_another_version_or_of_a_rule_move_nothing(client, pool, seeded):
    close(client, opened(pool, seeded, version="0123456789ab"), "nothing_found")
    close(client, opened(pool, seeded, source="rule:hot"), "nothing_found")
    assert moves(pool) == []
    (told,) = client.get(f"{V1}/models/precision").json()
    assert (told["version"], told["in_force"], told["factor"]) == ("0123456789ab", False, 1.0)


def test_who_wants_no_labels_gets_no_moves(client, pool, seeded):
    models = {"default": {"precision_goal": 0.0}}
    client.post(f"{V1}/documents/models", json={"document": models, "why": "labels are not trusted yet"})
    close(client, opened(pool, seeded, version=ModelDocument(precision_goal=0.0).version), "nothing_found")
    assert moves(pool) == []
    assert len(client.get(f"{V1}/models/precision").json()) == 1
