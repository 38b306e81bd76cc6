"""Where each round stands in each commune, how it came there, and who asked to be reviewed in it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UTCDateTime, one_of
from survey.round_steps import REASONED, STEPS
from survey.terms import CommuneState, RoundAction


def _follows() -> str:
    """To where each step leads, whatever stood before."""
    ends = sorted({(action.value, state.value) for (_, action), state in STEPS.items()})
    return " OR ".join(f"(action = '{action}' AND to_state = '{state}')" for action, state in ends)


class RoundCommune(Base):
    """A round in one commune (derived from `RoundStep`): the days it has there, where it stands and since when."""

    __tablename__ = "round_commune"
    __table_args__ = (
        one_of("state", CommuneState),
        CheckConstraint("closes_on >= opens_on", name="forward"),
        CheckConstraint("state = 'cancelled' OR (opened_at IS NULL) = (state = 'planned')", name="opened"),
        CheckConstraint("(closed_at IS NOT NULL) = (state IN ('closed', 'accepted'))", name="closed"),
        CheckConstraint("(accepted_at IS NOT NULL) = (state = 'accepted')", name="accepted"),
        Index("ix_round_commune_round", "round_id", "state"),
    )

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    accepted_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))


class RoundStep(Base):
    """What was done to a round in a commune: only ever added. `account_id` NULL: typed at the server."""

    __tablename__ = "round_step"
    __table_args__ = (
        one_of("action", RoundAction),
        one_of("to_state", CommuneState),
        CheckConstraint(_follows(), name="follows"),
        CheckConstraint("(seq = 1) = (action = 'plan') OR action = 'open'", name="begins"),
        CheckConstraint(
            f"action NOT IN ({', '.join(repr(one.value) for one in sorted(REASONED))}) OR trim(reason) <> ''",
            name="reasoned",
        ),
        CheckConstraint("closes_on >= opens_on", name="forward"),
    )

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, … there
    action: Mapped[str] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    opens_on: Mapped[date | None]  # where the step sets the days
    closes_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class RoundRequest(Base):
    """A household asked to be reviewed between the periodic rounds (Mẫu số 01, QĐ 24/2021/QĐ-TTg): `asked_by` as the
    paper names them. `quick_*`: what the quick identification (Phiếu A) found, on paper, `quick_by` as it names them.
    Taken back with a reason where it was entered by mistake; never deleted."""

    __tablename__ = "round_request"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        CheckConstraint("(taken_back_at IS NULL) = (taken_back_reason IS NULL)", name="taken_back"),
        CheckConstraint(
            "(quick_passed IS NULL) = (quick_on IS NULL) AND (quick_passed IS NULL) = (quick_by IS NULL)"
            " AND (quick_passed IS NULL) = (quick_reason IS NULL)",
            name="identified",
        ),
        Index("ix_round_request_household", "commune_id", "round_id", "household_id"),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.id"))
    household_id: Mapped[str] = mapped_column(String(36))
    asked_by: Mapped[str] = mapped_column(String(120))
    asked_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    quick_passed: Mapped[bool | None]
    quick_on: Mapped[date | None]
    quick_by: Mapped[str | None] = mapped_column(String(120))
    quick_reason: Mapped[str | None] = mapped_column(Text)
    taken_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    taken_back_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    taken_back_reason: Mapped[str | None] = mapped_column(Text)
