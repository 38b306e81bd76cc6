"""Questionnaires on their way: a draft is uploaded, checked, mended, published.

A draft keeps what was uploaded even with faults, so that nothing must be sent twice; only one without faults is
published, and it is checked again then, since a version or a points table may have come in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from models import Account, FormDraft, FormDraftFile, FormVersion, FormVersionFile, StoredFile
from survey.evidence import audit
from survey.problems import Problem
from survey.questionnaires.belonging import province_of, within
from survey.questionnaires.check import check
from survey.questionnaires.form_files import GivenFile, check_files, check_source, media_type
from survey.questionnaires.published import Given, content_of, given_of, store
from survey.questionnaires.versions import publish_given
from survey.questionnaires.workbooks import read_sheets
from survey.terms import SourceKind
from survey.xlsform.sheets import write_xlsx


def drafts(session: Session, reader: Account | None) -> list[FormDraft]:
    """The drafts that a reader has (None: the server), the one that changed last first."""
    query = select(FormDraft).where(within(session, FormDraft.province_id, reader)).options(defer(FormDraft.bundle))
    return list(session.scalars(query.order_by(FormDraft.changed_at.desc(), FormDraft.id)))


def find_draft(session: Session, draft_id: str, reader: Account | None, *, lock: bool = False) -> FormDraft:
    """One of `drafts`. Raises `not_found`."""
    query = select(FormDraft).where(FormDraft.id == draft_id, within(session, FormDraft.province_id, reader))
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
    draft = FormDraft(
        id=str(uuid4()), account_id=account_id, created_at=now, province_id=province_of(session, account_id)
    )
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
    draft.proposed_by = draft.proposed_at = None  # it is another than the one that was proposed
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


def publish_draft(
    session: Session, draft: FormDraft, now: datetime, account_id: str | None, people: dict[str, str]
) -> FormVersion:
    """Make a draft a version that rounds can be asked with; the draft is gone then. `people`: as of `publish_given`.
    `form_has_faults` when the check still finds any, `form_seen_other` when it makes of the workbook what nobody has
    looked at: the program is another since."""
    given = given_of_draft(session, draft)
    checked = check(session, given)
    if checked.form is None or checked.faults:
        raise Problem("form_has_faults")
    if checked.form.hash != draft.hash:
        raise Problem("form_seen_other")
    made = publish_given(session, checked.form, given, now, account_id, people)
    _remove(session, draft)
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
    draft = FormDraft(
        id=str(uuid4()), account_id=account_id, created_at=now, province_id=province_of(session, account_id)
    )
    made = Given(name[-100:], SourceKind.XLSX, write_xlsx(sheets), given.files | (files or {}))
    _fill(session, draft, made, now)
    audit.record(session, now, account_id, "form_uploaded", draft.id, _described(draft))
    return draft
