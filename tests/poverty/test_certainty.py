"""A class is shown as soon as nothing can change it, and never before: every answer that is missing is tried."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.form.form import Item
from survey.form.record import Clock, evaluate
from survey.poverty.assess import assess
from tests.examples import examples
from tests.poverty.families import BIRTH, DAY, FIGURES, changed, household, questions
from tests.poverty.households import household_form

pytestmark = pytest.mark.thorough

FORM = household_form()
CLOCK = Clock(DAY, datetime(2026, 10, 15, 2, 0, tzinfo=UTC))
# (How the income is known is always answered since it is asked; an interview from before it has the figure alone.)
SILENT = ("cach_thu_nhap", "ho_ten", "dan_toc", "cccd", "quan_he", "dong_y", "so_khau_khai", "gioi_tinh", *BIRTH)
# Questions that others hang on: what those could still be is weighed by the whole item of B1, so that the class may be
# shown one answer later than it could be; never wrongly.
LATE = (
    "tinh_trang_viec_lam", "loai_viec_lam", "trinh_do_van_hoa", "trinh_do_dao_tao", "dang_di_hoc", "cap_hoc",
    "nguon_dien", "tai_san", "dat", "dt_hang_nam", "dt_lau_nam", "vat_nuoi",
)  # fmt: skip


def class_of(answers: dict[str, Any]) -> str | None:
    return assess(FORM, evaluate(FORM, answers, CLOCK)).household_class


def possible(item: Item) -> list[Any]:
    """Answers of every kind that a question may get."""
    if item.type == "select_multiple":
        names = [choice["name"] for choice in FORM.choices[item.list or ""]]
        return [*names, " ".join(name for name in names if name != "khong")]
    if item.list is not None:
        return [choice["name"] for choice in FORM.choices[item.list]]
    return [*FIGURES.get(item.name, ()), 1, 2, 3, 6, 20, 50, 6000, 20000]


def asked_answers(answers: dict[str, Any]) -> list[tuple[str, Item]]:
    done = evaluate(FORM, answers, CLOCK)
    relevant = {node for nodes in done.nodes.values() for node in nodes if node.relevant and node.value != ""}
    places = {f"{place.definition.path}#{place.parent.index if place.parent else 0}" for place in relevant}
    found = []
    for _, path, item in questions(FORM, answers):
        number = int(path.split("[")[1].split("]")[0]) if "[" in path else 0
        if f"{item.path}#{number}" in places and item.name not in SILENT and item.type != "text":
            found.append((path, item))
    return found


def put(answers: dict[str, Any], path: str, value: Any) -> None:
    for inside, place, item in questions(FORM, answers):
        if place == path:
            inside[item.name] = value
            return


@settings(max_examples=examples(12), deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_with_one_answer_missing_a_class_is_shown_exactly_when_no_answer_can_change_it(seed: int) -> None:
    random = Random(seed)
    answers = household(random, FORM)
    for path, item in random.sample(found := asked_answers(answers), min(4, len(found))):
        missing = changed(answers)
        put(missing, path, None)
        shown = class_of(missing)
        classes = set()
        for value in possible(item):
            put(missing, path, value)
            classes.add(class_of(missing))
        if shown is not None:
            assert classes == {shown}, path
        elif item.name not in LATE:
            assert len(classes) > 1 or None in classes, (path, classes)


@settings(max_examples=examples(12), deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_a_class_that_is_shown_stays_whatever_the_missing_answers_turn_out_to_be(seed: int) -> None:
    """Many answers missing at once, given one after another: once shown, the class never changes."""
    random = Random(seed)
    answers = household(random, FORM)
    found = asked_answers(answers)
    missing = changed(answers)
    gone = random.sample(found, random.randrange(1, max(2, len(found) // 2)))
    for path, _ in gone:
        put(missing, path, None)
    shown = class_of(missing)
    for path, item in gone:
        put(missing, path, random.choice(possible(item)))
        now = class_of(missing)
        assert shown is None or now == shown, path
        shown = now


def test_the_households_of_these_tests_are_certain_early_and_late() -> None:
    seen: Counter[bool] = Counter()
    for seed in range(80):
        random = Random(seed)
        answers = household(random, FORM)
        if class_of(answers) is None:
            continue
        found = asked_answers(answers)
        for path, _ in random.sample(found, min(5, len(found))):
            put(answers, path, None)
        seen[class_of(answers) is not None] += 1
    assert min(seen[True], seen[False]) >= 10, seen
