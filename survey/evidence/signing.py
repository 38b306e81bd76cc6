"""The signature under a receipt (Ed25519, RFC 8032): made with the key of the server, checked by anybody."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from survey.canonical import canonical_text


class Signer:
    """The server's receipt key."""

    def __init__(self, private_bytes: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private_bytes)
        self.public_key = b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, body: dict[str, Any]) -> SignedReceipt:
        return self.sign_text(canonical_text(body))

    def sign_text(self, text: str) -> SignedReceipt:
        """The same text and key give the same signature, always (RFC 8032 §5.1.6)."""
        return SignedReceipt(text, b64encode(self._key.sign(text.encode())).decode())


@dataclass(frozen=True)
class SignedReceipt:
    """`body`: canonical JSON, byte for byte what was signed; `signature`: base64."""

    body: str
    signature: str

    def as_json(self) -> dict[str, str]:
        return {"body": self.body, "signature": self.signature}


def key_id(public_key: str) -> str:
    """A short name of a public key (base64): the first digits of its SHA-256."""
    return hashlib.sha256(b64decode(public_key)).hexdigest()[:16]


def is_signed(key: str, body: str, signature: str) -> bool:
    """Whether `signature` (base64) is of the holder of `key` (a raw Ed25519 key, base64) under `body`."""
    try:
        signed = b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(b64decode(key)).verify(signed, body.encode())
    except (InvalidSignature, BadBase64, ValueError):
        return False
    return True
