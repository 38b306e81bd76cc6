"""Accounts that are not handed over to their owners yet, and what the province has blocked until they are."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from survey.accounts import four_eyes
from survey.accounts.four_eyes import Rule
from survey.clocks import day_of
from survey.problems import Problem
from survey.register.places import periods_at
from survey.terms import Role
from survey.web.forms import FourEyesRule, HandedOver
from survey.web.language import current_language
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("hand_overs", __name__)
RULES = {
    Rule.UNTIL_HANDED_OVER: _("What came before the account was handed over"),
    Rule.FOR_GOOD: _("All that comes by an account that one ever made or reset, also after the hand-over"),
    Rule.SHOWN: _("Nothing: what was accepted without four eyes is only shown"),
}


@blueprint.get("/accounts/hand-overs")
@permitted("account.manage")
def page() -> str:
    """Who has not chosen a password yet, and whose choice nobody has confirmed."""
    return _page(HandedOver(formdata=None))


@blueprint.post("/accounts/<account_id>/hand-over")
@permitted("account.manage")
def confirm(account_id: str) -> Response | tuple[str, int]:
    """Confirm that an owner has the account to themselves."""
    form = HandedOver()
    if not form.validate():
        return _page(form, account_id), 422
    four_eyes.hand_over(get_session(), account_id, current_account(), now())
    return redirect(url_for(".page"), 303)


@blueprint.post("/accounts/four-eyes")
@permitted("account.manage")
def set_rule() -> Response:
    """What is blocked in the reader's province."""
    form = _rule_form()
    if not form.validate():
        raise Problem("bad_request")
    four_eyes.set_rule(get_session(), current_account(), Rule(form.rule.data), now())
    return redirect(url_for(".page"), 303)


def _rule_form() -> FourEyesRule:
    form = FourEyesRule()
    form.rule.choices = [(rule.value, words) for rule, words in RULES.items()]
    return form


def _page(form: HandedOver, account_id: str | None = None) -> str:
    session, reader = get_session(), current_account()
    found = four_eyes.waiting(session, reader, now())
    places = periods_at(session, [one.account.place_id for one in found if one.account.place_id], day_of(now()))
    rule = None
    if reader.role == Role.PROVINCE:
        rule = FourEyesRule(rule=four_eyes.rule_of(session, reader.place_id).value, formdata=None)
        rule.rule.choices = _rule_form().rule.choices
    return render_template(
        "office/accounts/hand_overs.html", found=found, form=form, at=account_id, rule=rule,
        names={place_id: period.name for place_id, period in places.items()},
        role_of=lambda account: Role(account.role).label(current_language()),
    )  # fmt: skip
