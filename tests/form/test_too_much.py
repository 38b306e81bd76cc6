"""What an earlier release published and this one does not run: said of the record, on server and phone alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from survey.form.form import Form
from survey.form.record import answering, evaluate
from survey.xlsform.compile import compile_workbook
from tests.form.test_two_evaluators import CLOCK, Phone

BOOK = """
| survey | | | | | | |
| | type | name | label | constraint | calculation | relevant |
| | text | ten | Tên | regex(., '[a-z]+') | | |
| | integer | so | Số | | | |
| | calculate | doi | | | ${so} * 2 | |
| | calculate | ma | | | if(${so} > 5, regex(${ten}, '[a-z]+'), 'x') | |
"""
RAW = "(?=a)(a+)+$"  # taken until patterns were compiled


@pytest.fixture(scope="module")
def phone() -> Iterator[Phone]:
    running = Phone()
    yield running
    assert running.process.stdin and running.process.stdout
    running.process.stdin.close()
    running.process.wait(10)
    running.process.stdout.close()


def published_before() -> Form:
    """The form as a release of before kept it: its pattern is not taken today."""
    bundle = compile_workbook(BOOK).as_json()

    def older(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: older(value) for key, value in tree.items()}
        if isinstance(tree, list):
            return [RAW if part == "[a-z]+" else older(part) for part in tree]
        return tree

    return Form.from_json(older(bundle))


def test_a_rule_that_is_not_run_is_said_of_the_whole_record() -> None:
    done = evaluate(published_before(), {"ten": "a" * 27 + "!", "so": 7}, CLOCK)
    assert [(one.path, one.kind, one.severity) for one in done.problems] == [("", "too_much", "error")]
    assert done.values == {"ten": "a" * 27 + "!", "so": 7}  # the answers stand, nothing is made of them


def test_where_the_rule_is_not_asked_the_record_is_as_ever() -> None:
    done = evaluate(published_before(), {"so": 3}, CLOCK)
    assert (done.problems, done.values) == ([], {"so": 3, "doi": 6, "ma": "x"})


def test_a_supposed_answer_whose_rule_is_not_run_stops_nothing() -> None:
    done = evaluate(published_before(), {"so": 3}, CLOCK)
    with answering(done, {("so", 0): 7.0}):
        assert done.nodes["doi"][0].value == 14
    assert done.values == {"so": 3, "doi": 6, "ma": "x"}


@pytest.mark.parametrize(
    ("answers", "is_too_much"), [({"ten": "aa", "so": 1}, True), ({"so": 7}, True), ({"so": 3}, False)]
)
def test_phone_and_server_say_it_of_the_same_records(phone: Phone, answers: Any, is_too_much: bool) -> None:
    form = published_before()
    here = any(one.kind == "too_much" for one in evaluate(form, answers, CLOCK).problems)
    assert (here, phone.evaluate(form, answers).get("isTooMuch", False)) == (is_too_much, is_too_much)
