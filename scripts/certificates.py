"""A certificate authority of one's own for a local network, and a server certificate made by it.

A service worker needs HTTPS, and a phone trusts only what an authority it knows has signed. The authority made here may
sign for private addresses and `.local` names only (name constraints): whoever steals its key cannot pose as a bank.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Never routed on the internet: private, carrier's, link-local, reserved for examples (containers use it), loopback.
PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "192.0.2.0/24",
        "127.0.0.0/8",
    )  # fmt: skip
)
LOCAL_NAMES = ("local", "localhost")
AUTHORITY_DAYS = 365
SERVER_DAYS = 90


def addresses_of_this_machine() -> list[str]:
    """Its IPv4 addresses on local networks, the loopback last."""
    found: set[str] = set()
    for target in ("10.255.255.255", "192.168.255.255", "172.31.255.255"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))  # sends nothing: it only asks which address the system would send from
                found.add(probe.getsockname()[0])
            except OSError:
                continue
    found.discard("127.0.0.1")
    return [*sorted(filter(_is_private, found)), "127.0.0.1"]


def _is_private(address: str) -> bool:
    return any(ipaddress.ip_address(address) in network for network in PRIVATE)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=24))  # a phone's clock may be behind
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def make_authority(now: datetime.datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = f"So Ho local {now:%Y-%m-%d}"
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    permitted = [
        *(x509.IPAddress(network) for network in PRIVATE),
        *(x509.DNSName(name) for name in LOCAL_NAMES),
    ]
    certificate = (
        _builder(subject, _name(subject), key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def make_server(
    authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey, addresses: list[str], now: datetime.datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.DNSName("localhost"),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
    ]
    certificate = (
        _builder(addresses[0], authority.subject, key, now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return certificate, key


def _write(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """`path`.crt for everybody, `path`.key for its owner only."""
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path.with_suffix(".key"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(secret)
    path.with_suffix(".crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _read(path: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate = x509.load_pem_x509_certificate(path.with_suffix(".crt").read_bytes())
    key = serialization.load_pem_private_key(path.with_suffix(".key").read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path}.key is not a key of ours")
    return certificate, key


def certificates(folder: Path, addresses: list[str], now: datetime.datetime) -> tuple[Path, Path]:
    """(the authority's, the server's) files without suffix, made in `folder`.

    The authority stays for a year, so that a phone that trusts it goes on doing so; the server's certificate is made
    anew at each start, for the addresses of today.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority, server = folder / "authority", folder / "server"
    if authority.with_suffix(".crt").exists() and _read(authority)[0].not_valid_after_utc > now:
        pair = _read(authority)
    else:
        pair = make_authority(now)
        _write(authority, *pair)
    _write(server, *make_server(*pair, addresses, now))
    return authority, server
