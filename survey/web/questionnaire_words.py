"""What is said about questionnaires: why a file was not taken, what a check found, what became of a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from survey.submissions.attachments import Refusal

REFUSALS = {
    "name": lazy_gettext("%(name)s: this is no file name that can be kept. Letters, digits, _ - . and no folder."),
    "twice": lazy_gettext("%(name)s: two files have this name. Send one of them."),
    "kind": lazy_gettext("%(name)s: this kind of file cannot be attached. These can: %(known)s."),
    "empty": lazy_gettext("%(name)s: the file is empty."),
    "too_large": lazy_gettext("%(name)s: the file is larger than %(limit)s MB. Make it smaller."),
    "not_that": lazy_gettext("%(name)s: what is in the file is no %(ending)s. Open it and save it again as such."),
    "too_many": lazy_gettext("More than %(limit)s files. Take away what the questionnaire does not use."),
    "all_too_large": lazy_gettext("Together the files are larger than %(limit)s MB. Make pictures and sounds smaller."),
    "source_kind": lazy_gettext("%(name)s: a questionnaire is a file .xlsx, .csv or .md."),
    "not_a_workbook": lazy_gettext("%(name)s: this cannot be opened as an Excel workbook. Save it again as .xlsx."),
    "not_text": lazy_gettext("%(name)s: this is not text in UTF-8. Save it again as UTF-8."),
    "points_kind": lazy_gettext("%(name)s: a points table is a file .xlsx or .csv."),
    "points_columns": lazy_gettext("%(name)s: the first row must have the columns item, answer, region, points."),
    "points_key": lazy_gettext("%(name)s, row %(row)s: this table has no cell “%(key)s”."),
    "points_twice": lazy_gettext("%(name)s, row %(row)s: “%(key)s” stands here for the second time."),
    "points_figure": lazy_gettext("%(name)s, row %(row)s: “%(figure)s” is no number of points."),
}
FILE_CHANGES = {
    "added": lazy_gettext("new"),
    "removed": lazy_gettext("taken away"),
    "changed": lazy_gettext("other content"),
}


def refusals(found: Iterable[Refusal]) -> list[str]:
    return [str(REFUSALS[one.code]) % one.values for one in found]


def sentence(fault: Mapping[str, Any]) -> str:
    """A fault of a check in the reader's language; one whose words are not ours stays as it is."""
    words = gettext(fault["template"])
    if not fault["values"]:
        return words
    try:
        return words % fault["values"]
    except (KeyError, TypeError, ValueError):
        return str(fault["template"])


def place(fault: Mapping[str, Any]) -> str:
    """Where a fault stands: sheet, row, column."""
    parts = [gettext("sheet %(name)s", name=fault["sheet"])]
    if fault["row"]:
        parts.append(gettext("row %(number)s", number=fault["row"]))
    if fault["column"]:
        parts.append(gettext("column %(name)s", name=fault["column"]))
    return ", ".join(parts)
