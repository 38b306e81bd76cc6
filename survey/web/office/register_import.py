"""Loading a commune's villages and households of last year on a page: upload, see what would happen, answer what the
list leaves in doubt, confirm.

A list of 30,000 rows takes many seconds to understand, so that is a job (`survey/work/household_lists.py`), and so is
loading it. The files wait in the job's folder, readable by the server only. A confirmation names the job whose result
was seen, so what is loaded is what was seen. The account's next upload replaces them; they are deleted when the list is
loaded, and after a day.
"""

from __future__ import annotations

import shutil
from pathlib import Path, PureWindowsPath

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Job
from survey.access import may
from survey.accounts.accounts import communes_of, holder_of, where_is
from survey.clocks import day_of
from survey.jobs import queue
from survey.jobs.worker import folder_of
from survey.problems import Problem
from survey.register import importing
from survey.register.csv_rows import KINDS
from survey.register.places import names_in
from survey.reports.csvfile import written
from survey.terms import Area, HouseholdClass, JobState
from survey.text import plain_name
from survey.web.forms import ImportConfirmed, ImportFiles
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now
from survey.work import FOLDER, LOAD_LIST, READ_LIST
from survey.work.household_lists import Upload, kept_preview, kept_upload

VERB = "register.import"
ASKED = "q:"  # before a question's id, in the form
EXAMPLES: dict[str, list[list[str]]] = {  # invented names
    "villages.csv": [
        ["Số", "Tên thôn, bản", "Loại", "Khu vực"],
        ["1", "Bản Nà Mẫu", "Bản", "Nông thôn"],
        ["2", "Tiểu khu Mẫu", "Tiểu khu", "Thành thị"],
    ],
    "households.csv": [
        ["Thôn, bản", "Chủ hộ", "Mã hộ", "Phân loại năm trước", "Địa chỉ"],
        ["1", "Lò Văn Mẫu", "MAU-001", "Hộ nghèo", "Cạnh nhà văn hoá"],
        ["1", "Quàng Thị Ví Dụ", "MAU-002", "Hộ cận nghèo", ""],
        ["Tiểu khu Mẫu", "Nguyễn Văn Thử", "MAU-003", "Không thuộc hộ nghèo, hộ cận nghèo", ""],
    ],
    "members.csv": [
        ["Mã hộ", "Họ và tên", "Giới tính", "Quan hệ", "Ngày sinh", "Tháng sinh", "Năm sinh", "Dân tộc", "CCCD"],
        ["MAU-001", "Lò Văn Mẫu", "Nam", "Chủ hộ", "5", "3", "1980", "Thái", ""],
        ["MAU-001", "Lò Thị Nháp", "Nữ", "Con", "", "", "2015", "Thái", ""],
    ],
}
blueprint = Blueprint("register", __name__, url_prefix="/register/import")


@blueprint.get("/")
@permitted(VERB)
def page() -> str:
    """Choose the files."""
    return render_template("office/register/import.html", form=_form(), examples=EXAMPLES, plan=None)


@blueprint.get("/<name>")
@permitted(VERB)
def example(name: str) -> Response:
    """An example of one of the files, with invented people."""
    if name not in EXAMPLES:
        raise Problem("not_found")
    header, *rows = EXAMPLES[name]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(written(header, rows), mimetype="text/csv", headers=headers)


@blueprint.post("/")
@permitted(VERB)
def preview() -> tuple[str, int] | BaseResponse:
    """Have the files read; nothing is changed."""
    form = _form()
    _check_commune(form.commune.data)
    if not form.validate_on_submit():
        return render_template("office/register/import.html", form=form, examples=EXAMPLES, plan=None), 422
    given = {"villages.csv": form.villages, "households.csv": form.households, "members.csv": form.members}
    files = {name: one.data.read() for name, one in given.items() if one.data and one.data.filename}
    if importing.is_list(files):
        name = plain_name(PureWindowsPath(form.households.data.filename).name)
        files = {name: files["households.csv"]}
    return _read(Upload(form.commune.data, files))


@blueprint.get("/seen/<job_id>")
@permitted(VERB)
def seen(job_id: str) -> tuple[str, int]:
    """What the files would do, and what they leave in doubt."""
    job = _read_by_me(job_id)
    _check_commune(job.commune_id)
    plan, form, confirmed = kept_preview(_folder(job)), _form(), ImportConfirmed(formdata=None)
    form.commune.data, confirmed.upload.data = plan.commune_id, job.id
    shown = render_template(
        "office/register/import.html",
        form=form,
        examples=EXAMPLES,
        plan=plan,
        villages={village["id"]: village["name"] for village in plan.villages}
        | names_in(get_session(), [plan.commune_id], day_of(now())),
        mistakes=[mistake.sentence(gettext) for mistake in plan.mistakes],
        faults=[(gettext(KINDS[code]), count) for code, count in plan.faults],
        notes=[note.sentence(gettext) for note in plan.notes],
        confirmed=confirmed,
        translate=gettext,
        asked=ASKED,
        area=Area,
        household_class=HouseholdClass,
    )
    return shown, 422 if plan.wrong else 200


@blueprint.post("/answers")
@permitted(VERB)
def answers() -> BaseResponse:
    """Have the files read with these answers; the questions that follow from them are asked next."""
    upload = kept_upload(_folder(_read_by_me(ImportConfirmed().upload.data or "")))
    _check_commune(upload.commune_id)
    given = {name.removeprefix(ASKED): value for name, value in request.form.items() if name.startswith(ASKED)}
    upload.answers |= {id: value for id, value in given.items() if value}
    return _read(upload)


@blueprint.post("/confirm")
@permitted(VERB)
def confirm() -> BaseResponse:
    """Load what was seen. `not_allowed_now` when other files were uploaded since, or it is being loaded already."""
    job = _read_by_me(ImportConfirmed().upload.data or "")
    plan = kept_preview(_folder(job))
    _check_commune(plan.commune_id)
    if not plan.is_ready:
        raise Problem("not_allowed_now")
    load = queue.ask(
        get_session(),
        LOAD_LIST,
        now(),
        account_id=current_account().id,
        commune_id=plan.commune_id,
        follows=job.id,
    )
    return redirect(url_for("jobs.page", job_id=load.id), 303)


def _read(upload: Upload) -> BaseResponse:
    """Ask for it to be read. What the account uploaded before is forgotten, unless it is being loaded."""
    taken_up = select(Job.follows).where(Job.follows.is_not(None))
    mine = select(Job).where(Job.kind == READ_LIST, Job.account_id == current_account().id)
    for former in get_session().scalars(mine.where(Job.id.not_in(taken_up))).all():
        shutil.rmtree(_folder(former), ignore_errors=True)
    job = queue.ask(get_session(), READ_LIST, now(), account_id=current_account().id, commune_id=upload.commune_id)
    upload.keep(_folder(job))
    return redirect(url_for("jobs.page", job_id=job.id), 303)


def _folder(job: Job) -> Path:
    return folder_of(Path(current_app.config["INSTANCE"]) / FOLDER, job.id)


def _read_by_me(job_id: str) -> Job:
    """A list that was read for this account; what is another's, or was not read, is not there to be acted on."""
    job = get_session().get(Job, job_id)
    is_mine = job is not None and job.kind == READ_LIST and job.account_id == current_account().id
    if job is None or not is_mine or job.state != JobState.DONE:
        raise Problem("not_allowed_now")
    return job


def _form() -> ImportFiles:
    form = ImportFiles()
    communes = communes_of(get_session(), current_account(), VERB)
    names = names_in(get_session(), communes, day_of(now()))
    form.commune.choices = [(one, f"{names.get(one, '')} ({one})") for one in communes]
    if len(communes) == 1 and not form.commune.data:
        form.commune.data = communes[0]
    elif len(communes) > 1:
        form.commune.choices = [("", ""), *form.commune.choices]
    return form


def _check_commune(commune_id: str | None) -> None:
    """Another's commune is as if it did not exist; none chosen is left to the form."""
    if not commune_id:
        return
    where = where_is(get_session(), commune_id)
    if where is None or where.village_id or not may(holder_of(get_session(), current_account()), VERB, where):
        raise Problem("not_found")
