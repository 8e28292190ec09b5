"""Problems that need no visit: instructions before a request is sent, what has helped, and visits that are counted."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.portal import app as portal
from db.plant import plant, scanning
from db.requests import requests, self_help
from tests.api.requests.test_requests_api import ask, of_role  # noqa: F401 - a fixture
from workorder_core.people.access import Role
from workorder_core.requests.emergencies import PortalRules

NOW = datetime.now(UTC)
HOME = {"Origin": "http://plant.example"}
V1 = "/api/v1/sites/NTH/self-help"


@pytest.fixture
def written(pool, seeded):
    """Instructions for the label's pump, for fans, and for everything; and somebody at the portal."""
    with pool.connection() as conn:
        pump = plant.asset(conn, seeded.assets["P-105"], now=NOW)
        who: Any = {"actor": "user:pat", "at": NOW}
        own = self_help.add(conn, pump.site_id, title="Stands", steps="Pull it out.", asset_id=pump.id, **who)
        self_help.add(conn, pump.site_id, title="Fan hums", steps="Clean it.", asset_class="fan", **who)
        every = self_help.add(conn, pump.site_id, title="Is it on?", steps="Look.", **who)
        requests.put_rules(conn, pump.site_id, PortalRules(video_url="https://video.example/plant"))
        label = scanning.address(conn, {"asset_id": pump.id}).token
    with TestClient(portal.alone(pool), base_url="http://plant.example", follow_redirects=False) as visitor:
        yield own, every, label, visitor


def test_what_helps_is_shown_before_sending_and_counts_as_a_visit_saved(pool, written):
    own, every, label, visitor = written
    form = visitor.get(f"/r/{label}?danger=no").text
    assert form.index("Stands") < form.index("Is it on?"), "its own before those of the site"
    assert "Fan hums" not in form, "of another class"
    assert "https://video.example/plant" in form
    assert "Pull it out." not in visitor.get(f"/r/{label}?danger=yes").text, "no reading while somebody is in danger"
    data = {"danger": "no", "what": "Still stands", "tried": [str(own.id), "99", "x"]}
    assert visitor.post(f"/r/{label}", data=data, headers=HOME).status_code == 303
    with pool.connection() as conn:
        asked = requests.by_number(conn, "NTH-R1")
        assert [(each.id, each.helped) for each in self_help.tried(conn, asked.id)] == [(own.id, False)]
    solved = visitor.post(f"/r/{label}/solved", data={"help": str(every.id), "danger": "no"}, headers=HOME)
    assert solved.status_code == 303, solved.text
    assert "Solved by you" in visitor.get(solved.headers["location"]).text
    assert visitor.post(f"/r/{label}/solved", data={"help": "99"}, headers=HOME).status_code == 409
    form = visitor.get(f"/r/{label}?danger=no").text
    assert form.index("Is it on?") < form.index("Stands"), "what has helped comes first"
    with pool.connection() as conn:
        assert self_help.visits_saved(conn, ["NTH"], now=NOW) == self_help.Saved(all=1, by_themselves=1)
        assert self_help.visits_saved(conn, ["OTHER"], now=NOW).all == 0
        assert requests.by_number(conn, "NTH-R2").order_id is None, "nobody has to come"
    rated = visitor.post(f"{solved.headers['location']}/rating", data={"rating": "1"}, headers=HOME)
    assert rated.status_code == 303
    with pool.connection() as conn:
        assert self_help.visits_saved(conn, None, now=NOW).all == 0, "it did not help after all"
        assert self_help.get(conn, asked.site_id, every.id).helped == 0


def test_a_planner_settles_by_instructions_and_sees_what_was_tried(pool, of_role, written, seeded):  # noqa: F811
    own, every, _, _ = written
    planner = of_role(Role.PLANNER, "pat")
    asked = ask(planner, seeded).json()
    with pool.connection() as conn:
        self_help.note(conn, asked["id"], [every.id], helped=False)
    html = planner.get(f"/requests/{asked['id']}", headers={"Accept": "text/html"}).text
    assert "Is it on? (it did not help)" in html
    assert planner.post(f"/api/v1/requests/{asked['id']}/settle", json={}).status_code == 422
    assert planner.post(f"/api/v1/requests/{asked['id']}/settle", json={"help_id": 999}).status_code == 404
    done = planner.post(f"/api/v1/requests/{asked['id']}/settle", json={"help_id": own.id, "words": "Hello"}).json()
    assert (done["status"], done["messages"][0]["text"]) == ("settled", "Hello\n\nStands\n\nPull it out.")
    listed = {each["title"]: (each["tried"], each["helped"]) for each in planner.get(V1).json()}
    assert listed == {"Stands": (1, 1), "Fan hums": (0, 0), "Is it on?": (1, 0)}
    assert (
        "Visits saved in the last year: 1, of these 0" in planner.get("/requests", headers={"Accept": "text/html"}).text
    )
    assert planner.post(f"{V1}/{own.id}/retire").json()["retired_by"] == done["messages"][0]["by"]
    assert [each["title"] for each in planner.get(V1).json()] == ["Fan hums", "Is it on?"]
