"""Coverage as lines of a file: a line a place and indicator, served and not; a line a place with what class the served
and the others are of since. What followed is blank while nobody knows: there is no next round yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy.orm import Session

from models import Round
from survey.programmes.catalogue import Catalogue
from survey.supports import coverage
from survey.supports.coverage import Classes, Coverage, Followed
from survey.terms import HouseholdClass, Indicator

INDICATOR, CLASS = "indicator", "class"
HEADER = [
    "commune_code", "commune", "village_code", "village", "round_year", "trial", "since", "until", "next_round_year",
    "measure", "key", "label_vi", "label_en", "served", "households", "still_lack", "lack_no_more", "less_poor",
    "same_class", "poorer", "unknown",
]  # fmt: skip
Cells = list[str | int | bool | None]


def lines(
    session: Session, catalogue: Catalogue, communes: Sequence[str], survey_round: Round, today: date,
    classes: Collection[HouseholdClass], names: Mapping[str, str],
) -> Iterator[Cells]:  # fmt: skip
    """Of each commune as a whole, then of each of its villages in which a household lacked something."""
    for commune_id in communes:
        whole, villages = coverage.by_village(session, catalogue, commune_id, survey_round, today, classes)
        place: Cells = [commune_id, names.get(commune_id, "")]
        yield from _of_place([*place, None, None], whole, survey_round)
        for village_id, found in sorted(villages.items()):
            yield from _of_place([*place, village_id, names.get(village_id, "")], found, survey_round)


def _of_place(place: Cells, found: Coverage, survey_round: Round) -> Iterator[Cells]:
    later = found.later
    head = [
        *place, survey_round.year, survey_round.trial, found.since.isoformat(), found.until.isoformat(),
        later.year if later is not None else None,
    ]  # fmt: skip
    for one in Indicator:
        for served in (True, False):
            counts = found.indicators[one][served]
            yield [*head, INDICATOR, one.value, one.vi, one.en, served, *_followed(counts, is_known=later is not None)]
    for served in (True, False):
        yield [*head, CLASS, None, None, None, served, *_classes(found.classes[served], is_known=later is not None)]


def _followed(counts: Followed, *, is_known: bool) -> Cells:
    then = (counts.still, counts.improved, None, None, None, counts.unknown) if is_known else (None,) * 6
    return [counts.households, *then]


def _classes(counts: Classes, *, is_known: bool) -> Cells:
    then = (None, None, counts.better, counts.same, counts.worse, counts.unknown) if is_known else (None,) * 6
    return [counts.households, *then]
