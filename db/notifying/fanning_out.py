"""Chooses the receivers of events and when each gets its message, and makes the messages of what was held. The caller
owns the transaction.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, scalar_row, tuple_row

from db import sql
from db.events import deliveries, receivers
from db.events.events import Event
from db.notifying import policies
from db.oncall import chiefs, counting, rotas
from db.plant import plant
from workorder_core.notifying import kinds, whom
from workorder_core.notifying.attempts import Channel
from workorder_core.notifying.kinds import Choice, Happened
from workorder_core.notifying.policies import NO_POLICY, NO_SETTINGS, Policy, Rule
from workorder_core.notifying.when import Gather, Send, Withhold, decide
from workorder_core.notifying.whom import Receiver
from workorder_core.sentences import say

_QUERIES = sql.load("notifying")
REQUESTER = "requester"
"""Of a rule: the person who has requested the order that the news is of."""


def fan_out(conn: Connection, found: Sequence[Event], *, now: datetime) -> None:
    """Queue events for their receivers, each with when it is sent or why it is not, and make the messages now due."""
    round_ = _Round(conn, now)
    for event in found:
        happened = happened_of(event)
        for recipient in round_.recipients_of(happened, event.order_id):
            round_.queue(event, happened, recipient)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipient:
    """A receiver of an event, why, and by which site's policy; ``forbidden``: they chose it, and may not."""

    receiver: Receiver
    why: str
    policy: Policy
    chosen: bool = False
    forbidden: bool = False


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
    _sites: list[str] | None = None
    _on_call: dict[tuple[str, str], Collection[str]] = field(default_factory=dict)
    _chiefs: dict[str, str] = field(default_factory=dict)

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

    def recipients_of(self, event: Happened, order_id: UUID | None) -> Iterator[_Recipient]:
        """Yield who gets an event and why, by their own choice or by a policy; then those who may not choose it."""
        found: set[int] = set()
        forbidden: dict[int, _Recipient] = {}
        policies = self._policies_for(event)
        for each in self.everybody:
            if (why := whom.reason(each, event)) is None:
                continue
            policy = policies.get(event.site, NO_POLICY)
            recipient = _Recipient(receiver=each, why=why, policy=policy, chosen=True)
            if why in list(Choice) and self._forbid(policies, Choice(why), each.channel):
                forbidden[each.id] = replace(recipient, forbidden=True)
                continue
            found.add(each.id)
            yield recipient
        if event.recorded_at - event.at <= whom.OF_THE_PAST:
            for choice in kinds.of(event):
                for site, policy in policies.items():
                    rule = self._opened(policy.rule(choice), event, order_id)
                    for each in self._by_rule(event, site or "", choice, rule):
                        if each.id not in found:
                            found.add(each.id)
                            yield _Recipient(receiver=each, why=choice.value, policy=policy)
        yield from (each for number, each in forbidden.items() if number not in found)

    def _policies_for(self, event: Happened) -> Mapping[str | None, Policy]:
        """Return the policies that decide about an event, by site: its site's; for the whole plant each site's, of
        which a person who sees every site gets it by the first that names them.
        """
        if event.site is not None:
            return {event.site: self.policies.get(event.site, NO_POLICY)}
        if self._sites is None:
            self._sites = [each.code for each in plant.sites(self.conn, None)]
        return {code: self.policies.get(code, NO_POLICY) for code in self._sites}

    def _forbid(self, policies: Mapping[str | None, Policy], choice: Choice, channel: Channel) -> bool:
        return bool(policies) and all(channel in each.rule(choice).forbidden for each in policies.values())

    def queue(self, event: Event, happened: Happened, to: _Recipient) -> None:
        """Store the message of an event for a receiver, as it is decided."""
        receiver, facts = to.receiver, dict[str, Any]()
        urgent = event.kind == kinds.ASKED
        if receiver.channel.is_of_a_person and to.why in list(Choice):
            urgent = kinds.is_urgent(happened, Choice(to.why))
            facts = self._when(event, to, urgent=urgent)
        if facts.get("state", "pending") == "pending":
            self._sent[receiver.id].append(self.now)
        deliveries.add(self.conn, receiver.id, event.id, to.why, at=self.now, urgent=urgent, chosen=to.chosen, **facts)

    def _when(self, event: Event, to: _Recipient, *, urgent: bool) -> dict[str, Any]:
        if to.forbidden:
            return {"state": "withheld", "note": say("the site's policy forbids this by the channel")}
        policy, receiver = to.policy, to.receiver
        same_at, sameness = None, ""
        if policy.same_within:
            sameness = f"{event.kind} {event.subject} {event.data.get('source', '')}"
            asked = {"receiver": receiver.id, "sameness": sameness, "after": self.now - policy.same_within}
            with self.conn.cursor(row_factory=scalar_row) as cursor:
                same_at = cursor.execute(_QUERIES["same"], asked).fetchone()
        mine, sent = self._settings.get(receiver.person or "", NO_SETTINGS), self._sent[receiver.id]
        match decide(to.why, policy, mine, now=self.now, sent=sent, same_at=same_at, chosen=to.chosen, urgent=urgent):
            case Send():
                return {"sameness": sameness}
            case Gather(at, note):
                return {"state": "held", "due_at": at, "note": note, "sameness": sameness}
            case Withhold(note):
                return {"state": "withheld", "note": note, "sameness": sameness}

    def _opened(self, rule: Rule, event: Happened, order_id: UUID | None) -> Rule:
        """Return a rule with the person who has requested the order in place of ``requester``; without, if they have
        done it themselves.
        """
        if REQUESTER not in rule.to:
            return rule
        with self.conn.cursor(row_factory=scalar_row) as cursor:
            by = str(cursor.execute(_QUERIES["requested_by"], {"order": order_id}).fetchone() or "")
        others = tuple(each for each in rule.to if each != REQUESTER)
        is_other = by.startswith("person:") and by != event.data.get("actor")
        return replace(rule, to=(*others, by) if is_other else others)

    def _by_rule(self, event: Happened, site: str, choice: Choice, rule: Rule) -> Iterator[Receiver]:
        """Yield the receivers of whom a rule names, who see the site: by its channels, by banner if they have none."""
        if not rule.to:
            return
        for person in self._named(event, site, choice, rule.to):
            theirs = {each.channel: each for each in self.everybody if each.person == person}
            found = [
                theirs[channel] for channel in rule.channels if channel in theirs and channel is not Channel.BANNER
            ]
            yield from found
            if Channel.BANNER in rule.channels or not found:
                yield theirs.get(Channel.BANNER) or self._new_banner(person)

    def _new_banner(self, person: str) -> Receiver:
        self.conn.execute(_QUERIES["add_banner"], {"user": person, "at": self.now})
        self.everybody = receivers.whom_to_tell(self.conn)
        return next(each for each in self.everybody if each.person == person and each.channel is Channel.BANNER)

    def _named(self, event: Happened, site: str, choice: Choice, to: Sequence[str]) -> list[str]:
        if self._people is None:
            with self.conn.cursor(row_factory=dict_row) as cursor:
                self._people = cursor.execute(_QUERIES["people"]).fetchall()
        return [
            row["person"]
            for row in self._people
            if (row["sites"] is None or event.site in row["sites"])
            and whom.may_hear(row["roles"], event.kind)
            and (not row["is_contractor"] or self._is_of_contractor(row, event, choice))
            and any(self._is_named(row, event, site, choice, each) for each in to)
        ]

    def _is_of_contractor(self, row: Mapping[str, Any], event: Happened, choice: Choice) -> bool:
        return choice in whom.OF_CONTRACTORS and self._is_named(row, event, event.site or "", choice, "concerned")

    def _is_named(self, row: Mapping[str, Any], event: Happened, site: str, choice: Choice, target: str) -> bool:
        kind, _, name = target.partition(":")
        match kind:
            case "everybody":
                return True
            case "chief":
                return str(row["person"]) == self._chief_of(site)
            case "concerned":
                of_row = {name: row[name] for name in ("person", "technician", "technician_site")}
                someone = Receiver(id=0, channel=Channel.BANNER, wants=(), sites=None, **of_row)
                return choice.is_mine and whom.concerns(choice, someone, event)
            case "person":
                return str(row["person"]) == name
            case "role":
                return name in set(row["roles"])
            case "crew":
                return f"{site}/{name}" in set(row["crews"])
            case _:
                return row["person"] in self._now_on_call(site, name)

    def _chief_of(self, site: str) -> str:
        if site not in self._chiefs:
            found = chiefs.of_site(self.conn, site)
            self._chiefs[site] = "" if found is None else found.person
        return self._chiefs[site]

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
