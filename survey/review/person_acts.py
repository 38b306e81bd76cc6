"""What somebody wants to write down about a person, read: the rule against its words, and what the event will say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from survey.members import BIRTH, DAY, MONTH, NAME, NUMBER, RELATION, SEX, YEAR
from survey.problems import Problem
from survey.register.ledger import COMING, LEAVING, Folded
from survey.register.persons import Person, is_before_birth, is_number
from survey.terms import PersonState, RegisterKind
from survey.text import N_, plain_name

GIVEN = {"name": NAME, "sex": SEX, "relation": RELATION, "day": DAY, "month": MONTH, "year": YEAR, "number": NUMBER}
SEXES = ("nam", "nu")
RELATIONS = ("vo_chong", "con", "dau_re", "chau", "bo_me", "ong_ba", "anh_chi_em", "khac")  # of others than the head
WORDS = {  # where a questionnaire has no words of its own for them
    "nam": N_("Male"), "nu": N_("Female"), "chu_ho": N_("Head of the household"), "vo_chong": N_("Wife or husband"),
    "con": N_("Child"), "dau_re": N_("Daughter-in-law or son-in-law"), "chau": N_("Grandchild"),
    "bo_me": N_("Father or mother"), "ong_ba": N_("Grandparent"), "anh_chi_em": N_("Brother or sister"),
    "khac": N_("Other relation"),
}  # fmt: skip
GOING = {*LEAVING, RegisterKind.TRANSFERRED}
OLDEST = 1850


def read(
    then: Folded, kind: RegisterKind, household_id: str, person_id: str | None, day: date, given: Mapping[str, Any]
) -> tuple[str | None, dict[str, Any]]:
    """The rule against it, and the payload. `given`: what is said of the person by `GIVEN`, "head": the code of who is
    head from then on, "as": of whom somebody is the same (None or "": of nobody who was known)."""
    if kind is RegisterKind.IDENTIFIED:
        return None, {"as": given.get("as") or None}
    rule, said = said_of(given)
    payload: dict[str, Any] = {}
    if kind in COMING:
        is_known = person_id is not None
        if kind is RegisterKind.BORN and not any(said.get(key) for key in BIRTH):
            said |= {DAY: day.day, MONTH: day.month, YEAR: day.year}
        rule = rule or (None if is_known or said.get(NAME) else "person_name_missing")
        # Whoever comes under a code was met in this household: somebody of another one is transferred from there.
        rule = rule or ("person_not_there" if is_known and then.people.who(person_id) is None else None)
    elif kind is RegisterKind.PERSON:
        rule = rule or ("register_nothing_given" if not said else None)
    if said and kind in {*COMING, RegisterKind.PERSON, RegisterKind.TRANSFERRED}:
        payload["said"] = said
    if not rule and said and is_before_birth(said, day) and kind is not RegisterKind.PERSON:
        rule = "person_before_birth"
    if rule is None and kind in GOING:
        rule, heir = _heir(then, household_id, person_id, str(given.get("head") or ""))
        payload |= {"head": heir} if heir else {}
    return rule, payload


def said_of(given: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """What is said of a person, by the questions' names, and the rule against it."""
    said = {GIVEN[key]: given[key] for key in GIVEN if given.get(key) not in (None, "")}
    rule = None
    if NAME in said:
        said[NAME] = plain_name(" ".join(str(said[NAME]).split()))
        rule = None if said[NAME] else "person_name_missing"
    if NUMBER in said:
        said[NUMBER] = "".join(str(said[NUMBER]).split())
        rule = rule or (None if is_number(said[NUMBER]) else "person_number_wrong")
    if said.get(SEX, SEXES[0]) not in SEXES or said.get(RELATION, RELATIONS[0]) not in RELATIONS:
        rule = rule or "bad_request"
    return rule or _against_birth(said), said


def _against_birth(said: dict[str, Any]) -> str | None:
    """The parts as numbers; a day that there was."""
    try:
        said |= {key: int(said[key]) for key in BIRTH if key in said}
        if YEAR in said:
            date(said[YEAR], said.get(MONTH, 1), said.get(DAY, 1))
    except (ValueError, OverflowError):
        return "person_birth_wrong"
    is_whole = (DAY not in said or MONTH in said) and (MONTH not in said or YEAR in said)
    return None if is_whole and said.get(YEAR, OLDEST) >= OLDEST else "person_birth_wrong"


def _heir(then: Folded, household_id: str, person_id: str | None, wanted: str) -> tuple[str | None, str | None]:
    """Who is head when this one goes: the rule where nobody is named, or nobody stays."""
    members = then.people.members(household_id)
    one = then.people.who(person_id)
    if one is None or one not in members:
        return None, None  # the fold says what is wrong with it, or they had left before
    others = [each for each in members if each.id != one.id]
    if not others:
        return "person_last_goes", None
    head = then.head_of(household_id)
    if head is None or head.id != one.id:
        return None, None
    heir = named(others, wanted)
    return (None, heir.id) if heir is not None else ("person_head_goes", None)


def named(people: list[Person], wanted: str) -> Person | None:
    """By the code or the name, where exactly one has it."""
    found = [one for one in people if one.id == wanted] or [one for one in people if one.name == wanted]
    return found[0] if len(found) == 1 and wanted else None


def find(then: Folded, household_id: str, wanted: str) -> str:
    """The code of somebody who was met in a household, by code or name; raises person_unclear."""
    members, former = then.people.members(household_id), then.people.former(household_id)
    one = named(members, wanted) or named([*members, *former], wanted)
    if one is None:
        same = then.people.known.get(wanted)
        if same is None or same.state is not PersonState.SAME:
            raise Problem("person_unclear")
        return same.id
    return one.id
