"""Messages in every format, valid and broken, each with what must become of it. One seed makes one stream."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest.formats.sparkplug_b_pb2 import Payload
from ingest.messages import Message
from runtime.settings import Settings

START_US = int(datetime(2026, 3, 2, 6, 0, tzinfo=UTC).timestamp()) * 1_000_000
ASSETS = 40
SIGNALS = ("temp", "flow", "vibration", "pressure", "current")
MAPPING = """
topic = "line/{asset}/out"
site = "MAP"
[time]
path = "t"
zone = "Europe/Oslo"
[signals]
"v.temp" = { signal = "temp", unit = "degC" }
"v.flow" = "flow"
"""
ENDLESS = b"9" * 400
FAR = ("0001-01-01T00:00:00", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+01:00")
BROKEN: dict[str, Callable[[random.Random], bytes]] = {
    "random bytes": lambda chance: chance.randbytes(chance.randint(1, 80)),
    "no JSON": lambda _: b'{"ts": 1, "values": {',
    "brackets": lambda _: b"[" * 3_000,
    "no object": lambda chance: str(chance.random()).encode(),
    "no time": lambda _: b'{"values": {"temp": 1}}',
    "a far date": lambda chance: json.dumps({"ts": chance.choice(FAR), "values": {"temp": 1}}).encode(),
    "a huge number": lambda _: b'{"ts": ' + ENDLESS + b', "values": {"temp": 1}}',
    "a naive time": lambda _: b'{"ts": "2026-03-02T06:00:00", "values": {"temp": 1}}',
    "no values": lambda _: b'{"ts": "2026-03-02T06:00:00Z", "values": {}}',
    "a NUL": lambda _: b'{"ts": "2026-03-02T06:00:00Z", "values": {"a\\u0000": 1}}',
    "half a surrogate pair": lambda _: b'{"ts": "2026-03-02T06:00:00Z", "values": {"temp": "\\ud800"}}',
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, and how many of its values must be stored, or have been: of a message that comes ``again``.

    ``refused`` says that something of it must be in quarantine.
    """

    message: Message
    kind: str
    values: int
    refused: bool = False
    again: bool = False


def settings(folder: Path) -> Settings:
    """Return the settings by which every format is understood."""
    mapping = folder / "line.toml"
    mapping.write_text(MAPPING)
    return Settings(
        mappings=["homie", "umh", str(mapping)],
        thingsboard_site="TB",
        sparkplug_host="plant",
        sparkplug_rebirth_s=3_600,
        checkpoint_every_inputs=5_000,
        tick_every_s=5,
    )


class Stream:
    """Messages without end. Every value that is sent for the first time has a signal and a time of its own."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._now_us = START_US
        self._seq: dict[str, int] = {}
        self._before: list[Sent] = []
        self._makers = (
            self._native, self._native, self._native, self._array, self._thingsboard, self._gateway, self._umh,
            self._homie, self._mapped, self._sparkplug,
        )  # fmt: skip

    def __iter__(self) -> Iterator[Sent]:
        while True:
            self._now_us += self._chance.randint(1_000, 400_000)
            sent = self._one()
            if sent.values and not sent.refused and not sent.again and sent.kind not in ("homie", "thingsboard"):
                self._before = [*self._before[-50:], sent]
            yield sent

    def poison(self, value: float) -> Sent:
        """Return a valid message that carries a value which something is made to fail for."""
        self._now_us += 1_000
        # Its quality keeps it from the short cuts, which would not come by every stage.
        said = {"ts": self._now_us // 1000, "values": {"temp": value, "flow": 1.0}, "quality": "good"}
        raw = json.dumps(said).encode()
        return Sent(self._message(self._topic(), raw), "poison", 0, refused=True)

    def _one(self) -> Sent:
        what = self._chance.random()
        if what < 0.02 and self._before:
            before = self._chance.choice(self._before)
            return Sent(before.message, before.kind, before.values, again=True)
        if what < 0.06:
            return self._broken()
        if what < 0.09:
            return self._mixed()
        if what < 0.10:
            return self._nowhere()
        return self._chance.choice(self._makers)()

    def _message(self, topic: str, raw: bytes) -> Message:
        return Message(topic, raw, self._now_us)

    def _asset(self) -> str:
        return f"A-{self._chance.randrange(ASSETS)}"

    def _topic(self) -> str:
        return f"plantwright/v1/NAT/{self._asset()}"

    def _values(self) -> dict[str, float]:
        chance = self._chance
        names = chance.sample(SIGNALS, chance.randint(1, len(SIGNALS)))
        far = chance.random() < 0.002
        return {name: chance.choice((1e200, -1e308, 500.0)) if far else chance.gauss(60, 2) for name in names}

    def _ts(self, values: dict[str, float]) -> dict[str, object]:
        # The milliseconds of what comes are all different: see how the time goes on.
        return {"ts": self._now_us // 1000, "values": values}

    def _native(self) -> Sent:
        values = self._values()
        said = self._ts(values)
        if self._chance.random() < 0.1:
            said |= {"units": {"temp": "degC"}, "quality": self._chance.choice(("good", "uncertain", "bad", 0))}
        return Sent(self._message(self._topic(), json.dumps(said).encode()), "native", len(values))

    def _array(self) -> Sent:
        first, second = self._values(), self._values()
        self._now_us += 5_000
        raw = [{"ts": self._now_us // 1000 - 2, "values": first}, {"ts": self._now_us // 1000, "values": second}]
        return Sent(self._message(self._topic(), json.dumps(raw).encode()), "native", len(first) + len(second))

    def _thingsboard(self) -> Sent:
        values = self._values()
        topic = f"{self._asset()}/v1/devices/me/telemetry"
        return Sent(self._message(topic, json.dumps(values).encode()), "thingsboard", len(values))

    def _gateway(self) -> Sent:
        values = {f"Pump {self._chance.randrange(ASSETS)}": self._values() for _ in range(self._chance.randint(1, 3))}
        raw = json.dumps({device: [self._ts(each)] for device, each in values.items()}).encode()
        return Sent(self._message("v1/gateway/telemetry", raw), "gateway", sum(map(len, values.values())))

    def _umh(self) -> Sent:
        topic = f"umh/v1/acme/UMH/{self._asset()}/_historian/{self._chance.choice(SIGNALS)}"
        raw = json.dumps({"timestamp_ms": self._now_us // 1000, "value": self._chance.gauss(60, 2)}).encode()
        return Sent(self._message(topic, raw), "umh", 1)

    def _homie(self) -> Sent:
        topic = f"homie/5/{self._asset()}/node/{self._chance.choice(SIGNALS)}"
        return Sent(self._message(topic, str(self._chance.gauss(60, 2)).encode()), "homie", 1)

    def _mapped(self) -> Sent:
        at = datetime.fromtimestamp(self._now_us // 1000 / 1000, UTC).isoformat()
        raw = json.dumps({"t": at, "v": {"temp": self._chance.gauss(60, 2), "flow": 1.0}}).encode()
        return Sent(self._message(f"line/{self._asset()}/out", raw), "mapped", 2)

    def _sparkplug(self) -> Sent:
        node = f"E{self._chance.randrange(3)}"
        born = node in self._seq and self._chance.random() > 0.02
        seq = self._seq[node] = (self._seq[node] + 1) % 256 if born else 0
        payload = Payload(timestamp=self._now_us // 1000, seq=seq)
        for name in SIGNALS[:2]:
            payload.metrics.add(name=name, datatype=10, double_value=self._chance.gauss(60, 2))
        topic = f"spBv1.0/SPB/{'NDATA' if born else 'NBIRTH'}/{node}"
        return Sent(self._message(topic, payload.SerializeToString()), "sparkplug", 2)

    def _broken(self) -> Sent:
        kind = self._chance.choice(list(BROKEN))
        return Sent(self._message(self._topic(), BROKEN[kind](self._chance)), f"broken: {kind}", 0, refused=True)

    def _mixed(self) -> Sent:
        """Return good values with a bad one beside them."""
        ts, good = self._now_us // 1000, self._chance.gauss(60, 2)
        topic = self._topic()
        raw, values = self._chance.choice(
            [
                (f'{{"ts": {ts}, "values": {{"temp": {good}, "flow": "much", "": 1}}}}', 1),
                (f'{{"ts": {ts}, "values": {{"temp": {good}, "flow": []}}}}', 1),
                (f'{{"ts": {ts}, "values": {{"temp": {good}, "flow": 1}}, "units": {{"flow": "\\u0000"}}}}', 1),
                (f'[{{"ts": {ts}, "values": {{"temp": {good}}}}}, 7, {{"ts": "soon", "values": {{"flow": 1}}}}]', 1),
            ]
        )
        return Sent(self._message(topic, raw.encode()), "mixed", values, refused=True)

    def _nowhere(self) -> Sent:
        chance = self._chance
        payload = Payload(timestamp=self._now_us // 1000, seq=0).SerializeToString()
        topic, raw = chance.choice(
            [
                ("plantwright/v1//x", b"{}"),
                ("elsewhere/a", b"1"),
                ("spBv1.0/SPB/NDATA/unborn", payload),
                ("spBv1.0/SPB/NBIRTH/broken", bytes.fromhex("12030a01ff") + chance.randbytes(3)),
                ("line/A-1/out", json.dumps({"t": chance.choice(FAR), "v": {"temp": 1.0}}).encode()),
                ("homie/5/A-1/node/temp", b"much\xff"),
                ("x" * 60_000, b"{}"),
                ("umh/v1/acme/UMH/A-1/_historian/temp", b'{"timestamp_ms": 1e300, "value": 1}'),
                ("umh/v1/acme/UMH/A-1/_historian/temp", b'{"timestamp_ms": %s, "value": 1}' % ENDLESS),
                ("v1/gateway/telemetry", b'{"Pump 1": [{"ts": %s, "values": {"a": 1}}]}' % ENDLESS),
                ("v1/gateway/telemetry", b'{"Pump 1": [{"ts": 1e999, "values": {"a": 1}}]}'),
            ]
        )
        return Sent(self._message(topic, raw), "nowhere", 0, refused=True)
