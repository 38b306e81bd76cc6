"""A family: who lives together, how old, and the facts of a person from which any year's answers follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from uuid import UUID

from survey.demo.names import KINH, MONG, NAMES, THAI, family_name, full_name


@dataclass
class Person:
    """`leaves_school`: the age (by school year) at which school ends; `behind`: years behind the others of that age."""

    id: str
    name: str
    sex: str
    relation: str
    born: date
    born_exactly: bool
    people: str
    leaves_school: int
    behind: int
    kindergarten: bool
    cccd: str | None
    insured: bool = True
    online: bool = True
    malnourished: bool = False
    ill: bool = False
    disabled: bool = False
    pension: bool = False
    work: str = "farm"  # farm, hired (without a contract), employed (with one), official, none, home

    def age(self, day: date) -> int:
        return day.year - self.born.year - ((self.born.month, self.born.day) > (day.month, day.day))

    def school_age(self, day: date) -> int:
        return day.year - (0 if day.month >= 9 else 1) - self.born.year


@dataclass
class Family:
    random: Random
    people: str
    means: float  # 0 poor … 1 well off
    day: date  # of last year's interview
    members: list[Person] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def add(self, relation: str, sex: str, age: float, family: str, people: str | None = None) -> Person:
        """A member of about `age` years on the day."""
        draw, people = self.random, people or self.people
        born = self.day - timedelta(days=int(age * 365.25) + draw.randrange(5, 340))
        person = Person(
            id=str(UUID(int=draw.getrandbits(128), version=4)),
            name=full_name(draw, people, sex, family, self.names),
            sex=sex,
            relation=relation,
            born=born,
            born_exactly=age < 60 or draw.random() < 0.3,
            people=people,
            leaves_school=self._leaves_school(age),
            behind=int(draw.random() < 0.03),
            kindergarten=draw.random() < 0.8 + self.means / 5,
            cccd=None,
        )
        if draw.random() < (0.97 if age >= 14 else 0.6):
            person.cccd = invented_number(draw, person)
        self._circumstances(person, age)
        self.members.append(person)
        return person

    def _leaves_school(self, age: float) -> int:
        draw = self.random.gauss(0, 2.2)
        if age < 35:
            return max(9, min(22, round(13 + 7 * self.means + draw)))
        return max(0, min(22, round(18 - age / 5 + 5 * self.means + draw)))

    def _circumstances(self, person: Person, age: float) -> None:
        draw, means = self.random, self.means
        person.insured = draw.random() < 0.95 + 0.01 * means
        person.online = 8 <= age < 70 and draw.random() < 0.35 + 0.6 * means
        person.malnourished = age < 16 and draw.random() < 0.20 - 0.19 * means
        person.ill = draw.random() < 0.02 + max(0.0, age - 50) / 200
        person.disabled = draw.random() < 0.012
        if age >= 60:
            person.work = "farm" if age < 70 and not person.disabled else "home"
        elif age >= 16:
            person.work = draw.choices(
                ("farm", "hired", "employed", "official", "none", "home"),
                (68, 14 - 8 * means, 3 + 14 * means, 14 * max(0.0, means - 0.55), 2, 4 + age / 10),
            )[0]
        person.pension = age >= 60 and draw.random() < 0.35 * max(0.0, means - 0.5)


def invented_number(random: Random, person: Person) -> str:
    """A CCCD of the right structure for the sex and year of birth, with a birth-place code that does not exist."""
    century = (2 if person.born.year >= 2000 else 0) + (person.sex == "nu")
    return f"999{century}{person.born.year % 100:02d}{random.randrange(1, 1_000_000):06d}"


def make_family(random: Random, people: str, means: float, day: date) -> list[Person]:
    """Two to nine people, the head first."""
    family = Family(random, people, means, day)
    if people == KINH and random.random() < 0.25:
        family.people = THAI
    kind = random.choices(("young", "grown", "three", "old", "mother"), (28, 32, 33, 4, 3))[0]
    surname = family_name(random, family.people)
    if kind == "old":
        _couple(family, surname, random.uniform(62, 80))
        if random.random() < 0.4:
            family.add("chau", random.choice(("nam", "nu")), random.uniform(5, 14), surname)
        return family.members
    age = random.uniform(20, 33) if kind == "young" else random.uniform(33, 52)
    if kind == "mother":
        family.add("chu_ho", "nu", age, surname)
    else:
        _couple(family, surname, age)
    if kind == "three":
        for sex in random.choice((("nu",), ("nam", "nu"), ("nam",))):
            own = surname if sex == "nam" else family_name(random, family.people, surname)
            family.add("bo_me", sex, min(92.0, age + random.uniform(19, 30)), own)
    _children(family, surname, age)
    if len(family.members) == 1:
        family.add("bo_me", "nu", age + 24, family_name(random, family.people, surname))
    return family.members[:9]


def _couple(family: Family, surname: str, age: float) -> None:
    mixed = family.random.random() < 0.04
    other = family.random.choice([people for people in NAMES if people != family.people]) if mixed else family.people
    family.add("chu_ho", "nam", age, surname)
    wife = family_name(family.random, other, surname)
    family.add("vo_chong", "nu", max(18.5, age - family.random.uniform(-2, 6)), wife, other)


def _children(family: Family, surname: str, age: float) -> None:
    random = family.random
    most = 5 if family.people == MONG else 4
    wanted = random.choices(range(most + 1), [1, *(5 if number in (2, 3) else 3 for number in range(1, most + 1))])[0]
    child = age - random.uniform(19, 25)
    for _ in range(max(1, wanted)):
        if child < 0.1:
            break
        if child < 24 or random.random() < 0.3:
            family.add("con", random.choice(("nam", "nu")), child, surname)
        child -= random.uniform(1.6, 4.5)
