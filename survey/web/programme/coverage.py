"""Who lacked something, who was served, and what the next round found: what followed, side by side, never an effect."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request, url_for

from survey.clocks import day_of
from survey.problems import Problem
from survey.programmes.catalogue import catalogue_of
from survey.reports.csvfile import written
from survey.supports import coverage, coverage_lines
from survey.supports.coverage import Cell, Classes, Followed
from survey.terms import HouseholdClass, Indicator
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, page_number
from survey.web.programme.programmes import province_here
from survey.web.security import permitted, put_on_record
from survey.web.session import get_session, now

READ, EXPORT = "report.read", "export.read"
POOR = (HouseholdClass.POOR, HouseholdClass.NEAR_POOR)
blueprint = Blueprint("coverage", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/<commune_id>/coverage")
@permitted(READ)
def page(commune_id: str) -> str:
    """Of a commune and round: poor and near-poor households with a lack, served and not, and what followed; below it
    those that nothing was given to yet, or those of one figure; of a village where it is named."""
    desk, session = open_desk(READ, commune_id), get_session()
    if desk.round is None:
        return render_template("programme/coverage.html", desk=desk, found=None)
    catalogue = catalogue_of(session, province_here(desk))
    found = coverage.coverage_of(session, catalogue, commune_id, desk.round, day_of(now()), POOR)
    village, number, cell = _village(desk), page_number(), _cell()
    listed = found.waiting
    if cell is not None:
        listed = coverage.households_of(session, catalogue, commune_id, desk.round, day_of(now()), POOR, cell)
    waiting = [one for one in listed if village in (None, one.village_id)]
    waiting.sort(key=lambda one: (one.village_id, one.household_id))
    return render_template(
        "programme/coverage.html",
        desk=desk,
        found=found,
        village=village,
        cell=cell,
        waiting=coverage.named(session, commune_id, waiting[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]),
        total=len(waiting),
        page=number,
        pages=-(-len(waiting) // PAGE_SIZE),
        address=lambda page: _address(commune_id, cell, village, page),
        of=lambda *given: _address(commune_id, Cell(*given), None),
        within=lambda village_id: _address(commune_id, cell, village_id),
    )


def _address(commune_id: str, cell: Cell | None, village_id: str | None, page: int | None = None) -> str:
    told: dict[str, Any] = {"round": request.args.get("round"), "of": _words(cell), "village": village_id, "page": page}
    return url_for(".page", commune_id=commune_id, _anchor="waiting", **told)


def _words(cell: Cell | None) -> str | None:
    """A figure as an address says it: `nha_o.yes.still`; the classes' `any.no.worse`."""
    if cell is None:
        return None
    return ".".join((cell.indicator.value if cell.indicator else "any", "yes" if cell.served else "no", cell.then))


def _cell() -> Cell | None:
    """The figure whose households are asked for. Raises not_found for one that no table has."""
    asked = request.args.get("of")
    if not asked:
        return None
    for indicator in (None, *Indicator):
        for served in (True, False):
            for then in asdict(Followed() if indicator else Classes()):
                if asked == _words(cell := Cell(indicator, served, then)):
                    return cell
    raise Problem("not_found")


@blueprint.get("/coverage.csv")
@blueprint.get("/<commune_id>/coverage.csv")
@permitted(EXPORT)
def as_csv(commune_id: str | None = None) -> Response:
    """The figures of the page as CSV: of a commune and its villages, or of all communes of a province."""
    desk, session = open_desk(EXPORT, commune_id), get_session()
    survey_round, place_id = desk.asked_round, desk.commune_id or province_here(desk)
    catalogue = catalogue_of(session, province_here(desk))
    rows = coverage_lines.lines(
        session, catalogue, sorted(desk.communes), survey_round, day_of(now()), POOR, desk.names
    )  # fmt: skip
    content = b"".join(written(coverage_lines.HEADER, rows))  # while the transaction is there; it names nobody
    detail = {"round": survey_round.id, "file": "coverage.csv", "communes": len(desk.communes)}
    put_on_record(EXPORT, place_id, detail)
    response = Response(content, mimetype="text/csv")
    name = f"ho-tro-{place_id}-{survey_round.year}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _village(desk: Desk) -> str | None:
    asked = request.args.get("village") or None
    if asked is not None and asked not in desk.names:
        raise Problem("not_found")
    return asked
