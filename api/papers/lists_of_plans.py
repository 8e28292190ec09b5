"""The lists of maintenance plans as files; that of the plans is what an import of plans reads."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from api.papers.columns import Column, ListFile, columns
from workorder_core.planning.documents import from_document
from workorder_core.tables import plan_table


def _row(item: dict[str, Any]) -> Sequence[dict[str, Any]]:
    """Return a plan with its document as the table has it."""
    plan = from_document(item["plan"], code=item["code"], site=item["site"], active=item["active"])
    facts = plan_table.facts_of(plan)
    plain = {name: float(value) if isinstance(value, Decimal) else value for name, value in facts.items()}
    return [item | {"plan": plain}]


PLAN_LISTS: Mapping[str, ListFile] = {
    "/maintenance-plans": ListFile(
        name="maintenance-plans",
        columns=[
            *(Column(f"plan.{each.name}", each.title) for each in plan_table.PLANS.columns),
            *columns(site="Site", version="Version", id="Id"),
        ],
        split=_row,
    ),
    "/maintenance-plans/{plan_id}/versions": ListFile(
        name="maintenance-plan-versions",
        columns=columns(version="version", made_by="made by", made_at="made@", why="why", plan="plan"),
    ),
    "/maintenance-plans/{plan_id}/occurrences": ListFile(
        name="occurrences",
        columns=columns(
            due_at="due@", title="plan", of="for", number="number", status="status", package="package",
            order_number="order", completed_at="completed@", why="why", note="deviation", plan_version="version",
        ),
    ),
    "/maintenance-plans/calendar": ListFile(
        name="planned-work",
        columns=columns(
            due_at="due@", site="site", code="plan", title="title", of="for", package="package", number="number",
            cause="due by", status="status", order_number="order", completed_at="completed@", why="why",
            note="deviation", order_id="order id",
        ),
        rows_a_page=1000,
    ),
    "/maintenance-plans/forecast": ListFile(
        name="forecast",
        columns=columns(
            begins="begins", trade="trade", count="pieces of work", made="with an order", hours="hours (h)"
        ),
        rows_a_page=1000,
    ),
}  # fmt: skip
