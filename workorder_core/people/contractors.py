"""What contractors may call: a technician of a firm sees the orders that they have or had, and what those need.

Everything that is not in the table is closed to them, so that a new operation shows them nothing by mistake. What is in
it answers for their own orders only: ids in its path are checked by ``db.scope``, and lists are narrowed by it.
"""

from workorder_core.orders.lifecycle import Step

STEPS = frozenset({Step.START, Step.HOLD, Step.RESUME, Step.COMPLETE, Step.UNASSIGN, Step.CANNOT_COMPLETE})
"""The steps of an order that a contractor may take; the rest is decided by the plant's own people."""

_ORDER = "/api/v1/work-orders/{order_id}"
_OPERATIONS = """
GET /api/v1/openapi.json
GET /api/v1/me
PATCH /api/v1/me
GET /api/v1/me/notifications
PUT /api/v1/me/notifications
GET /api/v1/events
POST /api/v1/sync/operations
GET /api/v1/scanned
GET /api/v1/sync/catalogue
PUT /api/v1/sync/files
GET /api/v1/sync/files
GET /api/v1/sync/changes
GET /api/v1/calendar-feeds
POST /api/v1/calendar-feeds
POST /api/v1/calendar-feeds/{feed_id}/revoke
GET /api/v1/work-orders
GET /api/v1/work-orders/by-number/{number}
GET /api/v1/work-orders/lifecycle/moves
GET /api/v1/work-orders/{order_id}
GET /api/v1/work-orders/{order_id}/content
GET /api/v1/work-orders/{order_id}/print
GET /api/v1/work-orders/{order_id}/scan-address
GET /api/v1/work-orders/{order_id}/attachments/{attachment_id}
POST /api/v1/work-orders/{order_id}/attachments
POST /api/v1/work-orders/{order_id}/comments
PUT /api/v1/work-orders/{order_id}/steps/{seq}
DELETE /api/v1/work-orders/{order_id}/steps/{seq}
PUT /api/v1/work-orders/{order_id}/parts
GET /api/v1/assets/{asset_id}
GET /api/v1/assets/{asset_id}/files
POST /api/v1/assets/{asset_id}/files
GET /api/v1/assets/{asset_id}/health
GET /api/v1/assets/{asset_id}/readings
GET /api/v1/assets/{asset_id}/scan-address
GET /api/v1/locations/{location_id}/files
GET /api/v1/files/{file_id}
GET /api/v1/files/{file_id}/thumbnail
GET /home
GET /my-work
GET /orders/{order_id}
POST /orders/{order_id}/{step}
POST /orders/{order_id}/plan-steps/{seq}
POST /orders/{order_id}/remarks/new
POST /orders/{order_id}/files/new
GET /assets/{asset_id}
POST /assets/{asset_id}/files/new
GET /q/{token}
GET /my-calendars
POST /my-calendars
POST /my-calendars/{feed_id}/revoke
GET /api/v1/me/news
POST /api/v1/me/messages/{event_id}/seen
GET /notifications
POST /notifications
GET /notifications/banner
POST /notifications/seen
GET /language
POST /language
GET /password
POST /password
POST /logout
GET /try-as
POST /try-as
GET /docs
"""
OPEN: frozenset[str] = frozenset(_OPERATIONS.split("\n")[1:-1]) | {
    f"POST {_ORDER}/{step.value.replace('_', '-')}" for step in STEPS
}
"""The operations, each a method and the template of its path."""


def may_call(operation: str, step: str | None = None) -> bool:
    """Whether a contractor may call an operation, as ``GET /orders/{order_id}``; ``step`` is the one of its path."""
    return operation in OPEN and (step is None or step in STEPS)
