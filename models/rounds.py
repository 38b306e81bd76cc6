"""A round, the households it must account for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, UTCDateTime, one_of
from survey.terms import B1Method, HouseholdClass, HouseholdState, RegisterState, RoundKind, RoundState


class Standard(Base):
    """What a decree calls poor, from when to when and where: `place_id` is the province that set it for itself, NULL
    the country. `rural_*`, `urban_*`: the income line in đồng a person and month, and the points that stand for it;
    NULL where no text was found. Not `is_complete`: nobody can be classified under it yet."""

    __tablename__ = "standard"
    __table_args__ = (CheckConstraint("valid_to >= valid_from", name="forward"),)

    code: Mapped[str] = mapped_column(String(40), primary_key=True)  # "ND07-2021"
    title: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    place_id: Mapped[str | None] = mapped_column(ForeignKey("place.id"))
    is_complete: Mapped[bool]
    rural_income: Mapped[int | None]
    urban_income: Mapped[int | None]
    rural_points: Mapped[int | None]
    urban_points: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(400))  # how well it is known, and what is missing
    source: Mapped[str] = mapped_column(Text)


class Round(Base):
    """A review: "Rà soát định kỳ 2026". A `trial` counts for nothing outside itself."""

    __tablename__ = "round"
    __table_args__ = (
        one_of("kind", RoundKind),
        one_of("state", RoundState),
        one_of("b1_method", B1Method),
        CheckConstraint("closes_on >= opens_on", name="forward"),
        ForeignKeyConstraint(["form_id", "form_version"], ["form_version.form_id", "form_version.version"]),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    year: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    standard: Mapped[str] = mapped_column(String(40))  # "ND07-2021"; "" where nothing is classified
    trial: Mapped[bool] = mapped_column(default=False, server_default=false())
    b1_method: Mapped[str] = mapped_column(String(16))
    form_id: Mapped[str] = mapped_column(String(64))
    form_version: Mapped[str] = mapped_column(String(64))
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(16), default=RoundState.OPEN)


class Household(Base):
    """A household of the register: what the ledger says of it, its events and accepted interviews folded (derived).
    `base_*` is what it was entered with. The row of a household once met is never deleted: see `state`."""

    __tablename__ = "household"
    __table_args__ = (
        one_of("current_class", HouseholdClass),
        one_of("base_class", HouseholdClass),
        one_of("state", HouseholdState),
        CheckConstraint("state <> 'merged' OR same_as IS NOT NULL", name="merged_into_one"),
        CheckConstraint("same_as IS NULL OR state IN ('merged', 'duplicate')", name="same_as_if_gone"),
        CheckConstraint("same_as <> id", name="not_itself"),
        Index("ix_household_village", "commune_id", "village_id"),
        Index("ix_household_code", "code"),  # found by it from anywhere in the province
        Index("ix_household_id", "id"),
        Index("ix_household_same_as", "commune_id", "same_as"),
        # What lists and searches show of a household, so that no answers are read for it.
        Index("ix_household_listed", "commune_id", "state", "code", "id", "head_name", "village_id"),
    )

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code: Mapped[str] = mapped_column(String(20))  # printed "mã hộ"
    village_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    base_head_name: Mapped[str] = mapped_column(String(120))
    base_class: Mapped[str | None] = mapped_column(String(16))
    base_answers: Mapped[Any] = mapped_column(JSONText, nullable=True)
    head_name: Mapped[str] = mapped_column(String(120))
    current_class: Mapped[str | None] = mapped_column(String(16))
    current_answers: Mapped[Any] = mapped_column(JSONText, nullable=True)
    # Derived: the submission that `current_*` came from; NULL while the import still stands.
    current_submission_id: Mapped[str | None] = mapped_column(String(36))
    created_by_entry: Mapped[str | None] = mapped_column(String(64))  # found in the field, by this entry
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(16), default=HouseholdState.PRESENT, server_default="present")
    same_as: Mapped[str | None] = mapped_column(String(36))  # what it was merged into, or is a duplicate of


class Member(Base):
    """A member as last accepted (derived)."""

    __tablename__ = "member"
    __table_args__ = (ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),)

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    household_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    full_name: Mapped[str] = mapped_column(String(120))
    values: Mapped[Any] = mapped_column(JSONText)  # every field of the member, answered and calculated


class RegisterEntry(Base):
    """One household in one round. `opening_*` and `once`, the classes that it was of in earlier rounds as they stood:
    frozen when it came onto the round's list; `change`: the commune's counter then. What is of now is derived: where
    it stands, by which submission, and what that was judged to be: a province is counted by these rows alone."""

    __tablename__ = "register_entry"
    __table_args__ = (
        one_of("state", RegisterState),
        one_of("opening_class", HouseholdClass),
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
        Index("ix_register_entry_change", "commune_id", "change"),
        Index("ix_register_entry_household", "commune_id", "household_id"),
        # All that is counted of a round, so that no row with its answers is read for it.
        Index(
            "ix_register_entry_counted",
            "commune_id",
            "round_id",
            "village_id",
            "state",
            "opening_class",
            "submission_id",
            "household_class",
            "refused",
            "illustrative",
        ),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.id"), primary_key=True)
    household_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    state: Mapped[str] = mapped_column(String(16), default=RegisterState.TO_VISIT)
    opening_class: Mapped[str | None] = mapped_column(String(16))
    opening_answers: Mapped[Any] = mapped_column(JSONText, nullable=True)
    opening_indicators: Mapped[Any] = mapped_column(JSONText, nullable=True)  # {"viec_lam": 1, …} by the round's form
    once: Mapped[Any] = mapped_column(JSONText, default=list, server_default="[]")
    submission_id: Mapped[str | None] = mapped_column(String(36))  # the one that counts now
    household_class: Mapped[str | None] = mapped_column(String(16))
    refused: Mapped[bool | None]
    illustrative: Mapped[bool | None]
    change: Mapped[int]


class RegisterGone(Base):
    """A household that left a village's list in a round, or the round's: it moved, or is none of the register's any
    more. Kept for the phones that were told of it, and with what was frozen when it came onto the list, for the day
    that it comes back; `change` as in `RegisterEntry`."""

    __tablename__ = "register_gone"
    __table_args__ = (Index("ix_register_gone_change", "commune_id", "change"),)

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.id"), primary_key=True)
    household_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    opening_class: Mapped[str | None] = mapped_column(String(16))
    opening_answers: Mapped[Any] = mapped_column(JSONText, nullable=True)
    opening_indicators: Mapped[Any] = mapped_column(JSONText, nullable=True)
    once: Mapped[Any] = mapped_column(JSONText, default=list, server_default="[]")
    change: Mapped[int]


class ListWord(Base):
    """What a word in a commune's lists means there ("con cả" is a child), asked once when a list was imported."""

    __tablename__ = "list_word"

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)  # class, relation, ethnic, sex
    word: Mapped[str] = mapped_column(String(60), primary_key=True)  # in small letters
    meaning: Mapped[str] = mapped_column(String(64))  # a class, or the name of a choice of the questionnaire
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))  # NULL: by command
