"""The data files for machines: plain CSV, and a `datapackage.json` that says what each column is and what each file's
SHA-256 is (Frictionless Data Package 1, Tabular Data Package and Table Schema).

These CSV files hold the cells as they are: no byte order mark, and nothing stands before a text that a spreadsheet
would take for a formula. The ones for spreadsheets (`so-ho.zip`) are another set; each says in words which it is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from survey.exports.columns import Holds
from survey.exports.files import DataFile, Kind
from survey.exports.measured import Stored, Watched
from survey.reports.csvfile import raw

NAME = "datapackage.json"
_TYPES = {
    Holds.TEXT: "string",
    Holds.CODE: "string",
    Holds.FLAG: "boolean",
    Holds.DATE: "date",
    Holds.MOMENT: "datetime",
}
_KEYS = {
    Kind.HOUSEHOLDS: ["commune_id", "household_id"],
    Kind.MEMBERS: ["entry_id", "member_position"],
    Kind.DEPRIVATIONS: ["entry_id", "indicator"],
}
_OF_A_HOUSEHOLD = {Kind.MEMBERS, Kind.DEPRIVATIONS}
_RAW = (
    "Cells are as they were answered: none is changed for spreadsheets, "
    "some of which take a text that begins with = for a formula."
)


def written(
    files: Iterable[DataFile], language: str, title: str, at: datetime, *, whole: bool = True
) -> Iterator[tuple[str, Iterator[bytes]]]:  # fmt: skip
    """Name and bytes of each file, to be read one after the other; the description is the last. `whole`: each file has
    all of its rows, so that one refers to another."""
    resources: list[dict[str, Any]] = []
    for file in files:
        yield f"{file.kind.value}.csv", _file(file, language, resources, whole)
    yield NAME, iter([_described(resources, title, at)])


def _file(file: DataFile, language: str, resources: list[dict[str, Any]], whole: bool) -> Iterator[bytes]:
    """The CSV; what it was is added to `resources` when it has been read to its end."""
    watched, sha256, size = Watched(file), hashlib.sha256(), 0
    for piece in raw(file.header, watched.rows()):
        sha256.update(piece)
        size += len(piece)
        yield piece
    schema: dict[str, Any] = {
        "fields": [field(stored, language) for stored in watched.columns()], "missingValues": [""],
    }  # fmt: skip
    if file.kind in _KEYS:
        schema["primaryKey"] = _KEYS[file.kind]
    if whole and file.kind in _OF_A_HOUSEHOLD:
        reference = {"resource": Kind.HOUSEHOLDS.value, "fields": ["entry_id"]}
        schema["foreignKeys"] = [{"fields": ["entry_id"], "reference": reference}]
    resources.append({
        "name": file.kind.value, "path": f"{file.kind.value}.csv", "profile": "tabular-data-resource",
        "format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "bytes": size,
        "hash": f"sha256:{sha256.hexdigest()}", "description": _RAW, "schema": schema,
    })  # fmt: skip


def field(stored: Stored, language: str) -> dict[str, Any]:
    """Table Schema: a field. A column that holds something else than its type says is a string."""
    column = stored.column
    number = "integer" if is_whole(stored) else "number"
    found: dict[str, Any] = {"name": column.name, "type": _TYPES.get(stored.holds, number)}
    if title := column.words(language):
        found["title"] = title
    if column.law:
        found["description"] = column.law
    if stored.holds is Holds.FLAG:
        found |= {"trueValues": ["1"], "falseValues": ["0"]}
    elif stored.holds is Holds.MOMENT:
        found["format"] = "%Y-%m-%dT%H:%M:%S%z"
    elif stored.holds is Holds.CODE:
        found["constraints"] = {"enum": [code.name for code in stored.codes]}
    return found


def is_whole(stored: Stored) -> bool:
    """Of a column of numbers: whether they are whole, by its type, or by its cells where that says nothing."""
    return stored.whole and stored.column.type not in ("decimal", "range")


def _described(resources: list[dict[str, Any]], title: str, at: datetime) -> bytes:
    name = re.sub(r"[^a-z0-9]+", "-", f"so-ho-{at:%Y%m%dt%H%M%S}")
    package = {
        "profile": "tabular-data-package", "name": name, "title": title, "description": _RAW,
        "created": at.isoformat(timespec="seconds"), "resources": resources,
    }  # fmt: skip
    return json.dumps(package, ensure_ascii=False, indent=1).encode("utf-8", "replace")
