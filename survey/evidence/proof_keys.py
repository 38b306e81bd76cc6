"""The keys that proofs are signed with: one after another, each introduced by the one before, a stolen one named.

Not the key of receipts: that one signs thousands of times a day. What is signed says in itself what it is (`type`), so
that no signature can pass for another's.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ProofKey
from survey.canonical import canonical_text
from survey.clocks import instant
from survey.evidence.signing import Signer, is_signed

SUCCESSION, COMPROMISE = "so-ho/proof-key-succession/1", "so-ho/proof-key-compromised/1"
FINGERPRINT = 32  # hexadecimal digits


def fingerprint(public_key: str) -> str:
    """By what people know a key (base64): the first 32 digits of its SHA-256."""
    return hashlib.sha256(b64decode(public_key)).hexdigest()[:FINGERPRINT]


def grouped(digits: str) -> str:
    """As it is printed and read out."""
    return " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))


def keys_of(session: Session) -> list[ProofKey]:
    return list(session.scalars(select(ProofKey).order_by(ProofKey.number)))


def take_up(session: Session, signer: Signer, now: datetime) -> ProofKey:
    """The row of the key in use; a key that no former one introduced begins anew."""
    known = session.scalars(select(ProofKey).where(ProofKey.public_key == signer.public_key)).first()
    if known is None:
        known = ProofKey(number=len(keys_of(session)) + 1, public_key=signer.public_key, made_at=now)
        session.add(known)
        session.flush()  # what is signed next names it
    return known


def succeed(session: Session, former: Signer, following: Signer, now: datetime) -> ProofKey:
    """The former key introduces the one that follows, and that one owns to it: who trusts either can trust both."""
    take_up(session, former, now)
    body = _succession(former.public_key, following.public_key, instant(now))
    made = ProofKey(
        number=len(keys_of(session)) + 1,
        public_key=following.public_key,
        made_at=now,
        previous=former.public_key,
        by_previous=former.sign(body).signature,
        by_itself=following.sign(body).signature,
    )
    session.add(made)
    session.flush()  # its number is counted by the next
    return made


def compromise(key: ProofKey, since: date, signer: Signer, now: datetime) -> None:
    """Say under the key in use that somebody else may have had `key` since a day. A later word may only name an earlier
    day."""
    body = _compromise(key.public_key, since.isoformat(), instant(now), signer.public_key)
    key.compromised_on, key.compromised_at, key.compromised_by = since, now, signer.public_key
    key.compromised_sig = signer.sign(body).signature


def statements(session: Session) -> list[dict[str, Any]]:
    """All that is known of the keys, as it goes into a file: bodies with their signatures."""
    found: list[dict[str, Any]] = []
    for key in keys_of(session):
        one: dict[str, Any] = {"key": key.public_key}
        if key.previous and key.by_previous and key.by_itself:
            one |= {
                "made_at": instant(key.made_at), "previous": key.previous, "by_previous": key.by_previous,
                "by_itself": key.by_itself,
            }  # fmt: skip
        if key.compromised_on and key.compromised_at:
            one["compromised"] = {
                "since": key.compromised_on.isoformat(), "said_at": instant(key.compromised_at),
                "by": key.compromised_by, "signature": key.compromised_sig,
            }  # fmt: skip
        found.append(one)
    return found


def trusted(said: Sequence[Mapping[str, Any]], anchor: str) -> set[str]:
    """The keys that can be trusted by whoever trusts the one whose fingerprint is `anchor`: those that it introduced,
    and those that introduced it, each with what follows in that direction. Statements that nobody signed count for
    nothing; a key that is named as stolen vouches for none that came after it."""
    stolen = compromised(said)
    steps = {(one["previous"], one["key"]) for one in said if "previous" in one and is_introduced(one)}
    start = {one["key"] for one in said if fingerprint(one["key"]) == anchor}
    # Apart: what a former key introduced besides is no successor of the one that is trusted.
    after = _closure(start, {step for step in steps if step[0] not in stolen})
    before = _closure(start, {(key, previous) for previous, key in steps})
    return after | before


def _closure(start: set[str], steps: set[tuple[str, str]]) -> set[str]:
    """All that can be reached."""
    found = set(start)
    while more := {to for at, to in steps if at in found} - found:
        found |= more
    return found


def compromised(said: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The keys that a signed statement names as stolen, with the day since when; a key may say it of itself."""
    found: dict[str, str] = {}
    known = {one["key"] for one in said}
    for one in said:
        what = one.get("compromised")
        if what is None or what["by"] not in known:
            continue
        body = _compromise(one["key"], what["since"], what["said_at"], what["by"])
        if is_signed(what["by"], canonical_text(body), what["signature"]):
            found[one["key"]] = what["since"]
    return found


def _compromise(key: str, since: str, said_at: str, by: str) -> dict[str, Any]:
    """What is signed when a key is named as stolen."""
    return {"type": COMPROMISE, "by": by, "key": key, "said_at": said_at, "since": since}


def _succession(former: str, following: str, made_at: str) -> dict[str, Any]:
    """What both keys sign when one introduces the other."""
    return {"type": SUCCESSION, "made_at": made_at, "next": following, "previous": former}


def is_introduced(one: Mapping[str, Any]) -> bool:
    """Whether the one before and the key itself both signed that it follows."""
    text = canonical_text(_succession(one["previous"], one["key"], one["made_at"]))
    return is_signed(one["previous"], text, one["by_previous"]) and is_signed(one["key"], text, one["by_itself"])
