"""Questionnaires: drafts, published versions, the files that came with them; and points tables typed by two people.

Bytes are kept once, by their SHA-256 (`stored_file`): a draft, the version made of it and next year's version share
them. They lie in the database, not beside it, so that a version is stored whole or not at all.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime, one_of
from survey.terms import PointsState, SourceKind


class FormVersion(Base):
    """One published version of a questionnaire: its source as given, and the bundle that phones receive."""

    __tablename__ = "form_version"
    __table_args__ = (
        one_of("source_kind", SourceKind),
        CheckConstraint("(source_sha256 IS NULL) = (source_kind IS NULL)", name="source_whole"),
        CheckConstraint("proposed_by IS NULL OR proposed_by <> published_by", name="two_people"),
    )

    form_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of the bundle
    source: Mapped[str] = mapped_column(Text)  # the source where it is text and was given as such, else ""
    bundle: Mapped[Any] = mapped_column(JSONText)
    published_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Who confirmed it; of a command, who was named as the second person. NULL: by command before there were two.
    published_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    source_name: Mapped[str | None] = mapped_column(String(120))
    source_kind: Mapped[str | None] = mapped_column(String(8))  # NULL: `source` is what there is, Markdown
    source_sha256: Mapped[str | None] = mapped_column(ForeignKey("stored_file.sha256"))
    xform: Mapped[str | None] = mapped_column(Text)  # ODK XForm, for ODK Collect
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # no new round may use it from then on
    proposed_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))  # NULL: by command, or of before


class FormVersionFile(Base):
    """A file that came with a published version: a table, a picture, a sound."""

    __tablename__ = "form_version_file"
    __table_args__ = (ForeignKeyConstraint(["form_id", "version"], ["form_version.form_id", "form_version.version"]),)

    form_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    media_type: Mapped[str] = mapped_column(String(60))


class FormDraft(Base):
    """A questionnaire on its way: what was uploaded last and what the check said of it. `bundle` NULL: it has faults,
    or other content is published under its version. Proposed, it waits for a second person; whatever changes it ends
    that."""

    __tablename__ = "form_draft"
    __table_args__ = (
        one_of("source_kind", SourceKind),
        CheckConstraint("(bundle IS NULL) = (hash IS NULL)", name="compiled_whole"),
        CheckConstraint("(proposed_by IS NULL) = (proposed_at IS NULL)", name="proposed_whole"),
        CheckConstraint("proposed_by IS NULL OR hash IS NOT NULL", name="proposed_without_faults"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    source_name: Mapped[str] = mapped_column(String(120))
    source_kind: Mapped[str] = mapped_column(String(8))
    source_sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    form_id: Mapped[str | None] = mapped_column(String(64))  # as far as the check could read them
    version: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200), default="")
    hash: Mapped[str | None] = mapped_column(String(64))
    bundle: Mapped[Any] = mapped_column(JSONText, nullable=True)
    faults: Mapped[Any] = mapped_column(JSONText)  # list of {"sheet", "row", "column", "template", "values"}
    advice: Mapped[Any] = mapped_column(JSONText)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    proposed_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    province_id: Mapped[str | None] = mapped_column(ForeignKey("place.id"))  # NULL: of no province, open to all


class FormDraftFile(Base):
    """A file that came with a draft."""

    __tablename__ = "form_draft_file"

    draft_id: Mapped[str] = mapped_column(ForeignKey("form_draft.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    media_type: Mapped[str] = mapped_column(String(60))


class StoredFile(Base):
    """The bytes of a workbook or an attachment, by their SHA-256."""

    __tablename__ = "stored_file"
    __table_args__ = (CheckConstraint("size >= 0", name="size_known"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ReadingConfirmation(Base):
    """That a paper confirms a value of a reading; the newest of a reading counts. Appended to, never changed."""

    __tablename__ = "reading_confirmation"
    __table_args__ = (Index("ix_reading_confirmation_form", "form_id", "reading"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    form_id: Mapped[str] = mapped_column(String(64))
    reading: Mapped[str] = mapped_column(String(64))
    value: Mapped[str] = mapped_column(String(64))
    decision: Mapped[str] = mapped_column(String(120))  # number and name of the document
    decided_on: Mapped[date]
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    confirmed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PointsTable(Base):
    """A points table to be typed by two people from a document. `layout`: the form's rows of keys, in order; `rows`:
    the table as agreed, ready to be attached, NULL until both have the same figures."""

    __tablename__ = "points_table"
    __table_args__ = (
        one_of("state", PointsState),
        CheckConstraint("(state = 'agreed') = (agreed_at IS NOT NULL)", name="agreed_at_known"),
        CheckConstraint("(state = 'agreed') = (rows_hash IS NOT NULL)", name="agreed_rows_known"),
        ForeignKeyConstraint(["form_id", "form_version"], ["form_version.form_id", "form_version.version"]),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    form_id: Mapped[str] = mapped_column(String(64))  # whose table it is to replace
    form_version: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(64))  # "diem_b1"
    decision: Mapped[str] = mapped_column(String(120))  # number and name of the document
    decided_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(16))
    layout: Mapped[Any] = mapped_column(JSONText)  # list of [item, answer, region]
    rows: Mapped[Any] = mapped_column(JSONText, nullable=True)
    rows_hash: Mapped[str | None] = mapped_column(String(64))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    agreed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    province_id: Mapped[str | None] = mapped_column(ForeignKey("place.id"))  # NULL: of no province, open to all


class PointsEntry(Base):
    """One person's figures for a points table; there are two, by two people. `figures`: as many as the layout has
    rows, each a number as written or "" while it is blank."""

    __tablename__ = "points_entry"
    __table_args__ = (CheckConstraint("place IN (1, 2)", name="two_people"), UniqueConstraint("table_id", "account_id"))

    table_id: Mapped[str] = mapped_column(ForeignKey("points_table.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    figures: Mapped[Any] = mapped_column(JSONText)
    begun_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    handed_in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
