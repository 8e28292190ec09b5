"""Kinds of run that tests add to those that there are."""

from workorder_core.runs import runs
from workorder_core.runs.runs import RunKind

SAFE = ("steps", "greedy", "endless", "deaf", "unlucky")


def known() -> None:
    """Make the tests' kinds known, in this process."""
    kinds = runs.KINDS
    assert isinstance(kinds, dict)
    for name in (*SAFE, "unsafe"):
        kinds[name] = RunKind(name=name, title=name, safe_again=name != "unsafe", roles=frozenset())


def forgotten() -> None:
    """Make them unknown again, for the tests that come after in this process."""
    kinds = runs.KINDS
    assert isinstance(kinds, dict)
    for name in (*SAFE, "unsafe"):
        kinds.pop(name, None)
