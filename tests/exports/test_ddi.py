"""The codebook as DDI: valid by the alliance's own schema where that is at hand, and true to the columns."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from lxml import etree

from survey.exports import ddi
from survey.exports.columns import Code, DataColumn, question_columns
from survey.exports.files import DataFile, Kind
from survey.exports.fixed_columns import FLAGS, IDENTITY, OF_DEPRIVATION, OF_MEMBER, OF_NO_INTERVIEW, of_household
from tests.data_files import AT, COLUMNS, file_of
from tests.web.desk.field import FORM

# The schema is the alliance's and no part of the project: beside it, or where DDI_SCHEMA says.
_ROOT = Path(__file__).resolve().parents[2]
_PLACES = [root / "shared/oracles/schemas/ddi-codebook-2.5/schemas/codebook.xsd" for root in _ROOT.parents]
SCHEMA = next((one for one in [Path(os.environ.get("DDI_SCHEMA", "")), *_PLACES] if one.is_file()), None)
NAMES = {"": "ddi:codebook:2_5"}
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def whole() -> list[DataFile]:
    """Every column that the shipped questionnaire gives."""
    columns = {
        Kind.HOUSEHOLDS: [*IDENTITY, *of_household([FORM]), *question_columns([FORM], members=False)],
        Kind.MEMBERS: [*IDENTITY, *OF_MEMBER, *question_columns([FORM], members=True)],
        Kind.DEPRIVATIONS: [*IDENTITY, *OF_DEPRIVATION],
        Kind.NO_INTERVIEW: [*IDENTITY, *OF_NO_INTERVIEW],
    }
    return [DataFile(kind, of_kind, lambda: iter(())) for kind, of_kind in columns.items()]


def awkward() -> list[DataFile]:
    codes = (*FLAGS, Code("a&b", 3, {}), Code('"<', 4, {"vi": "\x0b"}))
    odd = [
        DataColumn("a.b-c", "select_one", {"vi": "<Có> & \ud83d\x00"}, choices=codes),
        DataColumn("_", "geotrace", {}),
    ]
    return [file_of([], [*COLUMNS, *odd])]


@pytest.mark.skipif(SCHEMA is None, reason="the DDI Alliance's schema is not here: DDI_SCHEMA names codebook.xsd")
@pytest.mark.parametrize("files", [whole, awkward, list])
def test_it_is_valid_by_the_alliances_schema(files: Any) -> None:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    found = etree.fromstring(ddi.written(files(), "Rà soát <2026>", AT))
    assert schema.validate(found), schema.error_log


@pytest.mark.skipif(SCHEMA is None, reason="the DDI Alliance's schema is not here: DDI_SCHEMA names codebook.xsd")
def test_the_schema_finds_a_fault() -> None:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    data = ddi.written(whole(), "Rà soát 2026", AT)
    for right, wrong in ((b"titl>", b"title>"), (b'version="2.5"', b'version="2.4"'), (b'"contin"', b'"x"')):
        assert right in data
        assert not schema.validate(etree.fromstring(data.replace(right, wrong)))


def test_each_column_and_code_is_in_it_in_both_languages() -> None:
    root = ElementTree.fromstring(ddi.written(whole(), "Rà soát 2026", AT))
    assert root.findtext(".//titl", None, NAMES) == "Rà soát 2026"
    assert [file.findtext(".//fileName", None, NAMES) for file in root.findall("fileDscr", NAMES)] == [
        "households", "members", "deprivations", "no_interview",
    ]  # fmt: skip
    found = root.findall(".//var", NAMES)
    assert [(one.get("files"), one.get("name")) for one in found] == [
        (f"F{place}", column.name) for place, file in enumerate(whole(), start=1) for column in file.columns
    ]
    wall = next(one for one in found if one.get("name") == "nha_o__tuong")
    assert {one.get(LANGUAGE): one.text for one in wall.findall("labl", NAMES)} == FORM.node("nha_o/tuong").label
    choices = FORM.choices[FORM.node("nha_o/tuong").list or ""]
    assert [
        (one.findtext("catValu", None, NAMES), one.findtext("labl", None, NAMES), one.findtext("txt", None, NAMES))
        for one in wall.findall("catgry", NAMES)
    ] == [
        (choice["name"], choice["label"]["vi"], f"Stata, SPSS: {number}")
        for number, choice in enumerate(choices, start=1)
    ]
    heater = next(one for one in found if one.get("name") == "tai_san_ho__tai_san__binh_nong_lanh")
    assert "tai_san_ho__tai_san__binh_c188a7" in [note.text for note in heater.findall("notes", NAMES)]
