"""The demo's requests: each kind is there to be seen, and they are made once."""

from datetime import UTC, datetime

import psycopg
import pytest

from db.costs import costs
from db.plant import plant
from db.requests import quotes, requests, self_help
from runtime.cli.plant_file import load_plant
from runtime.demo import visitors
from tests import a_plant

NOW = datetime.now(UTC)


@pytest.fixture
def conn(database):
    with psycopg.connect(database) as conn:
        yield conn


def test_the_demo_has_a_request_a_quote_a_visit_saved_and_a_rating_to_review(conn):
    load_plant(conn, a_plant.SAMPLE)
    costs.set_currency(conn, plant.site_by_code(conn, "NTH").id, "NTH", "EUR")
    assert visitors.put(conn, site="NTH", now=NOW) == 4
    found = {each.thing_code: each for each in requests.page(conn, None)}
    (quote,) = quotes.of_request(conn, found["P-102"].id)
    assert (found["P-101"].status, found["P-102"].status, quote.state) == ("new", "accepted", "accepted")
    assert [each.thing_code for each in requests.page(conn, None, review=True)] == ["P-104"]
    assert self_help.visits_saved(conn, None, now=NOW).all == 1
    assert visitors.put(conn, site="NTH", now=NOW) == 0
