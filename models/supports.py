"""What was given to households, their members and workers outside the register; what phones told of it, as it came.

Rows are only ever added: a support that was written down by mistake is taken back by a reversal. `support_claim` alone
is derived: who had which benefit in which window, as the register knows them now (`survey/supports/claims.py`).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UTCDateTime, one_of
from survey.support_terms import SupportOrigin
from survey.terms import HouseholdClass, QuarantineReason


class Support(Base):
    """A support that was given: to a household, or to `person_id` of it, or to a worker whom no register knows. `act`:
    what was written down in one go; `household_class`: of the household on that day, as it was known when this was
    written; `exception`: why it was given though a rule stands against it, "" for most; `worker_number`: a keyed hash
    of the identity number, never the number; `person_number`: the same of the number that the register knew of a member
    when this was written, or has since it was mended; `fund_seq`: the payment that the fund made for it."""

    __tablename__ = "support"
    __table_args__ = (
        one_of("origin", SupportOrigin), one_of("household_class", HouseholdClass),
        CheckConstraint("(household_id IS NULL) = (worker_name IS NOT NULL)", name="of_somebody"),
        CheckConstraint("person_id IS NULL OR household_id IS NOT NULL", name="person_of_household"),
        CheckConstraint(
            "worker_name IS NOT NULL OR (worker_birth IS NULL AND worker_number IS NULL AND worker_place IS NULL)",
            name="worker_said",
        ),
        CheckConstraint("amount > 0 AND quantity > 0", name="something"),
        CheckConstraint("(fund_id IS NULL) = (fund_seq IS NULL)", name="paid_by_an_entry"),
        CheckConstraint("fund_id IS NULL OR amount IS NOT NULL", name="paid_amount"),
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        ForeignKeyConstraint(["fund_id", "fund_seq"], ["fund_entry.fund_id", "fund_entry.seq"]),
        Index("ix_support_household", "household_id"),
        Index("ix_support_person", "person_id"),
        Index("ix_support_worker", "worker_number"),
        Index("ix_support_person_number", "person_number"),
        Index("ix_support_given", "commune_id", "given_on"),
        Index("ix_support_act", "act"),
    )  # fmt: skip

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    province_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    act: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(32))
    programme: Mapped[str] = mapped_column(String(32))
    project: Mapped[str] = mapped_column(String(32))
    fund_id: Mapped[str | None] = mapped_column(String(36))
    fund_seq: Mapped[int | None]
    household_id: Mapped[str | None] = mapped_column(String(36))
    person_id: Mapped[str | None] = mapped_column(String(64))
    person_number: Mapped[str | None] = mapped_column(String(64))
    worker_name: Mapped[str | None] = mapped_column(String(120))
    worker_birth: Mapped[str | None] = mapped_column(String(10))  # 1990, or 1990-05-31
    worker_number: Mapped[str | None] = mapped_column(String(64))
    worker_place: Mapped[str | None] = mapped_column(String(200))
    given_on: Mapped[date]
    amount: Mapped[int | None] = mapped_column(BigInteger)  # whole đồng
    quantity: Mapped[int | None]
    document: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    household_class: Mapped[str | None] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(8))
    exception: Mapped[str] = mapped_column(Text, default="")
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class SupportReversal(Base):
    """A support was not given after all, or not so: taken back once, for good."""

    __tablename__ = "support_reversal"
    __table_args__ = (
        CheckConstraint("trim(reason) <> ''", name="reasoned"),
        ForeignKeyConstraint(["commune_id", "support_id"], ["support.commune_id", "support.id"]),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    support_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class SupportEntry(Base):
    """What a phone told, as received. `id` is ours; `entry_id` is the phone's: the same entry id and content is one
    row. `held_for`: why it could not count when it came; `rule`: which rule stood against it then, as a code of
    `survey.problems`."""

    __tablename__ = "support_entry"
    __table_args__ = (
        one_of("held_for", QuarantineReason),
        CheckConstraint("held_for IS NULL OR rule IS NULL", name="held_once"),
        UniqueConstraint("commune_id", "entry_id", "content_hash"),
        Index("ix_support_entry_household", "commune_id", "household_id"),
        Index("ix_support_entry_account", "account_id", "received_at"),
    )

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(64), index=True)
    content_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 over RFC 8785
    content: Mapped[str] = mapped_column(Text)  # the entry, canonical JSON in ASCII
    household_id: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str | None] = mapped_column(String(32))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[str] = mapped_column(String(64))
    said_at: Mapped[str | None] = mapped_column(String(40))  # the phone's clock, as said
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    held_for: Mapped[str | None] = mapped_column(String(32))
    rule: Mapped[str | None] = mapped_column(String(40))


class SupportAnswer(Base):
    """What became of what a phone told, once: it is written down as a support, or a person says with words for who told
    it why not. None: it waits for a person."""

    __tablename__ = "support_answer"
    __table_args__ = (
        CheckConstraint("(support_id IS NULL) = (trim(reason) <> '')", name="support_or_words"),
        CheckConstraint("support_id IS NOT NULL OR account_id IS NOT NULL", name="words_of_somebody"),
        UniqueConstraint("commune_id", "support_id"),
        ForeignKeyConstraint(["commune_id", "entry"], ["support_entry.commune_id", "support_entry.id"]),
        ForeignKeyConstraint(["commune_id", "support_id"], ["support.commune_id", "support.id"]),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    entry: Mapped[str] = mapped_column(String(36), primary_key=True)
    support_id: Mapped[str | None] = mapped_column(String(36))
    reason: Mapped[str] = mapped_column(Text, default="")
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))  # NULL: it came so by itself
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class SupportClaim(Base):
    """Derived: a benefit group was given to a subject in a window, province-wide, by this support, the first that
    stands. `subject`: "h:" and a household's id, "p:" and a person's code, "n:" and the keyed hash of a number;
    `household_id`: of which phones and pages are told it."""

    __tablename__ = "support_claim"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id", "support_id"], ["support.commune_id", "support.id"]),
        Index("ix_support_claim_support", "commune_id", "support_id"),
        Index("ix_support_claim_household", "household_id"),
    )

    province_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    benefit_group: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    window_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    commune_id: Mapped[str] = mapped_column(String(16))
    support_id: Mapped[str] = mapped_column(String(36))
    household_id: Mapped[str | None] = mapped_column(String(36))
