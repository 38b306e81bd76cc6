"""Formulas in one normal form, wherever a table was pushed to, and what they come to."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.layouts.formulas import (
    NoFormula,
    Origin,
    Place,
    Value,
    as_file,
    canonical,
    column_number,
    evaluate,
    letters,
    normal,
)  # fmt: skip

HERE = Origin("Bieu_5", 1, 1)
SHEETS = {"Biểu 4": Origin("Bieu_4", 3, 2), "Biểu 5": HERE}
CELLS: dict[Place, Value] = {Place("", 1, 1): 8, Place("", 1, 2): 2, Place("", 2, 1): None, Place("", 2, 2): "chữ"}


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("C7/C8*100", "R7C3/R8C3*100"),
        ("$C$7/ c8 * 100.0", "R7C3/R8C3*100"),
        ("'Biểu 4'!D7", "Bieu_4!R5C3"),  # that table begins in B3
        ("'Biểu 5'!D7", "R7C4"),  # its own
        ('if(C7=0,"",1/C7)', 'IF(R7C3=0,"",1/R7C3)'),
        ("sum(C7:C9,E7)", "SUM(R7C3:R9C3,R7C5)"),
        ("R5*C3", "R5C18*R3C3"),  # a column may be called R
    ],
)
def test_a_formula_has_one_normal_form(written: str, wanted: str) -> None:
    assert normal(written, HERE, SHEETS) == wanted


@pytest.mark.parametrize(
    "written",
    ["C7^2", "'Trang lạ'!C7", "[1]Sheet1!C7", "C7 D7 {", "#REF!", "R7C3", 'cmd|"/c calc"!A1', "C7" * 5000, '"abc'],
)
def test_what_is_none_of_ours_has_no_normal_form(written: str) -> None:
    with pytest.raises(NoFormula):
        normal(written, HERE, SHEETS)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("1+2*3", 7), ("(1+2)*3", 9), ("-R1C2+1", -1), ("R1C1/R1C2*100", 400.0), ("R2C1+1", 1),
        ("SUM(R1C1:R2C2,1)", 11),  # a text and a blank are passed over
        ("ROUND(2.345,2)", 2.35), ("ROUND(0-2.345,2)", -2.35), ("ROUND(1250,0-2)", 1300.0),
        ('IF(R2C1=0,"",1/R2C1)', ""),  # a blank is 0, and what is not taken is not worked out
        ('IF(R1C1>=8,"có","không")', "có"), ('IF(R2C2="chữ",1,0)', 1), ('IF(R2C2<>"khác",1,0)', 1),
        ("IF(R2C2>999,1,0)", 1),  # any text is above any number
    ],
)  # fmt: skip
def test_it_comes_to_what_a_spreadsheet_says(formula: str, value: Value) -> None:
    assert evaluate(formula, CELLS.get) == value


@pytest.mark.parametrize("formula", ["1/0", "R2C2+1", "SUM(", "1 2", "IF(1,2)", "(((1", "-" * 200 + "1", "", "NOW()"])
def test_what_comes_to_nothing_is_told(formula: str) -> None:
    with pytest.raises(NoFormula):
        evaluate(formula, CELLS.get)


@given(st.integers(1, 16384))
def test_columns_are_called_as_in_a_spreadsheet(number: int) -> None:
    assert column_number(letters(number)) == number


@given(st.integers(1, 900), st.integers(1, 60), st.integers(1, 50), st.integers(1, 30))
def test_a_formula_finds_its_way_back_wherever_the_table_lies(row: int, column: int, down: int, right: int) -> None:
    origin = Origin("Bieu_1", down, right)
    formula = f'IF(R{row}C{column}=0,"",Bieu_2!R{row}C1/R{row}C{column}*100)'
    titles = {"Bieu_2": ("Trang 'hai'", Origin("Bieu_2", 1, 1))}
    written = as_file(formula, origin, titles)
    assert normal(written, origin, {"Trang 'hai'": Origin("Bieu_2", 1, 1)}) == formula


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_rate_is_the_fraction_to_fifteen_digits(part: int, whole: int) -> None:
    value = evaluate("R1C1/R1C2*100", {Place("", 1, 1): part, Place("", 1, 2): whole}.get)
    assert isinstance(value, int | float)
    assert abs(Fraction(value) - Fraction(part * 100, whole)) <= Fraction(value) / 10**14
    assert canonical(float(canonical(value))) == canonical(value)
