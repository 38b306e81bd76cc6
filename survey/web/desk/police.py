"""Everybody on a commune's register as a list for the commune police: downloaded, brought back, its differences looked
at, then asked for by one button. Reading and asking are jobs (`survey/work/police.py`); nothing is changed here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path, PureWindowsPath

from flask import Blueprint, Flask, Response, current_app, render_template, url_for
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Job
from survey.clocks import day_of
from survey.corrections import police_list
from survey.corrections.police_check import HOUSEHOLD_LEFT
from survey.evidence import audit
from survey.jobs import queue
from survey.jobs.worker import folder_of
from survey.problems import Problem
from survey.register.csv_rows import KINDS
from survey.register.places import names_in
from survey.terms import JobState, PersonState
from survey.text import plain_name
from survey.web.desk.corrections import FIELD_WORDS, XLSX
from survey.web.desk.forms import Plain, PoliceList
from survey.web.desk.home import open_desk, page_number
from survey.web.desk.household import words_of_answers
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now
from survey.work import ASK_POLICE, FOLDER, READ_POLICE
from survey.work.corrections import MISTAKES
from survey.work.police import Upload, kept_checked, kept_upload

VERB = "register.police"
LIST_LANGUAGE = "vi"  # of whoever checks it, whatever the reader's is
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
    return render_template("desk/police/page.html", desk=open_desk(VERB, commune_id), form=form)


@blueprint.get("/list.<kind>")
@permitted(VERB)
def download(commune_id: str, kind: str) -> Response:
    """The list; who has it, and of how many, is written down before it goes."""
    open_desk(VERB, commune_id)
    if kind not in ("xlsx", "csv"):
        raise Problem("not_found")
    session, at = get_session(), now()
    place = names_in(session, [commune_id], day_of(at)).get(commune_id, commune_id)
    with force_locale(LIST_LANGUAGE):
        made = police_list.make(session, commune_id, place, kind, at, gettext)
    # A transaction of its own, since the list is read in one that holds up no phone.
    with Session(current_app.extensions["engine"]) as writing, writing.begin():
        detail = {"file": kind, "persons": made.people, "households": made.households}
        audit.record(writing, at, current_account().id, police_list.EXPORTED, commune_id, detail)
    answer = Response(made.data, mimetype="text/csv" if kind == "csv" else XLSX)
    name = f"doi-chieu-cong-an-{commune_id}-{day_of(at).isoformat()}.{kind}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


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
