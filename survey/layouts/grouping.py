"""What tables 8 to 13 ask of poor and near-poor households: by group, ethnicity, reason and child, out of the sums of a
place. Pure.

Which reading of the texts is in use is an argument, so a paper that names another changes the tables and nothing that
is kept. Numbers are found by the names of `columns.csv`; one of persons has `.persons` behind the name of the
households. A household is first what it is first of, in the order of FIRST; of whom that is not known it is none of
them, and told as unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from survey.members import KINH, is_minority
from survey.reports.selection import Condition
from survey.rounds.end_states import COUNTED
from survey.tallies.places import Basis, Counts, measured
from survey.tallies.told import WHO
from survey.terms import HouseholdClass

FIRST = ("dtts", "unable", "merit")  # the order in which a household is put into a group
MINORITY, WORK, INSURANCE, AGAIN = "ho_dtts", "khong_lao_dong", "bhyt_tre_em", "tai_ngheo"  # readings of the tables
# What a reading asks of WHO.
_ASKED = {MINORITY: {"chu_ho": "head", "chu_ho_vo_chong": "couple"},
          WORK: {"tat_ca": "unable", "mot_nguoi": "some_unable"}}  # fmt: skip
_LETTERS = {"1": True, "0": False}


def numbers(counts: Counts, readings: Mapping[str, str]) -> Counter[str]:
    """Of both classes; `counts`: the sums of a place."""
    found: Counter[str] = Counter()
    told = _told(counts)
    for one in COUNTED:
        _all(one, counts, found)
        for (kind, what), both in told[one].items():
            if kind == "who":
                _group(one, what, both, readings, found)
            elif kind in ("head", "own"):
                _people(one, kind, what, both, found)
            elif kind == "child":
                found[f"{one.value}.child.{what}"] += both[1]
            elif kind == "ageless":
                found[f"{one.value}.ageless"] += both[1]
            else:
                found[f"{one.value}.{kind}.{what}"] += both[0]
        insured = ("bhyt", "bhyt_young") if readings[INSURANCE] == "moi_tuoi" else ("bhyt",)
        found[f"{one.value}.child.insurance"] = sum(found[f"{one.value}.child.{what}"] for what in insured)
    return found


def _told(counts: Counts) -> dict[HouseholdClass, dict[tuple[str, str], list[int]]]:
    """By class, by the two parts of a word, households and persons."""
    found: dict[HouseholdClass, dict[tuple[str, str], list[int]]] = defaultdict(dict)
    for key, both in counts.items():
        if (word := _word_in(key)) is not None:
            one, kind, what = word
            found[one][kind, what] = both
    return found


@lru_cache(8192)
def _word_in(key: str) -> tuple[HouseholdClass, str, str] | None:
    """Read once: the places of a province have much the same keys."""
    for one in COUNTED:
        prefix = f"{measured(Basis.FINAL, one.value)}."
        if key.startswith(prefix):
            kind, _, what = key.removeprefix(prefix).partition(".")
            return (one, kind, what) if kind in ("who", "head", "own", "reason", "child", "ageless") else None
    return None


def _all(one: HouseholdClass, counts: Counts, found: Counter[str]) -> None:
    households, persons = counts.get(measured(Basis.FINAL, one.value), (0, 0))
    _put(found, f"{one.value}.all", (households, persons))


def _put(found: Counter[str], name: str, both: tuple[int, int] | list[int]) -> None:
    found[name] += both[0]
    found[f"{name}.persons"] += both[1]


def _group(
    one: HouseholdClass, letters: str, both: list[int], readings: Mapping[str, str], found: Counter[str]
) -> None:
    known = {name: _LETTERS.get(letter) for name, letter in zip(WHO, letters, strict=True)}
    said = {
        "dtts": known[_ASKED[MINORITY][readings[MINORITY]]], "unable": known[_ASKED[WORK][readings[WORK]]],
        "merit": known["merit"], "woman": known["woman"],
    }  # fmt: skip
    for name, is_so in said.items():
        if is_so:
            _put(found, f"{one.value}.any.{name}", both)
        elif is_so is None:
            _put(found, f"{one.value}.unknown.{name}", both)
    if said["dtts"] is not True:
        _put(found, f"{one.value}.{'kinh' if said['dtts'] is False else 'dtts_unknown'}", both)
    first = next(_first_of(said))
    if first in FIRST:
        _put(found, f"{one.value}.first.{first}", both)
    else:
        _put(found, f"{one.value}.first.other", both)  # as the form has it: all that is none of the three
        if first == "unknown":
            _put(found, f"{one.value}.first.unknown", both)


def _first_of(said: Mapping[str, bool | None]) -> Iterator[str]:
    """What a household is first of; what stands behind something that is not known cannot be told."""
    for name in FIRST:
        if said[name] is not False:
            yield name if said[name] else "unknown"
    yield "other"


def _people(one: HouseholdClass, kind: str, people: str, both: list[int], found: Counter[str]) -> None:
    """Households by the people of the head, persons by their own."""
    name = f"{one.value}.people."
    group = "unknown" if people == "-" else KINH if people == KINH else "dtts"
    for what in {group, people} - {"-"}:
        if kind == "head":
            found[name + what] += both[0]
        else:
            found[f"{name}{what}.persons"] += both[1]
    assert group != "dtts" or is_minority(people)


def link(of_class: Condition, what: str, unit: str, readings: Mapping[str, str]) -> Condition | None:
    """The households of a figure (its name without the class); None where they cannot be told by one word."""
    what, unit = (what.removesuffix(".persons"), "persons") if what.endswith(".persons") else (what, unit)
    kind, _, name = what.partition(".")
    if what == "all":
        return of_class
    if kind == "people":
        code = "-" if name == "unknown" else name
        if name in ("dtts", "other"):
            return None
        return of_class.narrowed(told=f"own.{code}:*") if unit == "persons" else of_class.narrowed(people=code)
    word = _word(kind, name, readings)
    return of_class.narrowed(told=word) if word else None


def _word(kind: str, name: str, readings: Mapping[str, str]) -> str | None:
    letters = ["?"] * len(WHO)
    asked = {
        "dtts": _ASKED[MINORITY][readings[MINORITY]], "unable": _ASKED[WORK][readings[WORK]], "merit": "merit",
        "woman": "woman",
    }  # fmt: skip
    if kind == "any":
        letters[WHO.index(asked[name])] = "1"
    elif kind in ("kinh", "dtts_unknown"):
        letters[WHO.index(asked["dtts"])] = "0" if kind == "kinh" else "-"
    elif kind == "first" and name in FIRST:
        for one in FIRST[: FIRST.index(name)]:
            letters[WHO.index(asked[one])] = "0"
        letters[WHO.index(asked[name])] = "1"
    elif kind == "reason":
        return f"reason.{name}"
    elif kind == "child" and name != "insurance":
        return f"child.{name}:*"
    elif kind == "child":
        return "child.bhyt:*" if readings[INSURANCE] == "tu_6" else None
    else:
        return "ageless:*" if kind == "ageless" else None
    return "who." + "".join(letters)


def others(found: Mapping[str, int], local: Mapping[str, str]) -> dict[str, int]:
    """The minorities that have no column of their own in the province."""
    return {
        name: found.get(every, 0) - sum([found.get(one, 0) for one in own])
        for name, every, own in _names_of_peoples(tuple(local))
    }


@lru_cache(64)
def _names_of_peoples(local: tuple[str, ...]) -> list[tuple[str, str, list[str]]]:
    """Of both classes in both units: the name of the others, of all minorities, of those with a column."""
    return [
        (f"{of}other{unit}", f"{of}dtts{unit}", [f"{of}{people}{unit}" for people in local])
        for one in COUNTED for of in [f"{one.value}.people."] for unit in ("", ".persons")
    ]  # fmt: skip
