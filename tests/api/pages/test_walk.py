"""Every edge of the table of moves by the forms, and every page that shows the order afterwards, for every role."""

import re

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.app import create
from tests import people
from tests.api.pages.test_what_pages_offer import PEOPLE
from tests.walk import EDGES, PATHS, Walker
from workorder_core.words import Status

HTML = {"Accept": "text/html", "Origin": "http://localhost"}
LISTS = ("/", "/?show=all&text=Walk", "/my-work", "/my-requests", "/assets")


@pytest.fixture
def everybody(pool, seeded, database) -> dict[str, TestClient]:
    app = create(pool, keys={})
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE technicians SET shift_start = '00:00', shift_end = '00:00', weekdays = '{1,2,3,4,5,6,7}'")
        return {
            name: TestClient(
                app,
                base_url="http://localhost",
                headers={"Origin": "http://localhost", "X-API-Key": people.add_key(conn, name, *roles, sites=sites)},
            )
            for name, (roles, sites, _) in PEOPLE.items()
        }


def test_the_walk_knows_a_way_to_every_status():
    assert set(PATHS) == set(Status)
    assert len(EDGES) > 35


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["short", "every field"])
def test_every_page_that_shows_an_order_is_there_after_every_step(everybody, seeded, every):
    tried = set[tuple[str, str]]()
    for walked in Walker(everybody["administrator"], seeded).walk(every=every):
        path = f"/orders/{walked.order}"
        for name, client in everybody.items():
            page = client.get(path, headers=HTML)
            assert page.status_code == 200, f"{walked}: {name} gets {page.status_code}"
            status = re.findall(r'class="badge status s-(\w+)"', page.text)[0]
            if (name, status) not in tried:
                tried.add((name, status))
                offered_to(client, name, page.text)
        for path in (*LISTS, f"/assets/{seeded.assets['P-108']}"):
            assert everybody["administrator"].get(path, headers=HTML).status_code == 200, f"{walked}: {path}"
    assert {status for _, status in tried} == {status.value for status in Status}


def offered_to(client: TestClient, name: str, page: str) -> None:
    """Press every button of a step without its fields, on a version that nobody has: never refused for who asks."""
    for action in re.findall(r'action="(/orders/[^"]+)" class="step" data-step', page):
        answer = client.post(action, data={"version": 999_999}, headers=HTML, follow_redirects=False)
        assert answer.status_code in (412, 422), f"{name} has a button for {action}, which answers {answer.status_code}"
