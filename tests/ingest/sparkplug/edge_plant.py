"""A host application with a node and a device, and messages for it."""

from ingest.border import Bounds
from ingest.formats.sparkplug import Sparkplug
from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.messages import Message

NOW = 1_772_000_000_000_000
MS = NOW // 1000
PATIENCE = 5_000_000
INT8, INT32, INT64, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING, DATE_TIME = 1, 3, 4, 8, 9, 10, 11, 12, 13
KIND = {INT8: "int_value", INT32: "int_value", INT64: "long_value", UINT64: "long_value", FLOAT: "float_value",
        DOUBLE: "double_value", BOOLEAN: "boolean_value", STRING: "string_value", DATE_TIME: "long_value"}  # fmt: skip


def metric(name="", value=None, kind=DOUBLE, *, alias=None, at=None, typed=True, **more):
    made = Payload.Metric(timestamp=MS if at is None else at)
    if name:
        made.name = name
    if alias is not None:
        made.alias = alias
    if typed:
        made.datatype = kind
    if value is not None:
        setattr(made, KIND[kind], value)
    for key, each in more.items():
        setattr(made, key, each)
    return made


def data(value, alias, **more):
    return metric("", value, alias=alias, typed=False, **more)


class Plant:
    """A host application, and what it is told."""

    def __init__(self, **more):
        self.host = Sparkplug("plant", patience_us=PATIENCE, **more)
        self.now = NOW

    def hear(self, kind, *metrics, seq=None, node="N1", device=None, group="NTH", **more):
        payload = Payload(timestamp=MS, metrics=metrics)
        if seq is not None:
            payload.seq = seq
        topic = "/".join(filter(None, ("spBv1.0", group, kind, node, device)))
        return self.raw(topic, payload.SerializeToString(), **more)

    def raw(self, topic, payload, **more):
        frames, refused = self.host.parse(Message(topic, payload, self.now, **more), Bounds())
        self.refused = [each.reason for each in refused]
        self.problems = [each.problem for each in refused]
        return [(frame.key, frame.values) for frame in frames]

    def node(self, *metrics, seq=0, bd=1, node="N1", **more):
        return self.hear("NBIRTH", metric("bdSeq", bd, UINT64), *metrics, seq=seq, node=node, **more)

    def device(self, *metrics, seq=1, device="P-1", **more):
        return self.hear("DBIRTH", *metrics, seq=seq, device=device, **more)

    def asked(self):
        return [topic for topic, _ in self.host.requests(self.now)]

    def stale(self):
        return [(each.asset, each.signals) for each in self.host.stale()]


DDATA = "spBv1.0/NTH/DDATA/N1/P-1"


def message(topic, *metrics, seq):
    return Message(topic, Payload(timestamp=MS, metrics=metrics, seq=seq).SerializeToString(), NOW)


def details(plant, *metrics, seq):
    frames, _ = plant.host.parse(message(DDATA, *metrics, seq=seq), Bounds())
    return [(frame.values, frame.details.historical, frame.details.quality) for frame in frames]
