"""The register on any day, in the borders of any day: counts by place, the households, and both as CSV."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request, url_for
from flask_babel import gettext

from survey.clocks import day_of
from survey.evidence import audit
from survey.problems import Problem
from survey.reports.csvfile import written
from survey.submissions import register_lines
from survey.submissions.register_table import Level, Table, state
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, page_number
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("register_table", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/register")
@blueprint.get("/<commune_id>/register")
@permitted("report.read")
def page(commune_id: str | None = None) -> str:
    """How many households were on the register, by place and class; of one commune which."""
    desk, number = open_desk("report.read", commune_id), page_number()
    as_of, borders = _day("as_of"), _day("borders")
    found = _found(desk, as_of, borders)
    words = {
        Level.DISTRICT: gettext("By district"),
        Level.COMMUNE: gettext("By former commune") if found.borders else gettext("By commune"),
        Level.VILLAGE: gettext("By village"),
    }
    wide = [Level.DISTRICT, Level.COMMUNE] if desk.commune_id is None else list(Level)
    return render_template(
        "desk/register_table/page.html",
        desk=desk,
        found=found,
        total=found.total(),
        levels=[(level, words[level]) for level in found.levels if level in wide],
        named={level.value: found.named(level) for level in Level},
        as_of=as_of,
        borders=borders,
        today=day_of(now()),
        with_persons=desk.commune_id is not None,
        rows=found.rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        page=number,
        pages=-(-len(found.rows) // PAGE_SIZE),
        here=lambda **more: url_for(".page", **_said(desk), **more),
        csv=lambda what: url_for(".as_csv", what=what, **_said(desk)),
    )


@blueprint.get("/register.csv")
@blueprint.get("/<commune_id>/register.csv")
@permitted("export.read", writes=True)
def as_csv(commune_id: str | None = None) -> Response:
    """The counts, or of one commune the households; that these were fetched is put on record."""
    desk = open_desk("export.read", commune_id)
    found = _found(desk, _day("as_of"), _day("borders"))
    words = {one: gettext(one) for one in register_lines.WORDS}  # what is sent later knows no language
    if request.args.get("what") == "households":
        if desk.commune_id is None:
            raise Problem("not_found")
        detail = {"file": "register.csv", "communes": 1, "households": len(found.rows)}
        audit.record(get_session(), now(), current_account().id, "export.read", desk.commune_id, detail)
        table = written(register_lines.HEADER, register_lines.listed(found, words.__getitem__))
    else:
        finest = Level.COMMUNE if desk.commune_id is None else Level.VILLAGE
        table = written(register_lines.COUNTS, register_lines.counted(found, finest, words.__getitem__))
    response = Response(table, mimetype="text/csv")
    place = f"-{desk.commune_id}" if desk.commune_id else ""
    response.headers["Content-Disposition"] = (
        f'attachment; filename="so-ho{place}-{(_day("as_of") or day_of(now()))}.csv"'
    )
    return response


def _found(desk: Desk, as_of: date | None, borders: date | None) -> Table:
    """A past day of many communes takes minutes: that is a command's."""
    today = day_of(now())
    if as_of is not None and as_of > today or borders is not None and borders > today:
        raise Problem("register_future")
    if as_of is not None and desk.commune_id is None:
        raise Problem("table_of_one_commune")
    whole = desk.commune_id is not None
    return state(get_session(), desk.communes, today, day=as_of, borders=borders, with_persons=whole)


def _day(name: str) -> date | None:
    said = request.args.get(name, "")
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise Problem("bad_request") from error


def _said(desk: Desk) -> dict[str, Any]:
    """What the address says, to be said again."""
    days = {name: request.args[name] for name in ("as_of", "borders") if request.args.get(name)}
    return days | ({"commune_id": desk.commune_id} if desk.commune_id else {})
