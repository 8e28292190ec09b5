"""A row more of a list of messages, policies or requests, which `test_cursors` adds during a walk."""

from db.plant import plant as assets
from db.requests import requests, self_help
from db.requests.personal import Person
from tests.api.lists.rows import Plant, at, receiver


def message_of_order(plant: Plant, n: int) -> None:
    """Queue an event of the order for a receiver."""
    if n == 0:
        receiver(plant, 0)
    plant.sql(
        "INSERT INTO new_events (kind, site_id, order_id, subject, at) "
        "SELECT 'order.changed', site_id, id, 'x', %(at)s FROM work_orders WHERE id = %(order)s",
        at=at(n),
        order=plant.order,
    )
    plant.sql("SELECT number_events()")
    plant.sql(
        "INSERT INTO deliveries (receiver_id, event_id, why, due_at, created_at) "
        "SELECT 1, max(id), 'x', now(), now() FROM events"
    )


def policy_version(plant: Plant, n: int) -> None:
    """Store another version of the site's policy."""
    plant.post("sites/NTH/notification-policy", {"one_by_one": n % 100}, "PUT")


def request(plant: Plant, n: int) -> None:
    """Ask for something at the asset."""
    thing = assets.asset(plant.conn, plant.asset, now=at(n))
    requests.create(plant.conn, thing, Person(what="It drips"), danger=False, language="en", at=at(n))


def help_text(plant: Plant, n: int) -> None:
    """Write instructions for the site."""
    self_help.add(plant.conn, 1, title=f"Stands {n}", steps="Turn it", actor="person:Ola", at=at(n))
