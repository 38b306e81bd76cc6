"""The research file: accepted households and their members of a round, pseudonymised, in two files that do not lead to
each other, with a report of what that cost.

Keys are drawn anew for each release and kept nowhere, rows are shuffled. What is kept is narrow: a few coarse columns
by which rows can be told apart (`anonymity.py`), the twelve indicators, and of persons a few answers. Everything is
read once: rows wait in files without a name, so nothing of them is left whatever becomes of the process.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random, SystemRandom
from sys import intern
from typing import IO, Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from models import Assessment, HouseholdFact, Place, Round
from survey.exports import anonymity
from survey.exports.anonymity import BOUNDS, CELL, HIDDEN, OTHER, Bounds, Classes, Key
from survey.exports.columns import DataColumn, question_columns
from survey.exports.fixed_columns import OF_RESEARCH_HOUSEHOLD, OF_RESEARCH_PERSON, OF_RESEARCH_PLACE, TRIAL
from survey.exports.rows import Choice, forms_of
from survey.members import PEOPLE, SEX, head_in, members_in
from survey.positions import Position
from survey.problems import Problem
from survey.reports.csvfile import raw, zipped
from survey.tallies.facts import lacks_in
from survey.terms import Indicator, RegisterState

NAME = "so-ho-research.zip"
SAMPLE = 5  # one household in so many
AGE = "tuoi"
# By what rows are told apart, in the order of the columns, with what hiding one costs.
OF_ALL = {"area": 50, "size": 5, "sex": 6, "age": 3, "people": 4, "children": 2, "household_class": 100}
CELL_COST = 1
LACKS = tuple(f"lacks__{one.value}" for one in Indicator)
SENSITIVE_LACKS = (f"lacks__{Indicator.NUTRITION.value}",)
SENSITIVE = ("benh_nang", "tro_cap_xa_hoi", "suy_dinh_duong")  # illness, disability, nutrition
ANSWERS = ("the_bhyt", "dang_di_hoc", "trinh_do_van_hoa", "tinh_trang_viec_lam", "internet")
_BUCKETS, _BATCH = 64, 200
_REPORT = Path(__file__).with_suffix(".md")


@dataclass(frozen=True)
class Asked:
    """`cells`: with the cell of 5 km in which a house stands; `sample`: of one household in five."""

    cells: bool = False
    sample: bool = False


@dataclass
class Level:
    """A file while it is made: its columns, its combinations, the rows that wait, and what became of them."""

    name: str
    columns: Sequence[DataColumn]
    said: Sequence[str]  # the columns that are not told apart by
    classes: Classes
    waiting: Sequence[IO[bytes]]
    written: int = 0
    dropped: int = 0
    hidden: Counter[str] = field(default_factory=Counter)
    shown: Counter[Key] = field(default_factory=Counter)
    before: Counter[tuple[str, str]] = field(default_factory=Counter)
    after: Counter[tuple[str, str]] = field(default_factory=Counter)


def pieces(
    session: Session, choice: Choice, asked: Asked, title: str, at: datetime, folder: Path,
    seen: Callable[[], None] = lambda: None, chance: Random | None = None, bounds: Bounds | None = None,
) -> Iterator[bytes]:  # fmt: skip
    """The zip of `files`, made while it is read."""
    with ExitStack() as waiting:
        yield from zipped(files(session, choice, asked, title, at, folder, waiting, seen, chance, bounds))


def files(
    session: Session, choice: Choice, asked: Asked, title: str, at: datetime, folder: Path, waiting: ExitStack,
    seen: Callable[[], None] = lambda: None, chance: Random | None = None, bounds: Bounds | None = None,
) -> Iterator[tuple[str, Iterator[bytes]]]:  # fmt: skip
    """Name and bytes of each file, to be read one after the other. `folder`: where rows wait, in files that have no
    name and are closed with `waiting`; `seen` is called for each household. Raises `research_too_few`."""
    bounds, chance = bounds or BOUNDS, chance or SystemRandom()
    areas = _areas(session, choice, bounds)
    groups = _groups(session, choice, areas, bounds)
    cells = _cells(session, choice, bounds) if asked.cells else frozenset()
    number = session.scalar(_chosen(choice, func.count())) or 0
    drawn = set(chance.sample(range(number), number // SAMPLE)) if asked.sample else None
    levels = _levels(_questions(session, choice), asked, folder, waiting, bounds)
    with session.execute(_rows(choice).execution_options(yield_per=_BATCH)) as found:
        for place, row in enumerate(found):
            if drawn is None or place in drawn:
                _take(levels, row, place, areas, groups, cells if asked.cells else None, chance)
            seen()
    trial = str(int(session.get_one(Round, choice.round_id).trial))
    for level in levels:
        rows = ([*row, trial] for row in _published(level, chance))
        yield f"{level.name}.csv", raw([column.name for column in level.columns], rows)
        if level.shown and min(level.shown.values()) < bounds.k:
            raise RuntimeError("a combination is shared by fewer than was promised")
    yield "columns.csv", raw(_COLUMNS, _columns(levels))
    report = _report(levels, areas, groups, number, drawn, title, at, asked, bounds)
    yield "report.json", iter([json.dumps(report, ensure_ascii=False, indent=1).encode()])
    yield "report.md", iter([_in_words(report).encode()])


def _chosen(choice: Choice, *what: Any) -> Select[Any]:
    """Accepted households with a class."""
    return (
        select(*what)
        .select_from(HouseholdFact)
        .where(
            HouseholdFact.round_id == choice.round_id,
            HouseholdFact.commune_id.in_(choice.communes),
            HouseholdFact.state == RegisterState.ACCEPTED.value,
            HouseholdFact.household_class.is_not(None),
        )
    )


def _rows(choice: Choice) -> Select[Any]:
    fact = HouseholdFact
    chosen = _chosen(
        choice, fact.commune_id, fact.household_class, fact.persons, fact.people, fact.sex, fact.lacks, fact.latitude,
        fact.longitude, Assessment.values,
    )  # fmt: skip
    of_fact = and_(Assessment.commune_id == fact.commune_id, Assessment.submission_id == fact.submission_id)
    return chosen.join(Assessment, of_fact).order_by(fact.commune_id, fact.household_id)


def _areas(session: Session, choice: Choice, bounds: Bounds) -> dict[str, str]:
    """Each commune's area: "14.03", the province's code and a number."""
    province = dict(session.execute(select(Place.id, Place.parent_id).where(Place.id.in_(choice.communes))).all())
    counted: dict[str, dict[str, int]] = {}
    of_commune = _chosen(choice, HouseholdFact.commune_id, func.count()).group_by(HouseholdFact.commune_id)
    for commune_id, number in session.execute(of_commune):
        counted.setdefault(str(province[commune_id]), {})[commune_id] = number
    found: dict[str, str] = {}
    for province_id, communes in counted.items():
        numbered = anonymity.areas_of(communes, bounds.area)
        if numbered is None:
            raise Problem("research_too_few")
        found |= {commune_id: f"{province_id}.{number:02}" for commune_id, number in numbered.items()}
    if not found:
        raise Problem("research_too_few")
    return found


def _groups(session: Session, choice: Choice, areas: Mapping[str, str], bounds: Bounds) -> dict[str, frozenset[str]]:
    """Of each area the ethnic groups that are named there: those of enough heads of households."""
    counted: Counter[tuple[str, str]] = Counter()
    by_group = _chosen(choice, HouseholdFact.commune_id, HouseholdFact.people, func.count())
    for commune_id, people, number in session.execute(
        by_group.group_by(HouseholdFact.commune_id, HouseholdFact.people)
    ):  # fmt: skip
        counted[areas[commune_id], people or ""] += number
    return {
        area: frozenset(
            people for (of, people), number in counted.items() if of == area and people and number >= bounds.group
        )
        for area in set(areas.values())
    }


def _cells(session: Session, choice: Choice, bounds: Bounds) -> frozenset[str]:
    """The cells of the map with enough households."""
    counted: Counter[str] = Counter()
    positions = _chosen(choice, HouseholdFact.latitude, HouseholdFact.longitude)
    positions = positions.where(HouseholdFact.latitude.is_not(None)).execution_options(yield_per=1000)
    for latitude, longitude in session.execute(positions):
        counted[anonymity.cell_of(Position(latitude, longitude))] += 1
    return frozenset(cell for cell, number in counted.items() if number >= bounds.cell)


def _questions(session: Session, choice: Choice) -> dict[str, DataColumn]:
    """The questions that are asked of each member, by their own names."""
    columns = question_columns(forms_of(session, choice), members=True)
    return {column.node.path.rsplit("/", 1)[-1]: column for column in columns if column.node and not column.choice}


def _levels(
    questions: Mapping[str, DataColumn], asked: Asked, folder: Path, waiting: ExitStack, bounds: Bounds
) -> tuple[Level, Level]:  # fmt: skip
    apart = OF_ALL | ({"cell": CELL_COST} if asked.cells else {})
    place = OF_RESEARCH_PLACE if asked.cells else ()
    asked_for = [name for name in (*SENSITIVE, *ANSWERS) if name in questions]
    of_person = (*OF_RESEARCH_PERSON, *(replace(questions[name], name=name) for name in asked_for))
    made = []
    for name, columns, said, sensitive in (
        ("households", OF_RESEARCH_HOUSEHOLD, LACKS, SENSITIVE_LACKS),
        ("persons", of_person, asked_for, [name for name in SENSITIVE if name in questions]),
    ):
        coded = [_with_codes(column, questions) for column in columns]
        ordered = (*coded[: len(OF_ALL) + 1], *place, *coded[len(OF_ALL) + 1 :], TRIAL)
        classes = Classes(list(apart), list(apart.values()), sensitive, bounds)
        nameless = [tempfile.TemporaryFile(dir=folder) for _ in range(_BUCKETS)]  # noqa: SIM115 - closed with `waiting`
        buckets = [waiting.enter_context(one) for one in nameless]
        made.append(Level(name, ordered, said, classes, buckets))
    return made[0], made[1]


def _with_codes(column: DataColumn, questions: Mapping[str, DataColumn]) -> DataColumn:
    """The column of a sex or an ethnic group with the codes of its question."""
    asked = questions.get({"sex": SEX, "people": PEOPLE}.get(column.name, ""))
    return replace(column, choices=asked.choices) if asked else column


def _take(
    levels: tuple[Level, Level], row: Any, number: int, areas: Mapping[str, str],
    groups: Mapping[str, frozenset[str]], cells: frozenset[str] | None, chance: Random,
) -> None:  # fmt: skip
    households, persons = levels
    area, members = areas[row.commune_id], members_in(row.values)
    children = sum(1 for one in members if (age := _age(one)) is not None and age < 16)
    of_house = {
        "area": area,
        "size": anonymity.at_most(row.persons or len(members), anonymity.MOST_PERSONS),
        "children": anonymity.at_most(children, anonymity.MOST_CHILDREN),
        "household_class": row.household_class,
    }
    if cells is not None:
        cell = anonymity.cell_of(Position(row.latitude, row.longitude)) if row.latitude is not None else ""
        of_house["cell"] = cell if cell in cells else ""
    head = {"sex": row.sex, "age": _age(head_in(members)), "people": row.people}
    lacks = ["" if lack is None else str(int(lack)) for lack in lacks_in(row.lacks)]
    _wait(households, _key(households, of_house, head, groups[area]), number, lacks, chance)
    for one in members:
        own = {"sex": one.get(SEX), "age": _age(one), "people": one.get(PEOPLE)}
        answers = ["" if (said := one.get(name)) is None else str(said) for name in persons.said]
        _wait(persons, _key(persons, of_house, own, groups[area]), number, answers, chance)


def _key(level: Level, of_house: dict[str, str], own: Mapping[str, Any], named: frozenset[str]) -> Key:
    people = str(own["people"] or "")
    of_person = {
        "sex": str(own["sex"] or ""),
        "age": anonymity.age_band(own["age"]),
        "people": people if people in named or not people else OTHER,
    }
    known = of_person | of_house
    return tuple(intern(known[name]) for name in level.classes.names)  # each word is kept once


def _age(member: Mapping[str, Any]) -> int | None:
    said = member.get(AGE)
    return int(said) if isinstance(said, int | float) else None


def _wait(level: Level, key: Key, number: int, answers: list[str], chance: Random) -> None:
    sensitive = [answers[level.said.index(name)] for name in level.classes.sensitive]
    level.classes.take(key, number, sensitive)
    for name, answer in zip(level.classes.sensitive, sensitive, strict=True):
        level.before[name, answer] += 1
    line = json.dumps([key, answers], ensure_ascii=False, separators=(",", ":"))
    level.waiting[chance.randrange(_BUCKETS)].write(line.encode() + b"\n")


def _published(level: Level, chance: Random) -> Iterator[list[str]]:
    """The rows that waited, in an order that says nothing, each with a key that nothing leads to."""
    published = level.classes.published()
    silent = level.classes.silent(published)
    places = [level.said.index(name) for name in level.classes.sensitive]
    for bucket in level.waiting:
        bucket.seek(0)
        lines = list(bucket)  # as they lie there: read, they are five times as large
        bucket.truncate(0)
        chance.shuffle(lines)
        for key, answers in map(json.loads, lines):
            shown = published[tuple(key)]
            if shown is None:
                level.dropped += 1
                continue
            for number in silent[shown]:
                if answers[places[number]]:
                    answers[places[number]] = HIDDEN
            _count(level, shown, [answers[place] for place in places])
            yield [f"{chance.getrandbits(64):016x}", *shown, *answers]


def _count(level: Level, shown: Key, sensitive: Sequence[str]) -> None:
    level.written += 1
    level.shown[shown] += 1
    level.hidden.update(
        name for name, cell in zip(level.classes.names, shown, strict=True) if cell == HIDDEN
    )  # fmt: skip
    for name, answer in zip(level.classes.sensitive, sensitive, strict=True):
        level.after[name, answer] += 1
        level.hidden[name] += answer == HIDDEN


_COLUMNS = ("file", "column", "type", "label_vi", "label_en", "choice", "choice_vi", "choice_en")


def _columns(levels: Sequence[Level]) -> Iterator[list[str]]:
    for level in levels:
        for column in level.columns:
            begin = [level.name, column.name, column.type, column.words("vi"), column.words("en")]
            yield [*begin, "", "", ""]
            yield from ([*begin, code.name, code.words("vi"), code.words("en")] for code in column.choices)


def _report(
    levels: Sequence[Level], areas: Mapping[str, str], groups: Mapping[str, frozenset[str]], number: int,
    drawn: set[int] | None, title: str, at: datetime, asked: Asked, bounds: Bounds,
) -> dict[str, Any]:  # fmt: skip
    """What the file holds, what was promised and reached, and what that cost."""
    return {
        "round": title,
        "made_at": at.isoformat(timespec="seconds"),
        "release": secrets.token_hex(8),
        "households_in_the_round": number,
        "households_drawn": number if drawn is None else len(drawn),
        "sampled": drawn is not None,
        "cells_km": CELL if asked.cells else None,
        "promised": {"k": bounds.k, "l": bounds.l, "households_of_an_area": bounds.area,
                     "households_of_a_group_in_an_area": bounds.group, "households_of_a_cell": bounds.cell},
        "areas": {
            area: {"communes": sorted(one for one, of in areas.items() if of == area), "groups": sorted(groups[area])}
            for area in sorted(set(areas.values()))
        },
        "files": {level.name: _of_level(level) for level in levels},
    }  # fmt: skip


def _of_level(level: Level) -> dict[str, Any]:
    all_rows = level.written + level.dropped
    sensitive = {}
    for name in level.classes.sensitive:
        shares = [_shares(counted, name) for counted in (level.before, level.after)]
        sensitive[name] = {"before": shares[0], "in_the_file": shares[1]}
    return {
        "rows": level.written,
        "rows_left_out": level.dropped,
        "told_apart_by": list(level.classes.names),
        "combinations": len(level.shown),
        "k": min(level.shown.values(), default=None),
        "cells_hidden": {
            name: {"cells": level.hidden[name], "percent": round(100 * level.hidden[name] / (all_rows or 1), 2)}
            for name in (*level.classes.names, *level.classes.sensitive)
        },
        "sensitive": sensitive,
    }


def _shares(counted: Counter[tuple[str, str]], name: str) -> dict[str, float]:
    """How many percent gave each answer, of those who gave one that is not hidden."""
    said = {answer: many for (of, answer), many in counted.items() if of == name and answer not in ("", HIDDEN)}
    return {answer: round(100 * many / sum(said.values()), 2) for answer, many in sorted(said.items())}


def _in_words(report: dict[str, Any]) -> str:
    """The report for people, in both languages side by side; what it counts follows as tables."""
    lines = []
    for name, found in report["files"].items():
        lines += [f"\n## {name}.csv\n", "| | |", "|---|---:|"]
        lines += [f"| {key} | {found[key]} |" for key in ("rows", "rows_left_out", "combinations", "k")]
        lines += ["\n| * | | % |", "|---|---:|---:|"]
        lines += [f"| {key} | {one['cells']} | {one['percent']} |" for key, one in found["cells_hidden"].items()]
        for column, shares in found["sensitive"].items():
            lines += [f"\n| {column} | % (before) | % (in the file) |", "|---|---:|---:|"]
            lines += [
                f"| {answer} | {share} | {shares['in_the_file'].get(answer, '–')} |"
                for answer, share in shares["before"].items()
            ]
    lines += ["\n## area\n"]
    lines += [
        f"- {area}: {', '.join(one['communes'])} ({', '.join(one['groups']) or '–'})"
        for area, one in report["areas"].items()
    ]
    words = {key: value for key, value in report.items() if not isinstance(value, dict)} | report["promised"]
    return _REPORT.read_text("utf-8").format(**words) + "\n".join(lines) + "\n"
