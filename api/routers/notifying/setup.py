"""The application's settings for delivery, which another process performs: sealing of secrets, the sender of mails."""

from dataclasses import dataclass

from db.events.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Delivery:
    """The settings for delivering events. ``mail_from``: the sender of mails; None: no mail is sent."""

    sealer: Sealer = Sealer()  # noqa: RUF009 - immutable
    mail_from: str | None = None


NOTHING_SET = Delivery()
