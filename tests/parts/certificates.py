"""Certificates that sign themselves, with their keys, as files."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM
_FORM = (_PEM, serialization.PrivateFormat.PKCS8)


def write(
    folder: Path,
    *,
    name: str = "plant.example",
    password: bytes | None = None,
    begins: timedelta = -timedelta(days=100),
    ends: timedelta = timedelta(days=30),
) -> tuple[Path, Path]:
    """Write a certificate and its key, valid from and until so long from now; a later pair replaces an earlier one."""
    key = ec.generate_private_key(ec.SECP256R1())
    called, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    files = folder / "plant.crt", folder / "plant.key"
    for file, content in zip(files, (made.public_bytes(_PEM), key.private_bytes(*_FORM, locked)), strict=True):
        beside = file.with_suffix(".new")
        beside.write_bytes(content)
        beside.replace(file)
    return files
