"""The lives of a site's assets by their class, from its own orders. The caller owns the transaction."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql
from workorder_core.reliability.lives import Renewal, lives_of
from workorder_core.reliability.weibull import Life, Weibull, fit

_QUERIES = sql.load("survival")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfClass:
    """The distribution of the lives of a class, and since when each of its assets works, by id, where that is known."""

    weibull: Weibull
    since: Mapping[int, datetime]


def of_classes(conn: Connection, site_id: int, classes: Collection[str], *, at: datetime) -> dict[str, OfClass]:
    """Return the distributions of those classes of whose lives a site knows enough.

    A life ends with reactive or emergency work that found something, or, without a failure, with confirmed predictive
    work; the next one begins when that work was completed.
    """
    renewals: dict[str, dict[int, list[Renewal]]] = defaultdict(lambda: defaultdict(list))
    installed: dict[int, datetime | None] = {}
    asked = {"site_id": site_id, "classes": sorted(classes), "at": at}
    with conn.cursor(row_factory=tuple_row) as cursor:
        for name, asset_id, since, opened, again, failed in cursor.execute(_QUERIES["renewals"], asked):
            installed[asset_id] = since
            of_asset = renewals[name][asset_id]
            if opened is not None:
                of_asset.append(Renewal(opened, min(max(opened, again), at), failed))
    found: dict[str, OfClass] = {}
    for name, assets in renewals.items():
        lived: list[Life] = []
        since_when: dict[int, datetime] = {}
        for asset_id, ends in assets.items():
            of_one = lives_of(installed[asset_id], ends, now=at)
            lived += of_one.lives
            if of_one.since is not None:
                since_when[asset_id] = of_one.since
        fitted = fit(lived)
        if fitted is not None:
            found[name] = OfClass(weibull=fitted, since=since_when)
    return found
