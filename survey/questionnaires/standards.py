"""Standards: what a decree (or a province for itself) calls poor, from when to when and where.

The rule itself stands in the questionnaire, which names its standard in its settings; here is what decides whether a
round may be judged by it: its period, its scope and whether all of it is known (NĐ 07/2021/NĐ-CP Art. 3, prolonged to
31/12/2026 by NĐ 351/2025/NĐ-CP; provinces may hold a higher standard of their own).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place, Round, Standard
from survey.evidence import audit
from survey.form.form import Form
from survey.problems import Problem


def standard_of(session: Session, form: Form, opens_on: date, closes_on: date, named: str | None) -> Standard | None:
    """The standard by which a round with this questionnaire is judged: the one in the questionnaire's settings, else
    the one `named`, else the country's that is in force on all its days; None when it classifies nobody.

    Raises `other_standard`, `standard_unknown`, and `standard_missing` when none is in force."""
    if form.standard and named and named != form.standard:
        raise Problem("other_standard")
    code = form.standard or named
    if code:
        found = session.get(Standard, code)
        if found is None:
            raise Problem("standard_unknown")
        return found
    if "class" not in form.by_outcome:
        return None
    for one in listing(session):
        if one.place_id is None and objection(one, opens_on, closes_on, ()) is None:
            return one
    raise Problem("standard_missing")


def objection(standard: Standard, opens_on: date, closes_on: date, provinces: Iterable[str | None]) -> str | None:
    """Why a round from `opens_on` to `closes_on` in `provinces` may not be judged by `standard`, as the code of a
    problem; None when it may."""
    if not standard.is_complete:
        return "standard_incomplete"
    if not holds_on(standard, opens_on) or not holds_on(standard, closes_on):
        return "standard_period"
    if standard.place_id is not None and any(province != standard.place_id for province in provinces):
        return "standard_scope"
    return None


def holds_on(standard: Standard, day: date) -> bool:
    """Whether the standard is in force on `day`."""
    return standard.valid_from <= day and (standard.valid_to is None or day <= standard.valid_to)


def holds_for(session: Session, survey_round: Round, day: date) -> bool:
    """Whether what was seen on `day` may be judged by the round's standard; in a trial it always may."""
    standard = session.get(Standard, survey_round.standard)
    return standard is None or survey_round.trial or holds_on(standard, day)


def listing(session: Session) -> list[Standard]:
    """Every standard, the newest first, the country's before the provinces' of one day."""
    query = select(Standard).order_by(Standard.valid_from.desc(), Standard.place_id.is_not(None), Standard.code)
    return list(session.scalars(query))


def add_standard(session: Session, standard: Standard, now: datetime, account_id: str | None = None) -> None:
    """Enter a standard. Raises `standard_exists`, `not_found` for an unknown province, ValueError when it has no code,
    title or source, or ends before it begins."""
    words = (standard.code, standard.title, standard.source, standard.status)
    if not all(text.strip() and text.isprintable() for text in words):
        raise ValueError("a standard needs a code, a title, a source and how well it is known")
    if standard.valid_to is not None and standard.valid_to < standard.valid_from:
        raise ValueError("a standard cannot end before it begins")
    if session.get(Standard, standard.code) is not None:
        raise Problem("standard_exists")
    place = session.get(Place, standard.place_id) if standard.place_id else None
    if standard.place_id and (place is None or place.parent_id is not None):
        raise Problem("not_found")
    session.add(standard)
    session.flush()  # a round may refer to it next
    audit.record(session, now, account_id, "standard_added", standard.code)
