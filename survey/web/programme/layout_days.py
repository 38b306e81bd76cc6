"""The official tables of a day that is over, or of a province in the borders of before: asked for, counted beside the
pages, then shown and handed out for a day to who asked."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flask import Blueprint, Flask, current_app, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from survey.evidence import audit
from survey.exports.rows import Choice
from survey.jobs.worker import KEPT, folder_of
from survey.layouts.forms import counted_layouts
from survey.layouts.past import check_day
from survey.problems import Problem
from survey.rounds import log
from survey.web.desk.home import Desk, open_desk, province_of
from survey.web.language import current_language
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now
from survey.work import FOLDER, TABLES, exporting, tables_of_day

READ = "export.read"
blueprint = Blueprint("layout_days", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.post("/tables/day")
@blueprint.post("/<commune_id>/tables/day")
@permitted(READ)
def ask(commune_id: str | None = None) -> Response:
    """Ask for the tables of a day; leads to how far they are counted."""
    desk, session = open_desk(READ, commune_id), get_session()
    survey_round, lines = desk.asked_round, request.form.get("lines", "")
    place_id = desk.commune_id or province_of(desk)
    if place_id is None or lines not in offered(desk):
        raise Problem("not_found")
    at = check_day(survey_round, _day(), now())
    held = [row.commune_id for row in log.rows_of(session, survey_round) if row.commune_id in desk.communes]
    if not held:
        raise Problem("not_found")
    of = {"former_commune": "-xa-cu", "former_district": "-huyen-cu"}.get(lines, "")
    name = f"bieu-{place_id}-{survey_round.year}{of}-{_day():%Y-%m-%d}.zip"
    wanted = exporting.WantedTables(
        name, Choice(survey_round.id, tuple(held)), current_language(), place_id, at.isoformat(), lines
    )  # fmt: skip
    job = exporting.ask(session, wanted, current_account().id, desk.commune_id, _folder(), now())
    said = {"round": survey_round.id, "file": wanted.offer, "day": _day().isoformat(), "lines": lines, "job": job.id}
    audit.record(session, now(), current_account().id, "export.asked", place_id, said)
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.get("/tables/made/<job_id>")
@permitted(READ)
def page(job_id: str) -> str:
    """One of the tables that a job counted, for who asked for them and may still read them."""
    number = request.args.get("table", 1, int)
    job, _ = exporting.kept_file(get_session(), job_id, current_account(), _folder(), now())
    table = tables_of_day.page_of(folder_of(_folder(), job.id), number) if job.kind == TABLES else None
    if table is None:
        raise Problem("not_found")
    return render_template(
        "programme/layouts/day.html", desk=open_desk(READ, job.commune_id), job=job, table=table,
        forms=counted_layouts().values(), until=(job.ended_at or now()) + KEPT,
        round_id=job.parameters["choice"]["round_id"],
    )  # fmt: skip


def offered(desk: Desk) -> tuple[str, ...]:
    """What the lines of a page's tables can be of."""
    return ("village", "former_commune") if desk.commune_id else ("commune", "former_commune", "former_district")


def _day() -> date:
    """Raises `tables_day_missing`."""
    try:
        return date.fromisoformat(request.form.get("day", ""))
    except ValueError as error:
        raise Problem("tables_day_missing") from error


def _folder() -> Path:
    """Where the files of jobs lie."""
    return Path(current_app.config["INSTANCE"]) / FOLDER
