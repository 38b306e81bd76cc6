"""The expressions of tests/cases/expressions.md, as the server evaluates them."""

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from survey.form.form import Form
from survey.form.functions import ARITY
from survey.form.record import Clock, evaluate
from survey.xlsform.compile import compile_workbook
from tests.cases.compile_expressions import TABLE, cases, compiled, workbook

CASES = cases()
CLOCK = Clock(datetime(2026, 11, 23, tzinfo=UTC).date(), datetime(2026, 11, 23, 1, 30, tzinfo=UTC))


def test_the_table_is_as_large_as_promised() -> None:
    assert len(CASES) >= 600
    assert all(case["section"].strip() for case in CASES)


@pytest.mark.parametrize("name", sorted(ARITY))
def test_each_function_has_its_cases(name: str) -> None:
    call = re.compile(rf"(?<![\w:-]){re.escape(name)}\(")
    assert sum(bool(call.search(case["expression"])) for case in CASES) >= 4, name


@cache
def ready() -> list[dict[str, Any]]:
    return compiled(CASES)


@pytest.mark.parametrize("every", [pytest.param(20, id="some"), pytest.param(1, id="all", marks=pytest.mark.journey)])
def test_a_form_compiled_together_with_others_is_the_one_compiled_alone(every: int) -> None:
    for case in ready()[::every]:
        alone = compile_workbook(workbook(case["expression"], case["inside"]), {"bang.csv": TABLE}).as_json()
        assert {**case["bundle"], "hash": alone["hash"]} == alone, case["expression"]


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{c['inside']}{c['expression']}" for c in CASES])
def test_expression_gives_what_the_specification_says(number: int) -> None:
    case = ready()[number]
    values = evaluate(Form.from_json(case["bundle"]), case["answers"], CLOCK).values
    if case["inside"]:
        assert [member.get("ket_qua") for member in values["tv"]] == case["gives"]
    else:
        assert values.get("ket_qua") == case["gives"]
        assert type(values.get("ket_qua")) is type(case["gives"])
