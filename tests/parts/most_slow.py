"""Which values of a test are tried every time, and which with the long proofs."""

from collections.abc import Iterable
from typing import Any

import pytest


def most_slow(values: Iterable[Any], *quick: Any) -> list[Any]:
    """Return all values as parameters, marked slow but for the quick ones."""
    return [value if value in quick else pytest.param(value, marks=pytest.mark.slow) for value in values]
