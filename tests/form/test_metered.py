"""What rules cost is counted the same on server and phone, never more than was said beforehand, and has an end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.form import record
from survey.form.bound import Bound, Sizes
from survey.form.budget import MOST_VISITS, Meter, TooMuch
from survey.form.form import Form
from survey.form.record import evaluate, visits_of
from survey.xlsform.compile import Compiler, compile_workbook
from survey.xlsform.faults import WorkbookError
from tests.cases.compile_expressions import TABLE, workbook
from tests.examples import examples
from tests.form.test_two_evaluators import (
    ANSWERS,
    CLOCK,
    HOUSEHOLD_FORM,
    INTERVIEW_FORM,
    KINDS_FORM,
    LARGE_FORM,
    Phone,
    answers_in,
    number,
    text,
    truth,
)

CASES = json.loads((Path(__file__).parents[1] / "cases" / "visits.json").read_text())
ANY = 10**12  # visits


@pytest.fixture(scope="module")
def phone() -> Iterator[Phone]:
    running = Phone()
    yield running
    assert running.process.stdin and running.process.stdout
    running.process.stdin.close()
    running.process.wait(10)
    running.process.stdout.close()


def published_before(book: str, files: dict[str, bytes]) -> Form:
    """As a release of before took it, which asked nothing of its cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compiler, "check_costs", lambda *of: None)
        return compile_workbook(book, files)


def form_of(*expressions: str) -> Form:
    rows = workbook("%s").split("\n")
    at = next(number for number, row in enumerate(rows) if "ket_qua" in row)
    rows[at : at + 1] = [rows[at].replace("ket_qua", f"ket_qua_{n}") % one for n, one in enumerate(expressions)]
    return published_before("\n".join(rows), {"bang.csv": TABLE})


def agreed(phone: Phone, form: Form, answers: Any) -> int:
    """The visits of a record, which phone and server count alike and which the bound does not fall short of. What they
    find is what they find without counting."""
    there = phone.evaluate(form, answers, counting=True)
    # What a phone sends, and so what it counts, is what is asked alone.
    asked = evaluate(form, answers, CLOCK)
    counted = visits_of(form, there["submission"], CLOCK, ANY)
    assert counted == there["visits"]
    done = evaluate(form, there["submission"], CLOCK)
    assert counted <= Bound(form, Sizes(done.instances, done.letters, done.names)).visits
    assert done.values == asked.values
    return counted


BASE = form_of("0")


@pytest.mark.parametrize("case", CASES["expressions"], ids=lambda case: case["expression"])
def test_an_expression_costs_what_the_table_says(phone: Phone, case: dict[str, Any]) -> None:
    answers = CASES["answers"]
    assert agreed(phone, form_of(case["expression"]), answers) - agreed(phone, BASE, answers) == case["visits"]


@pytest.mark.thorough
@settings(max_examples=examples(80), derandomize=True, deadline=None)
@given(expressions=st.lists(st.one_of(number(3), text(3), truth(2)), min_size=8, max_size=8), answers=ANSWERS)
def test_any_expression_costs_the_same_on_phone_and_server(
    phone: Phone, expressions: list[str], answers: dict[str, Any]
) -> None:
    agreed(phone, form_of(*expressions), answers)


@pytest.mark.parametrize(
    "form",
    [HOUSEHOLD_FORM, LARGE_FORM, INTERVIEW_FORM, KINDS_FORM],
    ids=["household", "large", "interview", "kinds"],
)
@settings(max_examples=examples(20), derandomize=True, deadline=None)
@given(data=st.data())
def test_any_record_costs_the_same_on_phone_and_server(phone: Phone, form: Form, data: Any) -> None:
    agreed(phone, form, data.draw(answers_in(form, form.children)))


@settings(max_examples=examples(20), derandomize=True, deadline=None)
@given(data=st.data())
def test_what_counts_finds_what_does_not(data: Any) -> None:
    """Where nothing is counted, and where all of it is, a record comes out the same."""
    form = data.draw(st.sampled_from([HOUSEHOLD_FORM, INTERVIEW_FORM, KINDS_FORM]))
    answers = data.draw(answers_in(form, form.children))
    plain = evaluate(form, answers, CLOCK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "most_visits", lambda *of: ANY)
        patch.setattr(record, "MOST_VISITS", ANY - 1)
        patch.setattr(record, "Meter", lambda: Meter(ANY))
        counted = evaluate(form, answers, CLOCK)
    assert counted.environment.meter is not None and plain.environment.meter is None
    assert (counted.values, counted.problems) == (plain.values, plain.problems)


# --- bombs ------------------------------------------------------------------------------------------------------------

PLAIN = """
| survey | | | | |
| | type | name | label | calculation |
| | csv-external | t | | |
| | text | d0 | Tên | |
| | begin_repeat | tv | Người | |
| | integer | tuoi | Tuổi | |
| | end_repeat | | | |
"""
ROWS = "ma,so\n" + "".join(f"m{number},{number}\n" for number in range(400))
FILES = {"t.csv": ROWS.encode()}
DOUBLED = "".join(f"| | calculate | d{at + 1} | | concat(${{d{at}}}, ${{d{at}}}) |\n" for at in range(24))
WITHIN = "| | calculate | s | | count(instance('t')/root/item[count(instance('t')/root/item[so > 5]) > 1]) |\n"
CUBED = "| | calculate | s | | count(${tv}[count(${tv}[count(${tv}[tuoi > 1]) > 1]) > 1]) |\n"
BOMBS = [
    pytest.param(DOUBLED, {"d0": "x"}, id="a text doubled 24 times"),
    pytest.param(WITHIN, {}, id="a predicate within one over 400 rows"),
    pytest.param(CUBED, {"tv": [{"tuoi": 5}] * 200}, id="three within one another over 200 members"),
]


@pytest.mark.parametrize(("rows", "answers"), BOMBS)
def test_a_bomb_that_is_published_is_too_much_on_both_sides(phone: Phone, rows: str, answers: Any) -> None:
    form = published_before(PLAIN + rows, FILES)
    done = evaluate(form, answers, CLOCK)
    assert [(one.path, one.kind) for one in done.problems] == [("", "too_much")]
    assert phone.evaluate(form, answers)["isTooMuch"]
    # Half of the budget is its end as well as all of it: what it takes is bounded by what is counted.
    with pytest.raises(TooMuch):
        visits_of(form, answers, CLOCK, MOST_VISITS // 2)


@pytest.mark.parametrize(("rows", "answers"), BOMBS)
def test_a_bomb_is_refused_before_it_is_published(rows: str, answers: Any) -> None:
    with pytest.raises(WorkbookError) as refused:
        compile_workbook(PLAIN + rows, FILES)
    assert all(fault.row and fault.row >= 7 and fault.column == "calculation" for fault in refused.value.faults)


def test_a_record_of_the_same_form_that_costs_little_is_as_ever() -> None:
    form = published_before(PLAIN + CUBED, FILES)
    done = evaluate(form, {"tv": [{"tuoi": 5}] * 3}, CLOCK)
    assert (done.problems, done.values["s"]) == ([], 3)


def test_households_of_any_sensible_size_stay_far_below_the_budget() -> None:
    """docs/expressions.md: thirty members, each with a text of every question."""
    many = answers_of(HOUSEHOLD_FORM, HOUSEHOLD_FORM.children, 30)
    assert 10_000 < visits_of(HOUSEHOLD_FORM, many, CLOCK, ANY) < MOST_VISITS / 10


def answers_of(form: Form, items: list[Any], members: int) -> dict[str, Any]:
    """Every question answered with the first that fits."""
    found: dict[str, Any] = {}
    plain = {"integer": 30, "decimal": 7.5, "date": "1990-10-01", "today": "2026-11-23", "geopoint": "21 103 0 0"}
    for item in items:
        if item.type == "group":
            found[item.name] = answers_of(form, item.children, members)
        elif item.type == "repeat":
            found[item.name] = [answers_of(form, item.children, members)] * members
        elif item.list is not None:
            found[item.name] = form.rows[item.list][0][item.from_file.get("value", "name")]
        elif item.type not in ("calculate", "note"):
            found[item.name] = plain.get(item.type, "Lò Văn A")
    return found
