"""The plant of the measurement: so many assets, a limit on every signal, a model on every asset that has learned."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from judge.asset import asset_dump
from judge.inputs import JudgedFrame
from rules import rulebook
from runtime.pipeline import engine
from runtime.settings import Settings

SITE = "BEN"
CLASS = "bench"
WARM_FRAMES = 500


@dataclass(frozen=True, slots=True)
class Plant:
    """``values`` is how many values a message carries: 1, or all signals of an asset. ``begins_s``: epoch seconds."""

    assets: int
    signals: int
    values: int
    begins_s: int
    level: float = 50.0

    @classmethod
    def of(cls, assets: int, signals: int, values: int, messages: int) -> Plant:
        seconds = messages * values // (assets * signals) + 60
        return cls(assets, signals, values, int(time.time()) - seconds)

    def signal(self, i: int) -> str:
        return f"signal_{i:03d}"

    def topic(self, asset: int) -> str:
        return f"plantwright/v1/{SITE}/A{asset:05d}"

    def key(self, asset: int) -> str:
        return f"{SITE}/A{asset:05d}"

    def rulebook(self) -> dict[str, Any]:
        """A limit on every signal, that no ordinary value comes near."""
        rule = {
            "asset_class": CLASS, "raise_at": self.level + 20.0, "clear_below": self.level + 15.0,
            "component": "bearing", "failure_mode": "OHE", "severity": "malfunction",
        }  # fmt: skip
        return {"threshold": [rule | {"id": f"high-{i:03d}", "signal": self.signal(i)} for i in range(self.signals)]}

    def models(self) -> Mapping[str, Any]:
        """The default model. Signals that come one by one are gathered: the readings of a second make a frame."""
        return {CLASS: {"frame_step_s": 1.0}} if self.values == 1 else {}


_MAKE = """
INSERT INTO sites (code, name) VALUES (%(site)s, %(site)s);
INSERT INTO assets (site_id, code, name, class)
SELECT (SELECT id FROM sites), 'A' || lpad(i::text, 5, '0'), 'asset ' || i, %(class)s
FROM generate_series(0, %(assets)s - 1) AS i ORDER BY i;
INSERT INTO signals (asset_id, name)
SELECT a.id, 'signal_' || lpad(i::text, 3, '0')
FROM assets a CROSS JOIN generate_series(0, %(signals)s - 1) AS i ORDER BY a.id, i;
CREATE TABLE peer_rows (signal_id integer, observed_at timestamptz, received_at timestamptz DEFAULT now(),
                        value double precision);
"""


def make(url: str, plant: Plant, settings: Settings) -> None:
    """Make the plant known in a migrated database, and a checkpoint in which every asset's model has learned.

    One asset is warmed up; the others are given the same past.
    """
    facts = {"site": SITE, "class": CLASS, "assets": plant.assets, "signals": plant.signals}
    with psycopg.ClientCursor(psycopg.connect(url)) as cursor:
        cursor.execute(_MAKE, facts)
        cursor.connection.commit()
        cursor.connection.close()
    with psycopg.connect(url) as conn:
        book = rulebook.parse(plant.rulebook())
        state = engine.start(conn, settings, rulebook=book, models=plant.models(), holder="bench")
        judge = state.judge
        rng = np.random.default_rng(11)
        first = plant.key(0)
        for k in range(WARM_FRAMES):
            row = plant.level + rng.standard_normal(plant.signals)
            values = {plant.signal(i): float(value) for i, value in enumerate(row)}
            at_us = (plant.begins_s - WARM_FRAMES - 1 + k) * 1_000_000
            judge.decide([JudgedFrame(judge.arrival, first, at_us, values)])
        learned = asset_dump.dump(judge.assets[first])
        for i in range(1, plant.assets):
            one = judge.assets[plant.key(i)]
            judge.assets[one.key] = asset_dump.restore(one.key, learned, judge.rulesets, judge.fleets, one.document)
        with conn.transaction():
            engine.save(conn, state)
