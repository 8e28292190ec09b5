"""The application's settings for delivery, which another process performs: sealing of secrets, the sender of mails."""

from dataclasses import dataclass

from db.events.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Delivery:
    """The settings for delivering events. ``mail_from``: the sender of mails; None: no mail is sent. People may use
    these servers of ntfy and these services of apprise.
    """

    sealer: Sealer = Sealer()  # noqa: RUF009 - immutable
    mail_from: str | None = None
    ntfy_servers: frozenset[str] = frozenset()
    apprise_services: frozenset[str] = frozenset()


NOTHING_SET = Delivery()
