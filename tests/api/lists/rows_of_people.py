"""A row more of a list of people and their work, which `test_cursors` adds during a walk."""

from tests.api.lists.rows import Plant, scattered
from tests.api.lists.rows_of_work import visit


def asked_skill(plant: Plant, n: int) -> None:
    """Say what a failure mode asks for at the site."""
    plant.sql(
        "INSERT INTO skill_rules (site_id, of, code, skill) VALUES (1, 'failure_mode', %(c)s, 'x')", c=scattered(n)
    )


def skill_certificate(plant: Plant, n: int) -> None:
    """Say what a skill asks for at the site."""
    plant.sql("INSERT INTO skill_certificates VALUES (1, %(c)s, '{x}')", c=scattered(n))


def actual(plant: Plant, n: int) -> None:
    """Make a visit of the first schedule, from a place from which nobody has come yet."""
    visit(plant, n)
    for code in ("x", scattered(n)):
        plant.sql(
            "INSERT INTO locations (site_id, code, name, level) VALUES (1, %(c)s, 'x', 'area') ON CONFLICT DO NOTHING",
            c=code,
        )
    plant.sql(
        "INSERT INTO visit_actuals (schedule_id, order_id, part, site_id, from_place, place, planned_starts, "
        "planned_ends, planned_travel, started_at, ended_at, worked, travelled) "
        "SELECT 1, order_id, 1, 1, %(c)s, 'x', starts_at, ends_at, 10, starts_at, ends_at, 1.0, 10 "
        "FROM schedule_visits ORDER BY id DESC LIMIT 1",
        c=scattered(n),
    )
