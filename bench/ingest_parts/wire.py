"""Messages encoded as PUBLISH packets beforehand, and a publisher that only has to write them."""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import struct
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.ingest_parts.plant import Plant

WINDOW = 2_000
"""Messages that the broker has not answered for yet, at most."""
CHUNK = 50


def publish_packet(topic: bytes, payload: bytes, packet_id: int) -> bytes:
    """Return an MQTT 3.1.1 PUBLISH of QoS 1."""
    body = struct.pack(f">H{len(topic)}sH", len(topic), topic, packet_id) + payload
    length, rest = b"", len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length += bytes([digit | (128 if rest else 0)])
        if not rest:
            return b"\x32" + length + body


def messages(plant: Plant, count: int) -> Iterator[tuple[bytes, bytes]]:
    """Topic and payload of ``count`` messages: every signal of every asset once a second, in an order of its own."""
    rng = np.random.default_rng(5)
    per_round = plant.assets * plant.signals // plant.values
    for number in range(count):
        second, place = divmod(number, per_round)
        if place == 0:
            order = rng.permutation(per_round)
            values = np.round(plant.level + rng.standard_normal(plant.assets * plant.signals), 3)
            at_s = plant.begins_s + second
            at = datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        which = int(order[place])
        if plant.values == 1:
            asset, signal = divmod(which, plant.signals)
            value = values[which]
            # Beyond what is ours, the row as a peer wants it, so that all are sent the same bytes.
            payload = (
                f'{{"ts":{at_s * 1000},"values":{{"{plant.signal(signal)}":{value}}},'
                f'"signal_id":{which + 1},"observed_at":"{at}","value":{value}}}'
            )
        else:
            asset = which
            row = values[asset * plant.signals : (asset + 1) * plant.signals]
            fields = ",".join(f'"{plant.signal(i)}":{value}' for i, value in enumerate(row))
            payload = f'{{"ts":{at_s * 1000},"values":{{{fields}}}}}'
        yield plant.topic(asset).encode(), payload.encode()


def write(path: Path, plant: Plant, count: int) -> float:
    """Write the packets, and beside them where each chunk ends; return the bytes of a payload, on average."""
    ends, size, packet_id, total = [], 0, 0, 0
    with path.open("wb") as file:
        for number, (topic, payload) in enumerate(messages(plant, count), start=1):
            packet_id = packet_id % 65_535 + 1
            size += file.write(publish_packet(topic, payload, packet_id))
            total += len(payload)
            if number % CHUNK == 0 or number == count:
                ends.append((number, size))
    path.with_suffix(".ends").write_text(json.dumps(ends))
    return total / count


def publish(port: int, path: Path, rate: float | None) -> None:
    """Publish the file when a line comes on the standard input; print when each chunk was sent."""
    packets = path.read_bytes()
    ends = json.loads(path.with_suffix(".ends").read_text())
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = b"bench-publisher"
    connect = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack(">H", len(name)) + name
    connection.sendall(bytes([0x10, len(connect)]) + connect)
    connection.recv(4)
    print("ready", flush=True)
    sys.stdin.readline()
    connection.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(connection, selectors.EVENT_READ)
    sent_at: list[tuple[int, float]] = []
    answered_bytes = begin = sent = 0
    began = time.time()
    for number, end in ends:
        if rate is not None:
            time.sleep(max(0.0, began + sent / rate - time.time()))
        while sent - answered_bytes // 4 > WINDOW:
            selector.select()
            answered_bytes += len(connection.recv(65_536))
        sent_at.append((number, time.time()))
        view = memoryview(packets)[begin:end]
        while view:
            try:
                view = view[connection.send(view) :]
            except BlockingIOError:
                selector.modify(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
                for _, events in selector.select():
                    if events & selectors.EVENT_READ:
                        answered_bytes += len(connection.recv(65_536))
                selector.modify(connection, selectors.EVENT_READ)
        begin, sent = end, number
    while answered_bytes // 4 < sent:
        selector.select()
        answered_bytes += len(connection.recv(65_536))
    print(json.dumps({"began": began, "ended": time.time(), "sent_at": sent_at}), flush=True)
    connection.sendall(b"\xe0\x00")
    connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rate", type=float)
    given = parser.parse_args()
    publish(given.port, given.path, given.rate)
