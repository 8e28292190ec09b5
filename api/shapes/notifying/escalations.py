"""Bodies and answers about escalations and their policies."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.shapes.plant import Code
from db.documents.site_documents import Stored, Version
from db.escalating.escalations import Ask, Escalation
from db.oncall.chiefs import Chief
from workorder_core.escalating.course import Answer, State
from workorder_core.escalating.documents import from_document, to_document
from workorder_core.escalating.policies import (
    LIST_MOST,
    REPEAT_MOST,
    STEPS_MOST,
    WAIT_MOST,
    WHOM_MOST,
    CauseKind,
    Policy,
)
from workorder_core.words import OrderType

_Why = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00]*$")]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
EXAMPLE: dict[str, Any] = {
    "title": "Emergencies",
    "order_types": ["emergency"],
    "steps": [{"whom": ["person:demo"], "wait_minutes": 5}, {"whom": ["role:planner"], "wait_minutes": 10}],
    "repeat": 1,
}


class ChiefIn(BaseModel):
    """Who is the chief of a site."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"person": "demo"}]})

    person: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$", description="a user's name")]


class ChiefOut(BaseModel):
    """The chief of a site, whom policies can ask as `chief`."""

    site: str
    person: str | None = Field(description="null: the site has none")
    full_name: str
    reachable: bool = Field(description="not disabled, and sees the site; otherwise a step goes on without them")

    @classmethod
    def of(cls, site: str, found: Chief | None) -> "ChiefOut":
        """Return the chief of a site; None: it has none."""
        if found is None:
            return cls(site=site, person=None, full_name="", reachable=False)
        return cls(site=site, person=found.person, full_name=found.full_name, reachable=found.reachable)


class PolicyStepIn(BaseModel):
    """Who is asked together, and how long their answer is waited for."""

    model_config = ConfigDict(extra="forbid")

    whom: list[_Text] = Field(
        min_length=1,
        max_length=WHOM_MOST,
        description="`person:anna`, `rota:PUMPS`, `rota:PUMPS/second`, `crew:PUMPS`, `role:planner`, `chief`, "
        "`everybody`",
    )
    wait_minutes: int = Field(5, ge=1, le=WAIT_MOST)


class PolicyIn(BaseModel):
    """Whom to ask about which orders and alarms, in which order, until somebody acknowledges."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    title: _Text
    order_types: list[OrderType] = Field(default_factory=list, max_length=LIST_MOST, description="empty: no orders")
    priorities: list[Annotated[int, Field(ge=1, le=4)]] = Field(
        default_factory=list, max_length=LIST_MOST, description="of orders; empty: each"
    )
    alarm_severities: list[Annotated[int, Field(ge=1, le=3)]] = Field(
        default_factory=list, max_length=LIST_MOST, description="of alarms of assets; empty: no alarms"
    )
    engine_alarms: list[_Text] = Field(
        default_factory=list, max_length=LIST_MOST, description="codes of the engine's own alarms, or `*`; empty: none"
    )
    areas: list[_Text] = Field(
        default_factory=list, max_length=LIST_MOST, description="codes of locations; empty: the whole site"
    )
    asset_classes: list[_Text] = Field(default_factory=list, max_length=LIST_MOST, description="empty: each")
    steps: list[PolicyStepIn] = Field(min_length=1, max_length=STEPS_MOST)
    repeat: int = Field(0, ge=0, le=REPEAT_MOST, description="how often all steps are taken again")

    def policy(self, code: str, site: str) -> Policy:
        """Return the policy in the core's terms. Raises InvalidPolicy."""
        return from_document(self.model_dump(mode="json", exclude={"code", "site"}), code=code, site=site)


class NewPolicyIn(PolicyIn):
    model_config = ConfigDict(json_schema_extra={"examples": [{"site": "NTH", "code": "EMERGENCY", **EXAMPLE}]})

    site: str = Field(max_length=64, description="a site's code")
    code: Code


class PolicyOut(BaseModel):
    """An escalation policy at its newest version."""

    id: int
    site: str
    code: str
    version: int
    title: str
    retired_at: datetime | None
    policy: dict[str, Any] = Field(description="as it was sent")

    @classmethod
    def of(cls, stored: Stored[Policy]) -> "PolicyOut":
        return cls(
            id=stored.id,
            site=stored.content.site,
            code=stored.content.code,
            version=stored.content.version,
            title=stored.content.title,
            retired_at=stored.retired_at,
            policy=to_document(stored.content),
        )


class PolicyVersionOut(BaseModel):
    """A version of a policy. Escalations that began while it was in force keep to it."""

    version: int
    made_by: str
    made_at: datetime
    why: str
    policy: dict[str, Any] | None = Field(description="null: retired from then on")

    @classmethod
    def of(cls, version: Version[Policy]) -> "PolicyVersionOut":
        return cls(
            version=version.version,
            made_by=version.made_by,
            made_at=version.made_at,
            why=version.why,
            policy=None if version.content is None else to_document(version.content),
        )


class AskOut(BaseModel):
    """Somebody who was asked."""

    model_config = ConfigDict(from_attributes=True)

    person: str = Field(description="a user's name")
    full_name: str
    step: int = Field(description="the number of the step, from 1")
    asked_at: datetime
    asked_by: str | None = Field(description="who handed it on to them; null: a step of the policy")
    sent_at: datetime | None = Field(description="when their message was made; null: not yet")
    delivery: str | None = Field(description="of their message: pending, delivered, failed or skipped; null: none")
    answer: Answer | None
    answered_at: datetime | None
    how: str | None = Field(description="how they answered: link, page or api")
    why: str

    @classmethod
    def of(cls, ask: Ask) -> "AskOut":
        return cls.model_validate(ask)


class EscalationOut(BaseModel):
    """An order or alarm about which people are asked."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    site: str
    policy: str = Field(description="the policy's code")
    policy_id: int
    version: int = Field(description="the policy's version when it began")
    cause: CauseKind
    order_id: UUID | None
    asset_id: int | None
    subject: str
    title: str
    began_at: datetime
    state: State
    state_since: datetime
    taken: int = Field(description="how many steps have been taken")
    due_at: datetime | None = Field(description="when the next step is due; null: none is")
    answered_by: str | None
    how: str | None = Field(description="how it was acknowledged or ended: link, page, api, work, or what ended it")

    @classmethod
    def of(cls, found: Escalation) -> "EscalationOut":
        return cls.model_validate(found)


class OneEscalationOut(EscalationOut):
    """An escalation with everybody who was asked, in order."""

    asked: list[AskOut]

    @classmethod
    def with_asks(cls, found: Escalation, asks: list[Ask]) -> "OneEscalationOut":
        return cls(**EscalationOut.of(found).model_dump(), asked=[AskOut.of(each) for each in asks])


class AcknowledgeIn(BaseModel):
    """They take care of it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "I am on my way"}]})

    why: _Why = ""


class DeclineIn(BaseModel):
    """They cannot."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "I am ill"}]})

    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]+$")]


class HandOnIn(BaseModel):
    """Somebody else is asked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"to": "demo", "why": "her pump"}]})

    to: str = Field(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$", description="a user's name")
    why: _Why = ""
