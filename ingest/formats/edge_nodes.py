"""The known edge nodes, bounded: those that are not alive are evicted, the longest silent first."""

from dataclasses import dataclass, field

from ingest.border import Bad
from ingest.formats.sparkplug_metrics import Birth
from ingest.messages import Reason
from workorder_core.sentences import kept

NODE = ""
"""The node itself, in place of a device's name."""
MOST_NODES = 20_000
MOST_BYTES = 512 << 20
"""The most memory for all nodes, roughly."""
_OF_NODE, _OF_MEMBER, _OF_NAME = 2_000, 2_000, 200
_PARSED = 10
"""Memory of a parsed birth, in multiples of its bytes."""

Key = tuple[str, str]


@dataclass(slots=True)
class Member:
    """A node or a device: its newest birth as received, and whether it is alive.

    ``awaited_us`` is when its node was born again without it; None if it is not awaited.
    """

    site: str
    asset: str
    location: str
    raw: bytes
    birth: Birth
    alive: bool = True
    awaited_us: int | None = None

    @property
    def bytes(self) -> int:
        return _OF_MEMBER + _PARSED * len(self.raw)


@dataclass(slots=True)
class Node:
    """An edge node.

    Parameters
    ----------
    seq
        Sequence number of its newest message; None if it has none.
    trusted
        No message was lost since its birth, so that its aliases are valid.
    asked_us
        When it was last asked for a rebirth; 0 never.
    silent_since_us
        Since when it has been silent on our new connection; None if it was heard.
    left_out
        Devices whose birth was refused; a rebirth would be refused too.
    """

    members: dict[str, Member] = field(default_factory=dict)
    bd_seq: int | None = None
    seq: int | None = None
    trusted: bool = True
    asked_us: int = 0
    silent_since_us: int | None = None
    left_out: set[str] = field(default_factory=set)

    @property
    def alive(self) -> bool:
        return NODE in self.members and self.members[NODE].alive

    @property
    def bytes(self) -> int:
        return _OF_NODE + _OF_NAME * len(self.left_out) + sum(each.bytes for each in self.members.values())


class EdgeNodes(dict[Key, Node]):
    """Nodes by group and id. An evicted one is asked for its birth again when it is next heard.

    Parameters
    ----------
    forgotten
        Evicted nodes, whose rows are deleted with the batch.
    bytes
        Memory of all nodes, roughly.
    """

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: set[Key] = set()
        self.bytes = 0
        self._silent: dict[Key, None] = {}
        self._owners: dict[tuple[str, str], tuple[Key, str]] = {}

    def meet(self, key: Key) -> Node:
        """Return a node, adding it if it is new. Raises Bad if too many nodes are alive."""
        node = self.get(key)
        if node is None:
            if not self._make_room(key, _OF_NODE, 1):
                raise Bad(
                    Reason.TOO_MANY_ASSETS,
                    kept(
                        "there are {count} edge nodes, which is the maximum: bind devices to topics in the broker",
                        count=len(self),
                    ),
                )
            node = self[key] = Node()
            self.bytes += _OF_NODE
        if not node.alive:
            self._silent.pop(key, None)
            self._silent[key] = None
        return node

    def put(self, key: Key, device: str, member: Member) -> None:
        """Store the birth of a node or device. Raises Bad if its asset is another's, or if memory is full."""
        asset, node = (member.site, member.asset), self[key]
        owner = self._owners.get(asset, (key, device))
        if owner != (key, device) and self[owner[0]].members[owner[1]].alive:
            other = "/".join(filter(None, (*owner[0], owner[1])))
            advice = kept("set sparkplug_asset to {node}.{device}, or give them other names")
            raise Bad(
                Reason.WRONG_TOPIC,
                kept("asset {asset} is {other} already: {advice}", asset="/".join(asset), other=other, advice=advice),
            )
        before = node.members.get(device)
        more = member.bytes - (0 if before is None else before.bytes)
        if more > 0 and not self._make_room(key, more, 0):
            raise Bad(
                Reason.TOO_MANY_ASSETS,
                kept(
                    "the births of {count} edge nodes fill the {most} MB that are kept of them",
                    count=len(self),
                    most=MOST_BYTES >> 20,
                ),
            )
        self.bytes += more
        self._owners[asset] = (key, device)
        node.members[device] = member
        self.settle(key)

    def leave_out(self, key: Key, device: str) -> None:
        """Record that a birth was refused, if there is room."""
        left_out = self[key].left_out
        if device not in left_out and self._make_room(key, _OF_NAME, 0):
            left_out.add(device)
            self.bytes += _OF_NAME

    def admit(self, key: Key, device: str) -> None:
        """Record that a birth is no longer refused."""
        left_out = self[key].left_out
        if device in left_out:
            left_out.discard(device)
            self.bytes -= _OF_NAME

    def settle(self, key: Key) -> None:
        """Update whether a node is alive: one that is not may be evicted."""
        if self[key].alive:
            self._silent.pop(key, None)
        else:
            self._silent.setdefault(key)

    def _make_room(self, key: Key, more: int, nodes: int) -> bool:
        """Evict nodes that are not alive, longest silent first, until there is room; return whether there is."""
        while self.bytes + more > MOST_BYTES or len(self) + nodes > MOST_NODES:
            oldest = next((each for each in self._silent if each != key), None)
            if oldest is None:
                return False
            self._forget(oldest)
        return True

    def _forget(self, key: Key) -> None:
        node = self.pop(key)
        self.bytes -= node.bytes
        self._silent.pop(key)
        self.forgotten.add(key)
        for device, member in node.members.items():
            if self._owners.get((member.site, member.asset)) == (key, device):
                del self._owners[member.site, member.asset]
