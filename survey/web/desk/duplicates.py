"""Persons who may stand in two households: both sides, and what a person says of them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from survey.access import has_verb
from survey.evidence import audit
from survey.jobs import queue
from survey.problems import Problem
from survey.register import duplicates
from survey.register.likeness import Likeness
from survey.terms import LikenessVerdict
from survey.text import N_
from survey.web.desk.forms import PairVerdict, Plain
from survey.web.desk.home import Desk, open_desk
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now
from survey.work import DUPLICATES

blueprint = Blueprint("duplicates", __name__, url_prefix="/desk")
SHOWN = 100  # pairs on a page: the strongest
WORDS = {
    Likeness.NAME: N_("the same name"),
    Likeness.NAME_TONES: N_("the same name but for its tones"),
    Likeness.NAME_ORDER: N_("the same name in another order"),
    Likeness.NAME_NEAR: N_("nearly the same name"),
    Likeness.BIRTHDAY: N_("born on the same day"),
    Likeness.BIRTH_YEAR: N_("born in the same year"),
    Likeness.BIRTH_NEAR: N_("births that differ a little"),
    Likeness.NUMBER: N_("the same personal number"),
    Likeness.NUMBER_NEAR: N_("personal numbers that differ a little"),
}


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(likeness_words=lambda kind: gettext(WORDS[kind]))
    app.register_blueprint(blueprint)


@blueprint.get("/<commune_id>/duplicates")
@permitted("review.read")
def listing(commune_id: str) -> str:
    """The pairs within a commune."""
    return _page(open_desk("review.read", commune_id))


@blueprint.get("/duplicates")
@permitted("review.read")
def across() -> str | BaseResponse:
    """The pairs between the communes of the reader's area."""
    desk = open_desk("review.read")
    if desk.commune_id is not None:
        return redirect(url_for(".listing", commune_id=desk.commune_id))
    return _page(desk)


@blueprint.post("/<commune_id>/duplicates/search")
@permitted("register.change")
def search(commune_id: str) -> BaseResponse:
    """Have the commune's households compared anew, as a job."""
    desk = open_desk("register.change", commune_id)
    return _searched(desk.communes, commune_id, commune_id)


@blueprint.post("/duplicates/search")
@permitted("register.change")
def search_across() -> BaseResponse:
    """Have all households of the province compared with each other."""
    desk = open_desk("register.change")
    return _searched(desk.communes, current_account().place_id or "", desk.commune_id)


def _searched(communes: Sequence[str], place_id: str, commune_id: str | None) -> BaseResponse:
    job = queue.ask(
        get_session(),
        DUPLICATES,
        now(),
        account_id=current_account().id,
        commune_id=commune_id,
        parameters={"communes": sorted(communes), "of": place_id},
    )
    return redirect(url_for("jobs.page", job_id=job.id), 303)


@blueprint.post("/<commune_id>/duplicates")
@permitted("register.change")
def decide(commune_id: str) -> BaseResponse:
    """What a supervisor says of a pair of the commune."""
    _say(open_desk("register.change", commune_id))
    return redirect(url_for(".listing", commune_id=commune_id))


@blueprint.post("/duplicates")
@permitted("register.change")
def decide_across() -> BaseResponse:
    """What the province says of a pair of two of its communes."""
    _say(open_desk("register.change"))
    return redirect(url_for(".across"))


def _page(desk: Desk) -> str:
    across_communes = desk.commune_id is None
    asked = duplicates.questions(get_session(), desk.communes, across=across_communes)
    waiting = [one for one in asked if one.is_open]
    return render_template(
        "desk/duplicates.html",
        desk=desk,
        waiting=waiting[:SHOWN],
        more=max(0, len(waiting) - SHOWN),
        decided=[one for one in asked if not one.is_open],
        elsewhere=0 if across_communes else duplicates.elsewhere(get_session(), desk.commune_id or ""),
        searched=max((one.alike.found_at for one in asked), default=None),
        form=Plain(),
        may_decide=has_verb(current_account().role, "register.change"),
    )


def _say(desk: Desk) -> None:
    form, session = PairVerdict(), get_session()
    if not form.validate():
        raise Problem("bad_request")
    question = duplicates.find(session, form.one.data, form.other.data, desk.communes)
    alike = question.alike
    if alike.commune_id != alike.other_commune_id and len(desk.communes) == 1:
        raise Problem("not_found")
    verdict = LikenessVerdict(form.verdict.data)
    given = {"compared": form.compared.data, "reason": (form.reason.data or "").strip()}
    duplicates.say(session, question, verdict, now(), current_account().id, **given)
    detail = {"one": alike.household_id, "other": alike.other_id}
    audit.record(session, now(), current_account().id, f"duplicates.{verdict.value}", alike.commune_id, detail)
