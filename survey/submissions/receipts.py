"""Receipts: the server's signed word that it has an entry or a file for good.

A phone deletes nothing without one. The signature (Ed25519) is over the body's bytes, so a receipt can be checked years
later by anybody who has the public key, without this program.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from models import Receipt, ServerState


class Signer:
    """The server's receipt key."""

    def __init__(self, private_bytes: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private_bytes)
        self.public_key = b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, body: dict[str, Any]) -> SignedReceipt:
        text = rfc8785.dumps(body)
        return SignedReceipt(text.decode(), b64encode(self._key.sign(text)).decode())


@dataclass(frozen=True)
class SignedReceipt:
    """`body`: canonical JSON, byte for byte what was signed; `signature`: base64."""

    body: str
    signature: str

    def as_json(self) -> dict[str, str]:
        return {"body": self.body, "signature": self.signature}


def instant(moment: datetime) -> str:
    """ "2026-11-23T02:00:00.000Z": how the protocol writes an instant."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def generation(session: Session) -> str:
    """This server's generation: made with its database (first migration), anew after a restore from a backup."""
    return session.get_one(ServerState, "generation").value


def renew_generation(session: Session) -> str:
    """After a restore: phones see another generation and send again what the server may have lost."""
    state = session.get_one(ServerState, "generation")
    state.value = str(uuid4())
    return state.value


def find_receipt(session: Session, commune_id: str, entry_id: str, content_hash: str) -> SignedReceipt | None:
    found = session.get(Receipt, (commune_id, entry_id, content_hash))
    return SignedReceipt(found.body, found.signature) if found else None


def entry_receipt(
    session: Session, signer: Signer, now: datetime, commune_id: str, entry_id: str, content_hash: str, files: list[str]
) -> SignedReceipt:
    """Sign and keep the receipt of an entry."""
    body = {"content_hash": content_hash, "entry_id": entry_id, "files": files}
    return _keep(session, signer, now, commune_id, entry_id, content_hash, body)


def file_receipt(
    session: Session, signer: Signer, now: datetime, commune_id: str, sha256: str, size: int
) -> SignedReceipt:
    """Sign and keep the receipt of a file."""
    return _keep(session, signer, now, commune_id, sha256, sha256, {"sha256": sha256, "size": size})


def _keep(
    session: Session, signer: Signer, now: datetime, commune_id: str, entry_id: str, content_hash: str, body: Any
) -> SignedReceipt:
    signed = signer.sign(body | {"generation": generation(session), "server_time": instant(now)})
    session.add(
        Receipt(
            commune_id=commune_id,
            entry_id=entry_id,
            content_hash=content_hash,
            body=signed.body,
            signature=signed.signature,
            made_at=now,
        )
    )
    return signed
