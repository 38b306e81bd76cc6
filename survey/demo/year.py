"""A year passes: what changes in a household between last year's interview and this one."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from random import Random

from survey.demo.answers import DemoHousehold
from survey.demo.living import ANIMALS
from survey.demo.people import Family

WATER = {"song_suoi": "khe_mo_bv", "khe_mo_kbv": "khe_mo_bv", "khe_mo_bv": "may"}
TOILET = {"khong_co": "hai_ngan", "khong_hvs": "tham_doi"}
ROOF = {"la_ranh": "tam_lop"}
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
