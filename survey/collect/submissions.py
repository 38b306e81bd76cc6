"""What an ODK Collect is told and what it brings: keys, forms, the list of households, submissions.

A submission becomes an entry like a phone's own and goes the same way (`receive`): the same receipt for the same
content, held with a reason where it must be. Its XML is kept byte for byte beside it. Entities follow
https://getodk.github.io/xforms-spec/entities: the register is the truth, so a change that Collect made to its list is
what the submission says, and `__version` is the register's own change number.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from mimetypes import guess_type
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Account,
    CollectFile,
    CollectUpload,
    Place,
    RegisterEntry,
    Submission,
    SubmissionFile,
)
from models.commune_counter import lock_commune
from survey.accounts.access_keys import hash_of
from survey.calendar.default import meant
from survey.clocks import day_of, instant, read_instant
from survey.collect import openrosa, xform
from survey.collect.entities import entity_id
from survey.devices import phones
from survey.evidence.signing import Signer
from survey.files.store import check_quota, has_own, store_file
from survey.form.form import Form, Item
from survey.intake.envelope import Envelope, read_entry
from survey.intake.receive import Outcome, receive
from survey.problems import Problem
from survey.questionnaires.published import load_form
from survey.submissions.evaluated_first import evaluated_first
from survey.terms import PlaceKind
from survey.text import normal

MAX_FILES = 200  # of one submission
ANY_KIND = "application/octet-stream"
NOWHERE = "khong-ro"  # a household or round that a submission does not name: on no register
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")
_RELEASE = re.compile(r"org\.odk\.collect\.android/(\S{1,40})")
_CHUNK = 1 << 16
_NUMBER = Item("", "", "decimal")


@dataclass(frozen=True)
class FormPart:
    """A file of a POST; `names`: what it may be called (the part's name, its file name)."""

    names: tuple[str, ...]
    stream: IO[bytes]


@dataclass(frozen=True)
class TakenIn:
    """What became of a POST. `outcome` None: parts of the record are still to come."""

    outcome: Outcome | None
    missing: tuple[str, ...]
    content_hash: str


@dataclass(frozen=True)
class Courier:
    """Who brings a submission, and with what it is stored."""

    account: Account
    permitted: bool
    device_id: str
    agent: str
    folder: Path
    signer: Signer
    quota: int  # bytes of files that an account may bring within a day
    skew: timedelta | None = None  # how far ahead the clock of the phone is, as far as it says


@evaluated_first
def take(
    session: Session, by: Courier, xml: bytes, parts: Sequence[FormPart], now: datetime, *, more_to_come: bool
) -> TakenIn:
    """Store one POST of a submission. Raises `openrosa.Refused` for what is none.

    The record is made when all files that it names are here, or with the last part: what did not come then is named by
    a hash that no file has, so that the record reads as incomplete, and may still come later.
    """
    sent = openrosa.parse(xml)
    form = load_form(session, sent.form_id, sent.version)
    reading = openrosa.read(sent, form)
    commune_id, household_id, round_id = _where(session, by.account, sent, day_of(now))
    wanted = {one.name for one in reading.files}
    arrived = _store_files(session, by, commune_id, parts, wanted, now)
    lock_commune(session, commune_id)  # from here on the parts of one submission come one after the other
    upload = _upload(session, by, commune_id, xml, sent, now)
    known = _known_files(session, upload)
    fresh = _remember(session, upload, known, arrived)
    missing = tuple(sorted(wanted - set(known) - set(arrived)))
    if more_to_come and missing and upload.entry_hash is None:
        _contact(session, by, now)
        return TakenIn(None, missing, upload.xml_hash)
    hashes = {name: file.sha256 for name, file in known.items() if not file.late}
    hashes |= arrived if upload.entry_hash is None else {name: arrived[name] for name in fresh.changed}
    absent = {name: _absent(upload, name) for name in wanted - set(hashes)}
    document = _document(sent, reading, form, upload, hashes | absent)
    document |= {"commune_id": commune_id, "household_id": household_id, "round_id": round_id}
    entry = read_entry(document)
    [outcome] = receive(
        session, by.account, by.device_id, [entry], now, by.signer, permitted=by.permitted, skew=by.skew
    )
    if upload.entry_hash is None:
        upload.entry_hash = entry.content.hash
    _arrive_late(session, upload, {name: (_absent(upload, name), arrived[name]) for name in fresh.late})
    _contact(session, by, now)
    return TakenIn(outcome, missing, entry.content.hash)


def _where(session: Session, account: Account, sent: openrosa.SentInstance, today: date) -> tuple[str, str, str]:
    """(commune, household, round) of a submission: as its household question says, else as far as they are known."""
    own = sent.own
    commune_id, household_id, round_id = (own.get(key, "") for key in (xform.COMMUNE, xform.HOUSEHOLD, xform.ROUND))
    chosen = own.get(xform.CHOSEN, "")
    if chosen and not household_id and account.place_id:  # the row was gone from the list when the form was finalised
        keys = select(RegisterEntry.round_id, RegisterEntry.household_id).where(
            RegisterEntry.commune_id == account.place_id
        )
        for of_round, of_household in session.execute(keys):
            if entity_id(account.place_id, of_round, of_household) == chosen:
                commune_id, household_id, round_id = account.place_id, of_household, of_round
    if not round_id:
        here = [account.place_id] if account.place_id else None
        found = meant(session, here, today, form_id=sent.form_id, is_open=True)
        round_id = found.id if found else NOWHERE
    place = session.get(Place, commune_id) if _ID.match(commune_id) and len(commune_id) <= 16 else None
    if place is None or place.kind != PlaceKind.COMMUNE:
        commune_id = account.place_id or ""
    return commune_id, household_id or NOWHERE, round_id


def _store_files(
    session: Session, by: Courier, commune_id: str, parts: Sequence[FormPart], wanted: set[str], now: datetime
) -> dict[str, str]:
    """Keep the files that the submission names; {name: SHA-256}. An empty one counts as not come."""
    arrived: dict[str, str] = {}
    for part in parts[:MAX_FILES]:
        name = next((name for name in _spellings(part.names) if name in wanted), None)
        if name is None:
            continue
        digest, size = _digest(part.stream)
        if not size:
            continue
        if not has_own(session, by.account.id, commune_id, digest):
            check_quota(session, by.account.id, size, by.quota, now)
        for kind in dict.fromkeys((guess_type(name)[0] or ANY_KIND, ANY_KIND)):
            part.stream.seek(0)
            try:
                store_file(session, by.account, commune_id, digest, kind, part.stream, by.folder, now, by.signer)
            except Problem as problem:
                if problem.code != "media_type":
                    raise
            else:
                arrived[name] = digest
                break
    return arrived


def _spellings(names: tuple[str, ...]) -> list[str]:
    """What a part may be called in the XML: as said, and where UTF-8 was read as Latin-1, as it was meant."""
    found = []
    for name in names:
        found.append(openrosa.file_name(name))
        try:
            found.append(openrosa.file_name(name.encode("latin-1").decode("utf-8")))
        except UnicodeError:
            continue
    return found


def _digest(stream: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _upload(
    session: Session, by: Courier, commune_id: str, xml: bytes, sent: openrosa.SentInstance, now: datetime
) -> CollectUpload:
    xml_hash = hashlib.sha256(xml).hexdigest()
    upload = session.get(CollectUpload, (commune_id, xml_hash))
    if upload is None:
        upload = CollectUpload(
            commune_id=commune_id, xml_hash=xml_hash, entry_id=_entry_id(sent.instance_id),
            xml=b64encode(xml).decode(), account_id=by.account.id, device_id=by.device_id, first_at=now,
            entry_hash=None,
        )  # fmt: skip
        session.add(upload)
        session.flush()  # its files refer to it
    return upload


def _known_files(session: Session, upload: CollectUpload) -> dict[str, CollectFile]:
    query = select(CollectFile).where(
        CollectFile.commune_id == upload.commune_id, CollectFile.xml_hash == upload.xml_hash
    )
    return {file.name: file for file in session.scalars(query)}


@dataclass(frozen=True)
class _Fresh:
    """Names of files that came after the record was made: `late` ones were missing, `changed` ones are others."""

    late: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def _remember(
    session: Session, upload: CollectUpload, known: dict[str, CollectFile], arrived: dict[str, str]
) -> _Fresh:
    """Keep which file came under which name; until the record is made the last one of a name counts."""
    made = upload.entry_hash is not None
    late, changed = [], []
    for name, sha256 in arrived.items():
        before = known.get(name)
        if before is None:
            session.add(
                CollectFile(commune_id=upload.commune_id, xml_hash=upload.xml_hash, name=name, sha256=sha256, late=made)
            )
            if made:
                late.append(name)
        elif before.sha256 != sha256:
            if made:
                changed.append(name)
            else:
                before.sha256 = sha256
    return _Fresh(tuple(late), tuple(changed))


def _absent(upload: CollectUpload, name: str) -> str:
    """A hash that no file has: stands for one that did not come."""
    return hashlib.sha256(f"so-ho: not come: {upload.xml_hash}/{name}".encode()).hexdigest()


def _document(
    sent: openrosa.SentInstance,
    reading: openrosa.AnswersRead,
    form: Form | None,
    upload: CollectUpload,
    hashes: dict[str, str],
) -> dict[str, Any]:
    """The entry that a phone of ours would have sent. It depends on nothing but the submission, so that it has one
    hash whoever brings it and whenever."""
    own, meta = sent.own, sent.meta
    replaces = _entry_id(sent.deprecated_id) if sent.deprecated_id else own.get(xform.REPLACES)
    started, ended = (_asked(form, reading.answers, kind) for kind in ("start", "end"))
    return {
        "id": upload.entry_id,
        "form": {"id": sent.form_id, "version": sent.version},
        "answers": openrosa.named_files(reading, hashes),
        "confirmed": {},
        "outcome": _outcome(form, reading.calculated),
        "files": [{"sha256": hashes[one.name], "path": one.path} for one in reading.files[:MAX_FILES]],
        "started_at": _first_instant(own.get(xform.STARTED), meta.get("timeStart"), started),
        "finalised_at": _first_instant(own.get(xform.ENDED), meta.get("timeEnd"), ended) or instant(upload.first_at),
        "replaces": replaces or None,
        "new_household": None,
        "collect": {"xml": upload.xml_hash, "instance_id": sent.instance_id, "entity": sent.entity},
    }


def _entry_id(instance_id: str) -> str:
    """An instanceID as the id of an entry; a long or strange one by its hash."""
    return instance_id if _ID.match(instance_id) else f"collect:{hash_of(instance_id)[:40]}"


def _asked(form: Form | None, answers: dict[str, Any], kind: str) -> Any:
    return next((answers.get(item.name) for item in form.children if item.type == kind), None) if form else None


def _first_instant(*said: Any) -> str | None:
    return next((text for text in said if read_instant(text) is not None), None)


def _outcome(form: Form | None, calculated: dict[str, str]) -> dict[str, Any] | None:
    """What the phone showed, from the calculations that Collect sends along."""
    if form is None or "class" not in form.by_outcome:
        return None
    said = {key: calculated.get(item.path, "") for key, item in form.by_outcome.items()}
    return {
        "class": said["class"] or None,
        "b1": _number(said.get("b1")),
        "b2": _number(said.get("b2")),
        "indicators": {item.name: _number(calculated.get(item.path)) for item in form.indicators},
    }


def _number(text: str | None) -> Any:
    return openrosa.typed(_NUMBER, text) if text else None


def _arrive_late(session: Session, upload: CollectUpload, late: dict[str, tuple[str, str]]) -> None:
    """Files that the record lacked: it names them from now on."""
    if not late:
        return
    submission_id = session.scalar(
        select(Submission.id).where(
            Submission.commune_id == upload.commune_id,
            Submission.entry_id == upload.entry_id,
            Submission.content_hash == upload.entry_hash,
        )
    )
    for absent, sha256 in late.values():
        row = session.get(SubmissionFile, (upload.commune_id, submission_id, absent))
        if row is None:
            continue
        path = row.path
        session.delete(row)
        session.flush()  # the same file may stand under another path
        if session.get(SubmissionFile, (upload.commune_id, submission_id, sha256)) is None:
            session.add(
                SubmissionFile(commune_id=upload.commune_id, submission_id=submission_id, sha256=sha256, path=path)
            )


def _contact(session: Session, by: Courier, now: datetime) -> None:
    """The phone as the office sees it: ODK Collect, with the records of which parts are still on it."""
    waiting = select(CollectUpload.entry_id).where(
        CollectUpload.account_id == by.account.id,
        CollectUpload.device_id == by.device_id,
        CollectUpload.entry_hash.is_(None),
    )
    unsent = [{"id": entry_id, "household_id": ""} for entry_id in sorted(session.scalars(waiting.limit(500)))]
    release = _RELEASE.search(by.agent)
    device = {"id": by.device_id, "label": "ODK Collect", "app_version": release[1] if release else ""}
    # Parts that nobody goes on with are given up in time: what Collect stops naming is not lost.
    phones.seen(session, by.account, Envelope(device, unsent, [], names_all=False), now, by.device_id)


def device_id_of(said: str) -> str:
    """What a Collect calls itself (`collect:abc…`), as the id of a device of ours."""
    plain = re.sub(r"[^A-Za-z0-9._:-]", "", normal("NFKD", said))[:40]
    return f"collect:{plain or 'khong-ten'}"
