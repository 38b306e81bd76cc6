"""Who may stand in the register twice: persons that are alike, in two households. Pure.

What two persons agree in is weighed by how seldom it comes by chance (I. P. Fellegi and A. B. Sunter, "A Theory for
Record Linkage", JASA 64, 1969): one bit of weight halves the odds that these are two people. A frequent name weighs
little, a birth date much, a personal number most. A pair is shown when the weights outweigh the number of people among
whom it was found, so "Lò Văn Hoà, 1970" is something in a commune and nothing in a province. A person decides; nothing
follows from a weight by itself.

Compared are persons of the same number, of the same syllables in whatever order, or of the same birthday and sex, and
of those only whoever can outweigh chance where they live (`_Meetings`). So a commune takes a second, and a province
minutes and little more memory than its columns.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, groupby, pairwise, product
from math import log2
from typing import NamedTuple, TypeVar

from survey.names import bare_key, name_key


def to_nobody(_done: int, _total: int) -> None:
    pass


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
_NAME_COLUMNS = {Likeness.NAME: "key", Likeness.NAME_TONES: "bare", Likeness.NAME_ORDER: "order"}
# Of twelve digits that differ in one, or in two neighbours, at least one of these is the same.
_PARTS_OF_NUMBER: tuple[Callable[[int], Hashable], ...] = (
    lambda number: number % 10**6,
    lambda number: (number // 10**9, number % 10**3),
    lambda number: number // 10**4,
)
_ROUNDED = 1e-6  # bits that sums in another order may differ by
_OF_SEX = 32  # bits of a birthday that say the sex
_TOLD = 20_000  # persons, after which it is told how many there were
Told = Callable[[int, int], None]  # hears how many persons were gone through, and of how many
Item = TypeVar("Item")


def pairs(people: Iterable[Listed], least: float = 0.0, told: Told = to_nobody) -> list[HouseholdPair]:
    """Households of which persons are alike, the strongest first. `least`: the strength that is still worth a look; at
    0 it is as likely as not. `told` hears how far it is; what it raises ends the search."""
    columns = _Columns(people)
    if not len(columns):
        return []
    found: dict[tuple[int, int], HouseholdPair] = {}
    for households in _Meetings(columns, least, told).households():
        if households not in found:
            pair = _of_households(columns, households, least)
            if pair is not None:
                found[households] = pair
    return sorted(found.values(), key=lambda one: (-one.strength, one.one, one.other))


class _Columns:
    """The people by columns: a province of them takes as much memory as a hundred thousand objects."""

    def __init__(self, people: Iterable[Listed]) -> None:
        self.household, self.commune, self.village = (array("l") for _ in range(3))
        self.key, self.bare, self.order, self.family = (array("l") for _ in range(4))
        self.year, self.day, self.sex = array("h"), array("h"), array("l")
        self.number, self.birthday = array("q"), array("q")  # a birthday with the sex of who was born
        self._codes: dict[str, dict[str, int]] = defaultdict(dict, sex={"": 0})
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
            day, sex = one.month * 32 + one.day if known else 0, self._code("sex", one.sex)
            self.day.append(day)
            self.sex.append(sex)
            self.birthday.append((one.year << 9 | day) << _OF_SEX | sex if one.year and day else 0)
            self.number.append(int(one.number) if one.number.isascii() and one.number.isdigit() else -1)
        self.households = list(self._codes["household"])
        self.names = list(self._codes["bare"])
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

    def compared(self, household: int, another: int) -> Iterator[tuple[int, int]]:
        """Who of two households is compared with whom: persons of one number, of the same syllables born a year apart
        at most (or nobody knows when), of one birthday and sex (for names that were typed wrongly)."""
        numbers, birthdays, orders = self.number, self.birthday, self.order
        theirs = self.of_household[another]
        for one in self.of_household[household]:
            number, birthday, order = numbers[one], birthdays[one], orders[one]
            for other in theirs:
                if (
                    (order == orders[other] and self.years_meet(one, other))
                    or number == numbers[other] >= 0
                    or birthday == birthdays[other] > 0
                ):
                    yield one, other

    def years_meet(self, one: int, other: int) -> bool:
        """Of two of the same syllables. Who is not known to be born in any year meets the others only where a name is
        no crowd's."""
        a, b = self.year[one], self.year[other]
        if a and b:
            return -1 <= a - b <= 1
        return not (a or b) or not self.is_crowd(one)

    def is_crowd(self, one: int) -> bool:
        return self.often["order"][self.order[one]] > _LARGE


class _Meetings:
    """Which households can be a pair of `least` strength. Of those that cannot as few as possible meet: among a
    province's people, one frequent name with its year is nothing. None that can is left out, but in crowds (`_LARGE`).

    Two of one commune meet when any two of their persons are compared. Two of different communes have to outweigh
    chance among all people:
    - by a strong agreement: the same number, nearly the same with the name, a birthday with nearly the name. These are
      few and each is looked at;
    - or by names and years alone, which weigh `most` for each person at most. Then one person is enough alone, or two
      at least agree. Of these the two with the rarest names are looked for: together with everybody after them, whose
      names are more frequent, they have to weigh enough in both households.
    """

    def __init__(self, people: _Columns, least: float, told: Told) -> None:
        self.people, self.told = people, told
        self.enough = _chance(len(people)) + least - _ROUNDED
        self.most = array("d", (_most_of_name_and_year(people, one) for one in range(len(people))))
        often, orders = people.often["order"], people.order
        self.with_twins = bytearray(len(people.of_household))  # households with two persons of the same syllables
        for household, persons in enumerate(people.of_household):
            rarest = sorted(persons, key=lambda one: (often[orders[one]], orders[one]))
            people.of_household[household] = array("l", rarest)
            self.with_twins[household] = any(orders[one] == orders[other] for one, other in pairwise(rarest))

    def households(self) -> Iterator[tuple[int, int]]:
        """Each pair of them at least once."""
        of = self.people.household
        for one, other in self._persons():
            if of[one] != of[other]:
                yield (of[one], of[other]) if of[one] < of[other] else (of[other], of[one])

    def _persons(self) -> Iterator[tuple[int, int]]:
        people = self.people
        everybody, done = range(len(people)), 0
        for number, persons in _grouped(everybody, people.number):
            if number >= 0:
                yield from combinations(persons[:_LARGE], 2)
        for birthday, persons in _grouped(everybody, people.birthday):
            if birthday:
                yield from self._named_nearly(persons)
        for _, persons in _grouped(everybody, people.order):  # takes nearly all of the time
            for _, neighbours in _grouped(persons, people.commune):
                yield from self._of_near_years(neighbours)
            for one, other in self._across(persons):
                if people.commune[one] != people.commune[other]:
                    yield one, other
            before, done = done, done + len(persons)
            if before // _TOLD < done // _TOLD:
                self.told(done, len(people))

    def _named_nearly(self, persons: list[int]) -> Iterator[tuple[int, int]]:
        """Of people of one birthday. One letter more or other is at the beginning or at the end of a name, not at both
        (if it has four letters)."""
        names = {one: self.people.names[self.people.bare[one]] for one in persons}
        ends = ({one: name[:2] for one, name in names.items()}, {one: name[-2:] for one, name in names.items()})
        for end in ends:
            for few in _by(persons, end.__getitem__):
                for one, other in combinations(few, 2):
                    if names[one] != names[other] and _is_near(names[one], names[other]):
                        yield one, other

    def _of_near_years(self, persons: list[int]) -> Iterator[tuple[int, int]]:
        """Of people of the same syllables: those born a year apart at most, or nobody knows when."""
        years = {self.people.year[born[0]]: born for born in _by(persons, self.people.year.__getitem__, least=1)}
        unknown = years.pop(0, [])
        yield from combinations(unknown, 2)
        for year, born in years.items():
            yield from combinations(born, 2)
            yield from product(born, years.get(year - 1, ()))
            if unknown and not self.people.is_crowd(unknown[0]):
                yield from product(born, unknown)

    def _across(self, persons: list[int]) -> Iterator[tuple[int, int]]:
        """Of people of the same syllables, of one commune or not, as the class says."""
        people = self.people
        yield from self._of_near_years([one for one in persons if self.most[one] >= self.enough])
        for born in _by((one for one in persons if people.birthday[one]), lambda one: people.birthday[one] >> _OF_SEX):
            yield from combinations(born, 2)
        numbered = [one for one in persons if people.number[one] >= 0]
        for part in _PARTS_OF_NUMBER:
            parts = {one: part(people.number[one]) for one in numbered}
            for few in _by(numbered, parts.__getitem__):
                for one, other in combinations(few, 2):
                    if people.years_meet(one, other) and _number(people.number[one], people.number[other]):
                        yield one, other
        yield from self._of_two_names(persons)

    def _of_two_names(self, persons: list[int]) -> Iterator[tuple[int, int]]:
        """Those with whom somebody lives whose name agrees as well."""
        people, twins, household = self.people, self.with_twins, self.people.household
        couples = ((one, second) for one in persons for second in self._second_names(one))
        for same in _by(couples, lambda couple: people.order[couple[1]]):
            for (one, second), (other, another) in combinations(same, 2):
                if (people.years_meet(one, other) and people.years_meet(second, another)) or (
                    twins[household[one]] or twins[household[other]]  # any two of one name may be meant
                ):
                    yield one, other

    def _second_names(self, one: int) -> Iterator[int]:
        """Who of their household can be the second of those that agree, if `one` has the rarest name of them."""
        persons = self.people.of_household[self.people.household[one]]
        after = persons[persons.index(one) + 1 :]
        together = self.most[one] + sum(self.most[other] for other in after)
        for other in after:
            if together < self.enough:
                return
            yield other
            together -= self.most[other]


def _grouped(persons: Iterable[int], column: array[int]) -> Iterator[tuple[int, list[int]]]:
    """Those who have one value of it."""
    for value, group in groupby(sorted(persons, key=column.__getitem__), key=column.__getitem__):
        yield value, list(group)


def _by(items: Iterable[Item], key: Callable[[Item], Hashable], least: int = 2) -> Iterator[list[Item]]:
    """Those of one key, the first of many, where they are `least` at least."""
    blocks = defaultdict[Hashable, list[Item]](list)
    for one in items:
        block = blocks[key(one)]
        if len(block) < _LARGE:
            block.append(one)
    return (block for block in blocks.values() if len(block) >= least)


def _most_of_name_and_year(people: _Columns, one: int) -> float:
    """What it weighs at most when somebody has the name of `one` and is born a year apart or less, neither on the same
    day nor with nearly the same number. A name's own frequency is the least that `_weight_of_name` takes."""
    weighs = [
        log2(_OFTEN[name] * len(people) / often)
        for name, column in _NAME_COLUMNS.items()
        if (often := people.often[column][getattr(people, column)[one]]) > 1
    ]
    year = people.year[one]
    birth = log2(_OFTEN[Likeness.BIRTH_YEAR] * len(people) / people.often["year"][year]) if year else 0.0
    return max(0.0, max(weighs) + max(0.0, birth) + _SAME_SEX) if weighs else 0.0


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
    column = _NAME_COLUMNS.get(name, "bare")
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


def _beside(people: _Columns, one: Alike) -> float:
    """What a pair of households weighs beside its persons."""
    return _weight_of_village(people, one) - _chance(people.around(one.one, one.other))


def _chance(people: int) -> float:
    """The odds of one pair among all, in bits: what has to be outweighed."""
    return log2(people / (2 * _RATE))


def _of_households(people: _Columns, households: tuple[int, int], least: float) -> HouseholdPair | None:
    """The pair that they are; None where it is of less strength than `least`."""
    compared = (_compared(people, *two) for two in people.compared(*households))
    alike = [one for one in compared if one is not None and one.weight > 0]  # else it adds nothing
    if not alike or sum(one.weight for one in alike) + _beside(people, alike[0]) < least - _ROUNDED:
        return None  # most that agree in something come nowhere near
    pair = _pair(people, households, alike)
    return pair if pair.strength >= least else None


def _pair(people: _Columns, households: tuple[int, int], alike: list[Alike]) -> HouseholdPair:
    """Each person is one other person at most. A family name that agreed for one agrees for the next by itself."""
    taken: set[int] = set()
    families: set[int] = set()
    kept: list[Alike] = []
    for one in sorted(alike, key=lambda each: (-each.weight, each.one, each.other)):
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
