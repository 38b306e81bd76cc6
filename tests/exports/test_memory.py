"""No writer keeps rows: twice as many take no more memory. The whole of it, with database: `bench/exports.py`."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from survey.exports import datapackage, parquet, spss, stata, xlsx
from survey.exports.files import DataFile, Kind
from tests.data_files import AT, COLUMNS
from tests.exports.test_stata_spss import ROWS

WRITERS: dict[str, Callable[[DataFile], Iterator[bytes]]] = {
    "stata": lambda file: stata.written(file, "vi", "Rà soát", AT),
    "spss": lambda file: spss.written(file, "vi", "Rà soát", AT),
    "xlsx": lambda file: xlsx.written([file], "vi", words=True),
    "parquet": lambda file: parquet.written(file, "vi"),
    "datapackage": lambda file: (
        piece for _name, pieces in datapackage.written([file], "vi", "Rà soát", AT) for piece in pieces
    ),
}


def peak(writer: Callable[[DataFile], Iterator[bytes]], count: int) -> int:
    def rows() -> Iterator[list[Any]]:
        for number in range(count):
            yield [f"Lò Văn {number}", *ROWS[number % 2][1:9], f"{number} " * 20]

    tracemalloc.start()
    size = sum(len(piece) for piece in writer(DataFile(Kind.HOUSEHOLDS, COLUMNS, rows)))
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > count * 2
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("format", WRITERS)
def test_twice_the_rows_take_no_more_memory(format: str) -> None:
    least = peak(WRITERS[format], 5_200)
    assert peak(WRITERS[format], 10_400) < 1.1 * least + 200_000
    assert least < 6_000_000
