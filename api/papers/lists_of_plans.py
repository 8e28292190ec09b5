"""The lists of maintenance plans and rotas as files; that of the plans is what an import of plans reads."""

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
    "/rotas": ListFile(
        name="rotas",
        columns=columns(
            site="site", code="code", title="title", version="version", retired_at="retired@", rota="rota", id="id"
        ),
    ),
    "/rotas/{rota_id}/versions": ListFile(
        name="rota-versions",
        columns=columns(version="version", made_by="made by", made_at="made@", why="why", rota="rota"),
    ),
    "/rotas/{rota_id}/duties": ListFile(
        name="duties",
        columns=columns(begins="from@", ends="to@", layer="layer", person="person", override="override"),
    ),
    "/rotas/{rota_id}/gaps": ListFile(
        name="gaps", columns=columns(begins="from@", ends="to@", unreachable="cannot be called")
    ),
    "/rotas/{rota_id}/overrides": ListFile(
        name="overrides",
        columns=columns(
            begins_at="from@", ends_at="to@", layer="layer", person="person", full_name="name", why="why",
            made_by="made by", made_at="made@", id="id",
        ),
    ),
    "/rotas/{rota_id}/swaps": ListFile(
        name="swaps",
        columns=columns(
            asker="asked by", layer="layer", begins_at="from@", ends_at="to@", other="taken by",
            back_begins_at="in return from@", back_ends_at="in return to@", why="why", state="state",
            asked_at="asked@", answered_at="answered@", answered_by="answered by", answer_why="reason", id="id",
        ),
    ),
    "/sync/operations": ListFile(
        name="reported",
        columns=columns(
            number="order", kind="kind", person="person", occurred_at="on the device@", skew_s="clock ahead (s)",
            received_at="arrived@", verdict="verdict", body="content", answer="answer", order_id="order id",
            device_id="device id", op_id="id",
        ),
    ),
    "/sync/devices": ListFile(
        name="technician-devices",
        columns=columns(
            site="site", person="person", name="name", app="app", first_seen_at="first contact@",
            seen_at="last contact@", unsent="not sent", known_seq="arrived up to", lost="never arrived",
            skew_s="clock ahead (s)", revoked_at="revoked@", revoked_by="revoked by", wiped_at="wiped@", id="id",
        ),
    ),
    "/escalations": ListFile(
        name="escalations",
        columns=columns(
            site="site", subject="subject", title="title", cause="cause", state="state", began_at="began@",
            state_since="since@", due_at="next step@", taken="steps taken", answered_by="answered by", how="how",
            policy="policy", version="version", order_id="order id", asset_id="asset id",
            policy_id="policy id", id="id",
        ),
    ),
    "/escalation-policies": ListFile(
        name="escalation-policies",
        columns=columns(
            site="site", code="code", title="title", version="version", retired_at="retired@", policy="policy", id="id"
        ),
    ),
    "/escalation-policies/{policy_id}/versions": ListFile(
        name="escalation-policy-versions",
        columns=columns(version="version", made_by="made by", made_at="made@", why="why", policy="policy"),
    ),
    "/on-call": ListFile(
        name="on-call",
        columns=columns(
            site="site", rota="rota", title="title", layer="layer", person="person", full_name="name", until="until@",
            override="override", next_person="next", next_from="next from@", rota_id="rota id",
        ),
    ),
    "/maintenance-plans/forecast": ListFile(
        name="forecast",
        columns=columns(
            begins="begins", trade="trade", count="pieces of work", made="with an order", hours="hours (h)"
        ),
        rows_a_page=1000,
    ),
}  # fmt: skip
