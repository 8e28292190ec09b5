"""A form that comes twice does once what it asks for, and leads where it led the first time."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.parts import pictures

TOKEN = re.compile(r'name="once" value="([^"]+)"')
PNG = pictures.a_picture()
DAY = {"starts_at": "2030-01-01T08:00", "ends_at": "2030-01-01T09:00", "reason": "new seal"}
FOUND = {
    "finding": "confirmed",
    "failure_mode": "OHE",
    "cause": "wear",
    "remedy": "replace",
    "follow_up": "Order a spare",
}


@pytest.fixture
def counted(pool):
    def counted(table: str) -> int:
        with pool.connection() as conn:
            return int(conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    return counted


def token(client, page: str) -> str:
    found = TOKEN.findall(client.get(page).text)
    assert len(found) == len(set(found)), "each form has its own"
    return str(found[0])


FORMS = {
    "a new order": ("/new-order", "/new-order", "work_orders", {"kind": "inspection", "title": "Look"}),
    "a remark": ("/orders/{order}", "/orders/{order}/remarks/new", "order_comments", {"text": "It hums"}),
    "a file": ("/orders/{order}", "/orders/{order}/files/new", "attachments", {}),
    "a link": ("/orders/{order}", "/orders/{order}/links/new", "order_links", {"kind": "blocks", "number": "{number}"}),
    "a downtime": ("/assets/{asset}", "/assets/{asset}/downtimes", "planned_downtimes", DAY),
    "the end of the work, with a follow-up": ("/orders/{order}", "/orders/{order}/complete", "work_orders", FOUND),
    "less safety": (
        "/assets/{asset}", "/assets/{asset}/judged-as", "safety_proposals",
        {"asset_class": "centrifugal_pump", "criticality": "2", "safety_critical": "false", "why": "caged"},
    ),
}  # fmt: skip


@pytest.fixture
def sending(client, seeded, pool):
    """Returns how a form is sent, with what its page says of it."""
    client.follow_redirects = False
    with pool.connection() as conn:
        conn.execute("UPDATE assets SET safety_critical = true WHERE code = 'P-102'")
        number = conn.execute("SELECT number FROM work_orders WHERE id = %s", [seeded.orders["done"]]).fetchone()[0]
    order = seeded.orders["emergency"]
    client.post(f"/api/v1/work-orders/{order}/start")
    names = {"order": order, "asset": seeded.assets["P-102"], "number": number}

    def sending(name: str, **more: str):
        page, path, table, form = FORMS[name]
        form = {key: value.format(**names) for key, value in form.items()} | more
        if name == "a new order":
            form |= {"asset_id": str(seeded.assets["P-102"])}
        form["once"] = token(client, page.format(**names))
        files = {"file": ("new.png", PNG)} if name == "a file" else None

        def send(**changed: str):
            return client.post(path.format(**names), data=form | changed, files=files)

        return send, table

    return sending


@pytest.mark.parametrize("name", FORMS)
def test_a_form_sent_twice_does_it_once(sending, counted, name):
    send, table = sending(name)
    before = counted(table)
    first, second = send(), send()
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert counted(table) == before + 1


def test_two_that_come_at_once_do_it_once(sending, counted):
    send, table = sending("a new order")
    before = counted(table)
    with ThreadPoolExecutor(2) as both:
        answers = [each.result() for each in [both.submit(send), both.submit(send)]]
    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert counted(table) == before + 1


def test_who_goes_back_and_types_something_else_means_something_else(sending, counted):
    send, table = sending("a new order")
    before = counted(table)
    send()
    send(title="Look at the other end")
    assert counted(table) == before + 2


def test_what_was_refused_can_be_sent_again(sending, counted):
    send, table = sending("a new order")
    before = counted(table)
    assert send(title="").status_code == 422
    assert send().status_code == 303
    assert counted(table) == before + 1


def test_a_downtime_by_the_api_is_planned_once_with_a_key(client, seeded, counted):
    body = {"starts_at": "2030-01-01T08:00:00Z", "ends_at": "2030-01-01T09:00:00Z", "reason": "new seal"}
    path = f"/api/v1/assets/{seeded.assets['P-102']}/downtimes"
    ids = {client.post(path, json=body, headers={"Idempotency-Key": "k"}).json()["id"] for _ in range(2)}
    assert len(ids) == counted("planned_downtimes") == 1


def test_a_key_of_the_api_is_never_taken_for_a_form(client, pool, seeded, sending, counted):
    """By whoever knows how a form is remembered, so that its answer would lead nowhere."""
    send, table = sending("a new order")
    with pool.connection() as conn:
        for (key,) in _kept_by(send, conn):
            said = re.sub(r"\s", " ", key)
            body = {"text": "It hums"}
            path = f"/api/v1/work-orders/{seeded.orders['done']}/comments"
            conn.execute("DELETE FROM idempotent_answers")
            conn.commit()
            assert client.post(path, json=body, headers={"Idempotency-Key": said}).status_code == 201
    before = counted(table)
    assert send().status_code == 303
    assert counted(table) == before + 1


def _kept_by(send, conn):
    assert send().status_code == 303
    kept = conn.execute("SELECT key FROM idempotent_answers WHERE key LIKE 'form%'").fetchall()
    assert kept
    return kept
