"""Scenarios that somebody kept: with a name, and with where their figures are from. None is changed; who made a mistake
takes it back and keeps another. The caller has asked whether the account may do this there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Place, SavedScenario, ScenarioWithdrawal
from survey.poverty.scenario import Scenario, from_json
from survey.problems import Problem

MAX_NAME, MAX_NOTE = 120, 500
MOST_KEPT = 50  # of a place, that stand


class Kept(NamedTuple):
    row: SavedScenario
    scenario: Scenario

    @property
    def code(self) -> str:
        """As an address names it; no standard's code is an id."""
        return self.row.id


def seen_from(session: Session, place_id: str) -> list[str]:
    """Whose scenarios are read at a place: its own, and its province's."""
    parent = session.scalar(select(Place.parent_id).where(Place.id == place_id))
    return [one for one in (place_id, parent) if one]


def standing(session: Session, places: Iterable[str]) -> list[Kept]:
    """The scenarios of some places that nobody took back, the newest first."""
    of = SavedScenario
    gone = select(ScenarioWithdrawal.scenario_id)
    rows = select(of).where(of.place_id.in_(list(places)), of.id.not_in(gone)).order_by(of.at.desc(), of.id)
    return [Kept(row, from_json(row.parameters)) for row in session.scalars(rows)]


@dataclass(frozen=True)
class Given:
    """What is to be kept, and for which place."""

    place_id: str
    name: str
    note: str
    scenario: Scenario


def faults(session: Session, given: Given) -> list[tuple[str, str]]:
    """What keeps it from being kept: the field and what is wrong with it."""
    found = [
        (field, "too_long" if said.strip() else "blank")
        for field, said, most in (("name", given.name, MAX_NAME), ("note", given.note, MAX_NOTE))
        if not said.strip() or len(said.strip()) > most
    ]
    found += [("name", "unprintable")] if not given.name.strip().isprintable() else []
    # Halves of characters have no UTF-8.
    found += [("note", "unprintable")] if any("\ud800" <= letter <= "\udfff" for letter in given.note) else []
    return found + ([("name", "full")] if _number(session, given.place_id) >= MOST_KEPT else [])


def _number(session: Session, place_id: str) -> int:
    of = SavedScenario
    gone = select(ScenarioWithdrawal.scenario_id)
    return session.scalar(select(func.count()).select_from(of).where(of.place_id == place_id, of.id.not_in(gone))) or 0


def keep(session: Session, given: Given, account_id: str, at: datetime) -> SavedScenario:
    """Keep it; what the same account keeps a second time for the place, word for word, is kept once."""
    name, note, parameters = given.name.strip(), given.note.strip(), given.scenario.as_json()
    for one in standing(session, [given.place_id]):
        of = one.row
        if (of.name, of.note, of.account_id, of.parameters) == (name, note, account_id, parameters):
            return of
    row = SavedScenario(
        id=str(uuid4()), place_id=given.place_id, name=name, parameters=parameters, note=note, account_id=account_id,
        at=at,
    )  # fmt: skip
    session.add(row)
    return row


def take_back(
    session: Session, scenario_id: str, places: Iterable[str], account_id: str, at: datetime
) -> SavedScenario:
    """Of one of `places`. Raises not_found where none such stands there."""
    # Whoever takes it back at the same time waits here, and finds it gone.
    session.execute(select(SavedScenario.id).where(SavedScenario.id == scenario_id).with_for_update())
    found = next((one.row for one in standing(session, places) if one.row.id == scenario_id), None)
    if found is None:
        raise Problem("not_found")
    session.add(ScenarioWithdrawal(scenario_id=scenario_id, account_id=account_id, at=at))
    return found
