"""The register as of a day, as lines of a file: a line a household, or a line a place with its counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from survey.submissions.register_table import Level, Table
from survey.terms import HouseholdClass
from survey.text import N_

Translate = Callable[[str], str]
UNKNOWN, UNKNOWN_DISTRICT = N_("former commune not known"), N_("former district not known")
TOTAL = N_("Total")
WORDS = (UNKNOWN, UNKNOWN_DISTRICT, TOTAL)
HEADER = [
    "district_code", "district", "commune_code", "commune", "village_code", "village", "household_id", "code", "head",
    "class", "persons", "area", "commune_today",
]  # fmt: skip
COUNTS = [*HEADER[:6], "households", *(one.value for one in HouseholdClass), "without_class", "persons", "unlisted"]


def listed(found: Table, translate: Translate) -> Iterator[list[Any]]:
    """A line for each household."""
    districts, communes = found.named(Level.DISTRICT), found.named(Level.COMMUNE)
    for row in found.rows:
        district, commune, village = row.land
        yield [
            *(_of_before(found, Level.DISTRICT, district, districts, translate)),
            *(_of_before(found, Level.COMMUNE, commune, communes, translate)),
            village, found.names.get(village, ""), row.household_id, row.code, row.head_name,
            row.household_class.value if row.household_class else None, row.persons,
            row.area.value if row.area else None, row.commune_id,
        ]  # fmt: skip


def counted(found: Table, level: Level, translate: Translate) -> Iterator[list[Any]]:
    """A line for each place of a level, and the total."""
    districts, communes = found.named(Level.DISTRICT), found.named(Level.COMMUNE)
    lines = [(key, tally) for key, tally in found.counts(level).items()]
    for key, tally in [*lines, (None, found.total())]:
        codes: list[str | None] = [*(key or ()), None, None, None][:3]
        wide = len(key) if key is not None else 0
        total = (None, translate(TOTAL))
        place = [
            *(_of_before(found, Level.DISTRICT, codes[0], districts, translate) if wide >= 1 else total),
            *(_of_before(found, Level.COMMUNE, codes[1], communes, translate) if wide >= 2 else (None, None)),
            codes[2], found.names.get(codes[2] or "") if wide == 3 else None,
        ]  # fmt: skip
        classes = [tally.households.get(one, 0) for one in (*HouseholdClass, None)]
        yield [*place, tally.total, *classes, tally.persons, tally.unlisted]


def _of_before(
    found: Table, level: Level, code: str | None, names: dict[str, str], translate: Translate
) -> tuple[str | None, str | None]:
    """The code of a place and its name; of one that is not known that it is not."""
    if code is None:
        unknown = UNKNOWN_DISTRICT if level is Level.DISTRICT else UNKNOWN
        return None, translate(unknown) if found.borders else None
    return code, names.get(code, "")
