"""What was given: looked at before it is written down, listed, taken back; what phones told, decided on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request, url_for
from flask_babel import gettext
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Household
from survey.access import has_verb
from survey.accounts.accounts import communes_of
from survey.clocks import day_of
from survey.numbers import whole_number
from survey.problems import PROBLEMS, Problem
from survey.programmes import funds
from survey.programmes.catalogue import Catalogue, catalogue_of
from survey.reports.csvfile import Cell, written
from survey.support_terms import SupportOrigin, SupportSubject, SupportWindow
from survey.supports import from_phones, giving, reading
from survey.supports.giving import Examined, Given, Worker, days_of
from survey.supports.reading import Line, Wanted
from survey.terms import HouseholdClass, HouseholdState, QuarantineReason
from survey.web.desk.forms import Plain
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, page_number, province_of
from survey.web.desk.household import done_now
from survey.web.installation import blinded
from survey.web.programme.support_forms import SupportForm, WorkerForm
from survey.web.security import current_account, permitted, put_on_record
from survey.web.session import get_session, now

READ, GIVE, NAMES = "support.read", "support.give", "support.names"
SHOWN = 100  # of what waits
blueprint = Blueprint("supports", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/supports")
@blueprint.get("/<commune_id>/supports")
@permitted(READ)
def page(commune_id: str | None = None) -> str:
    """What was given, the latest first, by village, kind, project and year; and what waits for a person."""
    desk, session = open_desk(READ, commune_id), get_session()
    wanted, catalogue = _wanted(desk), _catalogue(desk)
    pages = max(1, -(-reading.count(session, wanted) // PAGE_SIZE))
    number = min(page_number(), pages)
    lines = reading.listed(session, wanted, (number - 1) * PAGE_SIZE, PAGE_SIZE)
    held = from_phones.held(session, desk.commune_id, 0, SHOWN) if desk.commune_id else []
    waiting = {} if desk.commune_id else from_phones.count_held(session, desk.communes)
    return render_template(
        "programme/supports/page.html",
        desk=desk,
        wanted=wanted,
        catalogue=catalogue,
        lines=lines,
        totals=reading.totals(session, wanted),
        held=[(one, held_words(one)) for one in held],
        waiting=waiting,
        page=number,
        pages=pages,
        narrowed={name: value for name in ("village", "kind", "project", "year") if (value := request.args.get(name))},
        may_take=has_verb(current_account().role, NAMES),
        origins=SupportOrigin,
    )


def held_words(one: from_phones.Held) -> str:
    """Why it waits: what it was held for, or the rule that stood against it."""
    if one.row.held_for:
        return QuarantineReason(one.row.held_for).vi
    return gettext(PROBLEMS[one.rule].title) if one.rule in PROBLEMS else ""


def _wanted(desk: Desk) -> Wanted:
    said = {name: request.args.get(name, "") for name in ("village", "kind", "project")}
    year = request.args.get("year", "")
    if year and not (year.isascii() and year.isdigit() and len(year) == 4):
        raise Problem("bad_request")
    if any(len(one) > 80 or not one.isprintable() for one in said.values()):
        raise Problem("bad_request")
    return Wanted(desk.communes, **said, year=int(year) if year else None)


def _catalogue(desk: Desk) -> Catalogue | None:
    province = province_of(desk)
    return catalogue_of(get_session(), province) if province else None


@blueprint.get("/supports.csv")
@blueprint.get("/<commune_id>/supports.csv")
@permitted(NAMES)
def as_csv(commune_id: str | None = None) -> Response:
    """The same list with names; who took it is logged."""
    desk = open_desk(READ, commune_id)
    wanted = _wanted(desk)
    detail = {"supports": reading.totals(get_session(), wanted).supports}
    put_on_record("support.exported", commune_id or "", detail)
    header = [
        gettext("Commune"), gettext("Village"), gettext("Household"), gettext("Head of household"), gettext("Person"),
        gettext("Kind of support"), gettext("Programme"), gettext("Project"), gettext("Day"), gettext("Amount (đồng)"),
        gettext("Quantity"), gettext("Class on that day"), gettext("Paper"), gettext("Note"), gettext("Exception"),
    ]  # fmt: skip
    response = Response(written(header, list(_cells(desk, wanted))), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="ho-tro.csv"'
    return response


def _cells(desk: Desk, wanted: Wanted) -> Iterator[list[Cell]]:
    for line in reading.all_listed(get_session(), wanted):
        one, home = line.support, line.household
        yield [
            desk.name(one.commune_id), desk.name(home.village_id) if home else "", home.code if home else "",
            home.head_name if home else "", line.person_name, line.kind, line.programme, line.project,
            one.given_on.isoformat(), one.amount, one.quantity,
            HouseholdClass(one.household_class).vi if one.household_class else "", one.document, one.note,
            one.exception,
        ]  # fmt: skip


@blueprint.get("/<commune_id>/households/<household_id>/supports/new")
@permitted(GIVE)
def form(commune_id: str, household_id: str) -> str:
    """A support of a household, to be filled in."""
    desk = open_desk(GIVE, commune_id)
    blank = SupportForm(formdata=None, given_on=day_of(now()))
    return _form(desk, _household(commune_id, household_id), blank)


def _household(commune_id: str, household_id: str) -> Household:
    household = get_session().get(Household, (commune_id, household_id))
    if household is None or household.state != HouseholdState.PRESENT:
        raise Problem("not_found")
    return household


def _form(desk: Desk, household: Household, form: SupportForm, found: Examined | None = None) -> str:
    session, today = get_session(), day_of(now())
    catalogue = catalogue_of(session, giving.province_of(session, household.commune_id))
    people = [(one.id, one.name) for one in reading.members_of(session, household)]
    _choices(form, catalogue, household.commune_id, people)
    return render_template(
        "programme/supports/form.html",
        desk=desk,
        household=household,
        form=form,
        found=found,
        seen=_mark(found.given) if found else "",
        earlier=_lines(found.earlier) if found else [],
        refusal=PROBLEMS[found.rule] if found and found.rule else None,
        kinds=sorted(catalogue.kinds.values(), key=lambda one: one.label),
        given=reading.of_household(session, household.id),
        subjects=SupportSubject,
        windows=SupportWindow,
        origins=SupportOrigin,
        classes=HouseholdClass,
        today=today,
    )


def _choices(form: SupportForm, catalogue: Catalogue, commune_id: str, people: list[tuple[str, str]]) -> None:
    session, today = get_session(), day_of(now())
    form.kind.choices = [("", gettext("Choose")), *sorted(
        ((one.code, one.label) for one in catalogue.kinds.values()), key=lambda one: one[1],
    )]  # fmt: skip
    open_ones = [
        (f"{programme}/{code}", f"{catalogue.programmes[programme].name}: {project.name}")
        for (programme, code), project in sorted(catalogue.projects.items())
        if days_of(catalogue, project).since <= today and catalogue.reaches(project, commune_id, today) is not False
    ]
    form.project.choices = [("", gettext("Choose")), *open_ones]
    form.person.choices = [("", gettext("The whole household")), *people]
    places = [commune_id, catalogue.province_id]
    form.fund.choices = [("", gettext("Not from a fund that is kept here"))] + [
        (one.id, f"{one.name} ({one.year})") for one in funds.funds_of(session, places)
    ]


@blueprint.post("/<commune_id>/households/<household_id>/supports/new")
@permitted(GIVE)
def enter(commune_id: str, household_id: str) -> tuple[str, int] | BaseResponse:
    """Look at it under the rules; once that was seen, write it down. A rule refuses it, and names what was given."""
    desk, session, filled = open_desk(GIVE, commune_id), get_session(), SupportForm()
    household = _household(commune_id, household_id)
    if not filled.validate():
        return _form(desk, household, filled), 422
    given = _given(commune_id, household.id, filled)
    found = giving.examine(session, given, day_of(now()), blinded)
    if found.rule is not None:
        return _form(desk, household, filled, found), 409
    if request.form.get("seen") != _mark(given):
        return _form(desk, household, filled, found), 200
    made = giving.give(session, given, SupportOrigin.DESK, done_now(), blinded)
    return redirect(url_for(".one", commune_id=commune_id, support_id=made.id, done="given"), 303)


def _given(commune_id: str, household_id: str | None, form: SupportForm) -> Given:
    programme, _, project = (form.project.data or "").partition("/")
    return Given(
        commune_id, form.kind.data or "", programme, project, form.given_on.data, household_id,
        form.person.data or None, amount=_whole(form.amount.data), quantity=_whole(form.quantity.data),
        document=_line(form.document.data), note=_line(form.note.data), fund_id=form.fund.data or None,
    )  # fmt: skip


def _mark(given: Given) -> str:
    """Of what was looked at: whoever changes a field after that looks again."""
    return hashlib.sha256(repr(given).encode()).hexdigest()[:16]


def _whole(said: str | None) -> int | None:
    return whole_number((said or "").strip()) if (said or "").strip() else None


def _line(said: str | None) -> str:
    return " ".join((said or "").split())


def _lines(supports: Sequence[Any]) -> list[tuple[Line, bool]]:
    """What a support would repeat, and whether the reader may look at it: of another commune only that it is."""
    reach = set(communes_of(get_session(), current_account(), READ))
    found = (reading.one(get_session(), one.commune_id, one.id) for one in supports)
    return [(line, line.support.commune_id in reach) for line in found if line is not None]


@blueprint.get("/<commune_id>/supports/workers/new")
@permitted(GIVE)
def worker_form(commune_id: str) -> str:
    """A support of a worker whom no register knows, to be filled in."""
    return _worker_form(open_desk(GIVE, commune_id), commune_id, WorkerForm(formdata=None, given_on=day_of(now())))


def _worker_form(
    desk: Desk, commune_id: str, form: WorkerForm, found: Examined | None = None, known: Household | None = None
) -> str:
    """`known`: the household of the register of which the person is a member."""
    rule = "support_worker_known" if known else found.rule if found else None
    catalogue = catalogue_of(get_session(), giving.province_of(get_session(), commune_id))
    _choices(form, catalogue, commune_id, [])
    kinds = {one.code for one in catalogue.kinds.values() if one.subject == SupportSubject.PERSON}
    form.kind.choices = [one for one in form.kind.choices if one[0] in kinds | {""}]
    return render_template(
        "programme/supports/worker.html",
        desk=desk,
        commune_id=commune_id,
        form=form,
        found=found,
        seen=_mark(found.given) if found else "",
        earlier=_lines(found.earlier) if found else [],
        refusal=PROBLEMS[rule] if rule else None,
        known=known,
        kinds=kinds,
        today=day_of(now()),
    )


@blueprint.post("/<commune_id>/supports/workers/new")
@permitted(GIVE)
def enter_worker(commune_id: str) -> tuple[str, int] | BaseResponse:
    """Look at it under the rules; once that was seen, write it down. The number itself is not kept."""
    desk, session, filled = open_desk(GIVE, commune_id), get_session(), WorkerForm()
    if not filled.validate():
        return _worker_form(desk, commune_id, filled), 422
    number = "".join((filled.number.data or "").split())
    known = reading.household_with(session, commune_id, number) if number else None
    if known is not None:
        return _worker_form(desk, commune_id, filled, known=known), 409
    name, birth, place = (_line(filled[field].data) or None for field in ("name", "birth", "place"))
    worker = Worker(name or "", birth, blinded(number) if number else None, place)
    given = replace(_given(commune_id, None, filled), worker=worker)
    found = giving.examine(session, given, day_of(now()), blinded)
    if found.rule is not None:
        return _worker_form(desk, commune_id, filled, found), 409
    if request.form.get("seen") != _mark(given):
        return _worker_form(desk, commune_id, filled, found), 200
    made = giving.give(session, given, SupportOrigin.DESK, done_now(), blinded)
    return redirect(url_for(".one", commune_id=commune_id, support_id=made.id, done="given"), 303)


@blueprint.get("/<commune_id>/supports/<support_id>")
@permitted(READ)
def one(commune_id: str, support_id: str) -> str:
    """A support, and the way to take it back."""
    desk = open_desk(READ, commune_id)
    line = reading.one(get_session(), commune_id, support_id)
    if line is None:
        raise Problem("not_found")
    return render_template(
        "programme/supports/one.html",
        desk=desk,
        line=line,
        plain=Plain(formdata=None),
        may_reverse=has_verb(current_account().role, GIVE),
        max_reason=giving.MAX_REASON,
        origins=SupportOrigin,
        classes=HouseholdClass,
    )


@blueprint.post("/<commune_id>/supports/<support_id>")
@permitted(GIVE)
def reverse(commune_id: str, support_id: str) -> BaseResponse:
    """Take it back, with the reason."""
    open_desk(GIVE, commune_id)
    if not Plain().validate():
        raise Problem("bad_request")
    giving.reverse(get_session(), commune_id, support_id, done_now())
    return redirect(url_for(".one", commune_id=commune_id, support_id=support_id, done="reversed"), 303)


@blueprint.get("/<commune_id>/supports/held/<entry_id>")
@permitted(READ)
def held(commune_id: str, entry_id: str) -> str:
    """What a phone told and a rule stands against: what it says, and what was given before."""
    desk = open_desk(READ, commune_id)
    found = from_phones.find(get_session(), commune_id, entry_id, day_of(now()), blinded)
    rule = found.now.rule if found.now else None
    return render_template(
        "programme/supports/held.html",
        desk=desk,
        held=found,
        why=held_words(found),
        refusal=PROBLEMS[rule] if rule else None,
        earlier=_lines(found.now.earlier) if found.now else [],
        may_decide=has_verb(current_account().role, GIVE),
        is_own=found.row.account_id == current_account().id,
        plain=Plain(formdata=None),
        max_reason=giving.MAX_REASON,
        origins=SupportOrigin,
        classes=HouseholdClass,
    )


@blueprint.post("/<commune_id>/supports/held/<entry_id>")
@permitted(GIVE)
def decide(commune_id: str, entry_id: str) -> BaseResponse:
    """Write it down after all, as an exception where a rule leaves room for one, or say why not."""
    open_desk(GIVE, commune_id)
    answer, session = request.form.get("answer", ""), get_session()
    if not Plain().validate() or answer not in ("accept", "refuse"):
        raise Problem("bad_request")
    if answer == "refuse":
        from_phones.refuse(session, commune_id, entry_id, done_now())
        return redirect(url_for(".page", commune_id=commune_id, done="refused"), 303)
    made = from_phones.accept(session, commune_id, entry_id, done_now(), blinded)
    return redirect(url_for(".one", commune_id=commune_id, support_id=made, done="given"), 303)
