"""The office's key to what phones keep locked: a forgotten PIN, or a file carried on a stick, can be opened by the
office and by nobody else (docs/vault.md).

A phone wraps the key of its records to this public key (RSA-OAEP, RFC 8017 §7.1, SHA-256) under a label that names
whose it is. OAEP opens under the very same label only, so nobody can have another's key opened for them.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from sqlalchemy.orm import Session

from models import Account
from survey.evidence import audit
from survey.problems import Problem

BUNDLE = "so-ho bundle"  # the label of a file of records carried without network
_BITS = 3072  # NIST SP 800-57: 128 bits of security


class Escrow:
    """The server's escrow key. `public_key`: base64 of its SPKI DER; `key_id`: the first digits of that's SHA-256."""

    def __init__(self, private_bytes: bytes) -> None:
        self._key = _read(private_bytes)
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = b64encode(public).decode()
        self.key_id = hashlib.sha256(public).hexdigest()[:16]
        self._former: list[Escrow] = []

    def takes_over(self, former: Escrow) -> None:
        """What was wrapped to a former key of this office is opened too."""
        if former.key_id not in self.key_ids:
            self._former.append(former)

    @property
    def key_ids(self) -> list[str]:
        """Of the keys that open something here, the one in use first."""
        return [self.key_id, *(one.key_id for one in self._former)]

    def open(self, wrapped: bytes, label: str) -> bytes:
        """What was wrapped under `label` to this key or a former one. Raises `vault_closed`: another key, another
        label, or damaged."""
        padding = OAEP(MGF1(SHA256()), SHA256(), label.encode())
        for one in (self, *self._former):
            with suppress(ValueError):
                return one._key.decrypt(wrapped, padding)
        raise Problem("vault_closed")


def blind(index_key: bytes, number: str) -> str:
    """A keyed hash of an identity number: the same for the same number, and without the key nobody can try out of whom
    it is, though there are few numbers. It holds as long as this key does."""
    return hmac.new(index_key, number.encode(), hashlib.sha256).hexdigest()


def index_of_before(escrow_key: bytes) -> bytes:
    """The key that numbers were hashed with while that was made of the escrow key."""
    return hashlib.sha256(b"so-ho numbers" + escrow_key).digest()


@lru_cache(maxsize=4)  # that its numbers are a key's is checked when it is read: a tenth of a second
def _read(private_bytes: bytes) -> RSAPrivateKey:
    key = load_der_private_key(private_bytes, None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the escrow key is not an RSA key")
    return key


def make_key() -> bytes:
    """A new private key (PKCS#8 DER)."""
    return generate_private_key(65537, _BITS).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def vault_label(account_id: str) -> str:
    """The label of the key of an account's records on a phone."""
    return f"so-ho vault {account_id}"


def recover(session: Session, account: Account, escrow: Escrow, wrapped: bytes, vault: str, now: datetime) -> bytes:
    """The data key of `account`'s own vault, for a person who forgot the PIN. Raises `vault_closed`. `vault`: its id,
    for the log; the log holds no key."""
    try:
        key = escrow.open(wrapped, vault_label(account.id))
    except Problem:
        audit.record(session, now, account.id, "vault_not_recovered", vault)
        raise
    audit.record(session, now, account.id, "vault_recovered", vault)
    return key
