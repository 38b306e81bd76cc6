"""Supports of many households by a list: the pattern, an office's own list brought, looked at row by row, written down
by one button. Reading and writing are jobs (`survey/work/support_lists.py`); what was left out is a list to be mended.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Job
from survey.jobs import queue
from survey.jobs.worker import folder_of
from survey.problems import PROBLEMS, Problem
from survey.programmes.catalogue import Catalogue, catalogue_of
from survey.register import tables
from survey.register.csv_rows import Mistake
from survey.reports.csvfile import Cell, Style, written
from survey.supports import giving, lists
from survey.supports.lists import Read, Whole
from survey.terms import JobState
from survey.text import plain_name
from survey.web.desk.forms import Plain
from survey.web.desk.home import open_desk, page_number
from survey.web.desk.made_lists import XLSX
from survey.web.programme.support_forms import SupportList
from survey.web.security import current_account, permitted, put_on_record
from survey.web.session import get_session, now
from survey.work import FOLDER, GIVE_SUPPORTS, READ_SUPPORTS
from survey.work.household_lists import SEEN
from survey.work.support_lists import Upload, kept_read, kept_upload

VERB = "support.give"
SHOWN = 100  # rows on one page, of each shelf
blueprint = Blueprint("support_lists", __name__, url_prefix="/desk/<commune_id>/supports/list")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("")
@permitted(VERB)
def page(commune_id: str) -> str:
    """Take the pattern, bring a list."""
    return _page(commune_id, SupportList(formdata=None))


def _page(commune_id: str, form: SupportList) -> str:
    desk, catalogue = open_desk(VERB, commune_id), _catalogue(commune_id)
    _choices(form, catalogue)
    return render_template("programme/supports/list.html", desk=desk, form=form, catalogue=catalogue)


def _catalogue(commune_id: str) -> Catalogue:
    return catalogue_of(get_session(), giving.province_of(get_session(), commune_id))


def _choices(form: SupportList, catalogue: Catalogue) -> None:
    none = ("", gettext("As each row says"))
    kinds = sorted((one.label, one.code) for one in catalogue.kinds.values())
    form.kind.choices = [none, *((code, label) for label, code in kinds)]
    form.project.choices = [none, *(
        (f"{programme}/{code}", f"{catalogue.programmes[programme].name}: {one.name}")
        for (programme, code), one in sorted(catalogue.projects.items())
    )]  # fmt: skip


@blueprint.get("/pattern.<kind>")
@permitted(VERB)
def pattern(commune_id: str, kind: str) -> Response:
    """The list to be filled in."""
    open_desk(VERB, commune_id)
    head = lists.headings()
    if kind == "csv":
        response = Response(written(head, []), mimetype="text/csv")
    elif kind == "xlsx":
        response = Response(tables.written("1", head, [], [20] * len(head)), mimetype=XLSX)
    else:
        raise Problem("not_found")
    response.headers["Content-Disposition"] = f'attachment; filename="danh-sach-ho-tro.{kind}"'
    return response


@blueprint.post("")
@permitted(VERB)
def bring(commune_id: str) -> tuple[str, int] | BaseResponse:
    """Have a list read; nothing is written down yet. What the account brought before is forgotten, unless it was
    confirmed."""
    open_desk(VERB, commune_id)
    form, session, catalogue = SupportList(), get_session(), _catalogue(commune_id)
    _choices(form, catalogue)
    if not form.validate():
        return _page(commune_id, form), 422
    whole = Whole(form.kind.data or "", form.project.data or "", form.given_on.data)
    if whole.kind not in {"", *catalogue.kinds} or whole.project not in {code for code, _ in form.project.choices}:
        raise Problem("bad_request")
    taken_up = select(Job.follows).where(Job.follows.is_not(None))
    mine = select(Job).where(Job.kind == READ_SUPPORTS, Job.account_id == current_account().id)
    for former in session.scalars(mine.where(Job.id.not_in(taken_up))).all():
        shutil.rmtree(_folder(former.id), ignore_errors=True)
    job = queue.ask(session, READ_SUPPORTS, now(), account_id=current_account().id, commune_id=commune_id)
    name = plain_name(PureWindowsPath(form.file.data.filename).name)
    Upload(commune_id, name, form.file.data.read(), whole).keep(_folder(job.id))
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.get("/seen/<job_id>")
@permitted(VERB)
def seen(commune_id: str, job_id: str) -> tuple[str, int]:
    """What the list would write down, and each row that a rule stands against."""
    desk, folder = open_desk(VERB, commune_id), _folder(_mine(commune_id, job_id, READ_SUPPORTS).id)
    found = kept_read(folder)
    pages = max(1, -(-max(len(found.sound), len(found.left)) // SHOWN))
    number = min(page_number(), pages)
    here = slice((number - 1) * SHOWN, number * SHOWN)
    shown = render_template(
        "programme/supports/seen.html",
        desk=desk,
        name=kept_upload(folder).name,
        found=found,
        sound=found.sound[here],
        left=[(one.row, _why(one.mistakes)) for one in found.left[here]],
        faults=[one.sentence(gettext) for one in found.faults],
        read=[one.sentence(gettext) for one in found.notes],
        assumed=[(one.sentence(gettext), [each.words(gettext) for each in one.examples]) for one in found.assumed],
        job_id=job_id,
        page=number,
        pages=pages,
        plain=Plain(formdata=None),
    )
    return shown, 200 if found.sound else 422


def _why(mistakes: list[Mistake]) -> str:
    return " ".join(one.sentence(gettext) for one in mistakes)


@blueprint.post("/seen/<job_id>")
@permitted(VERB)
def enter(commune_id: str, job_id: str) -> BaseResponse:
    """Write down what was seen, in one act; a row that a rule stands against by then is left out."""
    open_desk(VERB, commune_id)
    job = _mine(commune_id, job_id, READ_SUPPORTS)
    if not Plain().validate():
        raise Problem("bad_request")
    if not kept_read(_folder(job.id)).sound:
        raise Problem("not_allowed_now")
    asked = queue.ask(
        get_session(), GIVE_SUPPORTS, now(), account_id=current_account().id, commune_id=commune_id, follows=job.id
    )
    return redirect(url_for("jobs.page", job_id=asked.id), 303)


@blueprint.get("/written/<job_id>")
@permitted(VERB)
def result(commune_id: str, job_id: str) -> str:
    """What of a list is written down, and the rows that are not."""
    desk, job = open_desk(VERB, commune_id), _mine(commune_id, job_id, GIVE_SUPPORTS)
    came = _came(job)
    return render_template(
        "programme/supports/written.html",
        desk=desk,
        came=came,
        left=[(row, gettext(PROBLEMS[code].title)) for row, code in came["left_out"][:SHOWN]],
        not_reached=max((job.total or 0) - came["at"], 0),
        of=job.follows,
        most=SHOWN,
        is_kept=(_folder(job.follows or "") / SEEN).exists(),
    )


def _came(job: Job) -> dict[str, Any]:
    """As far as it came, also where it was stopped."""
    return {"given": 0, "left_out": [], "at": 0} | (job.result or job.cursor or {})


@blueprint.get("/seen/<job_id>/left.csv")
@permitted(VERB)
def left(commune_id: str, job_id: str) -> Response:
    """The rows of a list that are not written down, each with why, to be mended and brought again; of a list that was
    confirmed also those that a rule stood against by then, and those that were not reached."""
    open_desk(VERB, commune_id)
    _mine(commune_id, job_id, READ_SUPPORTS)
    rows = list(_left(kept_read(_folder(job_id)), get_session().scalar(select(Job).where(Job.follows == job_id))))
    put_on_record("support.left_out_taken", commune_id, {"rows": len(rows)})
    head = [gettext("Row"), gettext("Why it was left out"), *lists.headings(full=True)]
    response = Response(written(head, rows, Style.SEMICOLON), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="dong-chua-ghi.csv"'
    return response


def _left(found: Read, job: Job | None) -> Iterator[list[Cell]]:
    for one in found.left:
        yield [one.row, _why(one.mistakes), *one.cells]
    if job is None:
        return
    came = _came(job)
    rules = dict(came["left_out"])
    for at, sound in enumerate(found.sound):
        if sound.row in rules:
            yield [sound.row, gettext(PROBLEMS[rules[sound.row]].title), *lists.as_cells(sound)]
        elif at >= came["at"]:
            yield [sound.row, gettext("The work was stopped before this row."), *lists.as_cells(sound)]


def _folder(job_id: str) -> Path:
    return folder_of(Path(current_app.config["INSTANCE"]) / FOLDER, job_id)


def _mine(commune_id: str, job_id: str, kind: str) -> Job:
    """What was done for this account; what is another's is not there."""
    job = get_session().get(Job, job_id)
    if job is None or (job.kind, job.commune_id, job.account_id) != (kind, commune_id, current_account().id):
        raise Problem("not_found")
    if job.state != JobState.DONE and (kind == READ_SUPPORTS or job.ended_at is None):
        raise Problem("not_allowed_now")
    return job
