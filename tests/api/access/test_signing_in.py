"""Signing in at the pages: sessions that end, forms that only their own session sends, and no guessing."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from api import passwords, signing_in
from api.app import create
from api.keys import COOKIE, Lasting, unmasked
from db.people import sessions, users
from tests import people
from tests.people import PASSWORD
from workorder_core.people.access import Role

HERE = {"Accept": "text/html", "Origin": "http://plant.example"}


@pytest.fixture(autouse=True)
def _cheaply(monkeypatch):
    monkeypatch.setattr(passwords, "_HASHER", people.CHEAP)


@pytest.fixture
def mette(pool):
    with pool.connection() as conn:
        people.add_user(conn, "mette", Role.PLANNER)


def at_the_door(pool, **how):
    app = create(pool, keys={}, **how)
    return TestClient(app, base_url="http://plant.example", headers=HERE, follow_redirects=False)


def sign_in(client, name="mette", password=PASSWORD, there="/assets"):
    return client.post("/login", data={"name": name, "password": password, "next": there})


def token(client, path="/"):
    return re.findall(r'name="csrf" value="(\w+)"', client.get(path).text)[0]


def test_who_is_not_signed_in_is_led_to_the_door_and_back(pool, mette):
    client = at_the_door(pool)
    asked = client.get("/assets?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/assets%3Fx%3D1")
    assert sign_in(client, password="wrong password").status_code == 401
    assert sign_in(client, name="nobody").status_code == 401
    given = sign_in(client, name=" Mette ")
    assert (given.status_code, given.headers["location"]) == (303, "/assets")
    cookie = given.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    page = client.get("/assets")
    assert page.status_code == 200
    assert ">Mette</summary>" in page.text


@pytest.mark.parametrize("there", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", ""])
def test_who_signs_in_is_sent_nowhere_else(pool, mette, there):
    assert sign_in(at_the_door(pool), there=there).headers["location"] == "/home"


def test_history_has_the_name_of_who_took_the_step(pool, mette, seeded):
    client = at_the_door(pool)
    sign_in(client)
    order = seeded.orders["predictive"]
    form = {"version": 1, "csrf": token(client, f"/orders/{order}")}
    assert client.post(f"/orders/{order}/assign", data=form).status_code == 303
    assert client.get(f"/api/v1/work-orders/{order}").json()["history"][-1]["actor"] == "person:mette"


def test_a_form_without_its_sessions_token_changes_nothing(pool, mette, seeded):
    client, other = at_the_door(pool), at_the_door(pool)
    sign_in(client)
    sign_in(other)
    order = seeded.orders["predictive"]
    for sent in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": token(other)}):
        assert client.post(f"/orders/{order}/assign", data={"version": 1} | sent).status_code == 403
    v1 = f"/api/v1/work-orders/{order}"
    assert client.post(f"{v1}/assign", json={}).status_code == 403
    assert client.post(f"{v1}/assign", json={}, headers={"X-CSRF-Token": token(other)}).status_code == 403
    assert client.get(v1).json()["status"] == "open"
    assert client.post(f"{v1}/assign", json={}, headers={"X-CSRF-Token": token(client)}).status_code == 200


def test_every_form_that_changes_something_carries_the_token(pool, seeded, mette):
    client = at_the_door(pool)
    sign_in(client)
    ours = token(client)
    for path in ("/", "/assets", f"/orders/{seeded.orders['reactive']}", f"/assets/{seeded.assets['P-101']}"):
        text = client.get(path).text
        forms = re.findall(r'<form\b[^>]*method="post"[^>]*>(.{0,40})', text, re.DOTALL)
        assert forms
        assert all(form.startswith('<input type="hidden" name="csrf"') for form in forms)
        assert {unmasked(each) for each in re.findall(r'name="csrf" value="(\w+)"', text)} == {unmasked(ours)}


def test_signing_out_ends_the_session_in_the_database_too(pool, mette):
    client = at_the_door(pool)
    sign_in(client)
    held = client.cookies[COOKIE]
    assert client.post("/logout", data={"csrf": token(client)}).headers["location"] == "/login?out=1"
    again = at_the_door(pool)
    again.cookies.set(COOKIE, held)
    assert again.get("/").status_code == 303


def test_a_cookie_is_known_by_its_hash_only(pool, mette):
    client = at_the_door(pool)
    sign_in(client)
    with pool.connection() as conn:
        ((stored,),) = conn.execute("SELECT token_sha256 FROM sessions").fetchall()
    assert stored == sessions.digest(client.cookies[COOKIE])


def test_a_session_ends_when_it_is_idle_and_at_its_end_however_much_it_is_used(pool, mette):
    lasting = Lasting(idle=timedelta(hours=1), whole=timedelta(hours=10))
    client = at_the_door(pool, lasting=lasting)
    sign_in(client)
    with pool.connection() as conn:
        conn.execute("UPDATE sessions SET seen_at = now() - interval '59 minutes'")
    assert client.get("/").status_code == 200
    with pool.connection() as conn:
        ((seen,),) = conn.execute("SELECT seen_at FROM sessions").fetchall()
        assert datetime.now(UTC) - seen < timedelta(minutes=1), "it was used"
        conn.execute("UPDATE sessions SET seen_at = now() - interval '61 minutes'")
    assert client.get("/").status_code == 303
    with pool.connection() as conn:
        conn.execute("UPDATE sessions SET seen_at = now(), began_at = now() - interval '11 hours', ends_at = now()")
    assert client.get("/").status_code == 303


def test_another_password_ends_every_other_session(pool, mette):
    client, elsewhere = at_the_door(pool), at_the_door(pool)
    sign_in(client)
    sign_in(elsewhere)
    new = "four pumps one sump"
    form = {"csrf": token(client), "current": PASSWORD, "password": new, "again": new}
    assert client.post("/password", data=form | {"current": "wrong password"}).status_code == 422
    assert client.post("/password", data=form | {"again": "other"}).status_code == 422
    assert client.post("/password", data=form | {"password": "short", "again": "short"}).status_code == 422
    assert client.post("/password", data=form).status_code == 200
    assert client.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303
    assert sign_in(elsewhere).status_code == 401
    assert sign_in(elsewhere, password=new).status_code == 303


def test_a_password_of_somebody_elses_making_opens_only_the_page_that_changes_it(pool):
    with pool.connection() as conn:
        people.add_user(conn, "new", Role.PLANNER, must_change=True)
    client = at_the_door(pool)
    assert sign_in(client, "new").headers["location"] == "/password"
    assert client.get("/").headers["location"] == "/password"
    assert client.get("/api/v1/sites", headers={"Accept": "application/json"}).status_code == 403
    new = "four pumps one sump"
    form = {"csrf": token(client, "/password"), "current": PASSWORD, "password": new, "again": new}
    assert client.post("/password", data=form).status_code == 200
    assert client.get("/").status_code == 200


def test_who_is_disabled_is_out_at_once(pool, mette):
    client = at_the_door(pool)
    sign_in(client)
    with pool.connection() as conn:
        standing = users.Standing(roles=frozenset({Role.PLANNER}), disabled=True)
        users.save(conn, "mette", standing, actor="person:admin", at=datetime.now(UTC))
    assert client.get("/").status_code == 303
    assert sign_in(client).status_code == 401


def test_guessing_is_stopped_for_the_name_at_that_address_only(pool, mette, monkeypatch):
    monkeypatch.setattr(passwords, "fits", lambda known, given: known is not None and given == PASSWORD)
    client = at_the_door(pool)
    for _ in range(signing_in.MOST_BY_NAME_AND_ADDRESS):
        assert sign_in(client, password="guess").status_code == 401
    stopped = sign_in(client)
    assert (stopped.status_code, "too many attempts" in stopped.text) == (429, True)
    assert 0 < int(stopped.headers["retry-after"]) <= 900
    assert sign_in(client, name="somebody else").status_code == 401
    elsewhere = create(pool, keys={})
    other = TestClient(elsewhere, "http://plant.example", headers=HERE, follow_redirects=False, client=("10.0.0.9", 5))
    assert sign_in(other).status_code == 303, "another process, another address"
    with pool.connection() as conn:
        conn.execute("UPDATE sign_in_attempts SET began_at = began_at - interval '16 minutes'")
    assert sign_in(client).status_code == 303


def test_the_right_password_is_not_counted(pool, mette, monkeypatch):
    monkeypatch.setattr(passwords, "fits", lambda known, given: known is not None and given == PASSWORD)
    client = at_the_door(pool)
    for _ in range(signing_in.MOST_BY_NAME_AND_ADDRESS + 3):
        assert sign_in(client).status_code == 303


def test_who_is_not_there_costs_a_hash_too(monkeypatch, pool, mette):
    hashed = []

    class Counting:
        def verify(self, known, given):
            hashed.append(known)
            return people.CHEAP.verify(known, given)

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    monkeypatch.setattr(passwords, "_NOBODYS", people.CHEAP.hash("nobody's"))
    assert sign_in(at_the_door(pool), name="nobody", password="nobody's").status_code == 401
    assert hashed == [passwords._NOBODYS]


def test_a_password_hashed_the_old_way_is_hashed_anew(pool, mette, monkeypatch):
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    with pool.connection() as conn:
        before = users.get(conn, "mette").password_hash
    assert passwords.is_outdated(before)
    sign_in(at_the_door(pool))
    with pool.connection() as conn:
        after = users.get(conn, "mette").password_hash
    assert not passwords.is_outdated(after)
    assert passwords.fits(after, PASSWORD)


def test_pages_sign_in_by_themselves_only_where_nobody_else_can_be(pool, mette):
    app = create(pool, keys={}, pages_as="mette")
    home = TestClient(app, "http://localhost", headers={"Accept": "text/html"}, client=("127.0.0.1", 5))
    assert home.get("/").status_code == 200
    elsewhere = TestClient(app, "http://localhost", headers={"Accept": "text/html"}, client=("10.0.0.9", 5))
    assert "Sign in</h1>" in elsewhere.get("/").text
    rebound = TestClient(app, "http://evil.example", headers={"Accept": "text/html"}, client=("127.0.0.1", 5))
    assert "Sign in</h1>" in rebound.get("/").text
    assert home.get("/api/v1/sites").status_code == 200
    nothing_shown = TestClient(app, "http://localhost", client=("127.0.0.1", 5))
    assert nothing_shown.get("/api/v1/sites").status_code == 401


def from_address(pool, number):
    return at_address(pool, f"10.0.0.{number}")


def at_address(pool, address):
    app = create(pool, keys={})
    return TestClient(app, "http://plant.example", headers=HERE, follow_redirects=False, client=(address, 5))


@pytest.fixture
def quickly(monkeypatch):
    """Signing in without hashes, and with what was waited for in a list instead of waiting."""
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    monkeypatch.setattr(passwords, "fits", lambda known, given: known is not None and given == PASSWORD)
    monkeypatch.setattr("api.board.signing.asyncio.sleep", sleep)
    monkeypatch.setattr(signing_in, "MOST_BY_NAME", 12)
    return waited


@pytest.mark.parametrize("disguised", ["mette\0", "\0mette", "met\0te", "mette\x01", "METTE\u0130", "mette" + "\0" * 9])
def test_a_name_in_disguise_is_nobodys_and_is_counted(pool, mette, quickly, disguised):
    client = from_address(pool, 1)
    for _ in range(signing_in.MOST_BY_NAME_AND_ADDRESS):
        assert sign_in(client, name=disguised).status_code == 401
    assert sign_in(client, name=disguised).status_code == 429


def test_a_strangers_wrong_guesses_lock_nobody_out(pool, mette, quickly):
    used = from_address(pool, 1)
    assert sign_in(used).status_code == 303
    for number in range(2, 6):
        stranger = from_address(pool, number)
        assert {sign_in(stranger, password="guess").status_code for _ in range(5)} == {401}
    assert set(quickly) == {signing_in.DELAY_S}
    quickly.clear()
    assert sign_in(used).status_code == 303
    assert quickly == [], "a browser that she has used does not wait"
    assert sign_in(from_address(pool, 9)).status_code == 303
    assert quickly == [signing_in.DELAY_S], "another one does, and is let in"


def test_a_known_browser_goes_on_where_its_address_is_stopped_and_has_a_bound_of_its_own(pool, mette, quickly):
    used, neighbour = from_address(pool, 1), from_address(pool, 1)
    assert sign_in(used).status_code == 303
    for _ in range(signing_in.MOST_BY_NAME_AND_ADDRESS + 1):
        sign_in(neighbour, password="guess")
    assert sign_in(neighbour).status_code == 429
    assert sign_in(used).status_code == 303
    for _ in range(signing_in.MOST_BY_DEVICE):
        assert sign_in(used, password="guess").status_code == 401
    assert sign_in(used).status_code == 429


def test_a_browser_is_known_for_who_has_signed_in_there_and_by_a_token_of_ours(pool, mette, quickly):
    with pool.connection() as conn:
        people.add_user(conn, "holm", Role.TECHNICIAN)
    client = from_address(pool, 1)
    client.cookies.set(signing_in.DEVICE, "chosen-by-a-stranger", domain="plant.example", path="/login")
    answer = sign_in(client)
    assert answer.status_code == 303
    assert "chosen-by-a-stranger" not in answer.headers["set-cookie"]
    with pool.connection() as conn:
        assert not sessions.knows_device(conn, "mette", "chosen-by-a-stranger")
        (kept,) = conn.execute("SELECT user_name FROM known_devices").fetchall()
    assert kept == ("mette",)


@pytest.mark.parametrize(
    ("addresses", "other"),
    [
        (["2001:db8:1:2::7", "2001:DB8:1:2:ffff::1", "2001:db8:1:2:0:0:9:9"], "2001:db8:1:3::7"),
        (["203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107"], "::ffff:203.0.113.8"),
        (["fe80::1%eth0", "fe80::2%eth1"], "fe80:0:0:1::1"),
    ],
    ids=["a subscriber's IPv6", "IPv4 in IPv6", "a link"],
)
def test_the_addresses_that_one_subscriber_has_are_counted_together(pool, mette, quickly, addresses, other):
    clients = [at_address(pool, address) for address in addresses]
    for number in range(signing_in.MOST_BY_NAME_AND_ADDRESS):
        assert sign_in(clients[number % len(clients)], password="guess").status_code == 401
    assert {sign_in(client).status_code for client in clients} == {429}
    assert sign_in(at_address(pool, other)).status_code == 303


def test_what_an_address_has_too_many_of_neither_waits_nor_lets_others_wait(pool, mette, quickly):
    stranger = from_address(pool, 1)
    for _ in range(3 * signing_in.MOST_BY_NAME_AND_ADDRESS):
        sign_in(stranger, password="guess")
    assert sign_in(stranger, password="guess").status_code == 429
    assert sign_in(from_address(pool, 2)).status_code == 303
    assert quickly == []


def meanwhile(monkeypatch, pool, change):
    """Let something happen while a password is looked at."""

    def fits(known, given):
        with pool.connection() as conn:
            change(conn)
        return known is not None and given == PASSWORD

    monkeypatch.setattr(passwords, "fits", fits)


def given_another(conn):
    other = people.CHEAP.hash("another password")
    users.set_password(conn, "mette", other, must_change=True, actor="person:admin", at=datetime.now(UTC))


def disabled(conn):
    standing = users.Standing(roles=frozenset({Role.PLANNER}), disabled=True)
    users.save(conn, "mette", standing, actor="person:admin", at=datetime.now(UTC))


@pytest.mark.parametrize("change", [given_another, disabled])
def test_no_session_begins_with_what_was_taken_away_while_the_password_was_looked_at(pool, mette, monkeypatch, change):
    meanwhile(monkeypatch, pool, change)
    assert sign_in(at_the_door(pool)).status_code == 401
    with pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


def test_a_password_that_an_administrator_gave_meanwhile_stays(pool, mette, monkeypatch):
    client = at_the_door(pool)
    sign_in(client)
    new = "four pumps one sump"
    form = {"csrf": token(client), "current": PASSWORD, "password": new, "again": new}
    meanwhile(monkeypatch, pool, given_another)
    assert client.post("/password", data=form).status_code == 422
    with pool.connection() as conn:
        found = users.get(conn, "mette")
        assert conn.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
    assert people.CHEAP.verify(found.password_hash, "another password")
    assert found.must_change
