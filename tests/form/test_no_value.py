"""What each function and operator makes of what is no figure: NaN, a blank, a text that is no number, infinities.

The rule (docs/expressions.md): a number that cannot be told is blank wherever a value is stored or chosen, and its name
“NaN” appears only where an expression itself asks for a number's text, as XPath 1.0 §4.2 has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.form.form import Form
from survey.form.functions import ARITY
from survey.form.record import evaluate
from survey.xlsform.compile import Compiler, compile_workbook
from tests.cases.compile_expressions import ANSWERS, TABLE, cases, workbook
from tests.examples import examples
from tests.form.test_two_evaluators import CLOCK, Phone, phone, plain_json

__all__ = ["phone"]  # a fixture

ODD = {
    "NaN": "0 div 0",
    "a blank": "${trong}",
    "a text": "'abc'",
    "infinity": "1 div 0",
    "minus infinity": "-1 div 0",
}
# Each function with arguments that are in order; of those in brackets none is replaced: they name a place or a list.
CALLS: dict[str, list[str]] = {
    "not": ["true()"], "boolean": ["1"], "boolean-from-string": ["'1'"], "if": ["true()", "1", "2"],
    "coalesce": ["1", "2"], "once": ["1"], "string": ["1"], "concat": ["'a'", "'b'"], "join": ["'-'", "'a'", "'b'"],
    "contains": ["'abc'", "'b'"], "starts-with": ["'abc'", "'a'"], "ends-with": ["'abc'", "'c'"],
    "substr": ["'abc'", "1", "2"], "substring": ["'abc'", "2", "1"], "substring-before": ["'abc'", "'b'"],
    "substring-after": ["'abc'", "'b'"], "string-length": ["'abc'"], "normalize-space": ["' a '"],
    "translate": ["'abc'", "'b'", "'d'"], "regex": ["'abc'", "['[a-c]+']"],
    "digest": ["'abc'", "[concat('MD', 5)]", "'hex'"],
    "base64-decode": ["'YWJj'"], "extract-signed": ["'YWJj'", "'YWJj'"], "number": ["1"], "int": ["1.5"],
    "round": ["1.25", "1"], "floor": ["1.5"], "ceiling": ["1.5"], "abs": ["-1"], "pow": ["2", "2"], "sqrt": ["4"],
    "exp": ["0"], "exp10": ["1"], "log": ["1"], "log10": ["10"], "sin": ["0"], "cos": ["0"], "tan": ["0"],
    "asin": ["0"], "acos": ["1"], "atan": ["0"], "atan2": ["0", "1"], "sum": ["${tv}/tuoi"], "min": ["1", "2"],
    "max": ["1", "2"], "count": ["${tv}"], "count-non-empty": ["${tv}/ten"], "position": ["[..]"],
    "indexed-repeat": ["[${ten}]", "[${tv}]", "2"], "pulldata": ["['bang']", "['diem']", "['ma']", "'a'"],
    "jr:choice-name": ["'xe'", "['${mot}']"], "selected": ["'a b'", "'b'"], "selected-at": ["'a b'", "1"],
    "count-selected": ["'a b'"], "checklist": ["1", "2", "true()"], "weighted-checklist": ["1", "2", "true()", "1"],
    "date": ["'2026-01-31'"], "date-time": ["'2026-01-31'"], "decimal-date-time": ["'2026-01-31'"],
    "decimal-time": ["'06:00'"], "format-date": ["'2026-01-31'", "'%Y'"], "format-date-time": ["'2026-01-31'", "'%H'"],
    "randomize": ["[${tv}/ten]", "1"], "area": ["'0 0;0 1;1 1'"], "distance": ["'0 0;0 1'", "'0 1'"],
    "geofence": ["'1 2'", "'0 0;0 9;9 9;9 0'"],
}  # fmt: skip
ALONE = {"true", "false", "current", "last", "instance", "pi", "random", "today", "now", "uuid"}  # nothing to put in
OPERATORS = ["+", "-", "*", "div", "mod", "=", "!=", "<", "<=", ">", ">=", "and", "or"]
# What gives the text of an argument back, whole or in parts: of a number that text is “NaN” (XPath 1.0 §4.2).
TEXTS = {
    "string", "concat", "join", "substr", "substring", "substring-after", "normalize-space", "translate", "selected-at",
    "format-date", "format-date-time",
}  # fmt: skip
NODES = {"sum", "count", "count-non-empty", "randomize"}  # wants nodes: a list of one is one node


def called(name: str, given: list[str]) -> str:
    """The call as it is written; randomize() gives nodes, of which the texts are looked at."""
    text = f"{name}({', '.join(one.removeprefix('[').removesuffix(']') for one in given)})"
    return f"join(',', {text})" if name == "randomize" else text


def replaced() -> Iterator[str]:
    """Every function and operator with each of its arguments in turn being no figure."""
    for name, ordinary in CALLS.items():
        for at, argument in enumerate(ordinary):
            for odd in ODD.values() if not argument.startswith("[") else ():
                yield called(name, [*ordinary[:at], odd, *ordinary[at + 1 :]])
    for operator in OPERATORS:
        for odd in ODD.values():
            yield f"({odd}) {operator} 2"
            yield f"2 {operator} ({odd})"
    yield from (f"-({odd})" for odd in ODD.values())


def form_of(expressions: list[str]) -> Form:
    """A form that calculates each of these, as `ket_qua_0`, `ket_qua_1`, …"""
    rows = workbook("%s").split("\n")
    at = next(number for number, row in enumerate(rows) if "ket_qua" in row)
    cells = (expression.replace("|", "\\|") for expression in expressions)
    rows[at : at + 1] = [rows[at].replace("ket_qua", f"ket_qua_{n}") % cell for n, cell in enumerate(cells)]
    with pytest.MonkeyPatch.context() as patch:  # what they cost is held by tests/form/test_metered.py
        patch.setattr(Compiler, "check_costs", lambda *of: None)
        return compile_workbook("\n".join(rows), {"bang.csv": TABLE})


def both(phone: Phone, expressions: list[str]) -> dict[str, Any]:
    """What each expression gives, which must be the same on server and phone."""
    form = form_of(expressions)
    here = evaluate(form, ANSWERS, CLOCK).values
    assert plain_json(here) == plain_json(phone.evaluate(form, ANSWERS)["values"])
    return {expression: here.get(f"ket_qua_{n}") for n, expression in enumerate(expressions)}


def test_every_function_is_asked() -> None:
    assert CALLS.keys() | ALONE == ARITY.keys()


@pytest.mark.thorough
def test_phone_and_server_agree_on_what_is_no_figure_in_every_place(phone: Phone) -> None:
    found = both(phone, list(replaced()))
    named = {e: value for e, value in found.items() if "NaN" in str(value)}
    assert {expression.partition("(")[0] for expression in named} <= TEXTS, named


def test_every_place_has_its_row_in_the_tables() -> None:
    assert set(replaced()) <= {case["expression"] for case in cases()}


@pytest.mark.parametrize("nothing", ["${trong} * 2", "number(${trong})", "0 div 0", "sum(${tv}/biet_chu)", "sqrt(-1)"])
@pytest.mark.parametrize(
    "pattern", ["%s", "coalesce(%s, '')", "if(true(), %s, 1)", "once(%s)", "coalesce('', %s)", "coalesce(%s, %s)"]
)
def test_a_number_that_cannot_be_told_is_stored_as_a_blank(phone: Phone, pattern: str, nothing: str) -> None:
    [value] = both(phone, [pattern.replace("%s", nothing)]).values()
    assert value is None


PLAIN = ["7", "2.5", "-3", "0", "'a b'", "'2026-01-31'", "${tv}/tuoi", "${an}", "true()"]
VALUES = st.sampled_from([*ODD.values(), *PLAIN])


@st.composite
def calls(draw: st.DrawFn, deep: int = 2) -> str:
    """A call of any function with any arguments, some of them calls again."""
    name = draw(st.sampled_from(sorted(CALLS.keys() - {"position"})))
    inner = VALUES if deep == 1 else st.one_of(VALUES, calls(deep - 1))
    fixed = [one if one.startswith("[") or name in NODES - {"randomize"} else None for one in CALLS[name]]
    return called(name, [one or draw(inner) for one in fixed])


@pytest.mark.thorough
@settings(max_examples=examples(50), derandomize=True, deadline=None)
@given(st.lists(calls(), min_size=6, max_size=6, unique=True))
def test_any_call_of_what_is_no_figure_gives_the_same_and_coalesce_fills_it(phone: Phone, made: list[str]) -> None:
    filled = [f"coalesce({one}, 'đầy')" for one in made]
    numbers = [f"coalesce(number({one}), 5)" for one in made]
    found = both(phone, [*made, *filled, *numbers])
    for one, full, number in zip(made, filled, numbers, strict=True):
        assert found[full] is not None
        assert found[number] != "NaN"
        if one.partition("(")[0] not in TEXTS | {"if", "coalesce", "once"}:
            assert found[one] != "NaN"
            assert found[full] != "NaN"
