"""Rows of the feed that are worked out: numbers of residents that stand, targets of the plan with what they came to,
projects of the programmes."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place
from survey.feed.reading import Reach
from survey.odata.model import Row
from survey.plan.overview import plan_of
from survey.plan.targets import places_with_targets
from survey.programmes.catalogue import catalogue_of
from survey.residents.residents import entered_of
from survey.supports.counted import Recorded
from survey.supports.giving import days_of
from survey.terms import ResidentState

_GROUPS = {
    "all": ("households", "persons"), "kinh": ("kinh_households", "kinh_persons"),
    "dtts": ("dtts_households", "dtts_persons"), "other": ("other_households", "other_persons"),
}  # fmt: skip


def residents(session: Session, reach: Reach) -> Iterator[Row]:
    """Of each place and day the number that was confirmed last, of all and by group (`other`: neither Kinh nor of an
    ethnic minority); a group of which nobody knows anything has no row."""
    villages = session.scalars(select(Place.id).where(Place.parent_id.in_(reach.communes)))
    for place_id, entered in entered_of(session, [*reach.whole, *reach.communes, *villages]).items():
        days = set()
        for one in entered:  # the latest first
            if one.state is not ResidentState.CONFIRMED or one.count.as_of in days:
                continue
            days.add(one.count.as_of)
            for group, (of_households, of_persons) in _GROUPS.items():
                households, persons = getattr(one.numbers, of_households), getattr(one.numbers, of_persons)
                if households is not None or persons is not None:
                    yield {
                        "PlaceId": place_id, "AsOf": one.count.as_of, "Group": group, "Households": households,
                        "Persons": persons, "Status": one.count.status, "Source": one.count.source,
                    }  # fmt: skip


def targets(session: Session, reach: Reach) -> Iterator[Row]:
    """The targets as they stand, of the communes and of provinces that are read as a whole."""
    recorded = Recorded(session, reach.today)
    for place_id in sorted({*places_with_targets(session)} & {*reach.whole, *reach.communes}):
        for rows in plan_of(session, place_id, recorded).rows.values():
            for row in rows:
                target, figure = row.target, row.verdict.figure
                yield {
                    "PlaceId": place_id, "Plan": target.plan, "Code": target.code, "Words": target.words,
                    "Measure": target.measure, "Kind": target.kind, "PlaceSet": target.place_set,
                    "BaseYear": target.base_year, "BaseValue": target.base_value, "BaseStatus": target.base_status,
                    "Year": target.year, "Comparison": target.comparison, "Value": target.value,
                    "ValueTo": target.value_to, "Status": target.status, "Source": target.source,
                    "Light": row.verdict.light.value, "Actual": figure.value if figure else None,
                    "ActualYear": figure.when.year if figure else None,
                    "ActualMonth": figure.when.month if figure else None,
                    "ActualStatus": figure.status.value if figure else None,
                }  # fmt: skip


def projects(session: Session, reach: Reach) -> Iterator[Row]:
    """The projects of the reader's provinces as they stand, with the days between which something may be given under
    them; models of one commune where the reader reads that."""
    for province_id in reach.provinces:
        known = catalogue_of(session, province_id)
        for (programme, code), one in known.projects.items():
            if one.commune_id is not None and one.commune_id not in reach.communes:
                continue
            days, of = days_of(known, one), known.programmes[programme]
            yield {
                "ProvinceId": province_id, "Programme": programme, "Code": code, "ProgrammeName": of.name,
                "ProgrammeKind": of.kind, "Number": one.number, "SubNumber": one.sub_number, "Name": one.name,
                "Kind": one.kind, "Within": one.within, "Opens": days.since, "Ends": days.until,
                "PlaceSet": one.place_set, "CommuneId": one.commune_id, "Status": one.status, "Source": one.source,
            }  # fmt: skip
