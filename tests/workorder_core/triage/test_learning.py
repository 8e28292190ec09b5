"""When a site's triage is learned anew, and whether what was learned suggests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder_core.triage import learning


@pytest.mark.parametrize(
    ("new", "learned_from", "enough"),
    [(79, None, False), (80, None, True), (49, 80, False), (50, 80, True), (99, 1000, False), (100, 1000, True)],
)
def test_the_next_version_is_due_after_so_many_new_labels(new: int, learned_from: int | None, enough: bool) -> None:
    assert learning.progress(new=new, learned_from=learned_from).is_enough is enough


@given(st.integers(0, 20_000), st.none() | st.integers(0, 20_000))
def test_nothing_is_learned_from_nothing_new(learned_from: int, few: int | None) -> None:
    assert not learning.progress(new=0, learned_from=few).is_enough
    assert learning.progress(new=1, learned_from=learned_from).needed <= max(50, learned_from)


@pytest.mark.parametrize(
    ("newest", "in_force", "expected"), [(None, None, True), (3, 3, True), (3, 2, False), (3, None, False)]
)
def test_what_a_person_put_back_stays_until_a_person_chooses_the_newest(
    newest: int | None, in_force: int | None, expected: bool
) -> None:
    assert learning.comes_into_force(newest=newest, in_force=in_force) is expected
