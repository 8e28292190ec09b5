"""A Sparkplug B 3.0 host application: what edge nodes and their devices publish, with births, aliases and deaths.

What a message by alias means depends on the newest birth, so a lost message takes the aliases' meaning away: until the
rebirth that is then asked for, only metrics that come by name are taken. A value under a wrong signal would be worse
than one in quarantine. All times are the wall clock's epoch microseconds.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingest import border
from ingest.border import Bad, Bounds, Taken
from ingest.formats import json_text, sparkplug_metrics
from ingest.formats.edge_nodes import NODE, EdgeNodes, Member, Node
from ingest.formats.format import Format, Stale
from ingest.formats.paths import Text
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.formats.sparkplug_metrics import Known
from ingest.messages import Details, Frame, Message, Reason, Refused
from ingest.names import Names as ForeignNames

PREFIX = "spBv1.0/"
_TOPIC = re.compile(rf"{PREFIX}([^/]+)/([ND](?:BIRTH|DATA|DEATH))/([^/]+)(?:/([^/]+))?")
_LONGEST = 200
"""Of a group's, node's or device's name, in characters."""
ASKED_PER_S = 50
ASKED_AT_ONCE = 200
"""Rebirth requests to nodes that are not alive. Whoever makes up node names must not make us flood the broker."""


@dataclass(frozen=True, slots=True)
class Names:
    """How ids become sites, assets and locations: ``{group}``, ``{node}`` and ``{device}``.

    The device of a node's own metrics is the node.
    """

    site: Text = field(default_factory=lambda: Text.of("{group}"))
    asset: Text = field(default_factory=lambda: Text.of("{device}"))
    location: Text = field(default_factory=lambda: Text.of("{node}"))


class Sparkplug(Format):
    """The state of all edge nodes, and what it leads to. No I/O: what has to be stored or sent is handed out.

    ``changed`` nodes, ``reborn`` nodes and devices, and ``lives_changed`` wait to be stored with the batch.

    Parameters
    ----------
    host
        The id of this host application.
    foreign
        Which name has which code and signal, of all that was ever heard: it outlives nodes that are forgotten.
    patience_us
        A node is asked for a rebirth at most this often; four times that without a sign of life after our connection
        was new, and what it measured is stale.
    """

    of_its_moment = True

    def __init__(
        self,
        host: str,
        names: Names | None = None,
        *,
        foreign: ForeignNames | None = None,
        patience_us: int = 5_000_000,
    ) -> None:
        self.host, self.names, self.patience_us = host, names or Names(), patience_us
        self.foreign = foreign or ForeignNames()
        self.nodes = EdgeNodes()
        self.changed: set[tuple[str, str]] = set()
        self.lives_changed: set[tuple[str, str]] = set()
        self.reborn: set[tuple[str, str, str]] = set()
        self._stale: list[Stale] = []
        self._ask: list[tuple[str, str]] = []
        self._may_ask, self._counted_us = float(ASKED_AT_ONCE), 0
        self.announce_again = False

    @property
    def state_topic(self) -> str:
        return f"{PREFIX}STATE/{self.host}"

    def filters(self) -> list[str]:
        """Return the topic filters to subscribe to."""
        node = [f"{PREFIX}+/N{kind}/+" for kind in ("BIRTH", "DATA", "DEATH")]
        return [*node, *(f"{PREFIX}+/D{kind}/+/+" for kind in ("BIRTH", "DATA", "DEATH")), self.state_topic]

    def takes(self, topic: str) -> bool:
        """Return whether a topic is in Sparkplug's namespace."""
        return topic.startswith(PREFIX)

    def presence(self, online: bool, since_us: int) -> bytes:
        """Return the payload of our STATE: at a connection and in its will the time must be the same."""
        return json.dumps({"online": online, "timestamp": since_us // 1000}).encode()

    def connected(self, now_us: int) -> None:
        """Our connection is new: what was published meanwhile is lost, so every living node is asked for a rebirth."""
        for key, node in self.nodes.items():
            if node.alive:
                node.silent_since_us = now_us
                self._want(key, node, now_us)

    def overdue(self, now_us: int) -> None:
        """Whoever gives no sign of life, or is not born again with its node, is stale."""
        for key, node in self.nodes.items():
            if node.silent_since_us is not None and now_us - node.silent_since_us >= 4 * self.patience_us:
                self._die(key, node, node.members, now_us)
            for device, member in node.members.items():
                if member.awaited_us is not None and now_us - member.awaited_us >= 4 * self.patience_us:
                    self._die(key, node, [device], now_us)

    def requests(self, now_us: int) -> list[tuple[str, bytes]]:
        """Return, once, the topics and payloads of the commands to publish."""
        asked, self._ask = dict.fromkeys(self._ask), []
        return [(f"{PREFIX}{group}/NCMD/{node}", sparkplug_metrics.rebirth_request(now_us)) for group, node in asked]

    def stale(self) -> list[Stale]:
        """Return, once, what has become stale."""
        stale, self._stale = self._stale, []
        return stale

    def restore(
        self, group: str, node_id: str, node: Node, members: Iterable[tuple[str, bytes, bool, int | None]]
    ) -> None:
        """Go on with a node as it was stored: (device, birth, alive, awaited since). Past the bound it is forgotten."""
        key = group, node_id
        try:
            kept = self.nodes.meet(key)
        except Bad:
            self.nodes.forgotten.add(key)
            return
        kept.bd_seq, kept.seq, kept.trusted = node.bd_seq, node.seq, node.trusted
        for device, raw, alive, awaited_us in members:
            try:
                member = self._member(group, node_id, device, raw)
                member.alive, member.awaited_us = alive, awaited_us
                self.nodes.put(key, device, member)
            except Bad:
                continue  # Other settings make no code of its name, or another's: its next message tells of it.

    def parse(self, message: Message, bounds: Bounds, _: object = None) -> tuple[list[Frame], list[Refused]]:
        """Return the frames of a message and what of it is refused."""
        frames: list[Frame] = []
        bad = border.Problems()
        try:
            if message.topic == self.state_topic:
                self._hear_of_ourselves(message.payload)
            else:
                frames += self._read(message, bounds, bad)
        except Bad as wrong:
            bad.append(wrong)
        except Exception:
            self._doubt(message)
            raise
        return frames, border.refusals(message, bad) if bad else []

    def _doubt(self, message: Message) -> None:
        """Treat a message that made us fail as one that was lost: its node is asked for all that it knows."""
        place = _TOPIC.fullmatch(message.topic)
        node = None if place is None else self.nodes.get((place[1], place[3]))
        if place is not None and node is not None:
            key = place[1], place[3]
            node.trusted = False
            self.changed.add(key)
            self._want(key, node, message.received_us)

    def _hear_of_ourselves(self, raw: bytes) -> None:
        said = json_text.document(raw) if raw else {"online": False}  # Empty: somebody has cleared it.
        if isinstance(said, dict) and said.get("online") is False:
            self.announce_again = True

    def _read(self, message: Message, bounds: Bounds, bad: list[Bad]) -> Iterator[Frame]:
        place = _TOPIC.fullmatch(message.topic)
        if place is None or (place[2][0] == "D") != (place[4] is not None) or "\0" in message.topic:
            raise Bad(Reason.WRONG_TOPIC, "the topic must be spBv1.0/<group>/<message type>/<node>[/<device>]")
        group, kind, node_id, device = place[1], place[2][1:], place[3], place[4] or NODE
        if max(map(len, (group, node_id, device))) > _LONGEST:
            raise Bad(Reason.WRONG_TOPIC, f"a name in the topic has more than {_LONGEST} characters")
        if message.retained:
            raise Bad(
                Reason.NOT_BORN, "the broker kept it from before we came; Sparkplug's messages are never retained"
            )
        said = sparkplug_metrics.decode(message.payload)
        bad += sparkplug_metrics.readable(said)
        key = group, node_id
        node = self.nodes.get(key)
        if kind == "DEATH":
            self._hear_of_death(key, node, device, said, message)
            return
        if device == NODE and kind == "BIRTH":
            node = self.nodes.meet(key)
        if node is None or not (node.alive or (device == NODE and kind == "BIRTH")):
            node = self.nodes.meet(key)
            if NODE in node.left_out:
                raise Bad(Reason.WRONG_TOPIC, f"the birth of {group}/{node_id} was refused; the quarantine tells why")
            asked = "it was asked for its birth"
            if not self._want(key, node, message.received_us):
                asked = "it is asked for its birth when it is heard again, because many others are asked now"
            raise Bad(Reason.NOT_BORN, f"node {group}/{node_id} has not been born; {asked}")
        node.silent_since_us = None
        self.changed.add(key)
        if kind == "BIRTH":
            member = self._be_born(key, node, device, said, message, bad)
        else:
            member = self._living(key, node, device, said, message)
        yield from self._frames(key, node, member, said, message, bounds, bad)

    def _be_born(
        self, key: tuple[str, str], node: Node, device: str, said: Payload, message: Message, bad: list[Bad]
    ) -> Member:
        if device != NODE:
            self._follow(key, node, said, message)
        try:
            member = self._member(*key, device, message.payload)
            before = node.members.get(device)
            self.nodes.put(key, device, member)
        except Bad:
            self.nodes.leave_out(key, device)
            raise
        self.nodes.admit(key, device)
        if device == NODE:
            node.bd_seq, node.seq, node.trusted = member.birth.bd_seq, _seq(said), True
            for name, other in node.members.items():
                if name != NODE and other.alive:
                    other.awaited_us = message.received_us
                    self.lives_changed.add(key)
        if before is not None:
            gone = set(before.birth.signals) - set(member.birth.signals)
            self._tell_stale(member, gone, message.received_us)
        self.reborn.add((*key, device))
        bad += [Bad(Reason.WRONG_SIGNAL, problem) for problem in member.birth.left_out]
        if others := sparkplug_metrics.no_values(member.birth):
            told = ", ".join(each[:80] for each in others[:5]) + (" and others" if len(others) > 5 else "")
            bad.append(Bad(Reason.NOT_A_NUMBER, f"only numbers and texts can be readings, not {told}"))
        return member

    def _living(self, key: tuple[str, str], node: Node, device: str, said: Payload, message: Message) -> Member:
        self._follow(key, node, said, message)
        if device in node.left_out:
            raise Bad(Reason.WRONG_TOPIC, f"the birth of {device[:80]} was refused; the quarantine tells why")
        member = node.members.get(device)
        if member is None or not member.alive or member.awaited_us is not None:
            self._want(key, node, message.received_us)
            raise Bad(Reason.NOT_BORN, f"device {device[:80]} has not been born since its node was; it was asked for")
        return member

    def _hear_of_death(
        self, key: tuple[str, str], node: Node | None, device: str, said: Payload, message: Message
    ) -> None:
        if node is None:
            return
        if device != NODE:
            self._follow(key, node, said, message)
            self._die(key, node, [device], message.received_us)
            return
        number = sparkplug_metrics.death_number(said)
        if number is not None and node.bd_seq is not None and number != node.bd_seq:
            return  # The will of an earlier connection: the node has been born again since.
        self._die(key, node, node.members, message.received_us)

    def _die(self, key: tuple[str, str], node: Node, devices: Iterable[str], at_us: int) -> None:
        self.changed.add(key)
        for device in list(devices):
            member = node.members.get(device)
            if member is not None and member.alive:
                member.alive, member.awaited_us = False, None
                self.lives_changed.add(key)
                self._tell_stale(member, member.birth.signals, at_us)
        if not node.alive:
            node.silent_since_us = None
        self.nodes.settle(key)

    def _follow(self, key: tuple[str, str], node: Node, said: Payload, message: Message) -> None:
        """Follow the sequence numbers. One that is missing may have been a birth with other aliases."""
        self.changed.add(key)
        seq = _seq(said)
        if seq is None or node.seq is None:
            node.seq = seq
            return
        expected = (node.seq + 1) % 256
        if seq != expected:
            if message.again and (node.seq - seq) % 256 < 128:
                return  # It was taken before, and the broker sends it again.
            node.trusted = False
            self._want(key, node, message.received_us)
        elif not node.trusted:
            self._want(key, node, message.received_us)
        node.seq = seq

    def _want(self, key: tuple[str, str], node: Node, now_us: int) -> bool:
        """Ask a node for a rebirth where it was not asked just now; return whether it is asked, or was."""
        if now_us - node.asked_us >= self.patience_us:
            if not node.alive and not self._has_turn(now_us):
                return False
            node.asked_us = now_us
            self._ask.append(key)
        return True

    def _has_turn(self, now_us: int) -> bool:
        """Whether one more node that is not alive may be asked now."""
        passed_us, self._counted_us = max(0, now_us - self._counted_us), max(now_us, self._counted_us)
        self._may_ask = min(float(ASKED_AT_ONCE), self._may_ask + passed_us * ASKED_PER_S / 1e6)
        if self._may_ask < 1:
            return False
        self._may_ask -= 1
        return True

    def _frames(
        self,
        key: tuple[str, str],
        node: Node,
        member: Member,
        said: Payload,
        message: Message,
        bounds: Bounds,
        bad: list[Bad],
    ) -> list[Frame]:
        # What is measured twice at one time has a frame each: the first is stored, the other one is told of.
        taken: dict[tuple[int, bool, int, int], Taken] = {}
        times: Counter[tuple[int, bool, int, str]] = Counter()
        nulls = []
        for metric in said.metrics:
            if sparkplug_metrics.is_control(metric):
                continue
            try:
                known = self._known(key, node, member, metric, message)
                if known is None:
                    continue
                found = None if metric.is_null else sparkplug_metrics.value(metric, known.datatype)
                if found is None:
                    nulls.append(known.signal)
                    continue
                ms = metric.timestamp or said.timestamp
                at_us = message.received_us
                if ms:
                    at_us = border.within(ms * 1000, at_us, bounds, us_each=1000)
                place = (at_us, metric.is_historical, sparkplug_metrics.quality(metric))
                nth = times[*place, known.signal]
                times[*place, known.signal] += 1
                taken.setdefault((*place, nth), Taken()).put(known.signal, found)
            except Bad as wrong:
                bad.append(wrong)
        self._tell_stale(member, nulls, message.received_us)
        units = member.birth.units
        return [
            Frame(member.site, member.asset, at_us, message.received_us, each.values, each.details(Details(
                location=member.location, historical=historical, quality=quality, units=units,
            )))
            for (at_us, historical, quality, _), each in sorted(taken.items(), key=lambda each: each[0])
        ]  # fmt: skip

    def _known(
        self, key: tuple[str, str], node: Node, member: Member, metric: Payload.Metric, message: Message
    ) -> Known | None:
        """Return what is known of a metric; None for one that its birth has told to be no value."""
        if metric.name:
            known = member.birth.by_name.get(metric.name)
            problem = f"{metric.name[:80]} is not among the metrics of the birth"
        else:
            known = member.birth.by_alias.get(metric.alias) if node.trusted else None
            problem = f"nobody has said what alias {metric.alias} means"
            if not node.trusted:
                problem = "messages before it were lost, so that aliases may mean something else"
        if known is not None:
            return known if known.is_value else None
        self._want(key, node, message.received_us)
        raise Bad(Reason.NOT_BORN, f"{problem}; the node was asked for a rebirth")

    def _member(self, group: str, node_id: str, device: str, raw: bytes) -> Member:
        ids = {"group": group, "node": node_id, "device": device or node_id}
        site, asset, location = (
            text.name(ids, None, None) for text in (self.names.site, self.names.asset, self.names.location)
        )
        place = self.foreign.place(site, asset)
        location = self.foreign.location(place[0], location)
        said = sparkplug_metrics.decode(raw)
        sparkplug_metrics.readable(said)
        born = sparkplug_metrics.birth(said, lambda name: self.foreign.sole_signal(place, name))
        return Member(*place, location, raw, born)

    def _tell_stale(self, member: Member, signals: Iterable[str], at_us: int) -> None:
        names = tuple(sorted(signals))
        if names:
            self._stale.append(Stale(member.site, member.asset, names, at_us))


def _seq(said: Payload) -> int | None:
    return int(said.seq) % 256 if said.HasField("seq") else None
