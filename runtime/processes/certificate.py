"""The API's own certificate: checked with a clear sentence if it is unusable, and reloaded when its files change."""

import ssl
import stat
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import structlog
from cryptography import x509
from psycopg_pool import ConnectionPool, PoolTimeout

from db.alarms import engine_alarms
from runtime.settings import InvalidSettings, Settings
from workorder_core.alarms.engine_alarms import Code

_log = structlog.get_logger("api")
LOOK_EVERY_S = 10.0
"""Seconds between two checks of the files. Whatever renews a certificate need not notify us."""
RENEW_DAYS = 14
"""Days before its expiry by which a certificate should have been renewed."""
NOTE_EVERY_S = 600.0
"""Seconds between two reports of a certificate near its end; the board forgets what is an hour old."""


@dataclass(slots=True)
class Certificate:
    """The certificate for new connections. Raises InvalidSettings if the files cannot be used."""

    cert: Path
    key: Path | None = None
    context: ssl.SSLContext = field(init=False)
    in_use_until: datetime = field(init=False)
    """When the one that new connections meet expires; the files may be newer, and unusable."""
    _seen: tuple[object, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self._state()
        self.context = self._read()
        self.in_use_until = self.expires_at

    @property
    def expires_at(self) -> datetime:
        """Return when it expires. Raises InvalidSettings."""
        return self._first().not_valid_after_utc

    @property
    def begins_at(self) -> datetime:
        """Return from when on it is valid. Raises InvalidSettings."""
        return self._first().not_valid_before_utc

    def _first(self) -> x509.Certificate:
        _there("tls_cert", self.cert)
        try:
            return x509.load_pem_x509_certificates(self.cert.read_bytes())[0]
        except PermissionError:
            raise InvalidSettings(_unreadable("tls_cert", self.cert)) from None
        except (OSError, ValueError, IndexError) as error:
            raise InvalidSettings(f"tls_cert: {self.cert} is no PEM certificate ({error})") from None

    def look(self) -> bool:
        """Reload the files if they have changed; return whether new connections use other ones now.

        An unusable pair, such as a new certificate whose key has not been written yet, changes nothing: it is checked
        again when the files change again.
        """
        now = self._state()
        if now == self._seen:
            return False
        try:
            self._read()
            self.context.load_cert_chain(self.cert, self.key, password=_no_password)
        except (InvalidSettings, OSError) as problem:
            if self._state() == now:
                self._seen = now
                _log.error("new certificate invalid, keeping the old one", error=str(problem))
            return False
        self._seen, self.in_use_until = now, self.expires_at
        _log.info("certificate reloaded", file=str(self.cert), expires_at=self.in_use_until.isoformat())
        return True

    def _read(self) -> ssl.SSLContext:
        _there("tls_cert", self.cert)
        _there("tls_key", self.key)
        first = self._first()
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            made.load_cert_chain(self.cert, self.key, password=_no_password)
        except (OSError, ssl.SSLError) as error:
            raise InvalidSettings(self._sentence(error)) from None
        _warn(self.cert, first, datetime.now(UTC))
        return made

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, _Encrypted):
            file = self.key or self.cert
            return f"tls_key: {file} is locked by a password; write it without: openssl pkey -in {file} -out plain.key"
        if isinstance(error, PermissionError):
            return _unreadable("tls_key", self.key or self.cert)
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            return f"tls_key: {self.key or self.cert} is not the key of the certificate {self.cert}; name its own key"
        if self.key is None:
            return f"tls_cert: {self.cert} has no key in it ({error}); name the key's file as tls_key"
        return f"tls_key: {self.key} is no PEM file of a key ({error})"

    def _state(self) -> tuple[object, ...]:
        return tuple(_stat(file) for file in (self.cert, self.key) if file is not None)


class _Encrypted(OSError):
    """The key requires a password, which nobody can type here."""


def _no_password() -> str:
    raise _Encrypted


def of(settings: Settings) -> Certificate | None:
    """Return the certificate of the settings; None: no TLS of our own. Raises InvalidSettings."""
    if settings.tls_cert is None:
        if settings.tls_key is not None:
            raise InvalidSettings(
                "tls_key without tls_cert: a key proves nothing without its certificate; name that too"
            )
        return None
    return Certificate(settings.tls_cert, settings.tls_key)


def follow(certificate: Certificate, stop: threading.Event, pool: ConnectionPool) -> None:
    """Check the files until ``stop`` is set, in a thread of its own, and report a certificate near its end."""
    note_end(certificate, pool)
    noted_at = time.monotonic()
    while not stop.wait(LOOK_EVERY_S):
        renewed = certificate.look()
        if renewed or time.monotonic() - noted_at > NOTE_EVERY_S:
            note_end(certificate, pool)
            noted_at = time.monotonic()


def note_end(certificate: Certificate, pool: ConnectionPool) -> None:
    """Record for the board that the certificate in use ends within ``RENEW_DAYS``, or that it does not."""
    ends_at = certificate.in_use_until
    try:
        with pool.connection() as conn:
            if ends_at - datetime.now(UTC) < timedelta(days=RENEW_DAYS):
                said = f"{certificate.cert}, {ends_at:%Y-%m-%d %H:%M} UTC"
                engine_alarms.note_trouble(conn, Code.CERTIFICATE_ENDS, said)
            else:
                engine_alarms.end_trouble(conn, Code.CERTIFICATE_ENDS)
    except (psycopg.Error, PoolTimeout) as problem:
        _log.warning("certificate expiry could not be recorded for the board", error=str(problem).strip())


def _warn(file: Path, first: x509.Certificate, now: datetime) -> None:
    """Log that browsers refuse the certificate by its dates. The API starts all the same: its clock may be wrong."""
    if first.not_valid_after_utc <= now:
        ended = f"{first.not_valid_after_utc:%d %b %Y %H:%M} UTC"
        _log.warning("certificate expired, browsers refuse it; renew it", file=str(file), expired_at=ended)
    elif first.not_valid_before_utc > now:
        begins = f"{first.not_valid_before_utc:%d %b %Y %H:%M} UTC"
        _log.warning(
            "certificate not valid yet, browsers refuse it; check the clock", file=str(file), valid_from=begins
        )


def _there(name: str, file: Path | None) -> None:
    try:
        if file is None or stat.S_ISREG(file.stat().st_mode):
            return
    except PermissionError:
        raise InvalidSettings(_unreadable(name, file)) from None
    except OSError:
        pass
    raise InvalidSettings(f"{name}: there is no file {file}; write the path of a PEM file")


def _unreadable(name: str, file: Path | None) -> str:
    return f"{name}: {file} may not be read by this user; let the user that runs the API read it and its folder"


def _stat(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
