"""Rounds: what is open, how far it is from being closed, and opening and closing one."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy import select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from models import FormVersion, Place, PlacePeriod, Round, Standard
from survey.accounts.accounts import communes_of
from survey.calendar.default import rounds_in
from survey.clocks import day_of
from survey.jobs import queue
from survey.problems import PROBLEMS, Problem
from survey.questionnaires import standards
from survey.register.places import names_in
from survey.rounds import closing, log, reclassify, rounds
from survey.rounds.closing import Obstacle
from survey.terms import B1Method, CommuneState, HouseholdClass, PlaceKind, RoundKind, RoundState
from survey.web.forms import Closing, NewRound, NewStandard
from survey.web.language import current_language
from survey.web.round_words import in_the_way
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now
from survey.work import OPEN_ROUND, ask_to_close

blueprint = Blueprint("rounds", __name__, url_prefix="/rounds")
JUDGED_AGAIN = 2000  # records, about twenty seconds; more are for the command `round move`


@blueprint.get("/")
@permitted("round.read")
def listing() -> str:
    """The rounds of the reader's communes, the newest first; of those that are open, what stands in the way of
    closing."""
    session = get_session()
    communes = communes_of(session, current_account(), "round.read")
    known = rounds_in(session, communes, day_of(now()))
    found = sorted((one.round for one in known), key=lambda one: (-one.year, -one.opens_on.toordinal(), one.id))
    left = {one.id: closing.obstacles(session, one) for one in found if one.state == RoundState.OPEN}
    others = {one.id: _others(one) for one in found if one.state == RoundState.OPEN}
    return render_template(
        "office/rounds/list.html",
        found=found,
        left=left,
        others=others,
        stands={one.round.id: next(iter(one.states)) for one in known if len(one.states) == 1},  # alike in all of them
        words=words,
        closing=Closing(),
        **_terms(),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@permitted("round.manage")
def new() -> str | tuple[str, int] | Response:
    """Open a round over every household on the register: planned at once, opened commune by commune as a job."""
    form = NewRound()
    in_use = select(FormVersion.form_id, FormVersion.version).where(FormVersion.retired_at.is_(None))
    versions = get_session().execute(in_use.order_by(FormVersion.published_at.desc())).all()
    form.questionnaire.choices = [(f"{one.form_id} {one.version}", f"{one.form_id} {one.version}") for one in versions]
    form.kind.choices = [(kind.value, kind.label(current_language())) for kind in RoundKind]
    form.b1_method.choices = [(method.value, method.label(current_language())) for method in B1Method]
    known = standards.listing(get_session())
    own = ("", gettext("The questionnaire's own, else the one in force"))
    form.standard.choices = [own, *((one.code, one.title) for one in known)]
    names = names_in(get_session(), communes_of(get_session(), current_account(), "round.manage"), day_of(now()))
    form.communes.choices = [(place_id, name) for place_id, name in names.items() if "-" not in place_id]
    if not form.validate_on_submit():
        return render_template("office/rounds/new.html", form=form), 422 if form.is_submitted() else 200
    form_id, _, version = form.questionnaire.data.partition(" ")
    is_frozen = form.kind.data == RoundKind.PERIODIC  # an ad-hoc one begins with an empty list
    opened = rounds.open_round(
        get_session(),
        title=form.title.data.strip(),
        year=form.year.data,
        kind=RoundKind(form.kind.data),
        form=get_session().get_one(FormVersion, (form_id, version)),
        standard=form.standard.data or None,
        trial=form.trial.data,
        b1_method=B1Method(form.b1_method.data),
        opens_on=form.opens_on.data,
        closes_on=form.closes_on.data,
        now=now(),
        account_id=current_account().id,
        communes=form.communes.data or None,
        plan=form.plan.data or is_frozen,
    )
    if form.plan.data or not is_frozen:
        return redirect(url_for("round_steps.page", round_id=opened.id), 303)
    job = queue.ask(get_session(), OPEN_ROUND, now(), account_id=current_account().id, parameters={"round": opened.id})
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.post("/<round_id>/form")
@permitted("round.manage")
def move(round_id: str) -> Response:
    """Ask an open round with another version of its questionnaire."""
    session = get_session()
    found, stored = _round_and_version(round_id, request.form.get("version", ""))
    judged = rounds.move_round(session, found, stored, now(), current_account().id, most=JUDGED_AGAIN)
    flash(gettext("%(round)s is asked with version %(version)s now.", round=found.title, version=stored.version))
    if judged:
        flash(ngettext("%(num)s record was judged again with the official points.",
                       "%(num)s records were judged again with the official points.", judged))  # fmt: skip
    return redirect(url_for(".listing"), 303)


@blueprint.get("/<round_id>/changes")
@permitted("round.read")
def changes(round_id: str) -> str:
    """Whose class another version of the questionnaire would change."""
    session = get_session()
    found, stored = _round_and_version(round_id, request.args.get("version", ""))
    communes = communes_of(session, current_account(), "round.read")
    compared = reclassify.compare(session, found, stored, communes, most=JUDGED_AGAIN)
    names = names_in(session, communes, day_of(now()))
    return render_template(
        "office/rounds/changes.html", one=found, version=stored.version, compared=compared, names=names
    )


@blueprint.get("/<round_id>/standard")
@permitted("round.read")
def other_standard(round_id: str) -> str:
    """Of which class a round's households would be under another poverty standard, on the same answers."""
    session, code = get_session(), request.args.get("standard", "")[:40]
    found = session.get(Round, round_id)
    if found is None:
        raise Problem("not_found")
    communes = communes_of(session, current_account(), "round.read")
    compared = reclassify.under_standard(session, found, code, communes, most=JUDGED_AGAIN) if code else None
    return render_template(
        "office/rounds/standard.html",
        one=found,
        known=standards.listing(session),
        compared=compared,
        sides=(*HouseholdClass, None),
        problems=PROBLEMS,
    )


def _round_and_version(round_id: str, version: str) -> tuple[Round, FormVersion]:
    """A round, and a version of its questionnaire; raises not_found."""
    found = get_session().get(Round, round_id)
    stored = get_session().get(FormVersion, (found.form_id, version[:64])) if found else None
    if found is None or stored is None:
        raise Problem("not_found")
    return found, stored


@blueprint.post("/<round_id>/close")
@permitted("round.manage")
def close(round_id: str) -> Response:
    """Have a round closed in every commune where it is open, as a job, or say what stands in the way."""
    found = get_session().get(Round, round_id)
    if found is None:
        raise Problem("not_found")
    left = closing.obstacles(get_session(), found)
    if left:
        raise Problem("round_not_ready", detail={"reasons": [words(one) for one in left]})
    open_there = [row.commune_id for row in log.rows_of(get_session(), found) if row.state == CommuneState.OPEN]
    if not open_there:
        raise Problem("not_allowed_now")
    job = ask_to_close(get_session(), found, open_there, now(), current_account().id)
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.get("/standards")
@permitted("round.read")
def standard_list() -> str:
    """The poverty standards: their period, where they apply, how well each is known."""
    return render_template("office/rounds/standards.html", found=standards.listing(get_session()), places=_provinces())


@blueprint.route("/standards/new", methods=["GET", "POST"])
@permitted("round.manage")
def new_standard() -> str | tuple[str, int] | Response:
    """Enter a standard: a later decree's, or a province's own."""
    form = NewStandard()
    form.place.choices = [("", gettext("The whole country")), *_provinces().items()]
    if not form.validate_on_submit():
        return render_template("office/rounds/new_standard.html", form=form), 422 if form.is_submitted() else 200
    named = ("code", "title", "valid_from", "valid_to", "is_complete", "status", "source",
             "rural_income", "urban_income", "rural_points", "urban_points")  # fmt: skip
    values = {name: form[name].data for name in named}
    made = Standard(**values, place_id=form.place.data or None)
    standards.add_standard(get_session(), made, now(), current_account().id)
    return redirect(url_for(".standard_list"), 303)


def _provinces() -> dict[str, str]:
    """The names of the provinces that are loaded."""
    names = (
        select(Place.id, PlacePeriod.name)
        .join(PlacePeriod, PlacePeriod.place_id == Place.id)
        .where(Place.kind == PlaceKind.PROVINCE.value, PlacePeriod.valid_to.is_(None))
        .order_by(PlacePeriod.name)
    )
    return {id: name for id, name in get_session().execute(names)}  # noqa: C416 - dict() needs tuples


def words(obstacle: Obstacle) -> str:
    return in_the_way(obstacle.code, obstacle.number)


def _others(one: Round) -> list[str]:
    """Versions of the round's questionnaire that could be put in place, the newest first."""
    query = select(FormVersion.version).where(
        FormVersion.form_id == one.form_id, FormVersion.version != one.form_version, FormVersion.retired_at.is_(None)
    )
    return list(get_session().scalars(query.order_by(FormVersion.published_at.desc())))


def _terms() -> dict[str, object]:
    return {"state": RoundState, "kind": RoundKind, "method": B1Method, "title": gettext("Rounds")}
