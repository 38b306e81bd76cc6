"""What only this server reads again: small secrets in boxes, and keyed hashes of what could be tried out.

All of it hangs on `index.key`, which lies in INSTANCE and in sealed backups, never in the database, and is never
changed: the keys of phones and of sessions can be, and nothing here goes with them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Seals:
    """The boxes and hashes of a place. `index_key`: at least 32 random bytes."""

    def __init__(self, index_key: bytes) -> None:
        self._sealing = AESGCM(hashlib.sha256(b"so-ho seal" + index_key).digest())
        self._stamping = hashlib.sha256(b"so-ho codes" + index_key).digest()

    def seal(self, plain: bytes, about: str) -> str:
        """`plain` in a box that opens on this server only, and only `about` the same (AES-GCM, NIST SP 800-38D)."""
        nonce = os.urandom(12)
        return b64encode(nonce + self._sealing.encrypt(nonce, plain, about.encode())).decode()

    def unseal(self, box: str, about: str) -> bytes | None:
        """What is in a box; None for one that is about something else, or of another key."""
        try:
            sealed = b64decode(box, validate=True)
            return self._sealing.decrypt(sealed[:12], sealed[12:], about.encode())
        except (ValueError, InvalidTag):
            return None

    def mac(self, text: str) -> str:
        """A keyed hash of a short secret: who has the database alone cannot try them out."""
        return hmac.new(self._stamping, text.encode(), hashlib.sha256).hexdigest()
