"""Who may stand in the register twice: persons that are alike, in two households. Pure.

What two persons agree in is weighed by how seldom it comes by chance (I. P. Fellegi and A. B. Sunter, "A Theory for
Record Linkage", JASA 64, 1969): one bit of weight halves the odds that these are two people. A frequent name weighs
little, a birth date much, a personal number most. A pair is shown when the weights outweigh the number of people among
whom it was found, so "Lò Văn Hoà, 1970" is something in a commune and nothing in a province. A person decides; nothing
follows from a weight by itself.

Compared is only what lies in one block: the same number, the same syllables in whatever order, or the same birthday
and sex. So a commune takes a second, and a province minutes and no more memory than its columns.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from math import log2
from typing import NamedTuple

from survey.names import bare_key, name_key


class Likeness(StrEnum):
    """What two persons agree in."""

    NAME = "name"
    NAME_TONES = "name_tones"  # but for the tones, or đ and d
    NAME_ORDER = "name_order"  # the same syllables in another order
    NAME_NEAR = "name_near"  # one letter, or one syllable more
    BIRTHDAY = "birthday"
    BIRTH_YEAR = "birth_year"
    BIRTH_NEAR = "birth_near"  # a year apart, or day and month changed places
    NUMBER = "number"
    NUMBER_NEAR = "number_near"  # one digit another, or two that changed places


class Listed(NamedTuple):
    """A person as a list has them. `year`, `month`, `day`: 0 where not known; `number`: twelve digits, or ""."""

    household: str
    commune: str
    name: str
    year: int = 0
    month: int = 0
    day: int = 0
    sex: str = ""
    number: str = ""
    village: str = ""


class Alike(NamedTuple):
    """Two persons, by their places in the list that was given, and what they agree in; `weight` in bits."""

    one: int
    other: int
    weight: float
    likenesses: tuple[Likeness, ...]


@dataclass(frozen=True)
class HouseholdPair:
    """Two households with persons alike. `strength`: bits above what chance explains among so many people."""

    one: str
    other: str
    strength: float
    persons: tuple[Alike, ...]


# How often two entries of one person agree so (m of Fellegi and Sunter): from how lists are typed, not from a sample.
_OFTEN = {
    Likeness.NAME: 0.70,
    Likeness.NAME_TONES: 0.12,
    Likeness.NAME_ORDER: 0.07,
    Likeness.NAME_NEAR: 0.10,
    Likeness.BIRTHDAY: 0.60,
    Likeness.BIRTH_YEAR: 0.30,
    Likeness.BIRTH_NEAR: 0.05,
    Likeness.NUMBER: 0.90,
    Likeness.NUMBER_NEAR: 0.06,
}
_OTHER_BIRTH, _OTHER_SEX, _OTHER_NUMBER = -4.6, -5.6, -4.6  # what speaks against: 4 or 2 of a hundred agree in that too
_SAME_SEX = 1.0
_NEAR_NAMES = 4  # names within one letter of another, for each that is just that
_MOST_BITS = 26.0  # of a number: who typed it may have copied it
_RATE = 0.01  # of the people stand twice
_SAME_VILLAGE, _OTHER_VILLAGE = 0.7, 0.3  # of those who do: in one village, in two
_LARGE = 400  # persons of one block that are still compared each with each


def pairs(people: Iterable[Listed], least: float = 0.0) -> list[HouseholdPair]:
    """Households of which persons are alike, the strongest first. `least`: the strength that is still worth a look; at
    0 it is as likely as not."""
    columns = _Columns(people)
    found: dict[tuple[int, int], list[Alike]] = defaultdict(list)
    for one, other in _candidates(columns):
        alike = _compared(columns, one, other)
        if alike is not None:
            a, b = sorted((columns.household[one], columns.household[other]))
            found[a, b].append(alike)
    made = (_pair(columns, households, alike) for households, alike in found.items())
    return sorted((one for one in made if one.strength >= least), key=lambda one: (-one.strength, one.one, one.other))


class _Columns:
    """The people by columns: a province of them takes as much memory as a hundred thousand objects."""

    def __init__(self, people: Iterable[Listed]) -> None:
        self.household, self.commune, self.village = (array("l") for _ in range(3))
        self.key, self.bare, self.order, self.family = (array("l") for _ in range(4))
        self.year, self.day, self.number = array("h"), array("h"), array("q")
        self.sex: list[str] = []
        self._codes: dict[str, dict[str, int]] = defaultdict(dict)
        for one in people:
            self.household.append(self._code("household", one.household))
            self.commune.append(self._code("commune", one.commune))
            self.village.append(self._code("village", one.village) if one.village else -1)
            key = name_key(one.name)
            bare = bare_key(one.name)
            self.key.append(self._code("key", key))
            self.bare.append(self._code("bare", bare))
            self.family.append(self._code("family", bare.split(" ", 1)[0]))
            self.order.append(self._code("order", " ".join(sorted(bare.split()))))
            self.year.append(one.year)
            # The first of January stands for "not known" on many papers.
            known = one.month and one.day and (one.month, one.day) != (1, 1)
            self.day.append(one.month * 32 + one.day if known else 0)
            self.number.append(int(one.number) if one.number.isascii() and one.number.isdigit() else -1)
            self.sex.append(one.sex)
        self.households = list(self._codes["household"])
        self.names = list(self._codes["bare"])
        self.often = {name: Counter(getattr(self, name)) for name in ("key", "bare", "order", "family", "year")}
        self.of_commune, self.of_village = Counter(self.commune), Counter(self.village)

    def __len__(self) -> int:
        return len(self.household)

    def _code(self, kind: str, text: str) -> int:
        codes = self._codes[kind]
        return codes.setdefault(text, len(codes))

    def around(self, one: int, other: int) -> int:
        """Among how many people these two were found."""
        same = self.commune[one] == self.commune[other]
        return self.of_commune[self.commune[one]] if same else len(self)


def _candidates(people: _Columns) -> Iterator[tuple[int, int]]:
    """Persons of two households that share a block, each pair once."""
    for number, block in enumerate((_by_number(people), _by_syllables(people), _by_birthday(people))):
        for one, other in block:
            if people.household[one] == people.household[other]:
                continue
            same_number = people.number[one] == people.number[other] >= 0
            if number > 0 and same_number:
                continue
            if number > 1 and people.order[one] == people.order[other] and _years_meet(people, one, other):
                continue
            yield one, other


def _blocks(keys: Iterable[object]) -> Iterator[list[int]]:
    found: dict[object, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key is not None:
            found[key].append(place)
    return (block for block in found.values() if len(block) > 1)


def _by_number(people: _Columns) -> Iterator[tuple[int, int]]:
    for block in _blocks(number if number >= 0 else None for number in people.number):
        yield from combinations(block[:_LARGE], 2)


def _by_syllables(people: _Columns) -> Iterator[tuple[int, int]]:
    """The same syllables, born a year apart at most, or one of them nobody knows when."""
    for block in _blocks(people.order):
        by_year: dict[int, list[int]] = defaultdict(list)
        for place in block:
            by_year[people.year[place]].append(place)
        unknown = by_year.pop(0, [])[:_LARGE]
        for year, born in by_year.items():
            yield from combinations(born[:_LARGE], 2)
            yield from ((one, other) for one in born[:_LARGE] for other in by_year.get(year + 1, ())[:_LARGE])
            if len(block) <= _LARGE:
                yield from ((one, other) for one in unknown for other in born)
        yield from combinations(unknown, 2)


def _by_birthday(people: _Columns) -> Iterator[tuple[int, int]]:
    """Born on one day, of one sex: for names that were typed wrongly."""
    days = (
        (year, day, sex) if year and day else None
        for year, day, sex in zip(people.year, people.day, people.sex, strict=True)
    )
    for block in _blocks(days):
        yield from combinations(block[:_LARGE], 2)


def _years_meet(people: _Columns, one: int, other: int) -> bool:
    a, b = people.year[one], people.year[other]
    return not a or not b or abs(a - b) <= 1


def _compared(people: _Columns, one: int, other: int) -> Alike | None:
    """None when nothing makes one person of them: no name alike and no number the same."""
    name = _name(people, one, other)
    number = _number(people.number[one], people.number[other])
    if name is None and number is not Likeness.NUMBER:
        return None
    birth = _birth(people, one, other)
    weight = _weight_of_name(people, one, name) if name else _OTHER_BIRTH
    weight += _weight_of_birth(people, one, other, birth)
    if people.sex[one] and people.sex[other]:
        weight += _SAME_SEX if people.sex[one] == people.sex[other] else _OTHER_SEX
    weight += _weight_of_number(people, one, other, number)
    return Alike(one, other, weight, tuple(found for found in (name, birth, number) if found))


def _name(people: _Columns, one: int, other: int) -> Likeness | None:
    if people.key[one] == people.key[other]:
        return Likeness.NAME
    if people.bare[one] == people.bare[other]:
        return Likeness.NAME_TONES
    if people.order[one] == people.order[other]:
        return Likeness.NAME_ORDER
    near = _is_near(people.names[people.bare[one]], people.names[people.bare[other]])
    return Likeness.NAME_NEAR if near else None


def _is_near(one: str, other: str) -> bool:
    """One letter apart, or one syllable inside more: "lo van hoa" and "lo hoa"."""
    a, b = sorted((one, other), key=len)
    if len(b) - len(a) <= 1:
        at = next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
        return a[at + (len(a) == len(b)) :] == b[at + 1 :]
    few, many = a.split(), b.split()
    return len(many) == len(few) + 1 >= 3 and many[0] == few[0] and many[-1] == few[-1]


def _weight_of_name(people: _Columns, one: int, name: Likeness) -> float:
    column = {Likeness.NAME: "key", Likeness.NAME_ORDER: "order"}.get(name, "bare")
    often = people.often[column][getattr(people, column)[one]]
    by_chance = often * (_NEAR_NAMES if name is Likeness.NAME_NEAR else 1) / len(people)
    return log2(_OFTEN[name] / min(by_chance, 1.0))


def _birth(people: _Columns, one: int, other: int) -> Likeness | None:
    a, b = people.year[one], people.year[other]
    if not a or not b:
        return None
    day, another = people.day[one], people.day[other]
    if a == b and (not day or not another):
        return Likeness.BIRTH_YEAR
    if a == b and day == another:
        return Likeness.BIRTHDAY
    near = abs(a - b) <= 1 and (not day or not another or _is_near_day(day, another))
    return Likeness.BIRTH_NEAR if near else None


def _is_near_day(day: int, another: int) -> bool:
    """The same, with day and month in each other's place, or one of them read wrongly."""
    (month, of_month), (other_month, of_other) = divmod(day, 32), divmod(another, 32)
    return month == other_month or of_month == of_other or (month, of_month) == (of_other, other_month)


def _weight_of_birth(people: _Columns, one: int, other: int, birth: Likeness | None) -> float:
    if birth is None:
        known = people.year[one] and people.year[other]
        return _OTHER_BIRTH if known else 0.0
    by_chance = people.often["year"][people.year[one]] / len(people)
    if birth is Likeness.BIRTHDAY:
        by_chance /= 365
    if birth is Likeness.BIRTH_NEAR:
        by_chance *= 2 if not people.day[one] or not people.day[other] else 3 / 12
    return log2(_OFTEN[birth] / by_chance)


def _number(one: int, other: int) -> Likeness | None:
    if one < 0 or other < 0:
        return None
    if one == other:
        return Likeness.NUMBER
    a, b = f"{one:012d}", f"{other:012d}"
    wrong = [place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y]
    swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1 and a[wrong[0]] == b[wrong[1]] and a[wrong[1]] == b[wrong[0]]
    return Likeness.NUMBER_NEAR if len(a) == len(b) and (len(wrong) == 1 or swapped) else None


def _weight_of_number(people: _Columns, one: int, other: int, number: Likeness | None) -> float:
    if number is None:
        return _OTHER_NUMBER if people.number[one] >= 0 and people.number[other] >= 0 else 0.0
    if number is Likeness.NUMBER:
        return _MOST_BITS
    return _MOST_BITS / 2  # a number near another's is often a neighbour's or a twin's, issued on one day


def _pair(people: _Columns, households: tuple[int, int], alike: list[Alike]) -> HouseholdPair:
    """Each person is one other person at most. A family name that agreed for one agrees for the next by itself."""
    taken: set[int] = set()
    families: set[int] = set()
    kept: list[Alike] = []
    for one in sorted(alike, key=lambda each: -each.weight):
        family = people.family[one.one]
        weight = one.weight - (log2(len(people) / people.often["family"][family]) if family in families else 0.0)
        if weight > 0 and taken.isdisjoint((one.one, one.other)):
            taken |= {one.one, one.other}
            families |= {family} if family == people.family[one.other] else set()
            kept.append(one._replace(weight=weight))
    chance = log2(people.around(alike[0].one, alike[0].other) / (2 * _RATE))  # odds of one pair among all
    strength = sum(one.weight for one in kept) + _weight_of_village(people, alike[0]) - chance
    ours, theirs = (people.households[place] for place in households)
    return HouseholdPair(ours, theirs, strength, tuple(kept))


def _weight_of_village(people: _Columns, alike: Alike) -> float:
    """Of two in one commune; across communes nothing is expected of it."""
    village, other = people.village[alike.one], people.village[alike.other]
    if village < 0 or other < 0 or people.commune[alike.one] != people.commune[alike.other]:
        return 0.0
    share = people.of_village[village] / people.of_commune[people.commune[alike.one]]
    if share >= _SAME_VILLAGE:  # there is hardly another
        return 0.0
    return log2(_SAME_VILLAGE / share) if village == other else log2(_OTHER_VILLAGE / (1 - share))
