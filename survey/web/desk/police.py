"""Everybody on a commune's register as a list for the commune police: downloaded, brought back, its differences looked
at, then asked for by one button. Reading and asking are jobs (`survey/work/police.py`); nothing is changed here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path, PureWindowsPath

from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for
from flask_babel import force_locale, gettext
from sqlalchemy import select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Job
from survey.clocks import day_of
from survey.corrections import police_list
from survey.corrections.police_check import HOUSEHOLD_LEFT
from survey.jobs import queue
from survey.jobs.worker import folder_of
from survey.problems import Problem
from survey.register.csv_rows import KINDS
from survey.reports.csvfile import Cell, Style, written
from survey.terms import JobState, PersonState
from survey.text import plain_name
from survey.web.desk import made_lists
from survey.web.desk.corrections import FIELD_WORDS
from survey.web.desk.forms import Plain, PoliceList
from survey.web.desk.home import open_desk, page_number
from survey.web.desk.household import words_of_answers
from survey.web.security import current_account, permitted, put_on_record
from survey.web.session import get_session, now
from survey.work import ASK_POLICE, FOLDER, READ_POLICE, WRITE_POLICE
from survey.work.corrections import MISTAKES
from survey.work.police import Upload, kept_checked, kept_upload
from survey.work.register_lists import POLICE_LANGUAGE, Wanted

VERB = "register.police"
LEFT_TAKEN = "register.police_left"  # in the log
SHOWN = 20  # persons on one page
blueprint = Blueprint("police", __name__, url_prefix="/desk/<commune_id>/police")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("")
@permitted(VERB)
def page(commune_id: str) -> str:
    """Download the list, bring one back."""
    return _page(commune_id, PoliceList(formdata=None))


def _page(commune_id: str, form: PoliceList) -> str:
    desk = open_desk(VERB, commune_id)
    return render_template("desk/police/page.html", desk=desk, form=form, **made_lists.shown(WRITE_POLICE, commune_id))


@blueprint.get("/list.<kind>")
@permitted(VERB)
def download(commune_id: str, kind: str) -> Response:
    """The list of a commune of few households."""
    open_desk(VERB, commune_id)
    return made_lists.at_once(Wanted(WRITE_POLICE, commune_id, kind), police_list.EXPORTED)


@blueprint.post("/list")
@permitted(VERB)
def make(commune_id: str) -> BaseResponse:
    """Have the list made beside the pages."""
    open_desk(VERB, commune_id)
    return made_lists.ask(Wanted(WRITE_POLICE, commune_id, request.form.get("file", "")))


@blueprint.get("/list/<job_id>")
@permitted(VERB)
def made(commune_id: str, job_id: str) -> Response:
    """A list that was made."""
    open_desk(VERB, commune_id)
    return made_lists.kept(job_id, WRITE_POLICE, commune_id, police_list.EXPORTED)


@blueprint.post("")
@permitted(VERB)
def bring(commune_id: str) -> tuple[str, int] | BaseResponse:
    """Have a list that came back read; nothing is asked for yet. What the account brought before is forgotten, unless
    it is being asked for."""
    open_desk(VERB, commune_id)
    form, session = PoliceList(), get_session()
    if not form.validate():
        return _page(commune_id, form), 422
    taken_up = select(Job.follows).where(Job.follows.is_not(None))
    mine = select(Job).where(Job.kind == READ_POLICE, Job.account_id == current_account().id)
    for former in session.scalars(mine.where(Job.id.not_in(taken_up))).all():
        shutil.rmtree(_folder(former), ignore_errors=True)
    job = queue.ask(session, READ_POLICE, now(), account_id=current_account().id, commune_id=commune_id)
    name = plain_name(PureWindowsPath(form.file.data.filename).name)
    reason = gettext(police_list.REASON)
    Upload(commune_id, name, form.file.data.read(), reason).keep(_folder(job))
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.get("/seen/<job_id>")
@permitted(VERB)
def seen(commune_id: str, job_id: str) -> tuple[str, int]:
    """What the list says otherwise, person by person."""
    desk, folder = open_desk(VERB, commune_id), _folder(_mine(commune_id, job_id))
    found = kept_checked(folder)
    pages = max(1, -(-len(found.differs) // SHOWN))
    number = min(page_number(), pages)
    shown = render_template(
        "desk/police/seen.html",
        desk=desk,
        name=kept_upload(folder).name,
        found=found,
        counts=found.counts(),
        differs=found.differs[(number - 1) * SHOWN : number * SHOWN],
        asked=sum(len(one.wishes(day_of(now()))) for one in found.differs),
        page=number,
        pages=pages,
        job_id=job_id,
        mistakes=[mistake.sentence(gettext) for mistake in found.mistakes[:MISTAKES]],
        faults=[(gettext(KINDS[code]), count) for code, count in found.faults()],
        most=MISTAKES,
        fields=FIELD_WORDS,
        shown=_shown(words_of_answers(commune_id)),
        states={one.value: one for one in PersonState},
        household_left=HOUSEHOLD_LEFT,
        form=Plain(formdata=None),
    )
    return shown, 422 if found.is_refused else 200


@blueprint.get("/seen/<job_id>/left.csv")
@permitted(VERB)
def left(commune_id: str, job_id: str) -> Response:
    """The rows with a mistake, each with why, in the columns of the list: to be mended and brought again."""
    open_desk(VERB, commune_id)
    found = kept_checked(_folder(_mine(commune_id, job_id)))
    with force_locale(POLICE_LANGUAGE):
        why: dict[int, list[str]] = {}
        for mistake in found.mistakes:
            why.setdefault(mistake.row, []).append(mistake.sentence(gettext))
        rows: list[list[Cell]] = [[row, " ".join(why.get(row, ())), *cells] for row, cells in found.left]
        head = [gettext("Row"), gettext("Why it was left out"), *map(gettext, police_list.HEADINGS.values())]
    put_on_record(LEFT_TAKEN, commune_id, {"rows": len(rows)})
    response = Response(written(head, rows, Style.SEMICOLON), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="dong-chua-nhan.csv"'
    return response


@blueprint.post("/seen/<job_id>")
@permitted(VERB)
def ask(commune_id: str, job_id: str) -> BaseResponse:
    """Make the differences that were seen into requests."""
    open_desk(VERB, commune_id)
    job = _mine(commune_id, job_id)
    if not Plain().validate():
        raise Problem("bad_request")
    if not kept_checked(_folder(job)).differs:
        raise Problem("not_allowed_now")
    asked = queue.ask(
        get_session(), ASK_POLICE, now(), account_id=current_account().id, commune_id=commune_id, follows=job.id
    )
    return redirect(url_for("jobs.page", job_id=asked.id), 303)


def _shown(words: Mapping[str, str]) -> Callable[[str, str], str]:
    """How a page says what a list says of a person."""

    def shown(name: str, said: str) -> str:
        return "/".join(reversed(said.split("-"))) if name == "birth" else words.get(said, said)

    return shown


def _folder(job: Job) -> Path:
    return folder_of(Path(current_app.config["INSTANCE"]) / FOLDER, job.id)


def _mine(commune_id: str, job_id: str) -> Job:
    """What was read for this account; what is another's is not there."""
    job = get_session().get(Job, job_id)
    if job is None or (job.kind, job.commune_id, job.account_id) != (READ_POLICE, commune_id, current_account().id):
        raise Problem("not_found")
    if job.state != JobState.DONE:
        raise Problem("not_allowed_now")
    return job
