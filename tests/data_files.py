"""Data files read by another program: Stata's and SPSS's by ReadStat, with which R reads them too."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import frictionless
import pyreadstat

from survey.exports.columns import Code, DataColumn, fixed
from survey.exports.files import DataFile, Kind

AT = datetime(2026, 11, 30, 18, 5, tzinfo=UTC)
READERS = {"dta": pyreadstat.read_dta, "sav": pyreadstat.read_sav}
CLASSES = (
    Code("ho_ngheo", 1, {"vi": "Hộ nghèo", "en": "Poor"}),
    Code("ho_can_ngheo", 2, {"vi": "Hộ cận nghèo", "en": "Near-poor"}),
)
COLUMNS = (
    fixed("head_name", "text", "Họ tên chủ hộ", "Head"),
    fixed("household_class", "select_one", "Phân loại hộ", "Class", CLASSES),
    fixed("provisional", "0/1", "Chưa duyệt", "Provisional"),
    fixed("persons", "integer", "Số nhân khẩu", "Persons"),
    fixed("b1_points", "decimal", "Điểm B1", "Points"),
    fixed("received_at", "dateTime", "Nhận lúc (UTC)", "Received (UTC)"),
    DataColumn("ngay_ra_soat", "today", {"vi": "Ngày rà soát"}),
    DataColumn("phan_loai", "calculate", {}),
    DataColumn("b1_tong", "calculate", {}),
    fixed("reason", "text", "Lý do", "Reason"),
)


def file_of(rows: Sequence[Sequence[Any]], columns: Sequence[DataColumn] = COLUMNS) -> DataFile:
    return DataFile(Kind.HOUSEHOLDS, columns, lambda: iter(rows))


def read_back(suffix: str, data: bytes) -> tuple[dict[str, list[Any]], Any]:
    """The columns by name and what the file says of them. A whole number is one, a text without an answer is ""."""
    columns, said = READERS[suffix](io.BytesIO(data), output_format="dict")
    return {name: [_plain(cell) for cell in cells] for name, cells in columns.items()}, said


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):  # Stata and SPSS keep no zone: ours is said in the column's label
        return cell.replace(tzinfo=UTC)
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def package_faults(folder: Path) -> list[str]:
    """What Frictionless' own program says against a data package."""
    report = frictionless.validate(str(folder / "datapackage.json"))
    found = [*report.errors, *(error for task in report.tasks for error in task.errors)]
    return [f"{error.type}: {error.message}" for error in found]
