"""A list of supports of a commune (CSV or .xlsx) → what is to be written down, or what stands against it by row and
column; and its writing. The headings stand in `support_list.csv`.

Unlike a list of households it is not all or nothing: a row against which a rule stands is named and left out, the
others may be written down.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household
from survey.clocks import day_of
from survey.numbers import whole_number
from survey.problems import PROBLEMS, Problem
from survey.programmes.catalogue import Catalogue, catalogue_of
from survey.register.csv_rows import CsvRow, CsvSheet, Mistake
from survey.register.event_log import Done
from survey.residents.resident_list import written_day
from survey.support_terms import MOST_MONEY, MOST_PIECES, SupportOrigin
from survey.supports.claims import Taken
from survey.supports.giving import Examined, Given, examine, fund_for, give, province_of

MOST_ROWS = 300  # each is looked at under its household's history, and what was read comes back with the form


@dataclass(frozen=True)
class Read:
    """`sound`: by the number of the row; `kinds`: how often each kind of mistake occurs (codes of `csv_rows.KINDS`)."""

    sound: list[tuple[int, Examined]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # headings that mean nothing here

    @property
    def left_out(self) -> int:
        """How many rows are not to be written down."""
        return len({one.row for one in self.mistakes})


@cache
def _columns() -> list[dict[str, str]]:
    with Path(__file__).with_name("support_list.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def headings() -> list[str]:
    return [one["heading"] for one in _columns()]


def read_list(session: Session, commune_id: str, file: str, data: bytes, today: date) -> Read:
    """Look at each row as a desk would; nothing is written."""
    columns = {one["column"]: {one["heading"]} for one in _columns()}
    sheet = CsvSheet(file, data, columns, {one["column"] for one in _columns() if one["needed"]})
    found = Read(mistakes=sheet.mistakes, unknown=sheet.unknown)
    catalogue = catalogue_of(session, province_of(session, commune_id))
    taken: dict[Taken, int] = {}
    if len(sheet.rows) > MOST_ROWS:
        sheet.wrong(0, "", "too_many_rows", limit=MOST_ROWS)
        return found
    for row in sheet.rows if not sheet.mistakes or sheet.headers else ():
        given = _given(session, commune_id, row, catalogue)
        if given is None:
            continue
        one = examine(session, replace(given, fund_id=fund_for(session, given)), today, catalogue)
        first = next((taken[each] for each in one.taken if each in taken), None)
        if one.rule is not None:
            row.wrong("", "refused", why=PROBLEMS[one.rule].title)
        elif first is not None:
            row.wrong("", "twice", first=first)
        else:
            taken |= dict.fromkeys(one.taken, row.number)
            found.sound.append((row.number, one))
    if not found.sound and not found.mistakes:
        sheet.wrong(0, "", "empty")
    return found


def _given(session: Session, commune_id: str, row: CsvRow, catalogue: Catalogue) -> Given | None:
    before = len(row.sheet.mistakes)
    code, kind = row.needed("household"), _of(row, "kind", catalogue.kinds)
    programme = _of(row, "programme", catalogue.programmes)
    known = [code for at, code in catalogue.projects if at == programme]
    project = _of(row, "project", known) if programme else row.get("project")
    household = _household(session, commune_id, row, code) if code else None
    said = row.needed("given_on")
    given_on = written_day(said) if said else None
    if said and given_on is None:
        row.wrong("given_on", "no_day", value=said)
    amount, quantity = _whole(row, "amount", MOST_MONEY), _whole(row, "quantity", MOST_PIECES)
    if len(row.sheet.mistakes) > before or household is None or given_on is None:
        return None
    return Given(
        commune_id, kind, programme, project, given_on, household.id, row.get("person") or None, amount=amount,
        quantity=quantity, document=row.get("document"), note=row.get("note"),
    )  # fmt: skip


def _household(session: Session, commune_id: str, row: CsvRow, code: str) -> Household | None:
    query = select(Household).where(Household.code == code, Household.commune_id == commune_id)
    found = session.scalars(query).first()
    if found is None:
        row.wrong("household", "no_such_code")
    return found


def _of(row: CsvRow, column: str, known: Iterable[str]) -> str:
    """A code of those that are known."""
    codes = sorted(known)
    said = row.needed(column)
    if said and said not in codes:
        row.wrong(column, "not_one_of", value=said, known=", ".join(codes))
    return said


def _whole(row: CsvRow, column: str, most: int) -> int | None:
    said = row.get(column)
    number = whole_number(said) if said else None
    if said and (number is None or not 1 <= number <= most):
        row.wrong(column, "not_a_number", low=1, high=most)
    return number


def as_rows(sound: Sequence[tuple[int, Examined]]) -> list[list[str]]:
    """What may be written down, as a list that reads the same again."""
    return [
        [
            one.household.code if one.household else "", one.given.kind, one.given.programme, one.given.project,
            one.given.person or "", one.given.given_on.strftime("%d/%m/%Y"), str(one.given.amount or ""),
            str(one.given.quantity or ""), one.given.document, one.given.note,
        ]
        for _, one in sound
    ]  # fmt: skip


def write_list(session: Session, commune_id: str, data: bytes, done: Done) -> tuple[int, list[tuple[int, str]]]:
    """Write what was seen down, all in one act; returns how many, and the rows that were left out, each with the rule
    that stands against it by now. Raises support_wrong where nothing can be."""
    found = read_list(session, commune_id, "", data, day_of(done.at))
    written, left = 0, [(one.row, "support_wrong") for one in found.mistakes]
    for number, one in found.sound:
        try:
            with session.begin_nested():  # a fund that was too small has moved nothing
                give(session, one.given, SupportOrigin.LIST, done)
            written += 1
        except Problem as problem:
            left.append((number, problem.code))
    if not written:
        raise Problem("support_wrong")
    return written, left
