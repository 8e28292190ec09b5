"""What a signal is, by API and page: unit, states, counter; who says so, and that the judge is told."""

import re
from urllib.parse import quote, urljoin

import pytest

from db.documents import documents
from db.documents.documents import Kind
from workorder_core.people.access import Role

V1 = "/api/v1"
HERE = {"Origin": "http://localhost"}


@pytest.fixture
def say(client, seeded):
    def say(signal: str, **facts):
        return client.patch(f"{V1}/assets/{seeded.assets['P-101']}/signals/{signal}", json=facts)

    return say


def told(pool) -> tuple:
    with pool.connection() as conn:
        found: tuple = conn.execute(
            "SELECT actor, payload FROM judge_events WHERE kind = 'signal' ORDER BY id DESC LIMIT 1"
        ).fetchone()
    return found


def test_a_signal_has_states_or_counts_and_the_judge_is_told_by_whom(say, pool, client, seeded):
    answer = say("speed", states={"STOPPED": 0, "RUNNING": 1480})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["states"], answer.json()["unit"]) == ({"STOPPED": 0, "RUNNING": 1480}, "rpm")
    assert told(pool)[0] == "key:planner"
    assert told(pool)[1]["states"] == {"STOPPED": 0, "RUNNING": 1480}
    counts = say("speed", counter=True, wraps_at=65536).json()
    assert (counts["states"], counts["counter"], counts["wraps_at"]) == ({}, True, 65536)
    assert told(pool)[1]["counter"] == {"wraps_at": 65536}
    assert say("speed", wraps_at=None).json()["counter"] is True
    plain = say("speed", counter=False, unit="1/min").json()
    assert (plain["counter"], plain["wraps_at"], plain["unit"]) == (False, None, "rpm")
    assert told(pool)[1] == {"signal": "speed", "unit": "rpm"}
    assert client.get(f"{V1}/assets/{seeded.assets['P-101']}").json()["signals"][0]["counter"] is False


def test_what_is_said_again_is_no_news(say, pool):
    say("flow", counter=True)
    with pool.connection() as conn:
        before = conn.execute("SELECT count(*) FROM signal_versions").fetchone()
    say("flow", counter=True)
    say("flow", label="Flow, measured")
    with pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM signal_versions").fetchone() == before


def test_a_signal_that_is_not_known_is_made_known(say, client, seeded):
    assert say("gate/mode", states={"OPEN": 1}, label="Gate").json()["name"] == "gate/mode"
    names = [each["name"] for each in client.get(f"{V1}/assets/{seeded.assets['P-101']}").json()["signals"]]
    assert "gate/mode" in names
    assert say("gate/mode", label=None).json()["label"] is None
    page = client.get(f"/assets/{seeded.assets['P-101']}/signals/gate/mode").text
    assert "OPEN = 1" in page
    assert "None yet" in page


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"states": {"ON": 1}, "counter": True}, "not both"),
        ({"states": {"On": 1, "ON": 2}}, "only in upper and lower case"),
        ({"wraps_at": 65536}, "say counter = true"),
        ({"states": {"1": 1}}, "a number already"),
    ],
)
def test_what_cannot_be_is_told(say, facts, problem):
    answer = say("flow", **facts)
    assert (answer.status_code, problem in answer.json()["detail"]) == (422, True), answer.text


def test_a_reading_is_shown_by_the_name_of_its_state(say, client, seeded):
    path = f"/assets/{seeded.assets['P-101']}"
    newest = next(each for each in client.get(V1 + path).json()["signals"] if each["name"] == "speed")["newest"]
    assert newest["state"] is None
    answer = say("speed", states={"AT DUTY": newest["value"]})
    assert answer.json()["newest"]["state"] == "AT DUTY"
    assert "AT DUTY" in client.get(path).text
    assert "AT DUTY" in client.get("/assets").text


def test_the_page_takes_what_people_type_and_says_what_is_wrong(client, seeded, pool):
    path = f"/assets/{seeded.assets['P-101']}/signals/flow"
    wrong = {"numbers": "states", "states": "RUNNING", "unit": "m3/h"}
    refused = client.post(path, data=wrong, headers=HERE)
    assert (refused.status_code, "write one per line, like RUNNING = 1" in refused.text) == (422, True)
    assert "RUNNING</textarea>" in refused.text
    right = {"numbers": "counter", "wraps_at": "4294967296", "unit": "m3/h", "label": "Volume"}
    assert 'role="alert"' not in client.post(path, data=right, headers=HERE).text
    page = client.get(path).text
    assert 'value="4294967296"' in page
    assert 'value="Volume"' in page
    assert told(pool)[1]["counter"] == {"wraps_at": 4294967296}


def test_who_may_not_plan_may_not_say_it(known, seeded):
    path = f"{V1}/assets/{seeded.assets['P-101']}/signals/flow"
    assert known(Role.TECHNICIAN).patch(path, json={"counter": True}).status_code == 403


def test_an_assets_page_says_where_the_model_judges_only_some_of_its_signals(client, seeded, pool):
    page = f"/assets/{seeded.assets['P-101']}"
    assert "The model judges" not in client.get(page).text
    with pool.connection() as conn:
        documents.write(conn, Kind.MODELS, {"default": {"most_signals": 1}}, actor="person:Ola", why="a narrow model")
    assert "The model uses the first 1 signals" in client.get(page).text


def test_a_plausible_range_is_said_by_api_and_page_and_the_judge_is_told(say, pool, client, seeded):
    ranged = say("flow", plausible_low=-5, plausible_high=400).json()
    assert (ranged["plausible_low"], ranged["plausible_high"]) == (-5, 400)
    assert told(pool)[1]["plausible"] == [-5, 400]
    assert say("flow", counter=True).json()["plausible_high"] == 400
    assert say("flow", plausible_low=None).json()["plausible_low"] is None
    assert say("flow", plausible_low=500).status_code == 422
    page = f"/assets/{seeded.assets['P-101']}/signals/flow"
    assert 'value="400"' in client.get(page).text
    form = {"unit": "", "plausible_low": "-1,5", "plausible_high": "90"}
    assert client.post(page, data=form, headers=HERE, follow_redirects=False).status_code == 303
    assert told(pool)[1]["plausible"] == [-1.5, 90]
    wrong = client.post(page, data=form | {"plausible_low": "much"}, headers=HERE)
    assert wrong.status_code == 422 and "lowest plausible value" in wrong.text


def test_readings_as_large_as_a_number_can_be_have_a_page_and_a_chart(pool, client, seeded):
    asset = seeded.assets["P-101"]
    with pool.connection() as conn:
        signal = conn.execute("SELECT id FROM signals WHERE asset_id = %s AND name = 'flow'", [asset]).fetchone()[0]
        for second, value in enumerate((1e308, 1.7976931348623157e308, -1e308, 1e200, 5.0)):
            conn.execute(
                "INSERT INTO readings (signal_id, observed_at, received_at, arrival, value, late) "
                "VALUES (%s, now() - make_interval(secs => %s), now(), 900000, %s, false)",
                [signal, 10 + second, value],
            )
    assert client.get(f"/assets/{asset}").status_code == 200
    for seconds in (60, 3600):
        answer = client.get(f"{V1}/assets/{asset}/readings", params={"bucket_s": seconds})
        assert answer.status_code == 200, answer.text
    assert client.get(f"{V1}/assets/{asset}").status_code == 200


def test_an_excursion_in_data_that_came_late_is_on_the_assets_page_and_the_orders(pool, client, seeded):
    """It opens no order for the past: newer values had been judged."""
    rule = {
        "id": "late-flow", "asset_class": "pump", "signal": "flow", "raise_at": 900, "clear_below": 800,
        "component": "impeller", "failure_mode": "LOO", "severity": "malfunction",
    }  # fmt: skip
    asset, order = seeded.assets["P-103"], seeded.orders["predictive"]
    with pool.connection() as conn:
        (of_class,) = conn.execute("SELECT class FROM assets WHERE id = %s", [asset]).fetchone()
        document = {"threshold": [rule | {"asset_class": of_class}]}
        documents.write(conn, Kind.RULEBOOK, document, actor="user:test", why="a try")
    pages = [f"/assets/{asset}", f"/orders/{order}"]
    assert not any("In late data" in client.get(page).text for page in pages)
    with pool.connection() as conn:
        (signal,) = conn.execute("SELECT id FROM signals WHERE asset_id = %s AND name = 'flow'", [asset]).fetchone()
        conn.execute("DELETE FROM readings WHERE signal_id = %s", [signal])
        conn.execute(
            "INSERT INTO readings (signal_id, observed_at, received_at, arrival, value, quality, late) "
            "SELECT %s, (SELECT opened_at FROM work_orders WHERE id = %s) + n * interval '1 min', now(), 900000 + n, "
            "CASE WHEN n <= 3 THEN 950 + n ELSE 100 END, CASE WHEN n = 3 THEN 2 ELSE 0 END, n < 6 "
            "FROM generate_series(1, 8) n",
            [signal, order],
        )
    for page in pages:
        text = " ".join(client.get(page).text.split())
        assert "In late data" in text, page
        assert "was 952" in text and "above the limit of 900 of <b>late-flow</b>: 2 readings" in text
    [told] = client.get(f"{V1}/assets/{asset}/late-excursions").json()
    assert (told["rule"], told["worst"], told["limit"], told["readings"]) == ("late-flow", 952, 900, 2)
    assert told["opens_order"] is False
    all_of_it = client.get(f"{V1}/assets/{asset}/late-excursions", params={"limit": 1})
    assert len(all_of_it.json()) == 1 and "Link" not in all_of_it.headers
    assert client.get(f"{V1}/assets/{asset}/late-excursions", params={"end": told["since"]}).json() == []
    wrong = client.get(f"{V1}/assets/{asset}/late-excursions", params={"start": told["until"], "end": told["since"]})
    assert wrong.status_code == 422


STRANGE = ["a/../b", "a/./b", "a/..", "a/", "a//b", "a/b", "a ", "a:b/..", "a/.../b"]


@pytest.mark.parametrize("name", STRANGE)
def test_the_page_of_a_signal_opens_by_its_link_whatever_its_name(client, seeded, name):
    """The client resolves a link as browsers do: ``..`` takes away what is before it."""
    asset = f"/assets/{seeded.assets['P-101']}"
    with_name = quote(name, safe="")
    assert client.patch(f"{V1}{asset}/signals/{with_name}", json={"label": "Strange one"}).status_code == 200
    (link,) = re.findall(r'<a href="([^"]*)">Strange one</a>', client.get(asset).text)
    assert urljoin(f"http://localhost{asset}", link) == f"http://localhost{link}"
    page = client.get(link)
    assert (page.status_code, "Strange one" in page.text) == (200, True)
    (action,) = re.findall(r'action="([^"]*/signals/[^"]*)"', page.text)
    answer = client.post(action, data={"label": "Known", "unit": "bar"}, headers=HERE, follow_redirects=False)
    assert answer.status_code == 303
    told = client.get(f"{V1}{asset}").json()["signals"]
    assert [each["label"] for each in told if each["name"] == name] == ["Known"]
