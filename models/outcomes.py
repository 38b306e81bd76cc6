"""What was said of households that have no interview, and what was decided about it. Both are only ever added to;
which outcome a household has in a round follows from them and from its interviews (`survey/outcome_steps.py`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime, one_of
from survey.terms import OutcomeAction, OutcomeKind, QuarantineReason


class HouseholdOutcome(Base):
    """An outcome as received. `id` is ours; `entry_id` is the phone's: the same entry id and content is one row.
    `held_for`: why it could not count when it came; a person confirms it all the same once that is mended. `kind` NULL:
    it could not be read. `attempts`: list of {"at", "place"}, times and positions as the phone said them."""

    __tablename__ = "household_outcome"
    __table_args__ = (
        one_of("kind", OutcomeKind),
        one_of("held_for", QuarantineReason),
        CheckConstraint(
            "held_for IS NOT NULL OR (kind IS NOT NULL AND household_id IS NOT NULL AND round_id IS NOT NULL)",
            name="whole_or_held",
        ),
        UniqueConstraint("commune_id", "entry_id", "content_hash"),
        Index("ix_household_outcome_household", "commune_id", "round_id", "household_id"),
    )

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(64), index=True)
    content_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 over RFC 8785
    content: Mapped[str] = mapped_column(Text)  # the entry, canonical JSON in ASCII
    household_id: Mapped[str | None] = mapped_column(String(64))
    round_id: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    attempts: Mapped[Any] = mapped_column(JSONText)
    place: Mapped[str | None] = mapped_column(String(100))  # "lat lon alt accuracy", where it was said
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[str] = mapped_column(String(64))
    said_at: Mapped[str | None] = mapped_column(String(40))  # the phone's clock, as said
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    clock_skew_seconds: Mapped[int | None]  # how far ahead the phone's clock was when it sent; NULL: not known
    held_for: Mapped[str | None] = mapped_column(String(32))


class OutcomeFile(Base):
    """A file that an outcome names: a photo of what speaks for it. Whether it has arrived its `attachment` says."""

    __tablename__ = "outcome_file"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id", "outcome_id"], ["household_outcome.commune_id", "household_outcome.id"]),
        Index("ix_outcome_file_sha256", "commune_id", "sha256"),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    outcome_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    path: Mapped[str] = mapped_column(String(200))  # of what it shows, as the phone calls it


class OutcomeDecision(Base):
    """What another person than who said it decided. `event_seq`: the register event that came with a confirmation;
    when the household is brought back, the confirmation is over."""

    __tablename__ = "outcome_decision"
    __table_args__ = (
        one_of("action", OutcomeAction),
        CheckConstraint("seq >= 1", name="from_one"),
        CheckConstraint("action = 'confirm' OR trim(reason) <> ''", name="reasoned"),
        CheckConstraint("action = 'confirm' OR event_seq IS NULL", name="act_of_confirmation"),
        ForeignKeyConstraint(["commune_id", "outcome_id"], ["household_outcome.commune_id", "household_outcome.id"]),
        ForeignKeyConstraint(["commune_id", "event_seq"], ["register_event.commune_id", "register_event.seq"]),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    outcome_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, … of the outcome
    action: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    event_seq: Mapped[int | None]
