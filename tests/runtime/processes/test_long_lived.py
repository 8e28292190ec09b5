"""What lives as long as ingest is not collected, and everything else is."""

import gc
import weakref

from runtime.pipeline import long_lived


class Cycle:
    def __init__(self) -> None:
        self.itself = self


def test_what_is_made_later_is_collected_and_what_was_there_afterwards():
    before, threshold = Cycle(), gc.get_threshold()
    of_before = weakref.ref(before)
    with long_lived.exempt():
        assert gc.get_freeze_count() > 1_000
        later = weakref.ref(Cycle())
        del before
        gc.collect()
        assert later() is None
        assert of_before() is not None
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == threshold
    gc.collect()
    assert of_before() is None


def test_a_state_that_was_replaced_is_not_kept():
    state = Cycle()
    of_state = weakref.ref(state)
    with long_lived.exempt():
        del state
        long_lived.renew()
        assert of_state() is None
        assert gc.get_freeze_count() > 1_000


def test_a_state_that_an_outage_has_ended_is_not_kept_by_the_next_start():
    state = Cycle()
    of_state = weakref.ref(state)
    with long_lived.exempt():
        pass
    del state
    with long_lived.exempt():
        assert of_state() is None


def test_nothing_is_exempted_where_nothing_was():
    long_lived.renew()
    assert gc.get_freeze_count() == 0
