"""The office's key to what phones keep locked: a forgotten PIN, or a file carried on a stick, can be opened by the
office and by nobody else (docs/vault.md).

A phone wraps the key of its records to this public key (RSA-OAEP, RFC 8017 §7.1, SHA-256) under a label that names
whose it is. OAEP opens under the very same label only, so nobody can have another's key opened for them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
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
from survey.accounts.signin import count_failure, limit_failures
from survey.evidence import audit
from survey.problems import Problem

BUNDLE = "so-ho bundle"  # the label of a file of records carried without network
_BITS, _LIMIT = 3072, 5  # NIST SP 800-57: 128 bits of security; attempts that failed, in the window of signing in


class Escrow:
    """The server's escrow key. `public_key`: base64 of its SPKI DER; `key_id`: the first digits of that's SHA-256."""

    def __init__(self, private_bytes: bytes) -> None:
        self._key = _read(private_bytes)
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = b64encode(public).decode()
        self.key_id = hashlib.sha256(public).hexdigest()[:16]
        self._sealing = AESGCM(hashlib.sha256(b"so-ho seal" + private_bytes).digest())
        self._stamping = hashlib.sha256(b"so-ho codes" + private_bytes).digest()
        self._blinding = hashlib.sha256(b"so-ho numbers" + private_bytes).digest()

    def blind(self, number: str) -> str:
        """A keyed hash of an identity number: the same for the same number, and without the key nobody can try out of
        whom it is, though there are few numbers. It holds as long as this key does."""
        return hmac.new(self._blinding, number.encode(), hashlib.sha256).hexdigest()

    def seal(self, plain: bytes, about: str) -> str:
        """`plain` in a box that opens on this server only, and only `about` the same (AES-GCM, NIST SP 800-38D)."""
        nonce = os.urandom(12)
        return b64encode(nonce + self._sealing.encrypt(nonce, plain, about.encode())).decode()

    def mac(self, text: str) -> str:
        """A keyed hash of a short secret: who has the database alone cannot try them out."""
        return hmac.new(self._stamping, text.encode(), hashlib.sha256).hexdigest()

    def unseal(self, box: str, about: str) -> bytes | None:
        """What is in a box; None for one that is about something else, or of another key."""
        try:
            sealed = b64decode(box, validate=True)
            return self._sealing.decrypt(sealed[:12], sealed[12:], about.encode())
        except (ValueError, InvalidTag):
            return None

    def open(self, wrapped: bytes, label: str) -> bytes:
        """What was wrapped to this key under `label`. Raises `vault_closed`: another key, another label, or damaged."""
        padding = OAEP(MGF1(SHA256()), SHA256(), label.encode())
        try:
            return self._key.decrypt(wrapped, padding)
        except ValueError:
            raise Problem("vault_closed") from None


@lru_cache(maxsize=2)  # that its numbers are a key's is checked when it is read: a tenth of a second
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
    """The data key of `account`'s own vault, for a person who forgot the PIN. Raises `vault_closed`, and `slow_down`
    after five that did not open. `vault`: its id, for the log; the log holds no key."""
    subject = f"vault:{account.id}"
    limit_failures(session, subject, _LIMIT, now)
    try:
        key = escrow.open(wrapped, vault_label(account.id))
    except Problem:
        count_failure(session, subject, now)
        audit.record(session, now, account.id, "vault_not_recovered", vault)
        raise
    audit.record(session, now, account.id, "vault_recovered", vault)
    return key
