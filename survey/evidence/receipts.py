"""Receipts: the server's signed word that it has an entry or a file for good.

A phone deletes nothing without one. The signature (Ed25519) is over the body's bytes, so a receipt can be checked years
later by anybody who has the public key, without this program.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Receipt, ServerState

# Names of rows of ServerState
KEY, _SUCCESSION, _FORMER = "receipt_key:", "succession:", "g:"
_RESTORED, _COPY = "restored_at", "restored_from"


class Signer:
    """The server's receipt key."""

    def __init__(self, private_bytes: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private_bytes)
        self.public_key = b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, body: dict[str, Any]) -> SignedReceipt:
        return self.sign_text(rfc8785.dumps(body).decode())

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


def instant(moment: datetime) -> str:
    """ "2026-11-23T02:00:00.000Z": how the protocol writes an instant."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def generation(session: Session) -> str:
    """This server's generation: made with its database (first migration), anew after a restore from a backup."""
    return session.get_one(ServerState, "generation").value


def renew_generation(session: Session, now: datetime | None = None, made_at: str | None = None) -> str:
    """After a restore: phones see another generation and send again what the server may have lost. The former one and
    the moment are kept: a receipt that names it is of this server, and phones not heard of since are waited for.
    `made_at`: when the backup was made, as its manifest says."""
    state = session.get_one(ServerState, "generation")
    when = instant(now) if now else ""
    session.merge(ServerState(key=_FORMER + state.value[:36], value=when))
    if when:
        session.merge(ServerState(key=_RESTORED, value=when))
        session.merge(ServerState(key=_COPY, value=made_at or ""))
    state.value = str(uuid4())
    return state.value


def generations(session: Session) -> set[str]:
    """Every generation that this server had, as far as it knows: that of now and the former ones."""
    former = session.scalars(select(ServerState.key).where(ServerState.key.startswith(_FORMER)))
    return {generation(session)} | {key.removeprefix(_FORMER) for key in former}


def restored_at(session: Session) -> datetime | None:
    """When the database last came back from a backup."""
    return _moment(session, _RESTORED)


def restored_from(session: Session) -> datetime | None:
    """When the backup was made that the database last came back from; None when nobody knows."""
    return _moment(session, _COPY)


def _moment(session: Session, key: str) -> datetime | None:
    state = session.get(ServerState, key)
    return datetime.fromisoformat(state.value) if state and state.value else None


def key_id(public_key: str) -> str:
    """A short name of a public key (base64): the first digits of its SHA-256."""
    return hashlib.sha256(b64decode(public_key)).hexdigest()[:16]


def remember_key(session: Session, public_key: str) -> None:
    """Keep a public key of this server for good: what was signed with it stays provable when the key is changed."""
    session.merge(ServerState(key=KEY + key_id(public_key), value=public_key))


def remembered_keys(session: Session) -> list[str]:
    """The public keys (base64) that this server ever signed with, as far as it knows."""
    return sorted(session.scalars(select(ServerState.value).where(ServerState.key.startswith(KEY))))


def succeed(session: Session, former: Signer, following: Signer, now: datetime) -> None:
    """The former key introduces the one that follows: phones that trust the former go over to it. Both are remembered.

    What is signed is {"made_at", "next", "previous"} (keys base64), as `successions` gives it out.
    """
    remember_key(session, former.public_key)
    remember_key(session, following.public_key)
    when = instant(now)
    signed = former.sign({"made_at": when, "next": following.public_key, "previous": former.public_key})
    before = session.scalars(select(ServerState.key).where(ServerState.key.startswith(_SUCCESSION))).all()
    parts = " ".join([key_id(former.public_key), key_id(following.public_key), when, signed.signature])
    session.add(ServerState(key=f"{_SUCCESSION}{len(before):06d}", value=parts))


def successions(session: Session) -> list[SignedReceipt]:
    """Every statement by which one key of this server introduced the next, the oldest first."""
    rows = session.scalars(
        select(ServerState.value).where(ServerState.key.startswith(_SUCCESSION)).order_by(ServerState.key)
    )
    keys = {key_id(key): key for key in remembered_keys(session)}
    found = []
    for row in rows:
        previous, following, when, signature = row.split(" ")
        body = {"made_at": when, "next": keys[following], "previous": keys[previous]}
        found.append(SignedReceipt(rfc8785.dumps(body).decode(), signature))
    return found


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
