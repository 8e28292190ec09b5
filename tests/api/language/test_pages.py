"""Pages are in the language of whoever asks."""

from fastapi.testclient import TestClient

from api.app import create

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
