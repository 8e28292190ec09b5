"""What docs/requests.md says is so: its table of steps, its commands, its limits."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from typer.testing import CliRunner

from api.app import create
from api.portal import slowing
from api.shapes.requests.quotes import PriceListIn, QuoteIn
from api.shapes.requests.requests import NewRequestIn
from api.shapes.requests.self_help import HelpIn
from db.plant import plant
from db.requests import personal, requests, self_help
from db.requests.personal import Person
from db.requests.quotes import PriceList
from runtime.cli.main import app
from runtime.cli.plant_file import load_plant
from runtime.processes import nightly
from tests import a_plant
from workorder_core.requests import mailing
from workorder_core.requests.asking import BAD_RATING, MOST_TIMES, RequestStatus, RequestStep, take
from workorder_core.requests.quotes import total

PAGE = (Path(__file__).parents[2] / "docs" / "requests.md").read_text(encoding="utf-8")
NOW = datetime.now(UTC)


def test_each_step_leads_where_the_table_says():
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (\w+) \|$", PAGE, re.MULTILINE)
    assert {step for _, step, _ in rows} == set(RequestStep)
    for before, step, after in rows:
        assert take("NTH-R1", RequestStatus(before), RequestStep(step), "words") == after


def test_the_operations_of_the_page_are_those_of_the_api_and_its_body_is_right():
    paths = create(None, keys={}).openapi()["paths"]  # type: ignore[arg-type]
    there = {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method in methods
        if re.match(r"/api/v1/requests\b", path)
    }
    assert set(re.findall(r"^\| `(\w+ /api/v1/requests\S*)` \|", PAGE, re.MULTILINE)) == there
    (body,) = re.findall(r"-d '(\{.*\})'", PAGE)
    assert NewRequestIn.model_validate_json(body).what
    quote, prices, helps = re.findall(r"```json\n(\{.*?\})\n```", PAGE, re.DOTALL)
    listed = PriceListIn.model_validate_json(prices).listed()
    known = PriceList(version=1, currency="EUR", made_by="", made_at=NOW, prices=listed)
    lines = QuoteIn.model_validate_json(quote).quoted(known)
    assert str(total(lines, "EUR")) == "314.50"
    assert HelpIn.model_validate_json(helps).asset_class == "pump"
    assert f"shows up to {self_help.MOST_SHOWN} of them" in PAGE


def test_the_numbers_of_the_page():
    for number, words in (
        (slowing.MOST_MADE_BY_ADDRESS, "forms from one network address"),
        (slowing.MOST_MADE_BY_LABEL, "by one label"),
        (slowing.MOST_WRITTEN, "messages and photos of one request"),
        (slowing.MOST_MISSES, "wrong addresses"),
        (personal.MOST_MESSAGES, "messages."),
        (mailing.MOST_OF_REQUEST, "mails about one request"),
        (mailing.MOST_TO_ADDRESS, "to one address"),
    ):
        assert f"{number} {words}" in PAGE
    assert f"may change it, {MOST_TIMES} times in all" in PAGE
    assert f"most {personal.MOST_PHOTOS} photos" in PAGE
    assert f"A rating of {BAD_RATING} or less" in PAGE


def test_the_commands_of_the_page_run(database):
    with psycopg.connect(database) as conn:
        load_plant(conn, a_plant.SAMPLE, at=NOW)
        pump = next(each for each in plant.assets(conn, now=NOW) if each.code == "P-101")
        for contact in ("erika@example.org", "other@example.org"):
            person = Person(what="drips", contact=contact)
            made, _ = requests.create(conn, pump, person, danger=False, language="de", at=NOW - timedelta(days=400))
        requests.say_and_take(conn, made.id, RequestStep.DECLINE, "no", actor="user:pat", at=NOW - timedelta(days=366))
    answers = []
    for line in re.findall(r"^plantwright (requests .*)$", PAGE, re.MULTILINE):
        result = CliRunner().invoke(app, [*line.split(), "--database", database])
        assert result.exit_code == 0, result.output
        answers.append(result.stdout)
    assert "policy: at_once" in answers[0]
    assert json.loads(answers[1])[0]["person"]["contact"] == "erika@example.org"
    assert "NTH-R1: erased" in answers[2]
    with psycopg.connect(database) as conn:
        assert nightly.erase_requests(conn) == 1, "the declined one, after its days"
        assert conn.execute("SELECT count(*) FROM request_people").fetchone() == (0,)
        kinds = conn.execute("SELECT subject, actor FROM changes WHERE kind = 'request' ORDER BY id").fetchall()
        assert [row[0] for row in kinds] == ["NTH-R1", "NTH-R2"]
