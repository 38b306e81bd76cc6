"""That a phone's vault is open: its session has the public half of a key pair, the private half is sealed in the vault.
Who signs with it what the server made up a moment ago is answered for a while by a text of their own; the cookie alone,
which a locked phone holds too, is told nothing of anybody (docs/vault.md).

ECDSA on P-256 with SHA-256 (FIPS 186-5); signatures are r ‖ s, 32 bytes each, as WebCrypto writes them. What is signed:
`so-ho-open-1`, the page's origin, the session's id and the nonce, a line each, UTF-8.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode
from binascii import Error
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from models import SessionRow
from survey.accounts.access_keys import hash_of, new_text
from survey.accounts.sessions import FRESH
from survey.problems import Problem
from survey.terms import SessionKind

OPEN = timedelta(minutes=15)  # how long an opened vault is answered
NONCE = timedelta(seconds=60)
LABEL = "so-ho-open-1"
HALF = 32  # bytes of r and of s


def may_bind(row: SessionRow, now: datetime) -> bool:
    """Whether a key may be given to a session: a phone's, of who has just typed the password, that has none yet."""
    return row.kind == SessionKind.PHONE and row.vault_key is None and now - row.password_at <= FRESH


def bind(row: SessionRow, key: str, now: datetime) -> str:
    """Give a session its public key (base64 of its SPKI); from now on the cookie alone is told nothing. The text by
    which its phone is answered. Raises `malformed`, `sign_in_again`."""
    _loaded(key)
    if not may_bind(row, now):
        raise Problem("sign_in_again")
    row.vault_key = key
    return _opened(row, now)


def nonce(secret: bytes, row: SessionRow, now: datetime) -> str:
    """What is to be signed, made up for this session now."""
    said = f"{int(now.timestamp() * 1000)}.{secrets.token_urlsafe(12)}"
    return f"{said}.{_mac(secret, row, said)}"


def prove(row: SessionRow, secret: bytes, said: str, origin: str, signature: str, now: datetime) -> str:
    """The text by which the phone is answered for a while, for who signed `said`, a nonce of the last minute that is
    newer than any that was taken. Raises `not_open`."""
    made = _made(secret, row, said)
    is_fresh = made is not None and now - NONCE <= made <= now and (row.proven is None or made > row.proven)
    if row.vault_key is None or not is_fresh or not _is_signed(row, said, origin, signature):
        raise Problem("not_open")
    row.proven = made
    return _opened(row, now)


def is_open(row: SessionRow, text: str, now: datetime) -> bool:
    """Whether who shows this text may be told what the session's phone is told; a session without a key is one of an
    earlier release, and is told by its cookie."""
    if row.vault_key is None:
        return True
    known = row.access_hash is not None and row.access_until is not None and now < row.access_until
    return known and hmac.compare_digest(row.access_hash or "", hash_of(text))


def shut(row: SessionRow) -> None:
    """The vault was locked: its text opens nothing more."""
    row.access_hash = row.access_until = None


def _opened(row: SessionRow, now: datetime) -> str:
    text = new_text()
    row.access_hash, row.access_until = hash_of(text), now + OPEN
    return text


def _mac(secret: bytes, row: SessionRow, said: str) -> str:
    return hmac.new(secret, f"{LABEL}\n{row.id}\n{said}".encode(), "sha256").hexdigest()


def _made(secret: bytes, row: SessionRow, said: str) -> datetime | None:
    """When a nonce of ours was made; None for any other text."""
    head, _, mac = said.rpartition(".")
    if not said.isascii() or not hmac.compare_digest(_mac(secret, row, head), mac):
        return None
    return datetime.fromtimestamp(int(head.split(".")[0]) / 1000, UTC)


def _is_signed(row: SessionRow, said: str, origin: str, signature: str) -> bool:
    try:
        raw = b64decode(signature, validate=True)
    except (Error, ValueError):
        return False
    if len(raw) != 2 * HALF:
        return False
    halves = (int.from_bytes(raw[:HALF], "big"), int.from_bytes(raw[HALF:], "big"))
    signed = "\n".join([LABEL, origin, row.id, said]).encode("utf-8", "surrogatepass")
    try:
        _loaded(row.vault_key or "").verify(encode_dss_signature(*halves), signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _loaded(key: str) -> ec.EllipticCurvePublicKey:
    try:
        loaded = load_der_public_key(b64decode(key, validate=True))
    except (Error, ValueError, UnsupportedAlgorithm):
        raise Problem("malformed", detail={"fields": ["key"]}) from None
    if not isinstance(loaded, ec.EllipticCurvePublicKey) or not isinstance(loaded.curve, ec.SECP256R1):
        raise Problem("malformed", detail={"fields": ["key"]})
    return loaded
