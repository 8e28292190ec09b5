"""Codes that people scan: where they lead, for whom, and the labels that they are printed on."""

import json
import re
import struct

import pytest

from api.papers import fonts, typeset
from tests import people
from tests.people import PASSWORD
from workorder_core.people.access import Role

V1 = "/api/v1"


@pytest.fixture
def location(pool, seeded) -> int:
    with pool.connection() as conn:
        found: int = conn.execute("SELECT id FROM locations ORDER BY id LIMIT 1").fetchone()[0]
    return found


@pytest.fixture
def given(monkeypatch):
    """What the templates are given, as it is given."""
    told, real = [], typeset.pdf

    def pdf(template, facts):
        told.append(json.loads(json.dumps(facts)))
        return real(template, facts)

    monkeypatch.setattr(typeset, "pdf", pdf)
    return told


def code(client, path):
    answer = client.get(f"{V1}{path}/scan-address")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_code_leads_to_the_page_of_its_thing_and_is_the_same_each_time(client, seeded, location):
    for path in (f"/assets/{seeded.assets['P-101']}", f"/locations/{location}"):
        first = code(client, path)
        assert first == code(client, path)
        assert re.fullmatch(r"/q/[A-Za-z0-9_-]{22}", first["path"])
        there = client.get(first["path"], follow_redirects=False)
        assert (there.status_code, there.headers["location"]) == (303, path) == (303, first["leads_to"])
        assert client.get(path).status_code == 200


def test_a_printed_order_has_a_code_of_its_own(client, seeded, given):
    order = seeded.orders["predictive"]
    for _ in range(2):
        assert client.get(f"{V1}/work-orders/{order}/print").status_code == 200
    first, second = (each["address"] for each in given)
    assert first == second
    assert first.startswith("http://localhost/q/")
    there = client.get(first, follow_redirects=False)
    assert there.headers["location"] == f"/orders/{order}"


def test_who_has_not_signed_in_goes_to_the_portal_which_offers_to_and_leads_there_then(stranger, client, pool, seeded):
    path = code(client, f"/assets/{seeded.assets['P-101']}")["path"]
    for token in (path, "/q/no-such-code-at-all"):
        answer = stranger.get(token, headers={"Accept": "text/html"})
        portal = f"/r/{token.removeprefix('/q/')}"
        assert (answer.status_code, answer.headers["location"]) == (303, portal)
        assert answer.text == ""
        assert f'href="/login?next={token}"' in stranger.get(portal).text
        assert stranger.get(token).status_code == 401
    with pool.connection() as conn:
        people.add_user(conn, "mette", Role.VIEWER)
    page = stranger.get(f"/login?next={path}").text
    assert "P-101" not in page
    once = re.search(r'name="once" value="([^"]+)"', page)
    form = {"name": "mette", "password": PASSWORD, "next": path, "once": once[1] if once else ""}
    signed = stranger.post("/login", data=form, headers={"Origin": "http://plant.example"})
    assert signed.headers["location"] == path


def test_a_voided_code_leads_nowhere_and_the_next_one_is_another(client, known, seeded, pool):
    path = f"/assets/{seeded.assets['P-101']}"
    before = code(client, path)["path"]
    assert known(Role.TECHNICIAN).post(f"{V1}{path}/scan-address").status_code == 403
    after = client.post(f"{V1}{path}/scan-address", headers={"Idempotency-Key": "void"})
    again = client.post(f"{V1}{path}/scan-address", headers={"Idempotency-Key": "void"})
    assert after.status_code == 201
    assert after.json() == again.json()
    assert after.json()["path"] != before
    assert client.get(before).status_code == 404
    assert client.get(after.json()["path"], follow_redirects=False).status_code == 303
    with pool.connection() as conn:
        kept = conn.execute("SELECT revoked_by FROM scan_addresses WHERE token = %s", [before[3:]]).fetchone()
    assert kept == ("key:planner",)


def test_the_pages_void_it_too(client, seeded, location):
    order = seeded.orders["predictive"]
    for path, action, listed in (
        (f"/assets/{seeded.assets['P-101']}", "label", f"/assets/{seeded.assets['P-101']}"),
        (f"/locations/{location}", "label", f"/locations/{location}"),
        (f"/orders/{order}", "label/void", f"/work-orders/{order}"),
    ):
        before = code(client, listed)["path"]
        assert f'action="{path}/{action}"' in client.get(path, headers={"Accept": "text/html"}).text
        answer = client.post(f"{path}/{action}", headers={"Origin": "http://localhost"}, follow_redirects=False)
        assert answer.status_code == 303
        assert client.get(before).status_code == 404
        assert code(client, listed)["path"] != before


def test_whoever_prints_or_looks_changes_nothing(client, seeded, location, pool):
    """Codes are there from the moment that a thing is made, so that reading and printing need no right to write."""

    def codes():
        with pool.connection() as conn:
            return conn.execute("SELECT * FROM scan_addresses ORDER BY token").fetchall()

    before, order = codes(), seeded.orders["predictive"]
    asset = seeded.assets["P-101"]
    client.get(f"{V1}/work-orders/{order}/print").raise_for_status()
    client.get(f"{V1}/labels", params={"asset_id": asset, "location_id": location}).raise_for_status()
    for path in (f"/assets/{asset}", f"/locations/{location}", f"/work-orders/{order}"):
        code(client, path)
    assert codes() == before


def test_the_code_of_an_order_is_voided_like_others(client, known, seeded):
    path = f"/work-orders/{seeded.orders['predictive']}"
    before = code(client, path)["path"]
    assert known(Role.TECHNICIAN).post(f"{V1}{path}/scan-address").status_code == 403
    after = client.post(f"{V1}{path}/scan-address", headers={"Idempotency-Key": "void"}).json()
    assert after["path"] != before
    assert client.get(before).status_code == 404
    assert client.get(after["path"], follow_redirects=False).headers["location"] == after["leads_to"]


def test_a_code_of_another_site_leads_nowhere(client, known, pool, seeded, location):
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")
    south = known(Role.ADMINISTRATOR, sites=["STH"])
    for path in (f"/assets/{seeded.assets['P-101']}", f"/locations/{location}"):
        assert south.get(code(client, path)["path"]).status_code == 404
        assert south.get(f"{V1}{path}/scan-address").status_code == 404
        assert south.get(path).status_code == 404
    assert south.get(f"{V1}/labels", params={"asset_id": seeded.assets["P-101"]}).status_code == 404
    assert south.get(f"{V1}/labels", params={"location_id": location}).status_code == 404


@pytest.mark.parametrize(("size", "pages", "dots"), [("sheet", 2, (595, 842)), ("single", 9, (198, 105))])
def test_labels_fit_their_paper(client, seeded, location, given, size, pages, dots, pool):
    with pool.connection() as conn:
        conn.execute("UPDATE assets SET name = %s WHERE code = 'P-101'", ["Förderpumpe 水泵 #panic() " + "lang" * 40])
    asked = {"asset_id": list(seeded.assets.values()), "location_id": location, "size": size, "skip": 16}
    answer = client.get(f"{V1}/labels", params=asked)
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")
    [facts] = given
    assert [each["code"] for each in facts["labels"]][:8] == list(seeded.assets)
    drawn = typeset.pictures("labels", facts, dots_per_inch=72)
    a_place_more = size == "single" and bool(fonts.missing("水泵", most=1))
    assert len(drawn) == pages + a_place_more
    assert {struct.unpack(">II", each[16:24]) for each in drawn} == {dots}


def test_labels_of_nothing_are_refused(client):
    answer = client.get(f"{V1}/labels")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/nothing-chosen")
    assert "at least one" in answer.json()["detail"]


def test_the_page_of_a_location_shows_its_assets_and_work(client, pool, seeded):
    with pool.connection() as conn:
        place, asset = conn.execute(
            "SELECT i.location_id, a.code FROM installations i JOIN assets a ON a.id = i.asset_id "
            "JOIN work_orders w ON w.asset_id = a.id WHERE w.status = 'open' AND i.removed_at IS NULL LIMIT 1"
        ).fetchone()
        number = conn.execute(
            "SELECT number FROM work_orders w JOIN assets a ON a.id = w.asset_id WHERE a.code = %s AND status = 'open'",
            [asset],
        ).fetchone()[0]
    page = client.get(f"/locations/{place}").text
    assert asset in page
    assert number in page


def test_a_scanned_code_says_what_it_leads_to_within_ones_sites(client, seeded, location, pool, known):
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")
    south = known(Role.PLANNER, sites=["STH"])
    asset = seeded.assets["P-101"]
    path = client.get(f"{V1}/assets/{asset}/scan-address").json()["path"]
    token = path.removeprefix("/q/")
    for code in (token, f"https://plant.example{path}", f" {path}/ "):
        found = client.get(f"{V1}/scanned", params={"code": code}).json()
        assert (found["kind"], found["id"], found["code"], found["site"]) == ("asset", str(asset), "P-101", "NTH")
        assert south.get(f"{V1}/scanned", params={"code": code}).status_code == 404
    place = client.get(f"{V1}/locations/{location}/scan-address").json()["path"]
    assert client.get(f"{V1}/scanned", params={"code": place}).json()["kind"] == "location"
    assert client.get(f"{V1}/scanned", params={"code": "DROP-\0"}).status_code == 404
