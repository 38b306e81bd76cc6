"""The register of a round: which households are to be visited, and how a phone hears of every change once.

`change` is drawn from a counter per commune, bumped inside the transaction that changes the entry. The counter's row is
locked until that transaction ends, so changes become visible in the order of their numbers: a cursor has no gap. (A
database sequence would let number 8 be seen before number 7, and a phone would never hear of 7.)
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, PlacePeriod, RegisterEntry, Round
from models.commune_counter import lock_commune, next_change
from survey.register.places import periods_at, region_of
from survey.terms import HouseholdClass, RegisterState


def find_household(session: Session, commune_id: str, household_id: str | None) -> Household | None:
    return session.get(Household, (commune_id, household_id)) if household_id else None


def import_household(
    session: Session,
    *,
    commune_id: str,
    household_id: str,
    village_id: str,
    head_name: str,
    now: datetime,
    code: str | None = None,
    base_class: HouseholdClass | None = None,
    base_answers: dict[str, Any] | None = None,
    created_by_entry: str | None = None,
) -> Household:
    """Add a household with what is known of it from last year; `code`: the village's next number unless given."""
    household = Household(
        commune_id=commune_id,
        id=household_id,
        code=code or _next_code(session, commune_id, village_id),
        village_id=village_id,
        base_head_name=head_name,
        base_class=base_class.value if base_class else None,
        base_answers=base_answers,
        head_name=head_name,
        current_class=base_class.value if base_class else None,
        current_answers=base_answers,
        created_by_entry=created_by_entry,
        created_at=now,
    )
    session.add(household)
    session.flush()  # register entries refer to it
    return household


def found_in_the_field(
    session: Session, commune_id: str, household_id: str, found: dict[str, str], entry_id: str, now: datetime
) -> Household:
    """A household that an enumerator met and nobody had listed; `found`: {"village_id", "head_name"}."""
    return import_household(
        session,
        commune_id=commune_id,
        household_id=household_id,
        village_id=found["village_id"],
        head_name=found["head_name"],
        now=now,
        created_by_entry=entry_id,
    )


def on_register(
    session: Session,
    commune_id: str,
    round_id: str,
    household_id: str,
    opening_indicators: dict[str, int] | None = None,
) -> RegisterEntry:
    """The household's entry in the round, made when it has none: what is known of it now is frozen as the opening."""
    entry = session.get(RegisterEntry, (commune_id, round_id, household_id))
    if entry is not None:
        return entry
    household = session.get_one(Household, (commune_id, household_id))
    entry = RegisterEntry(
        commune_id=commune_id,
        round_id=round_id,
        household_id=household_id,
        village_id=household.village_id,
        state=RegisterState.TO_VISIT.value,
        opening_class=household.current_class,
        opening_answers=household.current_answers,
        opening_indicators=opening_indicators,
        change=next_change(session, commune_id),
    )
    session.add(entry)
    session.flush()  # what is derived next reads it
    return entry


def context_of(
    session: Session, commune_id: str, household_id: str | None, round_id: str | None, day: date
) -> dict[str, str | None]:
    """What an interview is given and does not ask: whether the village is urban on `day`, the region and method of B1,
    the household's number and last year's class. {} when round or household are not known."""
    survey_round = session.get(Round, round_id) if round_id else None
    household = find_household(session, commune_id, household_id)
    if survey_round is None or household is None:
        return {}
    entry = session.get(RegisterEntry, (commune_id, survey_round.id, household.id))
    periods = periods_at(session, [household.village_id], day)
    return context_of_entry(survey_round, household, entry, periods, region_of(session, commune_id, day))


def context_of_entry(
    survey_round: Round,
    household: Household,
    entry: RegisterEntry | None,
    periods: dict[str, PlacePeriod],
    region: str | None,
) -> dict[str, str | None]:
    """The same from rows at hand; `periods`: of the villages, by id."""
    village = periods.get(household.village_id)
    return {
        "khu_vuc": village.area if village else None,
        "vung": region,
        "cach_b1": survey_round.b1_method,
        "ma_ho": household.code,
        "phan_loai_nam_truoc": entry.opening_class if entry else None,
    }


def _next_code(session: Session, commune_id: str, village_id: str) -> str:
    """The village's next household number, "03757-01-008"; the commune's lock keeps two from taking the same."""
    lock_commune(session, commune_id)
    codes = session.scalars(
        select(Household.code).where(Household.commune_id == commune_id, Household.village_id == village_id)
    )
    numbers = [int(code.rsplit("-", 1)[-1]) for code in codes if code.rsplit("-", 1)[-1].isdigit()]
    return f"{village_id}-{max(numbers, default=0) + 1:03d}"
