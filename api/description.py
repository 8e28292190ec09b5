"""How the API describes itself: where it is, how one signs, and names of its operations that a person would choose."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

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
"""What opens without a key."""

_VERBS = {"get": "get", "post": "create", "put": "set", "patch": "change", "delete": "remove"}
_NAMED = {
    ("get", "/work-orders/by-number/{number}"): "get_work_order_by_number",
    ("get", "/work-orders/lifecycle/moves"): "get_lifecycle",
    ("get", "/alarms/figures"): "get_alarm_metrics",
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
    ("post", "/users/{user_name}/password"): "give_password",
    ("get", "/me"): "get_me",
    ("get", "/engine"): "get_engine",
    ("put", "/work-orders/{order_id}/steps/{seq}"): "do_work_order_step",
    ("delete", "/work-orders/{order_id}/steps/{seq}"): "undo_work_order_step",
    ("post", "/work-orders/{order_id}/links"): "link_work_orders",
    ("delete", "/work-orders/{order_id}/links"): "unlink_work_orders",
    ("get", "/health/live"): "get_liveness",
    ("get", "/health/ready"): "get_readiness",
}
"""What the rule below would name less well."""


_ONCE = frozenset({"offset", "before", "page", "before_id", "next_before"})
_ONCE_PAGED_BY = " any more: a list goes on by 'cursor', which the header Link of the page before says"


class UnknownParameter(Exception):
    """A query names a parameter that its path does not have."""

    def __init__(self, names: list[str], known: list[str]) -> None:
        there = f"the parameters here are {', '.join(known)}" if known else "there are none here"
        hint = _ONCE_PAGED_BY if "cursor" in known and _ONCE.intersection(names) else ""
        super().__init__(f"there is no parameter {', '.join(repr(name) for name in names)}{hint}; {there}")
        self.names, self.known = names, known


def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a parameter that nothing reads: a filter with a slip of the pen would let everything through."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    known = sorted(_parameters(route.dependant))
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        raise UnknownParameter(unknown, known)


def _parameters(dependant: Dependant) -> set[str]:
    """Return the parameters of a query that a handler or what it depends on reads."""
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
    """Return what makes the description of an application, once."""
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
                if path in OPEN:
                    operation["security"] = []
        return document

    return described
