"""The round at one look, for who steers it: of one commune by village, of a province by commune."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template

from models import Round
from survey.clocks import day_of
from survey.members import PEOPLE, SEX
from survey.questionnaires.published import load_form
from survey.reports.dashboard import NONE, change, dashboard, lines
from survey.tallies.places import Group
from survey.terms import Area, Unit
from survey.web.desk.home import open_desk
from survey.web.language import current_language
from survey.web.security import permitted
from survey.web.session import get_session, now

blueprint = Blueprint("dashboard", __name__, url_prefix="/desk")
QUESTIONS = {Group.PEOPLE: PEOPLE, Group.SEX: SEX}


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/dashboard")
@blueprint.get("/<commune_id>/dashboard")
@permitted("report.read")
def page(commune_id: str | None = None) -> str:
    """How far it is, the classes and what is lacked, who came from where, groups and places."""
    desk = open_desk("report.read", commune_id)
    if desk.round is None:
        return render_template("programme/dashboard.html", desk=desk, found=None)
    found = dashboard(get_session(), desk.round, desk.communes, day_of(now()), by_village=desk.commune_id is not None)
    return render_template(
        "programme/dashboard.html",
        desk=desk,
        found=found,
        lacks=list(zip(lines(found, Unit.HOUSEHOLDS), lines(found, Unit.PERSONS), strict=True)),
        names=group_names(desk.round),
        change=change,
        Unit=Unit,
        Group=Group,
        NONE=NONE,
    )


def group_names(survey_round: Round) -> dict[Group, dict[str, str]]:
    """What the groups are called in the round's questionnaire, by its own names."""
    form = load_form(get_session(), survey_round.form_id, survey_round.form_version)
    language = current_language()
    found = {Group.AREA: {one.value: one.label(language) for one in Area}}
    for group, question in QUESTIONS.items():
        choices = form.choices.get(question, ()) if form is not None else ()
        found[group] = {one["name"]: str(one["label"].get(language, one["name"])) for one in choices}
    return found
