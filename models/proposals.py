"""What phones proposed to change on the register, as it came, and what became of each; both are only ever added to.

The change itself is a request like any other (`models/register.py`), decided at the desk.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UTCDateTime, one_of
from survey.terms import QuarantineReason, RegisterKind


class Proposal(Base):
    """A proposal as received. `id` is ours; `entry_id` is the phone's: the same entry id and content is one row. `kind`
    NULL: it could not be read. `held_for`: why it could not count when it came; `rule`: why the register would not have
    taken it then, as a code of `survey.problems`."""

    __tablename__ = "proposal"
    __table_args__ = (
        one_of("kind", RegisterKind),
        one_of("held_for", QuarantineReason),
        CheckConstraint(
            "held_for IS NOT NULL OR (kind IS NOT NULL AND household_id IS NOT NULL)",
            name="whole_or_held",
        ),
        CheckConstraint("held_for IS NULL OR rule IS NULL", name="held_once"),
        UniqueConstraint("commune_id", "entry_id", "content_hash"),
        Index("ix_proposal_household", "commune_id", "household_id"),
    )

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(64), index=True)
    content_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 over RFC 8785
    content: Mapped[str] = mapped_column(Text)  # the entry, canonical JSON in ASCII
    household_id: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str | None] = mapped_column(String(16))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[str] = mapped_column(String(64))
    said_at: Mapped[str | None] = mapped_column(String(40))  # the phone's clock, as said
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    held_for: Mapped[str | None] = mapped_column(String(32))
    rule: Mapped[str | None] = mapped_column(String(40))


class ProposalAnswer(Base):
    """What became of a proposal, once: it speaks for a request, as the first or as one more witness, or a person set it
    aside with words for who proposed it. None: it waits for a person because it could become no request."""

    __tablename__ = "proposal_answer"
    __table_args__ = (
        CheckConstraint("(request_id IS NULL) = (trim(reason) <> '')", name="request_or_words"),
        CheckConstraint("request_id IS NOT NULL OR account_id IS NOT NULL", name="words_of_somebody"),
        ForeignKeyConstraint(["commune_id", "proposal_id"], ["proposal.commune_id", "proposal.id"]),
        ForeignKeyConstraint(["commune_id", "request_id"], ["change_request.commune_id", "change_request.id"]),
        Index("ix_proposal_answer_request", "commune_id", "request_id"),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    proposal_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    request_id: Mapped[str | None] = mapped_column(String(36))
    reason: Mapped[str] = mapped_column(Text, default="")
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))  # NULL: it came so by itself
    at: Mapped[datetime] = mapped_column(UTCDateTime)
