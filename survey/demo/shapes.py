"""Households that many are made of: each is asked and judged in earnest once a year, then told again with other names.

A shape is an invented household over the years. Where its people and numbers stand, its texts have marks; who is told
by it (`Told`) puts a household's own in their places. No rule of the questionnaire looks at a name or a number beyond
its form, so class, points and indicators are those that the engine gave.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from random import Random
from typing import Any, NamedTuple

from survey.canonical import canonical_text
from survey.clocks import day_of, instant
from survey.demo.accounts import REGION, VILLAGES
from survey.demo.answers import HERE, DemoHousehold, asked, interview
from survey.demo.households import household_in
from survey.demo.names import family_name, full_name
from survey.demo.people import Person
from survey.demo.work import CONFIRMED
from survey.demo.year import FALLS, FALLS_BACK, a_year_later, hard_year, marry_and_die, set_up
from survey.form.form import Form
from survey.form.record import Clock, Evaluation, evaluate
from survey.poverty.assess import Assessment, assess
from survey.poverty.readings import hanging
from survey.register import last_year
from survey.register.event_log import code_in
from survey.rounds.freezing import indicators_in, indicators_of_import, judged_on
from survey.submissions.derive import members_in, phone_agrees
from survey.terms import Area, B1Method, HouseholdClass, RegisterKind
from survey.text import plain_name

_MARK = re.compile(r"(Zq[a-z]+qZ|999\d{9}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})")
CODE, HOUSEHOLD, ENTRY, COMMUNE, ROUND = (f"Zq{name}qZ" for name in ("code", "household", "entry", "commune", "round"))
Marks = Mapping[str, str]
# Of so many shapes the head of one dies in a year, whatever the age, and one is somebody who lives alone. Invented, and
# by number: among a hundred shapes chance would leave it out of every third simulation.
ONE_HEAD_OF, ONE_ALONE_OF = 100, 40


class Told:
    """A text with marks, cut at them once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces = _MARK.split(text)
        self._marks = self._pieces[1::2]

    def of(self, marks: Marks) -> str:
        if not self._marks:
            return self._text
        pieces = self._pieces
        pieces[1::2] = map(marks.get, self._marks, self._marks)  # itself where it is none
        return "".join(pieces)


def _told(value: Any) -> Told:
    """JSON as a table keeps it."""
    return Told(json.dumps(value, sort_keys=True, separators=(",", ":")))


@dataclass(frozen=True)
class Visit:
    """A shape's interview of a year, and all that follows from it."""

    day: date
    finalised: datetime
    said: dict[str, str]  # when it was begun and finalised, as the phone writes it
    content: Told
    hashed: Told  # by RFC 8785
    answers: Told
    values: Told
    problems: Told
    judged: Assessment
    head: str
    agrees: bool | None
    members: list[tuple[str, Told]]
    codes: list[str]  # of the members, in their order
    deprived: list[tuple[str, str, bool, Told]]  # indicator, dimension, whether, because
    readings: list[tuple[str, str, str | None]]
    persons: int  # in the answers, as the next round begins with them

    @property
    def found(self) -> str | None:
        return self.judged.household_class.value if self.judged.household_class else None

    @cached_property
    def indicators(self) -> str:
        return json.dumps({one[0]: int(one[2]) for one in self.deprived}, separators=(",", ":"))


class Change(NamedTuple):
    """Why somebody is in a household since the interview before, or is not any more; `name`: the mark of who, `heir`:
    of who is head since then."""

    kind: RegisterKind
    name: str
    heir: str | None = None


@dataclass
class SetUp:
    """The household that a son has for himself, from the season in which he left; `head`: the mark of his name."""

    head: str
    visits: list[Visit] = field(default_factory=list)


@dataclass
class Shape:
    """`people`: everybody who was ever in it, by the mark that their name is; `base_*`: as it was entered. By season:
    `visits`, and the `changes` before each; `set_up`: of the seasons in which a son left for a household of his own."""

    people: dict[str, Person]
    numbers: list[str]
    head: str
    base_answers: Told
    base_class: str | None
    base_indicators: Callable[[int], str]  # by season, for whoever had no interview yet when it began
    base_persons: int
    base_codes: list[str]  # of the members, in their order
    visits: list[Visit] = field(default_factory=list)
    changes: list[list[Change]] = field(default_factory=list)
    set_up: dict[int, SetUp] = field(default_factory=dict)

    def codes_before(self, season: int) -> list[str]:
        """Who was in it when the season began."""
        return self.visits[season - 1].codes if season else self.base_codes


def make_shape(form: Form, number: int, area: Area, seed: int, seasons: Sequence[tuple[date, date]]) -> Shape:
    """The shape of this number: a household of a demo village of the area, entered before the first season."""
    random = Random(f"{seed} shape {number} {area.value}")
    villages = [village for village in VILLAGES if village.area is area]
    entered = judged_on(seasons[0][0])
    household = household_in(random, villages[number % len(villages)], 1, day_of(entered))
    if number % ONE_ALONE_OF == ONE_ALONE_OF // 2:
        del household.members[1:]
    people: dict[str, Person] = {}
    _mark(household, people)
    context = {"ma_ho": CODE, "khu_vuc": area.value, "vung": REGION, "cach_b1": B1Method.TABLE.value}
    answers, evaluation = _totalled(form, household, context, entered)
    judged = assess(form, evaluation)
    base = judged.household_class.value if judged.household_class else None
    entered_with = indicators_in(judged)

    @cache
    def indicators(season: int) -> str:
        found = indicators_of_import(answers, form, seasons[season][0]) if season else entered_with
        return json.dumps(found, separators=(",", ":"))

    members = last_year.members_in(answers)
    shape = Shape(
        people, [], household.head.name, _told(answers), base, indicators, len(members),
        [code_in(values) for values in members],
    )  # fmt: skip
    former, was = base, {base}
    days = [opens + timedelta(days=5 + number % 60) for opens, _closes in seasons]
    for season, day in enumerate(days):
        before, household = household, a_year_later(random, household, day)
        dead = marry_and_die(random, household, day, head_dies=number % ONE_HEAD_OF == season % ONE_HEAD_OF)
        if former == HouseholdClass.NOT_POOR and random.random() < (FALLS if len(was) == 1 else FALLS_BACK):
            hard_year(household)
        _mark(household, people)
        visit = _visit(form, household, context | {"phan_loai_nam_truoc": former}, day, number)
        shape.visits.append(visit)
        shape.changes.append(_changes(before, household, dead))
        for son in _leaving_sons(before, shape.changes[season]):
            own = set_up(random, household, son, day)
            shape.set_up[season] = SetUp(son.name)
            first = former
            for later in days[season:]:
                own = a_year_later(random, own, later) if later > day else own
                _mark(own, people)
                of_own = _visit(form, own, context | {"phan_loai_nam_truoc": first}, later, number)
                shape.set_up[season].visits.append(of_own)
                first = of_own.found
        former = visit.found
        was.add(former)
    shape.numbers = sorted({person.cccd for person in people.values() if person.cccd})
    return shape


def _changes(before: DemoHousehold, after: DemoHousehold, dead: Sequence[str]) -> list[Change]:
    """Who came and who went: a son who left has a household of his own, a daughter married."""
    was, will = ({one.id: one for one in side.members} for side in (before, after))
    found = []
    for id, person in was.items():
        if id in will:
            continue
        left = RegisterKind.MARRIED_OUT if person.sex == "nu" else RegisterKind.SPLIT
        heir = after.head.name if id == before.head.id else None
        found.append(Change(RegisterKind.DIED if id in dead else left, person.name, heir))
    came = [person for id, person in will.items() if id not in was]
    return found + [
        Change(RegisterKind.MARRIED_IN if person.relation == "dau_re" else RegisterKind.BORN, person.name)
        for person in came
    ]


def _leaving_sons(before: DemoHousehold, changes: Sequence[Change]) -> list[Person]:
    """At most one goes in a year."""
    names = {change.name for change in changes if change.kind is RegisterKind.SPLIT}
    return [person for person in before.members if person.name in names]


def marks_of(shape: Shape, random: Random, taken: set[str]) -> dict[str, str]:
    """Other people in a shape's places: names of the same families, ids, and numbers that nobody has."""
    marks: dict[str, str] = {}
    names: set[str] = set()
    families: dict[str, str] = {}
    for mark, person in shape.people.items():
        old = person.name
        if old not in families:
            families[old] = family_name(random, person.people)
        marks[mark] = full_name(random, person.people, person.sex, families[old], names)
        marks[person.id] = uuid4_of(random)
    for number in shape.numbers:
        marks[number] = _number_of_nobody(number[:6], random, taken)
    return marks


def twin_of(shape: Shape, marks: Marks, random: Random, taken: set[str]) -> dict[str, str]:
    """The same people under other codes, their numbers written down wrong: as somebody lists them a second time."""
    twin = dict(marks)
    for person in shape.people.values():
        twin[person.id] = uuid4_of(random)
    for number in shape.numbers:
        twin[number] = _number_of_nobody(marks[number][:-4], random, taken)
    return twin


def _number_of_nobody(begin: str, random: Random, taken: set[str]) -> str:
    """A personal number that begins so and that nobody has yet."""
    rest = 12 - len(begin)
    while (number := f"{begin}{random.randrange(10**rest):0{rest}d}") in taken:
        pass
    taken.add(number)
    return number


def uuid4_of(random: Random) -> str:
    """A UUID of version 4 (RFC 9562 §5.4), written down in a quarter of the time that `uuid.UUID` takes."""
    bits = random.getrandbits(128)
    text = f"{bits & ~(0xF << 76 | 3 << 62) | 4 << 76 | 2 << 62:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _mark(household: DemoHousehold, people: dict[str, Person]) -> None:
    """Put a mark in the place of each name. Who is kept in `people` has the family's name alone: relatives that were
    named alike will be again."""
    for person in household.members:
        if person.name not in people:
            family = person.name.split()[0]
            mark = f"Zq{chr(97 + len(people) // 26)}{chr(97 + len(people) % 26)}nqZ"
            people[mark] = replace(person, name=people[family].name if family in people else family)
            person.name = mark


def _totalled(form: Form, household: DemoHousehold, context: dict[str, Any], at: datetime) -> tuple[Any, Evaluation]:
    """Its answers with the B1 total of the demo's table typed in, as from a paper: no figure of it is the table's."""
    answers, evaluation = interview(form, household, context, day_of(at))
    total = assess(form, evaluation).b1 or 0
    answers = answers | {"cach_b1": B1Method.TOTAL.value}
    answers["thu_nhap"] = answers.get("thu_nhap", {}) | {"b1_nhap": total}
    evaluation = evaluate(form, answers, Clock(day_of(at), at))
    return asked(form, evaluation.values), evaluation


def _visit(form: Form, household: DemoHousehold, context: dict[str, Any], day: date, number: int) -> Visit:
    finalised = datetime.combine(day, time(8 + number % 9, 30), HERE)
    answers, evaluation = _totalled(form, household, context, finalised)
    judged = assess(form, evaluation)
    outcome = {
        "class": judged.household_class,
        "b1": judged.b1,
        "b2": judged.b2,
        "indicators": {one.indicator.value: int(one.deprived) for one in judged.indicators if one.deprived is not None},
    }
    began = finalised.astimezone(UTC) - timedelta(minutes=25)
    entry = {
        "id": ENTRY, "commune_id": COMMUNE, "round_id": ROUND, "household_id": HOUSEHOLD,
        "form": {"id": form.id, "version": form.version}, "answers": answers,
        "confirmed": {one.path: CONFIRMED for one in evaluation.problems if one.severity == "warning"},
        "outcome": outcome, "files": [], "started_at": instant(began),
        "finalised_at": instant(finalised.astimezone(UTC)), "replaces": None, "new_household": None,
    }  # fmt: skip
    content = json.dumps(entry, sort_keys=True, separators=(",", ":"))
    same = json.loads(content)
    values = evaluation.values
    members = members_in(form, values)
    deprived = [
        (
            one.indicator.value, one.dimension.value, one.deprived,
            _told([reason.as_json() for reason in one.because]),
        )
        for one in judged.indicators
        if one.deprived is not None
    ]  # fmt: skip
    return Visit(
        day,
        finalised,
        {f"{name}_said": same[name] for name in ("started_at", "finalised_at")},
        Told(content),
        Told(canonical_text(same)),
        _told(same["answers"]),
        _told(values),
        _told([problem.as_json() for problem in evaluation.problems[:200]]),
        judged,
        plain_name(judged.head_name),
        phone_agrees(same["outcome"], judged),
        [(name, _told(one)) for name, one in members],
        [code_in(one) for _, one in members],
        deprived,
        [
            (one.reading, one.value, one.household_class.value if one.household_class else None)
            for one in hanging(form, evaluation)
        ],
        len(last_year.members_in(same["answers"])),
    )
