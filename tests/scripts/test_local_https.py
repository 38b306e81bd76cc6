"""The certificates for trying on a real phone: trusted where they should be, and useless anywhere else."""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from scripts import certificates as made
from scripts.local_https import trust_app

NOW = datetime.now(UTC)  # OpenSSL compares with the real time


def greet(folder: Path, authority: Path, name: str) -> None:
    """A TLS handshake with `server` in `folder`, by a client that trusts `authority` and asks for `name`."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.crt", folder / "server.key")
    client = ssl.create_default_context(cafile=str(authority))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue


def test_a_phone_that_installed_the_authority_trusts_the_server(tmp_path: Path) -> None:
    authority, _ = made.certificates(tmp_path, ["192.168.1.20", "127.0.0.1"], NOW)
    greet(tmp_path, authority.with_suffix(".crt"), "192.168.1.20")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        greet(tmp_path, authority.with_suffix(".crt"), "192.168.1.21")


def test_a_phone_goes_on_trusting_after_a_restart(tmp_path: Path) -> None:
    first = made.certificates(tmp_path, ["192.168.1.20"], NOW)[0].with_suffix(".crt").read_bytes()
    again = made.certificates(tmp_path, ["192.168.1.99"], NOW)[0].with_suffix(".crt")
    assert again.read_bytes() == first
    greet(tmp_path, again, "192.168.1.99")
    later = made.certificates(tmp_path, ["192.168.1.20"], NOW + timedelta(days=made.AUTHORITY_DAYS + 1))[0]
    assert later.with_suffix(".crt").read_bytes() != first


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    for path in made.certificates(tmp_path, ["192.168.1.20"], NOW):
        assert stat.S_IMODE(path.with_suffix(".key").stat().st_mode) == 0o600


def test_a_stolen_authority_cannot_pose_as_a_public_address(tmp_path: Path) -> None:
    authority, _ = made.certificates(tmp_path, ["8.8.8.8"], NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        greet(tmp_path, authority.with_suffix(".crt"), "8.8.8.8")


def test_a_stolen_authority_cannot_pose_as_a_public_name(tmp_path: Path) -> None:
    authority, server = made.certificates(tmp_path, ["127.0.0.1"], NOW)
    ca = x509.load_pem_x509_certificate(authority.with_suffix(".crt").read_bytes())
    ca_key = serialization.load_pem_private_key(authority.with_suffix(".key").read_bytes(), None)
    key = serialization.load_pem_private_key(server.with_suffix(".key").read_bytes(), None)
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("bank.example.vn")]), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server.with_suffix(".crt").write_bytes(forged.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        greet(tmp_path, authority.with_suffix(".crt"), "bank.example.vn")


def test_the_plain_page_hands_out_the_certificate_as_android_wants_it() -> None:
    client = trust_app(b"certificate", "https://192.168.1.20:8443/").test_client()
    assert "https://192.168.1.20:8443/" in client.get("/").text
    answer = client.get("/so-ho.crt")
    assert answer.data == b"certificate"
    assert answer.mimetype == "application/x-x509-ca-cert"
