"""What the database would refuse of stores and tools is refused before, with a sentence."""

import pytest

V1 = "/api/v1"


@pytest.fixture
def once():
    """A key for each request."""
    keys = iter(range(100))
    return lambda: {"Idempotency-Key": f"edge-{next(keys)}"}


def test_a_minimum_above_the_reorder_point_is_refused(client, once):
    store = client.post(f"{V1}/stores", json={"site": "NTH", "code": "MAIN", "name": "Main"}, headers=once()).json()
    item = client.post(f"{V1}/items", json={"site": "NTH", "code": "SEAL", "name": "Seal"}, headers=once()).json()
    path = f"{V1}/items/{item['id']}/stores/{store['id']}"
    answer = client.put(path, json={"minimum": "2", "reorder_point": "1"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "the minimum is at most the reorder point")
    assert client.put(path, json={"minimum": "2", "reorder_point": "2"}).is_success


@pytest.mark.parametrize(
    ("times", "says"),
    [
        ({"due_at": "2026-03-02T08:00:00Z"}, "it is due back after it is lent, not before"),
        ({"due_at": "+1"}, "it is due back after it is lent, not before"),
        ({"due_at": "2026-03-02T08:00Z", "lent_at": "2026-03-02T08:00Z"}, "it is due back after it is lent"),
        ({"due_at": "2190-01-01T08:00Z", "lent_at": "2189-01-01T08:00Z"}, "at a time that is still to come"),
    ],
)
def test_a_loan_that_ends_before_it_begins_or_has_yet_to_begin_is_refused(client, once, times, says):
    tool = client.post(f"{V1}/tools", json={"site": "NTH", "code": "PULL", "name": "Puller"}, headers=once()).json()
    path = f"{V1}/tools/{tool['id']}"
    answer = client.post(f"{path}/lend", json={"borrower": "holm"} | times, headers=once())
    assert answer.status_code == 422, answer.text
    assert says in answer.json()["detail"]
    lent = {"borrower": "holm", "due_at": "2026-03-02T16:00Z", "lent_at": "2026-03-02T08:00Z"}
    assert client.post(f"{path}/lend", json=lent, headers=once()).is_success
    assert client.post(f"{path}/return", json={}, headers=once()).is_success
