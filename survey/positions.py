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
        whole = read(said)
        return whole[0] if whole is not None else None
    return next((found for one in values.values() if (found := position_in(one))), None)


def read(said: str) -> tuple[Position, float | None, float | None] | None:
    """Position, height and accuracy in metres (None: not said) of "21.3 103.9 600 5"; None where that is no position on
    earth, or 0 0, which a receiver says that knows nothing."""
    try:
        numbers = [float(part) for part in said.split()]
    except ValueError:
        return None
    if not 2 <= len(numbers) <= 4 or not all(map(isfinite, numbers)) or numbers[:2] == [0, 0]:
        return None
    if abs(numbers[0]) > 90 or abs(numbers[1]) > 180:
        return None
    height = numbers[2] if len(numbers) > 2 and numbers[2] else None  # a phone that does not know it says 0
    return Position(*numbers[:2]), height, numbers[3] if len(numbers) > 3 else None


def middle(positions: Sequence[Position]) -> Position:
    """Of some positions near each other the middle one in each direction: one that is far off moves it hardly."""
    return Position(median(one.latitude for one in positions), median(one.longitude for one in positions))


def kilometres(one: Position, other: Position) -> float:
    """Along the surface of a sphere (haversine)."""
    a, b = radians(one.latitude), radians(other.latitude)
    across = radians(other.longitude - one.longitude)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(across / 2) ** 2
    return 2 * _EARTH * asin(min(1.0, sqrt(half)))
