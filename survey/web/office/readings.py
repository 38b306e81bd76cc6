"""How the texts are read where they leave a question open: the list, and the paper that confirms a reading."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, render_template, url_for
from flask_babel import gettext
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import FormVersion
from survey.questionnaires import readings
from survey.questionnaires.check import next_version
from survey.questionnaires.readings import ReadingStatus
from survey.web.language import current_language
from survey.web.office.questionnaire_forms import ConfirmedReading, NewVersion
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("readings", __name__, url_prefix="/readings")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/")
@permitted("form.read")
def listing() -> str:
    """Every reading of the questionnaires in use and of the tables, with its paper or without."""
    return _listing(None, None)


@blueprint.route("/<form_id>/<name>", methods=["GET", "POST"])
@permitted("form.manage")
def confirm(form_id: str, name: str) -> str | tuple[str, int] | BaseResponse:
    """Enter the paper that says how a question is to be read."""
    session = get_session()
    stored, form = readings.find_form(session, form_id) if form_id != readings.TABLES else (None, None)
    standing = readings.find(session, form, name)
    asked = ConfirmedReading(value=standing.paper.value if standing.paper else standing.reading.value)
    asked.value.choices = [(value, _words(standing, value)) for value in standing.reading.meanings]
    if asked.validate_on_submit():
        made = readings.confirm(
            session, form, name, asked.value.data, asked.decision.data, asked.decided_on.data, now(),
            current_account().id,
        )  # fmt: skip
        if form is None or made.value == standing.reading.value:
            flash(gettext("Confirmed."))
        else:
            flash(gettext("Kept. The questionnaire reads it otherwise: make a new version below."))
        return redirect(url_for(".listing"), 303)
    page = render_template("office/readings/confirm.html", stored=stored, standing=standing, form=asked)
    return (page, 422) if asked.is_submitted() else page


@blueprint.post("/<form_id>/draft")
@permitted("form.manage")
def make_draft(form_id: str) -> tuple[str, int] | BaseResponse:
    """Begin a version of the questionnaire that reads as the papers say."""
    session, asked = get_session(), NewVersion()
    stored, _ = readings.find_form(session, form_id)
    if not asked.validate_on_submit():
        return _listing(form_id, asked), 422
    made = readings.next_version(session, stored, asked.version.data, now(), current_account().id)
    return redirect(url_for("questionnaires.draft", draft_id=made.id), 303)


def _listing(form_id: str | None, asked: NewVersion | None) -> str:
    session = get_session()
    found = []
    for stored in readings.forms_in_use(session):
        _, form = readings.find_form(session, stored.form_id)
        found.append((stored, readings.standings(session, form), _version_form(stored, form_id, asked)))
    tables = readings.of_tables(session)
    return render_template("office/readings/list.html", found=found, tables=tables, tables_id=readings.TABLES)


def _version_form(stored: FormVersion, form_id: str | None, asked: NewVersion | None) -> NewVersion:
    """The form as it was filled in, for the questionnaire that it is of; else a fresh one."""
    if asked is not None and stored.form_id == form_id:
        return asked
    return NewVersion(formdata=None, version=next_version(stored.version))


def _words(standing: ReadingStatus, value: str) -> str:
    meaning = standing.reading.meanings[value]
    return meaning.get(current_language()) or next(iter(meaning.values()), value)
