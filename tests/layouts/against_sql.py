"""What stands in the tables against SQL of its own, which knows nothing of how they are made."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import text
from sqlalchemy.orm import Session

from survey.layouts.formulas import Place, Value
from survey.layouts.tables import Book
from survey.residents.residents import Numbers
from survey.terms import Indicator
from tests.world import COMMUNE

Figures = dict[tuple[str, str], Value]  # by row and column


def figures(book: Book, number: int) -> Figures:
    """What stands in each figure of a table."""
    grid, values = book.tables[number].grid, book.values
    return {
        (cell.row, cell.column): values.of(Place(grid.name, *at))
        for at, cell in grid.cells.items() if cell.column
    }  # fmt: skip


SQL = {
    "classes": "SELECT e.village_id, e.household_class, COUNT(*), SUM(a.persons) FROM register_entry e"
    " JOIN assessment a ON a.commune_id = e.commune_id AND a.submission_id = e.submission_id"
    " WHERE e.round_id = :round AND e.commune_id = :commune AND e.state = 'accepted'"
    " AND e.household_class IS NOT NULL GROUP BY e.village_id, e.household_class",
    "lacks": "SELECT e.village_id, e.household_class, d.indicator, COUNT(*) FROM register_entry e"
    " JOIN deprivation d ON d.submission_id = e.submission_id AND d.commune_id = e.commune_id"
    " WHERE e.round_id = :round AND e.commune_id = :commune AND e.state = 'accepted' AND d.deprived"
    " GROUP BY e.village_id, e.household_class, d.indicator",
}


def against_sql(session: Session, book: Book, places: list[str], residents: dict[str, Numbers]) -> int:
    """Each figure of tables 1 and 4 to 7 against what SQL of its own says of it; how many there were."""
    given = {"round": book.scope.survey_round.id, "commune": COMMUNE}
    number: Counter[tuple[str, ...]] = Counter()
    for village, named, households, persons in session.execute(text(SQL["classes"]), given):
        for place in (village, "total"):
            number[place, named, "households"] += households
            number[place, named, "persons"] += persons
    for village, named, indicator, lacks in session.execute(text(SQL["lacks"]), given):
        for place in (village, "total"):
            number[place, named, indicator] += lacks
    checked = 0

    def holds(table: int, place: str, column: str, value: Value) -> None:
        nonlocal checked
        found = figures_of[table][place, column]
        assert found == value or abs(found - value) < 1e-9, (table, place, column, found, value)  # type: ignore
        checked += 1

    figures_of = {table: figures(book, table) for table in (1, 4, 5, 6, 7)}
    whole = Numbers(
        sum(one.households or 0 for one in residents.values()), sum(one.persons or 0 for one in residents.values())
    )
    for place in [*places, "total"]:
        known = whole if place == "total" else residents[place]
        holds(1, place, "1", known.households)
        holds(1, place, "2", known.persons)
        for named, columns in (("ho_ngheo", ("3", "9")), ("ho_can_ngheo", ("5", "11"))):
            for column, unit, of in zip(columns, ("households", "persons"), known[:2], strict=True):
                holds(1, place, column, number[place, named, unit])
                holds(1, place, str(int(column) + 1), number[place, named, unit] / (of or 0) * 100)
        for table, named in ((4, "ho_ngheo"), (6, "ho_can_ngheo")):
            households = number[place, named, "households"]
            holds(table, place, "t", households)
            holds(table + 1, place, "t", households)
            holds(table, place, "s", sum(number[place, named, one.value] for one in Indicator))
            for at, one in enumerate(Indicator, 1):
                lacks = number[place, named, one.value]
                holds(table, place, f"c{at}", lacks)
                holds(table + 1, place, f"c{at}", lacks / households * 100 if households else "")
    return checked
