"""A workbook's bytes → its sheets as plain rows, within limits."""

from __future__ import annotations

import io
import zipfile

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import DefinitionData, get_xlsform

from survey.form.fault import N_, Fault, WorkbookError

SOURCE_BYTES = 8 * 1024 * 1024
UNPACKED_BYTES = 60 * 1024 * 1024  # of an .xlsx, which is a zip; a part may not say less than it holds (zipfile stops)
MOST_PARTS = 2_000
MOST_ROWS = {"survey": 5_000, "choices": 50_000, "external_choices": 50_000, "settings": 60, "entities": 100}


def read_workbook(source: bytes | str) -> DefinitionData:
    """The sheets of a workbook in .xlsx, CSV or Markdown. Raises `WorkbookError`."""
    if len(source) > SOURCE_BYTES or (isinstance(source, bytes) and _unpacks_to_too_much(source)):
        raise WorkbookError([Fault.of("workbook", None, None, N_("the file is larger than %(limit)s MB"),
                                      limit=(SOURCE_BYTES if len(source) > SOURCE_BYTES else UNPACKED_BYTES) >> 20)])
    book = _read(source)
    for sheet, most in MOST_ROWS.items():
        if len(getattr(book, sheet) or []) > most:
            template = N_("the table has more than %(limit)s rows")
            raise WorkbookError([Fault.of(sheet, most + 2, None, template, limit=most)])
    return book


def _unpacks_to_too_much(source: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        return False  # no zip: what it is instead is told by the reader
    return len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES


def _read(source: bytes | str) -> DefinitionData:
    try:
        return get_xlsform(io.BytesIO(source) if isinstance(source, bytes) else source)
    except PyXFormError as error:
        template = N_("this is not a workbook that can be read: %(why)s")
        raise WorkbookError([Fault.of("workbook", None, None, template, why=" ".join(str(error).split()))]) from error
    except Exception as error:  # the readers under pyxform raise whatever their file format does
        template = N_("this is not a workbook that can be read: %(why)s")
        raise WorkbookError([Fault.of("workbook", None, None, template, why=type(error).__name__)]) from error
