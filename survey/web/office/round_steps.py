"""A round on its own pages: where it stands in each commune, what stands in the way, and the step that is next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy import func, select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from models import RegisterEntry, Round, RoundCommune, RoundRequest
from survey.accounts.accounts import communes_of, names_of
from survey.calendar.standing import standing
from survey.clocks import day_of
from survey.devices.phones import devices_in
from survey.jobs import queue
from survey.problems import Problem
from survey.register.places import names_in
from survey.rounds import cancelling, clock, closing, editing, log, requests
from survey.rounds.closing import Break, Obstacle
from survey.terms import CommuneState, RegisterState, RoundKind, SubmissionState
from survey.web.forms import EditedRound, QuickFinding, Request, RoundDays
from survey.web.round_words import in_the_way
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now
from survey.work import OPEN_ROUND, REOPEN, ask_to_close, being_closed

blueprint = Blueprint("round_steps", __name__, url_prefix="/rounds")
MOST_WORDS = 500  # of a reason
MOST_NAMED = 20  # households of an obstacle; all of them are on the page that it links to


class Line(NamedTuple):
    """A commune in a round. `households`: on its list; `accepted`: of those; `closing`: the job that closes it, if any
    does."""

    row: RoundCommune
    name: str
    households: int
    accepted: int
    obstacles: Sequence[Obstacle]
    closing: str | None

    @property
    def state(self) -> CommuneState:
        return CommuneState(self.row.state)


@blueprint.get("/<round_id>")
@permitted("round.read")
def page(round_id: str) -> str | Response:
    """A round commune by commune; who has one commune is led to it."""
    survey_round = _round(round_id)
    reach = _reach("round.read")
    if len(reach) == 1:
        return redirect(url_for(".commune", round_id=round_id, commune_id=reach[0]), 303)
    lines = _lines(survey_round, reach)
    shown = [one for one in lines if one.households or one.state is CommuneState.CLOSED]
    found = Seen(survey_round, survey_round)
    return render_template(
        "office/rounds/one.html",
        seen=found,
        one=survey_round,
        lines=shown,
        empty=len(lines) - len(shown),
        counts={state: sum(line.state is state for line in lines) for state in CommuneState},
        ready=[
            line
            for line in lines
            if line.state is CommuneState.OPEN and line.households and not (line.obstacles or line.closing)
        ],
        words=words,
    )


@blueprint.get("/<round_id>/<commune_id>/")
@permitted("round.read")
def commune(round_id: str, commune_id: str) -> str:
    """A round in one commune: what is left, who took which step, and the step that is next."""
    survey_round, row = in_commune(round_id, commune_id)
    session = get_session()
    [line] = _lines(survey_round, [commune_id])
    steps = log.history(session, survey_round, commune_id)
    phones = [phone for phone in devices_in(session, commune_id) if phone.unsent]
    return render_template(
        "office/rounds/commune.html",
        seen=Seen(survey_round, row),
        one=survey_round,
        line=line,
        steps=steps,
        names=names_of(session, {step.account_id for step in steps}),
        phones=phones,
        words=words,
        mend=_mend,
        broken=_broken(survey_round, row) if line.obstacles else {},
        parts=closing.accepted_parts(session, round_id, commune_id),
    )


def _broken(survey_round: Round, row: RoundCommune) -> dict[str, list[Break]]:
    """The first households and records of each obstacle."""
    found: dict[str, list[Break]] = {}
    for one in closing.breaks(get_session(), survey_round, row.commune_id, most=MOST_NAMED):
        if one.household_id or one.submission_id:
            found.setdefault(one.code, []).append(one)
    return found


@dataclass(frozen=True)
class Seen:
    """What the pages of a round show at their top. `row`: of the commune, or the round where it is of all."""

    round: Round
    row: Round | RoundCommune

    @property
    def deadlines(self) -> list[clock.Deadline]:
        """Between the periodic rounds each household's own days are counted: here of the one that has waited
        longest."""
        return clock.deadlines(self.round, self.row, day_of(now()), self.since)

    @cached_property
    def since(self) -> date | None:
        """From when the days are counted; None: from nowhere, since nobody waits."""
        if self.round.kind != RoundKind.AD_HOC:
            return self.row.opens_on
        here = [self.row.commune_id] if isinstance(self.row, RoundCommune) else _reach("round.read")
        return requests.waiting_since(get_session(), self.round, here)

    @property
    def days_left(self) -> int:
        """Until the round's own last day."""
        return (self.row.closes_on - day_of(now())).days

    @property
    def is_ad_hoc(self) -> bool:
        return self.round.kind == RoundKind.AD_HOC


@blueprint.post("/<round_id>/<commune_id>/close")
@permitted("round.close")
def close(round_id: str, commune_id: str) -> Response:
    """Have the round closed in a commune, as a job, or say what stands in the way there."""
    survey_round, row = in_commune(round_id, commune_id)
    if row.state != CommuneState.OPEN:
        raise Problem("round_step")
    left = closing.obstacles_by_commune(get_session(), survey_round, [commune_id])[commune_id]
    if left:
        raise Problem("round_not_ready", detail={"reasons": [words(one) for one in left]})
    job = ask_to_close(get_session(), survey_round, [commune_id], now(), current_account().id)
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.post("/<round_id>/close-ready")
@permitted("round.close")
def close_ready(round_id: str) -> Response:
    """Have the round closed in every commune of the reader where nothing stands in the way, as a job."""
    survey_round = _round(round_id)
    ready = closing.ready_to_close(get_session(), survey_round, _reach("round.close"))
    if not ready:
        return redirect(url_for(".page", round_id=round_id), 303)
    job = ask_to_close(get_session(), survey_round, ready, now(), current_account().id)
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.post("/<round_id>/accept")
@permitted("round.accept")
def accept(round_id: str) -> Response:
    """The province accepts the closed communes that were ticked."""
    survey_round = _round(round_id)
    wanted = _ticked("round.accept")
    if not wanted:
        raise Problem("commune_needed")
    closing.accept_communes(get_session(), survey_round, wanted, now(), current_account().id)
    flash(ngettext("%(num)s commune was accepted.", "%(num)s communes were accepted.", len(wanted)))
    return redirect(url_for(".page", round_id=round_id), 303)


@blueprint.post("/<round_id>/<commune_id>/reopen")
@permitted("round.accept")
def reopen(round_id: str, commune_id: str) -> Response:
    """Open a closed or accepted commune again, with the reason; what changed there meanwhile is taken over as a job."""
    survey_round, _row = in_commune(round_id, commune_id)
    closing.begin_again(get_session(), survey_round, commune_id, _reason(), now(), current_account().id)
    flash(gettext("The round is open again in this commune. Its phones hear of it at their next contact."))
    given = {"account_id": current_account().id, "commune_id": commune_id}
    job = queue.ask(get_session(), REOPEN, now(), parameters={"round": round_id}, **given)
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.post("/<round_id>/start")
@permitted("round.manage")
def start(round_id: str) -> Response:
    """Have a planned round opened, in the communes that were ticked or in all, as a job."""
    given: dict[str, Any] = {"round": _round(round_id).id, "communes": _ticked("round.manage") or None}
    job = queue.ask(get_session(), OPEN_ROUND, now(), account_id=current_account().id, parameters=given)
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.route("/<round_id>/cancel", methods=["GET", "POST"])
@permitted("round.manage")
def cancel(round_id: str) -> str | Response:
    """What cancelling the round would do; then do it."""
    survey_round, session = _round(round_id), get_session()
    names = names_in(session, _reach("round.manage"), day_of(now()))
    if request.method == "GET":
        found = cancelling.preview(session, survey_round)
        return render_template("office/rounds/cancel.html", one=survey_round, found=found, names=names)
    try:
        done = cancelling.cancel(session, survey_round, _reason(), now(), current_account().id)
    except Problem as problem:
        accepted = (problem.detail or {}).get("accepted", {})
        reasons = [_accepted_there(names.get(key, key), number) for key, number in accepted.items()]
        raise Problem(problem.code, detail={"reasons": reasons} if reasons else None) from problem
    flash(gettext("%(round)s was cancelled.", round=survey_round.title))
    if done.held:
        flash(ngettext("%(num)s record is kept and held.", "%(num)s records are kept and held.", done.held))
    return redirect(url_for("rounds.listing"), 303)


@blueprint.route("/<round_id>/edit", methods=["GET", "POST"])
@permitted("round.manage")
def edit(round_id: str) -> str | tuple[str, int] | Response:
    """Change the title and the days of a round."""
    survey_round = _round(round_id)
    form = EditedRound(obj=survey_round)
    if not form.validate_on_submit():
        status = 422 if form.is_submitted() else 200
        return render_template("office/rounds/edit.html", one=survey_round, form=form), status
    editing.edit(
        get_session(),
        survey_round,
        title=form.title.data.strip(),
        opens_on=form.opens_on.data,
        closes_on=form.closes_on.data,
        now=now(),
        account_id=current_account().id,
    )
    flash(gettext("The title and the days are changed. Phones hear of them at their next contact."))
    return redirect(url_for(".page", round_id=round_id), 303)


@blueprint.route("/<round_id>/<commune_id>/days", methods=["GET", "POST"])
@permitted("round.manage")
def commune_days(round_id: str, commune_id: str) -> str | tuple[str, int] | Response:
    """Give a round other days in one commune: a flood, a team that began late."""
    survey_round, row = in_commune(round_id, commune_id)
    form, session = RoundDays(obj=row), get_session()
    if not form.validate_on_submit():
        place = names_in(session, [commune_id], day_of(now())).get(commune_id, "")
        page = render_template("office/rounds/edit.html", one=survey_round, form=form, place=place, row=row)
        return page, 422 if form.is_submitted() else 200
    days = {"opens_on": form.opens_on.data, "closes_on": form.closes_on.data}
    editing.edit(
        session,
        survey_round,
        title=survey_round.title,
        **days,
        now=now(),
        account_id=current_account().id,
        communes=[commune_id],
    )
    flash(gettext("The days are changed here. Phones hear of them at their next contact."))
    return redirect(url_for(".commune", round_id=round_id, commune_id=commune_id), 303)


@blueprint.get("/<round_id>/<commune_id>/requests")
@permitted("round.read")
def request_list(round_id: str, commune_id: str) -> str:
    """Who asked to be reviewed in an ad-hoc round (Mẫu số 01)."""
    return _requests_page(*in_commune(round_id, commune_id), Request())


@blueprint.post("/<round_id>/<commune_id>/requests")
@permitted("round.ask")
def ask(round_id: str, commune_id: str) -> tuple[str, int] | Response:
    """Enter a household's request: it comes onto the round's list."""
    survey_round, row = in_commune(round_id, commune_id)
    session, form = get_session(), Request()
    household = None
    if form.validate_on_submit():
        household = requests.find_by_code(session, commune_id, form.code.data)
        if household is None:
            form.code.errors = [gettext("No household of this commune has this number.")]
        if form.asked_on.data > day_of(now()):
            form.asked_on.errors = [gettext("This day has not come yet.")]
    if household is None or form.errors:
        return _requests_page(survey_round, row, form), 422
    requests.ask(
        session,
        survey_round,
        commune_id,
        household.id,
        asked_by=form.asked_by.data,
        asked_on=form.asked_on.data,
        reason=form.reason.data,
        now=now(),
        account_id=current_account().id,
    )
    flash(gettext("The request was entered: household %(code)s is on the list of this round.", code=household.code))
    return redirect(url_for(".request_list", round_id=round_id, commune_id=commune_id), 303)


@blueprint.post("/<round_id>/<commune_id>/requests/<request_id>/quick")
@permitted("round.ask")
def identify(round_id: str, commune_id: str, request_id: str) -> tuple[str, int] | Response:
    """Write down what the quick identification (Phiếu A) found of a household that asked."""
    survey_round, row = in_commune(round_id, commune_id)
    session, form = get_session(), QuickFinding()
    paper = session.get(RoundRequest, (commune_id, request_id))
    if paper is None or paper.round_id != round_id:
        raise Problem("not_found")
    if form.validate_on_submit() and not paper.asked_on <= form.found_on.data <= day_of(now()):
        form.found_on.errors = [gettext("The day lies between the day of the paper and today.")]
    if form.errors:
        return _requests_page(survey_round, row, Request(formdata=None), form, request_id), 422
    requests.identify(
        session,
        commune_id,
        request_id,
        passed=form.passed.data == "yes",
        found_by=form.found_by.data,
        found_on=form.found_on.data,
        reason=form.reason.data,
        now=now(),
        account_id=current_account().id,
    )
    flash(gettext("The result of the quick identification is written down."))
    return redirect(url_for(".request_list", round_id=round_id, commune_id=commune_id), 303)


@blueprint.post("/<round_id>/<commune_id>/requests/<request_id>/back")
@permitted("round.ask")
def take_back(round_id: str, commune_id: str, request_id: str) -> Response:
    """Take a request back that was entered by mistake."""
    in_commune(round_id, commune_id)
    requests.take_back(get_session(), commune_id, request_id, _reason(), now(), current_account().id)
    flash(gettext("The request was taken back."))
    return redirect(url_for(".request_list", round_id=round_id, commune_id=commune_id), 303)


def words(obstacle: Obstacle) -> str:
    return in_the_way(obstacle.code, obstacle.number)


def _requests_page(
    survey_round: Round, row: RoundCommune, form: Request, finding: QuickFinding | None = None, of: str = ""
) -> str:
    """`finding`: what was said wrongly of the request `of`."""
    session = get_session()
    return render_template(
        "office/rounds/requests.html",
        seen=Seen(survey_round, row),
        one=survey_round,
        row=row,
        form=form,
        finding=finding,
        of=of,
        fresh=QuickFinding(formdata=None),
        found=requests.listing(session, survey_round, row.commune_id),
        due=lambda paper: clock.deadlines(survey_round, row, day_of(now()), day_of(paper.at)),
        without=requests.without_paper(session, survey_round, row.commune_id),
        place=names_in(session, [row.commune_id], day_of(now())).get(row.commune_id, ""),
        takes=row.state == CommuneState.OPEN and survey_round.kind == RoundKind.AD_HOC,
    )


def _round(round_id: str) -> Round:
    found = get_session().get(Round, round_id)
    if found is None:
        raise Problem("not_found")
    return found


def in_commune(round_id: str, commune_id: str) -> tuple[Round, RoundCommune]:
    """A round, and where it stands in a commune that the guard let the reader into; raises not_found."""
    survey_round = _round(round_id)
    row = standing(get_session(), round_id, commune_id)
    if row is None:
        raise Problem("not_found")
    return survey_round, row


def _reach(verb: str) -> list[str]:
    return communes_of(get_session(), current_account(), verb)


def _ticked(verb: str) -> list[str]:
    """The communes that were chosen; raises not_found for one beyond reach."""
    wanted = request.form.getlist("commune")
    if not set(wanted) <= set(_reach(verb)):
        raise Problem("not_found")
    return wanted


def _lines(survey_round: Round, reach: Sequence[str]) -> list[Line]:
    session = get_session()
    rows = [row for row in log.rows_of(session, survey_round) if row.commune_id in set(reach)]
    counted = (
        select(RegisterEntry.commune_id, RegisterEntry.state, func.count())
        .where(RegisterEntry.round_id == survey_round.id, RegisterEntry.commune_id.in_(reach))
        .group_by(RegisterEntry.commune_id, RegisterEntry.state)
    )
    households: dict[str, int] = {}
    accepted: dict[str, int] = {}
    for commune_id, state, number in session.execute(counted):
        households[commune_id] = households.get(commune_id, 0) + number
        if state == RegisterState.ACCEPTED:
            accepted[commune_id] = number
    open_there = [row.commune_id for row in rows if row.state == CommuneState.OPEN]
    left = closing.obstacles_by_commune(session, survey_round, open_there)
    names = names_in(session, [row.commune_id for row in rows], day_of(now()))
    going_on = being_closed(session, survey_round.id)
    return [
        Line(
            row, names.get(row.commune_id, row.commune_id), households.get(row.commune_id, 0),
            accepted.get(row.commune_id, 0), left.get(row.commune_id, ()), going_on.get(row.commune_id),
        )
        for row in rows
    ]  # fmt: skip


def _mend(code: str, row: RoundCommune) -> str | None:
    """Where an obstacle is mended."""
    here: dict[str, Any] = {"commune_id": row.commune_id, "round": row.round_id}
    states = {"to_review": SubmissionState.SUBMITTED, "returned": SubmissionState.RETURNED}
    if code == "not_visited":
        return url_for("reports.listed", **here, state=RegisterState.TO_VISIT.value)
    if code in states:
        return url_for("review.shelf", **here, state=states[code].value)
    if code == "held":
        return url_for("held.page", **here)
    if code in ("outcome_unconfirmed", "request_undecided"):
        return url_for("outcomes.listing" if code == "outcome_unconfirmed" else "requests.listing", **here)
    if code == "not_asked":
        return url_for(".request_list", round_id=row.round_id, commune_id=row.commune_id)
    if code == "catching_up":
        return url_for("jobs.listing")
    return url_for("points.listing") if code == "illustrative_b1" else None


def _reason() -> str:
    """The reason of a step, as typed."""
    said = request.form.get("reason", "").strip()
    if not said or not said.isprintable() or len(said) > MOST_WORDS:
        raise Problem("reason_needed")
    return said


def _accepted_there(name: str, number: int) -> str:
    return ngettext(
        "%(place)s: %(num)s interview accepted", "%(place)s: %(num)s interviews accepted", number, place=name
    )
