"""The edge nodes that are known, bounded: whoever is not alive is forgotten, the longest unheard first."""

from dataclasses import dataclass, field

from ingest.border import Bad
from ingest.formats.sparkplug_metrics import Birth
from ingest.messages import Reason

NODE = ""
"""The node itself, where a device's name would be."""
MOST_NODES = 20_000
MOST_BYTES = 512 << 20
"""Of all that is known of nodes, roughly."""
_OF_NODE, _OF_MEMBER, _OF_NAME = 2_000, 2_000, 200
_PARSED = 10
"""A birth that is read has about so many times the bytes that came."""

Key = tuple[str, str]


@dataclass(slots=True)
class Member:
    """A node or a device: its newest birth as it came, and whether it is alive.

    ``awaited_us`` is since when its node was born again without it; None where it is not awaited.
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
        Of its newest message; None where it numbers none.
    trusted
        No message was lost since its birth, so that aliases mean what it says.
    asked_us
        When it was last asked for a rebirth; 0 never.
    silent_since_us
        Our connection is newer than what is known of it: since when it has not been heard. None where it has.
    left_out
        Devices whose birth was refused: another one would not change that.
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
    """Nodes by group and id. One that is forgotten is asked for its birth again when it is next heard.

    Parameters
    ----------
    forgotten
        Nodes whose stored rows have to go, with the batch.
    bytes
        What is known, roughly.
    """

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: set[Key] = set()
        self.bytes = 0
        self._unheard: dict[Key, None] = {}
        self._owners: dict[tuple[str, str], tuple[Key, str]] = {}

    def meet(self, key: Key) -> Node:
        """Return a node, a new one where it is not known. Raises Bad where there are too many that are alive."""
        node = self.get(key)
        if node is None:
            if not self._make_room(key, _OF_NODE, 1):
                raise Bad(
                    Reason.TOO_MANY_ASSETS,
                    f"there are {len(self)} edge nodes, the most that are kept: bind devices to topics in the broker",
                )
            node = self[key] = Node()
            self.bytes += _OF_NODE
        if not node.alive:
            self._unheard.pop(key, None)
            self._unheard[key] = None
        return node

    def put(self, key: Key, device: str, member: Member) -> None:
        """Keep the birth of a node or device. Raises Bad where its asset is another's, or where there is no room."""
        place, node = (member.site, member.asset), self[key]
        owner = self._owners.get(place, (key, device))
        if owner != (key, device) and self[owner[0]].members[owner[1]].alive:
            told = "/".join(filter(None, (*owner[0], owner[1])))
            advice = "set sparkplug_asset to {node}.{device}, or give them other names"
            raise Bad(Reason.WRONG_TOPIC, f"asset {place[0]}/{place[1]} is {told} already: {advice}")
        before = node.members.get(device)
        more = member.bytes - (0 if before is None else before.bytes)
        if more > 0 and not self._make_room(key, more, 0):
            raise Bad(
                Reason.TOO_MANY_ASSETS,
                f"the births of {len(self)} edge nodes fill the {MOST_BYTES >> 20} MB that are kept of them",
            )
        self.bytes += more
        self._owners[place] = (key, device)
        node.members[device] = member
        self.settle(key)

    def leave_out(self, key: Key, device: str) -> None:
        """Note that a birth was refused, where there is room to."""
        left_out = self[key].left_out
        if device not in left_out and self._make_room(key, _OF_NAME, 0):
            left_out.add(device)
            self.bytes += _OF_NAME

    def admit(self, key: Key, device: str) -> None:
        """Note that a birth is refused no more."""
        left_out = self[key].left_out
        if device in left_out:
            left_out.discard(device)
            self.bytes -= _OF_NAME

    def settle(self, key: Key) -> None:
        """Note whether a node is alive: one that is not may be forgotten."""
        if self[key].alive:
            self._unheard.pop(key, None)
        else:
            self._unheard.setdefault(key)

    def _make_room(self, key: Key, more: int, nodes: int) -> bool:
        """Forget whoever is not alive, the longest unheard first, until there is room; False where there is none."""
        while self.bytes + more > MOST_BYTES or len(self) + nodes > MOST_NODES:
            oldest = next((each for each in self._unheard if each != key), None)
            if oldest is None:
                return False
            self._forget(oldest)
        return True

    def _forget(self, key: Key) -> None:
        node = self.pop(key)
        self.bytes -= node.bytes
        self._unheard.pop(key)
        self.forgotten.add(key)
        for device, member in node.members.items():
            if self._owners.get((member.site, member.asset)) == (key, device):
                del self._owners[member.site, member.asset]
