"""Pages speak to people: no JSON, repr, ISO time, code or column's name is read, and every text is in a catalogue."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from api import passwords
from api.board import words
from api.language import chosen
from api.shapes.runs import ImportIn
from db.runs import runs, uploads
from db.telemetry import quarantine
from ingest.messages import Reason, Refused
from runtime.runs import imports
from tests import people
from tests.api.access.test_changes import CHANGES
from tests.api.lists.rows import Plant, late_excursion, order, refusal, rules, shadow_order
from tests.api.orders.test_six_types import PLAN
from tests.api.pages.test_what_pages_offer import HTML, kind, links
from tests.parts import pseudo
from tests.visible import for_programs, texts
from tests.walk import Walker
from workorder_core.runs.runs import KINDS, GiveUp, after_crash
from workorder_core.sentences import kept
from workorder_core.words import Status

FOR_PROGRAMMERS = {"/docs": "it describes the API"}
NAMES = frozenset({"bearing_temp", "seal_dry", "bearing_temp_radial", "oil_temp", "discharge_pressure"})
"""Names that devices gave their signals, which quarantine says as they were sent, and a form's example."""
NO_WORDS = frozenset(["plantwright", "excel", "csv", "utc", "cet", "cest", "https", "erp", "example", "com"])
"""Names that are the same in every language."""


@pytest.fixture
def full(client, database, seeded, monkeypatch) -> Iterator[Plant]:
    """A plant in which something of each kind has happened."""
    monkeypatch.setattr(passwords, "_HASHER", people.CHEAP)
    with psycopg.connect(database, autocommit=True) as conn:
        plant = Plant(client, conn, seeded.assets["P-102"])
        fill(plant, client, seeded)
        yield plant


def fill(plant, client, seeded):
    for name in sorted(CHANGES, key=lambda each: each == "safety-critical"):
        answer = CHANGES[name](client, plant.asset)
        assert answer.status_code < 400, (name, answer.text)
    walker = Walker(client, seeded)
    for status in Status:
        walker.order(status)
    order(plant, 1)
    rules(plant, 2)
    shadow_order(plant, 1)
    late_excursion(plant, 0)
    refusal(plant, 0)
    early = "ts 2100-01-01T00:00:00+00:00 is in the future: set the device's clock"
    twice = "another value is stored for oil_temp at that time; the first one stays"
    for reason, problem in ((Reason.WRONG_TIME, early), (Reason.OTHER_VALUE_STORED, twice)):
        said = Refused(
            topic="plantwright/v1/NTH/P-102", payload=b"{}", received_us=10**15, reason=reason, problem=problem
        )
        quarantine.keep(plant.conn, [said])
    plant.post("devices/gateway-1/bind?new=device", {"assets": ["NTH/P-102"]})
    plant.post("users", {"name": "mette", "full_name": "Mette", "roles": ["reliability_engineer"]})
    plant.post("users/mette", {"full_name": "Mette", "roles": ["planner"], "sites": ["NTH"]}, "PUT")
    plant.post("keys", {"name": "scada", "roles": ["viewer"]})
    locked = {"title": "Swap", "steps": [{"instruction": "Lock out", "kind": "permit"}]}
    plant.post("job-plans/SWAP", locked, "PUT")
    plant.post("job-plans/SWAP?why=no%20need", PLAN, "PUT")
    runs_of_each_end(plant)


FILE = b"Tag;Name;Criticality;Part of\nP-9;Pump;very;\nP-9;Pump;;\n;nothing;;\nP-8;Pump;;P-88\n"
OF_FILE = {"very", "nothing"}
"""Words that somebody wrote into it."""


def runs_of_each_end(plant):
    """Runs that go on, that have failed, and an import whose rows are wrong."""
    conn, at = plant.conn, datetime.now(UTC)
    upload = uploads.add(conn, "NTH", "a.csv", FILE, actor="person:Ola", at=at).id
    crash = after_crash(
        KINDS["import"], 3, cancel_asked=False, what=kept("its process was ended by {signal}", signal=9)
    )
    assert isinstance(crash, GiveUp)
    asked = ImportIn(table="assets", columns={"code": "Tag", "name": "Name", "criticality": "Criticality"})
    read = imports.run(conn, "NTH", "a.csv", FILE, asked, actor="person:Ola")
    assert len(read.plan.wrong) >= 3
    for end in ("wrong", "failed", "running", "cancelled"):
        title = "Dry run of assets from a.csv"
        body = asked.model_dump(mode="json")
        runs.add(conn, "import", title, body, site="NTH", upload_id=upload, actor="person:Ola", at=at)
        begun = runs.claim(conn, "a test", timedelta(minutes=5))
        assert begun is not None
        runs.note(conn, begun, kept("started"))
        if end == "wrong":
            runs.succeed(conn, begun, imports.facts(read))
        elif end == "failed":
            runs.settle(conn, begun, crash)
        elif end == "running":
            runs.report(conn, begun, 0.2, kept("comparing {count:,} rows with the plant", count=1_200))
        else:
            plant.post(f"runs/{begun.id}/cancel", {})
            runs.end_cancelled(conn, begun)


def test_no_page_shows_a_person_what_is_for_programs_or_in_no_catalogue(full, monkeypatch):
    """Read in a language that has each marked text in brackets: words outside of them are data's."""
    brackets = pseudo.language()
    monkeypatch.setattr(chosen, "language", lambda code: brackets)
    known = pseudo.words_of_data(full.conn) | NO_WORDS | OF_FILE
    there, seen, found, read = ["/home", "/", "/?show=all"], set[str](), list[str](), 0
    while there:
        path = there.pop()
        if path in seen or (kind(path) in seen and not path.startswith("/alarms/history")):
            continue
        seen |= {path, kind(path)}
        page = full.client.get(path, headers=HTML)
        assert page.status_code == 200, path
        if path.partition("?")[0] not in FOR_PROGRAMMERS:
            read += len(texts(page.text))
            found += [f"{path}: {each}" for each in for_programs(page.text, but=NAMES)]
            found += [f"{path}: not marked: {each}" for each in pseudo.unmarked(page.text, known)]
        there += sorted(links(page.text))
    assert found == [], "\n".join(found)
    assert {"/changes", "/access", "/shadow", "/quarantine", "/devices", "/alarms/history"} <= seen
    assert sum(path.startswith("/orders/") for path in seen) >= len(Status)
    assert read > 1_000


def test_an_exact_time_in_a_sentence_is_read_on_the_sites_clock():
    early = words.clocked("ts 2026-03-02T08:14:00Z came <late>; 2026-03-02 stays", "Europe/Copenhagen")
    assert early.startswith("its time <time datetime=")
    assert "09:14 CET</time> came &lt;late&gt;; 2026-03-02 stays" in early
    assert words.clocked("ts 2026-13-02T08:14:00Z", "UTC") == "ts 2026-13-02T08:14:00Z"
