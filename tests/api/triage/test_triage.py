"""Triage by the API and the pages: suggested, learned by a run, rolled back; the last time; questions."""

import re

import pytest

from tests.api.runs.test_runs import execute, key
from workorder_core.people.access import Role

V1 = "/api/v1"
HTML = {"Accept": "text/html", "Origin": "http://localhost"}
FOUND = {
    "finding": "confirmed",
    "failure_mode": "ELU",
    "cause": "wear",
    "remedy": "replace",
    "note": "New O-ring fitted.",
}


def suggest(client, text, site="NTH"):
    answer = client.post(f"{V1}/triage/suggest", json={"site": site, "text": text})
    assert answer.status_code == 200, answer.text
    return answer.json()


def by_field(found):
    return {each["field"]: each["value"] for each in found["suggestions"]}


def ordered(client, asset, title, **facts):
    body = {"asset_id": asset, "type": "reactive", "title": title} | facts
    made = client.post(f"{V1}/work-orders", json=body, headers=key())
    assert made.status_code == 201, made.text
    return made.json()


def done(client, order, **found):
    for step, body in (("start", {"why": "alone here"}), ("complete", FOUND | found)):
        answer = client.post(f"{V1}/work-orders/{order['id']}/{step}", json=body)
        assert answer.status_code == 200, answer.text


def test_words_suggest_on_a_plant_that_has_learned_nothing(client, seeded):
    found = suggest(client, "oil leak at the seal of P-101")
    assert found["version"] is None and found["duplicates"] == []
    assert {"asset": "P-101", "component": "seal", "failure_mode": "ELU", "type": "reactive"}.items() <= by_field(
        found
    ).items()
    assert by_field(suggest(client, "Gasgeruch an P-101"))["priority"] == "1"
    assert suggest(client, "hello")["suggestions"] == []


def test_a_site_has_words_of_danger_of_its_own(client, seeded):
    assert "type" not in by_field(suggest(client, "valve 7 open"))
    body = {"words": ["valve 7 open"], "why": "agreed with safety"}
    assert client.put(f"{V1}/sites/NTH/danger-words", json=body).json()["version"] == 1
    assert client.get(f"{V1}/sites/NTH/danger-words").json()["words"] == ["valve 7 open"]
    assert by_field(suggest(client, "Valve 7 OPEN again"))["type"] == "emergency"


def test_what_a_run_learned_suggests_until_it_is_taken_back(client, seeded, database):
    asset = seeded.assets["P-101"]
    for n in range(42):
        ordered(client, asset, f"grease the fan no {n}", component="fan", failure_mode="NOI", priority=4)
        ordered(client, asset, f"belt slips no {n}", component="belt", failure_mode="LOO", priority=2)
    made = client.post(f"{V1}/runs", json={"kind": "triage", "input": {"site": "NTH"}}, headers=key())
    assert made.status_code == 201, made.text
    execute(database)
    ran = client.get(made.headers["Location"]).json()
    assert ran["state"] == "succeeded", ran["problem"]
    assert client.get(f"/runs/{ran['id']}", headers=HTML).status_code == 200
    found = suggest(client, "belt slips no 3")
    assert found["version"] == 1 and by_field(found)["component"] == "belt" and found["duplicates"]
    learned = next(each for each in found["suggestions"] if each["field"] == "component")
    assert learned["source"] == "learned" and learned["probability"] > 0.9
    assert set(learned["because"]) & {"belt", "slips"}
    assert by_field(suggest(client, "belt slips no 3, smoke"))["priority"] == "1"
    [version] = client.get(f"{V1}/sites/NTH/triage-versions").json()
    assert version["in_force"] and version["fields"]["component"]["labels"] == 2
    at = f"{V1}/sites/NTH/triage-versions/in-force"
    assert client.post(at, json={"number": None, "why": "try without"}).json() == {"number": None}
    assert suggest(client, "belt slips no 3")["version"] is None
    assert client.post(at, json={"number": 9, "why": "typo"}).status_code == 404
    assert client.post(at, json={"number": 1, "why": "back"}).json() == {"number": 1}
    assert suggest(client, "belt slips no 3")["version"] == 1


def test_a_run_with_too_little_to_learn_says_so(client, seeded, database):
    made = client.post(f"{V1}/runs", json={"kind": "triage", "input": {"site": "NTH"}}, headers=key())
    execute(database)
    ran = client.get(made.headers["Location"]).json()
    assert ran["state"] == "failed" and "20 orders" in ran["problem"]


def test_what_was_done_the_last_time_is_at_the_order(client, seeded):
    asset = seeded.assets["P-101"]
    first = ordered(client, asset, "oil leak at shaft seal")
    done(client, first)
    new = ordered(client, asset, "oil leaking from shaft seal again")
    found = client.get(f"{V1}/work-orders/{new['id']}/last-time").json()
    [last] = [each for each in found["orders"] if each["id"] == first["id"]]
    assert (last["remedy"], last["note"], last["fixed"]) == ("replace", "New O-ring fitted.", True)
    assert found["checks"][0] == {"cause": "wear", "remedy": "replace", "orders": 1, "fixed_share": 1.0}
    page = client.get(f"/orders/{new['id']}", headers=HTML).text
    assert "New O-ring fitted." in page and 'id="last-time"' in page


def test_a_question_gets_passages_as_they_are_written_and_nothing_of_another_site(client, seeded, known, pool):
    asset = seeded.assets["P-101"]
    order = ordered(client, asset, "oil leak at shaft seal")
    client.post(f"{V1}/work-orders/{order['id']}/comments", json={"text": "Gland was dry, greased it."}, headers=key())
    text = b"Start-up\n\nTurn the gland nut by hand only.\n\nStop-down"
    client.post(f"{V1}/assets/{asset}/files", files={"file": ("manual.txt", text)}, headers=key())
    found = client.get(f"{V1}/answers", params={"question": "How is the gland nut turned?"}).json()["passages"]
    assert found[0]["text"] == "Turn the gland nut by hand only." and found[0]["kind"] == "file"
    assert client.get(found[0]["link"]).content == text
    asked = client.get(f"{V1}/answers", params={"question": "what was done about the leak of the shaft seal?"}).json()
    assert any(each["link"] == f"/orders/{order['id']}" for each in asked["passages"])
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('OWN', 'O')")
    elsewhere = known(Role.TECHNICIAN, sites=["OWN"])
    for question in ("gland nut", "shaft seal leak"):
        assert elsewhere.get(f"{V1}/answers", params={"question": question}).json()["passages"] == []
    assert "gland nut" in client.get("/ask", params={"question": "gland nut"}, headers=HTML).text
    assert "Nothing is written" in client.get("/ask", params={"question": "zebra"}, headers=HTML).text


def test_suggestions_fill_the_form_with_a_click_and_the_choice_is_kept(client, seeded, pool):
    page = client.get("/new-order", params={"text": "oil leak at the seal of P-101"}, headers=HTML).text
    assert 'id="suggestions"' in page and "external leakage, utility medium" in page
    use = {"text": "oil leak at the seal of P-101", "use": ["asset", "failure_mode", "component", "type"]}
    page = client.get("/new-order", params=use, headers=HTML).text
    assert re.search(r'<option value="ELU" selected', page) and re.search(r'name="component" value="seal"', page)
    form = {"asset_id": str(seeded.assets["P-101"]), "kind": "reactive", "title": "oil leak", "failure_mode": "ELP"}
    sent = client.post("/new-order", data=form | {"said": use["text"], "component": "seal"}, headers=HTML)
    assert sent.status_code in (200, 303), sent.text
    with pool.connection() as conn:
        rows = conn.execute("SELECT field, suggested, chosen, source FROM triage_labels").fetchall()
    kept = {field: (suggested, chosen, source) for field, suggested, chosen, source in rows}
    assert kept["failure_mode"] == ("ELU", "ELP", "words") and kept["asset"][1] == "P-101"


@pytest.mark.parametrize("text", ["'", "\\", "a:* & !b", "%", "🔥" * 50, "x" * 2000, "\u2028", "<b>"])
def test_any_text_is_answered(client, seeded, text):
    suggest(client, text)
    assert client.get(f"{V1}/answers", params={"question": text}).status_code == 200
    assert client.get("/new-order", params={"text": text}, headers=HTML).status_code == 200
    assert client.get("/ask", params={"question": text}, headers=HTML).status_code == 200
