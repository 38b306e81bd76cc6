"""How many households and persons live in each place: entered by one, confirmed by another, compared; by a list too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from flask import Blueprint, Flask, Response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Place
from survey.access import has_verb
from survey.accounts.accounts import communes_of, names_of
from survey.clocks import day_of
from survey.evidence import audit
from survey.numbers import whole_number
from survey.problems import Problem
from survey.register import tables
from survey.register.csv_rows import KINDS, SENTENCES
from survey.register.places import names_in
from survey.reports.csvfile import written
from survey.residents import entering, resident_list, residents
from survey.residents.entering import Given
from survey.residents.residents import Entered, Numbers, Window
from survey.terms import PlaceKind, ResidentAction, ResidentState, ResidentStatus, Role
from survey.web.desk.forms import Plain
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, province_of
from survey.web.desk.household import done_now, reason_given
from survey.web.desk.made_lists import XLSX
from survey.web.programme.forms import BroughtList, Residents, ResidentsDecided
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

READ, WRITE = "report.read", "resident.enter"
blueprint = Blueprint("residents", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(ResidentAction=ResidentAction, ResidentState=ResidentState)
    app.register_blueprint(blueprint)


@blueprint.get("/residents")
@blueprint.get("/<commune_id>/residents")
@permitted(READ)
def page(commune_id: str | None = None) -> str:
    """What stands of each place, what waits for another person, where the parts are not the whole."""
    return _page(open_desk(READ, commune_id), Residents(formdata=None, as_of=day_of(now())))


def _page(desk: Desk, form: Residents, wrong: Iterable[tuple[str, str]] = ()) -> str:
    session, reader = get_session(), current_account()
    names = _names(desk)
    top = desk.commune_id or province_of(desk)
    parts = [*desk.communes] if desk.commune_id is None else residents.parts_of(session, desk.commune_id, day_of(now()))
    found = residents.whole(session, top, parts, _window(desk)) if top else None
    entered = residents.entered_of(session, names)
    lines = [one for those in entered.values() for one in those]
    waiting = [one for one in lines if one.state is ResidentState.WAITING]
    acts = {one.count.act for one in waiting if one.count.account_id != reader.id}
    many = {act: sum(one.count.act == act for one in waiting) for act in sorted(acts)}
    return render_template(
        "programme/residents/page.html",
        desk=desk,
        form=form,
        wrong=[(field, gettext(SENTENCES[code]) % {"low": 0, "high": entering.MOST}) for field, code in wrong],
        names=names,
        top=top,
        parts=parts,
        whole=found,
        window=_window(desk),
        waiting=waiting[:PAGE_SIZE],
        unseen=max(0, len(waiting) - PAGE_SIZE),
        many={act: number for act, number in many.items() if number > 1},
        former=_latest(lines)[:PAGE_SIZE],
        people=names_of(session, {by for one in lines for by in one.people}),
        measures=_measures(),
        statuses=resident_list.TO_WRITE,
        status_of=ResidentStatus,
        may_write=has_verb(reader.role, WRITE),
        reader=reader,
        plain=Plain(formdata=None),
        list_form=BroughtList(formdata=None),
        max_source=entering.MAX_SOURCE,
        today=day_of(now()),
    )  # fmt: skip


def _latest(lines: Iterable[Entered]) -> list[Entered]:
    """What is decided, the last that was entered first."""
    decided = (one for one in lines if one.state is not ResidentState.WAITING)
    return sorted(decided, key=lambda one: (one.count.at, one.count.place_id, one.count.seq), reverse=True)


def _measures() -> list[tuple[str, str]]:
    words = (
        gettext("Resident households"), gettext("Resident persons"),
        gettext("Kinh households"), gettext("Households of other groups"),
        gettext("Kinh persons"), gettext("Persons of other groups"),
    )  # fmt: skip
    return list(zip(Numbers._fields, words, strict=True))


def _window(desk: Desk) -> Window:
    """The days that the rates of the round may rest on; without a round, those of the last year."""
    today = day_of(now())
    return residents.window_of(desk.round) if desk.round else Window(today - residents.OLDEST, today + timedelta(1))


def _names(desk: Desk) -> dict[str, str]:
    """The places of which the reader may hear, from the widest."""
    names = {place_id: desk.names[place_id] for place_id in desk.names if place_id not in desk.over}
    province = province_of(desk) if desk.commune_id is None else None
    return (names_in(get_session(), [province], day_of(now())) if province else {}) | names


def _writable(desk: Desk) -> dict[str, str]:
    """The places of the page of which the reader may enter numbers. Raises not_found, as for another's commune."""
    reach = communes_of(get_session(), current_account(), WRITE)
    if not reach or (desk.commune_id is not None and desk.commune_id not in reach):
        raise Problem("not_found")
    names = _names(desk)
    of_province = current_account().role == Role.PROVINCE
    provinces = set(get_session().scalars(select(Place.id).where(Place.kind == PlaceKind.PROVINCE)))
    return {place_id: name for place_id, name in names.items() if of_province or place_id not in provinces}


@blueprint.post("/residents")
@blueprint.post("/<commune_id>/residents")
@permitted(WRITE)
def enter(commune_id: str | None = None) -> tuple[str, int] | BaseResponse:
    """Enter the numbers of one place; another account confirms them."""
    desk, form = open_desk(READ, commune_id), Residents()
    names = _writable(desk)
    said = {name: (form[name].data or "").strip() for name in Numbers._fields}
    numbers = {name: whole_number(text) if text else None for name, text in said.items()}
    wrong = [(name, "not_a_number") for name, text in said.items() if text and not _is_number(numbers[name])]
    if not form.validate() or form.place.data not in names or wrong or form.as_of.data < entering.EARLIEST:
        wrong += [(name, "blank") for name in form.errors]
        return _page(desk, form, wrong or [("place", "blank")]), 422
    given = Given(
        form.place.data, form.as_of.data, Numbers(**numbers), ResidentStatus(form.status.data), form.source.data
    )
    wrong = list(entering.faults(given, day_of(now())))
    if wrong:
        return _page(desk, form, wrong), 422
    entering.enter(get_session(), [given], done_now())
    return _back(desk, "entered")


def _is_number(number: int | None) -> bool:
    return number is not None and number <= entering.MOST


def _back(desk: Desk, done: str) -> BaseResponse:
    return redirect(url_for(".page", commune_id=desk.commune_id, done=done), 303)


@blueprint.post("/residents/decide")
@blueprint.post("/<commune_id>/residents/decide")
@permitted(WRITE)
def decide(commune_id: str | None = None) -> BaseResponse:
    """Confirm, refuse, take back or take out the numbers of one place."""
    desk, form = open_desk(READ, commune_id), ResidentsDecided()
    if not form.validate():
        raise Problem("bad_request")
    if form.place.data not in _writable(desk):
        raise Problem("not_found")
    entering.decide(get_session(), form.place.data, form.seq.data, ResidentAction(form.action.data), done_now())
    return _back(desk, form.action.data)


@blueprint.post("/residents/confirm/<act>")
@blueprint.post("/<commune_id>/residents/confirm/<act>")
@permitted(WRITE)
def confirm(act: str, commune_id: str | None = None) -> BaseResponse:
    """Confirm what still waits of a list."""
    desk = open_desk(READ, commune_id)
    if not Plain().validate():
        raise Problem("bad_request")
    entering.confirm_all(get_session(), act, _writable(desk), done_now())
    return _back(desk, "confirm")


@blueprint.post("/<commune_id>/residents/declare")
@permitted(WRITE)
def declare(commune_id: str) -> BaseResponse:
    """Let the register stand in: a commune says that it holds everybody who lives there."""
    desk = open_desk(READ, commune_id)
    if not Plain().validate():
        raise Problem("bad_request")
    _writable(desk)
    if not reason_given().strip():
        raise Problem("register_reason_needed")
    today = day_of(now())
    given = entering.declared(get_session(), commune_id, today, reason_given(), today)
    entering.enter(get_session(), given, done_now())
    return _back(desk, "entered")


@blueprint.get("/residents/list.<kind>")
@blueprint.get("/<commune_id>/residents/list.<kind>")
@permitted(READ)
def pattern(kind: str, commune_id: str | None = None) -> Response:
    """The list to be filled in: each place of the page in a row."""
    desk = open_desk(READ, commune_id)
    rows, head = resident_list.pattern(_names(desk)), resident_list.headings()
    if kind == "csv":
        response = Response(written(head, rows), mimetype="text/csv")
    elif kind == "xlsx":
        response = Response(tables.written("1", head, rows, [12, 28, *[14] * 7, 26, 40]), mimetype=XLSX)
    else:
        raise Problem("not_found")
    response.headers["Content-Disposition"] = f'attachment; filename="ho-dan-cu.{kind}"'
    return response


@blueprint.post("/residents/list")
@blueprint.post("/<commune_id>/residents/list")
@permitted(WRITE)
def preview(commune_id: str | None = None) -> tuple[str, int]:
    """What a list would enter, or what is wrong in it, by kind and row; nothing is written."""
    desk, form = open_desk(READ, commune_id), BroughtList()
    names = _writable(desk)
    if not form.validate():
        raise Problem("bad_request")
    name, data = form.brought()
    found = resident_list.read_list(name, data, names, day_of(now()))
    text = b"".join(written(resident_list.headings(), resident_list.as_rows(found.given, names))).decode("utf-8-sig")
    shown = render_template(
        "programme/residents/seen.html",
        desk=desk,
        found=found,
        text=text,
        names=names,
        kinds=[(gettext(KINDS[code]), number) for code, number in found.kinds.items()],
        mistakes=[one.sentence(gettext) for one in found.mistakes[:200]],
        measures=_measures(),
        standing=residents.standing_in(get_session(), [one.place_id for one in found.given], _window(desk)),
        plain=Plain(formdata=None),
    )
    return shown, 422 if found.mistakes else 200


@blueprint.post("/residents/list/enter")
@blueprint.post("/<commune_id>/residents/list/enter")
@permitted(WRITE)
def enter_list(commune_id: str | None = None) -> BaseResponse:
    """Enter what was seen; another account confirms it."""
    desk = open_desk(READ, commune_id)
    names = _writable(desk)
    if not Plain().validate():
        raise Problem("bad_request")
    found = resident_list.read_list("", request.form.get("rows", "").encode(), names, day_of(now()))
    if found.mistakes:
        raise Problem("residents_wrong")
    entering.enter(get_session(), found.given, done_now())
    detail = {"places": len(found.given)}
    audit.record(get_session(), now(), current_account().id, "residents.listed", commune_id or "", detail)
    return _back(desk, "entered")
