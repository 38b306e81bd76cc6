"""A commune of invented people, and pairs planted in it: the same person written into a second household's list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import cycle, groupby, product
from random import Random
from typing import NamedTuple

from survey.demo.people import Person, make_family
from survey.names import bare_key
from survey.register.likeness import Listed

DAY = date(2025, 10, 15)
PEOPLES = ("thai", "mong", "kinh", "kho_mu")
KINDS = ("tones", "d", "order", "year_only", "digit", "digits_swapped", "spaces", "letter")
WAYS = tuple(product(("all", "couple", "one"), KINDS, ("number", "birthday", "year")))  # who, how, what is known


class Commune(NamedTuple):
    people: list[Listed]
    planted: set[frozenset[str]]  # pairs of households


def commune(households: int, planted: int, seed: int, code: str = "03757", born_known: float = 0.85) -> Commune:
    """`planted` households more, each with a person of another one's, written otherwise."""
    random = Random(f"{seed} {code}")
    families = [_family(random, code, number, born_known) for number in range(households)]
    listed = [person for family in families for person in family]
    pairs = set()
    for number, family in enumerate(random.sample(families, planted)):
        other = f"{code}-{households + number}"
        head = random.choice(family[:2])
        rest = _family(random, code, households + number, born_known)[2:]
        together = family[1:2] if number % 2 and len(family) > 1 and family[0] is head else []
        kinds = (KINDS[(number + place) % len(KINDS)] for place in range(2))
        again = [_otherwise(random, one, kind) for one, kind in zip([head, *together], kinds, strict=False)]
        at = head.village if random.random() < 0.7 else random.choice(families)[0].village
        listed += [one._replace(household=other, village=at) for one in (*again, *rest)]
        pairs.add(frozenset((head.household, other)))
    return Commune(listed, pairs)


def _family(random: Random, code: str, number: int, born_known: float) -> list[Listed]:
    """Of one of ten villages; each is of one people."""
    village = random.randrange(10)
    made = make_family(random, PEOPLES[village % len(PEOPLES)], random.random(), DAY)
    listed = (_listed(random, f"{code}-{number}", code, one, born_known) for one in made)
    return [one._replace(village=f"{code}-{village:02d}") for one in listed]


def _listed(random: Random, household: str, code: str, person: Person, born_known: float) -> Listed:
    born = person.born
    exactly = random.random() < born_known
    has_number = random.random() < 0.9
    century = (0 if born.year < 2000 else 2) + (person.sex != "nam")
    number = f"014{century}{born.year % 100:02d}{random.randrange(10**6):06d}" if has_number else ""
    month, day = (born.month, born.day) if exactly else (0, 0)
    return Listed(household, code, person.name, born.year, month, day, person.sex, number)


def _otherwise(random: Random, one: Listed, kind: str) -> Listed:
    """The person as another hand writes them."""
    if kind == "tones":
        return one._replace(name=bare_key(one.name).title())
    if kind == "d":
        return one._replace(name=one.name.replace("Đ", "\u00d0").upper())
    if kind == "order":
        first, *rest = one.name.split()
        return one._replace(name=" ".join([*rest, first]))
    if kind == "year_only":
        return one._replace(month=0, day=0)
    if kind == "spaces":
        return one._replace(name=one.name.replace(" ", "  ").lower())
    if kind == "letter":
        at = random.randrange(1, len(one.name))
        return one._replace(name=one.name[:at] + "h" + one.name[at:])
    if one.number and kind == "digit":
        at = random.randrange(6, 12)
        return one._replace(number=one.number[:at] + str((int(one.number[at]) + 3) % 10) + one.number[at + 1 :])
    if one.number and kind == "digits_swapped":
        at = random.randrange(6, 11)
        return one._replace(number=one.number[:at] + one.number[at + 1] + one.number[at] + one.number[at + 2 :])
    return one


def province(communes: int, households: int, planted: int, seed: int, moved: int = 0) -> Iterator[Listed]:
    """Commune after commune. Of each but the last `moved` households stand in the next one as well: see `moved_to`."""
    before: list[Listed] = []
    for number in range(communes):
        code = f"{3000 + number:05d}"
        here = commune(households, planted, seed, code).people
        yield from here
        yield from moved_to(before, code, moved, seed)
        before = here


def moved_to(people: list[Listed], code: str, moved: int, seed: int) -> Iterator[Listed]:
    """`moved` of these households, each in the next of `WAYS`, in a list of another commune; whose household is called
    "CODE/who/what is known/HOUSEHOLD"."""
    random = Random(f"moved {seed} {code}")
    families = [list(family) for _, family in groupby(people, key=lambda one: one.household)]
    chosen = random.sample(families, min(moved, len(families)))
    for family, (gone, kind, known) in zip(chosen, cycle(WAYS), strict=False):
        for one in {"all": family, "couple": family[:2], "one": [random.choice(family)]}[gone]:
            again = _otherwise(random, one, kind) if random.random() < 0.5 or gone == "one" else one
            household = f"{code}/{gone}/{known}/{one.household}"
            again = again._replace(household=household, commune=code, village="")
            yield {"number": again, "birthday": again._replace(number=""), "year": _of_year(again)}[known]


def _of_year(one: Listed) -> Listed:
    return one._replace(number="", month=0, day=0)
