"""Figures of a plan as they are entered: by one account, confirmed by another, refused, taken back or taken out again;
nothing is changed or deleted. What came with the product stands by its source until somebody takes it out. The caller
has asked whether the account may do this there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import PlanFigure, PlanFigureStep
from survey.clocks import day_of
from survey.plan.judging import When
from survey.plan.measures import definition
from survey.problems import Problem
from survey.register.event_log import Done
from survey.residents.entering import held
from survey.residents.two_eyes import may_follow, state_after
from survey.terms import FigureStatus, PlanMeasure, PlanUnit, ResidentAction, ResidentState

EARLIEST, LATEST = 2000, 2100
MOST = 100_000_000  # more than live in the country
HUNDRED = Decimal(100)
MAX_TEXT = 500
# What somebody can say of a figure; the others come from the review itself.
TO_WRITE = tuple(
    one for one in FigureStatus if one not in (FigureStatus.PROVISIONAL, FigureStatus.ILLUSTRATIVE)
)  # fmt: skip


@dataclass(frozen=True)
class Given:
    """What somebody says a measure came to by the end of a month. `place_set`: "" for all of the place."""

    place_id: str
    measure: PlanMeasure
    when: When
    value: Decimal
    status: FigureStatus
    source: str
    place_set: str = ""


@dataclass(frozen=True)
class Entered:
    row: PlanFigure
    steps: Sequence[PlanFigureStep] = ()

    @property
    def state(self) -> ResidentState:
        entered = ResidentState.CONFIRMED if self.row.shipped else ResidentState.WAITING
        return state_after((step.action for step in self.steps), entered)

    @property
    def when(self) -> When:
        return When(self.row.year, self.row.month)

    @property
    def people(self) -> list[str]:
        return [self.row.account_id, *(step.account_id for step in self.steps)]


def faults(given: Given, today: date) -> Iterator[tuple[str, str]]:
    """What cannot be: the field and a code of `words.SENTENCES`."""
    yield from value_faults("value", given.measure, given.value)
    ahead = (given.when.year, given.when.month) > (today.year, today.month)
    if not EARLIEST <= given.when.year <= LATEST or not 1 <= given.when.month <= 12:
        yield "year", "no_year"
    elif ahead and given.status is not FigureStatus.FORECAST:
        yield "year", "year_ahead"
    if given.status not in TO_WRITE:
        yield "status", "status_of_review"
    if not given.source.strip():
        yield "source", "blank"


def value_faults(field: str, measure: PlanMeasure, value: Decimal) -> Iterator[tuple[str, str]]:
    """What a value of a measure cannot be: a share is never above 100 %, a number of heads has no parts."""
    unit = definition(measure).unit
    if value.is_nan() or value < 0 or value > MOST:
        yield field, "not_a_value"
    elif unit is PlanUnit.PERCENT and value > HUNDRED:
        yield field, "above_whole"
    elif unit is not PlanUnit.PERCENT and value != value.to_integral_value():
        yield field, "not_whole"


def enter(session: Session, given: Sequence[Given], done: Done, *, shipped: bool = False) -> None:
    """Write figures down. Raises `plan_wrong`, `not_found` where a place is none, `bad_request` where nobody enters
    them."""
    if done.account_id is None:
        raise Problem("bad_request")
    today = day_of(done.at)
    if any(list(faults(one, today)) for one in given):
        raise Problem("plan_wrong")
    held(session, {one.place_id for one in given})
    last = {place_id: _last(session, place_id) for place_id in {one.place_id for one in given}}
    for one in given:
        last[one.place_id] += 1
        row = PlanFigure(
            place_id=one.place_id, seq=last[one.place_id], measure=one.measure.value, place_set=one.place_set,
            year=one.when.year, month=one.when.month, value=one.value, status=one.status.value,
            source=one.source.strip()[:MAX_TEXT], shipped=shipped, account_id=done.account_id, at=done.at,
        )  # fmt: skip
        session.add(row)


def _last(session: Session, place_id: str) -> int:
    return session.scalar(select(func.max(PlanFigure.seq)).where(PlanFigure.place_id == place_id)) or 0


def decide(session: Session, place_id: str, seq: int, action: ResidentAction, done: Done) -> None:
    """Confirm, refuse, take back or take out a figure. Raises `not_found` and what `two_eyes.may_follow` does."""
    if done.account_id is None:
        raise Problem("bad_request")
    held(session, [place_id])
    one = next((one for one in entered_of(session, [place_id]) if one.row.seq == seq), None)
    if one is None:
        raise Problem("not_found")
    may_follow(one.state, action, one.row.account_id == done.account_id, done.reason)
    step = PlanFigureStep(
        place_id=place_id, seq=seq, number=2 if action is ResidentAction.REVOKE else 1, entered_by=one.row.account_id,
        action=action.value, reason=(done.reason or "").strip()[:MAX_TEXT], account_id=done.account_id, at=done.at,
    )  # fmt: skip
    session.add(step)


def entered_of(session: Session, places: Iterable[str]) -> list[Entered]:
    """All that was entered of some places, the last of each place first."""
    ids = sorted(set(places))
    steps: dict[tuple[str, int], list[PlanFigureStep]] = {}
    taken = select(PlanFigureStep).where(PlanFigureStep.place_id.in_(ids)).order_by(PlanFigureStep.number)
    for step in session.scalars(taken):
        steps.setdefault((step.place_id, step.seq), []).append(step)
    rows = select(PlanFigure).where(PlanFigure.place_id.in_(ids))
    latest = session.scalars(rows.order_by(PlanFigure.place_id, PlanFigure.seq.desc()))
    return [Entered(row, steps.get((row.place_id, row.seq), ())) for row in latest]


def standing(entered: Iterable[Entered]) -> list[Entered]:
    """Those that stand: confirmed, and of one measure, place, month and status the one that was entered last."""
    found: dict[tuple[str, str, str, When, str], Entered] = {}
    for one in entered:
        row = one.row
        if one.state is ResidentState.CONFIRMED:
            found.setdefault((row.place_id, row.measure, row.place_set, one.when, row.status), one)
    return list(found.values())
