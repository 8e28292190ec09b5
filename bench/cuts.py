"""Does how messages are cut into batches show? ``./run bench cuts --seeds A-B``.

Each seed gives three streams: machines that go wrong at once in an area, causes above their consequences, and several
formats mixed. Each is brought through the main path one message at a time, then in batches of other sizes, with
restarts, with kills before a commit, and with batches that fail, are undone and tried by halves. Orders, numbers, ids,
evidence, alarms, readings, events, quarantine and the judge's bytes are compared. The last line is one JSON object;
``differing`` is to be 0.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import structlog

from bench.cuts_parts.run import run
from bench.cuts_parts.streams import STREAMS
from db.schema import migrate
from runtime.embedded import postgres
from tests.parts import databases

SIZES = (1, 1, 2, 3, 5, 8, 20, 60, 200)


def ways(seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield how a stream is cut otherwise than one by one, each by name."""
    dice = random.Random(seed)
    for size in (dice.choice((2, 3, 7)), dice.choice((50, 1000))):
        yield f"batches of {size}", {"sizes": lambda size=size: size}
    yield "batches of any size", {"sizes": lambda: dice.choice(SIZES)}
    yield "with restarts", {"sizes": lambda: dice.choice(SIZES), "restarts": lambda: dice.random() < 0.1}
    yield "with failures", {"sizes": lambda: dice.choice(SIZES), "failures": lambda: dice.random() < 0.25}
    yield "with kills", {"sizes": lambda: dice.choice(SIZES), "kills": lambda: dice.random() < 0.1}


def compare(fresh: Callable[[], contextlib.AbstractContextManager[str]], seed: int) -> list[dict[str, Any]]:
    """Compare every way of each stream of a seed with one message at a time. ``fresh`` gives an empty database."""
    found = []
    for name, make in STREAMS.items():
        case = make(seed)
        with fresh() as url:
            one = run(url, case, lambda: 1)
        for way, how in ways(seed):
            with fresh() as url:
                other = run(url, case, **how)
            differs = one.differs(other) + ([] if other.rebuilt_alike else ["the judge that is rebuilt"])
            facts = {"seed": seed, "stream": name, "way": way, "differs": differs}
            found.append(facts | {"by_lane": other.laned, "orders": len(one.tables["orders"])})
    return found


def seeds_of(text: str) -> range:
    """Read ``A-B``, or one number."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench cuts", description=__doc__)
    parser.add_argument("--seeds", type=seeds_of, default="1-5", help="as A-B, both included")
    given = parser.parse_args(arguments)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(io.StringIO()))
    folder = Path(tempfile.mkdtemp(prefix="bench-cuts-"))
    folder.chmod(0o755)  # who runs the server is another one, where we are root
    server = postgres.start(folder / "postgres")
    began, found = time.monotonic(), list[dict[str, Any]]()
    try:
        with psycopg.connect(server.url, autocommit=True) as conn:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                conn.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            conn.execute("SELECT pg_reload_conf()")
        template = databases.template(server.url, folder, migrate)
        for seed in given.seeds:
            of_seed = compare(lambda: databases.fresh(server.url, template), seed)
            found += of_seed
            differing = [each for each in of_seed if each["differs"]]
            print(f"seed {seed}: {len(differing)} of {len(of_seed)} differ", *differing, sep="\n  ", file=sys.stderr)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    differing = [each for each in found if each["differs"]]
    result = {"seeds": len(given.seeds), "compared": len(found), "differing": len(differing), "which": differing[:20]}
    counts = {key: sum(each[key] for each in found) for key in ("by_lane", "orders")}
    print(json.dumps(result | counts | {"seconds": round(time.monotonic() - began)}))


if __name__ == "__main__":
    main()
