"""What the public does not see cannot be computed: by hand, and against an attacker who tries every table that fits."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from survey.layouts import suppression
from survey.layouts.suppression import FIVE, SMALL, TOTAL, Equation, Frame, Hidden, above_of, hidden
from tests.examples import examples
from tests.layouts.attacker import Cell, Program, Row, bounds, counted_out, determined, system, unknown_part

ALL_IS_PARTS: Equation = {"all": -1, "kinh": 1, "dtts": 1}
GROUPS: Equation = {"all": -1, "unable": 1, "merit": 1, "other": 1}
ENDS: Equation = {"end": -1, "start": 1, "left": -1, "new": 1}
SAME: Equation = {"end": 1, "all": -1}
COLUMNS = ("kinh", "dtts", "all")
Table = dict[str, dict[str, int]]


def summed(lines: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    names = {name for figures in lines.values() for name in figures}
    return {name: sum(figures[name] for figures in lines.values()) for name in names}


def frame_of(total: Mapping[str, int], *equations: Equation) -> Frame:
    return Frame(total.keys(), equations, total)


def cells_of(found: Hidden) -> set[Cell]:
    return {(line, name) for line, names in found.cells.items() for name in names}


def of(kinh: int, dtts: int) -> dict[str, int]:
    return {"kinh": kinh, "dtts": dtts, "all": kinh + dtts}


def attacked(lines: Mapping[str, Mapping[str, int]], found: Hidden, *equations: Equation) -> list[tuple[Row, int]]:
    """What an attacker has of one table with its total."""
    whole = {**lines, TOTAL: summed(lines)}
    values = {(line, name): value for line, figures in whole.items() for name, value in figures.items()}
    rows = system(whole, [(TOTAL, list(lines))], equations)
    return unknown_part(rows, values, cells_of(found))


def test_a_small_figure_takes_a_second_along_in_its_line_and_in_its_column() -> None:
    lines = {"A": of(3, 40), "B": of(20, 30), "C": of(50, 60)}
    found = hidden(frame_of(summed(lines), ALL_IS_PARTS), lines, summed(lines))
    # 3 Kinh in A would follow from 43 - 40, and from 73 - 20 - 50: a line beside A gives as many as it takes.
    assert found.cells["A"] == {"kinh", "dtts"}
    assert [line for line in "BC" if found.cells[line] == {"kinh", "dtts"}] == ["B"]
    assert found.cells[TOTAL] == set()
    rows = attacked(lines, found, ALL_IS_PARTS)
    assert bounds(rows, ("A", "kinh")) == (0, 23)


def test_where_nothing_is_small_nothing_is_hidden_and_zero_is_shown() -> None:
    lines = {"A": of(0, 40), "B": of(20, 0)}
    assert not cells_of(hidden(frame_of(summed(lines), ALL_IS_PARTS), lines, summed(lines)))


def test_one_line_alone_takes_its_total_along() -> None:
    found = hidden(frame_of(of(3, 40), ALL_IS_PARTS), {"A": of(3, 40)}, of(3, 40))
    assert "kinh" in found.cells["A"]
    assert found.cells["A"] == found.cells[TOTAL]
    rows = attacked({"A": of(3, 40)}, found, ALL_IS_PARTS)
    low, high = bounds(rows, ("A", "kinh"))
    assert high - low >= FIVE - 1


def test_the_second_figure_has_room_enough() -> None:
    # B would do as a second line, but 2 + 1 households are few: with C there are five possible values and more.
    lines = {"A": {"merit": 2}, "B": {"merit": 0}, "C": {"merit": 30}}
    found = hidden(frame_of(summed(lines)), lines, summed(lines))
    assert cells_of(found) == {("A", "merit"), ("C", "merit")}


def test_the_attacker_finds_what_is_hidden_badly() -> None:
    """A check of the check: without its second figure it is computed."""
    lines = {"A": of(3, 40), "B": of(20, 30)}
    alone = Hidden({"A": {"kinh"}})
    rows = attacked(lines, alone, ALL_IS_PARTS)
    assert determined(rows, {("A", "kinh")}) == {("A", "kinh")}
    assert bounds(rows, ("A", "kinh")) == (3, 3)
    square = Hidden({"A": {"kinh", "dtts"}, "B": {"kinh"}})
    rows = attacked(lines, square, ALL_IS_PARTS)
    assert determined(rows, cells_of(square)) == cells_of(square)
    assert counted_out(rows, sorted(cells_of(square)), 40)["A", "kinh"] == {3}


def test_a_villages_sum_does_not_tell_what_its_commune_hides() -> None:
    villages = {"x": {"X1": of(3, 30), "X2": of(0, 10)}, "y": {"Y1": of(10, 30), "Y2": of(10, 50)}}
    communes = {name: summed(those) for name, those in villages.items()}
    frame = frame_of(summed(communes), ALL_IS_PARTS)
    above = hidden(frame, communes, summed(communes))
    assert above.cells["y"] == {"kinh", "dtts"}  # not small: hidden for the sake of x
    for name, those in villages.items():
        below = hidden(frame, those, communes[name], above_of(above, name))
        for column in above.cells[name]:
            assert any(column in below.cells[village] for village in those), (name, column)


figures = st.builds(of, st.sampled_from([0, 0, 1, 2, 3, 4, 5, 7]), st.sampled_from([0, 1, 2, 4, 6, 9]))


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(figures, min_size=1, max_size=3))
def test_an_attacker_who_tries_every_table_finds_two_values_or_more(those: list[dict[str, int]]) -> None:
    lines = dict(zip("ABC", those, strict=False))
    found = hidden(frame_of(summed(lines), ALL_IS_PARTS), lines, summed(lines))
    assert {(line, name) for line in lines for name in COLUMNS if lines[line][name] in SMALL} <= cells_of(found)
    assert suppression.undetermined(found, list(found.cells))
    rows = attacked(lines, found, ALL_IS_PARTS)
    assert not determined(rows, cells_of(found))
    program = Program(rows, cells_of(found))
    assert [cell for cell in sorted(cells_of(found)) if not program.is_open(cell)] == []
    few = sorted(cells_of(found))
    most = max([{**lines, TOTAL: summed(lines)}[line][name] for line, name in few], default=0) + 1
    if (most + 1) ** len(few) <= 30_000:
        assert all(len(values) >= 2 for values in counted_out(rows, few, most).values())


@st.composite
def province(draw: st.DrawFn) -> dict[str, Table]:
    """Communes of villages, of a few kinds of households each."""
    kinds = st.fixed_dictionaries({
        "kinh": st.sampled_from([0, 1, 2, 6]), "unable": st.integers(0, 3), "merit": st.integers(0, 2),
        "dtts": st.sampled_from([0, 3, 8, 20]), "start": st.integers(0, 12),
    })  # fmt: skip

    def village(one: dict[str, int]) -> dict[str, int]:
        every = one["kinh"] + one["dtts"]
        unable = min(one["unable"], every)
        merit = min(one["merit"], every - unable)
        left = max(0, one["start"] - every)
        return {
            "kinh": one["kinh"], "dtts": one["dtts"], "all": every, "unable": unable, "merit": merit,
            "other": every - unable - merit, "start": one["start"], "left": left,
            "new": every - one["start"] + left, "end": every,
        }  # fmt: skip

    return {
        f"c{at}": {f"c{at}v{number}": village(one) for number, one in enumerate(those)}
        for at, those in enumerate(draw(st.lists(st.lists(kinds, min_size=1, max_size=4), min_size=1, max_size=4)))
    }


@settings(max_examples=examples(12), deadline=None)
@given(province())
def test_with_the_tables_of_province_and_communes_together_nothing_follows(villages: dict[str, Table]) -> None:
    """The attacker has every table at once, lines of three levels and four formulas across them."""
    equations = (ALL_IS_PARTS, GROUPS, ENDS, SAME)
    communes = {name: summed(those) for name, those in villages.items()}
    total = summed(communes)
    frame = frame_of(total, *equations)
    above = hidden(frame, communes, total)
    gone = cells_of(above)
    for name, those in villages.items():
        gone |= cells_of(hidden(frame_of(communes[name], *equations), those, communes[name], above_of(above, name)))
    lines = {TOTAL: total, **communes} | {village: one for those in villages.values() for village, one in those.items()}
    values = {(line, name): value for line, those in lines.items() for name, value in those.items()}
    assert {cell for cell, value in values.items() if value in SMALL} <= gone
    sums = [(TOTAL, list(communes)), *((name, list(those)) for name, those in villages.items())]
    rows = unknown_part(system(lines, sums, equations), values, gone)
    assert not determined(rows, gone)
    program = Program(rows, gone)
    assert [cell for cell in sorted(gone) if not program.is_open(cell)] == []
