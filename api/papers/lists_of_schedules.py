"""The lists of schedules and of what triage learned as files."""

from collections.abc import Mapping

from api.papers.columns import ListFile, columns

SCHEDULE_LISTS: Mapping[str, ListFile] = {
    "/schedules": ListFile(
        name="schedules",
        columns=columns(
            from_date="week of", site="site", state="status", version="version", made_by="made by", made_at="made@",
            seconds="seconds", accepted_by="accepted by", accepted_at="accepted@", published_by="published by",
            published_at="published@", weights_version="weights", id="id",
        ),
    ),
    "/sites/{site_code}/triage-versions": ListFile(
        name="triage-versions",
        columns=columns(
            number="version", in_force="in force", texts="texts", made_by="made by", made_at="made@", fields="fields",
            run_id="run",
        ),
    ),
    "/sites/{site_code}/triage-versions/in-force": ListFile(
        name="triage-in-force",
        columns=columns(number="version", at="put in force@", actor="by", why="reason", seq="move"),
    ),
    "/schedules/{schedule_id}/visits": ListFile(
        name="visits",
        columns=columns(
            starts_at="starts@", ends_at="ends@", people="technicians", number="number", part="part", title="title",
            priority="priority", status="status", pinned_by="pinned by", told_at="told@", order_id="order id",
        ),
        rows_a_page=1000,
    ),
    "/schedules/{schedule_id}/unscheduled": ListFile(
        name="unscheduled",
        columns=columns(
            number="number", part="part", title="title", priority="priority", completion_due="target@", why="why",
            order_id="order id",
        ),
        rows_a_page=1000,
    ),
    "/schedules/{schedule_id}/broken": ListFile(
        name="broken-rules", columns=columns(rule="rule", sentence="problem", person="technician", job="job")
    ),
    "/schedules/{schedule_id}/changes": ListFile(
        name="schedule-changes",
        columns=columns(
            number="number", part="part", change="change", people_before="technicians before", starts_before="before@",
            people_after="technicians after", starts_after="after@", order_id="order id",
        ),
        rows_a_page=1000,
    ),
}  # fmt: skip
