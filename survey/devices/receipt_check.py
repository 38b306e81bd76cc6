"""Receipts held up against this server: whose signature, of what, and is it still here?

A receipt may come from anywhere: a phone's screen, a file that a phone exported, a mail. Whatever JSON it stands in is
looked through for it. Nothing is believed but the signature and what lies in the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from models import Attachment, Household, HouseholdOutcome, Proposal, Submission, SupportEntry
from survey.canonical import canonical
from survey.clocks import read_instant
from survey.evidence.lineage import generations, remembered_keys
from survey.evidence.signing import Signer, is_signed
from survey.files.store import path_of
from survey.problems import Problem

MAX_BYTES = 4 * 1024 * 1024
MAX_RECEIPTS = 2000
MAX_DEPTH = 60
MAX_TRIES = 200  # places at which a text that is not all JSON is tried in vain
MAX_VAIN = 2 * MAX_BYTES  # letters that are read in vain at all of them together


class Verdict(StrEnum):
    """Whose signature it is."""

    GENUINE = "genuine"  # of the key in use
    FORMER_KEY = "former_key"  # of a key that this server used before
    FORGED = "forged"  # says it is of this server, and is not: made up or changed
    OTHER_SERVER = "other_server"  # of no key and no generation of this server
    UNREADABLE = "unreadable"  # no receipt at all


class Presence(StrEnum):
    """Whether what a receipt speaks of is on this server."""

    HERE = "here"
    FILES_MISSING = "files_missing"  # the entry is, files that it names are not
    GONE = "gone"
    UNKNOWN = "unknown"  # not looked for: the receipt is not of this server


@dataclass(frozen=True)
class Claim:
    """A receipt as it was found; `entry`: the entry that lay beside it, if one did."""

    body: Any
    signature: Any
    entry: Any = None


@dataclass(frozen=True)
class Finding:
    """What is to be said of one receipt."""

    verdict: Verdict
    place: Presence = Presence.UNKNOWN
    kind: str | None = None  # "entry", "file"
    entry_id: str | None = None
    content_hash: str | None = None  # of a file: its SHA-256
    server_time: datetime | None = None
    generation: str | None = None
    missing_files: int = 0
    matches_entry: bool | None = None  # None: no entry lay beside it
    commune_id: str | None = field(default=None, compare=False)
    submission_id: str | None = field(default=None, compare=False)
    household: str | None = field(default=None, compare=False)  # the head's name, for who may read it

    @property
    def genuine(self) -> bool:
        return self.verdict in (Verdict.GENUINE, Verdict.FORMER_KEY)

    @property
    def well(self) -> bool:
        """Genuine, of this content, and all of it is here."""
        return self.genuine and self.place is Presence.HERE and self.matches_entry is not False


def read_claims(data: bytes) -> list[Claim]:
    """Every receipt in a JSON text, in lines of JSON, or in JSON that stands among other words. Raises `too_large`, or
    `malformed` when there is none."""
    if len(data) > MAX_BYTES:
        raise Problem("too_large")
    text = data.decode("utf-8-sig", "replace").strip()
    try:
        documents = [json.loads(text)]
    except (ValueError, RecursionError):
        documents = list(_objects_in(text))
    found: list[Claim] = []
    for claim in _claims(documents, None, 0):
        found.append(claim)
        if len(found) > MAX_RECEIPTS:
            raise Problem("too_large")
    if not found:
        raise Problem("malformed")
    return found


def _objects_in(text: str) -> Iterator[Any]:
    """The JSON objects that stand in a text, one after the other."""
    start, tries, vain = text.find("{"), 0, 0
    while start >= 0 and tries < MAX_TRIES and vain <= MAX_VAIN:
        try:
            found, end = json.JSONDecoder().raw_decode(text, start)
            yield found
        except (ValueError, RecursionError) as error:
            end, tries, vain = start + 1, tries + 1, vain + _read_until(error, text) - start
        start = text.find("{", end)


def _read_until(error: Exception, text: str) -> int:
    """How far a reader came; to the end where it does not say (a string that does not end is named by its start)."""
    says = isinstance(error, json.JSONDecodeError) and not error.msg.startswith("Unterminated")
    return error.pos if says else len(text)  # type: ignore[attr-defined]


def _claims(value: Any, entry: Any, depth: int) -> Iterator[Claim]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for one in value:
            yield from _claims(one, None, depth + 1)
    elif isinstance(value, dict):
        if "body" in value and "signature" in value:
            yield Claim(value["body"], value["signature"], entry)
            return
        for key, one in value.items():
            yield from _claims(one, value.get("entry") if key == "receipt" else None, depth + 1)


def examine(session: Session, signer: Signer, claims: list[Claim], folder: Path) -> list[Finding]:
    """What this server says of each, in order. `folder`: where the bytes of files lie."""
    keys = [signer.public_key, *(key for key in remembered_keys(session) if key != signer.public_key)]
    own = generations(session)
    return [_examine(session, keys, own, claim, folder) for claim in claims]


def _examine(session: Session, keys: list[str], own: set[str], claim: Claim, folder: Path) -> Finding:
    body = _read_body(claim.body)
    if body is None or not isinstance(claim.signature, str):
        return Finding(Verdict.UNREADABLE)
    said = body.get("generation")
    about: dict[str, Any] = {
        "kind": "entry" if "entry_id" in body else "file",
        "entry_id": _text(body.get("entry_id")),
        "content_hash": _text(body.get("content_hash") or body.get("sha256")),
        "server_time": read_instant(body.get("server_time")),
        "generation": _text(said),
        "matches_entry": None if claim.entry is None else canonical(claim.entry).hash == body.get("content_hash"),
    }
    signed_by = next((key for key in keys if is_signed(key, claim.body, claim.signature)), None)
    if signed_by is None:
        return Finding(Verdict.FORGED if said in own else Verdict.OTHER_SERVER, **about)
    verdict = Verdict.GENUINE if signed_by == keys[0] else Verdict.FORMER_KEY
    where = _entry_here(session, body, folder) if about["kind"] == "entry" else _file_here(session, body, folder)
    return Finding(verdict, **about, **where)


def _entry_here(session: Session, body: dict[str, Any], folder: Path) -> dict[str, Any]:
    query = select(Submission, Household.head_name).outerjoin(
        Household, (Household.commune_id == Submission.commune_id) & (Household.id == Submission.household_id)
    )
    row = session.execute(
        query.where(Submission.entry_id == body["entry_id"], Submission.content_hash == body["content_hash"])
    ).first()
    files = [one for one in body.get("files", []) if isinstance(one, str)]
    missing = sum(not _has_file(session, sha256, folder) for sha256 in files)
    here = {"place": Presence.FILES_MISSING if missing else Presence.HERE, "missing_files": missing}
    if row is None:
        same = {"entry_id": body["entry_id"], "content_hash": body["content_hash"]}
        said = [select(table.commune_id).filter_by(**same) for table in (HouseholdOutcome, Proposal, SupportEntry)]
        home = session.scalars(union_all(*said)).first()
        return here | {"commune_id": home} if home else {"place": Presence.GONE}
    return here | {
        "commune_id": row[0].commune_id,
        "submission_id": row[0].id,
        "household": row[1],
    }


def _file_here(session: Session, body: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {"place": Presence.HERE if _has_file(session, str(body.get("sha256")), folder) else Presence.GONE}


def _has_file(session: Session, sha256: str, folder: Path) -> bool:
    known = session.scalars(select(Attachment.sha256).where(Attachment.sha256 == sha256).limit(1)).first()
    return known is not None and path_of(folder, sha256).is_file()


def _read_body(text: Any) -> dict[str, Any] | None:
    if not isinstance(text, str) or len(text) > 200_000:
        return None
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and ("entry_id" in body or "sha256" in body) else None


def _text(value: Any) -> str | None:
    """What can be shown of a value that anybody may have written."""
    return "".join(c for c in value if c.isprintable())[:64] if isinstance(value, str) else None
