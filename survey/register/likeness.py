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
    blocks = _Blocks(columns)
    made = []
    # Household by household: of the millions that agree in something only one household's are held at a time.
    for household, persons in enumerate(columns.of_household):
        found: dict[int, list[Alike]] = defaultdict(list)
        for one in persons:
            for other in blocks.later(household, one):
                alike = _compared(columns, one, other)
                if alike is not None and alike.weight > 0:  # else it adds nothing
                    found[columns.household[other]].append(alike)
        worth = (item for item in found.items() if _most(columns, item[1]) >= least)
        pairs_of_it = (_pair(columns, (household, other), alike) for other, alike in worth)
        made += [one for one in pairs_of_it if one.strength >= least]
    return sorted(made, key=lambda one: (-one.strength, one.one, one.other))


class _Columns:
    """The people by columns: a province of them takes as much memory as a hundred thousand objects."""

    def __init__(self, people: Iterable[Listed]) -> None:
        self.household, self.commune, self.village = (array("l") for _ in range(3))
        self.key, self.bare, self.order, self.family = (array("l") for _ in range(4))
        self.year, self.day, self.number = array("h"), array("h"), array("q")
        self.sex: list[str] = []
        self._codes: dict[str, dict[str, int]] = defaultdict(dict)
        names: dict[str, tuple[int, int, int, int]] = {}
        for one in people:
            self.household.append(self._code("household", one.household))
            self.commune.append(self._code("commune", one.commune))
            self.village.append(self._code("village", one.village) if one.village else -1)
            if one.name not in names:  # a province has few names for its people
                names[one.name] = self._codes_of_name(one.name)
            for column, code in zip((self.key, self.bare, self.family, self.order), names[one.name], strict=True):
                column.append(code)
            self.year.append(one.year)
            # The first of January stands for "not known" on many papers.
            known = one.month and one.day and (one.month, one.day) != (1, 1)
            self.day.append(one.month * 32 + one.day if known else 0)
            self.number.append(int(one.number) if one.number.isascii() and one.number.isdigit() else -1)
            self.sex.append(one.sex)
        self.households = list(self._codes["household"])
        self.names = list(self._codes["bare"])
        self.ends = [name[:2] + name[-2:] for name in self.names]
        self.of_household: list[array[int]] = [array("l") for _ in self.households]
        for place, household in enumerate(self.household):
            self.of_household[household].append(place)
        self.often = {name: Counter(getattr(self, name)) for name in ("key", "bare", "order", "family", "year")}
        self.of_commune, self.of_village = Counter(self.commune), Counter(self.village)

    def __len__(self) -> int:
        return len(self.household)

    def _codes_of_name(self, name: str) -> tuple[int, int, int, int]:
        bare = bare_key(name)
        return (
            self._code("key", name_key(name)), self._code("bare", bare), self._code("family", bare.split(" ", 1)[0]),
            self._code("order", " ".join(sorted(bare.split()))),
        )  # fmt: skip

    def _code(self, kind: str, text: str) -> int:
        codes = self._codes[kind]
        return codes.setdefault(text, len(codes))

    def around(self, one: int, other: int) -> int:
        """Among how many people these two were found."""
        same = self.commune[one] == self.commune[other]
        return self.of_commune[self.commune[one]] if same else len(self)


class _Blocks:
    """Who is compared with whom: persons of one number, of the same syllables born a year apart at most (or nobody
    knows when), of one birthday and sex (for names that were typed wrongly). A block holds its people household by
    household; of a large one the first are compared."""

    def __init__(self, people: _Columns) -> None:
        self.people = people
        number, birthday = defaultdict[int, list[int]](list), defaultdict[tuple[int, int, str], list[int]](list)
        self.syllables = defaultdict[tuple[int, int], list[int]](list)
        for one in (place for persons in people.of_household for place in persons):
            _put(number[people.number[one]], one)
            _put(birthday[self._birthday(one)], one)
            _put(self.syllables[people.order[one], people.year[one]], one)
        self.number = {key: block for key, block in number.items() if key >= 0 and len(block) > 1}
        self.birthday = {key: block for key, block in birthday.items() if key[0] and key[1] and len(block) > 1}
        self.years = defaultdict[int, list[int]](list)  # of each name of which somebody's year is not known
        for order, year in self.syllables:
            if people.often["order"][order] <= _LARGE and (order, 0) in self.syllables:
                self.years[order].append(year)

    def _birthday(self, one: int) -> tuple[int, int, str]:
        return self.people.year[one], self.people.day[one], self.people.sex[one]

    def later(self, household: int, one: int) -> Iterator[int]:
        """Whom a person of `household` is compared with, in the households after theirs, each once."""
        numbers = self.people.number
        number = numbers[one]
        yield from self._after(household, one, self.number.get(number))
        for other in self._named_or_born_alike(household, one):
            if number < 0 or numbers[other] != number:  # else it came by the number
                yield other

    def _named_or_born_alike(self, household: int, one: int) -> Iterator[int]:
        people = self.people
        order, name = people.order[one], people.ends[people.bare[one]]
        for born in self._years_met(order, people.year[one]):
            yield from self._after(household, one, self.syllables.get((order, born)))
        for other in self._after(household, one, self.birthday.get(self._birthday(one))):
            # One letter more or other is at the beginning or at the end of a name, not at both.
            theirs = people.ends[people.bare[other]]
            if (theirs[:2] == name[:2] or theirs[2:] == name[2:]) and people.order[other] != order:
                yield other

    def _years_met(self, order: int, year: int) -> Iterable[int]:
        """In which those are born of the same syllables with whom one born in `year` is compared; 0: nobody knows. Who
        is not known to be born in any year meets the others only where a name is no crowd's."""
        if not year:
            return self.years.get(order, (0,))
        return (year - 1, year, year + 1, *((0,) if order in self.years else ()))

    def _after(self, household: int, one: int, block: list[int] | None) -> Iterator[int]:
        if block is None or (len(block) == _LARGE and one not in block):
            return
        of = self.people.household
        for other in reversed(block):
            if of[other] <= household:
                return
            yield other


def _put(block: list[int], one: int) -> None:
    if len(block) < _LARGE:
        block.append(one)


def _compared(people: _Columns, one: int, other: int) -> Alike | None:
    """None when nothing makes one person of them: no name alike and no number the same."""
    name, (own, its) = _name(people, one, other), (people.number[one], people.number[other])
    if name is None and (own != its or own < 0):
        return None
    number = _number(own, its)
    birth = _birth(people, one, other)
    weight = _weight_of_name(people, one, other, name) if name else _OTHER_BIRTH
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


def _weight_of_name(people: _Columns, one: int, other: int, name: Likeness) -> float:
    """Of two names that are not the same the more frequent one tells how likely chance is."""
    column = {Likeness.NAME: "key", Likeness.NAME_ORDER: "order"}.get(name, "bare")
    codes, counts = getattr(people, column), people.often[column]
    often = max(counts[codes[one]], counts[codes[other]])
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
    counts = people.often["year"]
    by_chance = max(counts[people.year[one]], counts[people.year[other]]) / len(people)
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
    apart = abs(one - other)
    while apart % 10 == 0:
        apart //= 10
    if apart > 9 * 9:  # more than a digit, or two digits in each other's place, can make
        return None
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


def _most(people: _Columns, alike: list[Alike]) -> float:
    """What the strength of a pair of households is at most: most that agree in something come nowhere near."""
    return sum(one.weight for one in alike) + _beside(people, alike[0]) + 1e-6


def _beside(people: _Columns, one: Alike) -> float:
    """What a pair of households weighs beside its persons."""
    chance = log2(people.around(one.one, one.other) / (2 * _RATE))  # odds of one pair among all
    return _weight_of_village(people, one) - chance


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
    strength = sum(one.weight for one in kept) + _beside(people, alike[0])
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
