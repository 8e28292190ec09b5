"""The formats and topics of the settings, and the state of formats that has to be stored."""

import time
from collections.abc import Sequence

from psycopg import Connection

from db.plant import devices
from db.telemetry import judge as judge_db
from db.telemetry import readings, sources
from db.telemetry.catalogue import Catalogue
from ingest.broker.subscriber import Presence, Subscriber
from ingest.formats import mapping
from ingest.formats.format import Format, Stale
from ingest.formats.formats import Formats
from ingest.formats.mapped import Mapped
from ingest.formats.paths import Text
from ingest.formats.sparkplug import Names, Sparkplug
from ingest.formats.thingsboard import ThingsBoard
from ingest.names import Names as ForeignNames
from judge.inputs import Event
from runtime.settings import Settings


def load_formats(settings: Settings, conn: Connection | None = None) -> Formats:
    """Return the formats of the settings, with their stored state. Raises InvalidMapping."""
    foreign = ForeignNames() if conn is None else sources.foreign_names(conn)
    return Formats(
        configured(settings, foreign, conn),
        seen=None if conn is None else sources.seen_digests(conn),
        bindings=None if conn is None else devices.bindings(conn),
        names=foreign,
    )


def configured(settings: Settings, foreign: ForeignNames, conn: Connection | None = None) -> list[Format]:
    """Return the formats of the settings. The first one that accepts a topic reads it."""
    asked: list[Format | None] = [
        _sparkplug(settings, foreign, conn),
        Mapped([mapping.read(each) for each in settings.mappings]),
        _thingsboard(settings),
    ]
    return [each for each in asked if each is not None]


def _sparkplug(settings: Settings, foreign: ForeignNames, conn: Connection | None) -> Sparkplug | None:
    if settings.sparkplug_host is None:
        return None
    names = Names(Text.of(settings.sparkplug_site), Text.of(settings.sparkplug_asset))
    patience_us = round(settings.sparkplug_rebirth_s * 1e6)
    host = Sparkplug(settings.sparkplug_host, names, foreign=foreign, patience_us=patience_us)
    if conn is not None:
        sources.restore_sparkplug(conn, host)
    return host


def _thingsboard(settings: Settings) -> ThingsBoard | None:
    if settings.thingsboard_site is None:
        return None
    return ThingsBoard(settings.thingsboard_site, settings.thingsboard_device)


def host_of(formats: Formats) -> Sparkplug | None:
    """Return the Sparkplug host application among the formats: its presence is announced, its state stored."""
    return next((each for each in formats if isinstance(each, Sparkplug)), None)


def topics(settings: Settings) -> list[str]:
    """Return what to subscribe to: the topics of the settings, and those of every format."""
    return list(dict.fromkeys([*settings.topics, *load_formats(settings).filters()]))


def presence(formats: Formats) -> Presence | None:
    """Return the messages that tell edge nodes that we are online: at connecting, and when the connection ends."""
    host, now_us = host_of(formats), time.time_ns() // 1000
    if host is None:
        return None
    return Presence(host.state_topic, host.presence(True, now_us), host.presence(False, now_us))


def mark_stale(conn: Connection, stale: Sequence[Stale], catalogue: Catalogue, first: int) -> list[Event]:
    """Store that signals are stale; return the events for the judge, numbered from ``first`` on."""
    events: list[Event] = []
    for each in stale:
        asset = catalogue.known(f"{each.site}/{each.asset}")
        if asset is None:
            continue
        names = [name for name in (asset.aliases.get(name, name) for name in each.signals) if name in asset.signals]
        if names:
            judge_db.add(conn, "stale", {"signals": sorted(names)}, "system:sparkplug", asset.id)
            events += judge_db.number(conn, judge_db.written(conn), first + len(events))
            ids = [asset.signals[name] for name in names]
            readings.mark_stale(conn, ids, at_us=each.at_us, arrival=events[-1].arrival)
            for signal in ids:
                catalogue.newest.pop(signal, None)
    return events


def reload_bindings(conn: Connection, formats: Formats) -> None:
    """Reload what may change while the engine runs: which device may send for which asset."""
    with conn.transaction():
        formats.bindings = devices.bindings(conn)


def connected(formats: Formats) -> None:
    """Tell the formats that the connection is new: senders that were connected before have to announce their signals
    again.
    """
    formats.connected(time.time_ns() // 1000)


def answer(formats: Formats, subscriber: Subscriber) -> None:
    """Publish the requests that the committed batch caused."""
    for topic, request in formats.requests(time.time_ns() // 1000):
        subscriber.publish(topic, request)
    host = host_of(formats)
    if host is not None and host.announce_again:
        host.announce_again = False
        subscriber.announce()


def remember(conn: Connection, formats: Formats) -> None:
    """Store the formats' state, in the batch's own transaction."""
    sources.remember_seen(conn, formats.newly_seen())
    sources.own_names(conn, formats.names)
    host = host_of(formats)
    if host is not None:
        sources.save_sparkplug(conn, host)
