"""A commune's villages: what happened to each, and what may be written down, shown before it is done."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Flask, Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import func, select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from models import Account, Household, Job, Place, PlaceEvent
from survey.access import has_verb
from survey.accounts.accounts import communes_of
from survey.accounts.assignments import enumerators_of
from survey.borders import villages
from survey.clocks import day_of
from survey.problems import PROBLEMS, Problem
from survey.register import places
from survey.register.tables import FILE_BYTES
from survey.reports.csvfile import written
from survey.terms import Area, HouseholdState, PlaceChange, PlaceKind
from survey.villages import acts as village_acts
from survey.villages import former_tables, visiting
from survey.villages.acts import Plan, Wish
from survey.web.desk.forms import FormerList, Plain, VillageAct
from survey.web.desk.home import open_desk
from survey.web.desk.household import done_now, reason_given
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now
from survey.work import change_villages, undo_change

blueprint = Blueprint("villages", __name__, url_prefix="/desk/<commune_id>/villages")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(PlaceChange=PlaceChange, area_of=Area)
    app.register_blueprint(blueprint)


@blueprint.get("")
@permitted("review.read")
def listing(commune_id: str) -> str:
    """The villages that are there, and those that are no more."""
    return _listed(commune_id)


def _listed(commune_id: str, mistakes: tuple[str, ...] = ()) -> str:
    session, desk = get_session(), open_desk("review.read", commune_id)
    known = villages.fold(places.changes_in(session, [commune_id]))
    present = (Household.commune_id == commune_id) & (Household.state == HouseholdState.PRESENT.value)
    query = select(Household.village_id, func.count()).where(present).group_by(Household.village_id)
    former, alone = _former(commune_id)
    own = [one for one in known.known.values() if one.commune_id == commune_id]
    return render_template(
        "desk/villages/list.html",
        desk=desk,
        there=[one for one in sorted(own, key=lambda each: each.id) if one.is_there],
        over=[one for one in sorted(own, key=lambda each: each.id) if not one.is_there],
        visited=enumerators_of(session, commune_id),
        households={village_id: number for village_id, number in session.execute(query)},  # noqa: C416 - dict() needs tuples
        former=former,
        former_of={one.id: villages.former_of_village(known, one.id, alone) for one in own},
        elsewhere=_elsewhere(own),
        form=FormerList(formdata=None),
        may_write=has_verb(current_account().role, "place.change"),
        mistakes=mistakes,
    )


def _former(commune_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The former communes of a commune by code; and the only one, where there is only one."""
    former = village_acts.former_of_commune(get_session(), commune_id)
    return {one.code: one for one in former}, village_acts.alone_in(get_session(), commune_id)


def _elsewhere(own: list[villages.Village]) -> dict[str, str]:
    """What the villages are called that went to another commune, and those communes."""
    communes = {one.into.rsplit("-", 1)[0] for one in own if one.into is not None}
    communes |= {one.origin.rsplit("-", 1)[0] for one in own if one.origin is not None}
    return places.names_in(get_session(), communes, day_of(now()))


@blueprint.get("/list.csv")
@permitted("review.read")
def as_csv(commune_id: str) -> Response:
    """The villages with their former communes: the list to be filled in and brought back."""
    open_desk("review.read", commune_id)
    known = villages.fold(places.changes_in(get_session(), [commune_id]))
    former, alone = _former(commune_id)
    rows = []
    for one in known.in_commune(commune_id):
        code = villages.former_of_village(known, one.id, alone)
        rows.append([one.id, one.name, code, former[code].name if code in former else None])
    header = ["village_code", "village", "former_commune_code", "former_commune"]
    response = Response(written(header, rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="thon-ban-{commune_id}.csv"'
    return response


@blueprint.post("/former")
@permitted("place.change")
def enter_former(commune_id: str) -> tuple[str, int] | BaseResponse:
    """Enter from a list which former commune each village lies in: all of it or nothing."""
    form, session = FormerList(), get_session()
    if commune_id not in communes_of(session, current_account(), "place.change"):
        raise Problem("not_found")
    if not form.validate() or not form.file.data:
        return _listed(commune_id, (gettext("Choose a file."),)), 422
    known = villages.fold(places.changes_in(session, [commune_id]))
    ids, codes = [one.id for one in known.in_commune(commune_id)], _former(commune_id)[0]
    found, mistakes = former_tables.read_villages("csv", form.file.data.read(FILE_BYTES + 1), ids, codes)
    if mistakes:
        return _listed(commune_id, tuple(one.sentence(gettext) for one in mistakes[:50])), 422
    village_acts.enter_former(session, commune_id, found, done_now())
    return redirect(url_for(".listing", commune_id=commune_id, done="former"), 303)


@blueprint.get("/<village_id>")
@permitted("review.read")
def page(commune_id: str, village_id: str) -> str:
    """What happened to a village, and the forms for who may write."""
    session, desk = get_session(), open_desk("review.read", commune_id)
    known = villages.fold(places.changes_in(session, [commune_id]))
    one = known.known.get(village_id)
    if one is None or one.commune_id != commune_id:
        raise Problem("not_found")
    former, alone = _former(commune_id)
    may_write = has_verb(current_account().role, "place.change") and one.is_there
    today = day_of(now())
    return render_template(
        "desk/villages/one.html",
        desk=desk,
        village=one,
        lines=_lines(commune_id, village_id),
        former=former,
        former_code=villages.former_of_village(known, village_id, alone),
        others=[each for each in known.in_commune(commune_id) if each.id != village_id],
        visitors=enumerators_of(session, commune_id).get(village_id, []),
        households=village_acts.households_on(session, commune_id, village_id, today) if may_write else [],
        communes=_communes(commune_id) if may_write else {},
        elsewhere=_elsewhere([one]),
        form=VillageAct(since=today, formdata=None),
        undoing=Plain(formdata=None),
        may_write=may_write,
        may_undo=has_verb(current_account().role, "place.change"),
        today=today,
    )


def _communes(commune_id: str) -> dict[str, str]:
    """The other communes of the reader's area: where a village may go."""
    reach = communes_of(get_session(), current_account(), "place.change")
    names = places.names_in(get_session(), reach, day_of(now()))
    return {one: names.get(one, one) for one in reach if one != commune_id}


def _lines(commune_id: str, village_id: str) -> list[dict[str, Any]]:
    """What was written down of a village, the newest first."""
    session = get_session()
    rows = session.scalars(
        select(PlaceEvent)
        .where(
            PlaceEvent.commune_id == commune_id,
            (PlaceEvent.village_id == village_id) | (PlaceEvent.other_id == village_id),
        )
        .order_by(PlaceEvent.seq.desc())
    ).all()
    undone = {row.voids: row.seq for row in rows}
    return [
        {
            "row": row,
            "kind": PlaceChange(row.kind),
            "by": one.display_name if row.account_id and (one := session.get(Account, row.account_id)) else None,
            "undone_by": undone.get(row.seq),
        }
        for row in rows
    ]


@blueprint.post("/<village_id>")
@permitted("place.change")
def act(commune_id: str, village_id: str) -> BaseResponse:
    """Show what a change would do; with what was shown and a reason, do it."""
    form, session = VillageAct(), get_session()
    if not form.validate():
        raise Problem("bad_request")
    reach = communes_of(session, current_account(), "place.change")
    if commune_id not in reach:
        raise Problem("not_found")
    wish = _wish(village_id, form)
    if wish.kind is PlaceChange.REZONED and wish.given.get("commune") not in reach:
        raise Problem("place_across")
    if form.basis.data and reason_given():
        job = change_villages(session, commune_id, wish, done_now(), form.basis.data)
        return _done(job, commune_id, village_id, wish.kind)
    plan = village_acts.plan(session, commune_id, wish, day_of(now()))
    return _shown(commune_id, village_id, plan, wish.kind, wish.effective_on)


@blueprint.post("/<village_id>/undo/<seq>")
@permitted("place.change")
def undo(commune_id: str, village_id: str, seq: str) -> BaseResponse:
    """Show what undoing a change would do; with what was shown and a reason, do it."""
    form, session = Plain(), get_session()
    if not form.validate():
        raise Problem("bad_request")
    reach = communes_of(session, current_account(), "place.change")
    number = int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 10 else 0
    event = session.get(PlaceEvent, (commune_id, number))
    if commune_id not in reach or event is None or village_id not in (event.village_id, event.other_id):
        raise Problem("not_found")
    plan = village_acts.plan_undo(session, commune_id, number, day_of(now()))
    if not set(plan.tried) <= set(reach):
        raise Problem("place_across")
    if request.form.get("basis") and reason_given():
        job = undo_change(session, commune_id, number, done_now(), request.form["basis"])
        return _done(job, commune_id, village_id, PlaceChange.VOID)
    return _shown(commune_id, village_id, plan, PlaceChange.VOID, event.effective_on, PlaceChange(event.kind))


def _done(job: Job | None, commune_id: str, village_id: str, kind: PlaceChange) -> BaseResponse:
    """To the village; or to the work that is left, where interviews are judged by another line."""
    if job is not None:
        return redirect(url_for("jobs.page", job_id=job.id), 303)
    return redirect(url_for(".page", commune_id=commune_id, village_id=village_id, done=kind.value), 303)


def _wish(village_id: str, form: VillageAct) -> Wish:
    kind = PlaceChange(form.kind.data)
    said = {key: (form[key].data or "").strip() for key in ("name", "division", "area", "other", "commune", "former")}
    given: dict[str, Any] = {key: one for key, one in said.items() if one}
    if kind is PlaceChange.SPLIT:
        given["households"] = request.form.getlist("household")[:5000]
    return Wish(kind, village_id, form.since.data, given)


def _shown(
    commune_id: str, village_id: str, plan: Plan, kind: PlaceChange, since: date, undone: PlaceChange | None = None
) -> Response:
    """The page that shows what a change would do, and asks for it."""
    session, desk = get_session(), open_desk("review.read", commune_id)
    village = session.get(Place, village_id)
    if village is None or village.kind != PlaceKind.VILLAGE or village.parent_id != commune_id:
        raise Problem("not_found")
    going = plan.register.halves[0].events if plan.register is not None and plan.register.halves else ()
    status = 409 if plan.rule else 422 if request.form.get("basis") else 200
    communes = {commune_id, *plan.tried}
    shown = render_template(
        "desk/villages/act.html",
        desk=desk,
        village_id=village_id,
        plan=plan,
        kind=kind,
        since=since,
        undone=undone,
        refusal=PROBLEMS[plan.rule] if plan.rule else None,
        going=len(going),
        leaving=visiting.leaving(session, plan.visits),
        names=places.names_in(session, communes, day_of(now()))
        | {one.id: one.name for sides in plan.villages for one in sides if one is not None},
        form=Plain(formdata=None),
        said=[(key, text) for key, text in request.form.items(multi=True) if key not in _OWN],
        error=PROBLEMS["register_reason_needed"].title if request.form.get("basis") else None,
        reason=reason_given(),
    )
    return make_response(shown, status)


_OWN = ("csrf_token", "basis", "reason")  # of the page that shows what would happen
