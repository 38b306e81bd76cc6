"""What `survey/xlsform/apart.py` has read: this module is run in a process of its own."""

from __future__ import annotations

from typing import Any

from survey.xlsform.compile import WorkbookError, check_workbook
from survey.xlsform.sheets import read_sheets


def work(order: dict[str, Any], parts: list[bytes]) -> Any:
    """`{"kind": "check", "names": […]}` of a workbook and its files, or `{"kind": "sheets"}` of a workbook."""
    try:
        if order["kind"] == "sheets":
            return {name: [sheet.columns, sheet.rows] for name, sheet in read_sheets(parts[0]).items()}
        form, advice = check_workbook(parts[0], dict(zip(order["names"], parts[1:], strict=True)))
    except WorkbookError as error:
        return {"faults": [_said(fault) for fault in error.faults]}
    return {"form": form.as_json(), "advice": [_said(fault) for fault in advice]}


def _said(fault: Any) -> list[Any]:
    values = {key: value if isinstance(value, int | float) else str(value) for key, value in fault.values.items()}
    return [fault.sheet, fault.row, fault.column, fault.message, fault.template, values]
