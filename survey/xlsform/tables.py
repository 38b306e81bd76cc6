"""What is attached to a workbook: tables (CSV, GeoJSON, XML) as rows of strings, and media as a manifest.

Files of strangers: each is read within limits, and what cannot be read is a fault at its row.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from survey.text import N_
from survey.xlsform.faults import Fault

Row = dict[str, str]

MOST_ROWS = 100_000  # of one attached table: more than that no telephone searches
MOST_COLUMNS = 500
MOST_CELLS = 2_000_000
TABLE_BYTES = 16 * 1024 * 1024  # of one attached table
TABLE_ENDINGS = ("csv", "geojson", "xml")
MEDIA_TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg", "oga": "audio/ogg", "m4a": "audio/mp4",
    "mp4": "video/mp4", "3gp": "video/3gpp", "webm": "video/webm",
}  # fmt: skip
PICTURES = Path(__file__).parents[1] / "form" / "pictures"  # drawn by scripts/latrines.py


@cache
def shipped() -> dict[str, bytes]:
    """Our own drawings, by name: a workbook may name them and need not bring them."""
    return {path.name: path.read_bytes() for path in sorted(PICTURES.glob("*.png"))}


def beside(workbook: Path) -> dict[str, bytes]:
    """The tables and media that lie beside a workbook, by name: what it may name."""
    endings = {*TABLE_ENDINGS, *MEDIA_TYPES}
    return {
        path.name: path.read_bytes()
        for path in sorted(workbook.parent.iterdir())
        if path != workbook and path.suffix[1:].lower() in endings and path.is_file()
    }


class TableError(ValueError):
    """An attached table that cannot be used."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def read_table(name: str, data: bytes) -> list[Row]:
    """The rows of an attached file by its ending. Raises `TableError`."""
    if len(data) > TABLE_BYTES:
        raise _error(name, None, N_("the file is larger than %(limit)s MB"), limit=TABLE_BYTES // 1024 // 1024)
    ending = name.rpartition(".")[2].lower()
    if ending == "geojson":
        return list(_geojson(name, data))
    if ending == "xml":
        return list(_xml(name, data))
    return list(_csv(name, data))


def _error(file: str, row: int | None, template: str, **values: Any) -> TableError:
    return TableError(Fault.of(file, row, None, template, **values))


def _text(name: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise _error(name, row, N_("this is not text in UTF-8: save the file again as “CSV UTF-8”")) from None
    if "\x00" in text:
        raise _error(name, None, N_("the file holds zero bytes: it is no text"))
    return text


def _csv(name: str, data: bytes) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(_text(name, data), newline=""), strict=True)
    header: list[str] | None = None
    cells = 0
    try:
        for number, values in enumerate(reader, 1):
            if not values or (header is not None and not any(value.strip() for value in values)):
                continue
            if header is None:
                header = [value.strip() for value in values]
                _check_header(name, header)
                continue
            if len(values) != len(header):
                raise _error(name, number, N_("this row has more or fewer cells than the header"))
            cells += len(values)
            if number > MOST_ROWS or cells > MOST_CELLS:
                raise _error(name, number, N_("the table has more than %(limit)s rows"), limit=MOST_ROWS)
            yield dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise _error(name, reader.line_num, N_("this cannot be read as CSV: %(why)s"), why=str(error)) from None
    if header is None:
        raise _error(name, None, N_("the file is empty"))


def _check_header(name: str, header: list[str]) -> None:
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise _error(name, 1, N_("the cells must be separated by commas"))
    if len(header) > MOST_COLUMNS:
        raise _error(name, 1, N_("the table has more than %(limit)s columns"), limit=MOST_COLUMNS)
    for at, column in enumerate(header):
        if not column:
            raise _error(name, 1, N_("column %(number)s has no name"), number=at + 1)
        if column in header[:at]:
            raise _error(name, 1, N_("two columns are called “%(name)s”"), name=column)


# --- GeoJSON (RFC 7946) ---------------------------------------------------------------------------------------------


def _geojson(name: str, data: bytes) -> Iterator[Row]:
    """A row for each feature: id, title and its other properties, and `geometry` as ODK writes a place."""
    try:
        read = json.loads(_text(name, data), parse_constant=str)
    except (ValueError, RecursionError):
        raise _error(name, None, N_("this cannot be read as GeoJSON")) from None
    features = read.get("features") if isinstance(read, dict) else None
    if not isinstance(features, list) or read.get("type") != "FeatureCollection":
        raise _error(name, None, N_("this is no GeoJSON FeatureCollection"))
    if len(features) > MOST_ROWS:
        raise _error(name, None, N_("the table has more than %(limit)s rows"), limit=MOST_ROWS)
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise _error(name, None, N_("feature %(number)s is no GeoJSON Feature"), number=number)
        properties = feature.get("properties") or {}
        if not isinstance(properties, dict) or len(properties) > MOST_COLUMNS:
            raise _error(name, None, N_("feature %(number)s is no GeoJSON Feature"), number=number)
        row = {key: _plain(value) for key, value in properties.items() if not isinstance(value, (dict, list))}
        if "id" in feature:
            row["id"] = _plain(feature["id"])
        if not row.get("id"):
            raise _error(name, None, N_("feature %(number)s has no id"), number=number)
        place = _geometry(feature.get("geometry"))
        if place is None:
            template = N_("feature %(number)s: its geometry is no Point, LineString or Polygon with good coordinates")
            raise _error(name, None, template, number=number)
        row["geometry"] = place
        yield row


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _geometry(geometry: Any) -> str | None:
    """`lat lon alt acc`, several with “; ” between; None when it is none of ODK's three kinds."""
    if not isinstance(geometry, dict):
        return None
    kind, places = geometry.get("type"), geometry.get("coordinates")
    if kind == "Point":
        return _place(places)
    if kind == "Polygon" and isinstance(places, list) and places:
        places = places[0]  # the outer ring: ODK knows no holes
    elif kind != "LineString":
        return None
    if not isinstance(places, list) or len(places) < (4 if kind == "Polygon" else 2):
        return None
    points = [_place(place) for place in places]
    return None if None in points else "; ".join(point for point in points if point)


def _place(place: Any) -> str | None:
    if not isinstance(place, list) or not 2 <= len(place) <= 4:
        return None
    if not all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in place):
        return None
    longitude, latitude = place[:2]
    altitude = place[2] if len(place) > 2 else 0
    if not all(map(math.isfinite, (longitude, latitude, altitude))) or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return f"{_plain(latitude)} {_plain(longitude)} {_plain(altitude)} 0"


# --- XML ------------------------------------------------------------------------------------------------------------


class _InLargePieces(io.BytesIO):
    """iterparse asks for 16 kB at a time, and an expat before 2.6 begins a long name or value anew with each piece."""

    def read(self, _size: int | None = -1, /) -> bytes:
        return super().read(1 << 20)


def _xml(name: str, data: bytes) -> Iterator[Row]:
    """A secondary instance as ODK writes it: `<root><item><name>…</name>…</item>…</root>`."""
    depth = rows = 0
    try:
        for event, element in iterparse(_InLargePieces(data), events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > 3:
                raise _error(name, None, N_("the file must be root, items and their columns, nothing deeper"))
            if event == "start" and depth <= 2:
                if element.tag != ("root", "item")[depth - 1]:
                    template = N_("expected “%(wanted)s”, found “%(found)s”: the file must be root, items and columns")
                    raise _error(name, None, template, wanted=("root", "item")[depth - 1], found=element.tag)
            elif event == "end" and depth == 1:
                rows += 1
                if rows > MOST_ROWS:
                    raise _error(name, None, N_("the table has more than %(limit)s rows"), limit=MOST_ROWS)
                yield {child.tag: (child.text or "").strip() for child in element}
                element.clear()
    except DefusedXmlException:
        raise _error(name, None, N_("an XML file may not define entities or a document type")) from None
    except (SyntaxError, ValueError, LookupError) as error:
        if isinstance(error, TableError):
            raise
        raise _error(name, None, N_("this cannot be read as XML: %(why)s"), why=str(error)) from None


# --- media ----------------------------------------------------------------------------------------------------------


def manifest(names: set[str], attachments: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """What phones fetch besides the form: hash, size and type of each medium by name."""
    return {
        name: {
            "sha256": hashlib.sha256(attachments[name]).hexdigest(),
            "size": len(attachments[name]),
            "type": MEDIA_TYPES[name.rpartition(".")[2].lower()],
        }
        for name in sorted(names)
    }
