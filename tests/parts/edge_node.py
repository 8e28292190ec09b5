"""A Sparkplug edge node by an implementation that is not ours, driven by lines of JSON on standard input.

Run by the Python of `pysparkplug.provide()`: that package needs an older paho-mqtt than ours, and a process of its own
can be killed. It says what it is told to do by lines of JSON on standard output.
"""

import json
import sys
import time
from typing import Any

import pysparkplug as psp


class Edge:
    """A node with devices; metrics are sent by alias once they are born."""

    def __init__(self, *, host: str, port: int, user: str, password: str, group: str, node: str, bd: int) -> None:
        self.group, self.node = group, node
        self.metrics: dict[str, dict[str, Any]] = {}
        self.seq = 255
        self.answers = True
        self.bd = psp.Metric(timestamp=now(), name="bdSeq", datatype=psp.DataType.UINT64, value=bd)
        self.client = psp.Client(username=user, password=password)
        death = psp.NDeath(timestamp=now(), bd_seq_metric=self.bd)
        self.client.set_will(self.message(psp.MessageType.NDEATH, death, qos=psp.QoS.AT_LEAST_ONCE))
        commands = psp.Topic(message_type=psp.MessageType.NCMD, group_id=group, edge_node_id=node)
        self.client.subscribe(commands, psp.QoS.AT_LEAST_ONCE, lambda _client, message: self.command(message))
        self.client.connect(host, port=port, blocking=False)

    def message(self, kind: Any, payload: Any, device: str = "", qos: Any = psp.QoS.AT_MOST_ONCE) -> Any:
        more = {"device_id": device} if device else {}
        topic = psp.Topic(message_type=kind, group_id=self.group, edge_node_id=self.node, **more)
        return psp.Message(topic=topic, payload=payload, qos=qos, retain=False)

    def command(self, message: Any) -> None:
        names = [metric.name for metric in message.payload.metrics]
        print(json.dumps({"command": names}), flush=True)
        if self.answers and "Node Control/Rebirth" in names:
            self.be_born()

    def next_seq(self) -> int:
        self.seq = (self.seq + 1) % 256
        return self.seq

    def be_born(self) -> None:
        self.seq = 255
        for device in sorted({"", *self.metrics}):
            metrics = tuple(self.metric(name, **each) for name, each in self.metrics.get(device, {}).items())
            if device:
                payload, kind = (
                    psp.DBirth(timestamp=now(), seq=self.next_seq(), metrics=metrics),
                    psp.MessageType.DBIRTH,
                )
            else:
                metrics = (*metrics, self.bd)
                payload, kind = (
                    psp.NBirth(timestamp=now(), seq=self.next_seq(), metrics=metrics),
                    psp.MessageType.NBIRTH,
                )
            self.client.publish(self.message(kind, payload, device), include_dtypes=True)

    def metric(self, name: str | None, *, alias: int, value: float, kind: str = "DOUBLE", **more: Any) -> Any:
        at = more.pop("at", None) or now()
        return psp.Metric(timestamp=at, name=name, datatype=psp.DataType[kind], value=value, alias=alias, **more)

    def data(self, device: str, values: dict[str, float], lost: bool = False, **more: Any) -> None:
        known = self.metrics[device]
        for name, value in values.items():
            known[name]["value"] = value
        metrics = tuple(self.metric(None, **known[name], **more) for name in values)
        seq = self.next_seq()
        if lost:
            return
        data, kind = (psp.DData, psp.MessageType.DDATA) if device else (psp.NData, psp.MessageType.NDATA)
        self.client.publish(self.message(kind, data(timestamp=now(), seq=seq, metrics=metrics), device))

    def end_device(self, device: str) -> None:
        del self.metrics[device]
        payload = psp.DDeath(timestamp=now(), seq=self.next_seq())
        self.client.publish(self.message(psp.MessageType.DDEATH, payload, device))


def now() -> int:
    return time.time_ns() // 1_000_000


def main() -> None:
    edge = Edge(**json.loads(sys.argv[1]))
    for line in sys.stdin:
        order = json.loads(line)
        match order.pop("do"):
            case "be_born":
                edge.metrics = order["metrics"]
                edge.be_born()
            case "data":
                edge.data(order.pop("device"), order.pop("values"), **order)
            case "end_device":
                edge.end_device(order["device"])
            case "answer":
                edge.answers = order["rebirths"]
        print(json.dumps({"done": True}), flush=True)


if __name__ == "__main__":
    main()
