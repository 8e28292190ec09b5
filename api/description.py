"""The API's own description: its address, its authentication, and readable names of its operations."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.paging import LINK
from api.papers.columns import FORMATS

SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a key, as `Authorization: Bearer KEY`"},
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "the same key in a header of its own",
    },
}
OPEN = ("/health/live", "/health/ready")
"""Paths that open without a key."""

_VERBS = {"get": "get", "post": "create", "put": "set", "patch": "change", "delete": "remove"}
_NAMED = {
    ("get", "/work-orders/by-number/{number}"): "get_work_order_by_number",
    ("get", "/work-orders/lifecycle/moves"): "get_lifecycle",
    ("get", "/work-orders/{order_id}/proposal"): "propose_technician",
    ("post", "/work-orders/{order_id}/hold"): "put_work_order_on_hold",
    ("post", "/work-orders/{order_id}/linked-orders"): "create_linked_work_order",
    ("get", "/alarms/metrics"): "get_alarm_metrics",
    ("post", "/alarms/acknowledge"): "acknowledge_alarms",
    ("post", "/alarms/take-out-of-service"): "take_alarm_out_of_service",
    ("post", "/alarms/return-to-service"): "return_alarm_to_service",
    ("put", "/technicians/{technician_id}"): "change_technician",
    ("get", "/alarms/states"): "list_alarm_states",
    ("get", "/alarms/moves"): "list_alarm_moves",
    ("get", "/assets/{asset_id}/readings"): "get_readings",
    ("get", "/documents/{kind}"): "list_document_versions",
    ("get", "/documents/{kind}/{version_number}"): "get_document_version",
    ("post", "/documents/{kind}"): "create_document_version",
    ("get", "/models/precision"): "get_precision",
    ("post", "/rules/{rule}/shadow"): "move_rule_to_shadow",
    ("post", "/rules/{rule}/return"): "return_rule_from_shadow",
    ("get", "/quarantine"): "list_quarantine",
    ("get", "/quarantine/{kept_id}"): "get_quarantined_message",
    ("post", "/quarantine/retry"): "retry_quarantined_messages",
    ("post", "/quarantine/{kept_id}/retry"): "retry_quarantined_message",
    ("post", "/quarantine/drop"): "drop_quarantined_messages",
    ("post", "/quarantine/{kept_id}/drop"): "drop_quarantined_message",
    ("get", "/quarantine/{kept_id}/payloads"): "get_quarantined_payloads",
    ("put", "/users/{user_name}"): "change_user",
    ("post", "/users/{user_name}/password"): "reset_user_password",
    ("get", "/me"): "get_me",
    ("get", "/me/notifications"): "get_my_notifications",
    ("put", "/me/notifications"): "choose_my_notifications",
    ("post", "/me/notifications/{channel}/test"): "send_me_a_test_message",
    ("get", "/me/messages"): "list_my_messages",
    ("get", "/me/news"): "get_my_news",
    ("post", "/me/messages/{event_id}/seen"): "see_my_banner",
    ("get", "/sites/{site_code}/notification-policy"): "get_notification_policy",
    ("put", "/sites/{site_code}/notification-policy"): "write_notification_policy",
    ("get", "/outbox"): "get_outbox",
    ("post", "/receivers/{receiver_id}/secret"): "renew_receiver_secret",
    ("get", "/engine"): "get_engine",
    ("put", "/work-orders/{order_id}/steps/{seq}"): "do_work_order_step",
    ("delete", "/work-orders/{order_id}/steps/{seq}"): "undo_work_order_step",
    ("post", "/work-orders/{order_id}/links"): "link_work_orders",
    ("delete", "/work-orders/{order_id}/links"): "unlink_work_orders",
    ("post", "/assets/{asset_id}/scan-address"): "reissue_asset_scan_address",
    ("post", "/locations/{location_id}/scan-address"): "reissue_location_scan_address",
    ("get", "/labels"): "print_labels",
    ("get", "/scanned"): "read_scanned_code",
    ("get", "/calendar-feeds"): "list_calendars",
    ("post", "/calendar-feeds"): "create_calendar",
    ("post", "/calendar-feeds/{feed_id}/revoke"): "revoke_calendar",
    ("get", "/work-orders/{order_id}/print"): "print_work_order",
    ("get", "/schedules/{schedule_id}/print"): "print_schedule",
    ("get", "/uploads/{upload_id}/as/{table}"): "get_upload",
    ("get", "/sites/{site_code}/costs"): "get_site_costs",
    ("post", "/sync/operations"): "send_operations",
    ("get", "/sync/changes"): "list_my_changes",
    ("get", "/sync/catalogue"): "get_my_catalogue",
    ("put", "/sync/files"): "send_piece_of_file",
    ("get", "/sync/files"): "get_progress_of_file",
    ("get", "/sync/operations"): "list_waiting_operations",
    ("post", "/sync/operations/{op_id}/take-over"): "take_operation_over",
    ("post", "/sync/operations/{op_id}/set-aside"): "set_operation_aside",
    ("get", "/sync/devices"): "list_technician_devices",
    ("post", "/sync/devices/{mobile_id}/revoke"): "revoke_technician_device",
    ("post", "/requests/{ask_id}/ask-back"): "ask_requester_back",
    ("post", "/requests/{ask_id}/rating"): "rate_request",
    ("post", "/requests/{ask_id}/quotes"): "offer_quote",
    ("post", "/requests/{ask_id}/quotes/{quote_version}/answer"): "answer_quote",
    ("post", "/requests/{ask_id}/quotes/{quote_version}/withdraw"): "withdraw_quote",
    ("get", "/sites/{site_code}/self-help"): "list_self_help",
    ("post", "/sites/{site_code}/self-help"): "add_self_help",
    ("post", "/sites/{site_code}/self-help/{help_id}/retire"): "retire_self_help",
    ("get", "/sites/{site_code}/costs/price-list"): "get_price_list",
    ("put", "/sites/{site_code}/costs/price-list"): "put_price_list",
    ("get", "/health/live"): "get_liveness",
    ("get", "/health/ready"): "get_readiness",
}
"""Exceptions from the naming rule below."""

IN_PATHS = {
    "order_id": "the order's id, a UUID; by its number it is found at `/work-orders/by-number/{number}`",
    "number": "the order's number, such as `NTH-1042`",
    "asset_id": "the asset's id, as the list of assets has it",
    "feed_id": "the id of a calendar feed",
    "signal": "the signal's name, such as `bearing_temp`",
    "seq": "the number of a step in the order's plan, or of a finding in its audit, from 1",
    "checklist_id": "the checklist's id, as the list of checklists has it",
    "route_id": "the route's id, as the list of routes has it",
    "round_id": "the round's id, as the list of rounds has it",
    "audit_id": "the audit's id, as the list of audits has it",
    "position": "the stop's number in walking order, from 1",
    "item": "the key of an item of the stop's checklist",
    "photo_id": "the photo's id, as the answer has it",
    "attachment_id": "the file's id, as the order's content has it",
    "file_id": "the file's id, as the list of files has it",
    "location_id": "the functional location's id, as the list of locations has it",
    "downtime_id": "the planned downtime's id",
    "schedule_id": "the id of a week's schedule, as the list of schedules has it",
    "escalation_id": "the escalation's id, as the list of escalations has it",
    "policy_id": "the escalation policy's id, as the list of policies has it",
    "rota_id": "the rota's id, as the list of rotas has it",
    "op_id": "the operation's id, a UUID that its device made",
    "mobile_id": "the id of a technician's device, a UUID, as the list of devices has it",
    "override_id": "the override's id, as the rota's overrides have it",
    "swap_id": "the swap's id, as the rota's swaps have it",
    "absence_id": "the absence's id, as the technician's absences have it",
    "technician_id": "the technician's id, as the list of technicians has it",
    "kind": "which document: `rulebook`, with the limits, or `models`, with the models' parameters",
    "version_number": "the version's number, from 1",
    "run_id": "the id of the shadow run",
    "run_key": "the id of a run, as the list of runs has it",
    "file_name": "the name of a file of the run, such as `errors.csv`",
    "upload_id": "the id of an uploaded file",
    "table": "the kind of the file's rows, for instance `assets`",
    "rule": "the rule's id in the rulebook, such as `bearing-hot`",
    "device": "the name by which the device signs in at the broker",
    "kept_id": "the id of a message in quarantine",
    "user_name": "the name by which the person signs in",
    "key_name": "the key's name, not the key",
    "plan_code": "the job plan's code, such as `PUMP-SEAL`",
    "plan_id": "the maintenance plan's id, as the list of plans has it",
    "series_id": "the id of a plan for one of its objects, as the plan has it",
    "site_code": "the site's code, such as `NTH`",
    "receiver_id": "the receiver's id, as the list of receivers has it",
    "event_id": "the event's id, as the receiver's messages have it",
    "channel": "`email`, `ntfy`, `apprise` or `banner`",
    "proposal_id": "the id of a change that waits for a second person",
    "item_id": "the item's id, as the list of items has it",
    "store_id": "the store's id, as the list of stores has it",
    "bin_id": "the bin's id, as its store has it",
    "request_id": "the purchase request's id, as the list of purchase requests has it",
    "line": "the number of the line among the parts of the order, as its reservations have it",
    "ask_id": "the request's id, as the list of requests has it",
    "help_id": "the id of the instructions, as the list of self-help has it",
    "quote_version": "the version of the request's quote: 1 is the first",
    "tool_id": "the tool's id, as the list of tools has it",
    "booking_id": "the booking's id, as the list of tool bookings has it",
}
"""The meaning of each name in a path, which is the same in every path."""

ETAG = {
    "description": "the order's version; sent back as `If-Match`, a step is refused if the order has changed since",
    "schema": {"type": "string"},
}
_FILE = {"type": "string", "format": "binary"}
_ORDERS = ("#/components/schemas/WorkOrderOut", "#/components/schemas/WholeOrderOut")


_ONCE = frozenset({"offset", "before", "page", "before_id", "next_before"})
_ONCE_PAGED_BY = " any more: a list goes on by 'cursor', which the header Link of the page before says"


class UnknownParameter(Exception):
    """A query names a parameter that its path does not have."""

    def __init__(self, names: list[str], known: list[str]) -> None:
        there = f"the parameters here are {', '.join(known)}" if known else "there are none here"
        hint = _ONCE_PAGED_BY if "cursor" in known and _ONCE.intersection(names) else ""
        super().__init__(f"there is no parameter {', '.join(repr(name) for name in names)}{hint}; {there}")
        self.names, self.known = names, known


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse an unknown parameter: a misspelled filter would let everything through."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    known = sorted(_parameters(route.dependant))
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        raise UnknownParameter(unknown, known)


def _parameters(dependant: Dependant) -> set[str]:
    """Return the query parameters that a handler or its dependencies read."""
    deeper = (_parameters(each) for each in dependant.dependencies)
    return {field.alias for field in dependant.query_params}.union(*deeper)


def operation_id(method: str, path: str) -> str:
    """Return the name of an operation: ``list_work_orders``, ``start_work_order``, ``create_asset_downtime``."""
    path = path.removeprefix("/api/v1")
    if (method, path) in _NAMED:
        return _NAMED[method, path]
    parts = [part for part in path.split("/") if part]
    nouns = [part.replace("-", "_") for part in parts if not part.startswith("{")]
    if parts[-1].startswith("{"):
        return "_".join([_VERBS[method], *map(_one, nouns)])
    *above, last = nouns
    plural = last.endswith("s")
    if method == "get" and plural:
        return "_".join(["list", *map(_one, above), last])
    if method == "post" and above and not plural:
        return "_".join([last, *map(_one, above)])
    return "_".join([_VERBS[method], *map(_one, above), last if method != "post" else _one(last)])


def _one(noun: str) -> str:
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return a function that builds an application's description, once."""
    made = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = made()
        document["servers"] = [{"url": "/", "description": "where this description was read"}]
        document.setdefault("components", {})["securitySchemes"] = SECURITY
        document["security"] = [{name: []} for name in SECURITY]
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                operation["operationId"] = operation_id(method, path)
                operation["summary"] = operation["operationId"].replace("_", " ").capitalize()
                _explain(operation)
                if path in OPEN:
                    operation["security"] = []
        return document

    return described


def _explain(operation: dict[str, Any]) -> None:
    """Add the meaning of path parameters, and the answer's headers."""
    parameters = operation.get("parameters", ())
    for each in parameters:
        if each["in"] == "path":
            each.setdefault("description", IN_PATHS.get(each["name"], ""))
    paged, as_file = (any(each["name"] == name for each in parameters) for name in ("cursor", "format"))
    for code in ("200", "201"):
        answer = operation["responses"].get(code, {})
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        headers = {**(LINK if paged else {}), **({"ETag": ETAG} if schema.get("$ref") in _ORDERS else {})}
        if as_file and code == "200":
            answer["content"] |= {kind.partition(";")[0]: {"schema": _FILE} for kind in FORMATS.values()}
        if headers:
            answer["headers"] = answer.get("headers", {}) | headers
