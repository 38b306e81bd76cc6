"""Money of programmes: the funds of a province or commune, and each movement of one."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template, url_for
from flask_wtf import FlaskForm
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Fund
from survey.access import has_verb
from survey.accounts.accounts import communes_of, names_of
from survey.clocks import day_of
from survey.numbers import whole_number
from survey.problems import Problem
from survey.programmes import funds
from survey.programmes.catalogue import catalogue_of
from survey.programmes.funds import Movement, WantedFund
from survey.programmes.needs import project_words
from survey.support_terms import FundAct
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, page_number, province_of
from survey.web.desk.household import done_now
from survey.web.programme.programme_forms import Moved, NewFund, Undone, tell
from survey.web.programme.programmes import province_here
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

READ, ENTER = "report.read", "fund.enter"
blueprint = Blueprint("funds", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(FundAct=FundAct)
    app.register_blueprint(blueprint)


@blueprint.get("/funds")
@blueprint.get("/<commune_id>/funds")
@permitted(READ)
def page(commune_id: str | None = None) -> str:
    """The funds of the commune, or of the province and all its communes, with what became of the money."""
    return _page(open_desk(READ, commune_id))


def _page(desk: Desk, form: NewFund | None = None) -> str:
    session, number = get_session(), page_number()
    every = funds.funds_of(session, _places(desk))
    shown = every[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    province_id = province_of(desk)
    found = catalogue_of(session, province_id) if province_id else None
    if form is None:
        form = NewFund(formdata=None, year=day_of(now()).year)
        form.project.choices = _projects(desk)
    return render_template(
        "programme/funds/page.html",
        desk=desk,
        found=found,
        funds=shown,
        totals=funds.totals_of(session, [one.id for one in shown]),
        page=number,
        pages=-(-len(every) // PAGE_SIZE),
        form=form,
        may_enter=province_id is not None and _reaches(desk),
        project_words=project_words,
    )


def _places(desk: Desk) -> list[str]:
    if desk.commune_id is not None:
        return [desk.commune_id]
    province_id = province_of(desk)
    return [*desk.communes, *([province_id] if province_id else [])]


def _reaches(desk: Desk) -> bool:
    """Whether the reader writes of money in the page's place; of a province's whoever has all of it."""
    reader = current_account()
    if not has_verb(reader.role, ENTER):
        return False
    reach = set(communes_of(get_session(), reader, ENTER))
    return set(desk.communes) <= reach


def _projects(desk: Desk) -> list[tuple[str, str]]:
    province_id = province_of(desk)
    if province_id is None:
        return []
    found = catalogue_of(get_session(), province_id)
    whole = [(f"{one.code}:", one.name) for one in found.programmes.values()]
    return whole + [(f"{one.programme}:{one.code}", project_words(one)) for one in found.projects.values()]


@blueprint.post("/funds")
@blueprint.post("/<commune_id>/funds")
@permitted(ENTER)
def open_one(commune_id: str | None = None) -> tuple[str, int] | BaseResponse:
    """Open a fund of the commune, or of the province; its money comes with its first entry."""
    desk = open_desk(READ, commune_id)
    if not _reaches(desk):
        raise Problem("not_found")
    province_id = province_here(desk)
    form = NewFund()
    form.project.choices = _projects(desk)
    if not form.validate():
        return _page(desk, form), 422
    programme, _colon, project = form.project.data.partition(":")
    wanted = WantedFund(
        desk.commune_id or province_id, province_id, programme, project, form.name.data, form.year.data,
        form.source.data,
    )  # fmt: skip
    if tell(form, wanted.faults()):
        return _page(desk, form), 422
    made = funds.open_fund(get_session(), wanted, done_now())
    return redirect(url_for(".fund", commune_id=desk.commune_id, fund_id=made.id), 303)


@blueprint.get("/funds/<fund_id>")
@blueprint.get("/<commune_id>/funds/<fund_id>")
@permitted(READ)
def fund(fund_id: str, commune_id: str | None = None) -> str:
    """A fund with all that moved it, the last first."""
    desk = open_desk(READ, commune_id)
    return _fund_page(desk, _one(desk, fund_id))


def _one(desk: Desk, fund_id: str) -> Fund:
    """The fund, where it is of the page's places. Raises not_found."""
    found = get_session().get(Fund, fund_id)
    if found is None or found.place_id not in _places(desk):
        raise Problem("not_found")
    return found


def _fund_page(desk: Desk, one: Fund, form: FlaskForm | None = None) -> str:
    session = get_session()
    entries = funds.entries_of(session, one.id)
    undone = {entry.reverses for entry in entries if entry.reverses}
    open_for = [entry for entry in entries if entry.act in (FundAct.COMMIT, FundAct.PAY)]
    found = catalogue_of(session, one.province_id)
    return render_template(
        "programme/funds/fund.html",
        desk=desk,
        fund=one,
        entries=entries,
        undone=undone,
        left=funds.left_of(session, one.id, [entry.seq for entry in open_for]),
        totals=funds.totals_of(session, [one.id]).get(one.id),
        programme=found.programmes.get(one.programme),
        project=found.projects.get((one.programme, one.project)),
        people=names_of(session, {one.account_id, *(entry.account_id for entry in entries)}),
        form=form if isinstance(form, Moved) else Moved(formdata=None, day=day_of(now())),
        undoing=form if isinstance(form, Undone) else Undone(formdata=None),
        may_enter=_reaches(desk),
        today=day_of(now()),
        project_words=project_words,
    )


def _written(commune_id: str | None, fund_id: str) -> tuple[Desk, Fund]:
    desk = open_desk(READ, commune_id)
    if not _reaches(desk):
        raise Problem("not_found")
    return desk, _one(desk, fund_id)


@blueprint.post("/funds/<fund_id>")
@blueprint.post("/<commune_id>/funds/<fund_id>")
@permitted(ENTER)
def move(fund_id: str, commune_id: str | None = None) -> tuple[str, int] | BaseResponse:
    """Write a movement down, if the fund has so much."""
    desk, one = _written(commune_id, fund_id)
    form = Moved()
    if not form.validate():
        return _fund_page(desk, one, form), 422
    amount = whole_number(form.amount.data.strip())
    movement = Movement(
        FundAct(form.act.data), amount or 0, form.day.data, form.document.data, form.of_seq.data
    )  # fmt: skip
    if tell(form, movement.faults(day_of(now()))):
        return _fund_page(desk, one, form), 422
    funds.move(get_session(), fund_id, movement, done_now())
    return redirect(url_for(".fund", commune_id=desk.commune_id, fund_id=fund_id, done="moved"), 303)


@blueprint.post("/funds/<fund_id>/reverse")
@blueprint.post("/<commune_id>/funds/<fund_id>/reverse")
@permitted(ENTER)
def reverse(fund_id: str, commune_id: str | None = None) -> tuple[str, int] | BaseResponse:
    """Undo an entry that was a mistake, by one of its own."""
    desk, one = _written(commune_id, fund_id)
    form = Undone()
    if not form.validate():
        return _fund_page(desk, one, form), 422
    funds.reverse(get_session(), fund_id, form.seq.data, form.document.data, done_now())
    return redirect(url_for(".fund", commune_id=desk.commune_id, fund_id=fund_id, done="reversed"), 303)
