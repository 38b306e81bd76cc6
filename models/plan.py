"""The plan of a programme: its targets, the communes that they are of, figures that were published or entered, and the
tasks that it gives to departments and communes.

Rows are only ever added: a changed target or set is its next version, with who changed it, when and why; which figure
stands follows from what became of it (`survey/plan/figures.py`).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Exact, JSONText, UTCDateTime, one_of
from survey.terms import Comparison, FigureStatus, PlanMeasure, PlanStatus, ResidentAction, TargetKind, TaskAction

NONE_TOLD = "('to_enter', 'no_number')"


class PlanTarget(Base):
    """One version of a target. `place_set`: the communes that it is of, "" for all of the place; `base_value` NULL: not
    known; `value` NULL: no number was found. `words`: as the plan has it."""

    __tablename__ = "plan_target"
    __table_args__ = (
        one_of("measure", PlanMeasure), one_of("kind", TargetKind), one_of("comparison", Comparison),
        one_of("status", PlanStatus), one_of("base_status", FigureStatus),
        CheckConstraint("version >= 1", name="from_one"),
        CheckConstraint("base_year < year", name="forward"),
        CheckConstraint(f"(value IS NULL) = (status IN {NONE_TOLD})", name="told"),
        CheckConstraint("(value_to IS NOT NULL) = (comparison = 'range' AND value IS NOT NULL)", name="ranged"),
        CheckConstraint("value_to > value", name="range_forward"),
        CheckConstraint("value >= 0 AND base_value >= 0", name="counted"),
        CheckConstraint("(base_value IS NULL) = (base_status IS NULL)", name="base_known"),
        CheckConstraint("trim(source) <> '' AND trim(reason) <> ''", name="sourced"),
    )  # fmt: skip

    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    plan: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)
    measure: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(16))
    place_set: Mapped[str] = mapped_column(String(32))
    base_year: Mapped[int]
    base_value: Mapped[Decimal | None] = mapped_column(Exact)
    base_status: Mapped[str | None] = mapped_column(String(16))
    year: Mapped[int]
    comparison: Mapped[str] = mapped_column(String(16))
    value: Mapped[Decimal | None] = mapped_column(Exact)
    value_to: Mapped[Decimal | None] = mapped_column(Exact)
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PlanPlaceSet(Base):
    """One version of which communes of a province a target means by a name such as poor districts, in some years."""

    __tablename__ = "plan_place_set"
    __table_args__ = (
        one_of("status", PlanStatus),
        CheckConstraint("version >= 1", name="from_one"),
        CheckConstraint("until >= since", name="forward"),
        CheckConstraint("trim(source) <> '' AND trim(reason) <> ''", name="sourced"),
    )

    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    communes: Mapped[list[str]] = mapped_column(JSONText)
    since: Mapped[int]  # years
    until: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PlanFigure(Base):
    """What a measure came to by the end of a month, as somebody entered it. `shipped`: it came with the product, and
    stands by its source; any other stands once another account confirmed it."""

    __tablename__ = "plan_figure"
    __table_args__ = (
        one_of("measure", PlanMeasure),
        one_of("status", FigureStatus),
        CheckConstraint("seq >= 1", name="from_one"),
        CheckConstraint("month BETWEEN 1 AND 12", name="month_known"),
        CheckConstraint("value >= 0", name="counted"),
        CheckConstraint("trim(source) <> ''", name="sourced"),
        UniqueConstraint("place_id", "seq", "account_id"),
    )

    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, … of the place
    measure: Mapped[str] = mapped_column(String(32))
    place_set: Mapped[str] = mapped_column(String(32))
    year: Mapped[int]
    month: Mapped[int]
    value: Mapped[Decimal] = mapped_column(Exact)
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    shipped: Mapped[bool] = mapped_column(default=False, server_default=false())
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PlanFigureStep(Base):
    """What became of a figure, as of a number of residents (`ResidentStep`)."""

    __tablename__ = "plan_figure_step"
    __table_args__ = (
        one_of("action", ResidentAction),
        CheckConstraint("number IN (1, 2)", name="two_at_most"),
        CheckConstraint("(action = 'revoke') = (number = 2)", name="revoked_last"),
        CheckConstraint("number = 2 OR (action = 'withdraw') = (account_id = entered_by)", name="by_another"),
        CheckConstraint("action = 'confirm' OR trim(reason) <> ''", name="reasoned"),
        ForeignKeyConstraint(
            ["place_id", "seq", "entered_by"], ["plan_figure.place_id", "plan_figure.seq", "plan_figure.account_id"]
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


class PlanTask(Base):
    """One version of a task of a province's plan. `communes`: ids; `departments`: names, for they have no accounts;
    `papers`: hashes of the guidance that belongs to it; `target_code`: "" where it serves no single target."""

    __tablename__ = "plan_task"
    __table_args__ = (
        CheckConstraint("number >= 1 AND version >= 1", name="from_one"),
        CheckConstraint("trim(title) <> '' AND trim(reason) <> ''", name="told"),
    )

    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, … of the province
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(String(64))
    target_code: Mapped[str] = mapped_column(String(16))
    communes: Mapped[list[str]] = mapped_column(JSONText)
    departments: Mapped[list[str]] = mapped_column(JSONText)
    papers: Mapped[list[str]] = mapped_column(JSONText)
    due: Mapped[date]
    withdrawn: Mapped[bool] = mapped_column(default=False, server_default=false())
    reason: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PlanTaskStep(Base):
    """What one who received a task says of it, or what became of that. `receiver`: a commune's id or a department's
    name; `share`: how much is done in their own words, in percent."""

    __tablename__ = "plan_task_step"
    __table_args__ = (
        one_of("action", TaskAction),
        CheckConstraint("seq >= 1", name="from_one"),
        CheckConstraint("(share IS NOT NULL) = (action = 'progress')", name="share_of_progress"),
        CheckConstraint("share BETWEEN 0 AND 99", name="not_whole"),
        CheckConstraint("action = 'accept' OR trim(words) <> ''", name="told"),
        CheckConstraint(
            "(action IN ('accept', 'return')) = (reported_by IS NOT NULL) AND account_id <> reported_by OR "
            "action IN ('progress', 'done') AND reported_by IS NULL",
            name="by_another",
        ),
        Index("ix_plan_task_step_latest", "place_id", "number", "receiver", "seq"),
    )

    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, … of the task
    receiver: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(16))
    share: Mapped[int | None]
    words: Mapped[str] = mapped_column(Text)
    reported_by: Mapped[str | None] = mapped_column(String(36))  # of what is accepted or sent back
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PlanPaper(Base):
    """A guidance paper, once a province however many tasks name it."""

    __tablename__ = "plan_paper"

    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
