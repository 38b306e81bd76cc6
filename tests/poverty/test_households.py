"""Every household of `tests/cases/households.md` gets its class, points, indicators and reasons on the server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from survey.form.record import Clock, evaluate
from survey.poverty.assess import Assessment, assess
from survey.terms import Indicator
from tests.poverty.households import FILE, Case, household_form, read_cases

# Another day than any review of the table: the class must follow the day of the interview, not of the evaluation.
CLOCK = Clock(today=date(2027, 5, 1), now=datetime(2027, 5, 1, 2, 0, tzinfo=UTC))


FORM = household_form()
CASES = read_cases(FORM, FILE.read_text(encoding="utf-8"))


def quoted(assessment: Assessment) -> Iterator[str]:
    for result in assessment.indicators:
        yield from (because.member for because in result.because if because.member)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_household_is_classified_as_the_official_wrote(case: Case) -> None:
    evaluation = evaluate(FORM, case.answers, CLOCK)
    found = assess(FORM, evaluation)
    deprived = {result.indicator: result.deprived for result in found.indicators}

    assert deprived == dict(zip(Indicator, case.deprived, strict=True))
    assert found.household_class == case.household_class
    assert (found.b1, found.b2, found.illustrative) == (case.b1, case.b2, case.illustrative)
    assert set(quoted(found)) == case.persons_quoted
    if case.complete:
        assert [problem for problem in evaluation.problems if problem.severity == "error"] == []


def test_each_indicator_is_shown_alone_and_no_name_stands_twice() -> None:
    alone = {case.deprived.index(True) for case in CASES if case.deprived.count(True) == 1}
    assert alone == set(range(12))
    assert len({case.name for case in CASES}) == len(CASES) >= 60


def test_every_deprived_household_is_told_why() -> None:
    for case in CASES:
        for result in assess(FORM, evaluate(FORM, case.answers, CLOCK)).indicators:
            assert bool(result.because) == (result.deprived is True), (case.name, result.indicator)
