"""The data package: valid by Frictionless' own program, its hashes those of its files, its cells untouched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from survey.exports import datapackage
from survey.exports.columns import DataColumn, fixed
from survey.exports.files import DataFile, Kind
from tests.data_files import AT, COLUMNS, file_of, package_faults
from tests.exports.test_stata_spss import ROWS

IDENTITY = (fixed("commune_id", "text", "Mã xã", "Commune"), fixed("household_id", "text", "Mã hộ", "Household"),
            fixed("entry_id", "text", "Mã phiếu", "Entry"))  # fmt: skip
HOUSEHOLDS = file_of([["03757", f"h{n}", f"e{n}", *row] for n, row in enumerate(ROWS)], (*IDENTITY, *COLUMNS))


def laid(folder: Path, *files: DataFile) -> dict[str, Any]:
    for name, pieces in datapackage.written(files, "vi", "Rà soát 2026", AT):
        (folder / name).write_bytes(b"".join(pieces))
    described: dict[str, Any] = json.loads((folder / datapackage.NAME).read_text("utf-8"))
    return described


def fields_of(folder: Path, cells: Sequence[Any], type: str) -> dict[str, Any]:
    column = DataColumn("cot", type, {"vi": "Cột"})
    described = laid(folder, replace(file_of([[cell, 1] for cell in cells], [column, COLUMNS[3]]), kind=Kind.CODEBOOK))
    assert package_faults(folder) == []
    field: dict[str, Any] = described["resources"][0]["schema"]["fields"][0]
    return field


def test_it_is_valid_and_names_types_words_and_codes(tmp_path: Path) -> None:
    members = replace(
        file_of([["e0", 1], ["e0", 2]], (IDENTITY[2], fixed("member_position", "integer", "", ""))), kind=Kind.MEMBERS
    )
    described = laid(tmp_path, HOUSEHOLDS, members)
    assert package_faults(tmp_path) == []
    resource = described["resources"][0]
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    assert {name: field["type"] for name, field in fields.items()} == {
        "commune_id": "string", "household_id": "string", "entry_id": "string", "head_name": "string",
        "household_class": "string", "provisional": "boolean", "persons": "integer", "b1_points": "number",
        "received_at": "datetime", "ngay_ra_soat": "date", "phan_loai": "string", "b1_tong": "number",
        "reason": "string",
    }  # fmt: skip
    assert fields["household_class"]["constraints"] == {"enum": ["ho_ngheo", "ho_can_ngheo"]}
    assert fields["persons"]["title"] == "Số nhân khẩu"
    data = (tmp_path / "households.csv").read_bytes()
    assert (resource["hash"], resource["bytes"]) == (f"sha256:{hashlib.sha256(data).hexdigest()}", len(data))


def test_its_cells_are_as_they_were_answered(tmp_path: Path) -> None:
    laid(tmp_path, HOUSEHOLDS)
    data = (tmp_path / "households.csv").read_bytes()
    assert data.startswith(b"commune_id,household_id,")
    assert data.split(b"\r\n")[2].endswith(b",90.5,=1+1")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (("Lò Thị Ấm", "Lò Thị Âm"), "hash-count"),
        (("ho_can_ngheo", "ho_khac"), "constraint-error"),
        (("h1,", "h0,"), "primary-key"),
        ((",12,", ",muoi hai,"), "type-error"),
    ],
)
def test_a_changed_file_is_found(tmp_path: Path, fault: tuple[str, str], said: str) -> None:
    """That the validation can fail."""
    laid(tmp_path, HOUSEHOLDS)
    path = tmp_path / "households.csv"
    path.write_bytes(path.read_bytes().replace(fault[0].encode(), fault[1].encode(), 1))
    assert any(said in one for one in package_faults(tmp_path)), package_faults(tmp_path)


@pytest.mark.parametrize(
    ("type", "cells", "found"),
    [
        ("calculate", [1, 2], "integer"), ("calculate", [1, 2.5], "number"), ("calculate", ["a", None], "string"),
        ("calculate", [1, "a"], "string"), ("integer", [1, "ba"], "string"),
        ("today", ["2026-11-01", "hôm qua"], "string"),
        ("integer", [None], "integer"), ("decimal", [1], "number"), ("0/1", [0, 1], "boolean"), ("0/1", [2], "string"),
        ("text", ['a"b', "a,b", "a\r\nb", "a\rb", " ", "a\x00"], "string"),
    ],
)  # fmt: skip
def test_a_column_is_what_its_cells_are(tmp_path: Path, type: str, cells: list[Any], found: str) -> None:
    assert fields_of(tmp_path, cells, type)["type"] == found
