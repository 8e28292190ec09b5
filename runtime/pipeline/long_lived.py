"""Keeps Python's garbage collector from traversing the state of the whole plant repeatedly. With a thousand assets a
full collection stops ingest for a fifth of a second and finds nothing: objects that live as long as the process are
exempted while it runs.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

EVERY = 10_000
"""New objects between two collections of the young generation; Python's default of 700 is less than a batch creates."""


@contextmanager
def exempt() -> Iterator[None]:
    """Exempt all objects alive now from collections, while the block runs. Collects first: otherwise the state
    discarded after an outage would be kept as long as the new one.
    """
    before = gc.get_threshold()
    gc.set_threshold(EVERY, *before[1:])
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def renew() -> None:
    """Collect garbage among the exempted objects and exempt the present ones, if any are exempted."""
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()
        gc.freeze()
