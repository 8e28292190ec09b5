"""The API's description names its operations as people would, says how to sign, and unknown parameters are refused."""

import re

import pytest

from api.app import create
from api.description import IN_PATHS, operation_id
from tests.api.orders.test_six_types import V1

NAMES = {
    ("get", "/api/v1/work-orders"): "list_work_orders",
    ("post", "/api/v1/work-orders"): "create_work_order",
    ("get", "/api/v1/work-orders/{order_id}"): "get_work_order",
    ("post", "/api/v1/work-orders/{order_id}/cannot-complete"): "cannot_complete_work_order",
    ("post", "/api/v1/alarms/acknowledge"): "acknowledge_alarms",
    ("post", "/api/v1/alarms/take-out-of-service"): "take_alarm_out_of_service",
    ("post", "/api/v1/work-orders/{order_id}/hold"): "put_work_order_on_hold",
    ("put", "/api/v1/users/{user_name}"): "change_user",
    ("get", "/api/v1/work-orders/{order_id}/proposal"): "propose_technician",
    ("post", "/api/v1/assets/{asset_id}/downtimes"): "create_asset_downtime",
    ("put", "/api/v1/sites/{site_code}/calendar"): "set_site_calendar",
    ("get", "/api/v1/sites/{site_code}/targets"): "list_site_targets",
    ("delete", "/api/v1/job-plans/{plan_code}"): "remove_job_plan",
}


@pytest.mark.parametrize(("operation", "name"), NAMES.items())
def test_an_operation_is_named_as_a_person_would(operation, name):
    assert operation_id(*operation) == name


def test_every_operation_has_a_name_of_its_own_and_a_way_to_sign():
    document = create(None, keys={}).openapi()  # type: ignore[arg-type]
    names = [each["operationId"] for operations in document["paths"].values() for each in operations.values()]
    assert len(names) == len(set(names)) > 100
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)
    assert set(document["components"]["securitySchemes"]) == {"bearer", "key"}
    assert document["security"] == [{"bearer": []}, {"key": []}]
    assert document["servers"]
    assert document["paths"]["/health/live"]["get"]["security"] == []


@pytest.mark.parametrize(
    "path", [V1, f"{V1}/lifecycle/moves", "/api/v1/assets", "/api/v1/alarms", "/api/v1/openapi.json"]
)
def test_a_parameter_that_nothing_reads_is_refused(client, path):
    assert client.get(path).status_code == 200
    answer = client.get(path, params={"stauts": "open"})
    assert answer.status_code == 422
    assert "there is no parameter 'stauts'" in answer.json()["detail"]


def test_a_page_lets_pass_what_mail_programs_add_to_its_address(client):
    assert client.get("/", params={"utm_source": "mail"}).status_code == 200


def test_a_parameter_of_a_step_is_refused_too(client, seeded):
    answer = client.post(f"{V1}/{seeded.orders['by hand']}/approve", params={"force": "yes"}, json={})
    assert answer.status_code == 422


DOCUMENT = create(None, keys={}).openapi()  # type: ignore[arg-type]
OPERATIONS = {each["operationId"]: each for operations in DOCUMENT["paths"].values() for each in operations.values()}


def test_every_parameter_says_what_it_means():
    unsaid = {
        (name, each["name"])
        for name, operation in OPERATIONS.items()
        for each in operation.get("parameters", ())
        if not each.get("description", "").strip()
    }
    assert unsaid == set()


def test_a_name_in_a_path_has_one_meaning_and_none_is_explained_that_is_nowhere():
    names = {
        each["name"]
        for operation in OPERATIONS.values()
        for each in operation.get("parameters", ())
        if each["in"] == "path"
    }
    assert names == set(IN_PATHS)


def test_the_answer_of_a_list_in_pages_has_the_header_that_leads_on():
    for name, operation in OPERATIONS.items():
        paged = "cursor" in {each["name"] for each in operation.get("parameters", ())}
        assert ("Link" in operation["responses"].get("200", {}).get("headers", {})) == paged, name
    link = OPERATIONS["list_assets"]["responses"]["200"]["headers"]["Link"]
    assert 'rel="next"' in link["description"]


def test_the_answer_of_an_order_has_the_header_that_a_change_of_it_is_sent_with():
    for name in ("get_work_order", "change_work_order", "start_work_order", "create_work_order"):
        answers = OPERATIONS[name]["responses"]
        answer = answers.get("200") or answers["201"]
        assert "If-Match" in answer["headers"]["ETag"]["description"], name


def test_what_an_operation_is_called_in_a_menu_is_its_name_in_words():
    assert OPERATIONS["list_work_orders"]["summary"] == "List work orders"
    assert OPERATIONS["get_work_order_by_number"]["summary"] == "Get work order by number"
