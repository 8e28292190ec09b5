"""The rules in force, and the use of their alarm budgets."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from db.documents.budgets import RuleNow


class BudgetOut(BaseModel):
    alarms_per_week: float | None
    precision: float | None
    close_outs: int = Field(description="the fewest close-outs for its precision to count")
    may_go_to_shadow: bool


class ShadowedOut(BaseModel):
    since: datetime
    by: str
    why: str


class RuleOut(BaseModel):
    """A rule of the rulebook in force."""

    id: str
    kind: str
    asset_class: str
    signal: str
    component: str
    failure_mode: str
    severity: str = Field(description="degrading, malfunction or safety")
    latching: bool
    budget: BudgetOut | None
    alarms: int = Field(description="shown to people in the last week, or since it left the shadow")
    would_be_alarms: int = Field(description="in the last week, in shadow")
    confirmed: int = Field(description="true positives among its newest 20 close-outs")
    nothing_found: int
    precision: float | None
    over: str | None = Field(description="why it is over its budget; null while it is not")
    in_shadow: ShadowedOut | None = Field(description="null while it opens orders")
    slow: str | None = Field(
        None, description="assets on which it cannot become active, because a device reports too seldom for its max_gap"
    )

    @classmethod
    def of(cls, now: RuleNow, slow: str | None = None) -> "RuleOut":
        rule, spent, there = now.rule, now.spent, now.in_shadow
        same = ("id", "kind", "asset_class", "signal", "component", "latching")
        limits = None
        if rule.budget is not None:
            limits = BudgetOut(**{name: getattr(rule.budget, name) for name in BudgetOut.model_fields})
        return cls(
            **{name: getattr(rule, name) for name in same},
            failure_mode=rule.failure_mode.value,
            severity=rule.severity.name.lower(),
            budget=limits,
            alarms=spent.alarms,
            would_be_alarms=spent.would_be,
            confirmed=spent.right,
            nothing_found=spent.wrong,
            precision=spent.precision,
            over=now.over,
            slow=slow,
            in_shadow=None if there is None else ShadowedOut(since=there.begun_at, by=there.begun_by, why=there.why),
        )


class WhyIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "alarms at every start"}]})

    why: str = Field(min_length=3, max_length=2000, description="the reason, kept with the event")
