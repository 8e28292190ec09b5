"""A fleet model of an asset class, as a document: its health index and its remaining life, learned from ended lives.

It is numbers only; `models.lives.fleet_learning` makes it, `models.lives.life.LifeState` judges by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.health_index import HealthIndex
from models.lives.conditions import Conditions
from models.remaining_life import RemainingLife

NUMBERS = ("signals", "regime", "step_s", "conditions", "index", "remaining")
VERSION_DIGITS = 12


class InvalidFleet(ValueError):
    """A fleet model that cannot judge; says what is wrong and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetModel:
    """What judges every asset of a class by what the class's lives have taught.

    Parameters
    ----------
    version
        Twelve hex digits that change with any number.
    signals, regime
        The signals that are judged and those that name the operating condition; a row has them in this order.
    step_s
        Seconds of event time that make a row, the mean of its frames; 0: every frame is a row.
    conditions, index, remaining
        See there; the index's ``limit`` opens an order.
    starts
        By asset the state of its unfinished life at the end of what was learned from, with which it goes on.
    learned, errors
        From what it was learned, and its cross-validated errors, for people.
    """

    version: str
    signals: tuple[str, ...]
    regime: tuple[str, ...]
    step_s: float
    conditions: Conditions
    index: HealthIndex
    remaining: RemainingLife
    starts: Mapping[str, Any] = field(default_factory=dict)
    learned: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, Any] = field(default_factory=dict)

    @property
    def step_us(self) -> int:
        return round(self.step_s * 1e6)

    def table(self) -> dict[str, Any]:
        """Return it as plain data, for `of_table`."""
        index = {name: getattr(self.index, name) for name in HealthIndex.__slots__}
        numbers: dict[str, Any] = {
            "signals": list(self.signals),
            "regime": list(self.regime),
            "step_s": self.step_s,
            "conditions": self.conditions.numbers(),
            "index": {name: each.tolist() if isinstance(each, np.ndarray) else each for name, each in index.items()},
            "remaining": self.remaining.numbers(),
        }
        return numbers | {
            "version": version_of(numbers),
            "starts": dict(self.starts),
            "learned": dict(self.learned),
            "errors": dict(self.errors),
        }

    @classmethod
    def of_table(cls, table: Mapping[str, Any]) -> FleetModel:
        """Make a model of a table that `table` has written. Raises InvalidFleet."""
        try:
            index = dict(table["index"])
            index["signals"] = tuple(int(each) for each in index["signals"])
            index |= {name: np.array(index[name], dtype=np.float64) for name in ("spread", "votes")}
            made = cls(
                version=version_of(table),
                signals=tuple(map(str, table["signals"])),
                regime=tuple(map(str, table["regime"])),
                step_s=float(table["step_s"]),
                conditions=Conditions.of_numbers(table["conditions"]),
                index=HealthIndex(**index),
                remaining=RemainingLife.of_numbers(table["remaining"]),
                starts=dict(table.get("starts", {})),
                learned=dict(table.get("learned", {})),
                errors=dict(table.get("errors", {})),
            )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise InvalidFleet(
                f"fleet cannot be read ({type(error).__name__}: {error}); write what `plantwright models learn` made"
            ) from None
        if table.get("version", made.version) != made.version:
            raise InvalidFleet("fleet has been changed by hand; learn again with `plantwright models learn`")
        return made


def version_of(table: Mapping[str, Any]) -> str:
    """Return the version of a model's numbers, however they were written down."""
    numbers = json.loads(json.dumps({name: table[name] for name in NUMBERS}), parse_int=float)
    return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:VERSION_DIGITS]
