"""Chooses the receivers of events and when each gets its message, and makes the messages of what was held. The caller
owns the transaction.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row, tuple_row

from db import sql
from db.events import receivers
from db.events.events import Event
from db.notifying import policies
from db.oncall import counting, rotas
from workorder_core.notifying import kinds, whom
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice, Happened
from workorder_core.notifying.policies import NO_POLICY, NO_SETTINGS, Policy
from workorder_core.notifying.when import Gather, Send, Withhold, decide
from workorder_core.notifying.whom import Receiver

_QUERIES = sql.load("notifying")


def fan_out(conn: Connection, found: Sequence[Event], *, now: datetime) -> None:
    """Queue events for their receivers, each with when it is sent or why it is not, and make the messages now due."""
    round_ = _Round(conn, now)
    for event in found:
        happened = happened_of(event)
        for receiver, why, chosen in round_.receivers_of(happened):
            round_.queue(event, happened, receiver, why, chosen=chosen)
    release(conn, now=now)


def release(conn: Connection, *, now: datetime) -> int:
    """Make one message for each receiver of what was held until now; return how many events are in them."""
    return conn.execute(_QUERIES["release"], {"now": now}).rowcount


def next_release(conn: Connection) -> datetime | None:
    """Return when the next of what is held is due."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_QUERIES["next_release"]).fetchone()


def happened_of(event: Event) -> Happened:
    """Return the facts of an event that decide who is notified."""
    return Happened(kind=event.kind, site=event.site, at=event.at, recorded_at=event.recorded_at, data=event.data)


@dataclass(slots=True)
class _Round:
    """What the decisions about some events have in common: policies, settings, people, and what was sent lately."""

    conn: Connection
    now: datetime
    policies: Mapping[str, Policy] = field(init=False)
    everybody: list[Receiver] = field(init=False)
    _settings: Mapping[str, Any] = field(init=False)
    _sent: dict[int, list[datetime]] = field(init=False)
    _people: list[dict[str, Any]] | None = None
    _on_call: dict[tuple[str, str], Collection[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.policies = policies.in_force(self.conn)
        self.everybody = receivers.whom_to_tell(self.conn)
        self._settings = policies.settings(self.conn)
        longest = max((each.apart for each in self.policies.values()), default=NO_POLICY.apart)
        ids = [each.id for each in self.everybody if each.channel.is_of_a_person]
        self._sent = defaultdict(list)
        asked = {"receivers": ids, "after": self.now - max(longest, NO_POLICY.apart)}
        with self.conn.cursor(row_factory=tuple_row) as cursor:
            for receiver, made_at in cursor.execute(_QUERIES["recent"], asked):
                self._sent[receiver].append(made_at)

    def receivers_of(self, event: Happened) -> Iterator[tuple[Receiver, str, bool]]:
        """Yield who gets an event, why, and whether they have chosen it themselves."""
        policy = self._policy(event)
        chosen: set[int] = set()
        for each in self.everybody:
            if (why := whom.reason(each, event)) is None:
                continue
            if why in list(Choice) and each.channel in policy.rule(Choice(why)).forbidden:
                continue
            chosen.add(each.id)
            yield each, why, True
        for choice in kinds.of(event):
            if (rule := policy.rule(choice)).to and event.recorded_at - event.at <= whom.OF_THE_PAST:
                for each in self._by_rule(event, choice, rule.to, rule.channels):
                    if each.id not in chosen:
                        chosen.add(each.id)
                        yield each, choice.value, False

    def queue(self, event: Event, happened: Happened, receiver: Receiver, why: str, *, chosen: bool) -> None:
        """Store the message of an event for a receiver, as it is decided."""
        facts: dict[str, Any] = {
            "receiver": receiver.id,
            "event": event.id,
            "why": why,
            "at": self.now,
            "chosen": chosen,
        }
        facts |= {"state": "pending", "due": self.now, "note": "", "urgent": event.kind == kinds.ASKED, "sameness": ""}
        if receiver.channel.is_of_a_person and why in list(Choice):
            facts["urgent"] = kinds.is_urgent(happened, Choice(why))
            facts |= self._when(event, receiver, why, chosen=chosen, urgent=facts["urgent"])
        if facts["state"] == "pending":
            self._sent[receiver.id].append(self.now)
        self.conn.execute(_QUERIES["add"], facts)

    def _when(self, event: Event, receiver: Receiver, why: str, *, chosen: bool, urgent: bool) -> dict[str, Any]:
        policy = self.policies.get(event.site or "", NO_POLICY)
        same_at, sameness = None, ""
        if policy.same_within:
            sameness = f"{event.kind} {event.subject} {event.data.get('source', '')}"
            asked = {"receiver": receiver.id, "sameness": sameness, "after": self.now - policy.same_within}
            with self.conn.cursor(row_factory=scalar_row) as cursor:
                same_at = cursor.execute(_QUERIES["same"], asked).fetchone()
        mine = self._settings.get(receiver.person or "", NO_SETTINGS)
        match decide(
            why, policy, mine, now=self.now, sent=self._sent[receiver.id], same_at=same_at, chosen=chosen, urgent=urgent
        ):
            case Send():
                return {"sameness": sameness}
            case Gather(at, note):
                return {"state": "held", "due": at, "note": note, "sameness": sameness}
            case Withhold(note):
                return {"state": "withheld", "note": note, "sameness": sameness}

    def _policy(self, event: Happened) -> Policy:
        return self.policies.get(event.site or "", NO_POLICY)

    def _by_rule(
        self, event: Happened, choice: Choice, to: Sequence[str], channels: Collection[Channel]
    ) -> Iterator[Receiver]:
        """Yield the receivers of whom a rule names, who see the site: by its channels, by banner if they have none."""
        for person in self._named(event, choice, to):
            theirs = {each.channel: each for each in self.everybody if each.person == person}
            found = [theirs[channel] for channel in channels if channel in theirs and channel is not Channel.BANNER]
            yield from found
            if Channel.BANNER in channels or not found:
                yield theirs.get(Channel.BANNER) or self._new_banner(person)

    def _new_banner(self, person: str) -> Receiver:
        self.conn.execute(_QUERIES["add_banner"], {"user": person, "at": self.now})
        self.everybody = receivers.whom_to_tell(self.conn)
        return next(each for each in self.everybody if each.person == person and each.channel is Channel.BANNER)

    def _named(self, event: Happened, choice: Choice, to: Sequence[str]) -> list[str]:
        if self._people is None:
            with self.conn.cursor(row_factory=dict_row) as cursor:
                self._people = cursor.execute(_QUERIES["people"]).fetchall()
        return [
            row["person"]
            for row in self._people
            if (row["sites"] is None or event.site in row["sites"])
            and (not row["is_contractor"] or self._is_of_contractor(row, event, choice))
            and any(self._is_named(row, event, choice, each) for each in to)
        ]

    def _is_of_contractor(self, row: Mapping[str, Any], event: Happened, choice: Choice) -> bool:
        return choice in whom.OF_CONTRACTORS and self._is_named(row, event, choice, "concerned")

    def _is_named(self, row: Mapping[str, Any], event: Happened, choice: Choice, target: str) -> bool:
        kind, _, name = target.partition(":")
        match kind:
            case "everybody":
                return True
            case "concerned":
                of_row = {name: row[name] for name in ("person", "technician", "technician_site")}
                someone = Receiver(id=0, channel=Channel.BANNER, wants=(), sites=None, **of_row)
                return choice.is_mine and whom.concerns(choice, someone, event)
            case "person":
                return str(row["person"]) == name
            case "role":
                return name in set(row["roles"])
            case "crew":
                return f"{event.site}/{name}" in set(row["crews"])
            case _:
                return row["person"] in self._now_on_call(event.site or "", name)

    def _now_on_call(self, site: str, code: str) -> Collection[str]:
        if (site, code) not in self._on_call:
            stored, found = rotas.by_code(self.conn, site, code), []
            if stored is not None and stored.retired_at is None:
                until = self.now + timedelta(microseconds=1)
                found = counting.duties(self.conn, {stored.id: stored.rota}, self.now, until)[stored.id]
            self._on_call[site, code] = frozenset(each.person for each in found)
        return self._on_call[site, code]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """An event of a message, with the area and the asset that it is about; empty: none."""

    kind: str
    site: str | None
    subject: str
    at: datetime
    recorded_at: datetime
    data: Mapping[str, Any]
    why: str
    order_id: Any
    area: str
    asset: str
    asset_name: str


def gathered(conn: Connection, receiver_id: int, event_id: int) -> list[Gathered]:
    """Return the events that go in one message, in their order; one alone is in it by itself."""
    asked = {"receiver": receiver_id, "event": event_id}
    with conn.cursor(row_factory=dict_row) as cursor:
        return [Gathered(**row) for row in cursor.execute(_QUERIES["gathered"], asked)]
