"""Builds the files that offices send, each of one kind of mess. Invented people."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

Rows = Iterable[Sequence[Any]]


def workbook(
    sheets: dict[str, Rows],
    merged: Iterable[str] = (),
    hidden: Iterable[int] = (),
    font: str = "",
    hidden_sheets: Iterable[str] = (),
) -> bytes:
    """An .xlsx; `merged`, `hidden` (rows) and `font` hold for each sheet."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for cells in merged:
            sheet.merge_cells(cells)
        for number in hidden:
            sheet.row_dimensions[number].hidden = True
        for row in sheet.iter_rows() if font else ():
            for cell in row:
                cell.font = Font(name=font)
        if name in hidden_sheets:
            sheet.sheet_state = "hidden"
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def csv(rows: Rows, delimiter: str = ",", encoding: str = "utf-8", before: str = "") -> bytes:
    lines = [delimiter.join("" if cell is None else str(cell) for cell in row) for row in rows]
    return (before + "\r\n".join(lines) + "\r\n").encode(encoding)


TITLED = [
    ["UBND XÃ MƯỜNG THỬ", None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
    [None, None, None, "Độc lập - Tự do - Hạnh phúc"],
    [],
    ["DANH SÁCH HỘ NGHÈO, HỘ CẬN NGHÈO NĂM 2025"],
    [],
    ["STT", "Họ và tên", "Ngày, tháng, năm sinh", None, "Quan hệ với chủ hộ", "Dân tộc", "CCCD", "Thôn, bản", "Loại"],
    [None, None, "Nam", "Nữ"],
    ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)"],
    [1, "Lò Văn Thử", date(1974, 12, 27), None, "Chủ hộ", "Thái", "014074000001", "Bản Mẫu", "Hộ nghèo"],
    [None, "Lò Thị Nháp", None, date(1979, 8, 25), "Vợ", "Thái", "014179000002"],
    [None, "Lò Văn Ví Dụ", date(2011, 8, 28), None, "Con", "Thái", "014211000003"],
    [2, "Tòng Văn Cộng", date(1964, 1, 24), None, "Chủ hộ", "Mông", "014064000004", "Bản Nháp", "Hộ cận nghèo"],
    [None, "Cộng", None, None, None, None, None, None, "2 hộ, 4 khẩu"],
    [],
    [None, "NGƯỜI LẬP BIỂU", None, None, None, None, "TM. ỦY BAN NHÂN DÂN"],
    [None, None, None, None, None, None, "Ngày 12 tháng 11 năm 2025"],
]  # fmt: skip
TITLED_MERGED = ["A6:A7", "B6:B7", "C6:D6", "E6:E7", "F6:F7", "G6:G7", "H6:H7", "I6:I7", "A9:A11", "H9:H11", "I9:I11"]
HEADS = ["STT", "Họ tên chủ hộ", "Bản", "Phân loại"]
