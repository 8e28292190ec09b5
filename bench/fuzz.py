"""Anything that can be sent, through the whole main path: ``./run bench fuzz --messages 100000 --seed 1``.

Messages of every format, valid, broken and mixed, some of them again, go through the real pipeline into a real database
while errors are injected at its stages. Nothing may stop it, and every value must be stored, known as a repetition, or
in quarantine with its message. Prints its progress, and one JSON object last; ends with 1 where a promise was broken.
PLANTWRIGHT_TEST_DATABASE names another server than one of its own.
"""

import argparse
import json
import logging
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import structlog

from bench.fuzz_parts.errors import POISON, Injected, Injector
from bench.fuzz_parts.messages import Sent, Stream, settings
from db.schema import migrate
from ingest.messages import Reason
from rules import rulebook
from runtime.embedded import postgres
from runtime.pipeline import engine, splitting
from runtime.pipeline.engine import Engine
from runtime.pipeline.pipeline import Processed
from tests.parts import databases

RULES = {
    "threshold": [
        {"id": f"high-{name}", "asset_class": "unclassified", "signal": name, "raise_at": 400, "clear_below": 300}
        | {"component": "bearing", "failure_mode": "OHE", "severity": "degrading"}
        for name in ("temp", "flow", "vibration")
    ],
}
LARGEST_BATCH = 400
_MOST_TOLD = 20


@dataclass(slots=True)
class Result:
    """What a run came to. Of ``values`` that were sent to be stored, ``lost`` are those that are nowhere: not stored,
    no repetition, and not ``kept_back`` in quarantine with a message that was made to fail.
    """

    seed: int
    messages: int = 0
    batches: int = 0
    values: int = 0
    stored: int = 0
    repeated: int = 0
    kept_back: int = 0
    quarantined: int = 0
    unreadable: int = 0
    injected: int = 0
    stops: int = 0
    lost: int = 0
    seconds: float = 0.0
    rss_mb: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def note(self, sent: Sequence[Sent], done: Processed) -> None:
        """Account for a batch."""
        self.messages += len(sent)
        self.batches += 1
        wanted = sum(each.values for each in sent)
        self.values += wanted
        self.stored += done.stored
        self.repeated += done.repeated
        self.quarantined += len(done.refused)
        self.unreadable += sum(each.reason == Reason.UNREADABLE for each in done.refused)
        values = {(each.message.topic, each.message.payload): each.values for each in sent}
        failed = [each for each in done.refused if each.reason == Reason.UNREADABLE]
        for refusal in failed:
            if Injected.__name__ not in refusal.problem:
                self._tell(f"an error that nobody injected: {refusal.problem[:200]}: {refusal.payload[:100]!r}")
        kept_back = sum(values[each.topic, each.payload] for each in failed)
        self.kept_back += kept_back
        missing = wanted - done.stored - done.repeated - kept_back
        if missing:
            self.lost += abs(missing)
            told = [f"{each.reason}: {each.topic[:60]}: {each.problem[:100]}" for each in done.refused]
            self._tell(f"{wanted} values were sent, {missing} are missing; {told[:_MOST_TOLD]}")
        refused = {(each.topic, each.payload) for each in done.refused}
        for each in sent:
            if each.refused and (each.message.topic, each.message.payload) not in refused:
                self._tell(f"{each.kind}: nothing of it is in quarantine: {each.message.payload[:100]!r}")

    def _tell(self, problem: str) -> None:
        if len(self.wrong) < _MOST_TOLD:
            self.wrong.append(f"batch {self.batches}: {problem}")

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not (self.stops or self.lost or self.wrong)


def run(
    url: str,
    folder: Path,
    *,
    messages: int,
    seed: int,
    say: Callable[[str], None],
    poison: float = 0.0005,
    every: int = 20_000,
) -> Result:
    """Send so many messages through the main path. ``poison`` is the share that a stage is made to fail for; one call
    of a stage in ``every`` fails for nothing.
    """
    result, chance, stream = Result(seed), random.Random(seed), Stream(seed)
    endless, injector = iter(stream), Injector(seed, every=every)
    began = told = time.monotonic()
    with psycopg.connect(url) as conn, injector.at_work():
        state = _taken_up(conn, folder)
        while result.messages < messages:
            count = min(chance.randint(1, LARGEST_BATCH), messages - result.messages)
            sent = list(islice(endless, count))
            for place in range(count):
                if chance.random() < poison:
                    sent[place] = stream.poison(chance.choice(list(POISON.values())))
            try:
                result.note(sent, splitting.process(conn, [each.message for each in sent], state))
            except Exception as error:  # noqa: BLE001 - that is what is counted
                result.stops += 1
                result.wrong.append(f"stopped: {type(error).__name__}: {error}"[:300])
                if result.stops >= _MOST_TOLD:
                    break
                conn.rollback()
                state = _taken_up(conn, folder)
            if time.monotonic() - told >= 5:
                told = time.monotonic()
                _say_progress(result, messages, began, say)
        result.injected, result.seconds = injector.injected, round(time.monotonic() - began, 1)
        result.rss_mb.append(_rss_mb())
        _compare(conn, result)
    return result


def _taken_up(conn: psycopg.Connection, folder: Path) -> Engine:
    return engine.start(conn, settings(folder), rulebook=rulebook.parse(RULES), models={}, holder="fuzz")


def _say_progress(result: Result, messages: int, began: float, say: Callable[[str], None]) -> None:
    result.rss_mb = [*result.rss_mb[-500:], _rss_mb()]
    rate = result.messages / (time.monotonic() - began)
    say(
        f"{result.messages:,} of {messages:,} messages, {rate:,.0f} a second, {result.quarantined:,} refused, "
        f"{result.stops} stops, {result.lost} lost, {result.rss_mb[-1]} MB"
    )


def _compare(conn: psycopg.Connection, result: Result) -> None:
    """Hold what was counted against what the database has."""
    (there,) = conn.execute("SELECT count(*) FROM readings WHERE quality <> 3").fetchone() or (0,)
    if there != result.stored:
        result.wrong.append(f"{result.stored} readings were said to be stored, {there} are there")


def _rss_mb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() >> 20


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plantwright-fuzz-")))
        folder.chmod(0o711)
        server = os.environ.get("PLANTWRIGHT_TEST_DATABASE")
        if server is None:
            own = postgres.start(folder / "postgres")
            stack.callback(own.stop)
            server = own.url
        url = stack.enter_context(databases.fresh(server))
        migrate(url)
        result = run(url, folder, messages=asked.messages, seed=asked.seed, say=lambda said: print(said, flush=True))
    told: dict[str, Any] = asdict(result) | {"messages_per_s": round(result.messages / max(result.seconds, 0.1))}
    told["rss_mb"] = {"first": result.rss_mb[0], "last": result.rss_mb[-1], "most": max(result.rss_mb)}
    print(json.dumps(told))
    return 0 if result.kept else 1


if __name__ == "__main__":
    sys.exit(main())
