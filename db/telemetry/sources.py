"""What is remembered about senders."""

from collections import defaultdict
from collections.abc import Mapping

from psycopg import Connection
from psycopg.rows import tuple_row

from db import sql
from ingest.formats.edge_nodes import Node
from ingest.formats.sparkplug import Sparkplug
from ingest.names import Names

_QUERIES = sql.load("sources")


def seen_digests(conn: Connection) -> dict[int, bytes]:
    """Return a digest of each committed message without a time of its own, by its token."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return {token: bytes(digest) for token, digest in cursor.execute(_QUERIES["seen_digests"])}


def remember_seen(conn: Connection, digests: Mapping[int, bytes]) -> None:
    """Store the digests of messages without a time, in their batch's own transaction."""
    if digests:
        conn.execute(_QUERIES["remember_seen"], {"tokens": list(digests), "digests": list(digests.values())})


def foreign_names(conn: Connection) -> Names:
    """Return the codes of foreign names."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return Names(cursor.execute(_QUERIES["foreign_names"]))


def own_names(conn: Connection, names: Names) -> None:
    """Store new foreign names, in their batch's own transaction."""
    if new := names.new():
        last = {(site, asset, signal): name for site, asset, signal, name in new}
        sites, assets, signals = (list(column) for column in zip(*last, strict=True))
        foreign = list(last.values())
        conn.execute(_QUERIES["own_names"], {"sites": sites, "assets": assets, "signals": signals, "names": foreign})


def restore_sparkplug(conn: Connection, host: Sparkplug) -> None:
    """Restore a host application's committed births and sequence numbers."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        births = defaultdict(list)
        for group, node_id, device, payload, alive, awaited_us in cursor.execute(_QUERIES["births"]):
            births[group, node_id].append((device, bytes(payload), alive, awaited_us))
        # A living node takes precedence over one that had the name before.
        nodes = cursor.execute(_QUERIES["nodes"]).fetchall()
        nodes.sort(key=lambda node: not any(alive for _, _, alive, _ in births[node[0], node[1]]))
        for group, node_id, bd_seq, seq, trusted in nodes:
            births[group, node_id].sort(key=lambda birth: not birth[2])
            host.restore(group, node_id, Node(bd_seq=bd_seq, seq=seq, trusted=trusted), births[group, node_id])


def save_sparkplug(conn: Connection, host: Sparkplug) -> None:
    """Store a batch's changes of nodes and births, in its own transaction."""
    gone = sorted(host.nodes.forgotten)
    if gone:
        conn.execute(_QUERIES["forget_births"], {"groups": [key[0] for key in gone], "nodes": [key[1] for key in gone]})
        conn.execute(_QUERIES["forget_nodes"], {"groups": [key[0] for key in gone], "nodes": [key[1] for key in gone]})
        host.nodes.forgotten.clear()
    if not host.changed:
        return
    nodes, births, lives = [], [], []
    for key in sorted(host.changed & host.nodes.keys()):
        node, ids = host.nodes[key], {"group_id": key[0], "node_id": key[1]}
        nodes.append(ids | {"bd_seq": node.bd_seq, "seq": node.seq, "trusted": node.trusted})
        for device, member in node.members.items():
            life = ids | {"device_id": device, "alive": member.alive, "awaited_us": member.awaited_us}
            if (*key, device) in host.reborn:
                births.append(life | {"payload": member.raw})
            elif key in host.lives_changed:
                lives.append(life)
    with conn.cursor() as cursor:
        cursor.executemany(_QUERIES["put_node"], nodes)
        if births:
            cursor.executemany(_QUERIES["put_birth"], births)
        if lives:
            cursor.executemany(_QUERIES["put_life"], lives)
    host.changed.clear()
    host.reborn.clear()
    host.lives_changed.clear()
