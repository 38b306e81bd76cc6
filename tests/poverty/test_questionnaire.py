"""The household questionnaire as it is shipped: whole in both languages, honest about its sources, plain XLSForm."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product

import pytest
from pyxform.xls2xform import convert

from survey.form.form import CONTAINERS, Form, Item, plain
from survey.form.record import Clock, evaluate
from survey.terms import DIMENSION_OF, Indicator
from tests.poverty.households import QUESTIONNAIRES, household_form

SOURCE = (QUESTIONNAIRES / "ra_soat_ho.md").read_text(encoding="utf-8")
STATUSES = ("verified", "corroborated", "one source", "from memory", "incomplete", "MISSING", "chưa có văn bản")
RETIREMENT = [
    (2020, (60, 3), (55, 4)), (2021, (60, 3), (55, 4)), (2022, (60, 6), (55, 8)), (2023, (60, 9), (56, 0)),
    (2024, (61, 0), (56, 4)), (2025, (61, 3), (56, 8)), (2026, (61, 6), (57, 0)), (2027, (61, 9), (57, 4)),
    (2028, (62, 0), (57, 8)), (2029, (62, 0), (58, 0)), (2030, (62, 0), (58, 4)), (2031, (62, 0), (58, 8)),
    (2032, (62, 0), (59, 0)), (2033, (62, 0), (59, 4)), (2034, (62, 0), (59, 8)), (2035, (62, 0), (60, 0)),
    (2036, (62, 0), (60, 0)),
]  # fmt: skip
CONVENTION = "quy ước của phần mềm, chưa có văn bản"
MESSAGE_OF = {"required": "required_message", "constraint": "constraint_message", "warning": "warning_message"}


@pytest.fixture(scope="module")
def form() -> Form:
    return household_form()


@pytest.fixture(scope="module")
def points() -> list[dict[str, str]]:
    with (QUESTIONNAIRES / "diem_b1.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def asked(form: Form) -> Iterator[Item]:
    silent = ("calculate", "hidden", "today")
    return (item for item in form.nodes() if item.type not in silent)


def test_any_xlsform_tool_can_read_it() -> None:
    warnings: list[str] = []
    assert "<h:html" in convert(SOURCE, warnings=warnings, file_type=".md").xform
    assert warnings == []


def test_every_question_and_answer_has_vietnamese_and_english_words(form: Form) -> None:
    for item in asked(form):
        assert set(item.label) == {"vi", "en"}, item.path
    for name, choices in form.choices.items():
        for choice in choices:
            assert all(choice["label"].get(language) for language in ("vi", "en")), (name, choice["name"])


def test_every_check_says_in_both_languages_what_to_do(form: Form) -> None:
    for item in form.nodes():
        for rule, message in MESSAGE_OF.items():
            if rule in item.rules:
                said = {language for language, text in item.texts.get(message, {}).items() if plain(text)}
                assert said == {"vi", "en"}, (item.path, rule)


def test_its_words_are_composed_characters() -> None:
    assert unicodedata.is_normalized("NFC", SOURCE)


def test_every_rule_that_decides_names_its_source_and_how_far_it_is_known(form: Form) -> None:
    """Whatever the class or an indicator is made of: each question with its hint and constraint, each calculation."""
    order = {path: [*reads, *own] for path, reads, own in form.order}
    waiting = [form.by_outcome["class"].path, *(item.path for item in form.indicators)]
    deciding: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path not in deciding:
            deciding.add(path)
            waiting += order.get(path, [])
    silent = {item.path for item in form.nodes() if item.type in (*CONTAINERS, "today")}
    unsaid = [path for path in sorted(deciding - silent) if not any(one in form.node(path).law for one in STATUSES)]
    assert unsaid == []
    assert len(deciding) > 100
    for name in ("tuoi_ld_tu", "tuoi_ld_nam", "tuoi_ld_nu", "tuoi"):
        path = next(item.path for item in form.nodes() if item.name == name)
        assert CONVENTION in form.node(path).law


def test_a_reading_has_its_question_its_value_and_at_least_one_other(form: Form) -> None:
    readings = [item for item in form.nodes() if "reading" in item.columns]
    assert len(readings) >= 14
    for item in readings:
        values = [choice["name"] for choice in form.choices[item.columns["reading"]]]
        assert str(item.rules["calculate"]) == values[0], f"{item.name}: the value in use stands first"
        assert len(set(values)) == len(values) >= 2
        assert set(item.label) == {"vi", "en"}


@pytest.mark.parametrize(("year", "men", "women"), RETIREMENT)
def test_working_age_ends_with_the_retirement_age_of_the_year(
    form: Form, year: int, men: tuple[int, int], women: tuple[int, int]
) -> None:
    """The table of years of Bộ luật Lao động 2019 Đ169, from memory (retirement_age.csv)."""
    clock = Clock(date(year, 10, 15), datetime(year, 10, 15, tzinfo=UTC))
    found = evaluate(form, {"ngay_ra_soat": f"{year}-10-15"}, clock)
    ends = (found.values["tuoi_ld_nam"], found.values["tuoi_ld_nu"])
    assert ends == tuple(years * 12 + months for years, months in (men, women))


def test_the_twelve_indicators_stand_in_the_order_of_the_form_with_their_dimension_and_reason(form: Form) -> None:
    assert [item.name for item in form.indicators] == [indicator.value for indicator in Indicator]
    for item in form.indicators:
        assert item.columns["dimension"] == DIMENSION_OF[Indicator(item.name)].value
        assert item.because


def test_the_54_ethnic_groups_are_there_those_of_son_la_first(form: Form) -> None:
    groups = form.choices["dan_toc"]
    assert len({group["name"] for group in groups}) == 54
    assert [group["label"]["vi"] for group in groups[:3]] == ["Thái", "Mông", "Mường"]


def test_the_points_table_is_marked_illustrative_in_every_row(points: list[dict[str, str]]) -> None:
    assert {row["status"] for row in points} == {"minh_hoa"}


def test_the_points_table_has_each_answer_once_in_every_region(form: Form, points: list[dict[str, str]]) -> None:
    given = [(row["item"], row["answer"], row["region"]) for row in points]
    regions = {region for _, _, region in given}
    assert {"mien_nui_phia_bac", "thanh_thi"} < regions
    assert len(regions) == 7
    answers = {(item, answer) for item, answer, _ in given}
    assert sorted(given) == sorted((*pair, region) for pair, region in product(answers, regions))
    by_item: dict[str, set[str]] = {}
    for name, answer in answers:
        by_item.setdefault(name, set()).add(answer)
    for item in asked(form):
        if item.type == "select_one" and item.repeat is None and item.name in by_item:
            assert by_item[item.name] == {choice["name"] for choice in form.choices[item.list or ""]}
