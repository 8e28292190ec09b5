"""What pages offer: no link or button that the one who sees it may not use, counts that lead to what they count."""

import re

import pytest
from fastapi.testclient import TestClient

from api.app import create
from tests import people
from tests.parts.most_slow import most_slow
from workorder_core.people.access import Role

HTML = {"Accept": "text/html"}
PEOPLE = {
    "viewer": ([Role.VIEWER], ["NTH"], None),
    "requester": ([Role.REQUESTER], ["NTH"], None),
    "technician": ([Role.TECHNICIAN], ["NTH"], "holm"),
    "planner": ([Role.PLANNER], ["NTH"], None),
    "engineer": ([Role.RELIABILITY_ENGINEER], None, None),
    "administrator": ([Role.ADMINISTRATOR], None, None),
}


@pytest.fixture
def signed_in(pool, seeded):
    app = create(pool, keys={})

    def client(name: str) -> TestClient:
        roles, sites, technician = PEOPLE[name]
        with pool.connection() as conn:
            people.add_user(conn, name, *roles, sites=sites, technician=technician)
        made = TestClient(app, base_url="http://localhost", headers={"Origin": "http://localhost"})
        made.post("/login", data={"name": name, "password": people.PASSWORD}, follow_redirects=False)
        return made

    return client


def links(page: str) -> set[str]:
    found = re.findall(r'<a\b[^>]*href="(/[^"#]*)', page)
    return {each.replace("&amp;", "&") for each in found if not each.startswith(("/api/", "/static/"))}


def actions(page: str) -> set[str]:
    return set(re.findall(r'<form\b[^>]*method="post"[^>]*action="([^"]*)"', page))


def kind(path: str) -> str:
    """A path without the ids in it: one page of each kind is looked at, and every order."""
    plain = path.partition("?")[0]
    return plain if plain.startswith("/orders/") else re.sub(r"/\d+|/signals/\w+", "/x", plain)


@pytest.mark.parametrize("name", most_slow(PEOPLE, "technician", "requester"))
def test_nobody_sees_a_link_or_a_button_that_is_refused_to_them(signed_in, seeded, name):
    client = signed_in(name)
    there, seen, forms = ["/home", "/"], set[str](), set[str]()
    while there:
        path = there.pop()
        if kind(path) in seen:
            continue
        seen.add(kind(path))
        answer = client.get(path, headers=HTML)
        assert answer.status_code == 200, f"{name} was led to {path}, which answers {answer.status_code}"
        forms |= actions(answer.text)
        there += sorted(links(answer.text))
    assert len(seen) > 8
    for action in sorted(forms - {"/logout"}):
        answer = client.post(action, data={"csrf": _token(client)}, headers=HTML, follow_redirects=False)
        assert answer.status_code != 403, f"{name} has a button for {action}, which is refused"


def _token(client: TestClient) -> str:
    return next(iter(re.findall(r'name="csrf" value="(\w+)"', client.get("/my-work").text)), "")


FIRST = {
    "technician": "/my-work",
    "requester": "/my-requests",
    "planner": "/",
    "viewer": "/",
}


@pytest.mark.parametrize(("name", "first"), FIRST.items())
def test_everybody_first_sees_what_they_look_for(signed_in, name, first):
    answer = signed_in(name).get("/home", headers=HTML, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, first)


def test_a_requester_sees_what_became_of_their_requests(signed_in, seeded):
    kari = signed_in("requester")
    form = {"csrf": _token(kari), "asset_id": seeded.assets["P-107"], "kind": "inspection", "title": "It hums"}
    assert kari.post("/new-order", data=form, follow_redirects=False).status_code == 303
    page = kari.get("/my-requests").text
    assert "It hums" in page
    assert "Waiting for a planner’s approval" in page
    assert "coupling guard" not in page, "others' requests are not theirs"


def test_each_count_leads_to_the_orders_that_it_counts(client, pool):
    with pool.connection() as conn:
        conn.execute("UPDATE work_orders SET escalation = 1 WHERE number IN ('NTH-1002', 'NTH-1004')")
    counts = re.findall(r'<a href="(/[^"]*)"><b>(\d+)</b>', client.get("/").text.split('class="counts"')[1])[:5]
    assert len(counts) == 5
    for path, count in counts:
        page = client.get(path.replace("&amp;", "&")).text
        assert len(re.findall(r'<li class="order ', page)) == int(count), path


@pytest.mark.parametrize("path", ["/?page=99", "/alarms?page=99", "/?page=99&show=all"])
def test_a_page_beyond_the_end_says_so(client, path):
    page = client.get(path, headers=HTML)
    assert (page.status_code, "There is no page 99" in page.text) == (200, True)
