"""Receipts: the server's signed word that it has an entry or a file for good.

A phone deletes nothing without one. The signature (Ed25519) is over the body's bytes, so a receipt can be checked years
later by anybody who has the public key, without this program.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Receipt
from survey.clocks import instant
from survey.evidence.lineage import generation
from survey.evidence.signing import SignedReceipt, Signer


def find_receipt(
    session: Session, commune_id: str, entry_id: str, content_hash: str, signer: Signer | None = None
) -> SignedReceipt | None:
    """What was answered before, byte for byte. With a `signer`, signed by today's key: after a change of keys a phone
    knows only that one, and must be able to check what it is answered."""
    found = session.get(Receipt, (commune_id, entry_id, content_hash))
    if found is None:
        return None
    return signer.sign_text(found.body) if signer else SignedReceipt(found.body, found.signature)


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
