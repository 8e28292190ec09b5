"""A row more of a list of technicians' devices, or of what they reported, which `test_cursors` adds during a walk."""

from datetime import timedelta
from uuid import UUID, uuid4

from tests.api.lists.rows import NOW, Plant


def device(plant: Plant, n: int) -> UUID:
    made = uuid4()
    plant.sql(
        "INSERT INTO sync_devices (id, person, app, first_seen_at, seen_at) "
        "VALUES (%(id)s, %(person)s, '1', now(), now())",
        id=made,
        person=f"person:p{n * 7 % 13}",
    )
    return made


def report(plant: Plant, n: int) -> None:
    """Keep a remark for the planner."""
    plant.sql(
        "INSERT INTO sync_operations (op_id, device_id, person, kind, body, fingerprint, received_at, verdict, answer) "
        "VALUES (%(id)s, %(device)s, 'person:x', 'remark', '{\"text\": \"x\"}', '', %(at)s, 'kept', '{}')",
        id=uuid4(),
        device=device(plant, n),
        at=NOW + timedelta(minutes=n),
    )
