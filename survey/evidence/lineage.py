"""From which backup and which keys this server comes: its generations, and the keys that followed one another."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ServerState
from survey.canonical import canonical_text
from survey.clocks import instant
from survey.evidence.signing import SignedReceipt, Signer, key_id

# Names of rows of ServerState
KEY, _SUCCESSION, _FORMER = "receipt_key:", "succession:", "g:"
_RESTORED, _COPY = "restored_at", "restored_from"


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
        found.append(SignedReceipt(canonical_text(body), signature))
    return found
