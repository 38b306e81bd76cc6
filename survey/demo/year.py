"""A year passes: what changes in a household between last year's interview and this one."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from random import Random

from survey.demo.answers import DemoHousehold
from survey.demo.living import ANIMALS, make_living
from survey.demo.names import family_name
from survey.demo.people import Family, Person

WATER = {"song_suoi": "khe_mo_bv", "khe_mo_kbv": "khe_mo_bv", "khe_mo_bv": "may"}
TOILET = {"khong_co": "hai_ngan", "khong_hvs": "tham_doi"}
ROOF = {"la_ranh": "tam_lop"}
# Yearly shares of those whom it may happen to: invented, no figures of any office.
DIES_FROM = {85: 0.2, 70: 0.06}  # the age from which
HEIRS = ("vo_chong", "con", "bo_me")  # who is asked first to be head when one died
KINSHIP = {  # of the others to an heir, by what the heir and they were to the head before; else as it was
    ("con", "con"): "anh_chi_em",
    ("con", "dau_re"): "khac",
    ("con", "bo_me"): "ong_ba",
    ("bo_me", "con"): "chau",
    ("bo_me", "bo_me"): "vo_chong",
    ("bo_me", "dau_re"): "khac",
}
BRINGS_HOME = 0.12  # a grown son his wife
FALLS_BACK = 0.4  # a household that was poor or near-poor before and is not
FALLS = 0.03  # any other that is neither
REPAIRED = 0.25  # the programme's yearly share of households whose water, latrine or roof gets better


def a_year_later(random: Random, household: DemoHousehold, day: date) -> DemoHousehold:
    """The household on `day`; the one given is left as it was."""
    later = deepcopy(household)
    _repairs(random, later)
    _animals(random, later)
    _people(random, later, day)
    return later


def _repairs(random: Random, household: DemoHousehold) -> None:
    living = household.living
    if random.random() < REPAIRED:
        living.water = WATER.get(living.water, living.water)
    if random.random() < REPAIRED:
        living.toilet = TOILET.get(living.toilet, living.toilet)
    if random.random() < REPAIRED:
        living.roof = ROOF.get(living.roof, living.roof)
    for thing in ("xe_may", "tu_lanh", "may_giat"):
        if random.random() < 0.08:
            living.assets.setdefault(thing, 1)
    living.kwh = max(10, round(living.kwh * random.uniform(0.9, 1.25)))


def _animals(random: Random, household: DemoHousehold) -> None:
    animals = household.living.animals
    for kind, (low, high) in ANIMALS.items():
        if kind in animals and random.random() < 0.1:
            del animals[kind]  # sold, or lost to the cold
        elif kind in animals and random.random() < 0.5:
            animals[kind] = random.randint(low, high)


def _people(random: Random, household: DemoHousehold, day: date) -> None:
    members = household.members
    for person in members:
        if random.random() < 0.4:
            person.insured = person.insured or random.random() < 0.7
        elif random.random() < 0.015:
            person.insured = False
        if person.work == "none" or (person.work == "hired" and random.random() < 0.2):
            person.work = "farm"
        elif person.work == "farm" and random.random() < 0.03:
            person.work = "employed"
        person.malnourished = person.malnourished and random.random() < 0.6
        person.online = person.online or (10 <= person.age(day) < 60 and random.random() < 0.15)
    grown = [person for person in members if person.relation == "con" and 19 <= person.age(day) < 29]
    if len(members) > 3 and grown and random.random() < 0.12:
        members.remove(random.choice(grown))  # married, or gone to work in the lowlands
    wife = next((person for person in members if person.relation == "vo_chong"), None)
    if wife is not None and wife.age(day) < 36 and len(members) < 9 and random.random() < 0.14:
        family = Family(random, household.head.people, 0.5, day, members, {person.name for person in members})
        family.add("con", random.choice(("nam", "nu")), 0, household.head.name.split()[0])


def marry_and_die(random: Random, household: DemoHousehold, day: date, *, head_dies: bool) -> list[str]:
    """A son brings his wife home, old people die by `day`; returns the ids of the dead. `head_dies`: the head too, of
    whatever age. A head has an heir, or lives on."""
    members = household.members
    dead = []
    for person in members[1:]:
        if random.random() < _share_of_deaths(person, day):
            members.remove(person)
            dead.append(person.id)
    head, heir = household.head, heir_of(household, day)
    if heir is not None and (head_dies or random.random() < _share_of_deaths(head, day)):
        _succeed(household, heir)
        dead.append(head.id)
    sons = [one for one in members[1:] if one.relation == "con" and one.sex == "nam" and 20 <= one.age(day) < 32]
    if sons and len(members) < 9 and not _has(members, "dau_re") and random.random() < BRINGS_HOME:
        wife = Family(random, household.head.people, 0.5, day, members, {person.name for person in members})
        wife.add("dau_re", "nu", max(18.5, sons[0].age(day) - 2), family_name(random, household.head.people))
    return dead


def _share_of_deaths(person: Person, day: date) -> float:
    return next((share for age, share in DIES_FROM.items() if person.age(day) >= age), 0.0)


def heir_of(household: DemoHousehold, day: date) -> Person | None:
    """Who is head when the head has died: an adult, the eldest of the nearest kin."""
    for relation in HEIRS:
        adults = [one for one in household.members if one.relation == relation and one.age(day) >= 18]
        if adults:
            return min(adults, key=lambda one: one.born)
    return None


def _succeed(household: DemoHousehold, heir: Person) -> None:
    """The heir is head in the place of the one who died; the others are to the heir what follows from it."""
    others = [one for one in household.members[1:] if one is not heir]
    is_sons_wife_there = heir.relation == "con" and heir.sex == "nam"
    for one in others:
        if one.relation == "dau_re" and is_sons_wife_there:
            one.relation, is_sons_wife_there = "vo_chong", False
        else:
            one.relation = KINSHIP.get((heir.relation, one.relation), one.relation)
    heir.relation = "chu_ho"
    household.members = [heir, *others]


def hard_year(household: DemoHousehold) -> None:
    """A storm and an illness: the roof, the animals, what could be sold and the insurance are gone."""
    living = household.living
    living.roof, living.water, living.toilet = "la_ranh", "song_suoi", "khong_co"
    living.kwh, living.pond, living.media = 10, 0, []
    living.animals.clear()
    living.assets.clear()
    for person in household.members:
        person.insured, person.pension, person.online = False, False, False
        person.work = "farm" if person.work in ("hired", "employed", "official") else person.work


def set_up(random: Random, household: DemoHousehold, son: Person, day: date) -> DemoHousehold:
    """A son who left has a household of his own by `day`, most have a wife in it."""
    family = Family(random, son.people, 0.5, day, [replace(son, relation="chu_ho")], {son.name})
    if random.random() < 0.7:
        family.add("vo_chong", "nu", max(18.5, son.age(day) - 2), family_name(random, son.people))
    living = make_living(random, random.uniform(0.1, 0.6), len(family.members), not household.living.land)
    return DemoHousehold(household.id, household.number, family.members, living)


def _has(members: list[Person], relation: str) -> bool:
    return any(person.relation == relation for person in members)
