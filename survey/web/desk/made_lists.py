"""A commune's register as a list that goes out: of few households at once, else made by a job and kept for a day
(`survey/work/register_lists.py`). Who takes one away, and of how many, is written down before it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response, current_app, request, send_file, url_for
from flask_babel import force_locale, gettext
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from survey.problems import Problem
from survey.web.desk.forms import Plain
from survey.web.security import current_account, put_on_record
from survey.web.session import get_session, now
from survey.work import FOLDER, register_lists
from survey.work.register_lists import Wanted

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES = {"xlsx": XLSX, "csv": "text/csv"}


def shown(what: str, commune_id: str) -> dict[str, Any]:
    """What the page of a list says of it: `by_job`, and `made`: the files that wait for the reader, until when."""
    session = get_session()
    made = register_lists.kept_of(session, what, commune_id, current_account().id, _folder(), now())
    return {
        "by_job": not register_lists.is_small(session, commune_id),
        "made": [(job, register_lists.kept_until(job)) for job in made],
    }


def at_once(wanted: Wanted, verb: str) -> Response:
    """The list, of few households. Raises `not_found` and `list_by_job`."""
    if wanted.file not in FILES:
        raise Problem("not_found")
    session, at = get_session(), now()
    if not register_lists.is_small(session, wanted.commune_id):
        raise Problem("list_by_job")
    with force_locale(wanted.language):
        made = register_lists.make(session, wanted, at, gettext)
    said = {"file": wanted.file, "persons": made.people, "households": made.households}
    put_on_record(verb, wanted.commune_id, said)
    answer = Response(made.data, mimetype=FILES[wanted.file])
    answer.headers["Content-Disposition"] = f'attachment; filename="{wanted.filename(at)}"'
    return answer


def ask(wanted: Wanted) -> BaseResponse:
    """Have it made; leads to how far it is. Raises `not_found`."""
    if wanted.file not in FILES:
        raise Problem("not_found")
    if not Plain().validate():
        raise Problem("bad_request")
    job = register_lists.ask(get_session(), wanted, current_account().id, _folder(), now())
    return redirect(url_for("jobs.page", job_id=job.id), 303)


def kept(job_id: str, what: str, commune_id: str, verb: str) -> Response:
    """A list that was made, for who asked for it. Raises `not_found`, `not_allowed_now`, `export_gone`."""
    account_id = current_account().id
    job, path = register_lists.kept_file(get_session(), job_id, what, commune_id, account_id, _folder(), now())
    file, result = job.parameters["file"], job.result
    if request.method == "GET":
        said = {"file": file, "persons": result["persons"], "households": result["households"], "job": job.id}
        put_on_record(verb, commune_id, said)
    response = send_file(
        path, FILES[file], as_attachment=True, conditional=True, download_name=job.parameters["filename"],
        etag=result["sha256"], last_modified=job.ended_at,
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


def _folder() -> Path:
    """Where the files of jobs lie."""
    return Path(current_app.config["INSTANCE"]) / FOLDER
