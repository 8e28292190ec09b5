"""Every list that can be exported, by its path in the API."""

import re
from collections.abc import Mapping
from typing import Any

from api.papers.columns import ListFile, columns
from api.papers.lists_of_messages import MESSAGE_LISTS
from api.papers.lists_of_plans import PLAN_LISTS
from api.papers.lists_of_schedules import SCHEDULE_LISTS
from api.papers.lists_of_stock import STOCK_LISTS
from api.papers.lists_without_pages import LISTS_WITHOUT_PAGES


def _by_asset(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"device": item["device"], **each} for each in item["assets"]]


LISTS: Mapping[str, ListFile] = {
    "/work-orders": ListFile(
        name="work-orders",
        columns=columns(
            number="number", type="type", status="status", priority="priority (1 is the most urgent)",
            priority_name="priority in words", site="site", asset="asset", asset_name="asset's name",
            asset_path="location", title="title", why="why", component="component", failure_mode="failure mode",
            failure_mode_label="failure mode in words", origin="origin", opened_at="opened@",
            recorded_at="recorded@", status_since="in this status since@", response_due="to begin by@",
            completion_due="to complete by@", scheduled_start="scheduled start@", scheduled_end="scheduled end@",
            requested_by="requested by", requested_for="requested for@", assignee="assignee",
            assignee_name="assignee's name", required_skill="skill", other_skills="other skills",
            required_certificates="certificates", required_tools="tools", estimated_hours="estimated work (h)",
            actual_hours="actual work (h)", cost="external costs#", currency="currency",
            total_cost="total cost#", total_currency="currency of the total", plan="job plan",
            plan_version="version of the job plan", hold_reason="on hold for", done_by="done by",
            evidence_count="findings", close_out__finding="close-out: finding",
            close_out__failure_mode="close-out: failure mode", close_out__cause="close-out: cause",
            close_out__remedy="close-out: remedy", close_out__mechanism="close-out: mechanism",
            close_out__downtime_minutes="close-out: downtime (min)", close_out__note="close-out: note", id="id",
        ),
    ),
    "/checklists": ListFile(
        name="checklists",
        columns=columns(
            site="site", code="code", title="title", version="version", changed_at="changed@", changed_by="changed by",
            why="why", archived_at="archived@", id="id",
        ),
    ),
    "/checklists/{checklist_id}/versions": ListFile(
        name="checklist-versions",
        columns=columns(
            site="site", code="code", title="title", version="version", changed_at="changed@", changed_by="changed by",
            why="why",
        ),
    ),
    "/checklist-items": ListFile(
        name="checklist-items",
        columns=columns(
            point="point", title="title", position="position", text="text", kind="kind", needed="needed", unit="unit",
            low="low", high="high", signal="signal", choices="choices", fails="fails", severity="severity",
            photo_if_failed="photo if failed", only_if="only if", site="site",
        ),
    ),
    "/route-stops": ListFile(
        name="route-stops",
        columns=columns(
            route="route", title="title", position="position", asset="asset", checklist="checklist", site="site"
        ),
    ),
    "/inspection-routes": ListFile(
        name="inspection-routes",
        columns=columns(
            site="site", code="code", title="title", stops="stops", version="version", archived_at="archived@", id="id"
        ),
    ),
    "/rounds": ListFile(
        name="rounds",
        columns=columns(
            number="number", title="title", status="status", site="site", due_at="due@", latest="latest start@",
            started_at="began@", finished_at="ended@", walker="walked by", signed_name="signed by", stops="stops",
            done="done", skipped="missed", failed="failed points", how="begun by", why="why", order_id="order id",
            id="id",
        ),
    ),
    "/inspection-results": ListFile(
        name="inspection-results",
        columns=columns(
            at="at@", round="round", position="stop", site="site", asset="asset", asset_name="asset's name",
            checklist="checklist", checklist_version="version", item="key", text="question", kind="kind",
            answer="answer", number="value (in the unit)", unit="unit", low="low", high="high", verdict="verdict",
            note="remark", order="order", actor="answered by", round_title="round's title", photo_id="photo id",
            round_id="round id",
        ),
    ),
    "/audits": ListFile(
        name="audits",
        columns=columns(
            number="number", title="title", kind="kind", site="site", auditor="auditor", made_at="begun@",
            closed_at="closed@", findings="findings", unsettled="not settled", conclusion="conclusion", id="id",
        ),
    ),
    "/audit-findings": ListFile(
        name="audit-findings",
        columns=columns(
            called="finding", state="state", overdue="overdue", due="due", grade="grade", owner="owner",
            statement="statement", answer="answer", answered_by="answered by", state_at="in this state since@",
            audit="audit", site="site", owner_user="owner's user name", owner_technician="owner's technician code",
        ),
    ),
    "/sites": ListFile(name="sites", columns=columns(code="code", name="name", time_zone="time zone")),
    "/locations": ListFile(
        name="locations",
        columns=columns(
            site="site", code="code", name="name", level="level (ISA-95)", latitude="latitude",
            longitude="longitude", id="id", parent_id="parent id",
        ),
    ),
    "/assets": ListFile(
        name="assets",
        columns=columns(
            site="site", code="code", name="name", asset_class="class", criticality="criticality (4 is critical)",
            safety_critical="safety-critical", serial="serial number", parent="upstream asset", path="location",
            archived_at="archived@", unfinished_orders="unfinished orders", worst_type="most urgent of them",
            in_planned_downtime="in planned downtime", id="id",
        ),
    ),
    "/signals": ListFile(
        name="signals",
        columns=columns(
            asset="asset", name="signal", label="label", quantity="quantity", unit="unit", states="states",
            counter="counter", wraps_at="wraps at (in the unit)", plausible_low="plausible from (in the unit)",
            plausible_high="plausible to (in the unit)", newest__value="newest value (in the unit)",
            newest__state="newest state", newest__observed_at="measured@", newest__received_at="received@",
            newest__quality="quality (0 is good)",
        ),
    ),
    "/assets/{asset_id}/late-excursions": ListFile(
        name="late-excursions",
        columns=columns(
            asset="asset", rule="rule", signal="signal", limit="limit (in the signal's unit)",
            worst="worst value (in the signal's unit)", since="since@", until="until@", received_at="received@",
            readings="readings", opens_order="opens an order",
        ),
    ),
    "/alarms": ListFile(
        name="alarms",
        columns=columns(
            asset="asset", source="source", severity="severity", summary="summary", raised_at="raised@",
            cleared_at="cleared@", suppressed="suppressed by", id="id",
        ),
    ),
    "/alarms/states": ListFile(
        name="alarm-states",
        columns=columns(
            asset="asset", source="source", state="state", active="active", latching="latching", severity="severity",
            acknowledged="acknowledged", since="since@", until="until@", actor="moved by", why="why",
            summary="summary", raised_at="raised@",
        ),
    ),
    "/alarms/moves": ListFile(
        name="alarm-moves",
        columns=columns(
            asset="asset", source="source", move="move", old_state="from state", new_state="to state", at="at@",
            event_at="at, by the asset's readings@", actor="by", until="until@", why="why", id="id",
        ),
    ),
    "/downtimes": ListFile(
        name="planned-downtime",
        columns=columns(
            asset="asset", starts_at="start@", ends_at="end@", reason="reason", actor="planned by",
            recorded_at="recorded@", cancelled_at="cancelled@", id="id",
        ),
    ),
    "/calendar-feeds": ListFile(
        name="calendars",
        of_sites=False,
        columns=columns(
            title="calendar", site="site", prefix="address begins with", created_at="made@", last_read_at="fetched@",
            id="id",
        ),
    ),
    "/technicians": ListFile(
        name="technicians",
        columns=columns(
            site="site", code="code", name="name", skills="skills", certificates="certificates",
            shift_start="shift start (site time)", shift_end="shift end (site time)",
            weekdays="weekdays (1 is Monday)", active="active", levels="levels of skills (1 to 5)",
            valid_until="certificates valid until", firm="firm", contract_from="contract from",
            contract_until="contract until", pattern="shift pattern", pattern_offset="days later (d)",
            overtime_minutes="overtime (min)", depot="depot", speed="speed (time taken, 1 is usual)",
            language="language", id="id",
        ),
    ),
    "/technicians/{technician_id}/absences": ListFile(
        name="absences",
        of_sites=False,
        within="absences",
        columns=columns(
            kind="kind", starts_at="from@", ends_at="until@", reason="reason", recorded_by="by",
            recorded_at="recorded@", id="id",
        ),
    ),
    "/job-plans": ListFile(
        name="job-plans",
        columns=columns(
            code="code", site="site", version="version", title="title", asset_class="class",
            failure_mode="failure mode", steps="steps", parts="parts", skills="skills", certificates="certificates",
            tools="tools", estimated_hours="estimated work (h)", crew="people at once",
            needs_stop="needs a planned stop",
        ),
    ),
    "/changes": ListFile(
        name="changes",
        columns=columns(
            at="at@", actor="by", kind="kind", subject="subject", site="site", what="what", old="old", new="new",
            why="why", id="id",
        ),
    ),
    "/events": ListFile(
        name="events",
        columns=columns(
            at="at@", kind="kind", subject="subject", site="site", order_id="order id", data="data",
            recorded_at="recorded@", uid="uid", id="id",
        ),
    ),
    "/receivers": ListFile(
        name="receivers",
        of_sites=False,
        columns=columns(
            name="name", channel="channel", address="address", wants="wants", sites="sites (none: all)", state="state",
            state_since="in this state since@", state_why="state because", created_by="made by", created_at="made@",
            pending="messages pending", oldest="the oldest of them@", last_at="last attempt@",
            last_fault="its fault", last_detail="in detail", id="id",
        ),
    ),
    "/receivers/{receiver_id}/messages": ListFile(
        name="messages",
        of_sites=False,
        columns=columns(
            kind="kind", subject="subject", at="at@", why="why", state="state", attempts="attempts", due_at="due@",
            created_at="made@", ended_at="ended@", note="held or not sent because", lead="sent with event",
            event_id="event id", id="id",
        ),
    ),
    "/receivers/{receiver_id}/attempts": ListFile(
        name="attempts",
        of_sites=False,
        columns=columns(
            at="at@", kind="kind", subject="subject", took_ms="took (ms)", fault="fault", status="status",
            detail="detail", event_id="event id", id="id",
        ),
    ),
    "/safety-proposals": ListFile(
        name="safety-proposals",
        columns=columns(
            subject="subject", site="site", plan="job plan", was="was", change="change", why="why",
            proposed_by="proposed by", proposed_at="proposed@", verdict="verdict", decided_by="decided by",
            decided_at="decided@", id="id",
        ),
    ),
    "/quarantine": ListFile(
        name="quarantine",
        of_sites=False,
        rows_a_page=200,
        columns=columns(
            topic="topic", reason="reason", problem="problem", times="times", payloads="messages kept",
            others="messages only counted", payload_bytes="size of the first message (bytes)",
            payload_sha256="SHA-256 of the first message", received_at="first received@",
            last_received_at="last received@", tries="tries", tried_at="last tried@",
            retry_asked_at="another try asked for@", retry_asked_by="asked for by", not_again="cannot be tried because",
            id="id",
        ),
    ),
    "/devices": ListFile(
        name="devices",
        of_sites=False,
        split=_by_asset,
        columns=columns(device="device", asset="asset", known="asset is known", actor="bound by", bound_at="bound@"),
    ),
    "/users": ListFile(
        name="users",
        of_sites=False,
        columns=columns(
            name="name", full_name="full name", roles="roles", sites="sites (none: all)",
            technician__site="technician's site", technician__code="technician", disabled_at="disabled@",
            must_change_password="has a one-time password", created_at="created@", signed_in_at="last signed in@",
        ),
    ),
    "/keys": ListFile(
        name="keys",
        of_sites=False,
        columns=columns(
            name="name", prefix="begins with", roles="roles", sites="sites (none: all)", created_at="created@",
            created_by="created by", last_used_at="last used@", revoked_at="revoked@",
        ),
    ),
    "/access-changes": ListFile(
        name="access-changes",
        of_sites=False,
        columns=columns(at="at@", actor="by", what="what", subject="subject", detail="detail", id="id"),
    ),
    "/documents/{kind}": ListFile(
        name="document-versions",
        of_sites=False,
        columns=columns(
            number="version", actor="by", why="why", recorded_at="recorded@", warnings="warnings", document="document"
        ),
    ),
    "/rules": ListFile(
        name="rules",
        of_sites=False,
        columns=columns(
            id="rule", kind="kind", asset_class="class", signal="signal", component="component",
            failure_mode="failure mode", severity="severity", latching="latching",
            budget__alarms_per_week="budget (alarms a week)", alarms="alarms", would_be_alarms="alarms while on trial",
            confirmed="confirmed", nothing_found="nothing found", precision="precision (0 to 1)", over="over budget",
            in_shadow__since="on trial since@", in_shadow__by="on trial by", in_shadow__why="on trial because",
            slow="slow",
        ),
    ),
    "/shadow-runs": ListFile(
        name="shadow-runs",
        of_sites=False,
        columns=columns(
            name="name", begun_by="begun by", begun_why="begun because", begun_at="begun@", outcome="outcome",
            ended_by="ended by", ended_why="ended because", ended_at="ended@", orders="orders", id="id",
        ),
    ),
    "/shadow-runs/{run_id}/orders": ListFile(
        name="shadow-run-orders",
        columns=columns(
            asset="asset", component="component", failure_mode="failure mode", type="type", opened_as="opened as",
            opened_at="opened@", why="why", evidence="findings", duplicate_of="duplicate of", id="id",
        ),
    ),
    "/runs": ListFile(
        name="runs",
        columns=columns(
            kind="kind", title="title", site="site", state="state", requested_by="requested by",
            requested_at="requested@", started_at="started@", ended_at="ended@", progress="progress (0 to 1)",
            priority="priority (1 is first)", problem="problem", id="id",
        ),
    ),
    "/runs/{run_key}/log": ListFile(
        name="run-log", of_sites=False, columns=columns(at="at@", line="line", seq="number")
    ),
    **PLAN_LISTS,
    **SCHEDULE_LISTS,
    **STOCK_LISTS,
    **MESSAGE_LISTS,
    **LISTS_WITHOUT_PAGES,
}  # fmt: skip
"""A test requires each list of the API here."""


_PATHS = [(re.compile("/api/v1" + re.sub(r"{\w+}", "[^/]+", path)), file) for path, file in LISTS.items()]


def at(path: str) -> ListFile | None:
    """Return the export of the list at a path; None if there is no list."""
    return next((file for pattern, file in _PATHS if pattern.fullmatch(path)), None)
