"""Where a house stands: positions in degrees (WGS 84) as an interview has them, and how far they are apart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, cos, isfinite, radians, sin, sqrt
from statistics import median
from typing import Any, NamedTuple

HOUSE = "vi_tri"  # the question for the position of the house, as the questionnaire names it
_EARTH = 6371.0088  # km, mean radius (IUGG)


class Position(NamedTuple):
    latitude: float
    longitude: float


def position_in(values: Any) -> Position | None:
    """The position of the house in a record's values, in whatever group it is asked; None where it was not taken or
    cannot be one. Written as ODK does, "latitude longitude altitude accuracy"."""
    if not isinstance(values, dict):
        return None
    said = values.get(HOUSE)
    if isinstance(said, str):
        return _read(said)
    return next((found for one in values.values() if (found := position_in(one))), None)


def _read(said: str) -> Position | None:
    try:
        latitude, longitude = (float(part) for part in said.split()[:2])
    except ValueError:
        return None
    good = isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    # 0 0 is what a receiver says that knows nothing.
    return Position(latitude, longitude) if good and (latitude, longitude) != (0, 0) else None


def middle(positions: Sequence[Position]) -> Position:
    """Of some positions near each other the middle one in each direction: one that is far off moves it hardly."""
    return Position(median(one.latitude for one in positions), median(one.longitude for one in positions))


def kilometres(one: Position, other: Position) -> float:
    """Along the surface of a sphere (haversine)."""
    a, b = radians(one.latitude), radians(other.latitude)
    across = radians(other.longitude - one.longitude)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(across / 2) ** 2
    return 2 * _EARTH * asin(min(1.0, sqrt(half)))
