"""The targets of a plan and the sets of communes that they are of: each change is a next version. The caller has asked
whether the account may do this there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import PlanPlaceSet, PlanTarget
from survey.plan.figures import EARLIEST, LATEST, MAX_TEXT, held, value_faults
from survey.plan.judging import Aim, When
from survey.plan.measures import may_be
from survey.problems import Problem
from survey.programmes.place_sets import communes_in, sets_of
from survey.register.event_log import Done
from survey.terms import Comparison, FigureStatus, PlanMeasure, PlanStatus, TargetKind

_CODE = re.compile(r"[0-9A-Za-z._-]{1,32}", re.ASCII)
WITHOUT_NUMBER = (PlanStatus.TO_ENTER, PlanStatus.NO_NUMBER)
_UPWARD = (Comparison.MORE, Comparison.AT_LEAST, Comparison.RANGE)


@dataclass(frozen=True)
class Wanted:
    """A target as somebody writes it down. `seen`: the version that was changed, 0 of a new one."""

    place_id: str
    plan: str
    code: str
    words: str
    measure: PlanMeasure
    kind: TargetKind
    base_year: int
    base_value: Decimal | None
    base_status: FigureStatus | None
    year: int
    comparison: Comparison
    value: Decimal | None
    value_to: Decimal | None
    status: PlanStatus
    source: str
    place_set: str = ""
    seen: int = 0


def faults(wanted: Wanted) -> Iterator[tuple[str, str]]:
    """What cannot be: the field and a code of `words.SENTENCES`."""
    for field in ("plan", "code", "words", "source"):
        if not getattr(wanted, field).strip():
            yield field, "blank"
    if wanted.code.strip() and not _CODE.fullmatch(wanted.code):
        yield "code", "bad_id"
    for field, value in (("base_value", wanted.base_value), ("value", wanted.value), ("value_to", wanted.value_to)):
        if value is not None:
            yield from value_faults(field, wanted.measure, value)
    if not EARLIEST <= wanted.year <= LATEST or wanted.base_year < EARLIEST:
        yield "year", "no_year"
    elif wanted.base_year >= wanted.year:
        yield "base_year", "base_after"
    if not may_be(wanted.measure, wanted.kind):
        yield "kind", "kind_not_here"
    if (wanted.base_value is None) != (wanted.base_status is None):
        yield "base_status", "base_status_missing"
    if (wanted.value is None) != (wanted.status in WITHOUT_NUMBER):
        yield "value", "value_or_status"
    yield from _compared(wanted)


def _compared(wanted: Wanted) -> Iterator[tuple[str, str]]:
    is_range = wanted.comparison is Comparison.RANGE
    if is_range and wanted.kind is TargetKind.LEVEL:
        yield "comparison", "range_of_level"
    if wanted.kind in (TargetKind.FALL, TargetKind.SUM) and wanted.comparison not in _UPWARD:
        yield "comparison", "at_least_here"
    low, high = wanted.value, wanted.value_to
    has_upper = is_range and low is not None
    if has_upper != (high is not None) or (low is not None and high is not None and high <= low):
        yield "value_to", "range_backward"


def write(session: Session, wanted: Sequence[Wanted], done: Done) -> None:
    """Write targets down, each as its next version. Raises `plan_wrong`, `register_reason_needed`, `not_found` where
    the place or the set is none, `conflict` where somebody changed one meanwhile."""
    if done.account_id is None:
        raise Problem("bad_request")
    if any(list(faults(one)) for one in wanted):
        raise Problem("plan_wrong")
    if not (done.reason or "").strip():
        raise Problem("register_reason_needed")
    held(session, {one.place_id for one in wanted})
    for one in wanted:
        last = max((row.version for row in _versions(session, one)), default=0)
        if last != one.seen:
            raise Problem("conflict")
        if one.place_set and one.place_set not in sets_of(session, one.place_id):
            raise Problem("not_found")
        values = {**vars(one), "source": one.source.strip()[:MAX_TEXT], "version": last + 1}
        del values["seen"]
        session.add(PlanTarget(**values, **_by(done)))


def _by(done: Done) -> dict[str, Any]:
    return {"reason": (done.reason or "").strip()[:MAX_TEXT], "account_id": done.account_id, "at": done.at}


def _versions(session: Session, wanted: Wanted) -> Sequence[PlanTarget]:
    of = {"place_id": wanted.place_id, "plan": wanted.plan, "code": wanted.code}
    return session.scalars(select(PlanTarget).filter_by(**of)).all()


def targets_of(session: Session, places: Iterable[str]) -> list[list[PlanTarget]]:
    """The targets of some places, each with all its versions, the latest first; by plan and code."""
    of = PlanTarget
    rows = select(of).where(of.place_id.in_(sorted(set(places))))
    found: dict[tuple[str, str, str], list[PlanTarget]] = {}
    for row in session.scalars(rows.order_by(of.place_id, of.plan, of.code, of.version.desc())):
        found.setdefault((row.place_id, row.plan, row.code), []).append(row)
    return list(found.values())


def places_with_targets(session: Session) -> list[str]:
    return list(session.scalars(select(PlanTarget.place_id).distinct().order_by(PlanTarget.place_id)))


def aim_of(target: PlanTarget, place_set: PlanPlaceSet | None) -> Aim:
    """As it is judged: soft while its own number, or which communes it is of, is to be confirmed."""
    statuses = [target.status, *([place_set.status] if place_set else [])]
    return Aim(
        TargetKind(target.kind), Comparison(target.comparison), target.value, When(target.base_year),
        When(target.year), target.base_value, FigureStatus(target.base_status) if target.base_status else None,
        PlanStatus.TO_CONFIRM in statuses,
    )  # fmt: skip


# --- sets of communes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WantedSet:
    place_id: str
    code: str
    name: str
    communes: tuple[str, ...]
    since: int
    until: int
    status: PlanStatus
    source: str
    seen: int = 0


def set_faults(session: Session, wanted: WantedSet) -> Iterator[tuple[str, str]]:
    for field in ("code", "name", "source"):
        if not getattr(wanted, field).strip():
            yield field, "blank"
    if wanted.code.strip() and not _CODE.fullmatch(wanted.code):
        yield "code", "bad_id"
    known = set(session.scalars(communes_in(wanted.place_id)))
    if not wanted.communes or not set(wanted.communes) <= known:
        yield "communes", "not_communes"
    if not EARLIEST <= wanted.since <= LATEST or not EARLIEST <= wanted.until <= LATEST:
        yield "since", "no_year"
    elif wanted.until < wanted.since:
        yield "until", "backward"


def write_sets(session: Session, wanted: Sequence[WantedSet], done: Done) -> None:
    """Write sets down, each as its next version. Raises as `write` does."""
    if done.account_id is None:
        raise Problem("bad_request")
    if any(list(set_faults(session, one)) for one in wanted):
        raise Problem("plan_wrong")
    if not (done.reason or "").strip():
        raise Problem("register_reason_needed")
    held(session, {one.place_id for one in wanted})
    for one in wanted:
        known = sets_of(session, one.place_id).get(one.code)
        if (known.version if known else 0) != one.seen:
            raise Problem("conflict")
        values = {**vars(one), "communes": sorted(set(one.communes)), "version": one.seen + 1}
        del values["seen"]
        session.add(PlanPlaceSet(**values, **_by(done)))
    session.flush()  # targets that are written next ask for them
