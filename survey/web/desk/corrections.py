"""Many households of a commune corrected by a list: downloaded or an office's own, read, looked at, confirmed once.

Reading and writing are jobs (`survey/work/corrections.py`). What would happen to each household is shown by the same
functions as on its own page, some at a time. A confirmation names the job whose result was seen; the whole list is
undone from the page of the job that wrote it.
"""

from __future__ import annotations

import shutil
from pathlib import Path, PureWindowsPath

from flask import Blueprint, Flask, Response, current_app, flash, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Job
from survey.clocks import day_of
from survey.corrections import corrections
from survey.jobs import queue
from survey.jobs.worker import folder_of
from survey.problems import PROBLEMS, Problem
from survey.register.csv_rows import KINDS
from survey.register.places import names_in
from survey.review import register_preview
from survey.review.register_acts import MAX_REASON, one_line
from survey.review.register_preview import FIELDS, PERSON_FIELDS
from survey.terms import JobState
from survey.text import plain_name
from survey.web.desk import made_lists
from survey.web.desk.forms import CorrectionList, Plain
from survey.web.desk.home import open_desk, page_number
from survey.web.desk.household import reason_given, words_of_answers
from survey.web.language import current_language
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now
from survey.work import CORRECT, FOLDER, READ_CORRECTIONS, READ_UNDOING, UNDO_CORRECTIONS, WRITE_REGISTER
from survey.work.corrections import Upload, keep_why, kept_rows, kept_seen, kept_upload
from survey.work.register_lists import Wanted

VERB = "register.correct"
ASKED = "q:"  # before a question's id, in the form
EXPORTED = "register.exported"  # in the log
SHOWN = 10  # households on one page, each with all that rests on it
FIELD_WORDS = {  # how a field of a list is called: as on a household's page
    "head": FIELDS["head_name"], "village": FIELDS["village_id"], "address": FIELDS["address"],
    "class": FIELDS["household_class"], "name": PERSON_FIELDS["ho_ten"], "birth": PERSON_FIELDS["birth"],
    "sex": PERSON_FIELDS["gioi_tinh"], "relation": PERSON_FIELDS["quan_he"], "number": PERSON_FIELDS["cccd"],
}  # fmt: skip
blueprint = Blueprint("corrections", __name__, url_prefix="/desk/<commune_id>/corrections")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("")
@permitted(VERB)
def page(commune_id: str) -> str:
    """Download the register, bring a list."""
    return _page(commune_id, CorrectionList(formdata=None, since=day_of(now())))


def _page(commune_id: str, form: CorrectionList) -> str:
    desk = open_desk(VERB, commune_id)
    listed = made_lists.shown(WRITE_REGISTER, commune_id)
    return render_template("desk/corrections/page.html", desk=desk, form=form, today=day_of(now()), **listed)


@blueprint.get("/register.<kind>")
@permitted(VERB)
def download(commune_id: str, kind: str) -> Response:
    """The register of a commune of few households as a list to be corrected."""
    open_desk(VERB, commune_id)
    return made_lists.at_once(_wanted(commune_id, kind), EXPORTED)


@blueprint.post("/register")
@permitted(VERB)
def make(commune_id: str) -> BaseResponse:
    """Have the list made beside the pages."""
    open_desk(VERB, commune_id)
    return made_lists.ask(_wanted(commune_id, request.form.get("file", "")))


@blueprint.get("/register/<job_id>")
@permitted(VERB)
def made(commune_id: str, job_id: str) -> Response:
    """A list that was made."""
    open_desk(VERB, commune_id)
    return made_lists.kept(job_id, WRITE_REGISTER, commune_id, EXPORTED)


def _wanted(commune_id: str, kind: str) -> Wanted:
    return Wanted(WRITE_REGISTER, commune_id, kind, current_language())


@blueprint.post("")
@permitted(VERB)
def preview(commune_id: str) -> tuple[str, int] | BaseResponse:
    """Have the list read; nothing is changed."""
    open_desk(VERB, commune_id)
    form = CorrectionList()
    if not form.validate():
        return _page(commune_id, form), 422
    name = plain_name(PureWindowsPath(form.file.data.filename).name)
    return _read(Upload(commune_id, name, form.file.data.read(), form.since.data))


@blueprint.get("/seen/<job_id>")
@permitted(VERB)
def seen(commune_id: str, job_id: str) -> tuple[str, int]:
    """What the list would correct, household by household, and what it leaves in doubt."""
    desk, session = open_desk(VERB, commune_id), get_session()
    folder = _folder(_mine(commune_id, job_id, READ_CORRECTIONS))
    upload, found, rows = kept_upload(folder), kept_seen(folder), kept_rows(folder).corrections
    pages = max(1, -(-len(rows) // SHOWN))
    number = min(page_number(), pages)
    written_down: list[register_preview.Effect] = []
    asked_for: list[register_preview.Effect] = []
    for one in rows[(number - 1) * SHOWN : number * SHOWN] if found.is_ready else []:
        for made in corrections.plans(session, commune_id, one, upload.since, day_of(now())):
            asks = len(made.halves[0].events) == 1 and "cccd" in made.halves[0].events[0].payload.get("said", {})
            (asked_for if asks else written_down).extend(register_preview.effects(session, made))
    shown = render_template(
        "desk/corrections/seen.html",
        desk=desk,
        plan=found,
        upload=upload,
        job_id=job_id,
        written_down=written_down,
        asked_for=asked_for,
        page=number,
        pages=pages,
        names=names_in(session, [commune_id], day_of(now())),
        codes={},
        words=words_of_answers(commune_id),
        mistakes=[mistake.sentence(gettext) for mistake in found.mistakes],
        faults=[(gettext(KINDS[code]), count) for code, count in found.faults],
        notes=[note.sentence(gettext) for note in found.notes],
        fields=[(gettext(FIELD_WORDS[name]), found.counts[f"of_{name}"]) for name in FIELD_WORDS],
        translate=gettext,
        asked=ASKED,
        form=Plain(formdata=None),
        max_reason=MAX_REASON,
    )
    return shown, 422 if found.wrong else 200


@blueprint.post("/seen/<job_id>/answers")
@permitted(VERB)
def answers(commune_id: str, job_id: str) -> BaseResponse:
    """Have the list read with these answers; the questions that follow from them are asked next."""
    open_desk(VERB, commune_id)
    upload = kept_upload(_folder(_mine(commune_id, job_id, READ_CORRECTIONS)))
    given = {name.removeprefix(ASKED): value for name, value in request.form.items() if name.startswith(ASKED)}
    upload.answers |= {id: value for id, value in given.items() if value}
    return _read(upload)


@blueprint.post("/seen/<job_id>")
@permitted(VERB)
def confirm(commune_id: str, job_id: str) -> BaseResponse:
    """Write down what was seen, with why. `not_allowed_now` when another list was brought since, or it is being written
    down already."""
    open_desk(VERB, commune_id)
    job = _mine(commune_id, job_id, READ_CORRECTIONS)
    if not kept_seen(_folder(job)).is_ready:
        raise Problem("not_allowed_now")
    return _ask_for(CORRECT, job)


@blueprint.post("/undo/<job_id>")
@permitted(VERB)
def look_at_undoing(commune_id: str, job_id: str) -> BaseResponse:
    """Look at what of a list can be undone."""
    open_desk(VERB, commune_id)
    job = get_session().get(Job, job_id)
    if job is None or (job.kind, job.commune_id) != (CORRECT, commune_id) or job.ended_at is None:
        raise Problem("not_found")
    asked = queue.ask(
        get_session(),
        READ_UNDOING,
        now(),
        account_id=current_account().id,
        commune_id=commune_id,
        parameters={"of": job.id},
    )
    return redirect(url_for("jobs.page", job_id=asked.id), 303)


@blueprint.get("/undoing/<job_id>")
@permitted(VERB)
def undoing(commune_id: str, job_id: str) -> str:
    """What of a list can be undone, and what stands over the rest."""
    desk = open_desk(VERB, commune_id)
    job = _mine(commune_id, job_id, READ_UNDOING)
    return render_template(
        "desk/corrections/undoing.html",
        desk=desk,
        found=job.result,
        job_id=job_id,
        problems=PROBLEMS,
        form=Plain(formdata=None),
        max_reason=MAX_REASON,
    )


@blueprint.post("/undoing/<job_id>")
@permitted(VERB)
def undo(commune_id: str, job_id: str) -> BaseResponse:
    """Undo what was seen to be possible, with why."""
    open_desk(VERB, commune_id)
    return _ask_for(UNDO_CORRECTIONS, _mine(commune_id, job_id, READ_UNDOING))


def _ask_for(kind: str, job: Job) -> BaseResponse:
    """Ask for what acts on what was seen; why is needed first."""
    if not Plain().validate():
        raise Problem("bad_request")
    reason = one_line(reason_given())
    if not reason:
        wordless = PROBLEMS["register_reason_needed"].title
        flash(gettext(wordless))
        page = ".seen" if kind == CORRECT else ".undoing"
        return redirect(url_for(page, commune_id=job.commune_id, job_id=job.id), 303)
    keep_why(_folder(job), reason)
    asked = queue.ask(
        get_session(), kind, now(), account_id=current_account().id, commune_id=job.commune_id, follows=job.id
    )
    return redirect(url_for("jobs.page", job_id=asked.id), 303)


def _read(upload: Upload) -> BaseResponse:
    """Ask for it to be read. What the account brought before is forgotten, unless it is being written down."""
    taken_up = select(Job.follows).where(Job.follows.is_not(None))
    mine = select(Job).where(Job.kind == READ_CORRECTIONS, Job.account_id == current_account().id)
    for former in get_session().scalars(mine.where(Job.id.not_in(taken_up))).all():
        shutil.rmtree(_folder(former), ignore_errors=True)
    account_id, commune_id = current_account().id, upload.commune_id
    job = queue.ask(get_session(), READ_CORRECTIONS, now(), account_id=account_id, commune_id=commune_id)
    upload.keep(_folder(job))
    return redirect(url_for("jobs.page", job_id=job.id), 303)


def _folder(job: Job) -> Path:
    return folder_of(Path(current_app.config["INSTANCE"]) / FOLDER, job.id)


def _mine(commune_id: str, job_id: str, kind: str) -> Job:
    """What was read for this account; what is another's, or was not read, is not there to be acted on."""
    job = get_session().get(Job, job_id)
    if job is None or (job.kind, job.commune_id, job.account_id) != (kind, commune_id, current_account().id):
        raise Problem("not_found")
    if job.state != JobState.DONE:
        raise Problem("not_allowed_now")
    return job
