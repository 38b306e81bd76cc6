"""What is counted of a round (derived): one narrow row a household of its list, or that left it with what was said of
it, and what they come to at each place.

`survey/tallies` writes both in the transaction that changes what they follow from; `rebuild` makes them again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, JSONText, one_of
from survey.terms import HouseholdClass, OutcomeKind, OutcomeState, RegisterState


class HouseholdFact(Base):
    """A household on a round's list, as it is counted; `state` NULL: it is off the list, and what was said of it is
    counted all the same. `outcome`, `outcome_state`: what is said or confirmed to have become of it without an
    interview, NULL where nothing stands (`outcomes/cases.py`, `Case.counted`). What begins with `opening_` is of last
    year's answers, the rest of the interview that counts (accepted or received), NULL where none does. Lacks: a letter
    an indicator, in the order of `Indicator`: 1 lacks it, 0 does not, - nobody knows. `people`, `sex`: of the head, as
    the questionnaire names them; `hangs`: the readings of the texts on which the class hangs, with blanks between;
    `work`: whether somebody able has steady work, NULL where nobody is able; `asked`: a letter an indicator, whether
    somebody lives there whom it asks about; `standard`, `deprived_count`: by what the interview was judged, and its
    lacks as the questionnaire adds them up; `digest`: of all that the interview was judged to be; `told`: of a poor
    or near-poor household what the tables ask more
    (`survey/tallies/told.py`)."""

    __tablename__ = "household_fact"
    __table_args__ = (
        one_of("state", RegisterState),
        one_of("outcome", OutcomeKind),
        one_of("outcome_state", OutcomeState),
        CheckConstraint("(outcome IS NULL) = (outcome_state IS NULL)", name="said"),
        CheckConstraint("state IS NOT NULL OR outcome IS NOT NULL", name="listed_or_said"),
        one_of("opening_class", HouseholdClass),
        one_of("household_class", HouseholdClass),
        CheckConstraint("length(lacks) = 12", name="twelve"),
        CheckConstraint("length(opening_lacks) = 12", name="twelve_before"),
        CheckConstraint("length(asked) = 12", name="twelve_asked"),
        CheckConstraint("work IN ('1', '0', '-')", name="work_known"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="on_earth"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="both_or_none"),
        ForeignKeyConstraint(["commune_id", "household_id"], ["household.commune_id", "household.id"]),
    )

    commune_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.id"), primary_key=True)
    household_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("place.id"))
    state: Mapped[str | None] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(16))
    outcome_state: Mapped[str | None] = mapped_column(String(16))
    opening_class: Mapped[str | None] = mapped_column(String(16))
    opening_lacks: Mapped[str | None] = mapped_column(String(12))
    opening_persons: Mapped[int | None]
    opening_people: Mapped[str | None] = mapped_column(String(64))
    opening_sex: Mapped[str | None] = mapped_column(String(64))
    submission_id: Mapped[str | None] = mapped_column(String(36))
    household_class: Mapped[str | None] = mapped_column(String(16))
    refused: Mapped[bool | None]
    illustrative: Mapped[bool | None]
    persons: Mapped[int | None]
    b1_points: Mapped[float | None]
    lacks: Mapped[str | None] = mapped_column(String(12))
    hangs: Mapped[str | None] = mapped_column(Text)
    people: Mapped[str | None] = mapped_column(String(64))
    sex: Mapped[str | None] = mapped_column(String(64))
    area: Mapped[str | None] = mapped_column(String(64))
    work: Mapped[str | None] = mapped_column(String(1))
    asked: Mapped[str | None] = mapped_column(String(12))
    standard: Mapped[str | None] = mapped_column(String(40))
    deprived_count: Mapped[int | None]
    digest: Mapped[str | None] = mapped_column(String(16))
    latitude: Mapped[float | None]  # of the house, in degrees (WGS 84)
    longitude: Mapped[float | None]
    told: Mapped[str | None] = mapped_column(Text)


class PlaceTally(Base):
    """What the facts of a place come to: of a village, or of the whole commune (`place_id` = `commune_id`); `part` "":
    of all its households, else of one group of them ("sex.nu"). `counts`: {key: [households, persons]} with the keys of
    `survey/tallies/places.py`, without those that are zero. `revision` grows with each change."""

    __tablename__ = "place_tally"

    commune_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.id"), primary_key=True)
    place_id: Mapped[str] = mapped_column(ForeignKey("place.id"), primary_key=True)
    part: Mapped[str] = mapped_column(String(80), primary_key=True)
    counts: Mapped[Any] = mapped_column(JSONText)
    revision: Mapped[int]
