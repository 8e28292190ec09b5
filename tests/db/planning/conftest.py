"""A plant with a job plan, on which every test leaves nothing."""

from datetime import UTC, datetime

import psycopg
import pytest

from db.orders import job_plans
from runtime.cli.plant_file import load_plant
from tests import a_plant
from tests.parts import databases
from workorder_core.orders.job_plans import JobPlan, Part, PlanStep, StepKind

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACTOR = "person:dahl"


@pytest.fixture(scope="module")
def _plant(embedded_server, _template):
    with databases.fresh(embedded_server, _template) as url, psycopg.connect(url) as conn:
        load_plant(conn, a_plant.SAMPLE)
        job_plans.save(
            conn,
            JobPlan(
                code="SERVICE",
                title="Service of a pump",
                steps=(PlanStep(kind=StepKind.INSTRUCTION, instruction="Grease both bearings"),),
                parts=(Part(part="GREASE-1", quantity=2),),
                skills=("mechanic",),
                estimated_hours=1.5,
            ),
            actor=ACTOR,
            at=NOW,
        )
        conn.commit()
        yield conn


@pytest.fixture
def conn(_plant):
    with _plant.transaction(force_rollback=True):
        yield _plant
