"""The tables of the feed, each declared once: its columns, who may read it, where its rows come from. A further table
is a further row of `TABLES`.

No name, no number of a person, no position. Households and persons bear the ids that the register gave them, which are
the same in all rounds and in the whole province and say nothing. Trials, and what was cancelled in a commune, are left
out; what an interview says of a household is shown once it is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, case, cast, func, literal, or_, select, type_coerce
from sqlalchemy.types import Text

from models import (
    Assessment,
    HouseholdFact,
    Place,
    PlacePeriod,
    PlaceTally,
    RosterRow,
    Round,
    RoundCommune,
    Support,
    SupportReversal,
)
from survey.feed.listed import projects, residents, targets
from survey.feed.made import deprivations, members, tallies
from survey.feed.reading import Listed, Reach, Stored, Table
from survey.odata.model import EntitySet, Kind, Property
from survey.terms import CommuneState, RegisterState

REPORT, EXPORT, SUPPORT = "report.read", "export.read", "support.read"
WHOLE, FLAG, DOUBLE, DAY = Kind.INTEGER, Kind.BOOLEAN, Kind.DOUBLE, Kind.DATE


def _set(name: str, entity: str, key: str, columns: Iterable[str | Property], *, sortable: bool = True) -> EntitySet:
    """`key`: names of text columns with blanks between, unless `columns` says of which type they are."""
    given = {one.name: one for one in (Property(one) if isinstance(one, str) else one for one in columns)}
    names = tuple(key.split())
    keys = [Property(name, given[name].kind if name in given else Kind.STRING, is_nullable=False) for name in names]
    rest = [one for name, one in given.items() if name not in names]
    return EntitySet(name, entity, names, (*keys, *rest), names if sortable else ())


def _needed(name: str, kind: Kind = Kind.STRING) -> Property:
    return Property(name, kind, is_nullable=False)


def _money(name: str, decimals: int) -> Property:
    return Property(name, Kind.DECIMAL, decimals=decimals)


def _selected(columns: dict[str, ColumnElement[Any]]) -> Select[Any]:
    return select(*(column.label(name) for name, column in columns.items()))


_fact, _tally = HouseholdFact, PlaceTally


def _stands(table: type[HouseholdFact] | type[PlaceTally]) -> ColumnElement[bool]:
    """Not of a trial, nor cancelled. Asked of each row, so that the rows keep the order of their key."""
    return (
        select(RoundCommune.round_id)
        .join(Round, Round.id == RoundCommune.round_id)
        .where(RoundCommune.commune_id == table.commune_id, RoundCommune.round_id == table.round_id)
        .where(RoundCommune.state != CommuneState.CANCELLED.value, Round.trial.is_(False))
        .exists()
    )


_IS_ACCEPTED = _fact.state == RegisterState.ACCEPTED.value
_IS_LISTED = _fact.state.is_not(None)  # of who is off the list only what was said is counted


def _accepted(column: Any) -> ColumnElement[Any]:
    found: ColumnElement[Any] = case((_IS_ACCEPTED, column), else_=None)
    return found


_WHERE: dict[str, ColumnElement[Any]] = {
    "RoundId": _fact.round_id.expression, "HouseholdId": _fact.household_id.expression,
    "CommuneId": _fact.commune_id.expression, "VillageId": _fact.village_id.expression,
}  # fmt: skip
_BY_HOUSEHOLD = ((_WHERE["RoundId"], Kind.STRING), (_WHERE["HouseholdId"], Kind.STRING))

# Households

_household = _WHERE | {
    "State": _fact.state.expression,
    "Class": _accepted(_fact.household_class),
    "OpeningClass": _fact.opening_class.expression,
    "Persons": _accepted(_fact.persons),
    "OpeningPersons": _fact.opening_persons.expression,
    "B1Points": _accepted(_fact.b1_points),
    "IsIllustrative": _accepted(_fact.illustrative),
    "Refused": _accepted(_fact.refused),
    "HeadEthnicity": _accepted(_fact.people),
    "HeadSex": _accepted(_fact.sex),
    "Area": _accepted(_fact.area),
}
HOUSEHOLDS = Stored(
    _set("Households", "Household", "RoundId HouseholdId", [
        _needed("CommuneId"), _needed("VillageId"), _needed("State"), "Class", "OpeningClass",
        Property("Persons", WHOLE), Property("OpeningPersons", WHOLE), Property("B1Points", DOUBLE),
        Property("IsIllustrative", FLAG), Property("Refused", FLAG), "HeadEthnicity", "HeadSex", "Area",
    ]),
    EXPORT, lambda _reach: _selected(_household).where(_stands(_fact), _IS_LISTED), _household, _BY_HOUSEHOLD,
    _WHERE["CommuneId"], many=literal(1, Integer),
)  # fmt: skip

# Deprivations: twelve rows of each household that was accepted

DEPRIVATIONS = Stored(
    _set("Deprivations", "Deprivation", "RoundId HouseholdId Indicator", [
        _needed("CommuneId"), _needed("VillageId"), _needed("Dimension"), Property("Deprived", FLAG),
    ], sortable=False),
    EXPORT,
    lambda _reach: _selected(_WHERE | {"lacks": _fact.lacks.expression}).where(
        _stands(_fact), _IS_ACCEPTED, _fact.lacks.is_not(None)
    ),
    _WHERE, _BY_HOUSEHOLD, _WHERE["CommuneId"], deprivations, many=literal(12, Integer),
)  # fmt: skip

# Members: those of an accepted interview, with the code that each of them has for good

_of_fact = (
    RosterRow.commune_id == _fact.commune_id, RosterRow.submission_id == _fact.submission_id,
    RosterRow.household_id == _fact.household_id,
)  # fmt: skip
_roster = (
    select(func.aggregate_strings(cast(RosterRow.position, String) + " " + RosterRow.person_id, "\n"))
    .where(*_of_fact).correlate(_fact).scalar_subquery()
)  # fmt: skip
_answers = (
    select(type_coerce(Assessment.values, Text))
    .where(Assessment.commune_id == _fact.commune_id, Assessment.submission_id == _fact.submission_id)
    .correlate(_fact).scalar_subquery()
)  # fmt: skip
_persons = select(func.count()).select_from(RosterRow).where(*_of_fact).correlate(_fact).scalar_subquery()
MEMBERS = Stored(
    _set("Members", "Member", "RoundId HouseholdId PersonCode", [
        _needed("CommuneId"), _needed("VillageId"), "Relation", "Sex", Property("BirthYear", WHOLE), "Ethnicity",
    ], sortable=False),
    EXPORT,
    lambda _reach: _selected(_WHERE | {"roster": _roster, "answers": _answers}).where(_stands(_fact), _IS_ACCEPTED),
    _WHERE, _BY_HOUSEHOLD, _WHERE["CommuneId"], members, many=_persons,
)  # fmt: skip

# Tallies: what is counted of a round at each place, also of what waits for a person (base `received`)

_sum: dict[str, ColumnElement[Any]] = {
    "RoundId": _tally.round_id.expression, "PlaceId": _tally.place_id.expression,
    "CommuneId": _tally.commune_id.expression, "Group": case((_tally.part == "", "all"), else_=_tally.part),
}  # fmt: skip
TALLIES = Stored(
    _set("Tallies", "Tally", "RoundId PlaceId Unit Base Measure Group", [
        _needed("CommuneId"), "Class", _needed("Kind"), "Term", _needed("Count", WHOLE),
    ], sortable=False),
    REPORT, lambda _reach: _selected(_sum | {"counts": _tally.counts.expression}).where(_stands(_tally)), _sum,
    tuple((column.expression, Kind.STRING) for column in (_tally.round_id, _tally.place_id, _tally.part)),
    _sum["CommuneId"], tallies,
)  # fmt: skip

# Rounds, places

_round: dict[str, ColumnElement[Any]] = {
    "RoundId": Round.id.expression, "Kind": Round.kind.expression, "Year": Round.year.expression,
    "Title": Round.title.expression, "Standard": Round.standard.expression, "OpensOn": Round.opens_on.expression,
    "ClosesOn": Round.closes_on.expression, "State": Round.state.expression,
}  # fmt: skip


def _rounds(reach: Reach) -> Select[Any]:
    is_here = (
        select(RoundCommune.round_id)
        .where(RoundCommune.round_id == Round.id, RoundCommune.commune_id.in_(reach.communes))
        .where(RoundCommune.state != CommuneState.CANCELLED.value)
        .exists()
    )
    return _selected(_round).where(Round.trial.is_(False), is_here)


ROUNDS = Stored(
    _set("Rounds", "Round", "RoundId", [
        _needed("Kind"), _needed("Year", WHOLE), _needed("Title"), _needed("Standard"), _needed("OpensOn", DAY),
        _needed("ClosesOn", DAY), _needed("State"),
    ]),
    REPORT, _rounds, _round, ((_round["RoundId"], Kind.STRING),), many=literal(1, Integer),
)  # fmt: skip


def _reached(reach: Reach) -> ColumnElement[bool]:
    """The communes, their villages, and the provinces that they lie in."""
    named = Place.id.in_((*reach.communes, *reach.provinces))
    return or_(named, Place.parent_id.in_(reach.communes))


def _latest(column: Any) -> ColumnElement[Any]:
    found: ColumnElement[Any] = (
        select(column).where(PlacePeriod.place_id == Place.id).order_by(PlacePeriod.valid_from.desc()).limit(1)
        .correlate(Place).scalar_subquery()
    )  # fmt: skip
    return type_coerce(found, String)


_place: dict[str, ColumnElement[Any]] = {
    "PlaceId": Place.id.expression, "Kind": Place.kind.expression, "ParentId": Place.parent_id.expression,
    "Name": _latest(PlacePeriod.name), "Division": _latest(PlacePeriod.division), "Area": _latest(PlacePeriod.area),
}  # fmt: skip
PLACES = Stored(
    _set("Places", "Place", "PlaceId", [_needed("Kind"), "ParentId", "Name", "Division", "Area"]),
    REPORT, lambda reach: _selected(_place).where(_reached(reach)), _place, ((_place["PlaceId"], Kind.STRING),),
    many=literal(1, Integer),
)  # fmt: skip
_period: dict[str, ColumnElement[Any]] = {
    "PlaceId": PlacePeriod.place_id.expression, "ValidFrom": PlacePeriod.valid_from.expression,
    "ValidTo": PlacePeriod.valid_to.expression, "Name": PlacePeriod.name.expression,
    "Division": PlacePeriod.division.expression, "Area": PlacePeriod.area.expression,
    "Region": PlacePeriod.region.expression,
}  # fmt: skip
PLACE_PERIODS = Stored(
    _set("PlacePeriods", "PlacePeriod", "PlaceId ValidFrom", [
        Property("ValidFrom", DAY), Property("ValidTo", DAY), _needed("Name"), _needed("Division"), "Area", "Region",
    ]),
    REPORT,
    lambda reach: _selected(_period).join(Place, Place.id == PlacePeriod.place_id).where(_reached(reach)),
    _period, ((_period["PlaceId"], Kind.STRING), (_period["ValidFrom"], DAY)), many=literal(1, Integer),
)  # fmt: skip

# What is entered: residents, the plan

RESIDENTS = Listed(
    _set("Residents", "Resident", "PlaceId AsOf Group", [
        Property("AsOf", DAY), Property("Households", WHOLE), Property("Persons", WHOLE), _needed("Status"),
        _needed("Source"),
    ]),
    REPORT, residents,
)  # fmt: skip
TARGETS = Listed(
    _set("Targets", "Target", "PlaceId Plan Code", [
        _needed("Words"), _needed("Measure"), _needed("Kind"), _needed("PlaceSet"), _needed("BaseYear", WHOLE),
        _money("BaseValue", 4), "BaseStatus", _needed("Year", WHOLE), _needed("Comparison"), _money("Value", 4),
        _money("ValueTo", 4), _needed("Status"), _needed("Source"), _needed("Light"), _money("Actual", 4),
        Property("ActualYear", WHOLE), Property("ActualMonth", WHOLE), "ActualStatus",
    ]),
    REPORT, targets,
)  # fmt: skip

# Projects and what was given under them, as it stands: what was taken back, or waits for a person, is not there

PROJECTS = Listed(
    _set("Projects", "Project", "ProvinceId Programme Code", [
        _needed("ProgrammeName"), _needed("ProgrammeKind"), _needed("Number"), _needed("SubNumber"), _needed("Name"),
        _needed("Kind"), _needed("Within"), _needed("Opens", DAY), Property("Ends", DAY), _needed("PlaceSet"),
        "CommuneId", _needed("Status"), _needed("Source"),
    ]),
    REPORT, projects,
)  # fmt: skip
_taken_back = (
    select(SupportReversal.support_id)
    .where(SupportReversal.commune_id == Support.commune_id, SupportReversal.support_id == Support.id)
    .exists()
)
_support: dict[str, ColumnElement[Any]] = {
    "SupportId": Support.id.expression, "CommuneId": Support.commune_id.expression,
    "HouseholdId": Support.household_id.expression, "PersonCode": Support.person_id.expression,
    "IsOutside": Support.household_id.is_(None), "Kind": Support.kind.expression,
    "ProvinceId": Support.province_id.expression, "Programme": Support.programme.expression,
    "Project": Support.project.expression, "GivenOn": Support.given_on.expression,
    "Amount": Support.amount.expression, "Quantity": Support.quantity.expression,
    "Class": Support.household_class.expression, "Origin": Support.origin.expression,
    "IsException": Support.exception != "",
}  # fmt: skip
SUPPORTS = Stored(
    _set("Supports", "Support", "SupportId", [
        _needed("CommuneId"), "HouseholdId", "PersonCode", _needed("IsOutside", FLAG), _needed("Kind"),
        _needed("ProvinceId"), _needed("Programme"), _needed("Project"), _needed("GivenOn", DAY), _money("Amount", 0),
        Property("Quantity", WHOLE), "Class", _needed("Origin"), _needed("IsException", FLAG),
    ]),
    SUPPORT, lambda _reach: _selected(_support).where(~_taken_back), _support,
    ((_support["SupportId"], Kind.STRING),), _support["CommuneId"], many=literal(1, Integer),
)  # fmt: skip

TABLES: tuple[Table, ...] = (
    ROUNDS, PLACES, PLACE_PERIODS, RESIDENTS, HOUSEHOLDS, MEMBERS, DEPRIVATIONS, TALLIES, TARGETS, PROJECTS, SUPPORTS,
)  # fmt: skip
