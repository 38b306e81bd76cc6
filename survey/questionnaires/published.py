"""Published questionnaires: stored once, then never changed; each is compiled into memory once a process."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import FormVersion, FormVersionFile, StoredFile
from models.rounds import Round
from survey.form.form import Form
from survey.problems import Problem
from survey.questionnaires.form_files import media_type
from survey.questionnaires.points_tables import OFFICIAL, points_tables, unfit_tables
from survey.questionnaires.workbooks import read_sheets
from survey.terms import SourceKind
from survey.xlsform.sheets import write_xlsx
from survey.xlsform.tables import shipped

_compiled: dict[str, Form] = {}  # by hash: the content decides


@dataclass(frozen=True)
class Given:
    """A workbook as it was given, with what came along."""

    name: str
    kind: SourceKind
    content: bytes
    files: dict[str, bytes] = field(default_factory=dict)


def load_form(session: Session, form_id: str | None, version: str | None) -> Form | None:
    """The form of a published version, retired or not; None when there is no such version."""
    if form_id is None or version is None:
        return None
    of_version = FormVersion.form_id == form_id, FormVersion.version == version
    known = session.scalar(select(FormVersion.hash).where(*of_version))
    if known is None:
        return None
    if known not in _compiled:  # the bundle itself is read once a process
        _compiled[known] = Form.from_json(session.scalars(select(FormVersion.bundle).where(*of_version)).one())
    return _compiled[known]


def in_order(session: Session) -> list[str]:
    """The hash of every published version of every questionnaire, the oldest first."""
    return list(
        session.scalars(
            select(FormVersion.hash).order_by(FormVersion.published_at, FormVersion.form_id, FormVersion.version)
        )
    )


def of_hash(session: Session, known: str) -> Form:
    """The form of a published version; one that nobody asked for yet is not kept in memory."""
    bundle = select(FormVersion.bundle).where(FormVersion.hash == known).limit(1)
    return _compiled.get(known) or Form.from_json(session.scalars(bundle).one())


def publish(
    session: Session,
    form: Form,
    source: str,
    now: datetime,
    *,
    given: Given | None = None,
    account_id: str | None = None,
    proposed_by: str | None = None,
) -> FormVersion:
    """Store a compiled questionnaire; that two people do it is the rule of `publishing.py`. The same again is the
    same; other content under its version is `version_taken`, a points table that two people did not agree on is
    `points_not_agreed`."""
    stored = session.get(FormVersion, (form.id, form.version))
    if stored is not None:
        if stored.hash != form.hash:
            raise Problem("version_taken", detail={"form": form.id, "version": form.version})
        return stored
    unfit = unfit_tables(session, form)
    if unfit:
        raise Problem("points_not_agreed", detail={"tables": [list(one) for one in unfit]})
    stored = FormVersion(
        form_id=form.id,
        version=form.version,
        hash=form.hash,
        source=source if given is None else "" if given.kind is SourceKind.XLSX else given.content.decode("utf-8-sig"),
        bundle=form.as_json(),
        published_at=now,
        published_by=account_id,
        proposed_by=proposed_by,
    )
    if given is not None:
        stored.source_name, stored.source_kind = given.name, given.kind.value
        stored.source_sha256 = store(session, given.content)
    try:
        with session.begin_nested():  # rounds and its files refer to it
            session.add(stored)
    except IntegrityError:  # the same version was published at this moment
        raise Problem("version_taken", detail={"form": form.id, "version": form.version}) from None
    ours = {name: content for name, content in shipped().items() if name in form.files}
    for name, content in sorted((ours | (given.files if given else {})).items()):
        session.add(
            FormVersionFile(
                form_id=form.id, version=form.version, name=name,
                sha256=store(session, content), media_type=media_type(name),
            )
        )  # fmt: skip
    session.flush()  # the files are read by name in the same request
    return stored


def store(session: Session, content: bytes) -> str:
    """Keep bytes once; returns their SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    if session.get(StoredFile, sha256) is None:
        with suppress(IntegrityError), session.begin_nested():  # somebody else brings the same bytes at this moment
            session.add(StoredFile(sha256=sha256, size=len(content), content=content))
    return sha256


def for_engine(bundle: dict[str, Any]) -> dict[str, Any]:
    """A kept bundle as the phone's engine takes it."""
    return Form.for_engine(bundle)


def content_of(session: Session, sha256: str) -> bytes:
    return session.get_one(StoredFile, sha256).content


def find_file(session: Session, form_id: str, version: str, name: str) -> FormVersionFile | None:
    """An attachment of a published version."""
    return session.get(FormVersionFile, (form_id, version, name))


def files_of(session: Session, stored: FormVersion) -> list[FormVersionFile]:
    of_version = FormVersionFile.form_id == stored.form_id, FormVersionFile.version == stored.version
    return list(session.scalars(select(FormVersionFile).where(*of_version).order_by(FormVersionFile.name)))


def given_of(session: Session, stored: FormVersion) -> Given:
    """The workbook of a published version as it was given, with its files. One that was published before files were
    kept has its tables made again from the bundle."""
    files = {file.name: content_of(session, file.sha256) for file in files_of(session, stored)}
    if stored.source_sha256 is None or stored.source_kind is None:
        name = f"{stored.form_id}-{stored.version}"
        tables = (load_form(session, stored.form_id, stored.version) or Form.from_json(stored.bundle)).tables
        files |= {f"{table}.csv": csv_of(rows) for table, rows in tables.items()}
        if stored.source.startswith("UEsDB"):  # a zip in base64: how a binary workbook was kept at first
            return Given(f"{name}.xlsx", SourceKind.XLSX, base64.b64decode(stored.source), files)
        return Given(f"{name}.md", SourceKind.MARKDOWN, stored.source.encode(), files)
    content = content_of(session, stored.source_sha256)
    return Given(stored.source_name or stored.form_id, SourceKind(stored.source_kind), content, files)


def as_xlsx(given: Given) -> bytes:
    """The workbook as .xlsx, from whatever it was given as. ValueError when a cell is longer than .xlsx allows."""
    return given.content if given.kind is SourceKind.XLSX else write_xlsx(read_sheets(given.content))


def csv_of(rows: Iterable[dict[str, str]]) -> bytes:
    """A table as the CSV that a form attaches: no byte order mark, the cells as they are."""
    listed = list(rows)
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, list(listed[0]) if listed else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return written.getvalue().encode()


def has_official_points(session: Session, survey_round: Round) -> bool:
    """Whether the round's questionnaire has points tables, none of them illustrative."""
    form = load_form(session, survey_round.form_id, survey_round.form_version)
    found = points_tables(form) if form else {}
    return bool(found) and all(row.get("status") == OFFICIAL for rows in found.values() for row in rows)
