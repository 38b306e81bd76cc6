"""The codebook as DDI-Codebook 2.5 XML (DDI Alliance), which data archives and R read.

The names and codes are those of the CSV; short name and number in Stata and SPSS stand as notes and texts beside them.
Element names and their order are the schema's (`codebook.xsd`); nothing of any household is in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from survey.exports.columns import Code, DataColumn, Holds
from survey.exports.files import DataFile, number

_NAMESPACE = "ddi:codebook:2_5"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_UNHOLDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # by XML 1.0
_LANGUAGES = ("vi", "en")
_NUMERIC = (Holds.NUMBER, Holds.FLAG)


def written(files: Sequence[DataFile], title: str, at: datetime) -> bytes:
    """The XML of `files` (their columns; no row is read). `title`: of the round; `at`: when it is written."""
    root = Element("codeBook", {"xmlns": _NAMESPACE, "version": "2.5", _LANGUAGE: "vi"})
    citation = SubElement(SubElement(root, "stdyDscr"), "citation")
    _text(SubElement(citation, "titlStmt"), "titl", title)
    made = SubElement(SubElement(citation, "prodStmt"), "prodDate", {"date": at.isoformat()[:10]})
    made.text = at.isoformat()[:10]
    for place, file in enumerate(files, start=1):
        described = SubElement(SubElement(root, "fileDscr", {"ID": f"F{place}"}), "fileTxt")
        _text(described, "fileName", file.kind.value)
        _text(SubElement(described, "dimensns"), "varQnty", str(len(file.columns)))
    data = SubElement(root, "dataDscr")
    for place, file in enumerate(files, start=1):
        for position, column in enumerate(file.columns, start=1):
            _variable(data, column, f"F{place}", f"F{place}.V{position}")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="utf-8")


def _variable(data: Element, column: DataColumn, file: str, identity: str) -> None:
    is_scale = column.holds in (Holds.NUMBER, Holds.DATE, Holds.MOMENT)
    variable = SubElement(data, "var", {
        "ID": identity, "name": column.name, "files": file, "intrvl": "contin" if is_scale else "discrete",
    })  # fmt: skip
    _labels(variable, column.label)
    for code in column.choices:
        _category(variable, column, code)
    kind = "numeric" if column.holds in _NUMERIC else "character"
    SubElement(variable, "varFormat", {"type": kind, "schema": "other", "formatname": column.type})
    for subject, said in (("short name", column.short_name), ("law", column.law)):
        if said and said != column.name:
            _text(variable, "notes", said, {"subject": subject})


def _category(variable: Element, column: DataColumn, code: Code) -> None:
    category = SubElement(variable, "catgry")
    _text(category, "catValu", code.name)
    _labels(category, code.label)
    if (known := number(column, code)) is not None:
        _text(category, "txt", f"Stata, SPSS: {known}")


def _labels(parent: Element, label: Mapping[str, str]) -> None:
    for language in _LANGUAGES:
        if label.get(language):
            _text(parent, "labl", " ".join(label[language].split()), {_LANGUAGE: language})


def _text(parent: Element, name: str, text: str, attributes: Mapping[str, str] | None = None) -> None:
    SubElement(parent, name, dict(attributes or {})).text = _UNHOLDABLE.sub("", text)
