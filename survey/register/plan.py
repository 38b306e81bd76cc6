"""What an import would do: its villages and households, what it asks, and the mistakes for which it does nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from models import Household
from survey.names import name_key
from survey.register.births import Birth
from survey.register.csv_rows import Mistake
from survey.register.questions import Question
from survey.terms import Area, HouseholdClass
from survey.text import N_

NOTES = {
    "left_out": N_("%(file)s: rows %(rows)s are left out: titles, signatures or words outside the list."),
    "total_left_out": N_("%(file)s: rows %(rows)s are totals; what they count agrees with the rows."),
    "totals_unlike": N_("%(file)s: rows %(rows)s are totals; see below where they do not agree."),
    "no_list": N_("%(file)s: no list was seen there: a header needs a column of names and one more that is known."),
    "year_only": N_("%(count)s births have the year alone; nothing is added to it."),
    "month_only": N_("%(count)s births have month and year; no day is added to them."),
    "birth_unknown": N_("%(count)s births are written as not known and stay blank."),
    "size_only": N_("The numbers of persons (%(count)s households) are not kept: they name nobody."),
    "village_of_sheet": N_("%(file)s: the village is the sheet's name."),
    "cleared": N_("%(count)s cells were emptied: a blank cell says nothing, so what stood there stays."),
    "page": N_("%(file)s is read as %(page)s."),
}


class Basis(NamedTuple):
    """What the register was like when this was planned: it holds while the commune has these households and villages
    and its log ends there."""

    counts: tuple[object, ...]
    generation: str
    log_end: tuple[int, str]


class Row(Protocol):
    """Where something of a list stands, and what is wrong with it."""

    @property
    def number(self) -> int: ...

    def get(self, column: str) -> str: ...

    def wrong(self, column: str, code: str, **values: object) -> None: ...


@dataclass
class VillageRow:
    id: str
    name: str
    division: str
    area: Area | None
    known: bool = False


@dataclass
class Listed:
    """A household of the file. `code` "" until one is given; `known`: it is on the register already."""

    row: Row
    village_id: str
    head: str
    code: str
    id: str
    household_class: HouseholdClass | None
    address: str
    known: Household | None = None
    members: list[dict[str, Any]] = field(default_factory=list)
    base_answers: dict[str, Any] | None = None
    born: Birth | None = None  # the head

    @property
    def likeness(self) -> tuple[str, str, str]:
        return self.village_id, name_key(self.head), name_key(self.address)


@dataclass(frozen=True)
class Note:
    """What was done with a file that nobody needs to answer."""

    code: str
    values: Mapping[str, object]

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        return translate(NOTES[self.code]) % self.values


@dataclass
class Plan:
    """What an import would do, or the mistakes and open questions for which it does nothing."""

    commune_id: str
    villages: list[VillageRow]
    households: list[Listed]
    mistakes: list[Mistake]
    unknown_columns: list[tuple[str, str]]  # file, header: not taken
    questions: list[Question] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    words: dict[tuple[str, str], str] = field(default_factory=dict)  # kind, word → meaning, to be remembered
    basis: Basis = field(default_factory=lambda: Basis((), "", (0, "")))

    @property
    def new_villages(self) -> list[VillageRow]:
        return [village for village in self.villages if not village.known]

    @property
    def new_households(self) -> list[Listed]:
        return [household for household in self.households if household.known is None]

    @property
    def open_questions(self) -> list[Question]:
        return [question for question in self.questions if question.is_open]

    @property
    def members(self) -> int:
        return sum(len(household.members) for household in self.new_households)

    def faults(self) -> list[tuple[str, int]]:
        """How many mistakes there are of each kind, the most frequent first."""
        return Counter(mistake.code for mistake in self.mistakes).most_common()

    def counts(self) -> dict[str, int]:
        return {
            "villages": len(self.new_villages),
            "villages_known": len(self.villages) - len(self.new_villages),
            "households": len(self.new_households),
            "households_known": len(self.households) - len(self.new_households),
            "members": self.members,
        }


def described(plan: Plan, translate: Callable[[str], str] = str) -> dict[str, Any]:
    """The plan as plain values, for whoever reads it with a program."""
    return {
        "commune": plan.commune_id,
        "counts": plan.counts(),
        "villages": [
            {"id": one.id, "name": one.name, "division": one.division, "area": one.area, "is_new": not one.known}
            for one in plan.villages
        ],
        "households": [
            {
                "row": one.row.number,
                "head": one.head,
                "code": one.code,
                "village": one.village_id,
                "class": one.household_class,
                "born": one.born.iso() if one.born else "",
                "address": one.address,
                "is_new": one.known is None,
                "members": one.members,
            }
            for one in plan.households
        ],
        "questions": [
            {
                "id": one.id,
                "question": one.sentence(translate),
                "count": one.count,
                "proposed": one.proposed,
                "answer": one.answer,
                "options": {option.value: option.words(translate) for option in one.options},
                "examples": [example.words(translate) for example in one.examples],
            }
            for one in plan.questions
        ],
        "faults": dict(plan.faults()),
        "mistakes": [mistake.sentence(translate) for mistake in plan.mistakes],
        "notes": [note.sentence(translate) for note in plan.notes],
        "columns_not_taken": [list(one) for one in plan.unknown_columns],
    }
