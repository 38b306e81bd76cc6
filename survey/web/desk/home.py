"""The desk's first page, and what its pages share: the communes a reader may see, the round, what places are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Flask, render_template, request, url_for
from sqlalchemy import select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from models import Place, Round
from survey.access import has_verb
from survey.accounts.accounts import communes_of
from survey.calendar.default import Known, rounds_in
from survey.calendar.standing import not_accepted, open_in
from survey.clocks import day_of
from survey.devices.phones import devices_in
from survey.evidence.lineage import restored_at
from survey.poverty.readings import Reading
from survey.problems import Problem
from survey.questionnaires import readings
from survey.questionnaires.published import load_form
from survey.register.places import names_in, over_in
from survey.reports.report import report
from survey.reports.selection import Condition
from survey.review import outcomes, queue
from survey.review.queue import Shelf
from survey.submissions.four_eyes import blocked
from survey.terms import CommuneState, Dimension, HouseholdClass, Indicator, Role, RoundAction, RoundState
from survey.text import in_language
from survey.web import formats
from survey.web.language import current_language
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now, server_doubt

blueprint = Blueprint("desk", __name__, url_prefix="/desk")
PAGE_SIZE = 50


@dataclass(frozen=True)
class Desk:
    """What a page of the desk is about. `commune_id` None: all communes of the reader's area. `rounds`: the one that is
    meant there first. `state`: of the round in the commune, None where communes differ; `provisional`: the communes
    whose figures the province has not accepted in it."""

    communes: tuple[str, ...]
    commune_id: str | None
    rounds: Sequence[Round]
    round: Round | None
    names: dict[str, str]
    state: CommuneState | None
    provisional: frozenset[str]
    over: frozenset[str] = frozenset()

    def name(self, place_id: str | None) -> str:
        return self.names.get(place_id or "", "")

    @property
    def villages(self) -> dict[str, str]:
        """The commune's villages by id; `over`: those that are no more."""
        return {key: name for key, name in self.names.items() if key not in self.communes and key not in self.over}

    @property
    def asked_round(self) -> Round:
        """The round; raises not_found while there is none."""
        if self.round is None:
            raise Problem("not_found")
        return self.round

    def condition(self) -> Condition:
        return Condition(self.asked_round.id, self.communes)


def open_desk(verb: str, commune_id: str | None = None) -> Desk:
    """The communes in which the reader has `verb` (only `commune_id` when given) and the round that `?round=` names,
    else the one that is meant there (`survey.calendar.default`)."""
    session = get_session()
    may_see = communes_of(session, current_account(), verb)
    if commune_id is None and len(may_see) == 1:
        commune_id = may_see[0]
    communes = tuple(may_see) if commune_id is None else (commune_id,)
    known = rounds_in(session, communes, day_of(now()))
    wanted = request.args.get("round")
    first = known[0].round if known and not known[0].is_cancelled else None
    chosen = first if wanted is None else session.get(Round, wanted)
    if wanted is not None and chosen is None:
        raise Problem("not_found")
    provisional = not_accepted(session, chosen.id, communes) if chosen else set()
    state = next((_state(one) for one in known if one.round is chosen), None)
    rounds = [one.round for one in known if not one.is_cancelled or one.round is chosen]
    names = names_in(session, communes, day_of(now()))
    over = over_in(session, communes, day_of(now())) if commune_id is not None else frozenset()
    return Desk(communes, commune_id, rounds, chosen, names, state, frozenset(provisional), over)


def open_readings(desk: Desk) -> list[Reading]:
    """The readings that the round's questionnaire makes and no paper confirms."""
    survey_round = desk.asked_round
    form = load_form(get_session(), survey_round.form_id, survey_round.form_version)
    return readings.unconfirmed(get_session(), form)


def province_of(desk: Desk) -> str | None:
    """The province of the page's communes; None where they lie in several."""
    found = set(get_session().scalars(select(Place.parent_id).where(Place.id.in_(desk.communes)).distinct()))
    return found.pop() if len(found) == 1 else None


def _state(known: Known) -> CommuneState | None:
    """Where a round stands: in one commune, or alike in all."""
    return next(iter(known.states)) if len(known.states) == 1 else None


def page_number() -> int:
    """`?page=`, from 1."""
    return min(max(request.args.get("page", 1, int), 1), 100_000)


def init_app(app: Flask) -> None:
    formats.init_app(app)
    app.jinja_env.globals.update(
        may_here=lambda verb: has_verb(current_account().role, verb),
        term=lambda term: term.label(current_language()),
        said=lambda words: in_language(words, current_language()),
        round_state=lambda one: RoundState(one.state).label(current_language()),
        moment_now=now,
        server_doubt=server_doubt,
        this_desk=lambda: open_desk("desk.read"),
        household_class=HouseholdClass,
        CommuneState=CommuneState,
        RoundAction=RoundAction,
        indicator=Indicator,
        dimension=Dimension,
    )
    app.register_blueprint(blueprint)


@blueprint.get("/")
@permitted("desk.read")
def home() -> str | Response:
    """What awaits the supervisor; for who sees several communes, how far each one is."""
    desk = open_desk("desk.read")
    if desk.commune_id is None:
        return province(desk)
    return redirect(url_for(".commune", commune_id=desk.commune_id))


def province(desk: Desk) -> str:
    """How far each commune is."""
    found = report(get_session(), desk.condition(), by_village=False) if desk.round else None
    waiting = blocked(get_session(), desk.communes, desk.round.id, now()) if desk.round else {}
    return render_template("desk/province.html", desk=desk, found=found, waiting=waiting)


@blueprint.get("/<commune_id>/")
@permitted("desk.read")
def commune(commune_id: str) -> str:
    """What awaits a decision in one commune, which phones hold entries, how far each village is."""
    desk = open_desk("desk.read", commune_id)
    session = get_session()
    if desk.round is None:
        return render_template("desk/commune.html", desk=desk, found=None, counts={}, phones=[])
    shelf = Shelf(commune_id, desk.round.id)
    return render_template(
        "desk/commune.html",
        desk=desk,
        found=report(session, desk.condition(), by_village=True),
        counts=queue.totals(session, shelf),
        blocked=len(blocked(session, [commune_id], desk.round.id, now()).get(commune_id, [])),
        outcomes_waiting=outcomes.waiting(session, commune_id, desk.round.id),
        phones=[phone for phone in devices_in(session, commune_id) if phone.unsent or phone.gone],
        restored=restored_at(session),
        decides=current_account().role == Role.SUPERVISOR,
        beside=[one for one in open_in(session, commune_id) if one is not desk.round],
    )
