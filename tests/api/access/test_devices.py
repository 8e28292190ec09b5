"""Which device may speak for which assets, by API and page; who may say so, and that it is kept who did."""

import pytest

from workorder_core.people.access import Role

V1 = "/api/v1"


@pytest.fixture
def engineer(known, seeded):
    return known(Role.RELIABILITY_ENGINEER, name="scada")


def assets(client) -> dict[str, list[tuple[str, bool]]]:
    found = client.get(f"{V1}/devices").json()
    return {each["device"]: [(bound["asset"], bound["known"]) for bound in each["assets"]] for each in found}


def done(pool) -> list[tuple]:
    with pool.connection() as conn:
        found: list[tuple] = conn.execute(
            "SELECT actor, what, subject, new -> 'assets' FROM changes WHERE what LIKE 'device%' ORDER BY id"
        ).fetchall()
        return found


def test_a_device_is_bound_and_unbound_and_it_is_kept_by_whom(engineer, pool):
    assert assets(engineer) == {}
    answer = engineer.post(
        f"{V1}/devices/gw-1/bind?new=device&new=asset", json={"assets": ["NTH/P-102", "NTH/P-101", "NTH/new"]}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["device"], answer.json()["assets"][0]["actor"]) == ("gw-1", "key:scada")
    assert assets(engineer) == {"gw-1": [("NTH/P-101", True), ("NTH/P-102", True), ("NTH/new", False)]}
    engineer.post(f"{V1}/devices/gw-1/bind", json={"assets": ["NTH/P-101"]})  # it is already: nothing is done
    engineer.post(f"{V1}/devices/gw-1/unbind", json={"assets": ["NTH/P-102"]})
    left = engineer.post(f"{V1}/devices/gw-1/unbind", json={"assets": []})
    assert left.json() == {"device": "gw-1", "assets": []}
    assert done(pool) == [
        ("key:scada", "device bound", "gw-1", ["NTH/P-101", "NTH/P-102", "NTH/new"]),
        ("key:scada", "device unbound", "gw-1", ["NTH/P-102"]),
        ("key:scada", "device unbound", "gw-1", ["NTH/P-101", "NTH/new"]),
    ]


@pytest.mark.parametrize(
    ("device", "wanted", "status", "told"),
    [
        ("gw 1", ["NTH/P-101"], 422, "not a device name"),
        ("gw-1", ["P-101"], 422, "write <site>/<asset>"),
        ("gw-1", [], 422, "name the assets"),
        ("+", ["NTH/P-101"], 422, "not a device name"),
    ],
)
def test_what_cannot_be_bound_is_told(engineer, pool, device, wanted, status, told):
    answer = engineer.post(f"{V1}/devices/{device}/bind", json={"assets": wanted})
    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    assert done(pool) == []


def test_what_is_not_bound_cannot_be_unbound(engineer):
    for wanted in ([], ["NTH/P-101"]):
        answer = engineer.post(f"{V1}/devices/gw-9/unbind", json={"assets": wanted})
        assert (answer.status_code, "no binding of device gw-9" in answer.json()["detail"]) == (404, True)


def test_by_the_page(engineer, known, pool):
    assert "No devices bound" in engineer.get("/devices").text
    here = {"Origin": "http://localhost"}
    form = {"device": " gw-1 ", "assets": "NTH/P-101, NTH/P-102", "new": "gw-1"}
    assert engineer.post("/devices", data=form, headers=here).status_code == 303
    page = engineer.get("/devices").text
    assert "Unbind NTH/P-101" in page
    assert "bound by scada" in page
    refused = engineer.post("/devices", data={"device": "gw-1", "assets": "P-103"}, headers=here)
    assert (refused.status_code, "write &lt;site&gt;/&lt;asset&gt;" in refused.text) == (422, True)
    assert 'value="P-103"' in refused.text, "what was typed is there still"
    assert engineer.post("/devices/gw-1/unbind", data={"asset": "NTH/P-101"}, headers=here).status_code == 303
    assert assets(engineer) == {"gw-1": [("NTH/P-102", True)]}
    assert engineer.post("/devices/gw-2/unbind", data={}, headers=here).status_code == 404
    viewer = known(Role.VIEWER).get("/devices").text
    assert ("NTH/P-102" in viewer, "Unbind" in viewer) == (True, False)
