"""Households that may be one: what a search found, and what a person said of it.

`alike` is derived: the next search of the commune makes it again. `alike_verdict` is truth and only ever appended to;
of a pair the last one counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime, one_of
from survey.terms import LikenessVerdict


class Alike(Base):
    """A pair of households in which persons are alike, in the order of their ids. `persons`: [[place among the members
    of one, of the other, [what they agree in]], …]; `compared`: a hash of what was compared."""

    __tablename__ = "alike"
    __table_args__ = (
        CheckConstraint("household_id <> other_id", name="two_households"),
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        ForeignKeyConstraint(["other_commune_id", "other_id"], ["household.commune_id", "household.id"]),
        Index("ix_alike_commune", "commune_id"),
        Index("ix_alike_other_commune", "other_commune_id"),
    )

    household_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    other_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    commune_id: Mapped[str] = mapped_column(String(16))
    other_commune_id: Mapped[str] = mapped_column(String(16))
    strength: Mapped[float]
    persons: Mapped[Any] = mapped_column(JSONText)
    compared: Mapped[str] = mapped_column(String(64))
    found_at: Mapped[datetime] = mapped_column(UTCDateTime)


class AlikeVerdict(Base):
    """What a person said of a pair when `compared` was what it is; `asked_again` takes back what was said before."""

    __tablename__ = "alike_verdict"
    __table_args__ = (
        one_of("verdict", LikenessVerdict),
        CheckConstraint("household_id <> other_id", name="two_households"),
        CheckConstraint("seq >= 1", name="from_one"),
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        ForeignKeyConstraint(["other_commune_id", "other_id"], ["household.commune_id", "household.id"]),
    )

    household_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    other_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, … of the pair
    commune_id: Mapped[str] = mapped_column(String(16))
    other_commune_id: Mapped[str] = mapped_column(String(16))
    verdict: Mapped[str] = mapped_column(String(16))
    compared: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
