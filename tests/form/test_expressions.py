"""The expressions of tests/cases/expressions.md, as the server evaluates them."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from survey.form.form import Form
from survey.form.functions import ARITY
from survey.form.record import Clock, evaluate
from tests.cases.compile_expressions import cases, compiled

CASES = cases()
CLOCK = Clock(datetime(2026, 11, 23, tzinfo=UTC).date(), datetime(2026, 11, 23, 1, 30, tzinfo=UTC))


def test_the_table_is_as_large_as_promised() -> None:
    assert len(CASES) >= 600
    assert all(case["section"].strip() for case in CASES)


@pytest.mark.parametrize("name", sorted(ARITY))
def test_each_function_has_its_cases(name: str) -> None:
    call = re.compile(rf"(?<![\w:-]){re.escape(name)}\(")
    assert sum(bool(call.search(case["expression"])) for case in CASES) >= 4, name


@pytest.mark.parametrize("case", CASES, ids=[f"{c['inside']}{c['expression']}" for c in CASES])
def test_expression_gives_what_the_specification_says(case: dict[str, Any]) -> None:
    ready = compiled(case)
    values = evaluate(Form.from_json(ready["bundle"]), ready["answers"], CLOCK).values
    if case["inside"]:
        assert [member.get("ket_qua") for member in values["tv"]] == case["gives"]
    else:
        assert values.get("ket_qua") == case["gives"]
        assert type(values.get("ket_qua")) is type(case["gives"])
