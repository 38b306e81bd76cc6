"""Long work that is done beside the pages: asked for in one transaction, done by a worker in many short ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime, one_of
from survey.terms import JobState


class Job(Base):
    """A piece of work. `parameters` name what it is about by ids and codes, never by a person's data: a file that was
    given lies in the instance's folder. `follows`: the job whose result this one acts on; no two act on one.
    `free_at`: until then it is its worker's, or rests after a failure. `tries`: how often it was begun.
    `cursor`: how far it came, written in the same transaction as what was done. `word`, `done` of `total`: what it is
    at, for whoever waits."""

    __tablename__ = "job"
    __table_args__ = (
        one_of("state", JobState),
        CheckConstraint("done >= 0 AND (total IS NULL OR total >= 0)", name="counts"),
        CheckConstraint("tries >= 0", name="tries"),
        CheckConstraint("(state = 'running') = (worker IS NOT NULL)", name="worked_on_by_one"),
        CheckConstraint("(state IN ('queued', 'running')) = (ended_at IS NULL)", name="ended_or_not"),
        CheckConstraint("state <> 'failed' OR problem IS NOT NULL", name="failed_with_a_code"),
        Index("ix_job_state", "state", "asked_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    commune_id: Mapped[str | None] = mapped_column(ForeignKey("place.id"))  # NULL: of more than one commune
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))  # who asked; NULL: by command
    follows: Mapped[str | None] = mapped_column(ForeignKey("job.id"), unique=True)
    parameters: Mapped[Any] = mapped_column(JSONText)
    state: Mapped[str] = mapped_column(String(16))
    worker: Mapped[str | None] = mapped_column(String(80))
    free_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    tries: Mapped[int]
    cursor: Mapped[Any] = mapped_column(JSONText, nullable=True)
    word: Mapped[str] = mapped_column(String(32))
    done: Mapped[int]
    total: Mapped[int | None]
    result: Mapped[Any] = mapped_column(JSONText, nullable=True)
    problem: Mapped[str | None] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    begun_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stop_asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
