"""Scenarios of another standard that somebody kept, to look at again and to compare. Rows are only ever added: that one
was taken back is a row of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime


class SavedScenario(Base):
    """`place_id`: the commune or province that it was kept for; a province's is seen in its communes too. `parameters`:
    as `survey/poverty/scenario.py` writes them. `note`: where its figures are from, and how well they are known."""

    __tablename__ = "scenario"
    __table_args__ = (
        CheckConstraint("trim(name) <> ''", name="named"),
        CheckConstraint("trim(note) <> ''", name="sourced"),
        Index("ix_scenario_place_id", "place_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    name: Mapped[str] = mapped_column(String(120))
    parameters: Mapped[Any] = mapped_column(JSONText)
    note: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ScenarioWithdrawal(Base):
    """That a scenario was taken back: it is not offered any more."""

    __tablename__ = "scenario_withdrawal"

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenario.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
