"""The names of what an event alters, which open pages follow: a page reloads only for changes that it can show."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

UNLISTED = frozenset(
    {
        "comment",
        "attach",
        "detach",
        "parts",
        "prices",
        "note",
        "step",
        "step undone",
        "link",
        "unlink",
        "step taken",
        "acknowledged",
        "taken over",
        "declined",
        "handed on",
        "not acknowledged",
        "kept",
        "conflict",
        "reported",
        "set aside",
        "reading",
        "photo",
        "signature",
    }
)
"""Steps in an order's history that no list of orders shows, only the order's own page."""


def altered(
    kind: str, *, site: str | None, asset_id: int | None, order_id: UUID | None, data: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the names of what an event alters, the widest first.

    ``order``, ``alarm`` …: what it is of. ``orders``: what lists of orders show, and ``orders@NTH`` of one site.
    ``attention``: a round was missed, or a finding is overdue.
    ``order:<id>``, ``asset:<id>``, ``run:<id>``; ``technician:<code>`` who has the order or had it before,
    or is in a published schedule.
    """
    return tuple(dict.fromkeys(_names(kind, site, asset_id, order_id, data)))


def _names(
    kind: str, site: str | None, asset_id: int | None, order_id: UUID | None, data: Mapping[str, Any]
) -> Iterator[str]:
    of = kind.partition(".")[0]
    yield of
    if of == "order":
        if data.get("step") not in UNLISTED:
            yield "orders"
            yield f"orders@{site}"
        for code in (data.get("assignee"), (data.get("old") or {}).get("assignee")):
            if code:
                yield f"technician:{code}"
    elif site is not None:
        yield f"{of}@{site}"
    yield from (f"technician:{code}" for code in data.get("technicians") or ())
    if kind in ("round.missed", "audit.finding_overdue"):
        yield "attention"
    if of == "run":
        yield f"run:{data.get('run')}"
    if order_id is not None:
        yield f"order:{order_id}"
    if asset_id is not None:
        yield f"asset:{asset_id}"
