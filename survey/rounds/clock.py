"""The days that the procedure gives, and how many of them are left.

`procedure_terms.csv` has what was read, with its source and how well it is known; a term that was not found is not in
it, and none is worked out here that is not.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from models import Round, RoundCommune
from survey.terms import RoundKind

_TERMS = Path(__file__).with_name("procedure_terms.csv")


@dataclass(frozen=True)
class Term:
    """A term of the procedure (QĐ 24/2021/QĐ-TTg). `what`: season, from one day of the year to another; decision, so
    many days from the first day of the review."""

    kind: RoundKind
    what: str
    from_day: str
    until_day: str
    days: int | None
    status: str
    source: str


@dataclass(frozen=True)
class Deadline:
    """A day that the law names. `left`: days until then; below 0 when it is over."""

    term: Term
    due_on: date
    left: int


@cache
def terms() -> tuple[Term, ...]:
    with _TERMS.open(encoding="utf-8", newline="") as file:
        return tuple(
            Term(
                RoundKind(row["kind"]), row["what"], row["from_day"], row["until_day"],
                int(row["days"]) if row["days"] else None, row["status"], row["source"],
            )
            for row in csv.DictReader(file)
        )  # fmt: skip


def deadlines(
    survey_round: Round, row: RoundCommune | Round, today: date, began_on: date | None = None
) -> list[Deadline]:
    """The legal days of a round that begins as `row` says (the round's, or its own in a commune). `began_on`: of one
    household's review, where that began later than the round: when it came onto the list."""
    found = []
    for term in terms():
        if term.kind != survey_round.kind:
            continue
        if term.days is not None:
            due_on = (began_on or row.opens_on) + timedelta(days=term.days)
        else:
            day, month = map(int, term.until_day.split("/"))
            due_on = date(survey_round.year, month, day)
        found.append(Deadline(term, due_on, (due_on - today).days))
    return found
