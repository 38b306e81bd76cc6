"""The report, its CSV, and the list of households behind each of its figures."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, Flask, Response, render_template, request

from survey.outcomes.cases import of_households
from survey.problems import Problem
from survey.reports import selection
from survey.reports.csvfile import Cell, written
from survey.reports.report import Report, long_table, report
from survey.reports.selection import Basis, Condition
from survey.submissions.four_eyes import unkept
from survey.tallies import bases
from survey.tallies.deprivations import indicators_of
from survey.terms import CountBase, Dimension, HouseholdClass, Indicator, RegisterState
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, open_readings, page_number
from survey.web.programme import figure_cells
from survey.web.security import permitted
from survey.web.session import get_session

blueprint = Blueprint("reports", __name__, url_prefix="/desk")
Value = TypeVar("Value", bound=StrEnum)
MEASURES = [(dimension, list(indicators_of(dimension))) for dimension in Dimension]
LONGEST_WORD = 64  # of `tallies/told.py`
BASES = (CountBase.ACCEPTED, CountBase.RECEIVED, *bases.PARTS)  # of which a list can be shown


def init_app(app: Flask) -> None:
    figure_cells.init_app(app)
    app.jinja_env.globals.update(Basis=Basis, HouseholdClass=HouseholdClass)
    app.jinja_env.globals.update(RegisterState=RegisterState, measures=MEASURES)
    app.jinja_env.globals.update(CountBase=CountBase, parts_of_a_base=bases.PARTS)
    app.register_blueprint(blueprint)


def asked_condition(desk: Desk) -> Condition:
    """The condition that the address names, within what the reader may see."""
    return Condition(
        desk.asked_round.id,
        desk.communes,
        village_id=request.args.get("village") or None,
        state=_term("state", RegisterState),
        basis=_term("basis", Basis),
        household_class=_term("class", HouseholdClass),
        base=_term("base", CountBase, BASES),
        illustrative="illustrative" in request.args,
        indicator=_term("indicator", Indicator),
        dimension=_term("dimension", Dimension),
        unknown="unknown" in request.args,
        reading=request.args.get("reading") or None,
        told=(request.args.get("told") or "")[:LONGEST_WORD] or None,
        people=(request.args.get("people") or "")[:LONGEST_WORD] or None,
    )


def _term(name: str, terms: type[Value], among: Iterable[Value] | None = None) -> Value | None:
    value = request.args.get(name)
    if not value:
        return None
    found = next((term for term in among or terms if term.value == value), None)
    if found is None:
        raise Problem("not_found")
    return found


@blueprint.get("/report")
@blueprint.get("/<commune_id>/report")
@permitted("report.read")
def page(commune_id: str | None = None) -> str:
    """Classes, dimensions and indicators: by village in a commune, by commune above it."""
    desk = open_desk("report.read", commune_id)
    if desk.round is None:
        return render_template("programme/report.html", desk=desk, found=None)
    among, village = _term("class", HouseholdClass), request.args.get("village") or None
    found = _found(desk, among, village)
    return render_template(
        "programme/report.html",
        desk=desk,
        found=found,
        among=among,
        village=village,
        readings=open_readings(desk),
        without_four_eyes=unkept(get_session(), desk.communes, desk.round.id),
    )


@blueprint.get("/report.csv")
@blueprint.get("/<commune_id>/report.csv")
@permitted("report.read")
def as_csv(commune_id: str | None = None) -> Response:
    """The same figures as a long table."""
    desk = open_desk("report.read", commune_id)
    found = _found(desk, _term("class", HouseholdClass), request.args.get("village") or None)
    rows = list(long_table(found, open_readings(desk), desk.provisional))
    year, trial = desk.asked_round.year, desk.asked_round.trial
    table: list[list[Cell]] = [[desk.name(row["place_id"]), year, trial, *row.values()] for row in rows]
    header = ["place_name", "round_year", "trial", *rows[0]]
    response = Response(written(header, table), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="bao-cao-{desk.asked_round.year}.csv"'
    return response


def _found(desk: Desk, among: HouseholdClass | None, village: str | None) -> Report:
    scope = desk.condition().narrowed(household_class=among, village_id=village)
    return report(get_session(), scope, by_village=desk.commune_id is not None)


@blueprint.get("/households")
@blueprint.get("/<commune_id>/households")
@permitted("report.read")
def listed(commune_id: str | None = None) -> str:
    """The households that meet a condition, a page of them."""
    desk = open_desk("report.read", commune_id)
    condition, number, session = asked_condition(desk), page_number(), get_session()
    total = selection.count(session, condition)
    rows = selection.listed(session, condition, (number - 1) * PAGE_SIZE, PAGE_SIZE)
    return render_template(
        "programme/households.html",
        desk=desk,
        condition=condition,
        cases={
            of: case
            for commune in {row.commune_id for row in rows}
            for of, case in of_households(
                session, commune, [row.household_id for row in rows if row.commune_id == commune]
            ).items()
        },
        rows=rows,
        total=total,
        page=number,
        pages=-(-total // PAGE_SIZE),
        readings=open_readings(desk) if condition.reading else (),
    )
