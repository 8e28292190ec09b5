"""What creates something is done once for one Idempotency-Key, and what is shown once is not shown again."""

import pytest

V1 = "/api/v1"
MODELS = {"default": {"patience": 60.0}}
MADE: dict[str, tuple[str, dict[str, object]]] = {
    "a technician": ("technicians", {"site": "NTH", "code": "new", "name": "New"}),
    "a user": ("users", {"name": "new", "roles": ["viewer"]}),
    "a key": ("keys", {"name": "new", "roles": ["viewer"]}),
    "a document": ("documents/models", {"document": MODELS, "why": "calmer"}),
    "a version put in force again": ("documents/models/rollback", {"number": 1, "why": "it was better"}),
    "a run in shadow": ("shadow-runs", {"name": "calmer", "models": MODELS, "why": "fewer visits"}),
}
SECRETS = {"a user": "one_time_password", "a key": "key"}


@pytest.mark.parametrize("what", MADE)
def test_what_is_sent_twice_with_one_key_is_made_once(client, pool, what):
    path, body = MADE[what]
    client.post(f"{V1}/documents/models", json={"document": {}, "why": "the first"})
    first = client.post(f"{V1}/{path}", json=body, headers={"Idempotency-Key": "k1"})
    again = client.post(f"{V1}/{path}", json=body, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    secret = SECRETS.get(what)
    if secret is None:
        assert again.json() == first.json()
        assert again.json() is not None
    else:
        assert first.json()[secret]
        assert again.json() == first.json() | {secret: None}
        with pool.connection() as conn:
            (kept,) = conn.execute("SELECT body FROM idempotent_answers WHERE key = 'k1'").fetchone()
        assert first.json()[secret] not in kept
    otherwise = {**body, "why" if "why" in body else "name": "other"}
    other = client.post(f"{V1}/{path}", json=otherwise, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, "was used for another request" in other.text) == (422, True)


def test_a_document_sent_twice_without_a_key_is_two_versions(client):
    for number in (1, 2):
        made = client.post(f"{V1}/documents/models", json={"document": MODELS, "why": "calmer"})
        assert made.json()["number"] == number


@pytest.mark.parametrize("keyed", [{}, {"Idempotency-Key": "half"}], ids=["without a key", "with one"])
def test_half_a_character_anywhere_in_a_body_is_refused_with_a_key_as_without(client, keyed):
    body = b'{"document": {"a": {"b": ["\\ud800"]}}, "why": "tried"}'
    answer = client.post(
        "/api/v1/documents/rulebook", content=body, headers={"Content-Type": "application/json"} | keyed
    )
    assert answer.status_code == 422, answer.text
    assert "is not a known key" in answer.json()["detail"]
