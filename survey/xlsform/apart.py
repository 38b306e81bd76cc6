"""A stranger's workbook read in a process of its own (`survey/apart.py`): the same answers, and no harm here."""

from __future__ import annotations

from typing import Any

from survey import apart
from survey.form.form import Form
from survey.text import N_
from survey.xlsform.faults import Fault, WorkbookError
from survey.xlsform.sheets import Sheet, Sheets

_CHILD = "survey.xlsform.child"


def check_workbook(source: bytes, attachments: dict[str, bytes] | None = None) -> tuple[Form, list[Fault]]:
    """As `compile.check_workbook`; a workbook that takes too much raises `WorkbookError` as well."""
    names = sorted(attachments or {})
    order = {"kind": "check", "names": names}
    found = _read(order, [source, *((attachments or {})[name] for name in names)])
    return Form.from_json(found["form"]), [Fault(*one) for one in found["advice"]]


def read_sheets(source: bytes) -> Sheets:
    """As `sheets.read_sheets`; raises `WorkbookError`."""
    found = _read({"kind": "sheets"}, [source])
    return {name: Sheet(columns, rows) for name, (columns, rows) in found.items()}


def _read(order: dict[str, Any], parts: list[bytes]) -> Any:
    try:
        found = apart.read(_CHILD, order, parts)
    except apart.Stopped:
        template = N_("the workbook takes more time or memory than one may: leave out what is not used")
        raise WorkbookError([Fault.of("workbook", None, None, template)]) from None
    if "faults" in found:
        raise WorkbookError([Fault(*one) for one in found["faults"]])
    return found
