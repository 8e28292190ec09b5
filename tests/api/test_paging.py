"""Every list of what a plant may have many of comes in parts."""

import html
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pytest

from api import board
from db.documents import documents
from db.documents.documents import Kind

TEMPLATES = Path(board.__file__).parent / "templates"
V1 = "/api/v1"
OF_ONE_THING = {
    "/api/v1/checklists/{checklist_id}": "one checklist, of 200 items at most",
    "/api/v1/maintenance-plans/{plan_id}/expected": "as many as are asked for, 200 at most",
    "/api/v1/models/precision": "a row a model",
    "/api/v1/quarantine/{kept_id}/payloads": "five at most",
    "/api/v1/sites/{site_code}/costs/cost-model": "prices of the site, its classes and single assets",
    "/api/v1/sites/{site_code}/costs/labour-rates": "a row a trade and a day on which it changes",
    "/api/v1/sites/{site_code}/costs/price-list": "what customers pay, 500 lines at most",
    "/api/v1/sites/{site_code}/targets": "a row a priority",
}


def test_every_list_is_paged(client) -> None:
    described, unpaged = client.app.openapi(), []
    for path, methods in described["paths"].items():
        read = methods.get("get", {})
        said = read.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        shape = described["components"]["schemas"].get(said.get("$ref", "").rpartition("/")[2], said)
        is_list = said.get("type") == "array" or "items" in shape.get("properties", {})
        names = {each["name"] for each in read.get("parameters", ())}
        if is_list and not {"limit", "cursor"} <= names:
            unpaged.append(path)
        assert not {"offset", "page", "before_id"} & names
    assert sorted(unpaged) == sorted(OF_ONE_THING)


@pytest.fixture
def many(database: str, seeded) -> int:
    with psycopg.connect(database) as conn:
        conn.execute(
            "INSERT INTO assets (site_id, code, name, class, criticality) "
            "SELECT 1, 'M-' || lpad(n::text, 5, '0'), 'x', 'pump', 2 FROM generate_series(1, 700) n"
        )
        conn.execute(
            "INSERT INTO planned_downtimes (asset_id, starts_at, reason, actor) "
            "SELECT 1, now() + n * interval '1 hour', 'x', 'x' FROM generate_series(1, 700) n"
        )
        conn.execute(
            "INSERT INTO sites (code, name, time_zone) SELECT 'S' || n, 'x', 'UTC' FROM generate_series(1, 600) n"
        )
    return 708


@pytest.mark.parametrize(("path", "count"), [("assets", 708), ("downtimes", 700), ("sites", 601)])
@pytest.mark.parametrize("limit", [None, 300])
def test_following_the_link_gives_the_whole_list_once(client, many, path, count, limit) -> None:
    url, found, parts = f"{V1}/{path}" + (f"?limit={limit}" if limit else ""), [], 0
    while url:
        answer = client.get(url)
        found += [each["id"] for each in answer.json()]
        parts += 1
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        url = link[1] if link else ""
    assert parts == -(-count // (limit or 500))
    assert len(found) == len(set(found)) == count


def test_a_part_may_not_be_larger_than_that(client) -> None:
    assert client.get(f"{V1}/assets", params={"limit": 1001}).status_code == 422


def test_the_page_of_assets_shows_a_hundred_and_leads_on(client, many) -> None:
    first = client.get("/assets").text
    assert first.count('<li class="asset') == 100
    assert 'href="/assets?page=2"' in first
    last = client.get("/assets", params={"page": 8}).text
    assert last.count('<li class="asset') == 8
    assert 'rel="next"' not in last


FULL = ("/", "/assets", "/alarms", "/alarms/rules")
"""Pages of which there are many in a plant; the others tell of what happened, the newest first."""


@pytest.mark.parametrize("path", [*FULL, "/?show=all&text=Look", "/alarms?state=latched"])
def test_a_list_of_a_page_leads_from_one_end_to_the_other_and_back(client, database, seeded, path) -> None:
    with psycopg.connect(database) as conn:
        documents.write(conn, Kind.RULEBOOK, {"threshold": [limit(n) for n in range(60)]}, actor="user:x", why="many")
        conn.execute(
            "INSERT INTO assets (site_id, code, name, class, criticality) "
            "SELECT 1, 'M-' || n, 'x', 'pump', 2 FROM generate_series(1, 250) n"
        )
        conn.execute(
            "INSERT INTO alarm_points (asset_id, source, state, severity, since) "
            "SELECT 1, 'rule:' || n, 'latched', 1, now() FROM generate_series(1, 60) n"
        )
    for n in range(60):
        body = {"asset_id": seeded.assets["P-102"], "type": "inspection", "title": f"Look {n}"}
        made = client.post(f"{V1}/work-orders", json=body, headers={"Idempotency-Key": f"paging-{n}"})
        assert made.status_code == 201
    there, seen = path, []
    while there:
        page = client.get(there).text
        seen.append(there)
        there = html.unescape("".join(re.findall(r'rel="next" href="([^"]+)"', page)))
    assert len(seen) >= 3
    assert f"Page {len(seen)}" in page
    for expected in reversed(seen[:-1]):
        there = html.unescape("".join(re.findall(r'rel="prev" href="([^"]+)"', page)))
        assert dict(parse_qsl(urlsplit(expected).query)).items() <= dict(parse_qsl(urlsplit(there).query)).items()
        page = client.get(there).text
    assert 'rel="prev"' not in page
    beyond = client.get(f"{path}{'&' if '?' in path else '?'}page=99").text
    assert "There is no page 99" in beyond


def limit(n: int) -> dict[str, object]:
    return {
        "id": f"limit-{n}", "asset_class": "pump", "signal": f"s{n}", "raise_at": 9, "clear_below": 8,
        "component": "impeller", "failure_mode": "LOO", "severity": "degrading",
    }  # fmt: skip


def test_the_links_of_a_list_are_drawn_by_one_template() -> None:
    drawn = [each.name for each in TEMPLATES.glob("*.html") if 'class="paging"' in each.read_text()]
    assert drawn == ["page_numbers.html"]


@pytest.mark.parametrize("path", ["/quarantine", "/changes", "/alarms/history"])
def test_a_page_of_what_has_happened_is_numbered_and_leads_both_ways(client, database, seeded, path) -> None:
    with psycopg.connect(database) as conn:
        conn.execute(
            "INSERT INTO alarm_moves (asset_id, source, at, actor, move, old_state, new_state) "
            "SELECT 1, 'rule:x', now(), 'system:x', 'raise', 'normal', 'unacknowledged' FROM generate_series(1, 60)"
        )
        conn.execute(
            "INSERT INTO quarantine "
            "(topic, reason, payload, payload_bytes, payload_sha256, problem, received_at, last_received_at) "
            "SELECT 'plantwright/v1/NTH/X-' || n, 'not_json', 'x', 1, sha256(n::text::bytea), 'x', now(), now() "
            "FROM generate_series(1, 60) n"
        )
    first, second = client.get(path), client.get(path, params={"page": 2})
    assert (first.status_code, second.status_code) == (200, 200)
    if path != "/changes":  # there are few of them here
        assert f'href="{path}?page=2"' in first.text
        assert f'href="{path}"' in second.text
    assert "There is no page 99" in client.get(path, params={"page": 99}).text
