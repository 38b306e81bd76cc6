"""The register as of a day, as lines of a file: a line a household; a line a place with its counts; a line a place and
measure with how many lack it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from survey.submissions.register_table import Key, Level, Named, Table
from survey.tallies.deprivations import INDICATORS
from survey.terms import HouseholdClass
from survey.text import N_

Translate = Callable[[str], str]
UNKNOWN, UNKNOWN_DISTRICT = N_("former commune not known"), N_("former district not known")
TOTAL = N_("Total")
WORDS = (UNKNOWN, UNKNOWN_DISTRICT, TOTAL)
PLACE = ["district_code", "district", "commune_code", "commune", "village_code", "village"]
HEADER = [
    *PLACE, "household_id", "code", "head", "class", "persons", "area", "commune_today",
    *(f"lacks_{one.value}" for one in INDICATORS),
]  # fmt: skip
COUNTS = [*PLACE, "households", *(one.value for one in HouseholdClass), "without_class", "persons", "unlisted"]
LACKED = [
    *PLACE, "measure", "key", "label_vi", "label_en", "households", "households_lacking", "households_not_lacking",
    "households_unknown", "persons", "persons_lacking", "persons_not_lacking", "persons_unknown", "unlisted",
]  # fmt: skip


def listed(found: Table, translate: Translate) -> Iterator[list[Any]]:
    """A line for each household; of each indicator 1 where it lacks it, 0 where it does not, nothing where nobody
    knows."""
    for row in found.rows:
        yield [
            *place_cells(found, row.land, translate), row.household_id, row.code, row.head_name,
            row.household_class.value if row.household_class else None, row.persons,
            row.area.value if row.area else None, row.commune_today,
            *(None if lack is None else int(lack) for lack in row.lacks),
        ]  # fmt: skip


def counted(found: Table, level: Level, translate: Translate) -> Iterator[list[Any]]:
    """A line for each place of a level, and the total."""
    lines: list[tuple[Key, Any]] = [*found.counts(level).items(), ((), found.total())]
    for key, tally in lines:
        classes = [tally.households.get(one, 0) for one in (*HouseholdClass, None)]
        yield [*place_cells(found, key, translate), tally.total, *classes, tally.persons, tally.unlisted]


def lacked(found: Table, level: Level | None, translate: Translate) -> Iterator[list[Any]]:
    """A line for each place of a level (None: none) and measure, and the totals; of each the three numbers add up to
    all households, and all persons, of the place."""
    lines = [*(found.lacking(level).items() if level else ()), *found.lacking().items()]
    for key, place in lines:
        for measure, spread in place.spreads.items():
            term = measure.term
            yield [
                *place_cells(found, key, translate), measure.kind, term.value, term.vi, term.en,
                place.households, *(spread.households[lack] for lack in (True, False, None)),
                place.persons, *(spread.persons[lack] for lack in (True, False, None)), place.unlisted,
            ]  # fmt: skip


def place_cells(found: Named, key: Key, translate: Translate) -> list[str | None]:
    """Codes and names from the district down; () is the total."""
    if not key:
        return [None, translate(TOTAL), None, None, None, None]
    codes = [*key, None, None][:3]
    of_before = [
        _of_before(found, level, codes[at], translate) if len(key) > at else (None, None)
        for at, level in enumerate((Level.DISTRICT, Level.COMMUNE))
    ]
    return [*of_before[0], *of_before[1], codes[2], found.names.get(codes[2] or "") if len(key) == 3 else None]


def _of_before(found: Named, level: Level, code: str | None, translate: Translate) -> tuple[str | None, str | None]:
    """The code of a place and its name; of one that is not known that it is not."""
    if code is None:
        unknown = UNKNOWN_DISTRICT if level is Level.DISTRICT else UNKNOWN
        return None, translate(unknown) if found.borders else None
    return code, found.named(level).get(code, "")
