"""A plant's certificates, and what mosquitto needs to know its devices: passwords, access, configuration.

What is in the folder already is kept, so that a device more is one call more: the authority signs it, and the password
and access files are written anew for all. Keys and passwords can be read by their owner alone.
"""

import base64
import hashlib
import ipaddress
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ENGINE = "plantwright-engine"
ROUNDS = 101
"""Of PBKDF2-SHA512, mosquitto's own number: its passwords are long and random here, not thought up by people."""
_AUTHORITY_DAYS = 3650
_CONF = """\
# mosquitto -c {folder}/mosquitto.conf
allow_anonymous false
acl_file {folder}/access
password_file {folder}/passwords
persistence true
max_inflight_messages 4000
max_queued_messages 200000
set_tcp_nodelay true

# Devices and the engine show a certificate; its common name is their user name.
listener 8883
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
require_certificate true
use_identity_as_username true

# Devices that can show none give name and password, over TLS all the same.
listener 8884
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
"""


def make(folder: Path, *, hosts: Sequence[str], devices: Mapping[str, Sequence[str]], days: int) -> str:
    """Make what is missing, and return what to do with it.

    Parameters
    ----------
    hosts
        Names and addresses under which clients reach the broker; this machine's loopback is always among them.
    devices
        By name, the assets on whose own topics it may publish; below ``plantwright/as/<name>/`` each may.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    (folder / "clients").mkdir(exist_ok=True)
    authority = _authority(folder)
    if hosts or not (folder / "server.crt").exists():
        _sign(authority, folder / "server", "plantwright broker", days, hosts=hosts)
    known = _known(folder) | {name: list(assets) for name, assets in devices.items()}
    for name in (ENGINE, *known):
        place = folder / "clients" / name
        if not place.with_name(f"{name}.crt").exists():
            _sign(authority, place, name, days)
        if not place.with_name(f"{name}.password").exists():
            _write(place.with_name(f"{name}.password"), secrets.token_urlsafe(24))
    _write(folder / "devices.json", json.dumps(known, indent=1))
    names = (ENGINE, *known)
    passwords = {name: (folder / "clients" / f"{name}.password").read_text() for name in names}
    _write(folder / "passwords", "".join(f"{name}:{hashed(word)}\n" for name, word in passwords.items()))
    _write(folder / "access", access(known))
    if not (folder / "mosquitto.conf").exists():
        _write(folder / "mosquitto.conf", _CONF.format(folder=folder))
    return _told(folder, known)


def _told(folder: Path, known: Mapping[str, Sequence[str]]) -> str:
    lines = [
        f"In {folder}: mosquitto.conf, passwords, access, and the broker's certificate. Let mosquitto's account own it",
        f"(chown -R mosquitto {folder}), keep ca.key somewhere safe, and start mosquitto -c {folder}/mosquitto.conf.",
        "The engine:",
        f"  PLANTWRIGHT_BROKER_CA={folder}/ca.crt",
        f"  PLANTWRIGHT_BROKER_CERT={folder}/clients/{ENGINE}.crt",
        f"  PLANTWRIGHT_BROKER_KEY={folder}/clients/{ENGINE}.key",
    ]
    lines += [f"Device {name}: ca.crt, clients/{name}.crt and .key; or clients/{name}.password" for name in known]
    if not known:
        lines.append("No device yet: again with --device NAME; then plantwright devices bind NAME SITE/ASSET")
    return "\n".join(lines)


def access(devices: Mapping[str, Sequence[str]]) -> str:
    """Return mosquitto's access file: the engine hears everything, a device speaks below its own name."""
    lines = [
        "# A device says its name in the topic, and the broker lets nobody say another's.",
        "pattern write plantwright/as/%u/#",
        "",
        f"user {ENGINE}",
        *("topic read plantwright/#", "topic readwrite plantwright/pulse/#", "topic readwrite plantwright-doctor/#"),
        *("topic read spBv1.0/#", "topic write spBv1.0/+/NCMD/#", "topic write spBv1.0/STATE/#", "topic read v1/#"),
        "topic read $SYS/broker/version",
    ]
    for name, assets in devices.items():
        lines += ["", f"user {name}", *(f"topic write plantwright/v1/{asset}" for asset in assets)]
    return "\n".join(lines) + "\n"


def hashed(password: str, salt: bytes | None = None) -> str:
    """Return a password as mosquitto keeps it: ``$7$<rounds>$<salt>$<hash>``, PBKDF2 with SHA-512."""
    salt = salt or secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS, dklen=64)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _known(folder: Path) -> dict[str, list[str]]:
    try:
        known: dict[str, list[str]] = json.loads((folder / "devices.json").read_text())
    except FileNotFoundError:
        return {}
    return known


Authority = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _authority(folder: Path) -> Authority:
    cert_file, key_file = folder / "ca.crt", folder / "ca.key"
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
    """Make a key and the authority's certificate for it: of a server where ``hosts`` are given, else of a client."""
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
    """Write a file whole, never readable by others for a moment."""
    half_written = file.with_name(f"{file.name}.new")
    half_written.unlink(missing_ok=True)
    with os.fdopen(os.open(half_written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as handle:
        handle.write(text)
    half_written.replace(file)
