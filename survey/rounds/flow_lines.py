"""The flow by place, as lines of a file: of each place, class and unit the nine columns of the official tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from survey.rounds.end_states import COLUMNS, COUNTED
from survey.rounds.register_flow import Flowing, Line
from survey.submissions.register_lines import PLACE, Translate, place_cells
from survey.submissions.register_table import Level
from survey.text import N_

BETWEEN = N_("Moved between the places above, taken out of the total")
HEADER = [
    "line", *PLACE, "class", "unit", *map(str, COLUMNS), "unlisted_start", "unlisted_end", "classless_start",
    "classless_end", "trial", "accepted_by_province",
]  # fmt: skip


def flowed(found: Flowing, level: Level | None, translate: Translate) -> Iterator[list[Any]]:
    """A line for each place of a level (None: none), class and unit; then what moved between these places, and the
    total, which all lines above add up to; then the communes of a round that are not counted. `unlisted`: households of
    the class whose persons are not known; `classless`: households of the place without a class, in neither table."""
    told = found.round
    marks: list[int | None] = [int(told.trial), int(not told.provisional)] if told else [0, None]
    nowhere: list[str | None] = [None] * len(PLACE)
    if level is not None:
        for key, line in found.lines(level).items():
            yield from _lines("place", place_cells(found.places, key, translate), line, marks)
        between = [None, translate(BETWEEN), *nowhere[2:]]
        yield from _lines("between", between, found.between(level), marks)
    yield from _lines("total", place_cells(found.places, (), translate), found.whole(), marks)
    for commune_id in told.missing if told else ():
        place = [None, None, commune_id, found.places.names.get(commune_id), None, None]
        yield ["not_counted", *place, *[None] * (len(HEADER) - len(PLACE) - 3), *marks]


def _lines(kind: str, place: list[str | None], line: Line, marks: list[int | None]) -> Iterator[list[Any]]:
    for measure in COUNTED:
        both = line.flows[measure]
        for unit, flow in (("households", both.households), ("persons", both.persons)):
            yield [kind, *place, measure.value, unit, *flow.row(), *line.unlisted[measure], *line.classless, *marks]
