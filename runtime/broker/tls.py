"""TLS to the broker: how we verify its identity, and prove ours."""

import ssl
from pathlib import Path

from runtime.settings import InvalidSettings, Settings

TOOL = "plantwright-tool"
"""Whose certificate tools use if it is beside the engine's: a broker may allow one session an account."""


LOG = "plantwright-log"
"""Whose certificate reads the broker's log, if it is there too."""


def context(settings: Settings, *, tool: bool = False, account: str | None = None) -> ssl.SSLContext | None:
    """Return the TLS context of the settings; None if they set none. Raises InvalidSettings for unusable files."""
    ca, cert, key = settings.broker_ca, settings.broker_cert, settings.broker_key
    beside = TOOL if tool else account
    if beside is not None and cert is not None and cert.with_name(f"{beside}.crt").is_file():
        cert, key = cert.with_name(f"{beside}.crt"), cert.with_name(f"{beside}.key")
    if ca is None and cert is None:
        if key is not None:
            raise InvalidSettings("broker_key without broker_cert: a key proves nothing without its certificate")
        return None
    if settings.broker is not None and not settings.broker.startswith("mqtts://"):
        raise InvalidSettings("broker_ca and broker_cert are for a broker at mqtts://…, and the one set is not")
    try:
        made = ssl.create_default_context(cafile=_there("broker_ca", ca))
        if cert is not None:
            made.load_cert_chain(str(_there("broker_cert", cert)), _there("broker_key", key))
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(each) for each in (ca, cert, key) if each is not None)
        raise InvalidSettings(f"broker_ca, broker_cert, broker_key ({files}): {error}") from None
    return made


def _there(name: str, file: Path | None) -> str | None:
    if file is not None and not file.is_file():
        raise InvalidSettings(f"{name}: there is no file {file}")
    return None if file is None else str(file)
