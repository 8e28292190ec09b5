"""What is measured, each in a process of its own: ``python -m bench.ingest_parts.subjects NAME FACTS``.

Each prints a line when it listens, when its first batch is done, and when the last message is; the last with its own
account: processor seconds between the two, peak memory, and when how many messages were done.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import paho.mqtt.client as paho
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

CLIENT = "bench-ingest"
TOPICS = ["plantwright/#"]


class Account:
    """Counts messages that are done, and tells the parent of the first and the last."""

    def __init__(self, wanted: int) -> None:
        self._wanted, self._done = wanted, 0
        self._marks: list[tuple[int, float]] = []
        self._cpu_s = self._cpu_end_s = 0.0
        self.stages: dict[str, float] = {}
        """Seconds by stage of a batch, where the subject knows them."""

    def add(self, count: int, at: float | None = None) -> bool:
        """So many more are done; whether that was all."""
        if not count:
            return False
        self._done += count
        self._marks.append((self._done, at or time.time()))
        self._cpu_end_s = time.process_time()
        if len(self._marks) == 1:
            self._cpu_s = self._cpu_end_s
            tell(event="begun", done=self._done)
        return self._done >= self._wanted

    def close(self) -> None:
        status = Path("/proc/self/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
        tell(event="ended", cpu_s=self._cpu_end_s - self._cpu_s, peak_mb=peak, marks=self._marks, stages=self.stages)


def tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def receive(facts: dict[str, Any], account: Account) -> None:
    """(a) Receives and acknowledges, and does nothing else."""
    from ingest.broker.subscriber import Subscriber

    with Subscriber(facts["broker"], topics=TOPICS, client_id=CLIENT) as source:
        tell(event="ready")
        for batch in source.batches(most=facts["batch"], max_wait_s=0.1):
            source.acknowledge(batch)
            if account.add(len(batch)):
                return


def minimal(facts: dict[str, Any], account: Account) -> None:
    """(b) What is written in an hour: paho as it comes, json, COPY of up to 200 rows, then acknowledged."""
    waiting: list[paho.MQTTMessage] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=CLIENT, clean_session=False, manual_ack=True)
    client.on_message = lambda _client, _data, message: waiting.append(message)
    client.on_connect = lambda client, *_: client.subscribe(TOPICS[0], qos=1)
    host, _, port = facts["broker"].removeprefix("mqtt://").partition(":")
    client.connect(host, int(port))
    copy_in = "COPY peer_rows (signal_id, observed_at, value) FROM STDIN"
    with psycopg.connect(facts["database"]) as conn:
        tell(event="ready")
        while True:
            before = len(waiting)
            client.loop(0.01)
            if not waiting or (len(waiting) < 200 and len(waiting) != before):
                continue
            batch, waiting[:] = waiting[:], []
            with conn.cursor() as cursor, cursor.copy(copy_in) as copy:
                for message in batch:
                    row = json.loads(message.payload)
                    if "value" in row:
                        copy.write_row((row["signal_id"], row["observed_at"], row["value"]))
                        continue
                    at = datetime.fromtimestamp(row["ts"] / 1000, UTC)
                    for number, value in enumerate(row["values"].values()):
                        copy.write_row((number, at, value))
            conn.commit()
            for message in batch:
                client.ack(message.mid, message.qos)
            if account.add(len(batch)):
                client.loop(0.01)
                return


def peer(facts: dict[str, Any], account: Account) -> None:
    """(c) mq-bridge. It does not say what it has stored: the table's size does, and a count at the end."""
    import mq_bridge

    route = mq_bridge.Route.from_config(facts["route"])
    with psycopg.connect(facts["database"], autocommit=True) as conn:
        route.start()
        tell(event="ready")
        size = done = still = 0
        changed = time.time()
        while True:
            time.sleep(0.02 if done else 0.002)
            (now,) = conn.execute("SELECT pg_relation_size('peer_rows')").fetchone() or (0,)
            still = still + 1 if now == size else 0
            changed = changed if still else time.time()
            # Rows that are not committed yet have a size too, so the first ones are looked for until they are counted.
            if now and (not done or (still and still % 5 == 0)):
                (count,) = conn.execute("SELECT count(*) FROM peer_rows").fetchone() or (0,)
                if account.add(count - done, changed):
                    break
                done = count
            size = now
        account.close()
        sys.stdout.flush()
        route.stop()


def whole(facts: dict[str, Any], account: Account) -> None:
    """(d) Plantwright's ingest process."""
    from ingest.broker.subscriber import Subscriber
    from runtime.pipeline.pipeline import Processed
    from runtime.processes import ingest
    from runtime.settings import load

    stop = threading.Event()
    values = facts["values"]

    def on_batch(processed: Processed) -> None:
        for stage, seconds in processed.spent.items():
            account.stages[stage] = account.stages.get(stage, 0.0) + seconds
        if account.add(processed.stored // values):
            stop.set()

    class Telling(Subscriber):
        def __enter__(self) -> Telling:
            entered = super().__enter__()
            tell(event="ready")
            return entered

    patch.object(ingest, "Subscriber", Telling).start()
    settings = load(**facts["settings"])
    ingest.run(settings, stop, on_batch=on_batch)


SUBJECTS: dict[str, Callable[[dict[str, Any], Account], None]] = {
    "receive": receive,
    "minimal": minimal,
    "peer": peer,
    "whole": whole,
}


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    of = Account(given["messages"])
    SUBJECTS[sys.argv[1]](given, of)
    if sys.argv[1] != "peer":
        of.close()
