"""Requests without login: what strangers may do, and what they try."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.portal import app as portal
from api.portal import slowing
from db.plant import scanning
from db.requests import personal, requests
from tests.parts import pictures
from workorder_core.requests.asking import RequestStep
from workorder_core.requests.emergencies import EmergencyPolicy, PortalRules

NOW = datetime.now(UTC)
HOME = {"Origin": "http://plant.example"}


@pytest.fixture
def label(pool, seeded):
    """The token on the label of P-105, which has an emergency order."""
    with pool.connection() as conn:
        return scanning.address(conn, {"asset_id": seeded.assets["P-105"]}).token


@pytest.fixture
def visitor(pool, seeded):
    """Somebody at the portal's own port."""
    with TestClient(portal.alone(pool), base_url="http://plant.example", follow_redirects=False) as client:
        yield client


def found(pattern, text):
    match = re.search(pattern, text)
    assert match
    return match[1]


def send(client, label, **typed):
    return client.post(f"/r/{label}", data={"danger": "no", "what": "Es tropft", **typed}, headers=HOME)


def status_of(client, label, **typed):
    answer = send(client, label, **typed)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_the_safety_question_comes_first_and_then_what_is_known(visitor, label):
    first = visitor.get(f"/r/{label}", headers={"Accept-Language": "de-CH"}).text
    assert "Ist jemand in Gefahr?" in first
    assert "<textarea" not in first
    danger = visitor.get(f"/r/{label}?danger=yes", headers={"Accept-Language": "de"}).text
    assert 'href="tel:112"' in danger
    form = visitor.get(f"/r/{label}?danger=no").text
    assert "Already known here" in form
    assert "NTH-" not in form, "no number of an order"


def test_a_request_has_a_number_a_private_page_and_hears_of_what_comes_of_it(pool, visitor, label):
    page = status_of(visitor, label, name="Erika M", contact="erika@example.org", since="gestern")
    text = visitor.get(page, headers={"Accept-Language": "de"}).text
    assert "NTH-R1" in text
    assert "Es tropft" in text
    assert "Erika" not in text, "a page that may be forwarded shows no name"
    with pool.connection() as conn:
        asked = requests.by_number(conn, "NTH-R1")
        requests.say_and_take(conn, asked.id, RequestStep.ASK_BACK, "Where exactly?", actor="user:pat", at=NOW)
    assert "Where exactly?" in visitor.get(page).text
    visitor.post(f"{page}/messages", data={"text": "At the flange"}, headers=HOME)
    with pool.connection() as conn:
        assert requests.get(conn, asked.id).status == "new"
        order = requests.accept(conn, asked.id, title="Flange leaks", actor="user:pat", at=NOW)
        conn.execute("UPDATE work_orders SET status = 'completed' WHERE id = %s", [order.id])
    assert "How did it go?" in visitor.get(page).text
    assert visitor.post(f"{page}/rating", data={"rating": "2", "words": "late"}, headers=HOME).status_code == 303
    assert visitor.post(f"{page}/rating", data={"rating": "5"}, headers=HOME).status_code == 409, "once"
    with pool.connection() as conn:
        assert [each.number for each in requests.page(conn, None, review=True)] == ["NTH-R1"]
        assert [(each.failure_mode, each.bad) for each in requests.ratings(conn, None, now=NOW)] == [("UNK", 1)]
        requests.review(conn, asked.id, "We come earlier now.", actor="user:pat", at=NOW)
    assert "We come earlier now." in visitor.get(page).text


def test_who_adds_themselves_to_a_known_order_makes_no_other(pool, visitor, label, seeded):
    page = status_of(visitor, label, joins=str(seeded.orders["emergency"]), what="")
    assert "NTH-R1" in visitor.get(page).text
    with pool.connection() as conn:
        assert requests.by_number(conn, "NTH-R1").order_id == seeded.orders["emergency"]
    assert send(visitor, label, joins=str(seeded.orders["predictive"])).status_code == 409, "of another asset"
    assert send(visitor, label, joins="no-uuid").status_code == 409
    assert send(visitor, label, joins=str(uuid4())).status_code == 409


def test_danger_makes_an_emergency_order_only_where_the_plant_trusts_strangers(pool, visitor, label, seeded):
    with pool.connection() as conn:
        conn.execute("UPDATE work_orders SET status = 'cancelled' WHERE asset_id = %s", [seeded.assets["P-105"]])
    status_of(visitor, label, danger="yes", what="smoke")
    with pool.connection() as conn:
        waiting = requests.by_number(conn, "NTH-R1")
        assert waiting.order_id is None
        assert requests.page(conn, None)[0].danger
        requests.put_rules(conn, waiting.site_id, PortalRules(policy=EmergencyPolicy.AT_ONCE))
    for what in ("more smoke", "smoke again"):
        status_of(visitor, label, danger="yes", what=what)
    with pool.connection() as conn:
        second, third = requests.by_number(conn, "NTH-R2"), requests.by_number(conn, "NTH-R3")
        assert second.order_id == third.order_id, "one emergency, however many report it"
        kind = conn.execute("SELECT type, title FROM work_orders WHERE id = %s", [second.order_id]).fetchone()
        assert kind == ("emergency", "Emergency reported in request NTH-R2"), "no words of the requester in history"


def test_a_form_sent_twice_makes_one_request(pool, visitor, label):
    once = found('name="once" value="([^"]+)"', visitor.get(f"/r/{label}?danger=no").text)
    assert status_of(visitor, label, once=once) == status_of(visitor, label, once=once)
    with pool.connection() as conn:
        assert len(requests.page(conn, None)) == 1
        stored = str(conn.execute("SELECT array_agg(a::text) FROM idempotent_answers a").fetchone())
        assert "/r/s/" not in stored, "the private address is sealed"


def test_what_was_typed_survives_an_error(visitor, label):
    answer = send(visitor, label, what="", place="cellar <b>")
    assert answer.status_code == 422
    assert "cellar &lt;b&gt;" in answer.text
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize(
    "path",
    ["/", "/login", "/orders", "/api/v1/sites", "/openapi.json", "/docs", "/metrics", "/health/ready",
     "/static/board.css",
     "/r", "/r/", "/r/s/", "/r/openapi.json", "/r/../login", "/r/s/x/photos/1", "/r/%2e%2e/orders"],
)  # fmt: skip
def test_nothing_else_of_the_plant_is_reachable_at_the_portals_port(visitor, path):
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "NTH" not in answer.text


def test_every_wrong_address_looks_alike_and_guessing_is_slowed_down(pool, visitor, seeded):
    with pool.connection() as conn:
        of_order = scanning.address(conn, {"order_id": seeded.orders["emergency"]}).token
    answers = {visitor.get(f"/r/{each}").text for each in (of_order, "x" * 22, "%00", "s", "'--")}
    assert len(answers) == 1
    codes = [visitor.get(f"/r/s/{n:022d}").status_code for n in range(slowing.MOST_MISSES)]
    assert codes[0] == 404
    assert codes[-1] == 429


def test_whoever_scans_the_label_of_an_order_has_guessed_nothing(pool, visitor, seeded, label):
    with pool.connection() as conn:
        of_order = scanning.address(conn, {"order_id": seeded.orders["emergency"]}).token
    codes = {visitor.get(f"/r/{of_order}").status_code for _ in range(slowing.MOST_MISSES + 1)}
    assert (codes, visitor.get(f"/r/{label}").status_code) == ({404}, 200)


def test_a_flood_of_forms_is_refused_and_counted_in_the_database(pool, visitor, label):
    for n in range(slowing.MOST_MADE_BY_ADDRESS):
        assert send(visitor, label, what=f"drip {n}").status_code == 303
    answer = send(visitor, label)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    with TestClient(portal.alone(pool), base_url="http://plant.example", follow_redirects=False) as another_process:
        assert send(another_process, label).status_code == 429


def test_photos_are_re_encoded_and_what_is_no_photo_is_refused(pool, visitor, label):
    page = status_of(visitor, label)

    def upload(content, name="photo.jpg", kind="image/jpeg", to=page):
        return visitor.post(f"{to}/photos", files={"photo": (name, content, kind)}, headers=HOME)

    secret = pictures.photo_of_a_telephone()
    assert upload(secret).status_code == 303
    for content in (
        b"<svg onload=alert(1)>",
        b"<html><script>",
        b"\xff\xd8\xff" + b"x" * 100,
        b"%PDF-1.4",
        b"MZ\x90",
        b"",
        pictures.bomb(),
    ):
        assert upload(content).status_code == 422, content
    assert upload(b"\xff\xd8\xff" + b"x" * 100_000, to=f"/r/s/{'x' * 43}").status_code == 413, "no address, no room"
    source = found('<img src="([^"]+)"', visitor.get(page).text)
    shown = visitor.get(source)
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    other = status_of(visitor, label)
    assert visitor.get(source.replace(page, other)).status_code == 404, "a photo of just this request"
    for _ in range(personal.MOST_PHOTOS - 1):
        assert upload(secret).status_code == 303
    assert upload(secret).status_code == 409


@pytest.mark.parametrize(
    "header", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_other_sites_send_nothing_through_somebodys_browser(pool, visitor, label, header):
    assert visitor.post(f"/r/{label}", data={"danger": "no", "what": "x"}, headers=header).status_code == 403
    with pool.connection() as conn:
        assert requests.page(conn, None) == []


def test_pages_run_no_script_and_are_kept_by_no_search_engine(visitor, label):
    page = status_of(visitor, label, what="<script>alert(1)</script>")
    for path in (f"/r/{label}", f"/r/{label}?danger=no", page):
        answer = visitor.get(path)
        assert "<script" not in answer.text
        assert "script-src" not in answer.headers["content-security-policy"]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]


def test_no_page_of_the_portal_shows_anything_of_another_request(pool, visitor, label):
    marked = {
        "what": "WVKB drips",
        "name": "WVKB",
        "contact": "wvkb@example.org",
        "place": "WVKB hall",
        "since": "WVKB",
    }
    theirs = status_of(visitor, label, **marked)
    visitor.post(f"{theirs}/messages", data={"text": "WVKB again"}, headers=HOME)
    own = status_of(visitor, label, what="cold")
    for path in (f"/r/{label}", f"/r/{label}?danger=no", f"/r/{label}?danger=yes", own):
        text = visitor.get(path).text.upper()
        assert "WVKB" not in text, path
        assert "NTH-R1<" not in text, path
    refused = send(visitor, label, what="")
    assert "WVKB" not in refused.text


def test_erasing_leaves_nothing_personal_and_no_page(pool, visitor, label, seeded):
    page = status_of(visitor, label, what="WVKB drips", contact="wvkb@example.org", name="WVKB")
    visitor.post(f"{page}/messages", data={"text": "WVKB"}, headers=HOME)
    visitor.post(f"{page}/photos", files={"photo": ("WVKB.jpg", pictures.a_picture(), "image/jpeg")}, headers=HOME)
    with pool.connection() as conn:
        (key,) = personal.of_contact(conn, "WVKB@example.org")
        requests.accept(conn, key, title="Seal", actor="user:pat", at=NOW)
        photo = personal.photos(conn, key)[0].attachment_id
        personal.erase(conn, key, number="NTH-R1", site="NTH", actor="user:pat", at=NOW)
        tables = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            left = conn.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text ILIKE %s', ["%wvkb%"]).fetchone()
            assert left == (0,), table
        assert conn.execute(
            "SELECT count(*) FROM attachment_contents WHERE attachment_id = %s", [photo]
        ).fetchone() == (0,)
        assert requests.get(conn, key).erased_by == "user:pat"
    assert visitor.get(page).status_code == 404


def test_a_label_leads_strangers_to_the_portal_and_people_of_the_plant_to_its_page(stranger, client, label, seeded):
    answer = stranger.get(f"/q/{label}", headers={"Accept": "text/html"})
    assert answer.headers["location"] == f"/r/{label}"
    assert "I work here" in stranger.get(f"/r/{label}").text
    assert client.get(f"/q/{label}", follow_redirects=False).headers["location"].startswith("/assets/")


def test_a_site_can_close_its_portal(pool, visitor, label):
    with pool.connection() as conn:
        site = conn.execute("SELECT id FROM sites WHERE code = 'NTH'").fetchone()[0]
        requests.put_rules(conn, site, PortalRules(open=False))
    assert visitor.get(f"/r/{label}").status_code == 404
    assert send(visitor, label).status_code == 404
