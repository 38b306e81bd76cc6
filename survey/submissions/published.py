"""Published questionnaires: stored once, then never changed; each is compiled into memory once a process."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormVersion
from survey.form.form import Form
from survey.problems import Problem

_compiled: dict[str, Form] = {}  # by hash: the content decides


def load_form(session: Session, form_id: str | None, version: str | None) -> Form | None:
    """The form of a published version; None when there is no such version."""
    if form_id is None or version is None:
        return None
    of_version = FormVersion.form_id == form_id, FormVersion.version == version
    known = session.scalar(select(FormVersion.hash).where(*of_version))
    if known is None:
        return None
    if known not in _compiled:  # the bundle itself is read once a process
        _compiled[known] = Form.from_json(session.scalars(select(FormVersion.bundle).where(*of_version)).one())
    return _compiled[known]


def publish(session: Session, form: Form, source: str, now: datetime) -> FormVersion:
    """Store a compiled questionnaire. The same again is the same; other content under its version is a `conflict`."""
    stored = session.get(FormVersion, (form.id, form.version))
    if stored is not None:
        if stored.hash != form.hash:
            raise Problem("conflict", detail={"form": form.id, "version": form.version})
        return stored
    stored = FormVersion(
        form_id=form.id,
        version=form.version,
        hash=form.hash,
        source=source,
        bundle=form.as_json(),
        published_at=now,
    )
    session.add(stored)
    session.flush()  # rounds refer to it
    return stored
