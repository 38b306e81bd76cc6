"""Layouts 14 and 15: who lives in the near-poor and the poor households of a commune, a line each. Personal data: who
reads it needs a right of its own and is written down (`survey/web/programme/member_lists.py`), and no open file has it.

Households come village by village in the order of their codes, members in that of the interview that counts. Whether
a household is newly of its class, again or still, follows from what the commune proved at its closing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from models import Assessment, Household, HouseholdFact
from survey.form.form import plain
from survey.layouts import group_notes, grouping
from survey.layouts.figures import Flowed, flowed
from survey.layouts.flow_list import transitions
from survey.layouts.forms import layouts
from survey.layouts.laying import Heading, lay_list
from survey.layouts.tables import SINCE_FIRST, Book, Made, Reading, Scope, marks_of
from survey.layouts.words import Said, Translate
from survey.members import NAME, PEOPLE, RELATION, SEX, YEAR, members_in
from survey.questionnaires.published import load_form
from survey.rounds.end_states import came_by
from survey.submissions.register_table import Level
from survey.tallies.told import MERIT, UNABLE, WOMAN
from survey.terms import HouseholdClass, RegisterState

CLASSES = {14: HouseholdClass.NEAR_POOR, 15: HouseholdClass.POOR}
X = "x"
_AGAIN, _FIRST, _CAME = 6, 7, 8  # columns of the flow


@dataclass(frozen=True)
class Part:
    """Households of a list from `offset` on, at most `limit`; None: all."""

    offset: int = 0
    limit: int | None = None


ALL = Part()


def make(
    session: Session, scope: Scope, number: int, now: datetime, translate: Translate, part: Part = ALL
) -> tuple[Book, int]:
    """The list of a commune or village as a book of one table, and how many households it has in all."""
    layout, reading = layouts()[number], Reading(session, scope, [number], now)
    households, persons = _counted(session, scope, number)
    flow = flowed(session, scope.survey_round, scope.communes, Level.VILLAGE)
    either = Said("again_or_new").sentence(translate)
    faults, notes = _judged(number, reading, flow, either)
    notes.insert(0, Said("list_counts", {"households": households, "persons": persons}))
    marks = marks_of(session, scope, reading)
    said = [one.sentence(translate) for one in marks]
    heading = Heading(reading.name(scope.place_id), scope.survey_round, Level.VILLAGE, said, translate)
    lines = _lines(session, scope, number, part, None if flow.knows_before else either)
    made = Made(lay_list(layout, heading, lines, (faults, notes)), faults, notes)
    return Book(scope, marks, {number: made}, now, reading.names), households


def _of(scope: Scope, number: int) -> ColumnElement[bool]:
    of = HouseholdFact
    place = of.village_id == scope.village_id if scope.village_id else of.commune_id.in_(scope.communes)
    return and_(
        of.commune_id.in_(scope.communes), of.round_id == scope.survey_round.id, place,
        of.state == RegisterState.ACCEPTED.value, of.household_class == CLASSES[number].value,
    )  # fmt: skip


def _counted(session: Session, scope: Scope, number: int) -> tuple[int, int]:
    of = HouseholdFact
    row = session.execute(select(func.count(), func.sum(of.persons)).select_from(of).where(_of(scope, number))).one()
    return row[0], row[1] or 0


def _judged(number: int, reading: Reading, flow: Flowed, either: str) -> tuple[list[Said], list[Said]]:
    faults = list[Said]()
    if flow.missing or not flow.places:
        faults.append(Said("no_flow", {"places": reading.named(sorted(flow.missing) or [reading.scope.place_id])}))
    if reading.readings[grouping.AGAIN].reading.value != SINCE_FIRST:
        faults.append(Said("read_otherwise", list(group_notes.read_so(number, reading.readings))[-1].values))
    notes = [Said("list_flow"), Said("list_blank"), Said("merit"), *group_notes.read_so(number, reading.readings)]
    if not flow.knows_before:
        notes.insert(1, Said("list_no_history", {"words": either}))
    return faults, notes


def _lines(session: Session, scope: Scope, number: int, part: Part, either: str | None) -> Iterator[dict[str, str]]:
    """Of each member what stands in the columns, by their figures."""
    of = HouseholdFact
    query = (
        select(of.commune_id, of.household_id, Assessment.values)
        .join(Assessment, and_(Assessment.commune_id == of.commune_id, Assessment.submission_id == of.submission_id))
        .join(Household, and_(Household.commune_id == of.commune_id, Household.id == of.household_id))
        .where(_of(scope, number))
        .order_by(of.village_id, Household.code, of.household_id)
        .offset(part.offset)
    )
    query = query if part.limit is None else query.limit(part.limit)
    came = _Came(session, scope, number, either)
    called = _called(session, scope)
    rows = session.execute(query.execution_options(yield_per=200))
    for at, (_commune_id, household_id, values) in enumerate(rows, part.offset + 1):
        of_household = came.of(household_id)
        for place, one in enumerate(members_in(values), 1):
            yield {"member.number": str(at) if place == 1 else "", "member.member": str(place), **of_household,
                   **_member(one, called)}  # fmt: skip
            of_household = {}  # said once, with its first member


def _member(one: Mapping[str, Any], called: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    born = "member.born_woman" if one.get(SEX) == WOMAN else "member.born_man"
    year = one.get(YEAR)
    is_unable = one.get("tinh_trang_viec_lam") == UNABLE and one.get("tuoi_ld") == 1
    return {
        "member.name": str(one.get(NAME, "")),
        born: str(int(year)) if isinstance(year, int | float) else "",
        "member.people": _said(called, PEOPLE, one),
        "member.relation": _said(called, RELATION, one),
        "member.merit": X if one.get("luong_huu") == MERIT else "",
        "member.unable": X if is_unable else "",
    }


def _said(called: Mapping[str, Mapping[str, str]], name: str, one: Mapping[str, Any]) -> str:
    """What a choice is called; one that the round's questionnaire does not know, as it came."""
    said = str(one.get(name) or "")
    return called.get(name, {}).get(said, said)


def _called(session: Session, scope: Scope) -> dict[str, dict[str, str]]:
    form = load_form(session, scope.survey_round.form_id, scope.survey_round.form_version)
    choices = form.choices if form is not None else {}
    return {
        name: {one["name"]: plain(one["label"].get("vi") or next(iter(one["label"].values()))) for one in those}
        for name in (PEOPLE, RELATION) if (those := choices.get(name))
    }  # fmt: skip


class _Came:
    """Whether a household is newly of its class, again or still, as its commune proved it. `either`: what is said where
    nobody knows whether it is so again."""

    def __init__(self, session: Session, scope: Scope, number: int, either: str | None) -> None:
        self.measure, self.either = CLASSES[number], either
        told = (one for commune_id in scope.communes for one in transitions(session, scope.survey_round, commune_id))
        self.transitions = {one.household_id: one for one in told}

    def of(self, household_id: str) -> dict[str, str]:
        one = self.transitions.get(household_id)
        if one is None or one.end is None or one.end.household_class is not self.measure:
            return {}  # it is of another class since: the table of the flow says so
        column = came_by(self.measure, one)
        if column is None or (column == _CAME and one.came_as is self.measure):
            return {"member.old": X}
        if column == _AGAIN:
            return {"member.again": X}
        return {"member.new": self.either if self.either and column == _FIRST else X}
