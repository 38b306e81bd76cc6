"""What is said about questionnaires: why a file was not taken, what a check found, what became of a version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from survey.questionnaires.form_files import FileRefusal
from survey.xlsform.faults import placed, worded

REFUSALS = {
    "name": lazy_gettext("%(name)s: this is no file name that can be kept. Letters, digits, _ - . and no folder."),
    "twice": lazy_gettext("%(name)s: two files have this name. Send one of them."),
    "kind": lazy_gettext("%(name)s: this kind of file cannot be attached. These can: %(known)s."),
    "empty": lazy_gettext("%(name)s: the file is empty."),
    "too_large": lazy_gettext("%(name)s: the file is larger than %(limit)s MB. Make it smaller."),
    "not_that": lazy_gettext("%(name)s: what is in the file is no %(ending)s. Open it and save it again as such."),
    "too_many": lazy_gettext("More than %(limit)s files. Take away what the questionnaire does not use."),
    "all_too_large": lazy_gettext("Together the files are larger than %(limit)s MB. Make pictures and sounds smaller."),
    "too_many_rows": lazy_gettext("%(name)s: more than %(limit)s rows. Put long lists into an attached CSV."),
    "long_table": lazy_gettext("%(name)s: more than %(limit)s rows, too long for a phone. Keep what is needed here."),
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


def item_words(name: str, label: str) -> str:
    """An item of a points table as it is read, by its label, else by its name."""
    return label or name.replace("_", " ")


def answer_words(name: str, label: str) -> str:
    """An answer of a points table as it is read: 7_tro_len → 7 or more, 50_99 → 50–99."""
    if label:
        return label
    if match := re.fullmatch(r"(\d+)_tro_len", name):
        return gettext("%(number)s or more", number=match[1])
    if match := re.fullmatch(r"duoi_(\d+)", name):
        return gettext("under %(number)s", number=match[1])
    if match := re.fullmatch(r"(\d+)_(\d+)", name):
        return f"{match[1]}–{match[2]}"
    return name.replace("_", " ")


def refusals(found: Iterable[FileRefusal]) -> list[str]:
    return [str(REFUSALS[one.code]) % one.values for one in found]


def sentence(fault: Mapping[str, Any]) -> str:
    """A fault of a check in the reader's language; one whose words are not ours stays as it is."""
    return worded(str(fault["template"]), fault["values"], gettext)


def place(fault: Mapping[str, Any]) -> str:
    """Where a fault stands: sheet, row, column."""
    return placed(fault["sheet"], fault["row"] or None, fault["column"], gettext)
