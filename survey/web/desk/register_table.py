"""The register on any day, in the borders of any day: counts by place, what is lacked, the flow from one day to
another or of a round, the households; each as CSV too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request, url_for
from flask_babel import gettext

from models import Round
from survey.clocks import day_of
from survey.problems import Problem
from survey.reports.csvfile import written
from survey.rounds import flow_lines, proof_file
from survey.rounds.end_states import COUNTED
from survey.rounds.register_flow import Flowing, Line, between_days, of_round
from survey.submissions import register_lines
from survey.submissions.register_table import Key, Level, Named, Table, state
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, page_number
from survey.web.security import permitted, put_on_record
from survey.web.session import get_session, now

blueprint = Blueprint("register_table", __name__, url_prefix="/desk")


class Shown(StrEnum):
    CLASSES = "classes"
    INDICATORS = "indicators"
    FLOW = "flow"


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/register")
@blueprint.get("/<commune_id>/register")
@permitted("report.read")
def page(commune_id: str | None = None) -> str:
    """How many households were on the register, by place and class; of one commune which, what they lack, and how it
    came from one day to another."""
    desk, shown = open_desk("report.read", commune_id), _shown()
    words = {
        "desk": desk,
        "shown": shown,
        "asked": {name: _day(name) for name in ("as_of", "borders", "since")},
        "here": lambda **more: url_for(".page", **_said(desk, **more)),
        "csv": lambda what: url_for(".as_csv", **_said(desk, what=what)),
    }
    if shown is Shown.FLOW:
        return _flow_page(desk, words)
    found, number = _found(desk, shown), page_number()
    return render_template(
        "desk/register_table/page.html",
        **words,
        **_places(found, desk),
        found=found,
        total=found.total(),
        unplaced=found.unplaced(),
        whole=found.lacking()[()] if shown is Shown.INDICATORS else None,
        rows=found.rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        page=number,
        pages=-(-len(found.rows) // PAGE_SIZE),
    )


def _flow_page(desk: Desk, words: Mapping[str, Any]) -> str:
    survey_round = _round(desk)
    found = _flow(desk, survey_round)
    return render_template(
        "desk/register_table/page.html",
        **words,
        **(_places(found.places, desk) if found else {"borders": None, "today": day_of(now())}),
        found=found,
        of=survey_round,
        whole=found.whole() if found else None,
        unplaced=found.unplaced() if found else {},
        tables=COUNTED,
        lines=lambda level: _lines(found, level) if found else [],
    )


def _places(found: Named, desk: Desk) -> dict[str, Any]:
    """By what a table is counted on this page, and what the places of it are called."""
    words = {
        Level.DISTRICT: gettext("By district"),
        Level.COMMUNE: gettext("By former commune") if found.borders else gettext("By commune"),
        Level.VILLAGE: gettext("By village"),
    }
    wide = [Level.DISTRICT, Level.COMMUNE] if desk.commune_id is None else list(Level)
    return {
        "levels": [(level, words[level]) for level in found.levels if level in wide],
        "named": {level.value: found.named(level) for level in Level},
        "borders": found,
        "today": day_of(now()),
    }


def _lines(found: Flowing, level: Level) -> list[tuple[str, dict[str, Any]]]:
    """Of the whole, of each place, and of who moved between them, as the tables of a proof show them."""
    between = found.between(level)
    lines = [("", found.whole()), *((_named(found.places, key), line) for key, line in found.lines(level).items())]
    moved = [(gettext(flow_lines.BETWEEN), between)] if _is_any(between) else []
    return [(name, proof_file.written(line.flows)) for name, line in [*lines, *moved]]


def _is_any(line: Line) -> bool:
    return any(any(flow.row()) for both in line.flows.values() for flow in (both.households, both.persons))


def _named(places: Named, key: Key) -> str:
    """A village of a table in borders of before with its former commune."""
    cells = register_lines.place_cells(places, key, gettext)
    if places.borders and len(key) == len(Level):
        return f"{cells[5]} ({cells[3]})"
    return str(cells[2 * len(key) - 1] or key[-1])


@blueprint.get("/register.csv")
@blueprint.get("/<commune_id>/register.csv")
@permitted("export.read")
def as_csv(commune_id: str | None = None) -> Response:
    """The counts, what is lacked, the flow, or of one commune the households; that these were fetched is put on
    record."""
    desk, what = open_desk("export.read", commune_id), request.args.get("what")
    finest = Level.COMMUNE if desk.commune_id is None else Level.VILLAGE
    words = {one: gettext(one) for one in (*register_lines.WORDS, flow_lines.BETWEEN)}  # sent later, knows no language
    translate = words.__getitem__
    if what == Shown.FLOW:
        flow = _flow(desk, _round(desk))
        if flow is None:
            raise Problem("bad_request")
        table = written(flow_lines.HEADER, flow_lines.flowed(flow, finest, translate))
    elif what == Shown.INDICATORS:
        found = _found(desk, Shown.INDICATORS)
        table = written(register_lines.LACKED, register_lines.lacked(found, finest, translate))
    elif what == "households":
        if desk.commune_id is None:
            raise Problem("not_found")
        found = _found(desk, Shown.CLASSES, with_lacks=True)
        detail = {"file": "register.csv", "communes": 1, "households": len(found.rows)}
        put_on_record("export.read", desk.commune_id, detail)
        table = written(register_lines.HEADER, register_lines.listed(found, translate))
    else:
        table = written(register_lines.COUNTS, register_lines.counted(_found(desk, Shown.CLASSES), finest, translate))
    response = Response(table, mimetype="text/csv")
    parts = ["so-ho", desk.commune_id, what if what in (Shown.FLOW, Shown.INDICATORS) else None]
    day = (_day("as_of") or day_of(now())).isoformat()
    name = "-".join([*filter(None, parts), day])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _found(desk: Desk, shown: Shown, *, with_lacks: bool = False) -> Table:
    """A past day of many communes, and all that they lack, take minutes: that is a command's."""
    as_of, borders = _past("as_of"), _past("borders")
    if desk.commune_id is None and (as_of is not None or shown is not Shown.CLASSES):
        raise Problem("table_of_one_commune")
    return state(
        get_session(), desk.communes, day_of(now()), day=as_of, borders=borders,
        with_persons=desk.commune_id is not None, with_lacks=with_lacks or shown is Shown.INDICATORS,
    )  # fmt: skip


def _flow(desk: Desk, survey_round: Round | None) -> Flowing | None:
    """Of a round, else from one day to another; None while neither is named."""
    as_of, borders, since, today = _past("as_of"), _past("borders"), _past("since"), day_of(now())
    if desk.commune_id is None:
        raise Problem("table_of_one_commune")
    if survey_round is not None:
        return of_round(get_session(), survey_round, desk.communes, today, borders)
    return between_days(get_session(), desk.communes, today, since, as_of or today, borders) if since else None


def _round(desk: Desk) -> Round | None:
    """The round whose flow is asked for."""
    wanted = request.args.get("of")
    found = next((one for one in desk.rounds if one.id == wanted), None)
    if wanted and found is None:
        raise Problem("not_found")
    return found


def _shown() -> Shown:
    said = request.args.get("show", Shown.CLASSES.value)
    if said not in set(Shown):
        raise Problem("bad_request")
    return Shown(said)


def _past(name: str) -> date | None:
    day = _day(name)
    if day is not None and day > day_of(now()):
        raise Problem("register_future")
    return day


def _day(name: str) -> date | None:
    said = request.args.get(name, "")
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise Problem("bad_request") from error


def _said(desk: Desk, **more: Any) -> dict[str, Any]:
    """What the address says, to be said again, with more or otherwise."""
    asked = {name: request.args[name] for name in ("show", "as_of", "borders", "since", "of") if request.args.get(name)}
    return asked | ({"commune_id": desk.commune_id} if desk.commune_id else {}) | more
