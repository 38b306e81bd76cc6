"""Questionnaires on their way: a draft is uploaded, checked, mended, compared, published; a version is retired.

A draft keeps what was uploaded even with faults, so that nothing must be sent twice; only one without faults is
published, and it is checked again then, since a version or a points table may have come in between.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from models import FormDraft, FormDraftFile, FormVersion, FormVersionFile, Round, StoredFile, Submission
from survey.evidence import audit
from survey.form.form import Form
from survey.problems import Problem
from survey.questionnaires.form_files import GivenFile, check_files, check_source, media_type
from survey.questionnaires.points_tables import unfit_tables
from survey.questionnaires.published import Given, content_of, files_of, given_of, load_form, publish, store
from survey.terms import FormState, RoundState, SourceKind
from survey.xlsform.changes import Changes, compare
from survey.xlsform.compile import Fault, WorkbookError, check_workbook
from survey.xlsform.sheets import read_sheets, write_xlsx
from survey.xlsform.tables import shipped

FAULTS_KEPT = 500
# What an address, a file name and the columns of the database can hold.
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}\Z")


def _(message: str) -> str:
    """Marks a message for the catalog; it is translated where it is shown."""
    return message


# What is wrong with a workbook beyond XLSForm: (sheet, column, message id).
NO_ID = _("The questionnaire needs a form_id of letters without marks, digits, _ - . (64 at most).")
NO_VERSION = _("The questionnaire needs a version, such as 2027.1: letters, digits, _ - . (64 at most).")
TAKEN = _("Version %(version)s is published with other content. Raise the version, such as %(next)s.")
UNMARKED = _("The points table %(table)s is illustrative, and no row with the outcome “illustrative” says so.")
NOT_AGREED = _("The points table %(table)s is not agreed by two people. Mark each row minh_hoa, or let it be typed.")
UNUSED = _("The file %(name)s is attached, but the questionnaire does not use it.")


@dataclass(frozen=True)
class Checked:
    """What a check found: `form` is None when the workbook cannot be compiled at all."""

    form: Form | None
    faults: list[dict[str, Any]]
    advice: list[dict[str, Any]]


@dataclass(frozen=True)
class Version:
    """A published version as a list shows it."""

    stored: FormVersion
    title: str
    entries: int
    rounds: tuple[Round, ...]

    @property
    def state(self) -> FormState:
        return FormState.PUBLISHED if self.stored.retired_at is None else FormState.RETIRED


def check(session: Session, given: Given) -> Checked:
    """Everything that is wrong with a workbook and its files, and what will surprise its author."""
    try:
        form, advice = check_workbook(given.content, given.files)
    except WorkbookError as error:
        return Checked(None, [fault_json(fault) for fault in error.faults[:FAULTS_KEPT]], [])
    faults = _own_faults(session, form)
    listed = [fault_json(fault) for fault in advice[:FAULTS_KEPT]]
    used = _used(form)
    listed += [_fault(name, None, UNUSED, name=name) for name in sorted(given.files) if not used(name)]
    return Checked(form, faults, listed)


def _own_faults(session: Session, form: Form) -> list[dict[str, Any]]:
    faults = []
    if not _ID.match(form.id):
        faults.append(_fault("settings", "form_id", NO_ID))
    if not _ID.match(form.version):
        faults.append(_fault("settings", "version", NO_VERSION))
    elif not faults:
        known = session.scalar(
            select(FormVersion.hash).where(FormVersion.form_id == form.id, FormVersion.version == form.version)
        )
        if known is not None and known != form.hash:
            faults.append(_fault("settings", "version", TAKEN, version=form.version, next=next_version(form.version)))
    for table, code in unfit_tables(session, form):
        faults.append(_fault(f"{table}.csv", "status", NOT_AGREED if code == "not_agreed" else UNMARKED, table=table))
    return faults


def next_version(version: str) -> str:
    """A version with its last number raised: 2026.1 → 2026.2."""
    match = re.search(r"(?<!\d)(\d{1,9})(\D*)\Z", version)
    return f"{version[: match.start()]}{int(match[1]) + 1}{match[2]}" if match else f"{version}.2"


def _used(form: Form) -> Any:
    manifest = set(getattr(form, "files", None) or ())
    return lambda name: name in manifest or name.rpartition(".")[0] in form.tables


def _fault(sheet: str, column: str | None, template: str, **values: Any) -> dict[str, Any]:
    row = 2 if sheet == "settings" else None
    return {"sheet": sheet, "row": row, "column": column, "template": template, "values": values}


def fault_json(fault: Fault) -> dict[str, Any]:
    """A fault as it is kept: its words as a message id with values."""
    template, values = getattr(fault, "template", None), getattr(fault, "values", None)
    return {
        "sheet": fault.sheet,
        "row": fault.row,
        "column": fault.column,
        "template": template or fault.message,
        "values": dict(values) if template and values else {},
    }


# -- Drafts


def drafts(session: Session) -> list[FormDraft]:
    """All drafts, the one that changed last first."""
    query = select(FormDraft).options(defer(FormDraft.bundle)).order_by(FormDraft.changed_at.desc(), FormDraft.id)
    return list(session.scalars(query))


def find_draft(session: Session, draft_id: str, *, lock: bool = False) -> FormDraft:
    """Raises `not_found`."""
    query = select(FormDraft).where(FormDraft.id == draft_id)
    found = session.scalars(query.with_for_update() if lock else query).first()
    if found is None:
        raise Problem("not_found")
    return found


def draft_files(session: Session, draft: FormDraft) -> list[FormDraftFile]:
    query = select(FormDraftFile).where(FormDraftFile.draft_id == draft.id).order_by(FormDraftFile.name)
    return list(session.scalars(query))


def given_of_draft(session: Session, draft: FormDraft) -> Given:
    files = {file.name: content_of(session, file.sha256) for file in draft_files(session, draft)}
    content = content_of(session, draft.source_sha256)
    return Given(draft.source_name, SourceKind(draft.source_kind), content, files)


def create_draft(
    session: Session, source: GivenFile, files: Sequence[GivenFile], now: datetime, account_id: str | None
) -> FormDraft:
    """Keep a workbook and its files as a draft, checked. Raises `attachments.Refused`: nothing is kept then."""
    kind, kept = check_source(source), check_files(files)
    draft = FormDraft(id=str(uuid4()), account_id=account_id, created_at=now)
    _fill(session, draft, Given(source.name, kind, source.content, kept), now)
    audit.record(session, now, account_id, "form_uploaded", draft.id, _described(draft))
    return draft


def change_draft(
    session: Session,
    draft: FormDraft,
    now: datetime,
    account_id: str | None,
    source: GivenFile | None = None,
    files: Sequence[GivenFile] = (),
    without: Iterable[str] = (),
) -> None:
    """Put another workbook in place, add or replace files, take files away; checked again. Raises `Refused`."""
    given = given_of_draft(session, draft)
    gone = set(without)
    stay = {name: content for name, content in given.files.items() if name not in gone}
    given = replace(given, files=stay | check_files(files, list(stay)))
    if source is not None:
        given = Given(source.name, check_source(source), source.content, given.files)
    before = {draft.source_sha256, *(file.sha256 for file in draft_files(session, draft))}
    session.execute(delete(FormDraftFile).where(FormDraftFile.draft_id == draft.id))
    _fill(session, draft, given, now)
    _forget_unused(session, before)
    audit.record(session, now, account_id, "form_draft_changed", draft.id, _described(draft))


def delete_draft(session: Session, draft: FormDraft, now: datetime, account_id: str | None) -> None:
    audit.record(session, now, account_id, "form_draft_deleted", draft.id, _described(draft))
    _remove(session, draft)


def _remove(session: Session, draft: FormDraft) -> None:
    hashes = {draft.source_sha256, *(file.sha256 for file in draft_files(session, draft))}
    session.execute(delete(FormDraftFile).where(FormDraftFile.draft_id == draft.id))
    session.delete(draft)
    session.flush()  # what is unused now is looked up
    _forget_unused(session, hashes)


def _fill(session: Session, draft: FormDraft, given: Given, now: datetime) -> None:
    checked = check(session, given)
    draft.source_name, draft.source_kind = given.name, given.kind.value
    draft.source_sha256 = store(session, given.content)
    form = checked.form
    draft.form_id, draft.version = (form.id[:64], form.version[:64]) if form else (None, None)
    draft.title = form.title[:200] if form else ""
    usable = form is not None and not checked.faults
    draft.hash, draft.bundle = (form.hash, form.as_json()) if form is not None and usable else (None, None)
    draft.faults, draft.advice, draft.changed_at = checked.faults, checked.advice, now
    session.add(draft)
    session.flush()  # its files refer to it
    for name, content in sorted(given.files.items()):
        sha256 = store(session, content)
        session.add(FormDraftFile(draft_id=draft.id, name=name, sha256=sha256, media_type=media_type(name)))
    session.flush()  # the page reads them next


def _forget_unused(session: Session, hashes: Iterable[str]) -> None:
    """Let go of bytes that nothing refers to any more."""
    for sha256 in hashes:
        columns = (
            FormDraft.source_sha256, FormDraftFile.sha256, FormVersion.source_sha256, FormVersionFile.sha256
        )  # fmt: skip
        if not any(session.scalars(select(one).where(one == sha256).limit(1)).first() for one in columns):
            with suppress(IntegrityError), session.begin_nested():  # somebody begins to use them at this moment
                session.execute(delete(StoredFile).where(StoredFile.sha256 == sha256))


def _described(draft: FormDraft) -> dict[str, Any]:
    return {"form": draft.form_id, "version": draft.version, "faults": len(draft.faults)}


def publish_draft(session: Session, draft: FormDraft, now: datetime, account_id: str | None) -> FormVersion:
    """Make a draft a version that rounds can be asked with; the draft is gone then. `form_has_faults` when the check
    still finds any (the draft then shows them)."""
    given = given_of_draft(session, draft)
    checked = check(session, given)
    if checked.form is None or checked.faults:
        raise Problem("form_has_faults")
    made = publish_given(session, checked.form, given, now, account_id)
    _remove(session, draft)
    return made


def publish_given(
    session: Session, form: Form, given: Given, now: datetime, account_id: str | None = None
) -> FormVersion:
    """Publish a checked workbook with its files."""
    known = session.get(FormVersion, (form.id, form.version)) is not None
    made = publish(session, form, "", now, given=given, account_id=account_id)
    if not known:
        detail = {"hash": made.hash, "tables": sorted(form.tables)}
        audit.record(session, now, account_id, "form_published", f"{made.form_id} {made.version}", detail)
    return made


def draft_from(
    session: Session,
    stored: FormVersion,
    version: str,
    now: datetime,
    account_id: str | None,
    files: dict[str, bytes] | None = None,
    cells: dict[str, dict[str, str]] | None = None,
) -> FormDraft:
    """A draft that begins as a published version under the next `version`. `files` replace attachments; `cells`: what
    a row of the survey, by its name, has in a column from now on."""
    given = given_of(session, stored)
    sheets = read_sheets(given.content)
    settings = sheets["settings"]
    if "version" not in settings.columns:
        settings.columns.append("version")
    settings.rows[0]["version"] = version
    for row in sheets["survey"].rows:
        for column, text in (cells or {}).get(row.get("name", ""), {}).items():
            if column not in sheets["survey"].columns:
                sheets["survey"].columns.append(column)
            row[column] = text
    name = f"{stored.form_id}-{version}.xlsx"
    draft = FormDraft(id=str(uuid4()), account_id=account_id, created_at=now)
    made = Given(name[-100:], SourceKind.XLSX, write_xlsx(sheets), given.files | (files or {}))
    _fill(session, draft, made, now)
    audit.record(session, now, account_id, "form_uploaded", draft.id, _described(draft))
    return draft


# -- Versions


def versions(session: Session) -> list[Version]:
    """Every published version, by questionnaire, the newest first, with what rests on it."""
    light = (defer(FormVersion.bundle), defer(FormVersion.source), defer(FormVersion.xform))
    query = select(FormVersion).options(*light).order_by(FormVersion.form_id, FormVersion.published_at.desc())
    counted = select(Submission.form_id, Submission.form_version, func.count()).group_by(
        Submission.form_id, Submission.form_version
    )
    entries = {(form_id, version): number for form_id, version, number in session.execute(counted)}
    rounds: dict[tuple[str, str], list[Round]] = {}
    for one in session.scalars(select(Round).order_by(Round.year.desc(), Round.opens_on.desc())):
        rounds.setdefault((one.form_id, one.form_version), []).append(one)
    found = []
    for stored in session.scalars(query):
        key = stored.form_id, stored.version
        form = load_form(session, *key)
        title = form.title if form else stored.form_id
        found.append(Version(stored, title, entries.get(key, 0), tuple(rounds.get(key, ()))))
    return found


def find_version(session: Session, form_id: str, version: str) -> FormVersion:
    """Raises `not_found`."""
    found = session.get(FormVersion, (form_id, version))
    if found is None:
        raise Problem("not_found")
    return found


def latest(session: Session, form_id: str | None, before: FormVersion | None = None) -> FormVersion | None:
    """The version published last (of those before `before`)."""
    query = select(FormVersion).where(FormVersion.form_id == form_id)
    if before is not None:
        query = query.where(FormVersion.published_at < before.published_at)
    return session.scalars(query.order_by(FormVersion.published_at.desc(), FormVersion.version.desc())).first()


def retire(session: Session, stored: FormVersion, now: datetime, account_id: str | None = None) -> None:
    """No new round may use this version; what is being asked with it goes on. `form_in_use` while an open round is
    asked with it."""
    session.refresh(stored, with_for_update=True)
    if stored.retired_at is not None:
        return
    using = select(Round.id).where(
        Round.form_id == stored.form_id, Round.form_version == stored.version, Round.state == RoundState.OPEN.value
    )
    if session.scalars(using.limit(1)).first() is not None:
        raise Problem("form_in_use")
    stored.retired_at = now
    audit.record(session, now, account_id, "form_retired", f"{stored.form_id} {stored.version}")


def restore(session: Session, stored: FormVersion, now: datetime, account_id: str | None = None) -> None:
    """Let new rounds use a retired version again."""
    if stored.retired_at is not None:
        stored.retired_at = None
        audit.record(session, now, account_id, "form_restored", f"{stored.form_id} {stored.version}")


# -- What changed


def changes(session: Session, given: Given, against: FormVersion) -> Changes | None:
    """What a workbook has otherwise than a published version; None when one of the two cannot be read as sheets."""
    old = given_of(session, against)
    try:
        before, after = read_sheets(old.content), read_sheets(given.content)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - the readers under pyxform raise whatever their file format does
        return None
    ours = {name: content for name, content in shipped().items() if name in old.files}  # need not be brought again
    return compare(before, after, _hashes(old.files), _hashes(ours | given.files))


def _hashes(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def attachments_of(session: Session, stored: FormVersion) -> list[tuple[str, str, int]]:
    """(name, media type, size) of each file that came with a version."""
    files = files_of(session, stored)
    rows = select(StoredFile.sha256, StoredFile.size).where(StoredFile.sha256.in_([file.sha256 for file in files]))
    sizes = {sha256: size for sha256, size in session.execute(rows)}  # noqa: C416 - dict() needs tuples
    return [(file.name, file.media_type, sizes[file.sha256]) for file in files]
