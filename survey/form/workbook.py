"""A workbook's bytes → its sheets as plain rows, within limits."""

from __future__ import annotations

import io

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import DefinitionData, get_xlsform

from survey.form.fault import N_, Fault, WorkbookError


def read_workbook(source: bytes | str) -> DefinitionData:
    """The sheets of a workbook in .xlsx, CSV or Markdown. Raises `WorkbookError`."""
    try:
        return get_xlsform(io.BytesIO(source) if isinstance(source, bytes) else source)
    except PyXFormError as error:
        template = N_("this is not a workbook that can be read: %(why)s")
        raise WorkbookError([Fault.of("workbook", None, None, template, why=" ".join(str(error).split()))]) from error
    except Exception as error:  # the readers under pyxform raise whatever their file format does
        template = N_("this is not a workbook that can be read: %(why)s")
        raise WorkbookError([Fault.of("workbook", None, None, template, why=type(error).__name__)]) from error
