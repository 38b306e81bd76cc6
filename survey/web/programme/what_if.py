"""What if the standard changed: a form in the address, and what the round would have come to by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter
from typing import Any

from flask import Blueprint, Flask, render_template, request, url_for
from flask_babel import gettext
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from survey.access import has_verb
from survey.accounts.accounts import communes_of, names_of
from survey.evidence import audit
from survey.numbers import whole_number
from survey.poverty.scenario import (
    INDICATORS,
    LEAST,
    MOST,
    MOST_UNASKED,
    LineUnit,
    Scenario,
    Today,
    Why,
    WrongScenario,
)
from survey.problems import Problem
from survey.reports.scenarios import MAX_NAME, MAX_NOTE, MOST_KEPT, Given, Kept, faults, seen_from, standing
from survey.reports.scenarios import keep as keep_scenario
from survey.reports.scenarios import take_back as take_scenario_back
from survey.reports.what_if import POOR, WITHIN, Shipped, Which, listed, shipped, today_of, what_if
from survey.tallies.places import Group
from survey.terms import Area, HouseholdClass, Role, Unit
from survey.text import N_
from survey.web.desk.forms import Plain
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, page_number, province_of
from survey.web.programme.dashboard import group_names
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("what_if", __name__, url_prefix="/desk")
LINES = {Area.RURAL: "rural", Area.URBAN: "urban"}


class Counts(StrEnum):
    """How an indicator counts, as the address says it."""

    COUNTS = "counts"
    UNTOLD = "untold"
    LEFT_OUT = "left_out"


WHY = {
    Why.LINE: N_("On the other side of the income line"),
    Why.LEAST: N_("Another number of lacks makes a household poor"),
    Why.LEFT_OUT: N_("What it lacks does not count any more"),
    Why.NO_EQUIVALENT: N_("The line is in đồng: no text says how many points of B1 stand for it"),
    Why.NO_POINTS: N_("Only the side of today's line is known, not how far from it"),
    Why.NO_SIDE: N_("An answer is missing, so not even today's side of the line is known"),
    Why.NO_AREA: N_("Rural or urban is not known, and the lines differ"),
    Why.MISSING: N_("Of an indicator an answer is missing"),
    Why.UNTOLD: N_("An indicator is asked otherwise then: today's answer does not tell"),
    Why.UNASKED: N_("An indicator is new: nobody was asked about it"),
}
WRONG = {
    "line": N_("A whole number from 0 to %(most)s, or empty for today's line. Example: 2.200.000."),
    "unit": N_("Choose points of B1 or đồng."),
    "points_of_nobody": N_("This round was judged by income: nobody has points of B1. Give the lines in đồng."),
    "least": N_("A whole number from 1 to as many as indicators count (%(most)s)."),
    "unasked": N_("A whole number from 0 to %(most)s."),
    "indicator": N_("Choose how the indicator counts."),
    "scenario": N_("There is no such scenario any more. Choose another, or fill in the form."),
    "beside": N_("Choose two or three scenarios to compare."),
    "blank": N_("Say a name, and where the figures are from and how well they are known."),
    "too_long": N_("The name has at most %(name)s letters, the source %(note)s."),
    "unprintable": N_("There are letters in it that cannot be shown: write it anew."),
    "full": N_("%(most)s scenarios are kept here: take one back first."),
}
MOST_BESIDE = 3


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@dataclass(frozen=True)
class Offered:
    """A scenario that can be chosen: of a standard, or one that somebody kept."""

    code: str
    scenario: Scenario
    shipped: Shipped | None = None
    kept: Kept | None = None


@dataclass
class Asked:
    """What the address asks: `values` by the form's fields, as written; `wrong`: fields and sentences."""

    values: dict[str, str]
    chosen: Offered | None = None
    scenario: Scenario | None = None
    wrong: list[tuple[str, str]] = field(default_factory=list)


def _say(code: str, **of: Any) -> str:
    return gettext(WRONG[code], **of)


def field_of(indicator: str) -> str:
    return f"i_{indicator}"


def values_of(scenario: Scenario) -> dict[str, str]:
    """A scenario as the form's fields; what is as today is left out."""
    values = {"unit": scenario.unit.value}
    values |= {LINES[area]: str(line) for area, line in scenario.lines.items() if line is not None}
    values |= {"least": str(scenario.least)} if scenario.least != LEAST else {}
    values |= {field_of(one): Counts.LEFT_OUT.value for one in INDICATORS if one in scenario.left_out}
    values |= {field_of(one): Counts.UNTOLD.value for one in INDICATORS if one in scenario.untold}
    return values | ({"unasked": str(scenario.unasked)} if scenario.unasked else {})


def read(args: Mapping[str, str], today: Today) -> Asked:
    """The form as it was filled in, with every mistake of it."""
    names = ["unit", *LINES.values(), "least", "unasked", *map(field_of, INDICATORS)]
    found = Asked({name: args[name].strip()[:40] for name in names if args.get(name, "").strip()})
    values, wrong = found.values, found.wrong
    unit = values.get("unit", LineUnit.POINTS.value)
    if unit not in set(LineUnit):
        wrong.append(("unit", _say("unit")))
        return found
    most = MOST[LineUnit(unit)]
    lines = {name: _number(values.get(name), most) for name in LINES.values()}
    wrong += [(name, _say("line", most=f"{most:,}".replace(",", "."))) for name in _unread(lines)]
    if unit == LineUnit.POINTS and today.by_income and any(name in values for name in lines):
        wrong.append(("unit", _say("points_of_nobody")))
    numbers = {"least": _number(values.get("least"), 99), "unasked": _number(values.get("unasked"), MOST_UNASKED)}
    how = {one: values.get(field_of(one), Counts.COUNTS.value) for one in INDICATORS}
    wrong += [(field_of(one), _say("indicator")) for one, said in how.items() if said not in set(Counts)]
    left_out, untold = (
        frozenset(one for one in INDICATORS if how[one] == said) for said in (Counts.LEFT_OUT, Counts.UNTOLD)
    )
    counted = len(INDICATORS) - len(left_out) + (numbers["unasked"] or 0)
    sentences = {"least": _say("least", most=counted), "unasked": _say("unasked", most=MOST_UNASKED)}
    wrong += [(name, sentences[name]) for name in _unread(numbers)]
    if numbers["least"] == 0 or (numbers["least"] or 0) > counted:
        wrong.append(("least", sentences["least"]))
    if wrong:
        return found
    least = numbers["least"] if numbers["least"] is not None else LEAST
    try:
        found.scenario = Scenario(
            LineUnit(unit), lines["rural"], lines["urban"], least, left_out, untold, numbers["unasked"] or 0
        )
    except WrongScenario as one:
        wrong.append((one.code, sentences.get(one.code, one.code)))
    return found


def _number(said: str | None, most: int) -> int | None:
    """Whole, thousands apart or not; -1: none such; None: not given."""
    if said is None:
        return None
    number = whole_number(said)
    return number if number is not None and number <= most else -1


def _unread(numbers: Mapping[str, int | None]) -> Iterator[str]:
    return (name for name, number in numbers.items() if number == -1)


def _asked(offered: Sequence[Offered], today: Today, *, by_itself: bool) -> Asked:
    """What the address names: a scenario, or the form; of neither the first that is offered, where it is counted
    without being asked for."""
    code = request.args.get("scenario")
    if code is None and "unit" in request.args:
        return read(request.args, today)
    chosen = next((one for one in offered if one.code == code), None)
    if code is not None and chosen is None:
        return Asked({}, wrong=[("scenario", _say("scenario"))])
    shown = chosen or next(iter(offered), None)
    if shown is None:
        return Asked({})
    return Asked(values_of(shown.scenario), shown, shown.scenario if chosen is not None or by_itself else None)


@blueprint.get("/what-if")
@blueprint.get("/<commune_id>/what-if")
@permitted("report.read")
def page(commune_id: str | None = None) -> tuple[str, int]:
    """The form, and what it comes to: of a commune by village, of a province by commune. `?list=`: the households of a
    commune behind a figure."""
    desk = open_desk("report.read", commune_id)
    if desk.round is None:
        return render_template("programme/what_if.html", desk=desk), 200
    offered = _offered(desk)
    return _page(desk, offered, _asked(offered, _today(desk), by_itself=desk.commune_id is not None))


def _today(desk: Desk) -> Today:
    return today_of(get_session(), desk.asked_round)


def _offered(desk: Desk) -> list[Offered]:
    """Those of the standards first, then those that were kept here, or by the province."""
    session, top = get_session(), _top(desk)
    kept = standing(session, seen_from(session, top)) if top else []
    return [
        *(Offered(one.code, one.scenario, shipped=one) for one in shipped(session, desk.asked_round)),
        *(Offered(one.code, one.scenario, kept=one) for one in kept),
    ]


def _top(desk: Desk) -> str | None:
    """The commune of the page, else the province, where the reader sees one of them."""
    return desk.commune_id if desk.commune_id is not None else province_of(desk)


def _page(
    desk: Desk, offered: Sequence[Offered], asked: Asked, given: Mapping[str, str] | None = None
) -> tuple[str, int]:
    """`given`: what was to be kept and was refused."""
    found, began = None, perf_counter()
    if asked.scenario is not None:
        by_village = desk.commune_id is not None
        found = what_if(get_session(), desk.asked_round, desk.communes, asked.scenario, by_village=by_village)
    kept = [one.kept for one in offered if one.kept is not None]
    shown = render_template(
        "programme/what_if.html",
        desk=desk,
        asked=asked,
        today=_today(desk),
        offered=offered,
        found=found,
        seconds=perf_counter() - began,
        rows=_rows(desk, asked),
        names=group_names(desk.asked_round),
        here=lambda **more: _here(desk, asked, **more),
        why=lambda one: gettext(WHY[one]),
        indicators=INDICATORS,
        least_now=LEAST,
        may_keep=_top(desk) in _places(desk),
        places=_places(desk),
        kept_by=names_of(get_session(), {one.row.account_id for one in kept}),
        given=given or {},
        plain=Plain(formdata=None),
        max_name=MAX_NAME,
        max_note=MAX_NOTE,
        POOR=POOR,
        WITHIN=WITHIN,
        Area=Area,
        Counts=Counts,
        Group=Group,
        LineUnit=LineUnit,
        Unit=Unit,
        Which=Which,
        frozenset=frozenset,
        classes=list(HouseholdClass),
    )
    return shown, 422 if asked.wrong else 200


@blueprint.get("/what-if/beside")
@blueprint.get("/<commune_id>/what-if/beside")
@permitted("report.read")
def beside(commune_id: str | None = None) -> tuple[str, int]:
    """Two or three scenarios beside each other."""
    desk = open_desk("report.read", commune_id)
    if desk.round is None:
        raise Problem("not_found")
    offered = _offered(desk)
    codes = list(dict.fromkeys(request.args.getlist("scenario")))
    chosen = [one for one in offered if one.code in codes]
    if len(chosen) != len(codes) or not 2 <= len(chosen) <= MOST_BESIDE:
        code = "scenario" if len(chosen) != len(codes) else "beside"
        return _page(desk, offered, Asked({}, wrong=[("compare", _say(code))]))
    by_village = desk.commune_id is not None
    found = [what_if(get_session(), desk.round, desk.communes, one.scenario, by_village=by_village) for one in chosen]
    shown = render_template(
        "programme/what_if_beside.html",
        desk=desk,
        sides=list(zip(chosen, found, strict=True)),
        places=sorted({place for one in found for place in one.places}),
        POOR=POOR,
        WITHIN=WITHIN,
        Unit=Unit,
        Which=Which,
        frozenset=frozenset,
        classes=list(HouseholdClass),
    )
    return shown, 200


def _places(desk: Desk) -> list[str]:
    """For which of the places of the page the reader may keep scenarios, and take them back."""
    reach, top = communes_of(get_session(), current_account(), "scenario.keep"), _top(desk)
    if not has_verb(current_account().role, "scenario.keep") or top is None or not set(desk.communes) <= set(reach):
        return []
    of_province = current_account().role == Role.PROVINCE
    return seen_from(get_session(), top) if of_province else [top]


@blueprint.post("/what-if/keep")
@blueprint.post("/<commune_id>/what-if/keep")
@permitted("scenario.keep")
def keep(commune_id: str | None = None) -> tuple[str, int] | BaseResponse:
    """Keep the scenario of the form, with its name and where its figures are from."""
    desk = open_desk("report.read", commune_id)
    if not Plain().validate():
        raise Problem("bad_request")
    top = _top(desk)
    if desk.round is None or top is None or top not in _places(desk):
        raise Problem("not_found")
    offered, asked, session = _offered(desk), read(request.form, _today(desk)), get_session()
    said = {name: request.form.get(name, "") for name in ("name", "note")}
    if asked.scenario is not None:
        made = Given(top, said["name"], said["note"], asked.scenario)
        limits = {"name": MAX_NAME, "note": MAX_NOTE, "most": MOST_KEPT}
        asked.wrong += [(field, _say(code, **limits)) for field, code in faults(session, made)]
    if asked.wrong or asked.scenario is None:
        return _page(desk, offered, asked, said)
    row = keep_scenario(session, made, current_account().id, now())
    audit.record(session, now(), current_account().id, "scenario.kept", top, {"scenario": row.id})
    return redirect(url_for(".page", commune_id=desk.commune_id, round=desk.round.id, scenario=row.id), 303)


@blueprint.post("/what-if/take-back/<scenario_id>")
@blueprint.post("/<commune_id>/what-if/take-back/<scenario_id>")
@permitted("scenario.keep")
def take_back(scenario_id: str, commune_id: str | None = None) -> BaseResponse:
    """Let a scenario not be offered any more; it stays in the log."""
    desk = open_desk("report.read", commune_id)
    if not Plain().validate():
        raise Problem("bad_request")
    account = current_account()
    row = take_scenario_back(get_session(), scenario_id, _places(desk), account.id, now())
    audit.record(get_session(), now(), account.id, "scenario.taken_back", row.place_id, {"scenario": row.id})
    return redirect(url_for(".page", commune_id=desk.commune_id), 303)


def _here(desk: Desk, asked: Asked, **more: Any) -> str:
    """The address of this scenario, at another place or with a list."""
    said: dict[str, Any] = {"round": desk.asked_round.id, "commune_id": desk.commune_id}
    said |= {"scenario": asked.chosen.code} if asked.chosen else asked.values
    return url_for(".page", **said | more)


@dataclass(frozen=True)
class Rows:
    """A page of the households that `?list=` names."""

    which: Which
    village_id: str | None
    page: int
    pages: int
    total: int
    households: Sequence[Any]


def _rows(desk: Desk, asked: Asked) -> Rows | None:
    """Raises not_found for a list or a village that there is not."""
    named = request.args.get("list")
    if not named or asked.scenario is None or desk.commune_id is None:
        return None
    village_id = request.args.get("village") or None
    if named not in set(Which) or (village_id is not None and village_id not in desk.names):
        raise Problem("not_found")
    survey_round, number = desk.asked_round, page_number()
    those = listed(get_session(), survey_round, desk.commune_id, asked.scenario, Which(named), village_id)
    pages = max(1, -(-len(those) // PAGE_SIZE))
    number = min(number, pages)
    households = those[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return Rows(Which(named), village_id, number, pages, len(those), households)
