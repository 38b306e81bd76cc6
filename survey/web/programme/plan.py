"""The plan: what it wants, what was reached, how that stands; figures entered by one and confirmed by another."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from flask import Blueprint, Flask, render_template, request, url_for
from flask_babel import gettext
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import PlanPlaceSet, PlanTarget
from survey.access import has_verb
from survey.accounts.accounts import communes_of, names_of
from survey.clocks import day_of
from survey.evidence import audit
from survey.numbers import written_number
from survey.plan import figures, sample, targets
from survey.plan.drawing import HEIGHT, WIDTH
from survey.plan.judging import TOLERANCE, When
from survey.plan.measures import definition
from survey.plan.overview import Plan, plan_of
from survey.plan.words import BASES, REASONS, SENTENCES, UNCOUNTED
from survey.problems import Problem
from survey.supports.counted import Recorded
from survey.supports.escaped import NEWLY
from survey.terms import (
    Comparison,
    FigureStatus,
    Light,
    PlanMeasure,
    PlanStatus,
    PlanUnit,
    ResidentAction,
    ResidentState,
    TargetKind,
)
from survey.web.desk.forms import Plain
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, province_of
from survey.web.desk.household import done_now
from survey.web.formats import MINUS, number, percent, two_digits
from survey.web.language import current_language
from survey.web.programme.forms import PlanFigured, PlanPlaces, PlanWanted, ResidentsDecided
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

READ, ENTER, SET, LIST = "report.read", "plan.enter", "plan.set", "support.read"
TAGS = {Light.GREEN: "tag-ok", Light.AMBER: "tag-warn", Light.RED: "tag-danger", Light.GREY: "tag-quiet"}
blueprint = Blueprint("plan", __name__, url_prefix="/desk")
Wrong = list[tuple[str, str]]


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/plan")
@blueprint.get("/<commune_id>/plan")
@permitted(READ)
def page(commune_id: str | None = None) -> str:
    """The targets of the province, or of the commune: each with base, path, figures and how it stands."""
    return _page(open_desk(READ, commune_id))


def _page(desk: Desk, form: FlaskForm | None = None, wrong: Iterable[tuple[str, str]] = ()) -> str:
    session, reader = get_session(), current_account()
    place_id = _place(desk)
    found = plan_of(session, place_id, Recorded(session, day_of(now()))) if place_id else None
    entered = found.entered if found else []
    waiting = [one for one in entered if one.state is ResidentState.WAITING]
    former = [one for one in entered if one.steps]
    targets_shown = [row.target for rows in found.rows.values() for row in rows] if found else []
    people = {by for one in (*waiting, *former) for by in one.people}
    return render_template(
        "programme/plan/page.html",
        desk=desk,
        place_id=place_id,
        found=found,
        waiting=waiting[:PAGE_SIZE],
        former=former[:PAGE_SIZE],
        people=names_of(session, people | {one.account_id for one in targets_shown}),
        elsewhere=_elsewhere(desk),
        figure=form if isinstance(form, PlanFigured) else _blank_figure(),
        wanted=form if isinstance(form, PlanWanted) else _target_form(found),
        places=form if isinstance(form, PlanPlaces) else _places_form(found),
        wrong=[(field, gettext(SENTENCES.get(code, SENTENCES["blank"]))) for field, code in wrong],
        wrong_in=type(form).__name__ if form is not None else "",
        may_list=has_verb(reader.role, LIST),
        newly=NEWLY,
        may_enter=reaches(desk, ENTER),
        may_set=reaches(desk, SET),
        may_load=place_id == sample.PROVINCE and has_verb(reader.role, SET),
        shipped=sample.PLAN,
        reader=reader,
        plain=Plain(formdata=None),
        amount=_amount,
        change_words=_change,
        target_words=lambda row: _wanted(row.target),
        version_words=_wanted,
        base_words=lambda denominator: gettext(BASES[denominator]),
        unit_of=lambda measure: definition(measure).unit,
        lights=Light,
        reason=lambda why: gettext(REASONS[why]),
        uncounted=lambda one: gettext(UNCOUNTED[one.why]) % {"missing": number(one.missing), "all": number(one.all)},
        tolerance=percent(float(TOLERANCE)),
        tags=TAGS,
        size=(WIDTH, HEIGHT),
        terms={"measure": PlanMeasure, "kind": TargetKind, "comparison": Comparison, "status": PlanStatus,
               "figure": FigureStatus, "unit": PlanUnit},
        to_write=figures.TO_WRITE,
        ResidentAction=ResidentAction,
        today=day_of(now()),
    )  # fmt: skip


def _place(desk: Desk) -> str | None:
    """The commune, or the province where the reader sees one of them."""
    return desk.commune_id if desk.commune_id is not None else province_of(desk)


def _elsewhere(desk: Desk) -> list[str]:
    """The communes that have targets of their own."""
    if desk.commune_id is not None:
        return []
    return list(get_session().scalars(
        select(PlanTarget.place_id).where(PlanTarget.place_id.in_(desk.communes)).distinct()
        .order_by(PlanTarget.place_id)
    ))  # fmt: skip


def _amount(value: Decimal | Fraction | None, unit: PlanUnit) -> str:
    """With its unit: rates to two digits, heads whole or, of a pace, to one."""
    if value is None:
        return "–"
    if unit is PlanUnit.PERCENT:
        return f"{two_digits(float(value))}\N{NO-BREAK SPACE}%"
    return f"{number(float(value))}\N{NO-BREAK SPACE}{unit.label(current_language())}"


def _change(value: Decimal | Fraction, unit: PlanUnit) -> str:
    """A difference: of rates in points."""
    if unit is PlanUnit.PERCENT:
        return gettext("%(points)s points", points=two_digits(float(value)).replace("-", MINUS))
    return _amount(value, unit)


def _wanted(target: PlanTarget) -> str:
    """What a target wants, with its year."""
    unit, kind = definition(target.measure).unit, TargetKind(target.kind)
    if target.value is None:
        return gettext("%(year)s: number not known", year=target.year)
    words = _change if kind is TargetKind.FALL else _amount
    value = words(target.value, unit)
    if target.value_to is not None:
        value = gettext("%(low)s to %(high)s", low=value, high=words(target.value_to, unit))
    else:
        value = f"{Comparison(target.comparison).vi}\N{NO-BREAK SPACE}{value}"
    if kind is TargetKind.FALL:
        said = {"year": target.year, "value": value, "base": target.base_year}
        return gettext("%(year)s: a fall of %(value)s since %(base)s", **said)
    return f"{target.year}: {value}"


def _blank_figure() -> PlanFigured:
    return PlanFigured(formdata=None, year=day_of(now()).year - 1, month=12)


def _target_form(found: Plan | None) -> PlanWanted:
    """The target that `?change=` names by plan and code, as it stands; else a new one."""
    plan, code = request.args.get("plan", ""), request.args.get("change", "")
    rows = found.rows.get(plan, ()) if found else ()
    target = next((row.target for row in rows if row.target.code == code), None)
    if target is None:
        year = day_of(now()).year
        return PlanWanted(formdata=None, seen=0, base_year=year - 1, year=year)
    said = {name: getattr(target, name) or "" for name in PlanWanted().data if hasattr(target, name)}
    values = {name: _typed(getattr(target, name)) for name in ("base_value", "value", "value_to")}
    return PlanWanted(formdata=None, **(said | values), seen=target.version)


def _places_form(found: Plan | None) -> PlanPlaces:
    known: PlanPlaceSet | None = found.sets.get(request.args.get("places", "")) if found else None
    if known is None:
        return PlanPlaces(formdata=None, seen=0)
    said = {name: getattr(known, name) for name in ("code", "name", "since", "until", "status", "source")}
    return PlanPlaces(formdata=None, **said, communes=" ".join(known.communes), seen=known.version)


def _typed(value: Decimal | None) -> str:
    """As an office types it, and `written_number` reads it again."""
    return "" if value is None else format(value.normalize(), "f").replace(".", ",")


def reaches(desk: Desk, verb: str) -> bool:
    """Whether the reader has the verb in the page's place; of a province whoever has it in all of it."""
    reader = current_account()
    if not has_verb(reader.role, verb):
        return False
    reach = communes_of(get_session(), reader, verb)
    return desk.commune_id in reach if desk.commune_id else set(desk.communes) <= set(reach)


def _written_at(commune_id: str | None, verb: str) -> tuple[Desk, str]:
    """The page and its place, which the reader may write of. Raises not_found, as for another's commune."""
    desk = open_desk(READ, commune_id)
    place_id = _place(desk)
    if place_id is None or not reaches(desk, verb):
        raise Problem("not_found")
    return desk, place_id


def _back(desk: Desk, done: str) -> BaseResponse:
    return redirect(url_for(".page", commune_id=desk.commune_id, done=done), 303)


@blueprint.post("/plan/figure")
@blueprint.post("/<commune_id>/plan/figure")
@permitted(ENTER)
def enter(commune_id: str | None = None) -> tuple[str, int] | BaseResponse:
    """Enter what a measure came to; another account confirms it."""
    desk, place_id = _written_at(commune_id, ENTER)
    form = PlanFigured()
    value = written_number(form.value.data or "")
    wrong: Wrong = [] if form.validate() else [(name, "blank") for name in form.errors]
    wrong += [("value", "not_a_value")] if form.value.data and value is None else []
    if form.place_set.data and form.place_set.data not in targets.sets_of(get_session(), place_id):
        wrong.append(("place_set", "no_set"))
    if wrong or value is None:
        return _page(desk, form, wrong), 422
    given = figures.Given(
        place_id, PlanMeasure(form.measure.data), When(form.year.data, form.month.data), value,
        FigureStatus(form.status.data), form.source.data, form.place_set.data or "",
    )  # fmt: skip
    wrong = list(figures.faults(given, day_of(now())))
    if wrong:
        return _page(desk, form, wrong), 422
    figures.enter(get_session(), [given], done_now())
    return _back(desk, "entered")


@blueprint.post("/plan/decide")
@blueprint.post("/<commune_id>/plan/decide")
@permitted(ENTER)
def decide(commune_id: str | None = None) -> BaseResponse:
    """Confirm, refuse, take back or take out a figure."""
    desk, place_id = _written_at(commune_id, ENTER)
    form = ResidentsDecided()
    if not form.validate() or form.place.data != place_id:
        raise Problem("bad_request")
    figures.decide(get_session(), place_id, form.seq.data, ResidentAction(form.action.data), done_now())
    return _back(desk, form.action.data)


@blueprint.post("/plan/target")
@blueprint.post("/<commune_id>/plan/target")
@permitted(SET)
def set_target(commune_id: str | None = None) -> tuple[str, int] | BaseResponse:
    """Write a target down as its next version, with why."""
    desk, place_id = _written_at(commune_id, SET)
    form, session = PlanWanted(), get_session()
    numbers = {name: written_number(form[name].data or "") for name in ("base_value", "value", "value_to")}
    wrong: Wrong = [] if form.validate() else [(name, "blank") for name in form.errors]
    wrong += [(name, "not_a_value") for name, value in numbers.items() if form[name].data and value is None]
    wrong += [] if done_now().reason else [("reason", "blank")]
    if form.place_set.data and form.place_set.data not in targets.sets_of(session, place_id):
        wrong.append(("place_set", "no_set"))
    if wrong:
        return _page(desk, form, wrong), 422
    base_status = FigureStatus(form.base_status.data) if form.base_status.data else None
    wanted = targets.Wanted(
        place_id, form.plan.data, form.code.data, form.words.data, PlanMeasure(form.measure.data),
        TargetKind(form.kind.data), form.base_year.data, numbers["base_value"], base_status, form.year.data,
        Comparison(form.comparison.data), numbers["value"], numbers["value_to"], PlanStatus(form.status.data),
        form.source.data, form.place_set.data or "", form.seen.data,
    )  # fmt: skip
    wrong = list(targets.faults(wanted))
    if wrong:
        return _page(desk, form, wrong), 422
    targets.write(session, [wanted], done_now())
    audit.record(session, now(), current_account().id, "plan.set", place_id, {"plan": wanted.plan, "code": wanted.code})
    return _back(desk, "set")


@blueprint.post("/plan/places")
@permitted(SET)
def set_places() -> tuple[str, int] | BaseResponse:
    """Write down which communes a set has, as its next version, with why."""
    desk, place_id = _written_at(None, SET)
    form, session = PlanPlaces(), get_session()
    wrong: Wrong = [] if form.validate() else [(name, "blank") for name in form.errors]
    wrong += [] if done_now().reason else [("reason", "blank")]
    if wrong:
        return _page(desk, form, wrong), 422
    wanted = targets.WantedSet(
        place_id, form.code.data, form.name.data, tuple((form.communes.data or "").split()), form.since.data,
        form.until.data, PlanStatus(form.status.data), form.source.data, form.seen.data,
    )  # fmt: skip
    wrong = list(targets.set_faults(session, wanted))
    if wrong:
        return _page(desk, form, wrong), 422
    targets.write_sets(session, [wanted], done_now())
    return _back(desk, "set")


@blueprint.post("/plan/load")
@permitted(SET)
def load() -> BaseResponse:
    """Write down the plan that comes with the product, where it is not there yet."""
    desk, place_id = _written_at(None, SET)
    if not Plain().validate():
        raise Problem("bad_request")
    if place_id != sample.PROVINCE:
        raise Problem("not_found")
    loaded = sample.load(get_session(), done_now())
    audit.record(get_session(), now(), current_account().id, "plan.loaded", place_id, loaded._asdict())
    return _back(desk, "loaded")
