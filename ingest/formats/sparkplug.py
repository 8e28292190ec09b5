"""A Sparkplug B 3.0 host application: reads what edge nodes and devices publish, with births, aliases and deaths.

The meaning of an alias depends on the newest birth, so a lost message makes aliases unreliable: until the rebirth that
is then requested, only metrics with names are accepted. A value under a wrong signal would be worse than one in
quarantine. All times are the wall clock's epoch microseconds.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingest import border
from ingest.border import Bad, Bounds, FrameValues
from ingest.formats import json_text, sparkplug_metrics
from ingest.formats.edge_nodes import NODE, EdgeNodes, Member, Node
from ingest.formats.format import Format, Stale
from ingest.formats.paths import Text
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.formats.sparkplug_metrics import Known
from ingest.messages import Details, Frame, Message, Reason, Refused
from ingest.names import Names as ForeignNames
from workorder_core.sentences import kept, marked

PREFIX = "spBv1.0/"
_TOPIC = re.compile(rf"{PREFIX}([^/]+)/([ND](?:BIRTH|DATA|DEATH))/([^/]+)(?:/([^/]+))?")
_TOPIC_FORM = "spBv1.0/<group>/<message type>/<node>[/<device>]"
_BIRTH_REFUSED = marked("the birth of {device} was refused; see the quarantine")
_LONGEST = 200
"""The longest name of a group, node or device, in characters."""
ASKED_PER_S = 50
ASKED_AT_ONCE = 200
"""Rate limit of rebirth requests to nodes that are not alive. Made-up node names must not make us flood the broker."""


@dataclass(frozen=True, slots=True)
class Names:
    """How ids become sites, assets and locations: ``{group}``, ``{node}`` and ``{device}``.

    The device of a node's own metrics is the node.
    """

    site: Text = field(default_factory=lambda: Text.of("{group}"))
    asset: Text = field(default_factory=lambda: Text.of("{device}"))
    location: Text = field(default_factory=lambda: Text.of("{node}"))


class Sparkplug(Format):
    """The state of all edge nodes. No I/O: the caller stores and sends what it returns.

    ``changed`` nodes, ``reborn`` nodes and devices, and ``lives_changed`` wait to be stored with the batch.

    Parameters
    ----------
    host
        The id of this host application.
    foreign
        The codes and signals of all names ever heard: they outlive evicted nodes.
    patience_us
        The shortest interval between rebirth requests to a node; after four times that in silence on a new connection,
        its signals are stale.
    """

    order_dependent = True

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

    def accepts(self, topic: str) -> bool:
        """Return whether a topic is in Sparkplug's namespace."""
        return topic.startswith(PREFIX)

    def presence(self, online: bool, since_us: int) -> bytes:
        """Return the payload of our STATE: the birth and the will of a connection must have the same time."""
        return json.dumps({"online": online, "timestamp": since_us // 1000}).encode()

    def connected(self, now_us: int) -> None:
        """Ask every living node for a rebirth: what was published before this connection is lost."""
        for key, node in self.nodes.items():
            if node.alive:
                node.silent_since_us = now_us
                self._request_rebirth(key, node, now_us)

    def overdue(self, now_us: int) -> None:
        """Mark nodes that stay silent, and devices that are not born again with their node, as stale."""
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
        """Return, once, the signals that have become stale."""
        stale, self._stale = self._stale, []
        return stale

    def restore(
        self, group: str, node_id: str, node: Node, members: Iterable[tuple[str, bytes, bool, int | None]]
    ) -> None:
        """Restore a stored node: (device, birth, alive, awaited since). Beyond the bound it is dropped."""
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
                continue  # Changed settings make its name invalid, or another's: its next message reports that.

    def parse(self, message: Message, bounds: Bounds, _: object = None) -> tuple[list[Frame], list[Refused]]:
        """Return the frames of a message and what of it is refused."""
        frames: list[Frame] = []
        bad = border.Problems()
        try:
            if message.topic == self.state_topic:
                self._read_own_state(message.payload)
            else:
                frames += self._read(message, bounds, bad)
        except Bad as wrong:
            bad.append(wrong)
        except Exception:
            self._distrust(message)
            raise
        return frames, border.refusals(message, bad) if bad else []

    def _distrust(self, message: Message) -> None:
        """Treat a message that caused an error like a lost one: ask its node for a rebirth."""
        topic = _TOPIC.fullmatch(message.topic)
        node = None if topic is None else self.nodes.get((topic[1], topic[3]))
        if topic is not None and node is not None:
            key = topic[1], topic[3]
            node.trusted = False
            self.changed.add(key)
            self._request_rebirth(key, node, message.received_us)

    def _read_own_state(self, raw: bytes) -> None:
        said = json_text.document(raw) if raw else {"online": False}  # Empty: somebody cleared the retained message.
        if isinstance(said, dict) and said.get("online") is False:
            self.announce_again = True

    def _read(self, message: Message, bounds: Bounds, bad: list[Bad]) -> Iterator[Frame]:
        topic = _TOPIC.fullmatch(message.topic)
        if topic is None or (topic[2][0] == "D") != (topic[4] is not None) or "\0" in message.topic:
            raise Bad(Reason.WRONG_TOPIC, kept("the topic must be {topic}", topic=_TOPIC_FORM))
        group, kind, node_id, device = topic[1], topic[2][1:], topic[3], topic[4] or NODE
        if max(map(len, (group, node_id, device))) > _LONGEST:
            raise Bad(Reason.WRONG_TOPIC, kept("a name in the topic has more than {most} characters", most=_LONGEST))
        if message.retained:
            raise Bad(Reason.NOT_BORN, kept("it is a retained message; Sparkplug's messages are never retained"))
        said = sparkplug_metrics.decode(message.payload)
        bad += sparkplug_metrics.readable(said)
        key = group, node_id
        node = self.nodes.get(key)
        if kind == "DEATH":
            self._read_death(key, node, device, said, message)
            return
        if device == NODE and kind == "BIRTH":
            node = self.nodes.meet(key)
        if node is None or not (node.alive or (device == NODE and kind == "BIRTH")):
            node = self.nodes.meet(key)
            if NODE in node.left_out:
                raise Bad(Reason.WRONG_TOPIC, kept(_BIRTH_REFUSED, device=f"{group}/{node_id}"))
            asked = kept("it was asked for its birth")
            if not self._request_rebirth(key, node, message.received_us):
                asked = kept("it will be asked for its birth when it is heard again; too many others are asked now")
            problem = kept("node {node} has not been born; {asked}", node=f"{group}/{node_id}", asked=asked)
            raise Bad(Reason.NOT_BORN, problem)
        node.silent_since_us = None
        self.changed.add(key)
        if kind == "BIRTH":
            member = self._read_birth(key, node, device, said, message, bad)
        else:
            member = self._living(key, node, device, said, message)
        yield from self._frames(key, node, member, said, message, bounds, bad)

    def _read_birth(
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
            self._mark_stale(member, gone, message.received_us)
        self.reborn.add((*key, device))
        bad += [Bad(Reason.WRONG_SIGNAL, problem) for problem in member.birth.left_out]
        if others := sparkplug_metrics.no_values(member.birth):
            listed = ", ".join(each[:80] for each in others[:5]) + (" and others" if len(others) > 5 else "")
            problem = kept("only numbers and texts can be readings, not {listed}", listed=listed)
            bad.append(Bad(Reason.NOT_A_NUMBER, problem))
        return member

    def _living(self, key: tuple[str, str], node: Node, device: str, said: Payload, message: Message) -> Member:
        self._follow(key, node, said, message)
        if device in node.left_out:
            raise Bad(Reason.WRONG_TOPIC, kept(_BIRTH_REFUSED, device=device[:80]))
        member = node.members.get(device)
        if member is None or not member.alive or member.awaited_us is not None:
            self._request_rebirth(key, node, message.received_us)
            problem = kept("device {device} has not been born since its node was; it was asked for", device=device[:80])
            raise Bad(Reason.NOT_BORN, problem)
        return member

    def _read_death(
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
                self._mark_stale(member, member.birth.signals, at_us)
        if not node.alive:
            node.silent_since_us = None
        self.nodes.settle(key)

    def _follow(self, key: tuple[str, str], node: Node, said: Payload, message: Message) -> None:
        """Check the sequence number. A missing message may have been a birth with other aliases."""
        self.changed.add(key)
        seq = _seq(said)
        if seq is None or node.seq is None:
            node.seq = seq
            return
        expected = (node.seq + 1) % 256
        if seq != expected:
            if message.again and (node.seq - seq) % 256 < 128:
                return  # A redelivery of a message that was read before.
            node.trusted = False
            self._request_rebirth(key, node, message.received_us)
        elif not node.trusted:
            self._request_rebirth(key, node, message.received_us)
        node.seq = seq

    def _request_rebirth(self, key: tuple[str, str], node: Node, now_us: int) -> bool:
        """Ask a node for a rebirth unless it was just asked; return False if the rate limit prevents it."""
        # One that was asked in the future was asked before the clock was set back.
        if not 0 <= now_us - node.asked_us < self.patience_us:
            if not node.alive and not self._within_rate(now_us):
                return False
            node.asked_us = now_us
            self._ask.append(key)
        return True

    def _within_rate(self, now_us: int) -> bool:
        """Return whether one more node that is not alive may be asked now, and count it."""
        if self._counted_us - now_us > self.patience_us:
            self._counted_us = now_us  # the clock was set back
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
        # Two values of a signal at one time get a frame each: the first is stored, the second is reported.
        by_time: dict[tuple[int, bool, int, int], FrameValues] = {}
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
                moment = (at_us, metric.is_historical, sparkplug_metrics.quality(metric))
                nth = times[*moment, known.signal]
                times[*moment, known.signal] += 1
                by_time.setdefault((*moment, nth), FrameValues()).put(known.signal, found)
            except Bad as wrong:
                bad.append(wrong)
        self._mark_stale(member, nulls, message.received_us)
        units = member.birth.units
        return [
            Frame(member.site, member.asset, at_us, message.received_us, each.values, each.details(Details(
                location=member.location, historical=historical, quality=quality, units=units,
            )))
            for (at_us, historical, quality, _), each in sorted(by_time.items(), key=lambda each: each[0])
        ]  # fmt: skip

    def _known(
        self, key: tuple[str, str], node: Node, member: Member, metric: Payload.Metric, message: Message
    ) -> Known | None:
        """Return the definition of a metric; None for one that its birth declared as no value."""
        if metric.name:
            known = member.birth.by_name.get(metric.name)
            problem = kept("{name} is not among the metrics of the birth", name=metric.name[:80])
        else:
            known = member.birth.by_alias.get(metric.alias) if node.trusted else None
            problem = kept("alias {alias} is not defined by the birth", alias=metric.alias)
            if not node.trusted:
                problem = kept("messages before it were lost, so its aliases may be outdated")
        if known is not None:
            return known if known.is_value else None
        self._request_rebirth(key, node, message.received_us)
        raise Bad(Reason.NOT_BORN, kept("{problem}; the node was asked for a rebirth", problem=problem))

    def _member(self, group: str, node_id: str, device: str, raw: bytes) -> Member:
        ids = {"group": group, "node": node_id, "device": device or node_id}
        site, asset, location = (
            text.name(ids, None, None) for text in (self.names.site, self.names.asset, self.names.location)
        )
        codes = self.foreign.asset(site, asset)
        location = self.foreign.location(codes[0], location)
        said = sparkplug_metrics.decode(raw)
        sparkplug_metrics.readable(said)
        born = sparkplug_metrics.birth(said, lambda name: self.foreign.sole_signal(codes, name))
        return Member(*codes, location, raw, born)

    def _mark_stale(self, member: Member, signals: Iterable[str], at_us: int) -> None:
        names = tuple(sorted(signals))
        if names:
            self._stale.append(Stale(member.site, member.asset, names, at_us))


def _seq(said: Payload) -> int | None:
    return int(said.seq) % 256 if said.HasField("seq") else None
