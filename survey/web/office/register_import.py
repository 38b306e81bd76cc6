"""Loading a commune's villages and households of last year on a page: upload, see what would happen, confirm.

Between seeing and confirming, the files wait in the instance's folder `intake/`, one upload an account, readable by the
server only; a confirmation names their hash, so what is loaded is what was seen. The next upload replaces them, and one
left for a day is deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Response, current_app, flash, render_template, url_for
from flask_babel import gettext
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models.commune_counter import lock_commune
from survey.access import may
from survey.accounts.accounts import communes_of, holder_of, where_is
from survey.problems import Problem
from survey.register import importing
from survey.register.places import names_in
from survey.reports.csvfile import written
from survey.web.forms import ImportConfirmed, ImportFiles
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

VERB = "register.import"
SHOWN_MISTAKES, SHOWN_ROWS = 200, 20
KEPT = timedelta(days=1)
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
def preview() -> tuple[str, int]:
    """What the files would do; nothing is changed yet."""
    form = _form()
    _check_commune(form.commune.data)
    if not form.validate_on_submit():
        return render_template("office/register/import.html", form=form, examples=EXAMPLES, plan=None), 422
    uploads = {"villages.csv": form.villages, "households.csv": form.households, "members.csv": form.members}
    files = {name: field.data.read() for name, field in uploads.items() if field.data and field.data.filename}
    plan = importing.plan(get_session(), form.commune.data, files, now())
    confirmed = ImportConfirmed(formdata=None)
    if not plan.mistakes:
        confirmed.upload.data = _keep(form.commune.data, files)
    shown = render_template(
        "office/register/import.html",
        form=form,
        examples=EXAMPLES,
        plan=plan,
        villages={village.id: village.name for village in plan.villages}
        | names_in(get_session(), [form.commune.data], now().date()),
        mistakes=[mistake.sentence(gettext) for mistake in plan.mistakes[:SHOWN_MISTAKES]],
        first=plan.new_households[:SHOWN_ROWS],
        confirmed=confirmed,
    )
    return shown, 422 if plan.mistakes else 200


@blueprint.post("/confirm")
@permitted(VERB)
def confirm() -> BaseResponse:
    """Load what was seen. `not_allowed_now` when other files were uploaded since, or the register has changed."""
    commune_id, files = _kept(ImportConfirmed().upload.data or "")
    _check_commune(commune_id)
    lock_commune(get_session(), commune_id)
    plan = importing.plan(get_session(), commune_id, files, now())
    if plan.mistakes:
        raise Problem("not_allowed_now")
    importing.carry_out(get_session(), plan, now(), current_account().id)
    get_session().flush()  # only when the database takes it all are the files let go
    _waiting().unlink(missing_ok=True)
    said = plan.counts()
    flash(gettext("%(villages)s villages and %(households)s households were added.", **said))
    return redirect(url_for(".page"), 303)


def _form() -> ImportFiles:
    form = ImportFiles()
    communes = communes_of(get_session(), current_account(), VERB)
    names = names_in(get_session(), communes, now().date())
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


def _waiting() -> Path:
    folder = Path(current_app.config["INSTANCE"]) / "intake"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{current_account().id}.json"


def _keep(commune_id: str, files: dict[str, bytes]) -> str:
    """Put the files by; returns their hash."""
    path = _waiting()
    for old in path.parent.glob("*.json"):
        if now().timestamp() - old.stat().st_mtime > KEPT.total_seconds():
            old.unlink(missing_ok=True)
    content = json.dumps(
        {"commune": commune_id, "files": {name: data.decode() for name, data in files.items()}}
    ).encode()
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)
    return hashlib.sha256(content).hexdigest()


def _kept(upload: str) -> tuple[str, dict[str, bytes]]:
    try:
        content = _waiting().read_bytes()
    except FileNotFoundError:
        raise Problem("not_allowed_now") from None
    if hashlib.sha256(content).hexdigest() != upload:
        raise Problem("not_allowed_now")
    kept = json.loads(content)
    return kept["commune"], {name: text.encode() for name, text in kept["files"].items()}
