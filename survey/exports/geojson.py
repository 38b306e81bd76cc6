"""Where the interviewed households are, as GeoJSON (RFC 7946) for maps: a feature for each that has a position.

Where somebody lives is personal: whoever may have the data files may see the record that it stands in, and nobody else.
The feature says which household it is and its class, and no name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from survey.exports.columns import Holds
from survey.exports.files import DataFile
from survey.exports.fixed_columns import IDENTITY
from survey.positions import read
from survey.reports.csvfile import Cell

_CHUNK = 64 * 1024
_DIGITS = 7  # behind the point: a centimetre


def written(households: DataFile) -> Iterator[bytes]:
    """The file in pieces. The position is the answer of the first question of type geopoint that has one."""
    columns = households.columns
    points = [place for place, column in enumerate(columns) if column.node and column.node.type == "geopoint"]
    yield b'{"type": "FeatureCollection", "features": ['
    pieces: list[str] = []
    size, before = 0, "\n"
    for row in households.rows():
        found = next(((place, said) for place in points if (said := position(row[place]))), None)
        if found is None:
            continue
        place, (coordinates, accuracy) = found
        geometry = {"type": "Point", "coordinates": coordinates}
        properties = _identity(row) | {"position_of": columns[place].name, "accuracy_m": accuracy}
        feature = {"type": "Feature", "geometry": geometry, "properties": properties}
        pieces.append(before + json.dumps(feature, ensure_ascii=False))
        before = ",\n"
        size += len(pieces[-1])
        if size >= _CHUNK:
            yield "".join(pieces).encode("utf-8", "replace")
            pieces, size = [], 0
    yield "".join([*pieces, "\n]}\n"]).encode("utf-8", "replace")


def _identity(row: Sequence[Cell]) -> dict[str, Any]:
    return {
        column.name: bool(cell) if column.holds is Holds.FLAG and cell is not None else cell
        for column, cell in zip(IDENTITY, row, strict=False)
    }


def position(cell: Cell) -> tuple[list[float], float | None] | None:
    """Longitude and latitude in degrees, height where it was said, and how sure that is, both in metres; None where it
    is no position on earth."""
    found = read(str(cell or ""))
    if found is None:
        return None
    (latitude, longitude), height, accuracy = found
    return [
        round(longitude, _DIGITS),
        round(latitude, _DIGITS),
        *([] if height is None else [round(height, 1)]),
    ], accuracy
