"""A link between orders of two sites tells nobody of one site anything of the other's order."""

import pytest

from workorder_core.people.access import Role

V1 = "/api/v1/work-orders"


@pytest.fixture
def linked(client, seeded, pool):
    """An order of NTH that one of STH blocks: both ids, and the other's number."""
    with pool.connection() as conn:
        site = conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South') RETURNING id").fetchone()[0]
        asset = conn.execute(
            "INSERT INTO assets (site_id, code, name) VALUES (%s, 'S-1', 'Fan') RETURNING id", [site]
        ).fetchone()[0]
    body = {"asset_id": asset, "type": "reactive", "title": "Secret recipe"}
    other = client.post(V1, json=body, headers={"Idempotency-Key": "other"}).json()
    mine = client.post(
        V1, json=body | {"asset_id": seeded.assets["P-108"], "title": "Look"}, headers={"Idempotency-Key": "mine"}
    ).json()
    link = {"kind": "blocks", "other_id": mine["id"], "why": "Secret reason"}
    assert client.post(f"{V1}/{other['id']}/links", json=link, headers={"Idempotency-Key": "l"}).status_code == 201
    return mine["id"], other["id"], other["number"]


def test_whoever_sees_both_sites_sees_the_link(client, linked):
    mine, _, number = linked
    assert client.get(f"{V1}/{mine}/content").json()["links"][0]["number"] == number
    assert number in client.get(f"/orders/{mine}").text
    assert "Secret reason" in client.get(f"{V1}/{mine}").text


def test_whoever_sees_one_site_sees_nothing_of_the_other(known, linked):
    mine, other, number = linked
    client = known(Role.PLANNER, sites=["NTH"])
    for path in (f"{V1}/{mine}/content", f"{V1}/{mine}", f"/orders/{mine}"):
        text = client.get(path).text
        assert not {word for word in (number, other, "Secret reason", "Secret recipe") if word in text}, path
    assert client.get(f"{V1}/{mine}/content").json()["links"] == []


def test_what_blocks_an_order_from_another_site_is_told_without_its_number(known, linked):
    mine, _, number = linked
    refused = known(Role.PLANNER, sites=["NTH"]).post(f"{V1}/{mine}/start")
    assert (refused.status_code, "blocked by an order of another site" in refused.json()["detail"]) == (409, True)
    assert number not in refused.text


def test_a_number_of_another_site_is_the_same_as_none(known, linked):
    mine, _, number = linked
    client = known(Role.PLANNER, sites=["NTH"])
    told = []
    for asked in (number, "STH-9999"):
        form = {"kind": "blocks", "number": asked}
        page = client.post(f"/orders/{mine}/links/new", data=form, headers={"Origin": "http://localhost"})
        sentence = next(line for line in page.text.splitlines() if 'role="alert"' in line)
        told.append((page.status_code, sentence.replace(asked, "NUMBER")))
    assert told[0] == told[1]
