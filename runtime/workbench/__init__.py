"""For notebooks: a plant's history as pandas, rules and models tried on it, and pictures of both.

>>> from runtime import workbench
>>> plant = workbench.sample_plant()          # or workbench.connect("postgresql://…")
>>> plant.readings("NTH/P-101", every="1h")
>>> tried = plant.backtest(rules="my-rules.toml")
>>> tried.orders

A plant in a database and a recording in memory have the same methods, and both are judged by the code of the plant.
"""

from runtime.workbench.database import Plant, connect
from runtime.workbench.going_live import OnTrial
from runtime.workbench.pictures import plot_lead_times, plot_readings, plot_sensitivity
from runtime.workbench.practice import Practice, practice_plant
from runtime.workbench.recording import Recording, recorded, sample_failures, sample_plant
from runtime.workbench.scores import limits
from runtime.workbench.trial import Trial
from runtime.workbench.tuning import Fold, Tuning, sees_the_future, tune

__all__ = [
    "Fold", "OnTrial", "Plant", "Practice", "Recording", "Trial", "Tuning", "connect", "limits", "plot_lead_times",
    "plot_readings", "plot_sensitivity", "practice_plant", "recorded", "sample_failures", "sample_plant",
    "sees_the_future", "tune",
]  # fmt: skip
