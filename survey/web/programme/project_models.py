"""Models and groups (livestock, crops, crafts, tourism, start-ups): who takes part, with money, days, and what became
of it about a year later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from flask import Blueprint, Flask, render_template, url_for
from flask_wtf import FlaskForm
from sqlalchemy import func, select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Household, Project, ProjectMember, ProjectMemberStep
from survey.access import has_verb
from survey.accounts.accounts import communes_of, names_of
from survey.clocks import day_of
from survey.numbers import whole_number
from survey.problems import Problem
from survey.programmes import members
from survey.programmes.catalogue import Catalogue, catalogue_of
from survey.programmes.members import Joining, Step
from survey.programmes.needs import project_words
from survey.register.entries import find_household
from survey.support_terms import MemberAct, MemberOutcome, ProjectKind
from survey.terms import HouseholdClass
from survey.text import without_tones
from survey.web.desk.home import Desk, open_desk, province_of
from survey.web.desk.household import done_now
from survey.web.programme.programme_forms import Joined, Told, tell
from survey.web.programme.programmes import province_here
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

READ, ENTER = "report.read", "model.enter"
blueprint = Blueprint("models", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(MemberAct=MemberAct, MemberOutcome=MemberOutcome)
    app.register_blueprint(blueprint)


@blueprint.get("/models")
@blueprint.get("/<commune_id>/models")
@permitted(READ)
def page(commune_id: str | None = None) -> str:
    """The models of the commune, or of the province, with how many take part."""
    desk = open_desk(READ, commune_id)
    province_id, day = province_of(desk), day_of(now())
    found = catalogue_of(get_session(), province_id) if province_id else None
    return render_template(
        "programme/models/page.html",
        desk=desk,
        found=found,
        models=_models(found, desk) if found else [],
        counts=_counts(desk.communes),
        day=day,
        project_words=project_words,
    )


def _models(found: Catalogue, desk: Desk) -> list[Project]:
    """Those that are for the page's commune; of which nobody entered where they are, too."""
    every = [one for one in found.projects.values() if ProjectKind(one.kind).is_model]
    if desk.commune_id is None:
        return every
    return [one for one in every if found.reaches(one, desk.commune_id, one.opens or day_of(now())) is not False]


def _counts(communes: Iterable[str]) -> dict[tuple[str, str], dict[str, int]]:
    """By model and commune, how many take part: written down, not left and no mistake."""
    one, step = ProjectMember, ProjectMemberStep
    ended = (
        select(step.number)
        .where(step.commune_id == one.commune_id, step.member_id == one.id)
        .where(step.act.in_([MemberAct.LEFT.value, MemberAct.VOID.value]))
        .exists()
    )
    rows = (
        select(one.programme, one.project, one.commune_id, func.count())
        .where(one.commune_id.in_(sorted(communes)), ~ended)
        .group_by(one.programme, one.project, one.commune_id)
    )
    found: dict[tuple[str, str], dict[str, int]] = {}
    for programme, project, commune_id, number in get_session().execute(rows):
        found.setdefault((programme, project), Counter())[commune_id] = number
    return found


@blueprint.get("/<commune_id>/models/<programme>/<code>")
@permitted(READ)
def model(commune_id: str, programme: str, code: str) -> str:
    """Who takes part in a model in the commune, with money and outcome; the forms for who may write."""
    desk = open_desk(READ, commune_id)
    return _model_page(desk, commune_id, _one(desk, programme, code))


def _one(desk: Desk, programme: str, code: str) -> Project:
    found = catalogue_of(get_session(), province_here(desk)).projects.get((programme, code))
    if found is None or not ProjectKind(found.kind).is_model:
        raise Problem("not_found")
    return found


def _model_page(desk: Desk, commune_id: str, project: Project, form: FlaskForm | None = None) -> str:
    session, today = get_session(), day_of(now())
    taking = members.taking_part(session, commune_id, project)
    people = {one.row.account_id for one in taking} | {step.account_id for one in taking for step in one.steps}
    standing = [one for one in taking if not one.is_void]
    return render_template(
        "programme/models/model.html",
        desk=desk,
        project=project,
        programme=catalogue_of(session, project.province_id).programmes[project.programme],
        standing=standing,
        void=[one for one in taking if one.is_void],
        given=sum(one.row.given for one in standing),
        own=sum(one.row.own for one in standing),
        people=names_of(session, people),
        classes={one.value: one for one in HouseholdClass},
        form=form if isinstance(form, Joined) else Joined(formdata=None, since=today),
        told=form if isinstance(form, Told) else Told(formdata=None, day=today),
        may_enter=_enters(commune_id),
        today=today,
        project_words=project_words,
    )


def _enters(commune_id: str) -> bool:
    reader = current_account()
    return has_verb(reader.role, ENTER) and commune_id in communes_of(get_session(), reader, ENTER)


@blueprint.post("/<commune_id>/models/<programme>/<code>")
@permitted(ENTER)
def join(commune_id: str, programme: str, code: str) -> tuple[str, int] | BaseResponse:
    """Write a household, or one person of it, down as a member of a model."""
    desk = open_desk(ENTER, commune_id)
    project, form = _one(desk, programme, code), Joined()
    if not form.validate():
        return _model_page(desk, commune_id, project, form), 422
    session, today = get_session(), day_of(now())
    household = _household(commune_id, form.household.data.strip())
    if household is None:
        tell(form, [("household", "no_household")])
        return _model_page(desk, commune_id, project, form), 422
    person = _person(household, form.person.data or "")
    amounts = {name: _amount(form[name].data or "") for name in ("given", "own")}
    wanted = Joining(
        programme, code, household.id, person, form.since.data, amounts["given"], amounts["own"], form.what.data,
        form.document.data,
    )  # fmt: skip
    catalogue = catalogue_of(session, project.province_id)
    wrong = [*wanted.faults(today), *members.faults_here(session, catalogue, commune_id, wanted)]
    if tell(form, (("household" if name == "project" else name, fault) for name, fault in wrong)):
        return _model_page(desk, commune_id, project, form), 422
    members.join(session, project.province_id, commune_id, wanted, done_now())
    return redirect(url_for(".model", commune_id=commune_id, programme=programme, code=code, done="joined"), 303)


def _household(commune_id: str, wanted: str) -> Household | None:
    """By its number, or its id."""
    session = get_session()
    by_number = select(Household).where(Household.commune_id == commune_id, Household.code == wanted)
    return session.scalars(by_number).first() or find_household(session, commune_id, wanted)


def _person(household: Household, name: str) -> str | None:
    """The code of the member that a name means; "?" of one that means none or several, which no member has."""
    if not name.strip():
        return None
    people = members.people_of(get_session(), household)
    meant = [code for code, full in people.items() if without_tones(full) == without_tones(name)]
    exact = [code for code, full in people.items() if full.casefold() == name.strip().casefold()]
    found = exact or meant
    return found[0] if len(found) == 1 else "?"


def _amount(text: str) -> int:
    """−1 of what is no amount, which is told beside the field."""
    if not text.strip():
        return 0
    found = whole_number(text.strip())
    return -1 if found is None else found


@blueprint.post("/<commune_id>/models/<programme>/<code>/members")
@permitted(ENTER)
def tell_of(commune_id: str, programme: str, code: str) -> tuple[str, int] | BaseResponse:
    """Write down what became of a member: an outcome, that it left, or that the row was a mistake."""
    desk = open_desk(ENTER, commune_id)
    project, form, session = _one(desk, programme, code), Told(), get_session()
    if not form.validate():
        return _model_page(desk, commune_id, project, form), 422
    row = session.get(ProjectMember, (commune_id, form.member.data))
    if row is None or (row.programme, row.project) != (programme, code):
        raise Problem("not_found")
    outcome = MemberOutcome(form.outcome.data) if form.outcome.data else None
    step = Step(MemberAct(form.act.data), outcome, form.day.data, form.note.data or "")
    if tell(form, step.faults(row.since, day_of(now()))):
        return _model_page(desk, commune_id, project, form), 422
    members.tell(session, commune_id, row.id, step, done_now())
    return redirect(url_for(".model", commune_id=commune_id, programme=programme, code=code, done="told"), 303)
