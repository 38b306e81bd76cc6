"""The catalogue of programmes: projects, what they serve, kinds of support; the province enters it, a commune reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from flask import Blueprint, Flask, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Programme, Project, Serves, SupportKind
from survey.access import has_verb
from survey.accounts.accounts import communes_of, names_of
from survey.clocks import day_of
from survey.evidence import audit
from survey.problems import Problem
from survey.programmes import shipped, versions
from survey.programmes.catalogue import Catalogue, catalogue_of
from survey.programmes.needs import offers, project_words
from survey.register.places import names_in
from survey.support_terms import (
    ProgrammeKind,
    ProjectKind,
    Provenance,
    SupportCount,
    SupportSubject,
    SupportWindow,
)
from survey.supports import claims
from survey.terms import HouseholdClass, Indicator
from survey.web.desk.forms import Plain
from survey.web.desk.home import Desk, open_desk, province_of
from survey.web.desk.household import done_now
from survey.web.programme.programme_forms import KindRow, ProgrammeRow, ProjectRow, Row, ServesRow, tell
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

READ, SET = "report.read", "programme.set"
blueprint = Blueprint("programmes", __name__, url_prefix="/desk")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        Provenance=Provenance,
        ProgrammeKind=ProgrammeKind,
        ProjectKind=ProjectKind,
        SupportSubject=SupportSubject,
        SupportWindow=SupportWindow,
        SupportCount=SupportCount,
        Indicator=Indicator,
    )
    app.register_blueprint(blueprint)


def province_here(desk: Desk) -> str:
    """The province of the page. Raises not_found where its communes lie in several."""
    found = province_of(desk)
    if found is None:
        raise Problem("not_found")
    return found


def asked_day() -> date:
    """`?on=`, the day that programmes are asked about; today without one."""
    said = request.args.get("on", "")
    try:
        asked = date.fromisoformat(said) if said else day_of(now())
    except ValueError as error:
        raise Problem("bad_request") from error
    if not versions.EARLIEST <= asked <= versions.LATEST:
        raise Problem("bad_request")
    return asked


@blueprint.get("/programmes")
@blueprint.get("/<commune_id>/programmes")
@permitted(READ)
def page(commune_id: str | None = None) -> str:
    """Programmes with their projects, which indicators are served on a day and which are not, kinds of support."""
    desk, day = open_desk(READ, commune_id), asked_day()
    province_id = province_of(desk)
    found = catalogue_of(get_session(), province_id) if province_id else None
    return render_template(
        "programme/programmes/page.html",
        desk=desk,
        found=found,
        day=day,
        today=day_of(now()),
        serving=_serving(found, desk, day) if found else {},
        shown=_names(desk, found) if found else {},
        may_set=_may_set(desk),
        plain=Plain(formdata=None),
    )


def _serving(found: Catalogue, desk: Desk, day: date) -> dict[Indicator, list[Any]]:
    """By indicator the projects that serve it on the day: in the commune, or anywhere in the province."""
    if desk.commune_id:
        here = offers(found, desk.commune_id, day).by_indicator
        return {one: list(here.get(one, ())) for one in Indicator}
    by: dict[Indicator, list[Any]] = {one: [] for one in Indicator}
    for serves in found.serves:
        project = found.projects[serves.programme, serves.project]
        if found.runs(project, day):
            by[Indicator(serves.indicator)].append(
                {"project": project, "serves": serves, "is_here": True, "is_policy": found.is_policy(project)}
            )
    return by


def _names(desk: Desk, found: Catalogue) -> dict[str, str]:
    """What the communes are called that projects name."""
    wanted = {one.commune_id for one in found.projects.values() if one.commune_id}
    return desk.names | (names_in(get_session(), wanted, day_of(now())) if wanted else {})


def _may_set(desk: Desk) -> bool:
    """The catalogue is the province's: who has all of it writes it."""
    reader = current_account()
    if not has_verb(reader.role, SET) or desk.commune_id is not None or province_of(desk) is None:
        return False
    return set(desk.communes) <= set(communes_of(get_session(), reader, SET))


def _written_at() -> tuple[Desk, str]:
    """The page of the province, which the reader may write of. Raises not_found, as for another's."""
    desk = open_desk(READ)
    if not _may_set(desk):
        raise Problem("not_found")
    return desk, province_here(desk)


# --- rows ------------------------------------------------------------------------------------------------------------


class What(NamedTuple):
    """A kind of row: its form, and how what is typed becomes what is wanted. `keys`: its key behind the province."""

    model: type[Any]
    form: type[Row]
    wanted: Callable[[str, Row, dict[str, Any]], versions.Wanted]
    keys: tuple[str, ...]


def _programme(province_id: str, form: Row, common: dict[str, Any]) -> versions.Wanted:
    said = form.data
    return versions.WantedProgramme(
        province_id=province_id, code=said["code"], name=said["name"], kind=ProgrammeKind(said["kind"]),
        since=said["since"], until=said["until"], legal_basis=said["legal_basis"], **common,
    )  # fmt: skip


def _project(province_id: str, form: Row, common: dict[str, Any]) -> versions.Wanted:
    said = form.data
    names = ("programme", "code", "number", "sub_number", "name", "within", "opens", "ends", "place_set")
    return versions.WantedProject(
        province_id=province_id, kind=ProjectKind(said["kind"]), commune_id=said["commune_id"] or None,
        **{name: said[name] for name in names}, **common,
    )  # fmt: skip


def _serves(province_id: str, form: Row, common: dict[str, Any]) -> versions.Wanted:
    said = form.data
    programme, _colon, project = said["project"].partition(":")
    return versions.WantedServes(
        province_id=province_id, programme=programme, project=project, indicator=Indicator(said["indicator"]),
        place_set=said["place_set"], classes=tuple(HouseholdClass(one) for one in said["classes"]),
        note=said["note"], **common,
    )  # fmt: skip


def _kind(province_id: str, form: Row, common: dict[str, Any]) -> versions.Wanted:
    said = form.data
    return versions.WantedKind(
        province_id=province_id, code=said["code"], label=said["label"], benefit_group=said["benefit_group"],
        subject=SupportSubject(said["subject"]), once_in=SupportWindow(said["once_in"]),
        counts_as=SupportCount(said["counts_as"]) if said["counts_as"] else None, **common,
    )  # fmt: skip


WHATS = {
    "programme": What(Programme, ProgrammeRow, _programme, ("code",)),
    "project": What(Project, ProjectRow, _project, ("programme", "code")),
    "serves": What(Serves, ServesRow, _serves, ("programme", "project", "indicator")),
    "kind": What(SupportKind, KindRow, _kind, ("code",)),
}


@blueprint.get("/programmes/<what>")
@permitted(SET)
def row(what: str) -> str:
    """A row that the address names by its key, as it stands and as it was; else a new one."""
    desk, province_id = _written_at()
    kind = _what(what)
    key = tuple(request.args.get(name, "") for name in kind.keys)
    stands = versions.latest(get_session(), kind.model, (province_id, *key)) if all(key) else None
    form = kind.form(formdata=None, **_values(stands)) if stands is not None else _blank(kind)
    return _row_page(desk, province_id, what, form, stands)


def _what(what: str) -> What:
    if what not in WHATS:
        raise Problem("not_found")
    return WHATS[what]


def _blank(kind: What) -> Row:
    """A new row; of which programme or project, where the address says it."""
    given = {name: request.args[name] for name in ("programme", "project") if request.args.get(name)}
    if kind.model is Serves and len(given) == 2:
        given = {"project": f"{given['programme']}:{given['project']}"}
    return kind.form(formdata=None, seen=0, status=Provenance.DECIDED.value, **given)


def _values(stands: Any) -> dict[str, Any]:
    values = {column.name: getattr(stands, column.name) for column in stands.__table__.columns}
    if isinstance(stands, Serves):
        values["project"] = f"{stands.programme}:{stands.project}"
    values |= {name: values[name] or "" for name in ("commune_id", "counts_as") if name in values}
    return values | {"seen": stands.version, "reason": ""}


def _row_page(desk: Desk, province_id: str, what: str, form: Row, stands: Any = None) -> str:
    session = get_session()
    _choose(form, catalogue_of(session, province_id), desk)
    every = _versions(session, stands) if stands is not None else []
    return render_template(
        "programme/programmes/row.html",
        desk=desk,
        what=what,
        form=form,
        stands=stands,
        every=every,
        people=names_of(session, {one.account_id for one in every}),
    )


def _versions(session: Session, stands: Any) -> list[Any]:
    """All versions of a row, the latest first."""
    model = type(stands)
    *keys, version = model.__table__.primary_key.columns
    same = [column == getattr(stands, column.name) for column in keys]
    return list(session.scalars(select(model).where(*same).order_by(version.desc())))


def _choose(form: Row, found: Catalogue, desk: Desk) -> None:
    """What can be chosen where a row names others."""
    programmes = [(one.code, one.name) for one in found.programmes.values()]
    projects = [(f"{one.programme}:{one.code}", project_words(one)) for one in found.projects.values()]
    choices = {
        "programme": programmes,
        "project": projects,
        "within": [("", gettext("none")), *((one.code, project_words(one)) for one in found.projects.values())],
        "place_set": [("", gettext("all")), *((code, one.name) for code, one in found.sets.items())],
        "commune_id": [("", gettext("none")), *((id, desk.name(id)) for id in desk.communes)],
    }
    for name, those in choices.items():
        if name in form:
            field = form[name]
            shown = dict(those)
            if field.data and field.data not in shown:  # not entered, or withdrawn: `place_faults` says which
                shown[field.data] = field.data
            field.choices = list(shown.items())


@blueprint.post("/programmes/<what>")
@permitted(SET)
def write(what: str) -> tuple[str, int] | BaseResponse:
    """Write a row down as its next version, with why."""
    desk, province_id = _written_at()
    kind, session = _what(what), get_session()
    form = kind.form()
    _choose(form, catalogue_of(session, province_id), desk)
    if not form.validate():
        return _row_page(desk, province_id, what, form), 422
    common = {
        "status": Provenance(form.status.data), "source": form.source.data, "withdrawn": form.withdrawn.data,
        "seen": form.seen.data,
    }  # fmt: skip
    wanted = kind.wanted(province_id, form, common)
    if tell(form, [*wanted.faults(), *versions.place_faults(session, wanted)]):
        return _row_page(desk, province_id, what, form), 422
    versions.write(session, [wanted], done_now())
    if isinstance(wanted, versions.WantedKind):
        claims.remake(session, province_id)  # by another rule somebody may have had something already
    detail = {"what": what, "key": list(wanted.key[1:]), "version": wanted.seen + 1}
    audit.record(session, now(), current_account().id, "programme.set", province_id, detail)
    return redirect(url_for(".page", done="set"), 303)


@blueprint.post("/programmes")
@permitted(SET)
def load() -> BaseResponse:
    """Write down what comes with the product, where it is not there yet."""
    _desk, province_id = _written_at()
    if not Plain().validate():
        raise Problem("bad_request")
    loaded = shipped.load(get_session(), province_id, done_now())
    audit.record(get_session(), now(), current_account().id, "programme.loaded", province_id, loaded._asdict())
    return redirect(url_for(".page", done="loaded"), 303)
