"""The API's own certificate: checked with a clear sentence if it is unusable, and reloaded when its files change."""

import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from cryptography import x509

from runtime.settings import InvalidSettings, Settings

_log = structlog.get_logger("api")
LOOK_EVERY_S = 10.0
"""Seconds between two checks of the files. Whatever renews a certificate need not notify us."""
RENEW_DAYS = 14
"""Days before its expiry by which a certificate should have been renewed."""


@dataclass(slots=True)
class Certificate:
    """The certificate for new connections. Raises InvalidSettings if the files cannot be used."""

    cert: Path
    key: Path | None = None
    context: ssl.SSLContext = field(init=False)
    _seen: tuple[object, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self._state()
        self.context = self._read()

    @property
    def expires_at(self) -> datetime:
        """Return when it expires. Raises InvalidSettings."""
        _there("tls_cert", self.cert)
        try:
            return x509.load_pem_x509_certificates(self.cert.read_bytes())[0].not_valid_after_utc
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
                _log.error("new certificate invalid, keeping the old one", why=str(problem))
            return False
        self._seen = now
        _log.info("certificate reloaded", file=str(self.cert), expires_at=self.expires_at.isoformat())
        return True

    def _read(self) -> ssl.SSLContext:
        _there("tls_cert", self.cert)
        _there("tls_key", self.key)
        expires_at = self.expires_at
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            made.load_cert_chain(self.cert, self.key, password=_no_password)
        except (OSError, ssl.SSLError) as error:
            raise InvalidSettings(self._sentence(error)) from None
        if expires_at <= datetime.now(UTC):
            _log.warning("certificate expired, browsers refuse it; renew it", file=str(self.cert))
        return made

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, _Encrypted):
            file = self.key or self.cert
            return f"tls_key: {file} is locked by a password; write it without: openssl pkey -in {file} -out plain.key"
        if isinstance(error, PermissionError):
            return (
                f"tls_key: {self.key or self.cert} may not be read by this user; give it to the one that runs the API"
            )
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


def follow(certificate: Certificate, stop: threading.Event) -> None:
    """Check the files until ``stop`` is set, in a thread of its own."""
    while not stop.wait(LOOK_EVERY_S):
        certificate.look()


def _there(name: str, file: Path | None) -> None:
    if file is None or file.is_file():
        return
    try:
        file.stat()
    except PermissionError:
        raise InvalidSettings(_unreadable(name, file)) from None
    except OSError:
        pass
    raise InvalidSettings(f"{name}: there is no file {file}; write the path of a PEM file")


def _unreadable(name: str, file: Path) -> str:
    return f"{name}: {file} may not be read by this user; let the user read it that runs the API"


def _stat(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
