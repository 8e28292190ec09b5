"""What the application knows of delivery, which another process does: how secrets are sealed, whether mail is sent."""

from dataclasses import dataclass

from db.events.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the settings let events be delivered. ``mail_from``: the sender of mails; None: no mail is sent."""

    sealer: Sealer = Sealer()  # noqa: RUF009 - immutable
    mail_from: str | None = None


NOTHING_SET = Delivery()
