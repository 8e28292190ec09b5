"""The lists of messages, of notification policies, and of requests."""

from collections.abc import Mapping

from api.papers.columns import ListFile, columns

_WAYS = columns(
    kind="kind", subject="subject", at="at@", site="site", receiver="receiver", channel="channel", why="why",
    state="state", note="held or not sent because", lead="sent with event", created_at="made@", due_at="due@",
    attempts="attempts", tried_at="last attempt@", fault="its fault", detail="in detail", ended_at="ended@",
    seen_at="seen@", acknowledged_by="acknowledged by", acknowledged_at="acknowledged@", event_id="event id", id="id",
)  # fmt: skip
MESSAGE_LISTS: Mapping[str, ListFile] = {
    "/me/messages": ListFile(name="my-messages", of_sites=False, columns=_WAYS),
    "/work-orders/{order_id}/messages": ListFile(name="messages-of-an-order", of_sites=False, columns=_WAYS),
    "/sites/{site_code}/notification-policy/versions": ListFile(
        name="notification-policy-versions",
        of_sites=False,
        columns=columns(
            site="site", version="version", changed_by="changed by", changed_at="changed@", why="why", policy="policy",
        ),
    ),
    "/sites/{site_code}/self-help": ListFile(
        name="self-help",
        of_sites=False,
        columns=columns(
            title="title", steps="steps", asset_class="class", asset="asset", tried="tried", helped="helped",
            made_by="made by", made_at="made@", id="id",
        ),
    ),
    "/requests": ListFile(
        name="requests",
        columns=columns(
            number="number", status="status", stage="stage", danger="danger", site="site", thing="asset or location",
            thing_name="its name", recorded_at="received@", respond_by="answer due@", responded_at="answered@",
            ended_at="ended@", order_number="order", order_status="status of the order",
            scheduled_start="appointment from@", scheduled_end="appointment until@", technician="technician",
            rating="rating (5 is very good)", made_by="made by", erased_at="erased@", id="id",
        ),
    ),
}  # fmt: skip
