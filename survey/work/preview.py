"""What a page shows of a plan, as JSON that waits until somebody looks: sentences are made in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from survey.register.csv_rows import Mistake
from survey.register.plan import Note, Plan
from survey.register.questions import Example, Option, Question

MISTAKES, HOUSEHOLDS = 200, 20  # that are shown one by one


@dataclass(frozen=True)
class Preview:
    """`mistakes` and `first`: the first of them; `faults`: how many mistakes of each kind."""

    commune_id: str
    counts: dict[str, int]
    villages: list[dict[str, Any]]  # new ones: id, name, division, area
    first: list[dict[str, Any]]  # households: code, head, village, born, class, members
    mistakes: list[Mistake]
    faults: list[list[Any]]
    questions: list[Question]  # those that are open
    notes: list[Note]
    unknown_columns: list[list[str]]

    @property
    def wrong(self) -> int:
        """How many mistakes there are."""
        return sum(number for _, number in self.faults)

    @property
    def is_ready(self) -> bool:
        """Nothing stands against loading it."""
        return not self.faults and not self.questions


def preview_of(plan: Plan) -> Preview:
    return Preview(
        plan.commune_id,
        plan.counts(),
        [
            {"id": one.id, "name": one.name, "division": one.division, "area": one.area.value if one.area else None}
            for one in plan.new_villages
        ],
        [
            {
                "code": one.code,
                "head": one.head,
                "village": one.village_id,
                "born": one.born.words() if one.born else "",
                "class": one.household_class.value if one.household_class else None,
                "members": len(one.members),
            }
            for one in plan.new_households[:HOUSEHOLDS]
        ],
        plan.mistakes[:MISTAKES],
        [list(one) for one in plan.faults()],
        plan.open_questions,
        plan.notes,
        [list(one) for one in plan.unknown_columns],
    )


def read_preview(kept: dict[str, Any]) -> Preview:
    questions = [
        Question(
            **one
            | {
                "options": [Option(**option) for option in one["options"]],
                "examples": [Example(**example) for example in one["examples"]],
            }
        )
        for one in kept["questions"]
    ]
    mistakes, notes = [Mistake(**one) for one in kept["mistakes"]], [Note(**one) for one in kept["notes"]]
    return Preview(**kept | {"questions": questions, "mistakes": mistakes, "notes": notes})
