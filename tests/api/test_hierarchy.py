"""What an asset stands behind, and as what it is judged, through the API and the board."""

import pytest

from workorder_core.people.access import Role

V1 = "/api/v1"


@pytest.fixture
def change(client, seeded):
    def change(code: str, **facts):
        return client.patch(f"{V1}/assets/{seeded.assets[code]}?new=class", json=facts)

    return change


def told(pool):
    with pool.connection() as conn:
        return conn.execute(
            """SELECT actor, payload ->> 'parent', payload ->> 'class' FROM judge_events
               WHERE kind = 'asset' ORDER BY id DESC"""
        ).fetchone()


def test_an_asset_is_put_behind_another_and_the_judge_is_told_by_whom(change, pool):
    assert change("P-102", parent="P-101").json()["parent"] == "P-101"
    assert told(pool) == ("key:planner", "NTH/P-101", "centrifugal_pump")
    done = change("P-102", asset_class="booster", criticality=4).json()
    assert (done["parent"], done["asset_class"], done["criticality"]) == ("P-101", "booster", 4)
    assert change("P-102", parent=None).json()["parent"] is None
    assert told(pool) == ("key:planner", None, "booster")


def test_no_ring_is_closed(change):
    change("P-102", parent="P-101")
    change("P-103", parent="P-102")
    for code, parent in (("P-101", "P-103"), ("P-101", "P-101")):
        refused = change(code, parent=parent)
        assert (refused.status_code, refused.json()["detail"]) == (
            409,
            (
                f"{code} cannot be downstream of {parent}: {parent} is downstream of {code}; "
                "choose another upstream asset"
            ),
        )  # fmt: skip
    assert change("P-101", parent="P-999").status_code == 404
    assert change("P-101", criticality=9).status_code == 422


def test_an_asset_is_made_safety_critical_by_one_and_less_so_by_two(change, client, seeded):
    assert change("P-102", safety_critical=True).json()["safety_critical"] is True
    assert change("P-102", criticality=4).json()["safety_critical"] is True, "what is not given stays"
    url = f"/assets/{seeded.assets['P-102']}"
    assert "safety-critical: a second person verifies the work" in client.get(url).text
    form = {"asset_class": "centrifugal_pump", "criticality": "4", "safety_critical": "false", "why": "caged"}
    page = client.post(f"{url}/judged-as", data=form).text
    assert "awaiting confirmation by a second person" in page
    assert "a second person verifies the work</dd>" in page
    assert client.get(f"{V1}{url}").json()["safety_critical"] is True


def test_who_may_not_plan_may_not_change_it(known, seeded):
    technician = known(Role.TECHNICIAN)
    assert technician.patch(f"{V1}/assets/{seeded.assets['P-101']}", json={"parent": None}).status_code == 403


def test_the_page_of_an_asset_changes_it_too(client, seeded):
    url = f"/assets/{seeded.assets['P-102']}"
    form = {"parent": "P-101", "asset_class": "centrifugal_pump", "criticality": "3"}
    assert "Upstream asset: <b>P-101</b>" in client.post(f"{url}/judged-as", data=form).text
    refused = client.post(f"/assets/{seeded.assets['P-101']}/judged-as", data=form | {"parent": "P-102"})
    assert (refused.status_code, "P-101 cannot be downstream of P-102" in refused.text) == (409, True)
