"""Pages are in the language of whoever asks."""

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create
from db.people import users
from tests import people
from workorder_core.people.access import Role

GERMAN = {"Accept": "text/html", "Accept-Language": "de-AT, en;q=0.5"}


def test_a_page_before_signing_in_is_in_the_browsers_language(stranger):
    assert '<html lang="de">' in (page := stranger.get("/login", headers=GERMAN).text)
    assert "<h1>Anmelden</h1>" in page
    assert "<h1>Sign in</h1>" in stranger.get("/login", headers=GERMAN | {"Accept-Language": "fr"}).text


def test_without_a_wish_a_page_is_in_the_plants_language(pool, seeded):
    with TestClient(create(pool, keys={}, language="de"), base_url="http://plant.example") as client:
        assert "<h1>Anmelden</h1>" in client.get("/login").text


def test_programs_read_english(stranger):
    answer = stranger.get("/api/v1/me", headers=GERMAN)
    assert answer.status_code == 401
    assert answer.json()["title"] == "Key missing"


@pytest.fixture
def mara(pool, seeded) -> Iterator[TestClient]:
    """Somebody who has signed in, whose browser asks for English."""
    with pool.connection() as conn:
        people.add_user(conn, "mara", Role.PLANNER)
    app = create(pool, keys={}, pages_as="mara")
    headers = {"Accept": "text/html", "Accept-Language": "en", "Origin": "http://localhost", "Sec-Fetch-Site": "none"}
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5), headers=headers) as client:
        client.get("/login")
        yield client


def form_of(page):
    return dict(re.findall(r'name="(csrf|once)" value="([^"]+)"', page.partition('action="/language"')[2]))


def test_somebodys_own_choice_wins_over_the_browsers(mara, pool):
    page = mara.get("/language").text
    assert "<h1>Language</h1>" in page
    chosen = mara.post("/language", data={"language": "de", **form_of(page)})
    assert "<h1>Sprache</h1>" in chosen.text
    assert '<option value="de" lang="de" selected>' in chosen.text
    assert mara.get("/api/v1/me").json()["language"] == "de"
    with pool.connection() as conn:
        assert users.changes(conn, limit=1)[0].detail == {"old": {"language": None}, "new": {"language": "de"}}
    wrong = mara.post("/language", data={"language": "xx", **form_of(chosen.text)})
    assert wrong.status_code == 422
    assert "Wählen Sie einen Eintrag der Liste." in wrong.text


def test_a_program_of_somebodys_chooses_for_them(mara):
    csrf = re.search(r'name="csrf" value="([^"]+)"', mara.get("/language").text)
    assert csrf is not None
    headers = {"X-CSRF-Token": csrf[1]}
    assert mara.patch("/api/v1/me", json={"language": "de"}, headers=headers).json()["language"] == "de"
    assert '<html lang="de">' in mara.get("/language").text
    assert mara.patch("/api/v1/me", json={"language": None}, headers=headers).json()["language"] is None
    assert '<html lang="en">' in mara.get("/language").text
    assert mara.patch("/api/v1/me", json={"language": "fr"}, headers=headers).status_code == 422


def test_a_key_has_no_language_of_its_own(client):
    assert client.patch("/api/v1/me", json={"language": "de"}).status_code == 404
    assert "An API key has no language" in client.get("/language", headers={"Accept": "text/html"}).text
