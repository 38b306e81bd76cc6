"""One household of a round, as it is counted: a narrow row instead of its answers.

What is counted of it follows from the line of the list (where it stands, what last year said), from the interview that
counts, and from what was said of it without one, also once it left the list with that. `of_list` reads all three as
they are; nothing is written here.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from models import Assessment, AssessmentReading, Deprivation, RegisterEntry
from models.database import chunks
from survey.members import PEOPLE, SEX, head_in, members_in, steady_work_in
from survey.outcomes import cases
from survey.positions import position_in
from survey.tallies.deprivations import INDICATORS, UNKNOWN, Lacks, asked_of, said_lacks
from survey.tallies.told import told_of
from survey.terms import HouseholdClass, RegisterState

COUNTED = (RegisterState.ACCEPTED, RegisterState.RECEIVED)  # of these an interview is counted
TOLD = (HouseholdClass.POOR, HouseholdClass.NEAR_POOR)  # of these the tables ask more than a class
AREA = "khu_vuc"  # as the questionnaire names it
_LETTERS: dict[bool | None, str] = {True: "1", False: "0", None: "-"}
_LACKS = {letter: lack for lack, letter in _LETTERS.items()}


class Fact(NamedTuple):
    """The columns of `models.HouseholdFact`, but for its commune and round."""

    household_id: str
    village_id: str
    state: str | None
    opening_class: str | None = None
    opening_lacks: str | None = None
    opening_persons: int | None = None
    opening_people: str | None = None
    opening_sex: str | None = None
    submission_id: str | None = None
    household_class: str | None = None
    refused: bool | None = None
    illustrative: bool | None = None
    persons: int | None = None
    b1_points: float | None = None
    lacks: str | None = None
    hangs: str | None = None
    people: str | None = None
    sex: str | None = None
    area: str | None = None
    work: str | None = None
    asked: str | None = None
    standard: str | None = None
    deprived_count: int | None = None
    digest: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    outcome: str | None = None
    outcome_state: str | None = None
    told: str | None = None


def letters(lacks: Lacks) -> str:
    """Lacks as a fact keeps them."""
    return "".join(_LETTERS[one] for one in lacks)


@lru_cache(maxsize=20_000)  # few of all ways to lack occur
def lacks_in(text: str | None) -> Lacks:
    """What `letters` wrote; of none: nobody knows."""
    return tuple(_LACKS[letter] for letter in text) if text else UNKNOWN


def opening(household_class: str | None, answers: Any, indicators: dict[str, Any] | None) -> dict[str, Any]:
    """The columns of last year, of what was frozen on the line of the list."""
    found = _of_people(members_in(answers))
    return {
        "opening_class": household_class,
        "opening_lacks": letters(said_lacks(indicators)) if indicators is not None else None,
        "opening_persons": found["persons"],
        "opening_people": found["people"],
        "opening_sex": found["sex"],
    }


def interviewed(values: Any, lacks: Lacks, readings: Iterable[str]) -> dict[str, Any]:
    """The columns that an interview's values, indicators and hanging readings give."""
    members, area = members_in(values), values.get(AREA) if isinstance(values, dict) else None
    head, house = _of_people(members), position_in(values)
    return {
        "lacks": letters(lacks),
        "hangs": " ".join(sorted(set(readings))) or None,
        "people": head["people"],
        "sex": head["sex"],
        "area": _text(area),
        "work": steady_work_in(members),
        "asked": letters(asked_of(members, lacks)),
        "latitude": house.latitude if house else None,
        "longitude": house.longitude if house else None,
    }


def _of_people(members: list[dict[str, Any]]) -> dict[str, Any]:
    head = head_in(members)
    return {"persons": len(members) or None, "people": _text(head.get(PEOPLE)), "sex": _text(head.get(SEX))}


def _text(said: Any) -> str | None:
    """The name of a choice; what an old phone sent instead, and is none, is not known."""
    return said if isinstance(said, str) and 0 < len(said) <= 64 else None


def of_list(
    session: Session, commune_id: str, round_id: str, household_ids: Collection[str] | None = None
) -> dict[str, Fact]:
    """By household, the facts of these in a round of a commune (None: of all), as they follow from what stands there
    now: of those on its list, and of those that are off it and of which something stands."""
    if household_ids is None:
        every = select(RegisterEntry.household_id).filter_by(commune_id=commune_id, round_id=round_id)
        household_ids = {*session.scalars(every), *cases.heard_of(session, commune_id, round_id)}
    found: dict[str, Fact] = {}
    for chunk in chunks(household_ids):
        found |= _of(session, commune_id, round_id, chunk)
    return found


def _of(session: Session, commune_id: str, round_id: str, household_ids: list[str]) -> dict[str, Fact]:
    entry = RegisterEntry
    rows = session.execute(
        select(
            entry.household_id, entry.village_id, entry.state, entry.submission_id, entry.opening_class,
            entry.opening_answers, entry.opening_indicators,
        ).where(entry.commune_id == commune_id, entry.round_id == round_id, entry.household_id.in_(household_ids))
    ).all()  # fmt: skip
    counted = [row.submission_id for row in rows if row.submission_id and row.state in COUNTED]
    found_of = judged(session, commune_id, counted)
    said = {case.of.household_id: case for case in cases.of_some(session, commune_id, round_id, household_ids)}
    found = {}
    for row in rows:
        more = found_of.get(row.submission_id, {}) if row.submission_id and row.state in COUNTED else {}
        before = opening(row.opening_class, row.opening_answers, row.opening_indicators)
        outcome = outcome_of(said.pop(row.household_id, None))
        found[row.household_id] = Fact(row.household_id, row.village_id, row.state, **before, **more, **outcome)
    for case in said.values():
        outcome = outcome_of(case)
        if outcome and case.of.household_id and case.village_id:  # else nobody knows whose it is
            found[case.of.household_id] = Fact(case.of.household_id, case.village_id, None, **outcome)
    return found


def outcome_of(case: cases.Case | None) -> dict[str, Any]:
    """The columns of what was said and not interviewed; {} where nothing stands."""
    which = case.counted if case is not None else None
    return {} if which is None or which.kind is None else {"outcome": which.kind, "outcome_state": which.state}


def judged(session: Session, commune_id: str, submission_ids: list[str]) -> dict[str, dict[str, Any]]:
    """By interview what a fact says of it; one that was never judged has its id alone."""
    found: dict[str, dict[str, Any]] = {id: {"submission_id": id} for id in submission_ids}
    if not found:
        return found
    hanging, because = defaultdict[str, set[str]](set), defaultdict[str, dict[str, tuple[bool, str]]](dict)
    of, why, one = AssessmentReading, Deprivation, Assessment
    told = select(of.submission_id, of.reading).where(of.commune_id == commune_id, of.submission_id.in_(submission_ids))
    for submission_id, reading in session.execute(told):
        hanging[submission_id].add(reading)
    lacking = select(why.submission_id, why.indicator, why.deprived, type_coerce(why.because, Text))
    lacking = lacking.where(why.commune_id == commune_id, why.submission_id.in_(submission_ids))
    for submission_id, indicator, deprived, words in session.execute(lacking):
        because[submission_id][indicator] = deprived, json.loads(words)
    assessed = select(
        one.submission_id, one.household_class, one.refused, one.illustrative, one.persons, one.b1_points,
        one.b2_points, one.standard, one.deprived_count, one.head_name, type_coerce(one.values, Text).label("written"),
    ).where(one.commune_id == commune_id, one.submission_id.in_(submission_ids))  # fmt: skip
    for row in session.execute(assessed):
        values, said = json.loads(row.written), because[row.submission_id]
        lacks = tuple(said.get(indicator.value, (None,))[0] for indicator in INDICATORS)
        digest = _digest([*row[:-1]], values, sorted(hanging[row.submission_id]), said)
        found[row.submission_id] |= of_assessment(row, values, lacks, hanging[row.submission_id]) | {"digest": digest}
    return found


def _digest(*judged: Any) -> str:
    """Of all that an interview was judged to be, with its answers: another one, another digest, however it is
    written."""
    return hashlib.blake2b(json.dumps(judged, sort_keys=True).encode(), digest_size=8).hexdigest()


def of_assessment(row: Any, values: Any, lacks: Lacks, readings: Iterable[str]) -> dict[str, Any]:
    """The columns that an interview gives: `row` has what it was judged to be, by the names of an assessment."""
    return {
        "household_class": row.household_class,
        "refused": row.refused,
        "illustrative": row.illustrative,
        "persons": row.persons,
        "b1_points": row.b1_points,
        "standard": row.standard,
        "deprived_count": row.deprived_count,
        **interviewed(values, lacks, readings),
        "told": told_of(values) if row.household_class in TOLD else None,
    }
