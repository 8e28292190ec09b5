"""Pages that refresh by themselves send nothing twice: an hour of an open order page is two megabytes at most."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi.testclient import TestClient

from api import asking
from api.app import create
from db.orders import decisions, order_work
from tests import a_plant, people
from workorder_core.intake import priority
from workorder_core.intake.decisions import AddEvidence
from workorder_core.people.access import Role, system
from workorder_core.words import Criticality, Severity

HTML = {"Accept": "text/html", "Accept-Encoding": "gzip"}
TEMPLATES = Path(__file__).parents[3] / "api" / "board" / "templates"
POLLS_AN_HOUR = 900
MOST_BYTES = 2_000_000


def size(answer: httpx.Response) -> int:
    """Bytes of an answer on the wire: its head, and its body as it was sent."""
    head = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw) + 20
    return head + int(answer.headers.get("content-length", 0))


class Page:
    """An open page as board.js keeps it: it asks with the version and the parts that it has."""

    def __init__(self, client: TestClient, path: str) -> None:
        self.client, self.path, self.version, self.stamps = client, path, "", dict[str, str]()
        self._parts(client.get(path, headers=HTML).text)

    def poll(self) -> httpx.Response:
        have = ",".join(f"{name}={stamp}" for name, stamp in self.stamps.items())
        answer: httpx.Response = self.client.get(
            self.path, headers=HTML | {"If-None-Match": self.version, "X-Have": have}
        )
        if answer.status_code == 200:
            self.version = answer.headers["etag"]
            self._parts(answer.text)
        return answer

    def _parts(self, text: str) -> None:
        self.stamps |= dict(re.findall(r'id="(\w+)" data-live data-stamp="(\w+)"', text))


@dataclass(frozen=True)
class Stopped:
    """A clock that shows one time."""

    at: datetime

    def now(self, zone: tzinfo) -> datetime:
        return self.at.astimezone(zone)


@pytest.fixture
def signed_in(pool, seeded):
    with pool.connection() as conn:
        people.add_user(conn, "mette", Role.ADMINISTRATOR)
    client = TestClient(create(pool, keys={}), base_url="http://localhost", headers={"Origin": "http://localhost"})
    client.post("/login", data={"name": "mette", "password": people.PASSWORD})
    return client


@pytest.mark.parametrize("path", ["/", "/alarms", "/assets", "/engine", "/my-work", "/quarantine"])
def test_a_page_on_which_nothing_happens_is_sent_once(signed_in, path):
    page = Page(signed_in, path)
    page.poll()
    assert [page.poll().status_code for _ in range(3)] == [304, 304, 304]


def test_an_hour_of_an_order_page_is_small_though_its_spans_of_time_go_on(signed_in, seeded, monkeypatch):
    page = Page(signed_in, f"/orders/{seeded.orders['predictive']}")
    begun, sent = datetime.now(UTC), []
    for poll in range(POLLS_AN_HOUR // 60):
        monkeypatch.setattr(asking, "datetime", Stopped(begun + timedelta(minutes=4 * poll)))
        sent.append(size(page.poll()))
    assert sum(sent) * 60 <= MOST_BYTES


def test_an_hour_of_an_order_that_changes_every_minute_is_small(signed_in, seeded, database):
    order = seeded.orders["predictive"]
    page = Page(signed_in, f"/orders/{order}")
    page.poll()
    quiet = size(page.poll())
    changed = []
    with psycopg.connect(database) as conn:
        for _ in range(5):
            order_work.comment(conn, order, "still warm, looked at it again", who=system("tests"), at=datetime.now(UTC))
            conn.commit()
            answer = page.poll()
            assert "still warm" in answer.text
            changed.append(size(answer))
    assert max(changed) * 60 + quiet * (POLLS_AN_HOUR - 60) <= MOST_BYTES


def test_new_evidence_is_sent_whole_and_old_evidence_never_again(signed_in, seeded, database):
    order = seeded.orders["predictive"]
    page = Page(signed_in, f"/orders/{order}")
    assert "data-charts" not in page.poll().text, "the charts are drawn already"
    at = datetime.now(UTC)
    with psycopg.connect(database) as conn:
        finding = a_plant.a_finding(at=at, lasted=timedelta(hours=1), summary="hotter still", score=0.9, limit=0.6)
        urgency = priority.of_finding(Criticality.HIGH, Severity.DEGRADING)
        decisions.apply(conn, AddEvidence(order, finding), urgency, asset_id=seeded.assets["P-103"], now=at)
    assert "Hotter still" in page.poll().text
    assert page.poll().status_code in (200, 304)
    assert page.poll().status_code == 304


def test_answers_are_compressed_and_pictures_are_not_compressed_again(signed_in, seeded):
    path = f"/orders/{seeded.orders['predictive']}"
    whole = signed_in.get(path, headers=HTML)
    assert whole.headers["content-encoding"] == "gzip"
    assert int(whole.headers["content-length"]) < len(whole.content) / 4
    assert signed_in.get("/api/v1/work-orders", headers=HTML).headers["content-encoding"] == "gzip"
    assert signed_in.get("/static/vendor/uplot/uPlot.iife.min.js", headers=HTML).headers["content-encoding"] == "gzip"


def test_the_token_of_forms_is_never_written_twice_in_the_same_letters(signed_in):
    """A compressed page that shows what somebody else chose must not let them measure a secret by its size."""
    tokens = re.findall(r'name="csrf" value="(\w+)"', signed_in.get("/").text + signed_in.get("/").text)
    assert len(tokens) == len(set(tokens)) >= 2
    for token in tokens[:2]:
        assert signed_in.post("/logout", data={"csrf": "0" * len(token)}, follow_redirects=False).status_code == 403
    assert signed_in.post("/logout", data={"csrf": tokens[-1]}, follow_redirects=False).status_code == 303


def test_every_page_that_refreshes_says_which_events_it_shows_or_how_often_it_asks():
    """A page that says neither would be five minutes old."""
    pages = [path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html")]
    live = [text for text in pages if "data-live" in text and "{% extends" in text]
    assert len(live) > 8
    assert [text[:80] for text in live if "{% block follows %}" not in text and "{% block every %}" not in text] == []
