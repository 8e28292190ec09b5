"""A plant's certificates, and the files by which mosquitto knows its devices: passwords, access, configuration.

Existing files are kept, so that adding a device is one more call: the authority signs its certificate, and the password
and access files are rewritten for all. Only their owner can read keys and passwords.
"""

import ipaddress
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from runtime.broker import passwords, tls
from runtime.embedded import files
from runtime.embedded.broker import MAX_PACKET_BYTES
from runtime.settings import InvalidSettings

ENGINE, TOOL, LOG = "plantwright-engine", tls.TOOL, tls.LOG
OURS = (ENGINE, TOOL, LOG)
"""The engine, the tools that people run beside it (doctor, replay), and the engine's reader of the broker's log: each
has one session at this broker.
"""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_AUTHORITY_DAYS = 3650
_CONF = """\
# mosquitto -c {folder}/mosquitto.conf
allow_anonymous false
acl_file {folder}/access
password_file {folder}/passwords
persistence true
persistence_location {folder}/
max_inflight_messages 4000
max_queued_messages 200000
# No device fills the broker's memory with messages of which the engine reads the first 2 MB at most.
max_packet_size {packet}
set_tcp_nodelay true

# So that the log names who connects, and who takes whose session; the engine reads it as plantwright-log.
log_dest stderr
log_dest topic
log_type error
log_type warning
log_type notice
connection_messages true

# Devices and the engine show a certificate; its common name is their user name. Whatever id a client gives itself, its
# session is that of its user name (use_username_as_clientid): nobody takes the engine's, and what waits in it.
listener 8883
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
require_certificate true
use_identity_as_username true
use_username_as_clientid true

# Devices that can show none give name and password, over TLS all the same.
listener 8884
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
use_username_as_clientid true
"""


class BrokerFilesProblem(InvalidSettings):
    """The files cannot be written; says what to do."""


def make(folder: Path, *, hosts: Sequence[str], devices: Mapping[str, Sequence[str]], days: int) -> str:
    """Create the missing files, and return what to do with them.

    Parameters
    ----------
    hosts
        Names and addresses under which clients reach the broker; loopback is always included.
    devices
        By device name, the assets on whose own topics it may publish; below ``plantwright/as/<name>/`` it always may.
    """
    folder = folder.absolute()
    _enter(folder)
    known = _known(folder) | {name: list(assets) for name, assets in devices.items()}
    for name in known:
        if name in OURS or not _NAME.fullmatch(name):
            raise BrokerFilesProblem(f"{name!r} cannot be a device's name: give it another of letters, digits, - . _")
    names = (*_ours(folder), *known)
    unsigned = [name for name in names if not (folder / "clients" / f"{name}.crt").exists()]
    needs_server = bool(hosts) or not (folder / "server.crt").exists()
    if unsigned or needs_server:
        authority = _authority(folder, ", ".join([*unsigned, *(["the broker"] if needs_server else [])]))
        if needs_server:
            _sign(authority, folder / "server", "plantwright broker", days, hosts=hosts)
        for name in unsigned:
            _sign(authority, folder / "clients" / name, name, days)
    for name in names:
        place = folder / "clients" / name
        if not place.with_name(f"{name}.password").exists():
            _write(place.with_name(f"{name}.password"), secrets.token_urlsafe(24))
    _write(folder / "devices.json", json.dumps(known, indent=1))
    words = {name: (folder / "clients" / f"{name}.password").read_text() for name in names}
    lines = [f"{name}:{passwords.hashed(word)}\n" for name, word in words.items()]
    _write(folder / "passwords", "".join(lines))
    _write(folder / "access", access(known))
    if not (folder / "mosquitto.conf").exists():
        _write(folder / "mosquitto.conf", _CONF.format(folder=folder, packet=MAX_PACKET_BYTES))
    return _next_steps(folder, known)


def _enter(folder: Path) -> None:
    """Create the folders. Root follows no link that the broker's account could have made there."""
    try:
        files.refuse_links(folder / "clients")
    except files.UntrustedLink as link:
        raise BrokerFilesProblem(str(link)) from None
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    (folder / "clients").mkdir(exist_ok=True)


def _ours(folder: Path) -> list[str]:
    """Return our accounts: without the log reader's in an older folder while the authority's key is elsewhere."""
    missing = (folder / "ca.crt").exists() and not (folder / "ca.key").exists()
    return [name for name in OURS if name != LOG or not missing or (folder / "clients" / f"{LOG}.crt").exists()]


def _missing_in(conf: Path) -> list[str]:
    """Return our lines that an older configuration lacks."""
    said = conf.read_text()
    wanted = ("persistence_location", "max_packet_size", "use_username_as_clientid true", "log_dest topic")
    return [line for line in wanted if line not in said]


def _next_steps(folder: Path, known: Mapping[str, Sequence[str]]) -> str:
    lines = [
        f"mosquitto.conf is an older version's, without {each}: rename it, run this again, carry your changes over."
        for each in _missing_in(folder / "mosquitto.conf")
    ]
    lines += [
        f"In {folder}: mosquitto.conf, passwords, access, and the broker's certificate. Let mosquitto's account own it",
        f"(chown -R mosquitto {folder}), keep ca.key somewhere safe, and start mosquitto -c {folder}/mosquitto.conf.",
        "The engine:",
        f"  PLANTWRIGHT_BROKER_CA={folder}/ca.crt",
        f"  PLANTWRIGHT_BROKER_CERT={folder}/clients/{ENGINE}.crt",
        f"  PLANTWRIGHT_BROKER_KEY={folder}/clients/{ENGINE}.key",
        "  PLANTWRIGHT_BROKER_LOG=(the URL of PLANTWRIGHT_BROKER; its certificate is the one of plantwright-log)",
    ]
    lines += [f"Device {name}: ca.crt, clients/{name}.crt and .key; or clients/{name}.password" for name in known]
    if not known:
        lines.append("No device yet: again with --device NAME; then plantwright devices bind NAME SITE/ASSET")
    return "\n".join(lines)


def access(devices: Mapping[str, Sequence[str]]) -> str:
    """Return mosquitto's access file: the engine reads everything, a device publishes below its own name."""
    lines = [
        "# A device's name is in the topic, and the broker lets nobody use another's.",
        "pattern write plantwright/as/%u/#",
        "",
        f"user {ENGINE}",
        *("topic read plantwright/#", "topic readwrite plantwright/pulse/#", "topic readwrite plantwright-doctor/#"),
        *("topic read spBv1.0/#", "topic write spBv1.0/+/NCMD/#", "topic write spBv1.0/STATE/#", "topic read v1/#"),
        "topic read $SYS/broker/version",
        "",
        f"user {TOOL}",
        *("topic read #", "topic deny $SYS/broker/log/#", "topic read $SYS/#"),
        *("topic readwrite plantwright-doctor/#", "topic write plantwright/v1/#"),
        "",
        f"user {LOG}",
        "topic read $SYS/broker/log/#",
    ]
    for name, assets in devices.items():
        lines += ["", f"user {name}", *(f"topic write plantwright/v1/{asset}" for asset in assets)]
    return "\n".join(lines) + "\n"


def _known(folder: Path) -> dict[str, list[str]]:
    try:
        known: dict[str, list[str]] = json.loads((folder / "devices.json").read_text())
    except FileNotFoundError:
        return {}
    return known


Authority = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _authority(folder: Path, wanted: str) -> Authority:
    """Return the authority, creating it if there is none yet. Raises BrokerFilesProblem if its key is elsewhere."""
    cert_file, key_file = folder / "ca.crt", folder / "ca.key"
    if cert_file.exists() and not key_file.exists():
        raise BrokerFilesProblem(
            f"to sign for {wanted} the authority's key is needed, and {key_file} is not there: bring it back for this "
            "one call. Another authority would make every certificate that has been given out worthless"
        )
    if not key_file.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"plantwright authority {secrets.token_hex(4)}")
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        made = (
            _begun(name, name, key.public_key(), _AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write_pair(folder / "ca", made, key)
    loaded = serialization.load_pem_private_key(key_file.read_bytes(), None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate(cert_file.read_bytes()), loaded


def _sign(authority: Authority, place: Path, name: str, days: int, *, hosts: Sequence[str] | None = None) -> None:
    """Create a key and the authority's certificate for it: a server's if ``hosts`` are given, otherwise a client's."""
    cert, signing = authority
    key = ec.generate_private_key(ec.SECP256R1())
    use = ExtendedKeyUsageOID.CLIENT_AUTH if hosts is None else ExtendedKeyUsageOID.SERVER_AUTH
    made = (
        _begun(_name(name), cert.subject, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if hosts is not None:
        names = [_general(each) for each in dict.fromkeys(["localhost", "127.0.0.1", *hosts])]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    _write_pair(place, made.sign(signing, hashes.SHA256()), key)


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # A device's clock may be some hours behind.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_pair(place: Path, cert: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    form = serialization.PrivateFormat.PKCS8
    text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    _write(place.with_name(f"{place.name}.key"), text)
    _write(place.with_name(f"{place.name}.crt"), cert.public_bytes(serialization.Encoding.PEM).decode(), mode=0o644)


def _write(file: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file as a whole, at no time readable by others."""
    folder = file.parent.stat()
    # The broker's account must be able to read what root adds to a folder that was given to it.
    owner = (folder.st_uid, folder.st_gid) if os.geteuid() == 0 else None
    files.write_new(file, text, mode=mode, owner=owner)
