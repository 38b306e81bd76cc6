"""How a full count becomes a file that points at nobody: bands, areas, classes of at least k households. Pure.

Whoever is unique in a full count is unique in the province: nothing is hidden by not having been drawn. So rows are
told apart by a few coarse columns alone (the quasi-identifiers), each combination of them is shared by `k` households
at least, and where it is not, single cells are hidden (local suppression), those first that research misses least.
Within a combination each sensitive column has `l` different answers at least, or says nothing there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations
from math import cos, floor, radians

from survey.positions import Position

HIDDEN, OTHER = "*", "khac"
AGES = (0, 6, 16, 25, 35, 45, 55, 65)  # each band begins with the age
MOST_PERSONS, MOST_CHILDREN = 7, 3
CELL = 5.0  # kilometres
_DEGREE = 111.195  # kilometres of a degree of latitude (mean radius of the IUGG)

Key = tuple[str, ...]  # a value for each quasi-identifier
Households = frozenset[int]  # some that share a key: which, as far as there are fewer than k


@dataclass(frozen=True)
class Bounds:
    """`k`: households that share each combination; `l`: answers within it; `area`, `cell`: households of an area and of
    a cell of the map; `group`: households of an ethnic group in an area, below which it is another one."""

    k: int = 5
    l: int = 2  # noqa: E741 - as the literature calls it
    area: int = 2000
    cell: int = 20
    group: int = 100


BOUNDS = Bounds()


@lru_cache(maxsize=256)  # the same words, kept once
def age_band(age: int | None) -> str:
    """ "25-34"; "65+"; "" where the age is not known."""
    if age is None:
        return ""
    place = max((number for number, begin in enumerate(AGES) if begin <= age), default=0)
    return f"{AGES[place]}-{AGES[place + 1] - 1}" if place + 1 < len(AGES) else f"{AGES[place]}+"


@lru_cache(maxsize=256)
def at_most(number: int, most: int) -> str:
    return str(number) if number < most else f"{most}+"


def cell_of(position: Position) -> str:
    """The middle of the square of 5 km in which it lies: "21.32 103.95". Rows begin at the equator, and in each row
    the squares at Greenwich."""
    row = floor(position.latitude * _DEGREE / CELL)
    middle = (row + 0.5) * CELL / _DEGREE
    wide = CELL / (_DEGREE * cos(radians(middle)))
    return f"{middle:.2f} {(floor(position.longitude / wide) + 0.5) * wide:.2f}"


def areas_of(households: Mapping[str, int], least: int) -> dict[str, int] | None:
    """The number of each commune's area, from 1: communes of one province in the order of their codes, as many as make
    `least` households; what is left over at the end joins the one before. None where all are fewer."""
    found: dict[str, int] = {}
    number, sum_ = 1, 0
    for commune_id in sorted(households):
        found[commune_id] = number
        sum_ += households[commune_id]
        if sum_ >= least:
            number, sum_ = number + 1, 0
    if number == 1:
        return None
    return {commune_id: min(area, number - 1) for commune_id, area in found.items()} if sum_ else found


Answers = tuple[tuple[str, ...], ...]  # of each sensitive column, no more than l different ones


@dataclass(slots=True)
class Shared:
    """What is known of a combination: of which households its rows are (no more than k of them), how many rows, and
    which answers each sensitive column has there. A province has hundreds of thousands of them, so they are kept as
    tuples: a set is five times as large."""

    answers: Answers
    households: tuple[int, ...] = ()
    rows: int = 0


class Classes:
    """The rows of a level (households, or persons), by their combination. Rows of a household come together."""

    def __init__(self, names: Sequence[str], costs: Sequence[int], sensitive: Sequence[str], bounds: Bounds) -> None:
        """`names` of the quasi-identifiers, what hiding each one costs, and the `sensitive` columns."""
        self.names, self.costs, self.sensitive, self.bounds = tuple(names), tuple(costs), tuple(sensitive), bounds
        self.found: dict[Key, Shared] = {}
        self._answers: dict[Answers, Answers] = {}  # few occur: each is kept once

    def take(self, key: Key, household: int, answers: Sequence[str]) -> None:
        shared = self.found.get(key)
        if shared is None:
            shared = self.found[key] = Shared(((),) * len(self.sensitive))
        shared.rows += 1
        if len(shared.households) < self.bounds.k and household not in shared.households:
            shared.households = (*shared.households, household)
        answered = self._together(shared.answers, ((one,) if one else () for one in answers))
        shared.answers = self._answers.setdefault(answered, answered)

    def _together(self, known: Answers, more: Iterable[Sequence[str]]) -> Answers:
        """So many different ones that it is known whether there are l."""
        enough = self.bounds.l
        return tuple(
            one if len(one) >= enough else tuple(dict.fromkeys((*one, *others)))[:enough]
            for one, others in zip(known, more, strict=True)
        )

    def published(self) -> dict[Key, Key | None]:
        """Each combination as it is published: with cells hidden where fewer than k households share it, None where
        even then too few do, and its rows are left out."""
        k = self.bounds.k
        found: dict[Key, Key | None] = {key: key for key, shared in self.found.items() if len(shared.households) >= k}
        few = {key: shared.households for key, shared in self.found.items() if key not in found}
        for places in self._hidings():
            joined: dict[Key, set[int]] = defaultdict(set)
            for key, households in few.items():
                joined[_hidden(key, places)].update(households)
            enough = {key for key, households in joined.items() if len(households) >= k}
            for key in [key for key in few if _hidden(key, places) in enough]:
                found[key] = _hidden(key, places)
                del few[key]
            if not few:
                break
        found.update(dict.fromkeys(few))
        return found

    def _hidings(self) -> list[tuple[int, ...]]:
        """Which cells are hidden, the cheapest first."""
        places = range(len(self.names))
        every = chain.from_iterable(combinations(places, number) for number in range(1, len(self.names) + 1))
        return sorted(every, key=lambda hidden: (sum(self.costs[place] for place in hidden), hidden))

    def silent(self, published: Mapping[Key, Key | None]) -> dict[Key, frozenset[int]]:
        """Of each published combination the sensitive columns (by their place) that say nothing there, for they would
        say the same of all of its households."""
        answers: dict[Key, Answers] = {}
        for key, shared in self.found.items():
            if (shown := published[key]) is not None:
                known = answers.get(shown)
                answers[shown] = shared.answers if known is None else self._together(known, shared.answers)
        none = frozenset[int]()
        silent = {}
        for shown, known in answers.items():
            places = frozenset(place for place, one in enumerate(known) if len(one) < self.bounds.l)
            silent[shown] = places or none
        return silent


def _hidden(key: Key, places: Iterable[int]) -> Key:
    cells = list(key)
    for place in places:
        cells[place] = HIDDEN
    return tuple(cells)
