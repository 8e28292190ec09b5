"""How errors of schedules leave: their status codes, slugs and titles, as ``api.problems`` has them for all."""

from collections.abc import Mapping

from db.scheduling.actuals import TooFewCases
from db.scheduling.schedules import ScheduleChanged, ScheduleFinal
from db.scheduling.weeks import NotAllowedHere, NotInWeek
from db.scheduling.weights import WeightsChanged
from workorder_core.scheduling.documents import InvalidWeights

OF_SCHEDULES: Mapping[type[Exception], tuple[int, str, str]] = {
    ScheduleChanged: (412, "schedule-changed", "Schedule changed"),
    ScheduleFinal: (409, "schedule-final", "Schedule final"),
    NotAllowedHere: (409, "breaks-rules", "Breaks rules"),
    NotInWeek: (409, "not-in-week", "Not in week"),
    WeightsChanged: (412, "weights-changed", "Weights changed"),
    TooFewCases: (409, "too-few-cases", "Too few cases"),
    InvalidWeights: (422, "invalid-weights", "Invalid weights"),
}
