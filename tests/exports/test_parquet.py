"""Parquet: what goes in is what pyarrow, another program, reads out of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.exports import parquet
from survey.exports.columns import Code, DataColumn, fixed
from survey.exports.files import DataFile, Kind
from tests.data_files import file_of
from tests.examples import examples
from tests.exports.test_stata_spss import ROWS


def written(file: DataFile) -> bytes:
    return b"".join(parquet.written(file, "vi"))


def back(cells: Iterable[Any], column: DataColumn) -> tuple[str, list[Any]]:
    """Type and cells of one column."""
    table = pq.read_table(io.BytesIO(written(file_of([[cell] for cell in cells], [column]))))
    return str(table.schema.field(0).type), table.column(0).to_pylist()


def test_every_kind_of_column_comes_back() -> None:
    data = written(file_of(ROWS))
    table = pq.read_table(io.BytesIO(data))
    assert {field.name: str(field.type) for field in table.schema} == {
        "head_name": "string", "household_class": "string", "provisional": "bool", "persons": "int64",
        "b1_points": "double", "received_at": "timestamp[ms, tz=UTC]", "ngay_ra_soat": "date32[day]",
        "phan_loai": "string", "b1_tong": "double", "reason": "string",
    }  # fmt: skip
    assert table.to_pylist() == [
        dict(zip(table.column_names, row, strict=True)) for row in (
            ["Lò Thị Ấm", "ho_ngheo", True, 5, 137.5, datetime(2026, 11, 1, 3, tzinfo=UTC), date(2026, 11, 1),
             "ho_ngheo", 140, "x" * 1000],
            ["Giàng A Dếnh", "ho_can_ngheo", False, 12, 90, datetime(2026, 10, 31, 20, tzinfo=UTC), date(1958, 2, 3),
             "khac", 90.5, "=1+1"],
            [None] * 10,
        )
    ]  # fmt: skip
    said = json.loads(pq.read_metadata(io.BytesIO(data)).metadata[b"tableschema"])
    assert said["fields"][1] == {
        "name": "household_class", "type": "string", "title": "Phân loại hộ",
        "constraints": {"enum": ["ho_ngheo", "ho_can_ngheo"]},
    }  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 200, 201, 5_000, 5_001, 10_400])
def test_rows_of_any_number_come_back_in_row_groups(count: int) -> None:
    columns = [fixed("so", "integer", "", ""), fixed("co", "0/1", "", ""), DataColumn("a__" + "dài_" * 30, "text", {})]
    rows = [[n, n % 3 == 0 if n % 2 else None, f"ấ{n}" if n % 5 else None] for n in range(count)]
    data = io.BytesIO(written(file_of(rows, columns)))
    found = pq.ParquetFile(data)
    assert found.metadata.num_rows == count
    assert found.num_row_groups == -(-count // 5_000)
    table = found.read()
    assert [list(row.values()) for row in table.to_pylist()] == rows
    assert table.column_names == [column.name for column in columns]


@pytest.mark.parametrize(
    ("type", "cells", "kind", "found"),
    [
        ("integer", [1, "ba", None], "string", ["1", "ba", None]),
        ("today", ["2026-11-01", "hôm qua"], "string", ["2026-11-01", "hôm qua"]),
        ("calculate", [True, 2], "int64", [1, 2]),
        ("calculate", [-0.5, 2], "double", [-0.5, 2.0]),
        ("decimal", [1, 2], "double", [1.0, 2.0]),
        ("integer", [-(2**53), 2**53], "int64", [-(2**53), 2**53]),
        ("text", ["a\x00", "\ud83d", "", "=1"], "string", ["a", "?", None, "=1"]),
    ],
)
def test_what_is_not_as_the_column_says_is_not_lost(type: str, cells: list[Any], kind: str, found: list[Any]) -> None:
    assert back(cells, DataColumn("a", type, {})) == (kind, found)


def test_a_code_stays_a_code_also_one_of_no_list() -> None:
    column = fixed("a", "select_one", "A", "A", (Code("co", 1, {"vi": "Có"}),))
    assert back(["co", "la", None], column) == ("string", ["co", "la", None])


@pytest.mark.many
@settings(max_examples=examples(30), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.text(max_size=20), st.none() | st.booleans(), st.none() | st.integers(-(2**53), 2**53),
            st.none() | st.floats(-1e300, 1e300), st.none() | st.dates().map(str),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_whatever_is_in_the_cells_comes_back(rows: Sequence[tuple[Any, ...]]) -> None:
    columns = [
        fixed(name, type, "", "")
        for name, type in zip("abcde", ("text", "0/1", "integer", "decimal", "date"), strict=True)
    ]
    table = pq.read_table(io.BytesIO(written(file_of(rows, columns))))
    for found, row in zip(table.to_pylist(), rows, strict=True):
        text = (row[0] or "").replace("\x00", "").encode("utf-8", "replace").decode() or None
        assert list(found.values()) == [text, *row[1:4], None if row[4] is None else date.fromisoformat(row[4])]


def test_rows_that_change_while_they_are_written_stop_the_file() -> None:
    readings = iter([1, 2])
    file = DataFile(Kind.HOUSEHOLDS, [fixed("a", "integer", "A", "A")], lambda: iter([[1]] * next(readings)))
    with pytest.raises(RuntimeError, match="changed"):
        written(file)
