"""A class, skill, certificate, device or asset that nothing uses yet is asked about; only who confirms it makes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

import pytest

from api.app import create
from tests.api.pages.form_facts import HTML
from tests.api.pages.test_every_form import changed, its_form, stored, unseen
from workorder_core.people.access import Role

V1 = "/api/v1"
PLAN = {"title": "Swap it", "steps": [{"kind": "instruction", "instruction": "Swap it"}]}
ORDER = {"asset_id": 0, "type": "inspection", "title": "Look"}
WHO = {"site": "NTH", "code": "kari", "name": "Kari"}
TOLD = {"Idempotency-Key": "once"}


@dataclass(frozen=True)
class Asked:
    """A request with a name that nothing uses yet: its method and path, its body, and what is asked."""

    method: str
    path: str
    body: Mapping[str, object]
    kind: str
    name: str
    alike: str = ""


CALLS = {
    "an asset's class": Asked(
        "PATCH", "/assets/{P-101}", {"asset_class": "centrifugl_pump"}, "class", "centrifugl_pump", "centrifugal_pump"
    ),
    "the class of prices": Asked(
        "PUT", "/sites/NTH/costs/model", {"asset_class": "centrifugl_pump", "failure": "9"}, "class",
        "centrifugl_pump", "centrifugal_pump",
    ),
    "a device": Asked("POST", "/devices/gw_1/bind", {"assets": ["NTH/P-101"]}, "device", "gw_1", "gw-1"),
    "an asset of a device": Asked(
        "POST", "/devices/gw-1/bind", {"assets": ["NTH/P-1O2"]}, "asset", "NTH/P-1O2", "NTH/P-102"
    ),
    "a new technician's skill": Asked(
        "POST", "/technicians", WHO | {"skills": ["mecanical"]}, "skill", "mecanical", "mechanical"
    ),
    "a technician's certificate": Asked(
        "PUT", "/technicians/{holm}", {"name": "Holm", "certificates": ["diving"]}, "certificate", "diving"
    ),
    "a job plan's class": Asked("PUT", "/job-plans/A", PLAN | {"asset_class": "fann"}, "class", "fann"),
    "a job plan's skill": Asked(
        "PUT", "/job-plans/A", PLAN | {"skills": ["electricl"]}, "skill", "electricl", "electrical"
    ),
    "a job plan's certificate": Asked(
        "PUT", "/job-plans/A", PLAN | {"certificates": ["diving"]}, "certificate", "diving"
    ),
    "a new order's skill": Asked(
        "POST", "/work-orders", ORDER | {"required_skill": "mecanical"}, "skill", "mecanical", "mechanical"
    ),
    "a new order's other skills": Asked(
        "POST", "/work-orders", ORDER | {"other_skills": ["diving"]}, "skill", "diving"
    ),
    "a new order's certificate": Asked(
        "POST", "/work-orders", ORDER | {"required_certificates": ["diving"]}, "certificate", "diving"
    ),
    "the trade of a labour rate": Asked(
        "PUT", "/sites/NTH/costs/labour-rate", {"skill": "mecanical", "from_date": "2026-01-01", "per_hour": "84"},
        "skill", "mecanical", "mechanical",
    ),
    "an order's skill": Asked("PATCH", "/work-orders/{order}", {"required_skill": "diving"}, "skill", "diving"),
    "an order's other skills": Asked("PATCH", "/work-orders/{order}", {"other_skills": ["diving"]}, "skill", "diving"),
    "an order's certificate": Asked(
        "PATCH", "/work-orders/{order}", {"required_certificates": ["diving"]}, "certificate", "diving"
    ),
}  # fmt: skip
NAMING = {
    "asset_class",
    "skills",
    "certificates",
    "assets",
    "skill",
    "required_skill",
    "other_skills",
    "required_certificates",
}
"""Fields in which people write names."""
FORMS = {
    "the class of an asset": (
        "/assets/{P-101}", "/assets/{P-101}/judged-as",
        {"criticality": "2", "parent": "", "why": "moved"}, "asset_class", "centrifugl pump", "Use centrifugal_pump",
    ),
    "a device": ("/devices", "/devices", {"assets": "NTH/P-101"}, "device", "gw_1", "Use gw-1"),
    "an asset of a device": (
        "/devices", "/devices", {"device": "gw-1"}, "assets", "NTH/P-101 NTH/P-1O2", "Use NTH/P-102",
    ),
    "the skill of an order": (
        "/new-order", "/new-order", {"asset_id": "{P-101}", "kind": "inspection", "title": "Look"}, "skill",
        "mecanical", "Use mechanical",
    ),
    "the trade of a labour rate": (
        "/costs/NTH", "/costs/NTH/labour-rate", {"from_date": "2026-01-01", "per_hour": "84"}, "skill",
        "mecanical", "Use mechanical",
    ),
}  # fmt: skip


@pytest.fixture
def ids(client, seeded) -> dict[str, str]:
    """What paths and bodies name; the device gw-1 is bound, and the site has a currency."""
    found = {code: str(number) for code, number in seeded.assets.items()}
    bound = client.post(f"{V1}/devices/gw-1/bind?new=device", json={"assets": ["NTH/P-101"]})
    assert bound.status_code == 200, bound.text
    client.put(f"{V1}/sites/NTH/costs/currency", json={"currency": "NOK"}).raise_for_status()
    people = client.get(f"{V1}/technicians").json()
    return found | {"holm": str(next(each["id"] for each in people if each["code"] == "holm")),
                    "order": str(seeded.orders["by hand"])}  # fmt: skip


def sent(client, asked: Asked, ids, **query):
    body = {**asked.body, **({"asset_id": int(ids["P-101"])} if "asset_id" in asked.body else {})}
    path = f"{V1}{asked.path.format(**ids)}"
    return client.request(asked.method, path, json=body, params=query, headers=TOLD)


@pytest.mark.parametrize("asked", CALLS.values(), ids=list(CALLS))
def test_a_system_that_names_what_nothing_uses_is_asked_and_confirms_it_by_a_parameter(asked, client, ids, pool):
    before = stored(pool)
    refused = sent(client, asked, ids)
    assert refused.status_code == 422, refused.text
    assert [(each["kind"], each["name"]) for each in refused.json()["new"]] == [(asked.kind, asked.name)]
    assert asked.alike in (refused.json()["new"][0]["alike"] or [""])
    assert f"?new={asked.kind}" in refused.json()["detail"]
    assert not changed(before, stored(pool)) - {"api_keys"}
    other = next(kind for kind in ("class", "skill") if kind != asked.kind)
    assert sent(client, asked, ids, new=other).status_code == 422
    assert sent(client, asked, ids, new=asked.kind).status_code in (200, 201)


def test_every_operation_whose_body_names_something_asks():
    description = create(None, keys={}).openapi()  # type: ignore[arg-type]
    naming = set()
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            shape = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            fields = description["components"]["schemas"].get(shape, {}).get("properties", {})
            if NAMING & set(fields):
                naming.add((method.upper(), path))
                asks = "new" in {each["name"] for each in operation.get("parameters", ())}
                assert asks or path.endswith("/unbind"), f"{method} {path}"
    assert len(naming) == 16


@pytest.mark.parametrize("case", FORMS.values(), ids=list(FORMS))
def test_a_form_asks_at_the_field_what_is_meant_and_each_answer_is_one_press(case, client, ids, pool):
    page, action, rest, field, typed, use = case
    page, action = page.format(**ids), action.format(**ids)
    form = {name: value.format(**ids) for name, value in rest.items()} | {field: typed}
    filled = unseen(its_form(client.get(page, headers=HTML).text, action)) | form
    before = stored(pool)
    asked = client.post(action, data=filled, headers=HTML, follow_redirects=False)
    assert asked.status_code == 422, asked.text[:300]
    assert not changed(before, stored(pool))
    assert re.search(rf'id="wrong-{field}">There is no [a-z]+ [^<]* yet\.<', asked.text)
    answers = {unescape(told): unescape(value) for value, told in
               re.findall(r'<button name="answer" value="([^"]*)">([^<]*)<', asked.text)}  # fmt: skip
    assert use in answers
    new = next(told for told in answers if told.startswith("Make a new"))
    again = unseen(its_form(asked.text, action)) | form
    for answer in (answers[new], answers[use]):
        done = client.post(action, data=again | {"answer": answer}, headers=HTML, follow_redirects=False)
        assert done.status_code == 303, done.text[:300]


def test_a_name_that_was_confirmed_is_known_from_then_on(client, ids):
    plan = PLAN | {"skills": ["diving"], "certificates": ["deep water"]}
    assert [each["kind"] for each in client.put(f"{V1}/job-plans/A", json=plan).json()["new"]] == [
        "skill",
        "certificate",
    ]
    assert client.put(f"{V1}/job-plans/A?new=skill&new=certificate", json=plan).status_code == 200
    assert client.put(f"{V1}/job-plans/B", json=plan).status_code == 200


def test_names_of_other_sites_are_known_and_not_suggested(client, ids, known, pool):
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name, time_zone) VALUES ('OSL', 'Oslo', 'Europe/Oslo')")
    theirs = {"site": "OSL", "code": "per", "name": "Per", "skills": ["underwater welding"]}
    assert client.post(f"{V1}/technicians?new=skill", json=theirs).status_code == 201
    planner = known(Role.PLANNER, sites=["NTH"])
    slip = planner.post(f"{V1}/technicians", json=WHO | {"skills": ["underwater weldin"]})
    assert slip.status_code == 422
    assert "welding" not in slip.text
    assert client.post(f"{V1}/technicians", json=WHO | {"skills": ["underwater weldin"]}).json()["new"][0]["alike"]


def test_a_document_that_names_a_class_of_no_asset_is_warned_of(client, ids):
    rule = {"id": "hot", "asset_class": "centrifugal_pmup", "component": "bearing", "failure_mode": "OHE",
            "severity": "malfunction", "signal": "oil_temp", "raise_at": 65, "clear_below": 60}  # fmt: skip
    put = client.post(f"{V1}/documents/rulebook", json={"document": {"threshold": [rule]}, "why": "first"})
    assert put.json()["warnings"] == ["no asset is of the class 'centrifugal_pmup'; did you mean centrifugal_pump?"]
    right = {"document": {"threshold": [rule | {"asset_class": "centrifugal_pump"}]}, "why": "mended"}
    assert client.post(f"{V1}/documents/rulebook", json=right).json()["warnings"] == []
