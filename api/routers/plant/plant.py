"""Sites, functional locations and assets, and the readings of an asset."""

from datetime import datetime, timedelta
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Query
from psycopg import Connection

from api.asking import SEES, Asking, Conn, Now
from api.paging import At, Id, Order, Paged, Text
from api.problems import InvalidRange, TooMany
from api.shapes.health import HealthOut
from api.shapes.plant import AssetOut, LateExcursionOut, LocationOut, OneAssetOut, ReadingsOut, SeriesOut, SiteOut
from api.shapes.times import Moment
from db.plant import health, plant
from db.reliability import survival
from db.telemetry import late_excursions, telemetry
from workorder_core.sentences import say

MOST_BUCKETS = 5_000
_SHOWN_BUCKETS = 400
router = APIRouter(tags=["plant"])
SITES = Order[plant.Site](tuple[Text], lambda each: (each.code,))
LOCATIONS = Order[plant.Location](tuple[Id, Text], lambda each: (each.site_id, each.code))
OLDEST_FIRST = Order[late_excursions.Excursion](tuple[At, Text], lambda each: (each.since, each.rule.id))
ASSETS = Order[plant.Asset](
    tuple[Text, Text | None, Text], lambda each: (each.site_code, each.location_path, each.code)
)


@router.get("/sites", dependencies=[SEES])
def sites(conn: Conn, who: Asking, part: Paged) -> list[SiteOut]:
    """List the sites."""
    return [SiteOut.of(site) for site in part.of_all(plant.sites(conn, who.sites), SITES)]


@router.get("/locations", dependencies=[SEES])
def locations(
    conn: Conn, who: Asking, part: Paged, site: Annotated[str | None, Query(description="a site's code")] = None
) -> list[LocationOut]:
    """List the functional locations of a site, or of all."""
    site_id = None if site is None else plant.site_by_code(conn, site, who.sites).id
    found = plant.locations(conn, site_id, who.sites, limit=part.fetched, after=part.after(LOCATIONS))
    return [LocationOut.of(each) for each in part.of_fetched(found, LOCATIONS)]


@router.get("/assets", dependencies=[SEES])
def assets(
    conn: Conn,
    now: Now,
    who: Asking,
    part: Paged,
    site: Annotated[str | None, Query(description="a site's code")] = None,
    archived: Annotated[bool, Query(description="list archived ones too")] = False,
) -> list[AssetOut]:
    """List assets with the newest reading of each signal."""
    fetched = plant.assets(
        conn,
        now=now,
        site=site,
        within=who.sites,
        archived=archived,
        limit=part.fetched,
        after=part.after(ASSETS),
    )
    found = part.of_fetched(fetched, ASSETS)
    ids = [asset.id for asset in found]
    signals, newest = plant.signals(conn, ids), telemetry.newest(conn, ids)
    return [AssetOut.of(asset, signals.get(asset.id, []), newest.get(asset.id, [])) for asset in found]


@router.get("/assets/{asset_id}", dependencies=[SEES])
def asset(asset_id: int, conn: Conn, now: Now) -> OneAssetOut:
    """Read one asset with the newest reading of each signal, its installations, and its predecessors there."""
    found = plant.asset(conn, asset_id, now=now)
    signals, newest = plant.signals(conn, [asset_id]), telemetry.newest(conn, [asset_id])
    shown = AssetOut.of(found, signals.get(asset_id, []), newest.get(asset_id, []))
    return OneAssetOut.with_places(shown, plant.installed(conn, asset_id))


@router.get("/assets/{asset_id}/health", dependencies=[SEES])
def health_of(asset_id: int, conn: Conn, now: Now) -> HealthOut:
    """Read an asset's health, its trend, when it is likely to reach a limit, and how long it is likely to live."""
    found = plant.asset(conn, asset_id, now=now).id
    return HealthOut.of(found, health.of_asset(conn, found), survival.of_asset(conn, found))


@router.get("/assets/{asset_id}/readings", dependencies=[SEES])
def readings(
    asset_id: int,
    conn: Conn,
    now: Now,
    start: Annotated[Moment | None, Query(description="event time; none: a day before the end")] = None,
    end: Annotated[Moment | None, Query(description="event time, not included; none: the newest reading")] = None,
    bucket_s: Annotated[float | None, Query(gt=0, le=31_536_000, description="none: some 400 buckets")] = None,
    signal: Annotated[list[str] | None, Query(description="names of signals; none: all")] = None,
) -> ReadingsOut:
    """Read the readings of an asset's signals by bucket: minimum, mean and maximum. Empty buckets are left out."""
    found = plant.asset(conn, asset_id, now=now)
    end = end or _end_of_readings(conn, asset_id, now)
    start = start or end - timedelta(days=1)
    if not start < end:
        raise InvalidRange("start", "end")
    width = bucket_s or max(1, ceil((end - start).total_seconds() / _SHOWN_BUCKETS))
    if (end - start).total_seconds() / width > MOST_BUCKETS:
        raise TooMany(say("the buckets of this span"), MOST_BUCKETS, say("ask for a shorter span or a longer bucket_s"))
    by_signal = telemetry.series(conn, asset_id, start=start, end=end, bucket=timedelta(seconds=width), signals=signal)
    known = plant.signals(conn, [asset_id]).get(asset_id, [])
    return ReadingsOut(
        asset_id=asset_id,
        time_zone=found.time_zone,
        start=start,
        end=end,
        bucket_s=width,
        series=[SeriesOut.of(each, by_signal[each.name]) for each in known if each.name in by_signal],
    )


@router.get("/assets/{asset_id}/late-excursions", dependencies=[SEES])
def late(
    asset_id: int,
    conn: Conn,
    now: Now,
    part: Paged,
    start: Annotated[Moment | None, Query(description="event time; none: thirty days before the end")] = None,
    end: Annotated[Moment | None, Query(description="event time, not included; none: now")] = None,
) -> list[LateExcursionOut]:
    """List excursions beyond limits in force in readings that were too late to be judged, the oldest first, by rule."""
    found = plant.asset(conn, asset_id, now=now)
    end = end or now
    start = start or end - timedelta(days=30)
    if not start < end:
        raise InvalidRange("start", "end")
    key = f"{found.site_code}/{found.code}"
    excursions = late_excursions.of_asset(conn, asset_id, key, found.asset_class, start=start, end=end)
    return [LateExcursionOut.of(each) for each in part.of_all(excursions, OLDEST_FIRST)]


def _end_of_readings(conn: Connection, asset_id: int, now: datetime) -> datetime:
    """Just after the newest reading, so that an asset that fell silent still shows its last day."""
    newest = telemetry.newest(conn, [asset_id]).get(asset_id, [])
    return max((each.observed_at for each in newest), default=now) + timedelta(microseconds=1)
