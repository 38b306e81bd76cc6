"""What arrived, as it arrived; what was done to it; and what follows from it.

`submission`, `submission_event`, `attachment` and `receipt` are truth and only ever appended to. An `upload` and a
`thumbnail` go when the whole file is here. `submission_status`,
`assessment`, `deprivation` and `assessment_reading` are derived: `flask --app app rebuild` makes them again and changes
nothing.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    and_,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime, one_of
from models.rounds import RegisterEntry
from survey.terms import Action, Dimension, HouseholdClass, Indicator, QuarantineReason, SubmissionState


def _of_submission() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["commune_id", "submission_id"], ["submission.commune_id", "submission.id"])


class Submission(Base):
    """One entry as received. `id` is ours; `entry_id` is the phone's: the same entry id and content is one row."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("commune_id", "entry_id", "content_hash"),
        Index("ix_submission_household", "commune_id", "round_id", "household_id"),
    )

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(64), index=True)
    content_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 over RFC 8785
    content: Mapped[str] = mapped_column(Text)  # the entry, canonical JSON in ASCII
    household_id: Mapped[str | None] = mapped_column(String(64))
    round_id: Mapped[str | None] = mapped_column(String(64))
    form_id: Mapped[str | None] = mapped_column(String(64))
    form_version: Mapped[str | None] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    started_at_said: Mapped[str | None] = mapped_column(String(40))  # the phone's clock, as said
    finalised_at_said: Mapped[str | None] = mapped_column(String(40))
    clock_skew_seconds: Mapped[int | None]  # how far ahead the phone's clock was when it sent; NULL: not known


class SubmissionEvent(Base):
    """The review log. `comments`: list of {"path", "text"}; path NULL is about the record as a whole."""

    __tablename__ = "submission_event"
    __table_args__ = (
        one_of("action", Action),
        one_of("to_state", SubmissionState),
        one_of("reason", QuarantineReason),
        _of_submission(),
        UniqueConstraint("commune_id", "submission_id", "seq"),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    submission_id: Mapped[str] = mapped_column(String(36))
    seq: Mapped[int]  # 1, 2, … within the submission
    action: Mapped[str] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    detail: Mapped[str | None] = mapped_column(Text)  # which form version, which answers: for the supervisor
    comments: Mapped[Any] = mapped_column(JSONText, nullable=True)
    # Of an attachment: the household that a person found it to be of; NULL: the one that the entry itself names.
    household_id: Mapped[str | None] = mapped_column(String(36))
    visited_on: Mapped[date | None]  # of a confirmation: the day that a person found the interview to be of
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class SubmissionStatus(Base):
    """Where a submission stands after its last event, and of which household and round it is (derived): all that is
    asked of thousands at once, without reading what they say."""

    __tablename__ = "submission_status"
    __table_args__ = (
        one_of("state", SubmissionState),
        one_of("reason", QuarantineReason),
        CheckConstraint("(state = 'quarantined') = (reason IS NOT NULL)", name="reason_iff_held"),
        _of_submission(),
        Index("ix_submission_status_state", "commune_id", "state", "household_id"),
        # All that the queue counts and is ordered by.
        Index(
            "ix_submission_status_waiting",
            "commune_id",
            "round_id",
            "state",
            "received_at",
            "submission_id",
            "household_id",
        ),
        Index("ix_submission_status_household", "commune_id", "household_id", "state", "submission_id"),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    submission_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    household_id: Mapped[str | None] = mapped_column(String(64))  # as attached by a person, else as the entry says
    round_id: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


# What a query over submissions joins their status by.
OF_SUBMISSION: ColumnElement[bool] = and_(
    SubmissionStatus.commune_id == Submission.commune_id, SubmissionStatus.submission_id == Submission.id
)


class Assessment(Base):
    """What the law makes of a submission under a standard (derived): class, points, checks that failed."""

    __tablename__ = "assessment"
    __table_args__ = (one_of("household_class", HouseholdClass), _of_submission())

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    submission_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    standard: Mapped[str] = mapped_column(String(40))
    household_class: Mapped[str | None] = mapped_column(String(16))  # NULL while answers it needs are missing
    b1_points: Mapped[float | None]
    b2_points: Mapped[float | None]
    deprived_count: Mapped[int | None]
    illustrative: Mapped[bool]  # the B1 figure rests on a table that is not official
    refused: Mapped[bool]  # the household did not agree to answer: accounted for, without a class
    persons: Mapped[int]
    problems: Mapped[Any] = mapped_column(JSONText)  # failed checks: list of {"path", "kind", "severity", "message"}
    phone_agrees: Mapped[bool | None]  # NULL when the phone sent no outcome
    head_name: Mapped[str] = mapped_column(String(120), default="")
    values: Mapped[Any] = mapped_column(JSONText)  # every relevant value, answered and calculated


# What a query over register entries joins the assessment of the interview that counts by.
OF_COUNTED: ColumnElement[bool] = and_(
    Assessment.commune_id == RegisterEntry.commune_id, Assessment.submission_id == RegisterEntry.submission_id
)


class Deprivation(Base):
    """One indicator of one assessment (derived). `because`: list of {"member", "path", "label", "answer"}."""

    __tablename__ = "deprivation"
    __table_args__ = (one_of("indicator", Indicator), one_of("dimension", Dimension), _of_submission())

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    submission_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    indicator: Mapped[str] = mapped_column(String(32), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(32))
    deprived: Mapped[bool]
    because: Mapped[Any] = mapped_column(JSONText)


class AssessmentReading(Base):
    """A reading of the texts on which the class of an assessment hangs (derived): under `value` it would be of
    `household_class`; NULL: an answer would be missing."""

    __tablename__ = "assessment_reading"
    __table_args__ = (one_of("household_class", HouseholdClass), _of_submission())

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    submission_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    reading: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(64), primary_key=True)
    household_class: Mapped[str | None] = mapped_column(String(16))


class Attachment(Base):
    """A photo or signature, addressed by its SHA-256; the bytes lie in the instance's files folder."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_account_id", "account_id", "received_at"),)

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(60))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Upload(Base):
    """A file that comes in parts. How much of it is here is told by its bytes in the instance's folder `uploads`, named
    by `id`, and by nothing else; that it is whole, by its `attachment`."""

    __tablename__ = "upload"
    __table_args__ = (
        UniqueConstraint("commune_id", "account_id", "sha256"),
        CheckConstraint("size > 0", name="size_known"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(60))  # as said
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)  # when the phone last began or went on


class Thumbnail(Base):
    """A small picture of one that a submission names and that has not come yet; gone when it comes."""

    __tablename__ = "thumbnail"

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)  # of the original
    media_type: Mapped[str] = mapped_column(String(60))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class SubmissionFile(Base):
    """A file that a submission names; the submission is complete when each has arrived."""

    __tablename__ = "submission_file"
    __table_args__ = (_of_submission(), Index("ix_submission_file_sha256", "commune_id", "sha256"))

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    submission_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    path: Mapped[str] = mapped_column(String(200))  # of the question


class Receipt(Base):
    """What the server signed for an entry or a file; `body` is the signed text, byte for byte."""

    __tablename__ = "receipt"

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    signature: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)


class LostReceipt(Base):
    """A genuine receipt that somebody showed of an entry that was not here then. Whether it is still missing is looked
    up: the entry may have come again since."""

    __tablename__ = "lost_receipt"

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    signature: Mapped[str] = mapped_column(String(120))
    shown_at: Mapped[datetime] = mapped_column(UTCDateTime)
    shown_by: Mapped[str] = mapped_column(ForeignKey("account.id"))


class ServerState(Base):
    """Facts about this server: its `generation`, which changes when it is restored from a backup."""

    __tablename__ = "server_state"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
