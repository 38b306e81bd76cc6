"""A stranger's workbook read in a process of its own (`survey/apart`): the same answers, and no harm here."""

from __future__ import annotations

from typing import Any

from survey.apart import child
from survey.form.form import Form
from survey.text import N_
from survey.xlsform import compile as compiler
from survey.xlsform import sheets
from survey.xlsform.faults import Fault, WorkbookError
from survey.xlsform.sheets import Sheet, Sheets


def check_workbook(source: bytes, attachments: dict[str, bytes] | None = None) -> tuple[Form, list[Fault]]:
    """As `xlsform.compile.check_workbook`; a workbook that takes too much raises `WorkbookError` as well."""
    names = sorted(attachments or {})
    order = {"kind": "check", "names": names}
    found = _read(order, [source, *((attachments or {})[name] for name in names)])
    return Form.from_json(found["form"]), [Fault(*one) for one in found["advice"]]


def read_sheets(source: bytes) -> Sheets:
    """As `xlsform.sheets.read_sheets`; raises `WorkbookError`."""
    found = _read({"kind": "sheets"}, [source])
    return {name: Sheet(columns, rows) for name, (columns, rows) in found.items()}


def _read(order: dict[str, Any], parts: list[bytes]) -> Any:
    try:
        found = child.read(__name__, order, parts)
    except child.Stopped:
        template = N_("the workbook takes more time or memory than one may: leave out what is not used")
        raise WorkbookError([Fault.of("workbook", None, None, template)]) from None
    if "faults" in found:
        raise WorkbookError([Fault(*one) for one in found["faults"]])
    return found


def work(order: dict[str, Any], parts: list[bytes]) -> Any:
    """Run in the child: `{"kind": "check", "names": […]}` of a workbook and its files, or `{"kind": "sheets"}`."""
    try:
        if order["kind"] == "sheets":
            return {name: [sheet.columns, sheet.rows] for name, sheet in sheets.read_sheets(parts[0]).items()}
        form, advice = compiler.check_workbook(parts[0], dict(zip(order["names"], parts[1:], strict=True)))
    except WorkbookError as error:
        return {"faults": [_said(fault) for fault in error.faults]}
    return {"form": form.as_json(), "advice": [_said(fault) for fault in advice]}


def _said(fault: Fault) -> list[Any]:
    values = {key: value if isinstance(value, int | float) else str(value) for key, value in fault.values.items()}
    return [fault.sheet, fault.row, fault.column, fault.message, fault.template, values]
