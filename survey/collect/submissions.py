"""What an ODK Collect is told and what it brings: keys, forms, the list of households, submissions.

A submission becomes an entry like a phone's own and goes the same way (`receive`): the same receipt for the same
content, held with a reason where it must be. Its XML is kept byte for byte beside it. Entities follow
https://getodk.github.io/xforms-spec/entities: the register is the truth, so a change that Collect made to its list is
what the submission says, and `__version` is the register's own change number.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from mimetypes import guess_type
from pathlib import Path
from typing import IO, Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Account,
    CollectFile,
    CollectToken,
    CollectUpload,
    FormVersion,
    Household,
    Place,
    RegisterEntry,
    Round,
    Submission,
    SubmissionEvent,
    SubmissionFile,
)
from models.commune_counter import lock_commune
from survey.accounts.accounts import villages_of
from survey.clocks import HERE, instant, read_instant
from survey.collect import openrosa, xform
from survey.devices import phones
from survey.evidence import audit
from survey.evidence.signing import Signer
from survey.files.store import store_file
from survey.form.form import Form, Item
from survey.form.reading import question_of
from survey.intake.envelope import Envelope, read_entry
from survey.intake.receive import Outcome, receive
from survey.problems import Problem
from survey.questionnaires.published import as_xlsx, csv_of, given_of, load_form
from survey.register.entries import context_of_entry
from survey.register.places import periods_at, region_of, villages_in
from survey.terms import Action, PlaceKind, RegisterState, Role, RoundState, SourceKind
from survey.text import normal

MAX_FILES = 200  # of one submission
ANY_KIND = "application/octet-stream"
NOWHERE = "khong-ro"  # a household or round that a submission does not name: on no register
_SPACE = uuid5(NAMESPACE_URL, "https://so-ho/households")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")
_RELEASE = re.compile(r"org\.odk\.collect\.android/(\S{1,40})")
_CHUNK = 1 << 16
_NUMBER = Item("", "", "decimal")


# -- keys -----------------------------------------------------------------------------------------------------------


def make_token(session: Session, account: Account, made_by: Account, now: datetime) -> tuple[CollectToken, str]:
    """A key for one phone of `account`; its text is known here and now, and nowhere later."""
    text = secrets.token_urlsafe(32)
    token = CollectToken(
        id=secrets.token_hex(8), account_id=account.id, token_hash=_hash_of(text), made_at=now, made_by=made_by.id,
        last_used_at=None, last_device="", revoked_at=None, revoked_by=None,
    )  # fmt: skip
    session.add(token)
    audit.record(session, now, made_by.id, "collect_key_made", account.id, {"key": token.id})
    return token, text


def tokens_of(session: Session, account_id: str) -> list[CollectToken]:
    """The account's keys: those in use first, the newest of them first."""
    query = select(CollectToken).where(CollectToken.account_id == account_id)
    found = session.scalars(query.order_by(CollectToken.made_at.desc(), CollectToken.id))
    return sorted(found, key=lambda token: token.revoked_at is not None)


def revoke(session: Session, account_id: str, token_id: str, by: Account, now: datetime) -> None:
    """End a key: its phone gets no more forms and names; what it still holds may come and is held. Raises not_found."""
    token = session.get(CollectToken, token_id)
    if token is None or token.account_id != account_id:
        raise Problem("not_found")
    if token.revoked_at is None:
        token.revoked_at, token.revoked_by = now, by.id
        audit.record(session, now, by.id, "collect_key_revoked", account_id, {"key": token.id})


def find_token(session: Session, text: str) -> tuple[CollectToken, Account] | None:
    """The key and whose it is, revoked or not; None for a text that never was one."""
    token = session.scalar(select(CollectToken).where(CollectToken.token_hash == _hash_of(text)))
    return (token, session.get_one(Account, token.account_id)) if token else None


def is_valid(token: CollectToken, account: Account) -> bool:
    return token.revoked_at is None and account.active


def used(session: Session, token: CollectToken, device: str, now: datetime) -> None:
    """Remember that a key was used; once a day it is in the log too."""
    before = token.last_used_at
    token.last_used_at = now
    token.last_device = "".join(c for c in device if c.isprintable())[:80]
    if before is None or before.astimezone(HERE).date() != now.astimezone(HERE).date():
        audit.record(session, now, token.account_id, "collect_key_used", token.account_id, {"key": token.id})


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# -- forms ----------------------------------------------------------------------------------------------------------


def open_forms(session: Session) -> list[FormVersion]:
    """The questionnaires of the open rounds, in the version that each round asks."""
    used_now = select(Round.form_id, Round.form_version).where(Round.state == RoundState.OPEN.value).distinct()
    keys = sorted(tuple(key) for key in session.execute(used_now))
    return [session.get_one(FormVersion, key) for key in keys]


def xform_of(session: Session, stored: FormVersion, *, keep: bool) -> str | None:
    """The version's XForm: made once and then the same for good, since its hash is what phones compare; None when
    pyxform makes none of it. `keep`: in a transaction that may write."""
    if stored.xform is not None:
        return stored.xform
    given = given_of(session, stored)
    try:
        source = as_xlsx(given) if given.kind is SourceKind.XLSX else given.content.decode("utf-8-sig")
        text = xform.collect_edition(source)
    except (xform.EditionError, UnicodeDecodeError):
        return None
    if keep:
        stored.xform = text
    return text


def asks_household(text: str) -> bool:
    """Whether an XForm takes its household from the list."""
    return f"jr://file-csv/{xform.LIST}.csv" in text


# -- households -----------------------------------------------------------------------------------------------------


def entity_id(commune_id: str, round_id: str, household_id: str) -> str:
    """One household in one round, as a UUID that stays the same."""
    return str(uuid5(_SPACE, f"{commune_id}/{round_id}/{household_id}"))


COLUMNS = (
    "name", "label", "__version", "form_id", "title", "village", "state", "household_id", "round_id", "commune_id",
    "replaces", "comment", "ma_ho", "khu_vuc", "vung", "cach_b1", "phan_loai_nam_truoc",
)  # fmt: skip
_MARK = {RegisterState.RECEIVED: "✓ ", RegisterState.ACCEPTED: "✓ ", RegisterState.RETURNED: "↩ "}


def households(session: Session, account: Account, today: date) -> list[dict[str, str]]:
    """The account's households in the open rounds, as rows of its entity list, in the order of villages and numbers."""
    commune_id = account.place_id or ""
    villages = _villages(session, account)
    query = (
        select(RegisterEntry, Household, Round, Submission.entry_id)
        .join(
            Household, (Household.commune_id == RegisterEntry.commune_id) & (Household.id == RegisterEntry.household_id)
        )
        .join(Round, Round.id == RegisterEntry.round_id)
        .outerjoin(
            Submission,
            (Submission.commune_id == RegisterEntry.commune_id) & (Submission.id == RegisterEntry.submission_id),
        )
        .where(
            RegisterEntry.commune_id == commune_id,
            RegisterEntry.village_id.in_(villages),
            Round.state == RoundState.OPEN.value,
        )
        .order_by(RegisterEntry.village_id, Household.code, Round.id)
    )
    periods = periods_at(session, villages, today)
    region = region_of(session, commune_id, today) if commune_id else None
    rows = []
    for entry, household, survey_round, live in session.execute(query) if villages else ():
        context = context_of_entry(survey_round, household, entry, periods, region)
        village = periods[entry.village_id].name if entry.village_id in periods else entry.village_id
        returned = entry.state == RegisterState.RETURNED
        said = f"{household.head_name} · {household.code} · {village}"
        row: dict[str, str | None] = {
            "name": entity_id(commune_id, entry.round_id, household.id),
            "label": _MARK.get(RegisterState(entry.state), "") + said,
            "__version": str(entry.change),
            "form_id": survey_round.form_id,
            "title": said,
            "village": village,
            "state": entry.state,
            "household_id": household.id,
            "round_id": entry.round_id,
            "commune_id": commune_id,
            "replaces": live if returned else None,
            "comment": _comment(session, entry, survey_round) if returned else None,
            **context,
        }
        rows.append({column: row.get(column) or "" for column in COLUMNS})
    return rows


def _comment(session: Session, entry: RegisterEntry, survey_round: Round) -> str:
    """What the supervisor wrote when an interview was returned, each remark with the question that it is about."""
    query = select(SubmissionEvent.comments).where(
        SubmissionEvent.commune_id == entry.commune_id,
        SubmissionEvent.submission_id == entry.submission_id,
        SubmissionEvent.action == Action.RETURN.value,
    )
    comments = session.scalars(query.order_by(SubmissionEvent.seq.desc()).limit(1)).first() or []
    form = load_form(session, survey_round.form_id, survey_round.form_version)
    said = []
    for one in comments:
        item = form.by_path.get(question_of(one["path"])) if form and one["path"] else None
        asked = item.label.get(form.default_language, "") if form and item else ""
        said.append(f"{asked}: {one['text']}" if asked else str(one["text"]))
    return " / ".join(said)


def household_csv(rows: Sequence[dict[str, str]]) -> bytes:
    """The entity list as CSV; its header stands also over an empty list."""
    return csv_of(rows) if rows else (",".join(COLUMNS) + "\n").encode()


def _villages(session: Session, account: Account) -> list[str]:
    if account.role == Role.SUPERVISOR and account.place_id:
        return villages_in(session, account.place_id)
    return villages_of(session, account)


# -- submissions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A file of a POST; `names`: what it may be called (the part's name, its file name)."""

    names: tuple[str, ...]
    stream: IO[bytes]


@dataclass(frozen=True)
class Taken:
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
    skew: timedelta | None = None  # how far ahead the clock of the phone is, as far as it says


def take(
    session: Session, by: Courier, xml: bytes, parts: Sequence[Part], now: datetime, *, more_to_come: bool
) -> Taken:
    """Store one POST of a submission. Raises `openrosa.Refused` for what is none.

    The record is made when all files that it names are here, or with the last part: what did not come then is named by
    a hash that no file has, so that the record reads as incomplete, and may still come later.
    """
    sent = openrosa.parse(xml)
    form = load_form(session, sent.form_id, sent.version)
    reading = openrosa.read(sent, form)
    commune_id, household_id, round_id = _where(session, by.account, sent)
    wanted = {one.name for one in reading.files}
    arrived = _store_files(session, by, commune_id, parts, wanted, now)
    lock_commune(session, commune_id)  # from here on the parts of one submission come one after the other
    upload = _upload(session, by, commune_id, xml, sent, now)
    known = _known_files(session, upload)
    fresh = _remember(session, upload, known, arrived)
    missing = tuple(sorted(wanted - set(known) - set(arrived)))
    if more_to_come and missing and upload.entry_hash is None:
        _contact(session, by, now)
        return Taken(None, missing, upload.xml_hash)
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
    return Taken(outcome, missing, entry.content.hash)


def _where(session: Session, account: Account, sent: openrosa.Instance) -> tuple[str, str, str]:
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
        rounds = session.scalars(
            select(Round.id).where(Round.form_id == sent.form_id, Round.state == RoundState.OPEN.value)
        ).all()
        round_id = rounds[0] if len(rounds) == 1 else NOWHERE
    place = session.get(Place, commune_id) if _ID.match(commune_id) and len(commune_id) <= 16 else None
    if place is None or place.kind != PlaceKind.COMMUNE:
        commune_id = account.place_id or ""
    return commune_id, household_id or NOWHERE, round_id


def _store_files(
    session: Session, by: Courier, commune_id: str, parts: Sequence[Part], wanted: set[str], now: datetime
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
    session: Session, by: Courier, commune_id: str, xml: bytes, sent: openrosa.Instance, now: datetime
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
    sent: openrosa.Instance,
    reading: openrosa.Reading,
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
    return instance_id if _ID.match(instance_id) else f"collect:{_hash_of(instance_id)[:40]}"


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
    phones.seen(session, by.account, Envelope(device, unsent, [], names_all=False), now)


def device_id_of(said: str) -> str:
    """What a Collect calls itself (`collect:abc…`), as the id of a device of ours."""
    plain = re.sub(r"[^A-Za-z0-9._:-]", "", normal("NFKD", said))[:40]
    return f"collect:{plain or 'khong-ten'}"
