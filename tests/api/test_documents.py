"""Rules, models and what is on trial, through the API."""

V1 = "/api/v1"
RULES = {"component_of_signal": {"pump": {"flow": "impeller"}}}
MODELS = {"default": {"patience": 60.0}}


def test_a_version_is_put_in_force_and_rolled_back(client):
    assert client.get(f"{V1}/documents/rulebook").json() == []
    made = client.post(f"{V1}/documents/rulebook", json={"document": RULES, "why": "the first one"})
    assert made.status_code == 201
    assert (made.json()["number"], made.json()["arrival"]) == (1, None)
    client.post(f"{V1}/documents/rulebook", json={"document": {}, "why": "without any"})
    again = client.post(f"{V1}/documents/rulebook/rollback", json={"why": "it was better"}).json()
    assert (again["number"], again["document"]) == (3, RULES)
    first = client.get(f"{V1}/documents/rulebook", params={"limit": 2})
    older = client.get(first.links["next"]["url"])
    assert [each["number"] for each in first.json() + older.json()] == [3, 2, 1]
    assert client.get(f"{V1}/documents/rulebook/2").json()["document"] == {}
    assert client.get(f"{V1}/documents/rulebook/9").status_code == 404
    assert client.get(f"{V1}/documents/recipes").status_code == 422


def test_a_rule_that_can_never_become_active_is_warned_of_when_put_in_force_and_on_its_page(client, pool, seeded):
    rule = {
        "id": "slow", "asset_class": "pump", "signal": "flow", "raise_at": 9, "clear_below": 8, "for": "5 min",
        "component": "impeller", "failure_mode": "LOO", "severity": "malfunction",
    }  # fmt: skip
    with pool.connection() as conn:
        asset = seeded.assets["P-101"]
        (of_class,) = conn.execute("SELECT class FROM assets WHERE id = %s", [asset]).fetchone()
        (signal,) = conn.execute("SELECT id FROM signals WHERE asset_id = %s AND name = 'flow'", [asset]).fetchone()
        conn.execute("DELETE FROM readings WHERE signal_id = %s", [signal])
        conn.execute(
            "INSERT INTO readings (signal_id, observed_at, received_at, arrival, value, late) "
            "SELECT %s, now() - n * interval '20 min', now(), 900000 + n, 1.0, false FROM generate_series(1, 8) n",
            [signal],
        )
    body = {"document": {"threshold": [rule | {"asset_class": of_class}]}, "why": "a try"}
    (warning,) = client.post("/api/v1/documents/rulebook", json=body).json()["warnings"]
    assert "P-101 reports flow every 20 min, longer than max_gap (15 min): slow cannot become active there" in warning
    assert client.get("/api/v1/rules/slow").json()["slow"] == warning
    assert client.get("/api/v1/rules").json()[0]["slow"] == warning
    assert "reports flow every 20 min" in client.get("/alarms/rules").text


def test_a_wrong_document_changes_nothing_and_says_where(client):
    wrong = {"threshold": [{"id": "hot", "asset_class": "pump", "signal": "oil_temp"}]}
    answer = client.post(f"{V1}/documents/rulebook", json={"document": wrong, "why": "a slip"})
    assert answer.status_code == 422
    assert "hot" in answer.json()["detail"]
    answer = client.post(f"{V1}/documents/models", json={"document": {"default": {"patience": 0}}, "why": "a slip"})
    assert answer.status_code == 422
    assert "patience" in answer.json()["detail"]
    assert client.get(f"{V1}/documents/rulebook").json() == []
    assert client.post(f"{V1}/documents/rulebook", json={"document": RULES, "why": ""}).status_code == 422


def test_rules_that_do_not_fit_the_plant_are_refused_with_the_mend(client, pool):
    with pool.connection() as conn:
        asset_class, signal = conn.execute(
            "SELECT a.class, s.name FROM signals s JOIN assets a ON a.id = s.asset_id ORDER BY s.id"
        ).fetchone()
    limit = {"id": "hot", "asset_class": asset_class, "signal": signal, "raise_at": 9, "clear_below": 8}
    limit |= {"component": "bearing", "failure_mode": "OHE", "severity": "malfunction"}
    slip = {"threshold": [limit | {"signal": f"{signal}x"}]}
    answer = client.post(f"{V1}/documents/rulebook", json={"document": slip, "why": "a slip"})
    assert answer.status_code == 422
    assert f"did you mean {signal!r}?" in answer.json()["detail"]
    assert client.get(f"{V1}/documents/rulebook").json() == []
    fits = {"document": {"threshold": [limit]}, "why": "the maker's limit"}
    assert client.post(f"{V1}/documents/rulebook", json=fits).status_code == 201


def test_a_trial_from_begin_to_promotion(client):
    begun = client.post(f"{V1}/shadow-runs", json={"name": "calmer", "models": MODELS, "why": "fewer visits"})
    assert begun.status_code == 201
    run = begun.json()
    assert (run["outcome"], run["orders"], run["models"], run["rulebook"]) == (None, 0, MODELS, None)
    second = client.post(f"{V1}/shadow-runs", json={"name": "other", "models": MODELS, "why": "why not"})
    assert second.status_code == 409
    assert client.get(f"{V1}/shadow-runs/{run['id']}/orders").json() == []
    report = client.get(f"{V1}/shadow-runs/{run['id']}/report").json()
    assert (report["frames"], report["both"], report["only_live"], report["only_candidate"]) == (0, [], [], [])
    assert report["candidate"] == {"right": 0, "close_outs": 0, "precision": None}
    ended = client.post(f"{V1}/shadow-runs/{run['id']}/promote", json={"why": "fewer indeed"}).json()
    assert ended["outcome"] == "promoted"
    assert client.get(f"{V1}/documents/models").json()[0]["document"] == MODELS
    assert client.post(f"{V1}/shadow-runs/{run['id']}/drop", json={"why": "no, wait"}).status_code == 409
    assert client.get(f"{V1}/shadow-runs/99").status_code == 404
    assert client.post(f"{V1}/shadow-runs", json={"name": "empty", "why": "nothing"}).status_code == 422
    assert [each["name"] for each in client.get(f"{V1}/shadow-runs").json()] == ["calmer"]


def test_the_page_of_trials_says_what_to_do_while_there_is_nothing(client, pool, seeded):
    assert "No shadow runs yet" in client.get("/shadow").text
    run = client.post(f"{V1}/shadow-runs", json={"name": "calmer", "models": MODELS, "why": "fewer visits"}).json()
    assert "The engine starts it with its next batch" in client.get("/shadow").text
    with pool.connection() as conn:
        conn.execute("UPDATE judge_events SET arrival = 1 WHERE kind = 'shadow'")
    assert "No orders from either yet" not in client.get("/shadow").text, "the plant has orders of its own"
    with pool.connection() as conn:
        known = conn.execute("SELECT order_id FROM evidence WHERE arrival > 1 LIMIT 1").fetchone()
        asset = conn.execute("SELECT id FROM assets ORDER BY id LIMIT 1").fetchone()
        conn.execute(
            "INSERT INTO shadow_orders (run_id, id, asset_id, component, failure_mode, type, opened_as, opened_at, why)"
            " VALUES (%s, gen_random_uuid(), %s, 'seal', 'ELP', 'predictive', 'predictive', '2001-01-01', %s)",
            [run["id"], *asset, "model:x: off"],
        )
    text = client.get(f"/shadow/{run['id']}").text
    assert f'href="/orders/{known[0]}#evidence"' in text
    assert "model:x: off" in text and "1</b> only from the shadow run" in text
    assert "no close-outs yet" in text
    report = client.get(f"{V1}/shadow-runs/{run['id']}/report").json()
    assert [each["component"] for each in report["only_candidate"]] == ["seal"]
    assert str(known[0]) in {each["id"] for each in report["only_live"]}
    here = {"Origin": "http://localhost"}
    refused = client.post(f"/shadow/{run['id']}/dropped", data={"why": " "}, headers=here)
    assert refused.status_code == 422 and "Say why in one sentence" in refused.text
    done = client.post(f"/shadow/{run['id']}/dropped", data={"why": "too many"}, headers=here)
    assert "dropped" in done.text and "too many" in done.text
    again = client.post(f"/shadow/{run['id']}/promoted", data={"why": "after all"}, headers=here)
    assert again.status_code == 409
    assert client.get("/shadow/99").status_code == 404
