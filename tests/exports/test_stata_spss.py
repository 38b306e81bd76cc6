"""Stata's and SPSS's files: what goes in is what ReadStat, another program, reads out of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from survey.exports import spss, stata
from survey.exports.columns import Code, DataColumn, fixed
from survey.exports.files import DataFile, Kind
from tests.data_files import AT, COLUMNS, file_of, read_back
from tests.examples import examples

WRITERS: dict[str, Callable[..., Iterator[bytes]]] = {"dta": stata.written, "sav": spss.written}
BOTH = pytest.mark.parametrize("suffix", WRITERS)
ROWS = (
    ["Lò Thị Ấm", "ho_ngheo", True, 5, 137.5, "2026-11-01T03:00:00+00:00", "2026-11-01", "ho_ngheo", 140, "x" * 1000],
    ["Giàng A Dếnh", "ho_can_ngheo", False, 12, 90, "2026-11-01T03:00:00+07:00", "1958-02-03", "khac", 90.5, "=1+1"],
    ["", None, None, None, None, "", None, None, None, None],
)
READ: dict[str, list[Any]] = {
    "head_name": ["Lò Thị Ấm", "Giàng A Dếnh", ""],
    "household_class": [1, 2, None],
    "provisional": [1, 0, None],
    "persons": [5, 12, None],
    "b1_points": [137.5, 90, None],
    "received_at": [datetime(2026, 11, 1, 3, tzinfo=UTC), datetime(2026, 10, 31, 20, tzinfo=UTC), None],
    "ngay_ra_soat": [date(2026, 11, 1), date(1958, 2, 3), None],
    "phan_loai": ["ho_ngheo", "khac", ""],
    "b1_tong": [140, 90.5, None],
    "reason": ["x" * 1000, "=1+1", ""],
}


def written(suffix: str, file: DataFile, language: str = "vi") -> bytes:
    return b"".join(WRITERS[suffix](file, language, "Rà soát 2026 – households", AT))


def column_back(suffix: str, column: DataColumn, cells: Sequence[Any]) -> list[Any]:
    columns, _said = read_back(suffix, written(suffix, file_of([[cell] for cell in cells], [column])))
    return next(iter(columns.values()))


@BOTH
def test_every_kind_of_column_comes_back_with_its_words(suffix: str) -> None:
    columns, said = read_back(suffix, written(suffix, file_of(ROWS)))
    assert columns == READ
    assert said.number_rows == 3
    assert said.file_label == "Rà soát 2026 – households"
    assert said.column_names_to_labels == {
        column.name: column.label.get("vi") for column in COLUMNS
    }  # fmt: skip
    assert said.variable_value_labels == {
        "household_class": {1: "Hộ nghèo", 2: "Hộ cận nghèo"}, "provisional": {0: "Không", 1: "Có"},
    }  # fmt: skip
    assert said.creation_time.replace(tzinfo=None, second=0) == AT.replace(tzinfo=None)


@BOTH
def test_labels_are_in_the_language_that_was_asked_for(suffix: str) -> None:
    _columns, said = read_back(suffix, written(suffix, file_of(ROWS), "en"))
    assert said.column_names_to_labels["persons"] == "Persons"
    assert said.variable_value_labels["household_class"] == {1: "Poor", 2: "Near-poor"}


@BOTH
def test_a_file_without_rows_opens(suffix: str) -> None:
    columns, said = read_back(suffix, written(suffix, file_of([])))
    assert said.number_rows == 0
    assert columns.keys() == READ.keys()


@BOTH
@pytest.mark.parametrize(
    ("type", "cells", "back"),
    [
        ("integer", [3, "ba", None], ["3", "ba", ""]),  # an older version asked for text
        ("today", ["2026-11-01", "hôm qua"], ["2026-11-01", "hôm qua"]),
        ("today", ["2026-02-30"], ["2026-02-30"]),
        ("calculate", [1, "a", 2.5, None], ["1", "a", "2.5", ""]),
        ("calculate", [True, False, None], [1, 0, None]),
        ("0/1", [1, 2], ["1", "2"]),
        ("decimal", [2**60], [str(2**60)]),  # not exact as a number
        ("decimal", [1e15, -0.25], [10**15, -0.25]),
        ("decimal", [1.7e308], ["1.7e+308"]),  # Stata's missing values lie there
        ("decimal", [math.inf, 1], [None, 1]),
        ("text", ["a\x00b", "\ud83d", "\x00"], ["ab", "?", ""]),
        ("image", ["a.jpg", None], ["a.jpg", ""]),
    ],
)
def test_what_is_not_as_the_column_says_is_not_lost(suffix: str, type: str, cells: list[Any], back: list[Any]) -> None:
    assert column_back(suffix, DataColumn("cot", type, {}), cells) == back


@BOTH
def test_an_answer_that_is_in_no_list_gets_a_number_of_its_own(suffix: str) -> None:
    column = fixed("a", "select_one", "A", "A", (Code("co", 1, {"vi": "Có"}), Code("-khong", 2, {})))
    columns, said = read_back(suffix, written(suffix, file_of([["la"], ["co"], ["-khong"], ["=ba"]], [column])))
    assert columns == {"a": [1002, 1, 2, 1001]}
    assert said.variable_value_labels == {"a": {1: "Có", 2: "-khong", 1001: "=ba", 1002: "la"}}


@BOTH
def test_a_column_with_too_many_answers_outside_its_list_is_text(suffix: str) -> None:
    column = fixed("a", "select_one", "A", "A", (Code("co", 1, {"vi": "Có"}),))
    cells = [f"la_{number}" for number in range(1001)]
    assert column_back(suffix, column, cells) == cells


@BOTH
def test_names_and_labels_that_are_too_long_are_short_and_whole_in_the_file(suffix: str) -> None:
    name, label = "tai_san_ho__tai_san__binh_nong_lanh", "Hộ có bình nước nóng " * 8
    data = written(suffix, file_of([[1]], [DataColumn(name, "0/1", {"vi": label})]))
    columns, said = read_back(suffix, data)
    assert columns == {"tai_san_ho__tai_san__binh_c188a7": [1]}
    assert said.column_labels == [f"{label[:79].rstrip()}…"]
    assert name.encode() in data


@BOTH
@pytest.mark.parametrize("type", ["byte", "int", "long", "double"])
def test_numbers_at_the_edges_of_statas_types_are_numbers(suffix: str, type: str) -> None:
    edge = {"byte": (-127, 100), "int": (-32767, 32740), "long": (-2147483647, 2147483620), "double": (-(2**53), 2**53)}
    for low, high in (edge[type], tuple(number + sign for number, sign in zip(edge[type], (-1, 1), strict=True))):
        cells = [low, high, None] if max(-low, high) <= 2**53 else [2**53, None]
        assert column_back(suffix, fixed("a", "integer", "A", "A"), cells) == cells


# One letter of three bytes may lie across the end of a segment or of what a column can hold.
@BOTH
@pytest.mark.parametrize(
    "length", [1, 7, 8, 9, 244, 245, 252, 253, 255, 256, 257, 504, 505, 510, 511, 2045, 2046, 9000]
)
def test_texts_of_any_length_come_back_whole(suffix: str, length: int) -> None:
    texts = [
        "x" * length,
        ("ấ" * length).encode()[:length].decode("utf-8", "ignore"),
        "",
        "a b",
        None,
        "y" * (length - 1),
    ]
    assert column_back(suffix, fixed("reason", "text", "", ""), texts) == [
        "" if text is None else text for text in texts
    ]


def test_a_text_that_spss_cannot_hold_is_cut_between_letters_and_the_file_says_so() -> None:
    column, text = fixed("reason", "text", "", ""), "ấ" * 20_000
    columns, said = read_back("sav", written("sav", file_of([[text], ["b"]], [column])))
    assert columns == {"reason": ["ấ" * (32_767 // 3), "b"]}
    assert said.notes == ["reason: a text is cut at 32767 bytes; the CSV has it whole"]
    assert column_back("dta", column, [text, "b"]) == [text, "b"]


_TEXTS = st.one_of(
    st.none(), st.text(max_size=40), st.sampled_from(["Lò Thị Ấm", "Giàng A Dếnh", " đầu", "x" * 300, "ấ" * 90])
)


@pytest.mark.many
@BOTH
@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(
        st.tuples(
            _TEXTS,
            st.sampled_from([None, "co", "la"]),
            st.none() | st.integers(-(2**40), 2**40),
            st.none() | st.floats(-1e9, 1e9),
        ),
        max_size=30,
    )
)
@example([(None, None, None, None)] * 9)
def test_whatever_is_in_the_cells_comes_back(suffix: str, rows: list[tuple[Any, ...]]) -> None:
    columns = [
        fixed("a", "text", "A", "A"), fixed("b", "select_one", "B", "B", (Code("co", 1, {}),)),
        fixed("c", "integer", "C", "C"), fixed("d", "decimal", "D", "D"),
    ]  # fmt: skip
    found, _said = read_back(suffix, written(suffix, file_of(rows, columns)))
    end = " " if suffix == "sav" else ""  # SPSS fills texts with blanks: those at the end are not told apart
    assert found["a"] == [as_kept(row[0]).rstrip(end) if end else as_kept(row[0]) for row in rows]
    assert found["b"] == [{None: None, "co": 1, "la": 1001}[row[1]] for row in rows]
    assert found["c"] == [row[2] for row in rows]
    assert found["d"] == [row[3] for row in rows]


def as_kept(text: str | None) -> str:
    return (text or "").replace("\x00", "").encode("utf-8", "replace").decode()


@BOTH
def test_rows_that_change_while_they_are_written_stop_the_file(suffix: str) -> None:
    """Else it would be one that no program opens, and nobody would know before."""
    readings = iter([1, 2])
    file = DataFile(Kind.HOUSEHOLDS, [fixed("a", "integer", "A", "A")], lambda: iter([[1]] * next(readings)))
    with pytest.raises(RuntimeError, match="changed"):
        written(suffix, file)
