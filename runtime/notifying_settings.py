"""The settings by which people and systems are notified; part of ``runtime.settings``."""

from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings


class NotifyingSettings(BaseSettings):
    """How messages are sent, and what is sent when nothing else can be."""

    smtp_host: str | None = Field(None, min_length=1, description="mail server; none: no e-mail is sent")
    smtp_port: int | None = Field(None, ge=1, le=65_535, description="its port; none: 587, or 465 with smtp_tls")
    smtp_tls: bool = Field(
        False, description="TLS from the first byte; otherwise STARTTLS, without which nothing is sent"
    )
    smtp_ca: Path | None = Field(None, description="PEM file of the authority of its certificate; none: the system's")
    smtp_user: str | None = Field(None, description="user at the mail server; none: without signing in")
    smtp_password: str | None = Field(None, description="their password")
    mail_from: str | None = Field(None, description="sender of mails: Plantwright <plantwright@example.com>")
    outage_mail_to: list[str] = Field(
        [],
        description="addresses to which a process sends a mail by itself when the database is gone, and when it is "
        "back; none: nobody",
    )
    outage_mail_after_s: float = Field(
        120, gt=0, le=86_400, description="seconds for which the database has to be gone before it does"
    )
    pages_url: str | None = Field(None, description="address of the pages, for the links in mails; none: no links")
    portal_url: str | None = Field(
        None, description="address of the portal for requests, for links in mails; none: that of the pages"
    )
    webhook_networks: list[str] = Field(
        [], description="networks that are not public and that webhooks may go to: 10.20.0.0/16, 192.168.7.9"
    )
    ntfy_servers: list[str] = Field(
        [], description="ntfy servers that people may be notified by: https://ntfy.example.com; none: not by ntfy"
    )
    apprise_services: list[str] = Field(
        [], description="services of apprise that people may be notified by, as their addresses begin: tgram, slack"
    )
    secrets_key: str | None = Field(
        None,
        min_length=16,
        description="what the secrets of webhooks are encrypted with; none: they are stored plainly",
    )
    heartbeat_url: str | None = Field(
        None,
        description="address outside that gets a POST while the engine is well, and notices when none comes; shown "
        "without its path, which may be its secret; none: none is sent",
    )
    heartbeat_token: str | None = Field(
        None, min_length=1, description="what it gets as Authorization: Bearer; none: nothing"
    )
    heartbeat_every_s: float = Field(60, ge=1, le=86_400, description="seconds between two of them")

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for each in value:
            ip_network(each)
        return value

    @field_validator("outage_mail_to")
    @classmethod
    def _mailboxes(cls, value: list[str]) -> list[str]:
        for each in value:
            # An address that cannot be written in a mail would be found out only when the database is gone.
            try:
                domain = Address(addr_spec=each).domain
            except (MessageError, ValueError, IndexError):
                domain = ""
            if not domain:
                raise ValueError(f"{each!r} is no e-mail address; write operator@example.com")
        return value

    @field_validator("ntfy_servers")
    @classmethod
    def _servers(cls, value: list[str]) -> list[str]:
        for each in value:
            parts = urlsplit(each)
            if parts.scheme not in ("http", "https") or each != f"{parts.scheme}://{parts.netloc}" or "@" in each:
                raise ValueError("write https://ntfy.example.com, without a topic")
        return value

    @field_validator("heartbeat_url")
    @classmethod
    def _an_address_outside(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("write https://hc.example.com/a-secret")
        return value

    @field_validator("pages_url", "portal_url")
    @classmethod
    def _a_web_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("write https://plantwright.example.com")
        return value

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if (self.smtp_host is None) != (self.mail_from is None):
            raise ValueError(
                "smtp_host and mail_from go together: the server that mails are given to, and who they are from"
            )
        if self.mail_from is not None and "@" not in parseaddr(self.mail_from)[1]:
            raise ValueError("mail_from is no e-mail address; write Plantwright <plantwright@example.com>")
        if self.outage_mail_to and self.smtp_host is None:
            raise ValueError("outage_mail_to needs a mail server: set smtp_host and mail_from")
        return self
