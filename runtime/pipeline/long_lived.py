"""Python's collector of cycles, kept from walking the state of the whole plant again and again.

With a thousand assets a full collection stops ingest for a fifth of a second and finds nothing: what lives as long as
the process is not looked at while it runs.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

EVERY = 10_000
"""New objects between two collections of the young ones; Python's own 700 is less than a batch makes."""


@contextmanager
def exempt() -> Iterator[None]:
    """Exempt all objects that are alive now from collections, while the block runs.

    Collects first: the state that an outage has ended would be kept as long as the new one.
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
    """Collect what the exempted objects have left behind and exempt those of now, if any are exempted."""
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()
        gc.freeze()
