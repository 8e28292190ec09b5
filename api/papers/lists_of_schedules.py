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
    "/schedules/{schedule_id}/actuals": ListFile(
        name="planned-and-done",
        columns=columns(
            number="number", part="part", title="title", plan="job plan", technician="technician",
            planned_starts="planned start@", planned_ends="planned end@", planned_minutes="planned (min)",
            planned_travel="planned way (min)", started_at="started@", ended_at="ended@", late_minutes="late (min)",
            worked="worked (min)", travelled="way (min)", order_id="order id",
        ),
        rows_a_page=1000,
    ),
    "/sites/{site_code}/estimates": ListFile(
        name="estimates",
        columns=columns(
            kind="estimate of", key="code", name="name", count="cases", median="median", low="lower quartile",
            high="upper quartile", now="estimated now", becomes="would become", differs="differs",
            counted="schedules count with it",
        ),
    ),
    "/sites/{site_code}/asked-skills": ListFile(
        name="skills",
        columns=columns(of="of", code="component or failure mode", skill="skill", level="level", own="the site's own"),
    ),
    "/sites/{site_code}/skill-certificates": ListFile(
        name="skill-certificates",
        columns=columns(skill="skill", certificates="certificates", own="the site's own"),
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
