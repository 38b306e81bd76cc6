"""Interviews that somebody carried in by hand, and the receipts that he carries back (docs/exchange.md).

What a bundle holds goes the way of a push, on behalf of the account that it names; who carried it in stands in the log.
The escrow's public key is no secret, so a bundle must prove whose it is: it carries the *pass* that `hello` gave to
that account, signed by this server and sealed inside where no carrier can read it. A bundle without a good pass is
stored like any other, and each of its entries is held for a person.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select, tuple_
from sqlalchemy.orm import Session

from models import Account, HouseholdOutcome, Place, Proposal, SessionRow, Submission, SupportEntry
from models.commune_counter import lock_commune
from survey.accounts import sessions
from survey.canonical import canonical_text
from survey.carry.sealed import Bundle
from survey.clocks import instant
from survey.devices import phones
from survey.evidence import audit
from survey.evidence.lineage import generation, remembered_keys, successions
from survey.evidence.receipts import find_receipt
from survey.evidence.signing import Signer, is_signed
from survey.files.store import is_named, store_file
from survey.intake.envelope import MAX_ENTRIES, Entry
from survey.intake.receive import Outcome, foresee_rules, receive
from survey.lacks import lack_of
from survey.problems import Problem
from survey.submissions.evaluated_first import evaluated_first
from survey.terms import PlaceKind, SessionEnd

RECEIPTS_FORMAT = "so-ho-receipts-1"
_SHA256, _HASHES = re.compile(r"[0-9a-f]{64}\Z"), re.compile(r"[0-9a-f]{64}")
PASS_FORMAT = "so-ho-pass-1"  # noqa: S105 - the name of a format
ON_THE_WAY = timedelta(days=30)  # how long a file may take, beyond the session that it was made in


def give_pass(row: SessionRow, signer: Signer) -> dict[str, str]:
    """What proves that a bundle was made by who was signed in by this session, on one of its phones. It ends with the
    session where that is ended, with a new password, a closed account, a withdrawn phone; by itself not before `until`:
    a file lies with its carrier for days."""
    body: dict[str, Any] = {
        "account": row.account_id,
        "devices": sessions.names_of(row),
        "epoch": row.epoch,
        "format": PASS_FORMAT,
        "session": row.id if inspect(row).persistent else None,  # of before, and nothing was written yet
        "since": instant(row.made),
        "until": instant(row.ends + ON_THE_WAY),
    }
    return signer.sign(body).as_json()


def is_vouched(session: Session, signer: Signer, account: Account, device_id: str, given: Any, now: datetime) -> bool:
    """Whether `given` is a pass of that account that still holds."""
    body, signature = (given.get(key) if isinstance(given, dict) else None for key in ("body", "signature"))
    if not isinstance(body, str) or not isinstance(signature, str):
        return False
    if not any(is_signed(key, body, signature) for key in [signer.public_key, *remembered_keys(session)]):
        return False
    said = json.loads(body)  # ours: whatever else this server signs has another format or none
    if (said.get("format"), said.get("account")) != (PASS_FORMAT, account.id):
        return False
    since = datetime.fromisoformat(said["since"])
    # A pass of an earlier release names no session, and no end.
    row = session.get(SessionRow, said["session"]) if said.get("session") else None
    until = datetime.fromisoformat(said["until"]) if "until" in said else since + sessions.LEGACY + ON_THE_WAY
    named = [*said["devices"], *(sessions.names_of(row) if row else ())]
    return (
        account.active
        and now < until
        and (row.why in (None, SessionEnd.REPLACED) if row else not said.get("session"))
        and said["epoch"] == account.session_epoch
        and not phones.is_revoked(session, account.id, device_id)
        and not phones.is_withdrawn(session, account.id, named, since)
    )


@dataclass(frozen=True)
class Taken:
    """What became of a bundle. `known`: how many of its entries were here before; `refused_files`: damaged ones."""

    bundle: Bundle
    account: Account
    vouched: bool
    outcomes: list[Outcome]
    known: int
    refused_files: int

    @property
    def new(self) -> int:
        return len(self.outcomes) - self.known

    @property
    def held(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.held]

    @property
    def incomplete(self) -> int:
        """Entries that still wait for files."""
        return sum(bool(outcome.missing_files) for outcome in self.outcomes)


@evaluated_first
def take(
    session: Session, bundle: Bundle, carrier: Account | None, folder: Path, now: datetime, signer: Signer
) -> Taken:
    """Store what a bundle holds: once, however often and on whatever way it comes. `folder`: of the files' bytes.

    Raises `bundle_of_nobody` when its account is not known here and nobody is signed in as its carrier.
    """
    said = session.get(Account, bundle.account_id)
    account = said or carrier
    if account is None:
        raise Problem("bundle_of_nobody")
    vouched = said is not None and is_vouched(session, signer, said, bundle.device_id, bundle.passed, now)
    device_id = bundle.device_id or "bundle"
    foresee_rules(session, account, device_id, bundle.entries, now, signer, permitted=vouched)
    _lock(session, account, bundle)
    known = _known(session, bundle.entries)
    refused = _store_files(session, account, bundle, folder, now, signer)
    outcomes: list[Outcome] = []
    for at in range(0, len(bundle.entries), MAX_ENTRIES):
        part = bundle.entries[at : at + MAX_ENTRIES]
        outcomes += receive(session, account, device_id, part, now, signer, permitted=vouched)
    taken = Taken(bundle, account, vouched, outcomes, known, refused)
    detail = {"entries": len(outcomes), "new": taken.new, "held": len(taken.held), "device": bundle.device_id}
    audit.record(session, now, carrier.id if carrier else None, "bundle_imported", account.id, detail)
    return taken


def _lock(session: Session, account: Account, bundle: Bundle) -> None:
    """Hold every commune that the bundle touches, in the order in which everybody takes them."""
    named = {entry.commune_id for entry in bundle.entries} | {one.commune_id for one in bundle.files}
    wanted = {name for name in (*named, account.place_id) if name}
    communes = select(Place.id).where(Place.id.in_(wanted), Place.kind == PlaceKind.COMMUNE.value)
    for commune_id in session.scalars(communes.order_by(Place.id)).all():
        lock_commune(session, commune_id)


def _known(session: Session, entries: list[Entry]) -> int:
    """How many of the entries are here already."""
    keys = [(entry.id, entry.content.hash) for entry in entries]
    here: set[tuple[str, str]] = set()
    for table in (Submission, HouseholdOutcome, Proposal, SupportEntry) if keys else ():
        query = select(table.entry_id, table.content_hash).where(tuple_(table.entry_id, table.content_hash).in_(keys))
        here |= {(row[0], row[1]) for row in session.execute(query)}
    return sum(key in here for key in keys)


def _store_files(
    session: Session, account: Account, bundle: Bundle, folder: Path, now: datetime, signer: Signer
) -> int:
    """Files first: what of an entry is missing is then known when it is stored. What nothing names is passed over.
    Returns how many were refused."""
    refused, named = 0, _named_in(bundle)
    for one in bundle.files:
        if one.sha256 not in named and not is_named(session, account.id, one.commune_id, one.sha256):
            continue
        try:
            if not _SHA256.match(one.sha256):
                raise Problem("hash_mismatch")
            with one.path.open("rb") as stream:
                store_file(session, account, one.commune_id, one.sha256, one.media_type, stream, folder, now, signer)
        except Problem as problem:  # damaged, or no picture: the phone keeps it, and the entry goes on waiting for it
            if lack_of(problem):
                raise
            refused += 1
    return refused


def _named_in(bundle: Bundle) -> set[str]:
    """The files of its entries, and of interviews that nobody finished: a person reads those (`--begun`)."""
    begun = json.dumps(bundle.rows.begun) if bundle.files else ""
    return {sha256 for entry in bundle.entries for sha256, _ in entry.files} | set(_HASHES.findall(begun))


def receipts_of(session: Session, taken: Taken, results: list[dict[str, Any]], now: datetime, signer: Signer) -> bytes:
    """A file of receipts to carry back: JSON, so-ho-receipts-1. `results`: each outcome as a push answers it.

    The statement binds it all to this server, its generation and its time: a phone may hear it from anybody.
    """
    content: dict[str, Any] = {
        "account": taken.account.id,
        "device": taken.bundle.device_id,
        "results": results,
        "files": [{"receipt": receipt} for receipt in _file_receipts(session, taken, signer)],
    }
    hashed = hashlib.sha256(canonical_text(content).encode()).hexdigest()
    said = signer.sign(
        {
            "content": hashed,
            "format": RECEIPTS_FORMAT,
            "generation": generation(session),
            "server_time": instant(now),
        }
    )
    return canonical_text(
        {
            "content": content,
            "format": RECEIPTS_FORMAT,
            # A phone that has long heard nothing may know a former key only: each introduced the next.
            "key": signer.public_key,
            "keys": [{"signed": one.signature, "statement": one.body} for one in successions(session)],
            "signed": said.signature,
            "statement": said.body,
        }
    ).encode()


def _file_receipts(session: Session, taken: Taken, signer: Signer) -> Iterator[dict[str, str]]:
    seen = set()
    for entry, outcome in zip(taken.bundle.entries, taken.outcomes, strict=True):
        for sha256, _ in entry.files:
            if sha256 in outcome.missing_files or sha256 in seen:
                continue
            seen.add(sha256)
            found = find_receipt(session, entry.commune_id or "", sha256, sha256, signer)
            if found is not None:
                yield found.as_json()
