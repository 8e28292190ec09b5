"""The executor of each kind of run."""

from collections.abc import Mapping

from runtime.runs import audit_reports, backtests, imports, schedules, triage, what_ifs
from runtime.runs.work import Executor
from workorder_core.runs.runs import AUDIT_REPORT, BACKTEST, IMPORT, SCHEDULE, TRIAGE, WHAT_IF

EXECUTORS: Mapping[str, Executor] = {
    BACKTEST.name: backtests.execute,
    IMPORT.name: imports.execute,
    AUDIT_REPORT.name: audit_reports.execute,
    SCHEDULE.name: schedules.execute,
    TRIAGE.name: triage.execute,
    WHAT_IF.name: what_ifs.execute,
}
