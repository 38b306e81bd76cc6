"""Loading a commune's villages and households of last year on a page: upload, see what would happen, answer what the
list leaves in doubt, confirm.

Between seeing and confirming, the files wait in the instance's folder `intake/`, one upload an account, readable by the
server only, with the answers given; a confirmation names the hash of both, so what is loaded is what was seen. The next
upload replaces them, and one left for a day is deleted. Every view but the last only reads: a list of 30,000 rows takes
many seconds to understand, and no writer waits for that.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PureWindowsPath

from flask import Blueprint, Response, current_app, flash, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from survey.access import may
from survey.accounts.accounts import communes_of, holder_of, where_is
from survey.problems import Problem
from survey.register import importing
from survey.register.csv_rows import KINDS
from survey.register.places import names_in
from survey.register.plan import Plan
from survey.reports.csvfile import written
from survey.text import plain_name
from survey.web.forms import ImportConfirmed, ImportFiles
from survey.web.security import current_account, permitted
from survey.web.session import get_session, go_on_writing, now

VERB = "register.import"
SHOWN_MISTAKES, SHOWN_ROWS = 200, 20
ASKED = "q:"  # before a question's id, in the form
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


@dataclass
class Upload:
    """What waits to be confirmed."""

    commune_id: str
    files: dict[str, bytes]
    answers: dict[str, str] = field(default_factory=dict)

    def plan(self, session: Session) -> Plan:
        if importing.is_list(self.files):
            return importing.plan_list(session, self.commune_id, self.files, now(), self.answers)
        return importing.plan(session, self.commune_id, self.files, now())


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
@permitted(VERB, reads=True)
def preview() -> tuple[str, int]:
    """What the files would do, and what they leave in doubt; nothing is changed yet."""
    form = _form()
    _check_commune(form.commune.data)
    if not form.validate_on_submit():
        return render_template("office/register/import.html", form=form, examples=EXAMPLES, plan=None), 422
    given = {"villages.csv": form.villages, "households.csv": form.households, "members.csv": form.members}
    files = {name: one.data.read() for name, one in given.items() if one.data and one.data.filename}
    if importing.is_list(files):
        name = plain_name(PureWindowsPath(form.households.data.filename).name)
        files = {name: files["households.csv"]}
    return _shown(form, Upload(form.commune.data, files))


@blueprint.post("/answers")
@permitted(VERB, reads=True)
def answers() -> tuple[str, int]:
    """What the files would do with these answers; the questions that follow from them are asked next."""
    upload = _kept(ImportConfirmed().upload.data or "")
    _check_commune(upload.commune_id)
    given = {name.removeprefix(ASKED): value for name, value in request.form.items() if name.startswith(ASKED)}
    upload.answers |= {id: value for id, value in given.items() if value}
    form = _form()
    form.commune.data = upload.commune_id
    return _shown(form, upload)


@blueprint.post("/confirm")
@permitted(VERB, reads=True)
def confirm() -> BaseResponse:
    """Load what was seen. `not_allowed_now` when other files were uploaded since, or the register has changed."""
    upload = _kept(ImportConfirmed().upload.data or "")
    _check_commune(upload.commune_id)
    account_id = current_account().id
    made = upload.plan(get_session())
    if not made.mistakes and not made.open_questions:
        session = go_on_writing()
        made = importing.load(session, made, upload.plan, now(), account_id)
        session.flush()  # only when the database takes it all are the files let go
    if made.mistakes or made.open_questions:
        raise Problem("not_allowed_now")
    _waiting().unlink(missing_ok=True)
    said = made.counts()
    flash(gettext("%(villages)s villages and %(households)s households were added.", **said))
    return redirect(url_for(".page"), 303)


def _shown(form: ImportFiles, upload: Upload) -> tuple[str, int]:
    """The page with what an upload would do."""
    made = upload.plan(get_session())
    confirmed = ImportConfirmed(formdata=None)
    if not made.mistakes:
        confirmed.upload.data = _keep(upload)
    shown = render_template(
        "office/register/import.html",
        form=form,
        examples=EXAMPLES,
        plan=made,
        villages={village.id: village.name for village in made.villages}
        | names_in(get_session(), [upload.commune_id], now().date()),
        mistakes=[mistake.sentence(gettext) for mistake in made.mistakes[:SHOWN_MISTAKES]],
        faults=[(gettext(KINDS[code]), count) for code, count in made.faults()],
        notes=[note.sentence(gettext) for note in made.notes],
        first=made.new_households[:SHOWN_ROWS],
        confirmed=confirmed,
        translate=gettext,
        asked=ASKED,
    )
    return shown, 422 if made.mistakes else 200


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


def _keep(upload: Upload) -> str:
    """Put the files by with their answers; returns their hash."""
    path = _waiting()
    for old in path.parent.glob("*.json"):
        if now().timestamp() - old.stat().st_mtime > KEPT.total_seconds():
            old.unlink(missing_ok=True)
    files = {name: base64.b64encode(data).decode() for name, data in upload.files.items()}
    content = json.dumps({"commune": upload.commune_id, "files": files, "answers": upload.answers}).encode()
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)
    return hashlib.sha256(content).hexdigest()


def _kept(upload: str) -> Upload:
    try:
        content = _waiting().read_bytes()
    except FileNotFoundError:
        raise Problem("not_allowed_now") from None
    if hashlib.sha256(content).hexdigest() != upload:
        raise Problem("not_allowed_now")
    kept = json.loads(content)
    files = {name: base64.b64decode(data) for name, data in kept["files"].items()}
    return Upload(kept["commune"], files, kept.get("answers", {}))
