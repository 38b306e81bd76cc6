"""Who lacks what, and which projects of the programmes that run serve it: by village and project, and as a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from models.database import snapshot
from survey.clocks import day_of
from survey.problems import Problem
from survey.programmes import needs
from survey.programmes.catalogue import catalogue_of
from survey.programmes.needs import Offers, Row, Wanted, project_words
from survey.register import importing
from survey.reports.csvfile import Cell, Style, written
from survey.tallies.deprivations import MEASURES
from survey.tallies.places import Basis, measured, of_round
from survey.terms import HouseholdClass, Indicator, RegisterState
from survey.web.desk.home import PAGE_SIZE, Desk, open_desk, page_number
from survey.web.language import current_language
from survey.web.programme.programmes import asked_day, province_here
from survey.web.security import permitted, put_on_record
from survey.web.session import get_session, now

READ = "report.read"
POOR = (HouseholdClass.POOR, HouseholdClass.NEAR_POOR)
HEADER = ("round_year", "trial", "commune", "village_id", "village", "household_code", "head_name", "class",
          "class_state", "persons", "indicator", "members", "project", "project_place", "programme_day",
          "asked_for")  # fmt: skip
blueprint = Blueprint("needs", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@dataclass(frozen=True)
class Asked:
    """What the address asks: on which day programmes run, of which classes, and for a list whom."""

    desk: Desk
    commune_id: str
    offered: Offers
    wanted: Wanted

    def address(self, endpoint: str, **changes: str | int | None) -> str:
        """The same with some of it changed; None takes it away."""
        own: dict[str, Any] = {
            "on": self.offered.day.isoformat(),
            "class": _class_word(self.wanted.classes),
            "village": self.wanted.village_id,
            "project": ":".join(self.wanted.project) if self.wanted.project else None,
            "indicator": self.wanted.indicator.value if self.wanted.indicator else None,
            "round": self.desk.asked_round.id,
        }
        return url_for(f".{endpoint}", commune_id=self.commune_id, **(own | changes))


def _class_word(classes: tuple[HouseholdClass, ...]) -> str | None:
    if classes == POOR:
        return None
    return classes[0].value if len(classes) == 1 else "all"


def _asked(commune_id: str | None) -> Asked:
    desk = open_desk(READ, commune_id)
    if desk.commune_id is None or desk.round is None:
        raise Problem("not_found")
    offered = needs.offers(catalogue_of(get_session(), province_here(desk)), desk.commune_id, asked_day())
    return Asked(desk, desk.commune_id, offered, _wanted(desk))


def _wanted(desk: Desk) -> Wanted:
    said, village = request.args.get("class") or "", request.args.get("village") or None
    if village is not None and village not in desk.names:
        raise Problem("not_found")
    classes = {"": POOR, "all": tuple(HouseholdClass)} | {one.value: (one,) for one in HouseholdClass}
    indicators = {"": None} | {one.value: one for one in Indicator}
    programme, colon, project = (request.args.get("project") or "").partition(":")
    if said not in classes or request.args.get("indicator", "") not in indicators:
        raise Problem("not_found")
    key = (programme, project) if colon else None
    return Wanted(classes[said], village, key, indicators[request.args.get("indicator", "")])


@blueprint.get("/needs")
@blueprint.get("/<commune_id>/needs")
@permitted(READ)
def page(commune_id: str | None = None) -> str:
    """Of a commune: indicator by indicator who lacks it and what serves it, and by village and project. Above it: the
    indicators alone, by commune."""
    desk = open_desk(READ, commune_id)
    if desk.round is None or desk.commune_id is None:
        return _province(desk)
    asked, session = _asked(desk.commune_id), get_session()
    found = needs.needs_of(session, asked.commune_id, desk.round.id, asked.offered, asked.wanted.classes)
    return render_template(
        "programme/needs/page.html",
        desk=desk,
        asked=asked,
        found=found,
        offered=asked.offered,
        classes=list(HouseholdClass),
        class_words=_class_words(asked.wanted.classes),
        today=day_of(now()),
        project_words=project_words,
    )


def _class_words(classes: tuple[HouseholdClass, ...]) -> str:
    return ", ".join(one.label(current_language()) for one in classes)


INDICATOR_MEASURES = {one.term: one for one in MEASURES if one.kind == "indicator"}


def _province(desk: Desk) -> str:
    """The lacks of poor and near-poor households by commune, as the tallies have them."""
    rows: dict[str, dict[Indicator, int]] = {}
    if desk.round is not None:
        for commune_id, _place, counts in of_round(get_session(), desk.round.id, desk.communes, by_village=False):
            rows[commune_id] = {
                one: sum(counts.get(measured(Basis.FINAL, each.value, measure), (0,))[0] for each in POOR)
                for one, measure in INDICATOR_MEASURES.items() if isinstance(one, Indicator)
            }  # fmt: skip
    return render_template("programme/needs/province.html", desk=desk, rows=rows, indicators=list(Indicator))


@blueprint.get("/<commune_id>/needs/households")
@permitted(READ)
def listed(commune_id: str) -> str:
    """The households, a page of them: what each lacks and by whose answers, what serves it, what it asks for."""
    asked, number, session = _asked(commune_id), page_number(), get_session()
    whole = (session, commune_id, asked.desk.asked_round.id, asked.offered, asked.wanted)
    total = needs.count(*whole)
    return render_template(
        "programme/needs/households.html",
        desk=asked.desk,
        asked=asked,
        offered=asked.offered,
        rows=needs.listed(*whole, (number - 1) * PAGE_SIZE, PAGE_SIZE),
        total=total,
        page=number,
        pages=-(-total // PAGE_SIZE),
        classes=list(HouseholdClass),
        class_words=_class_words(asked.wanted.classes),
        wishes=_wish_words(commune_id),
        project_words=project_words,
        RegisterState=RegisterState,
    )


def _wish_words(commune_id: str) -> dict[str, str]:
    """What the questionnaire calls the wishes of families."""
    form = importing.questionnaire(get_session(), commune_id, now())
    listed = form.choices.get("ho_tro", []) if form else []
    language = current_language()
    return {one["name"]: str(one["label"].get(language) or one["label"].get("vi", one["name"])) for one in listed}


@blueprint.get("/<commune_id>/needs.csv")
@permitted("export.read")
def as_csv(commune_id: str) -> Response:
    """The same households as a file, a row a lack and project; sent as it is read, and logged."""
    asked, session = _asked(commune_id), get_session()
    round_id = asked.desk.asked_round.id
    detail = {
        "file": "needs.csv", "round": round_id,
        "households": needs.count(session, commune_id, round_id, asked.offered, asked.wanted),
    }  # fmt: skip
    put_on_record("export.read", commune_id, detail)
    style = Style.SEMICOLON if request.args.get("style") == Style.SEMICOLON else Style.COMMA
    lines = _lines(asked, _wish_words(commune_id))
    response = Response(written(HEADER, lines, style), mimetype="text/csv")
    name = f"nhu-cau-{commune_id}-{asked.desk.asked_round.year}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(asked: Asked, wishes: dict[str, str]) -> Iterator[list[Cell]]:
    """The request's transaction has ended by then: these are read in another, which only reads."""
    engine, language = current_app.extensions["reading_engine"], current_language()
    none = gettext("no project in the programme yet")

    def rows() -> Iterator[list[Cell]]:
        with Session(engine) as session:
            snapshot(session)
            # Its own reading of what serves what: the rows of the request's session are gone.
            found = catalogue_of(session, asked_province)
            offered = needs.offers(found, asked.commune_id, asked.offered.day)
            for row in needs.every(session, asked.commune_id, round_id, offered, asked.wanted):
                yield from ([*of_round, *cells] for cells in _cells(asked, row, wishes, none, language))

    asked_province, one = province_here(asked.desk), asked.desk.asked_round
    round_id, of_round = one.id, (one.year, one.trial)
    return rows()


def _cells(asked: Asked, row: Row, wishes: dict[str, str], none: str, language: str) -> Iterator[list[Cell]]:
    desk = asked.desk
    hoped = ", ".join(wishes.get(one, one) for one in row.wishes)
    about: list[Cell] = [
        desk.name(asked.commune_id), row.village_id, desk.name(row.village_id), row.code, row.head_name,
        row.household_class.label(language) if row.household_class else "", row.state.label(language), row.persons,
    ]  # fmt: skip
    day: date = asked.offered.day
    for lack in row.lacks:
        if asked.wanted.indicator is not None and lack.indicator is not asked.wanted.indicator:
            continue
        serving = [one for one in lack.serving if asked.wanted.project in (None, one.key)]
        if asked.wanted.project is not None and not serving:
            continue
        told: list[tuple[str, str]] = [(project_words(one.project), "" if one.is_here else "?") for one in serving]
        for project, place in told or [(none, "")]:
            yield [
                *about, lack.indicator.label(language), ", ".join(lack.members), project, place, day.isoformat(), hoped,
            ]  # fmt: skip
