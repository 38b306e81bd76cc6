"""The plan that comes with the product: plan 287/KH-UBND of Sơn La for 2022, with the figures that were published.

Three tables beside this file, each row with its source and status; what nobody found stays blank, to be entered.
Loading writes what is not there yet and changes nothing: a target that somebody changed stays as it was changed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from survey.plan import figures, targets
from survey.plan.figures import Given
from survey.plan.judging import When
from survey.plan.targets import Wanted, WantedSet
from survey.register.event_log import Done
from survey.terms import Comparison, FigureStatus, PlanMeasure, PlanStatus, TargetKind

PROVINCE, PLAN = "14", "287/KH-UBND"
_HERE = Path(__file__).parent


class Loaded(NamedTuple):
    """How many were not there yet."""

    targets: int
    figures: int
    sets: int


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def shipped_targets() -> list[Wanted]:
    return [
        Wanted(
            PROVINCE, PLAN, row["code"], row["target"], PlanMeasure(row["measure"]), TargetKind(row["kind"]),
            int(row["base_year"]), _number(row["base_value"]),
            FigureStatus(row["base_status"]) if row["base_status"] else None, int(row["year"]),
            Comparison(row["comparison"]), _number(row["value"]), _number(row["value_to"]), PlanStatus(row["status"]),
            row["source"], row["place_set"],
        )
        for row in _rows("sonla_287_targets.csv")
    ]  # fmt: skip


def shipped_figures() -> list[Given]:
    return [
        Given(
            PROVINCE, PlanMeasure(row["measure"]), When(int(row["year"])), Decimal(row["value"]),
            FigureStatus(row["status"]), row["source"],
        )
        for row in _rows("sonla_287_figures.csv")
    ]  # fmt: skip


def shipped_sets() -> list[WantedSet]:
    """The communes of a set are the rows of its code."""
    found: dict[str, WantedSet] = {}
    for row in _rows("sonla_287_places.csv"):
        one = found.setdefault(row["code"], WantedSet(
            PROVINCE, row["code"], row["name"], (), int(row["since"]), int(row["until"]), PlanStatus(row["status"]),
            row["source"],
        ))  # fmt: skip
        found[row["code"]] = replace(one, communes=(*one.communes, row["commune"]))
    return list(found.values())


def load(session: Session, by: Done) -> Loaded:
    """Write down what of it is not there yet, by an account. Raises `not_found` where the province is not in the
    register, `plan_wrong` where a commune of a set is not."""
    figures.held(session, [PROVINCE])
    done = replace(by, reason=PLAN)  # why a target is as it is: that plan says so
    known_sets = targets.sets_of(session, PROVINCE)
    sets = [one for one in shipped_sets() if one.code not in known_sets]
    targets.write_sets(session, sets, done)
    known = {(one[0].plan, one[0].code) for one in targets.targets_of(session, [PROVINCE])}
    wanted = [one for one in shipped_targets() if (one.plan, one.code) not in known]
    targets.write(session, wanted, done)
    there = {_key(one) for one in figures.entered_of(session, [PROVINCE]) if one.row.shipped}
    given = [one for one in shipped_figures() if (one.measure, one.when, one.status) not in there]
    figures.enter(session, given, done, shipped=True)
    return Loaded(len(wanted), len(given), len(sets))


def _key(one: figures.Entered) -> tuple[PlanMeasure, When, FigureStatus]:
    return PlanMeasure(one.row.measure), one.when, FigureStatus(one.row.status)
