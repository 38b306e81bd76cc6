"""What happened to the households of a commune, one after another, and the numbers that they were given.

`register_event` is truth and only ever appended to; what a household is follows from it and from accepted interviews
(`survey/register/ledger.py`), and is kept in `household`. Of households that may be one, `alike` is what a search found
(derived: the next search of the commune makes it again), `alike_verdict` what a person said: truth, only ever appended
to; of a pair the last one counts.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime, one_of
from survey.terms import LikenessVerdict, RegisterKind, RequestVerdict

OF_PERSON = (
    "'born', 'joined', 'married_in', 'died', 'left', 'married_out', 'transferred', 'person', 'head', 'identified'"
)


class RegisterEvent(Base):
    """`effective_on`: since when it holds; `at`: when it was written down. `act`: what was done in one go; `voids`: the
    event that an undoing takes back. `hash` binds the event to all before it in its commune; it holds what is said of
    people by `binding`, a salted hash, so that it stands when that is erased."""

    __tablename__ = "register_event"
    __table_args__ = (
        one_of("kind", RegisterKind),
        CheckConstraint("seq >= 1", name="from_one"),
        CheckConstraint("(kind = 'void') = (voids IS NOT NULL)", name="void_names_one"),
        CheckConstraint("voids < seq", name="void_looks_back"),
        CheckConstraint("kind NOT IN ('split', 'merge', 'unmerge') OR other_id IS NOT NULL", name="of_two"),
        CheckConstraint(
            "kind IN ('split', 'merge', 'unmerge', 'duplicate', 'transferred', 'identified', 'void')"
            " OR other_id IS NULL",
            name="of_one",
        ),
        CheckConstraint(f"kind = 'void' OR (kind IN ({OF_PERSON})) = (person_id IS NOT NULL)", name="of_person"),
        CheckConstraint("other_id <> household_id", name="not_itself"),
        UniqueConstraint("commune_id", "voids"),
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        ForeignKeyConstraint(["commune_id", "other_id"], ["household.commune_id", "household.id"]),
        ForeignKeyConstraint(["commune_id", "voids"], ["register_event.commune_id", "register_event.seq"]),
        Index("ix_register_event_household", "commune_id", "household_id"),
        Index("ix_register_event_other", "commune_id", "other_id"),
        Index("ix_register_event_act", "act", "commune_id"),
        Index("ix_register_event_person", "commune_id", "person_id"),
    )

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, … within the commune
    generation: Mapped[str] = mapped_column(String(36))  # of the server that wrote it
    act: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(16))
    household_id: Mapped[str] = mapped_column(String(36))
    other_id: Mapped[str | None] = mapped_column(String(36))  # split off, merged into, duplicate of
    effective_on: Mapped[date]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[Any] = mapped_column(JSONText)
    voids: Mapped[int | None]
    person_id: Mapped[str | None] = mapped_column(String(64))  # whom it is about; NULL: a household
    salt: Mapped[str] = mapped_column(String(32))
    binding: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class RosterRow(Base):
    """Who a member of an accepted interview is, as one of a household: written down once, when it was first asked, and
    never changed, so that a person keeps the code whatever is accepted, corrected or reopened later. One that is found
    to be another household's is asked about there anew. `doubts`: whom else it may be."""

    __tablename__ = "roster_row"
    __table_args__ = (
        ForeignKeyConstraint(["commune_id", "submission_id"], ["submission.commune_id", "submission.id"]),
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        UniqueConstraint("commune_id", "submission_id", "household_id", "person_id"),
        Index("ix_roster_row_person", "commune_id", "person_id"),
        Index("ix_roster_row_household", "commune_id", "household_id"),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    submission_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    household_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 0, 1, … in the interview
    person_id: Mapped[str] = mapped_column(String(64))
    doubts: Mapped[Any] = mapped_column(JSONText)  # codes


class ChangeRequest(Base):
    """A change that somebody asks for and another decides; never changed. `given`: as `register_acts.Wish` has it;
    `read`: what its kind looked at when it was asked for."""

    __tablename__ = "change_request"
    __table_args__ = (
        one_of("kind", RegisterKind),
        CheckConstraint("other_id <> household_id", name="not_itself"),
        CheckConstraint("trim(reason) <> ''", name="reasoned"),
        UniqueConstraint("commune_id", "id", "account_id"),
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        Index("ix_change_request_household", "commune_id", "household_id"),
    )

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    household_id: Mapped[str] = mapped_column(String(36))
    other_id: Mapped[str | None] = mapped_column(String(36))
    person_id: Mapped[str | None] = mapped_column(String(64))
    effective_on: Mapped[date]
    given: Mapped[Any] = mapped_column(JSONText)
    read: Mapped[Any] = mapped_column(JSONText)
    reason: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ChangeDecision(Base):
    """What became of a request: decided once, by another than who asked; taken back by nobody else. `act`: of the
    events that it wrote."""

    __tablename__ = "change_decision"
    __table_args__ = (
        one_of("verdict", RequestVerdict),
        CheckConstraint("(verdict = 'withdrawn') = (account_id = asked_by)", name="by_another"),
        CheckConstraint("(verdict = 'accepted') = (act IS NOT NULL)", name="written"),
        CheckConstraint("verdict <> 'refused' OR trim(reason) <> ''", name="reasoned"),
        ForeignKeyConstraint(
            ["commune_id", "request_id", "asked_by"],
            ["change_request.commune_id", "change_request.id", "change_request.account_id"],
        ),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    asked_by: Mapped[str] = mapped_column(String(36))
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    act: Mapped[str | None] = mapped_column(String(36))


class VillageCounter(Base):
    """The number that a village gave last to a household; none is given twice."""

    __tablename__ = "village_counter"

    village_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    value: Mapped[int]


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
