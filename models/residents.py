"""How many households and persons live in a place, as somebody entered it and another confirmed: what official poverty
rates divide by. It cannot be counted from interviews, which visit the listed and the applicants alone.

Rows are only ever added; which number stands follows from both tables (`survey/residents/residents.py`).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UTCDateTime, one_of
from survey.terms import ResidentAction, ResidentStatus


class ResidentCount(Base):
    """What somebody entered of a place for a day. `act`: of all that were entered in one go; NULL: nobody knows it.
    Kinh and the other ethnic groups need not add up to all: who is of neither (foreign, not known) is the rest."""

    __tablename__ = "resident_count"
    __table_args__ = (
        one_of("status", ResidentStatus),
        CheckConstraint("seq >= 1", name="from_one"),
        CheckConstraint("households >= 0 AND persons >= households", name="somebody_in_each"),
        CheckConstraint("(kinh_households IS NULL) = (dtts_households IS NULL)", name="both_households"),
        CheckConstraint("(kinh_persons IS NULL) = (dtts_persons IS NULL)", name="both_persons"),
        CheckConstraint("kinh_households >= 0 AND dtts_households >= 0", name="households_counted"),
        CheckConstraint("kinh_persons >= 0 AND dtts_persons >= 0", name="persons_counted"),
        CheckConstraint("kinh_households + dtts_households <= households", name="households_within"),
        CheckConstraint("kinh_persons + dtts_persons <= persons", name="persons_within"),
        CheckConstraint("persons IS NOT NULL OR kinh_persons IS NULL", name="persons_of_all"),
        CheckConstraint("trim(source) <> ''", name="sourced"),
        UniqueConstraint("place_id", "seq", "account_id"),
        Index("ix_resident_count_act", "act"),
    )

    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, … of the place
    act: Mapped[str] = mapped_column(String(36))
    as_of: Mapped[date]
    households: Mapped[int]
    persons: Mapped[int | None]
    kinh_households: Mapped[int | None]
    dtts_households: Mapped[int | None]
    kinh_persons: Mapped[int | None]
    dtts_persons: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ResidentStep(Base):
    """What became of it: first another account confirms or refuses it, or who entered it takes it back; one that was
    confirmed can be taken out again, once and for good."""

    __tablename__ = "resident_step"
    __table_args__ = (
        one_of("action", ResidentAction),
        CheckConstraint("number IN (1, 2)", name="two_at_most"),
        CheckConstraint("(action = 'revoke') = (number = 2)", name="revoked_last"),
        CheckConstraint("number = 2 OR (action = 'withdraw') = (account_id = entered_by)", name="by_another"),
        CheckConstraint("action = 'confirm' OR trim(reason) <> ''", name="reasoned"),
        ForeignKeyConstraint(
            ["place_id", "seq", "entered_by"],
            ["resident_count.place_id", "resident_count.seq", "resident_count.account_id"],
        ),
    )

    place_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entered_by: Mapped[str] = mapped_column(String(36))
    action: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
