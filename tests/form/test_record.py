"""Answers as they may arrive: whatever they are, they are judged and never a crash."""

# ruff: noqa: E501 - tables

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.form.reading import read
from survey.form.record import Clock, Evaluation, evaluate
from survey.xlsform.compile import compile_workbook
from tests.examples import examples

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
FORM = compile_workbook("""
| survey |  |  |  |  |  |  |  |  |  |
|  | type | name | label::Tiếng Việt (vi) | required | relevant | constraint | warning | choice_filter | constraint_message::Tiếng Việt (vi) | member_label |
|  | begin_group | nha | Nhà |  |  |  |  |  |  |
|  | integer | dien_tich | Diện tích | yes |  | . > 0 | . < 1000 |  | Diện tích ${dien_tich} không đúng |
|  | select_one tinh | tinh | Tỉnh |  |  |  |  |  |  |
|  | select_one xa | xa | Xã |  | ${tinh} != '' |  |  | tinh = ${tinh} |  |
|  | end_group |  |  |  |  |  |  |  |  |
|  | select_multiple xa | nhieu | Nhiều |  |  |  |  |  |  |
|  | date | ngay | Ngày |  |  |  |  |  |  |
|  | geopoint | vi_tri | Vị trí |  |  |  |  |  |  |
|  | begin_repeat | tv | Thành viên |  |  |  |  |  |  | ${ten} |
|  | text | ten | Tên | yes |  |  |  |  |  |
|  | end_repeat |  |  |  |  |  |  |  |  |
| choices |  |  |  |  |  |  |  |  |  |
|  | list_name | name | label::Tiếng Việt (vi) | tinh |  |  |  |  |  |
|  | tinh | 14 | Sơn La |  |  |  |  |  |  |
|  | tinh | 11 | Điện Biên |  |  |  |  |  |  |
|  | xa | 03757 | Mường Khiêng | 14 |  |  |  |  |  |
|  | xa | 03200 | Tủa Chùa | 11 |  |  |  |  |  |
| settings |  |  |  |  |  |  |  |  |  |
|  | form_id | version | default_language |  |  |  |  |  |  |
|  | thu | 1 | Tiếng Việt (vi) |  |  |  |  |  |  |
""")
GOOD: dict[str, Any] = {"nha": {"dien_tich": 40, "tinh": "14", "xa": "03757"}, "tv": [{"ten": "Lò Văn A"}]}


def done(answers: Any) -> Evaluation:
    return evaluate(FORM, answers, Clock(NOW.date(), NOW))


def kinds(answers: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.kind) for problem in done(answers).problems]


def test_a_good_record_has_no_problem() -> None:
    assert kinds(GOOD) == []
    assert done(GOOD).values == GOOD


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({**GOOD, "nha": {"dien_tich": "40"}}, []),
        ({**GOOD, "nha": {}}, [("nha/dien_tich", "required")]),
        ({**GOOD, "nha": {"dien_tich": 0}}, [("nha/dien_tich", "constraint")]),
        ({**GOOD, "nha": {"dien_tich": 5000}}, [("nha/dien_tich", "warning")]),
        ({**GOOD, "nha": {"dien_tich": 40, "tinh": "11", "xa": "03757"}}, [("nha/xa", "choice")]),
        ({**GOOD, "nha": {"dien_tich": 40, "xa": "03757"}}, []),  # not asked without a province
        ({**GOOD, "nhieu": "03757 03200"}, []),
        ({**GOOD, "nhieu": ["03757", "03200"]}, []),
        ({**GOOD, "nhieu": "03757 99999"}, [("nhieu", "choice")]),
        ({**GOOD, "ngay": "2026-02-30"}, [("ngay", "type")]),
        ({**GOOD, "vi_tri": "21.5 103.9 600 12"}, []),
        ({**GOOD, "vi_tri": "121.5 103.9"}, [("vi_tri", "type")]),
        ({**GOOD, "tv": [{"ten": "A"}, {}]}, [("tv[2]/ten", "required")]),
        ({**GOOD, "tv": {"ten": "A"}}, [("tv", "type")]),
        ({**GOOD, "tv": [7]}, [("tv[1]", "type"), ("tv[1]/ten", "required")]),
        ({**GOOD, "la": 1}, [("la", "unknown")]),
        ({**GOOD, "nha": [1]}, [("nha", "type"), ("nha/dien_tich", "required")]),
        ({**GOOD, "nha": {"dien_tich": True}}, [("nha/dien_tich", "type"), ("nha/dien_tich", "required")]),
        ({**GOOD, "nha": {"dien_tich": 40.5}}, [("nha/dien_tich", "type"), ("nha/dien_tich", "required")]),
        ({**GOOD, "nha": {"dien_tich": float("nan")}}, [("nha/dien_tich", "type"), ("nha/dien_tich", "required")]),
        ({**GOOD, "nha": {"dien_tich": 10**400}}, [("nha/dien_tich", "type"), ("nha/dien_tich", "required")]),
        ({**GOOD, "nha": {"dien_tich": "NaN"}}, [("nha/dien_tich", "type"), ("nha/dien_tich", "required")]),
        ([], [("", "type"), ("nha/dien_tich", "required")]),
        (None, [("", "type"), ("nha/dien_tich", "required")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_where_it_is(answers: Any, expected: list[tuple[str, str]]) -> None:
    assert kinds(answers) == expected


def test_a_message_quotes_the_answer() -> None:
    problems = done({**GOOD, "nha": {"dien_tich": -3}}).problems
    assert problems[0].message == {"vi": "Diện tích -3 không đúng"}


def test_a_record_reads_in_words() -> None:
    sections = read(FORM, done({**GOOD, "ngay": "2026-11-05", "nhieu": "03757 03200"}), "vi")
    assert [(row.label, row.answer) for section in sections for row in section.rows] == [
        ("Nhiều", "Mường Khiêng, Tủa Chùa"),
        ("Ngày", "05/11/2026"),
        ("Vị trí", ""),
        ("Diện tích", "40"),
        ("Tỉnh", "Sơn La"),
        ("Xã", "Mường Khiêng"),
    ]
    assert [instance.label for section in sections for instance in section.instances] == ["Lò Văn A"]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["nha", "tv", "ten", "dien_tich", "xa", "tinh", "ngay", "nhieu", "vi_tri", "x"]),
            inner,
            max_size=5,
        ),
    ),
)


@pytest.mark.thorough
@settings(max_examples=examples(100), derandomize=True, deadline=None)
@given(answers=JSON)
def test_nothing_that_arrives_is_a_crash(answers: Any) -> None:
    found = done(answers)
    assert isinstance(found.values, dict)
    read(FORM, found, "vi")
