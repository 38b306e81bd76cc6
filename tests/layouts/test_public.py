"""The edition for the public of all tables at once: a made-up province, and an attacker who has every sheet of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random

import pytest

from models import Round
from survey.layouts import public, suppression
from survey.layouts.forms import Kind, counted_layouts, peoples
from survey.layouts.formulas import Place as At
from survey.layouts.grid import Columns, Holds
from survey.layouts.grouping import others
from survey.layouts.laying import TOTAL, Heading, Line, lay
from survey.layouts.suppression import above_of
from survey.layouts.tables import Book, Made, Scope
from survey.layouts.words import Said
from survey.submissions.register_table import Level
from survey.terms import HouseholdClass, Indicator
from tests.layouts.attacker import Program, determined, system, unknown_part
from tests.layouts.books import NOW

ROUND = Round(
    id="r-1", title="Rà soát định kỳ 2026", kind="dinh_ky", year=2026, standard="ND07-2021", trial=False,
    opens_on=NOW.date(), closes_on=NOW.date(),
)  # fmt: skip
POOR, NEAR = HouseholdClass.POOR.value, HouseholdClass.NEAR_POOR.value
Numbers = Counter[str]


def households(random: Random, of: int) -> Numbers:
    """What `of` households come to, by the names of `columns.csv`."""
    found: Numbers = Counter()
    for _ in range(of):
        one = random.choice([POOR, POOR, NEAR])
        persons, dtts = random.randint(1, 6), random.random() < 0.8
        who = {"dtts": dtts, "unable": random.random() < 0.15, "merit": random.random() < 0.05,
               "woman": random.random() < 0.2}  # fmt: skip
        first = next((name for name in ("dtts", "unable", "merit") if who[name]), "other")
        people = random.choice(["thai", "thai", "hmong", "khac"]) if dtts else "kinh"
        names = ["all", f"first.{first}", f"people.{people}", *(f"any.{name}" for name, so in who.items() if so)]
        names += ["kinh"] if not dtts else ["people.dtts"]
        for name in names:
            found[f"{one}.{name}"] += 1
            found[f"{one}.{name}.persons"] += persons
        found[f"{one}.households"] += 1
        found[f"{one}.persons"] += persons
        for lack in random.sample(list(Indicator), random.randint(3, 6) if one == POOR else random.randint(0, 2)):
            found[f"{one}.lack.{lack.value}"] += 1
        for reason in random.sample(["dat", "von", "lao_dong", "om_dau"], random.randint(0, 2)):
            found[f"{one}.reason.{reason}"] += 1
        children = random.randint(0, persons - 1)
        found[f"{one}.child.all"] += children
        found[f"{one}.child.insurance"] += random.randint(0, children)
        _moved(random, one, persons, found)
    return found + Counter(others(found, peoples()["14"]))


def _moved(random: Random, one: str, persons: int, found: Numbers) -> None:
    """It was there before or came; another left."""
    other = NEAR if one == POOR else POOR
    kind = random.choice(["stayed", "stayed", "stayed", "crossed", "new", "moved_in", "left"])
    for unit, number in (("", 1), (".persons", persons)):
        found[f"flow.{one}.9{unit}"] += number
        if kind == "crossed":
            found[f"flow.{other}.1{unit}"] += number
            found[f"flow.{other}.{2 if other == POOR else 3}{unit}"] += number
        found[f"flow.{one}.{_COLUMN[kind]}{unit}"] += number
        if kind == "left":  # with it a household of the start that is not poor any more
            found[f"flow.{one}.1{unit}"] += number
            found[f"flow.{one}.{3 if one == POOR else 2}{unit}"] += number


_COLUMN = {"stayed": 1, "crossed": 5, "new": 7, "moved_in": 8, "left": 1}


def book_of(place: str, by: Level, of: Mapping[str, Numbers]) -> Book:
    """Of each place its numbers; residents are twenty times as many as the poor, and some more."""
    whole = Counter[str]()
    for numbers in of.values():
        whole.update(numbers)
    heading = Heading(place, ROUND, by, [Said("provisional").sentence(str)], str)
    tables: dict[int, Made] = {}
    for number, form in sorted(counted_layouts().items()):
        form = form.with_peoples("14")
        units = ("households", "persons") if form.in_persons_too else ("",)
        lines = [
            Line(code, "" if code == TOTAL else code, unit,
                 {one.figure: numbers[one.figure + (".persons" if unit == "persons" else "")]
                  for one in form.columns if one.figure} | (dict(numbers) if not unit else {}), {}, True)
            for code, numbers in [*of.items(), (TOTAL, whole)] for unit in units
        ]  # fmt: skip
        form = form.with_beside({name for name, value in whole.items() if value})
        grid = lay(form, heading, lines, ([], []), {one: tables[one].grid for one in form.stands_on})
        tables[number] = Made(grid)
    return Book(Scope(ROUND, place, tuple(of), by), [Said("provisional")], tables, NOW, {})


def village(random: Random, of: int) -> Numbers:
    found = households(random, of)
    kinh, dtts = random.randint(0, 30), random.randint(20, 90)
    found += Counter({
        "resident.households": 20 + kinh + dtts, "resident.kinh_households": 10 + kinh,
        "resident.dtts_households": 10 + dtts, "resident.persons": 90 + 4 * (kinh + dtts),
        "resident.kinh_persons": 45 + 4 * kinh, "resident.dtts_persons": 45 + 4 * dtts,
    })  # fmt: skip
    return found


Shown = dict[tuple[str, str], int]


def read(books: Iterable[tuple[Book, Book]]) -> tuple[Shown, set[tuple[str, str]]]:
    """What the sheets show by line and figure, as somebody reads it who knows which figures are the same; and what is
    hidden in one of them. Given in pairs: what is exact, and what the public has of it."""
    values: Shown = {}
    gone: set[tuple[str, str]] = set()
    shown: set[tuple[str, str]] = set()
    for exact, book in books:
        for number, made in book.tables.items():
            columns = Columns(made.grid.layout).by_code
            for (row, column), cell in made.grid.cells.items():
                if not cell.column or columns[cell.column].kind in (Kind.RATE, Kind.SHARE, Kind.UNASKED):
                    continue
                place, _, unit = cell.row.partition(".")
                name = cell.figure + (".persons" if unit == "persons" else "")
                line = book.scope.place_id if place == TOTAL else place
                value = exact.values.of(At(made.grid.name, row, column))
                if not isinstance(value, int | float):
                    continue
                values[line, name] = int(value)
                (gone if cell.value == public.MARK else shown).add((line, name))
                assert number == made.grid.layout.number
    assert gone & shown == set()  # hidden in one table and shown in another
    return values, gone


def formulas() -> list[Mapping[str, int]]:
    """Those of the forms, and what everybody knows of them."""
    found: list[Mapping[str, int]] = []
    for form in counted_layouts().values():
        for column, terms in form.with_peoples("14").added:
            for end in ("", ".persons") if form.in_persons_too else ("",):
                found.append({column.figure + end: -1} | {
                    figure + end: sign for sign, figure in terms if not figure.endswith("unknown") and figure
                    not in (f"{POOR}.people.unknown.persons", f"{NEAR}.people.unknown.persons")
                })  # fmt: skip
    for one in (POOR, NEAR):
        found += [
            {f"{one}.households": 1, f"{one}.all": -1}, {f"{one}.persons": 1, f"{one}.all.persons": -1},
            {f"{one}.all": 1, f"flow.{one}.9": -1}, {f"{one}.all.persons": 1, f"flow.{one}.9.persons": -1},
            {f"{one}.all": 1, f"{one}.people.kinh": -1, f"{one}.people.dtts": -1},
            {f"{one}.all": 1, f"{one}.kinh": -1, f"{one}.any.dtts": -1},
            {f"{one}.first.dtts": 1, f"{one}.any.dtts": -1},
        ]  # fmt: skip
    found += [{f"flow.{POOR}.2": 1, f"flow.{NEAR}.5": -1}, {f"flow.{POOR}.5": 1, f"flow.{NEAR}.3": -1}]
    for unit in ("households", "persons"):
        found.append({f"resident.{unit}": -1, f"resident.kinh_{unit}": 1, f"resident.dtts_{unit}": 1})
    return found


@pytest.mark.thorough
def test_nothing_follows_from_all_sheets_of_province_and_communes() -> None:
    random = Random(2)
    villages = {
        f"c{at}": {
            f"c{at}v{number}": village(random, random.choice([0, 2, 9, 40]))
            for number in range(random.choice([1, 3, 4]))
        }
        for at in range(4)
    }
    communes = {name: sum(those.values(), Counter[str]()) for name, those in villages.items()}
    province = book_of("14", Level.COMMUNE, communes)
    frame, lines = public._read(province)
    found = suppression.hidden(frame, lines, lines.pop(TOTAL))
    books = [(province, public._shown(province, found, str))]
    for name, those in villages.items():
        book = book_of(name, Level.VILLAGE, those)
        books.append((book, public._shown(book, public.below(book, above_of(found, name)), str)))
    values, gone = read(books)
    small = {cell for cell, value in values.items() if value in range(1, 5)}
    assert small <= gone
    assert len(small) > 200
    lines_of = {line: {name for of, name in values if of == line} for line, _ in values}
    sums = [("14", list(communes)), *((name, list(those)) for name, those in villages.items())]
    every = system(lines_of, sums, formulas())
    assert [row for row in every if sum(by * values[cell] for cell, by in row.items())] == []
    rows = unknown_part(every, values, gone)
    assert determined(rows, gone) == set()
    program = Program(rows, gone)
    assert [cell for cell in sorted(gone)[::3] if not program.is_open(cell)] == []  # a third of them: each costs 10 ms


def test_a_rate_is_hidden_with_what_it_follows_from_and_no_formula_is_left() -> None:
    random = Random(3)
    book = book_of("c", Level.VILLAGE, {"a": village(random, 2), "b": village(random, 60), "c": village(random, 80)})
    frame, lines = public._read(book)
    found = suppression.hidden(frame, lines, lines.pop(TOTAL))
    edition = public._shown(book, found, str)
    one = {cell.column: cell for cell in edition.tables[1].grid.cells.values() if cell.row == "a"}
    assert f"{POOR}.households" in found.cells["a"]
    assert (one["3"].value, one["4"].value) == ("*", "*")
    five = [cell for cell in edition.tables[5].grid.cells.values() if cell.row == "a" and cell.column]
    assert {cell.value for cell in five} == {"*"}
    for made in edition.tables.values():
        for cell in made.grid.cells.values():
            assert cell.formula is None
            assert cell.link is None
            assert not (cell.holds in (Holds.COUNT, Holds.ENTERED) and cell.value in range(1, 5))
        assert any("*" in words for words in public.said(made.grid))
