"""What is wrong with a workbook and its files before it is published, beyond what XLSForm says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormVersion
from survey.form.form import Form
from survey.questionnaires.points_tables import unfit_tables
from survey.questionnaires.published import Given
from survey.questionnaires.workbooks import check_workbook
from survey.xlsform.faults import Fault, WorkbookError

FAULTS_KEPT = 500
# What an address, a file name and the columns of the database can hold.
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}\Z")


def _(message: str) -> str:
    """Marks a message for the catalog; it is translated where it is shown."""
    return message


# What is wrong with a workbook beyond XLSForm: (sheet, column, message id).
NO_ID = _("The questionnaire needs a form_id of letters without marks, digits, _ - . (64 at most).")
NO_VERSION = _("The questionnaire needs a version, such as 2027.1: letters, digits, _ - . (64 at most).")
TAKEN = _("Version %(version)s is published with other content. Raise the version, such as %(next)s.")
UNMARKED = _("The points table %(table)s is illustrative, and no row with the outcome “illustrative” says so.")
NOT_AGREED = _("The points table %(table)s is not agreed by two people. Mark each row minh_hoa, or let it be typed.")
UNUSED = _("The file %(name)s is attached, but the questionnaire does not use it.")


@dataclass(frozen=True)
class Checked:
    """What a check found: `form` is None when the workbook cannot be compiled at all."""

    form: Form | None
    faults: list[dict[str, Any]]
    advice: list[dict[str, Any]]


def check(session: Session, given: Given) -> Checked:
    """Everything that is wrong with a workbook and its files, and what will surprise its author."""
    try:
        form, advice = check_workbook(given.content, given.files)
    except WorkbookError as error:
        return Checked(None, [fault_json(fault) for fault in error.faults[:FAULTS_KEPT]], [])
    faults = _own_faults(session, form)
    listed = [fault_json(fault) for fault in advice[:FAULTS_KEPT]]
    used = _used(form)
    listed += [_fault(name, None, UNUSED, name=name) for name in sorted(given.files) if not used(name)]
    return Checked(form, faults, listed)


def _own_faults(session: Session, form: Form) -> list[dict[str, Any]]:
    faults = []
    if not _ID.match(form.id):
        faults.append(_fault("settings", "form_id", NO_ID))
    if not _ID.match(form.version):
        faults.append(_fault("settings", "version", NO_VERSION))
    elif not faults:
        known = session.scalar(
            select(FormVersion.hash).where(FormVersion.form_id == form.id, FormVersion.version == form.version)
        )
        if known is not None and known != form.hash:
            faults.append(_fault("settings", "version", TAKEN, version=form.version, next=next_version(form.version)))
    for table, code in unfit_tables(session, form):
        faults.append(_fault(f"{table}.csv", "status", NOT_AGREED if code == "not_agreed" else UNMARKED, table=table))
    return faults


def next_version(version: str) -> str:
    """A version with its last number raised: 2026.1 → 2026.2."""
    match = re.search(r"(?<!\d)(\d{1,9})(\D*)\Z", version)
    return f"{version[: match.start()]}{int(match[1]) + 1}{match[2]}" if match else f"{version}.2"


def _used(form: Form) -> Any:
    manifest = set(getattr(form, "files", None) or ())
    return lambda name: name in manifest or name.rpartition(".")[0] in form.tables


def _fault(sheet: str, column: str | None, template: str, **values: Any) -> dict[str, Any]:
    row = 2 if sheet == "settings" else None
    return {"sheet": sheet, "row": row, "column": column, "template": template, "values": values}


def fault_json(fault: Fault) -> dict[str, Any]:
    """A fault as it is kept: its words as a message id with values."""
    template, values = getattr(fault, "template", None), getattr(fault, "values", None)
    return {
        "sheet": fault.sheet,
        "row": fault.row,
        "column": fault.column,
        "template": template or fault.message,
        "values": dict(values) if template and values else {},
    }
