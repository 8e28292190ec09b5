"""What delivery needs, from the settings."""

import ssl

from db.events.sealing import Sealer
from runtime.delivery import mail, reach, webhook
from runtime.delivery.delivering import Means
from runtime.settings import InvalidSettings, Settings
from runtime.version import CODE_VERSION


def of(settings: Settings) -> Means:
    """Return what delivery needs. Raises InvalidSettings if a file of certificates cannot be read."""
    return Means(
        webhooks=webhook.Sender(reach.networks(settings.webhook_networks), version=CODE_VERSION),
        mail_server=mail_server(settings),
        sealer=Sealer(settings.secrets_key),
        pages=settings.pages_url,
        portal=settings.portal_url or settings.pages_url,
        language=settings.language,
        ntfy_servers=frozenset(settings.ntfy_servers),
        apprise_services=frozenset(settings.apprise_services),
    )


def mail_server(settings: Settings) -> mail.Server | None:
    """Return the mail server of the settings; None: there is none. Raises InvalidSettings likewise."""
    if settings.smtp_host is None or settings.mail_from is None:
        return None
    try:
        tls = ssl.create_default_context(cafile=None if settings.smtp_ca is None else str(settings.smtp_ca))
    except OSError as error:
        raise InvalidSettings(f"smtp_ca: {settings.smtp_ca} cannot be used: {error}") from None
    return mail.Server(
        host=settings.smtp_host,
        port=settings.smtp_port or (465 if settings.smtp_tls else 587),
        sender=settings.mail_from,
        implicit_tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=settings.smtp_password,
        tls=tls,
    )
