"""Sends one mail to one person, by SMTP over TLS. Acceptance by a server is not delivery, but no more can be known."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from db.events.deliveries import Head
from db.notifying.fanning_out import Gathered
from runtime.delivery import composing
from workorder_core.language import ENGLISH
from workorder_core.notifying.attempts import Fault, Outcome
from workorder_core.notifying.letters import Letter
from workorder_core.sentences import kept

WITHIN_S = 20.0
"""Seconds for each step of the conversation with the server."""
NOT_SET_UP = "e-mail is not set up: who runs the server sets smtp_host and mail_from in the settings"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Server:
    """The mail server of the settings. ``implicit_tls``: TLS from the first byte (465), otherwise STARTTLS (587)."""

    host: str
    port: int
    sender: str
    implicit_tls: bool = False
    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)


def message(
    head: Head,
    sender: str,
    *,
    pages: str | None,
    now: datetime,
    language: str = ENGLISH.code,
    gathered: Sequence[Gathered] = (),
    token: str | None = None,
) -> EmailMessage:
    """Return a message as a mail, in its reader's language, else in ``language``, which is the plant's.

    Its Message-ID is the same however often it is sent. ``gathered`` are the events that go in it, if several;
    ``token`` is that of its link, if it asks somebody.
    """
    letter = composing.letter(head, gathered, pages=pages, language=language, token=token)
    thread = None if head.order_id is None else str(head.order_id)  # mails about one order form one
    return written(letter, sender, head.address, key=f"{head.uid}.{head.receiver_id}", now=now, thread=thread)


def written(
    letter: Letter, sender: str, address: str, *, key: str, now: datetime, thread: str | None = None
) -> EmailMessage:
    """Return a letter as a mail that no machine answers.

    ``key`` makes its Message-ID, the same however often it is sent; mails with the same ``thread`` are shown together.
    Raises ValueError or MessageError if the address cannot be used.
    """
    domain = domain_of(sender)
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = Address(addr_spec=address)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{key}@{domain}>"
    # RFC 3834, and what Exchange heeds: nobody is away from their desk to a machine.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if thread is not None:
        mail["References"] = f"<{thread}@{domain}>"
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    return mail


def send(
    server: Server | None,
    head: Head,
    *,
    pages: str | None,
    now: datetime,
    language: str = ENGLISH.code,
    gathered: Sequence[Gathered] = (),
    token: str | None = None,
) -> Outcome:
    """Send a mail once; every problem becomes an outcome."""
    if server is None:
        return Outcome(Fault.OWN, NOT_SET_UP)
    try:
        mail = message(head, server.sender, pages=pages, now=now, language=language, gathered=gathered, token=token)
    except (ValueError, MessageError) as error:
        return Outcome(Fault.FINAL, kept("the address cannot be used: {error}", error=error))
    return hand_over(server, head.address, mail)


def hand_over(server: Server, address: str, mail: EmailMessage) -> Outcome:
    """Give a written mail to the server once; every problem becomes an outcome."""
    try:
        return _converse(server, address, mail)
    except smtplib.SMTPAuthenticationError as error:
        return Outcome(
            Fault.OWN,
            kept("the mail server refuses our user and password: {error}", error=_said(error.smtp_error)),
            error.smtp_code,
        )
    except smtplib.SMTPResponseException as error:
        return Outcome(
            Fault.OWN, kept("the mail server refuses to talk: {error}", error=_said(error.smtp_error)), error.smtp_code
        )
    except ssl.SSLCertVerificationError as error:
        return Outcome(
            Fault.OWN, kept("the mail server's certificate is not trusted: {error}", error=error.verify_message)
        )
    except (smtplib.SMTPException, OSError) as error:
        return Outcome(
            Fault.OWN,
            kept(
                "the mail server {server} cannot be used: {error}", server=f"{server.host}:{server.port}", error=error
            ),
        )


def _converse(server: Server, address: str, mail: EmailMessage) -> Outcome:
    # Without a given name smtplib asks the network for this machine's, which can take long.
    name = domain_of(server.sender)
    if server.implicit_tls:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, name, timeout=WITHIN_S, context=server.tls)
    else:
        smtp = smtplib.SMTP(server.host, server.port, name, timeout=WITHIN_S)
    try:
        if not server.implicit_tls:
            smtp.starttls(context=server.tls)
        if server.user is not None:
            smtp.login(server.user, server.password or "")
        try:
            smtp.send_message(mail, to_addrs=[address])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[address]
            return _refused(code, said)
        except smtplib.SMTPDataError as error:
            return _refused(error.smtp_code, error.smtp_error)
        return Outcome(None, kept("the mail server has accepted it"), 250)
    finally:
        smtp.close()


def _refused(code: int, said: bytes | str) -> Outcome:
    fault = Fault.FINAL if 500 <= code < 600 else Fault.PASSING
    return Outcome(fault, kept("the mail server answered {code}: {said}", code=code, said=_said(said)), code)


def _said(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def domain_of(sender: str) -> str:
    """Return the domain of a sender; ``localhost`` where it has none."""
    return parseaddr(sender)[1].partition("@")[2] or "localhost"
