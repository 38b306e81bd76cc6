"""The first sign-in: the code was somebody else's, so the owner chooses a password before anything is opened."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from models import Account
from survey.accounts import accounts, factor, four_eyes, passwords
from survey.problems import Problem
from survey.web.forms import OwnPassword
from survey.web.login import welcome
from survey.web.security import awaited_factor_at, local_address, public, who_is_awaited
from survey.web.session import get_session, now

blueprint = Blueprint("enrolment", __name__)


@blueprint.route("/login/own-password", methods=["GET", "POST"])
@public
def page() -> str | tuple[str, int] | BaseResponse:
    """Choose a password, for who has just typed the code of the first sign-in (and of the second factor)."""
    session, account, onward = get_session(), who_is_awaited(), local_address(request.args.get("next"))
    if account is None or not four_eyes.awaits_owner(session, account):
        return redirect(url_for("login.page", next=onward), 303)
    if factor.has(session, account) and awaited_factor_at() is None:
        return redirect(url_for("login.code", next=onward), 303)
    form = OwnPassword()
    if request.method == "GET" or not form.validate() or not is_strong(form, account):
        return _page(form, 200 if request.method == "GET" else 422)
    if accounts.password_matches(account.password_hash, form.password.data):
        form.password.errors = [gettext("Choose another than the code: somebody else has seen it.")]
        return _page(form, 422)
    shown = awaited_factor_at()
    accounts.set_password(account, form.password.data)
    four_eyes.enrolled(session, account, now())
    return welcome(account, shown)


def is_strong(form: OwnPassword, account: Account) -> bool:
    """Whether the new password is good for the account; its field says what is wrong."""
    try:
        passwords.check(form.password.data, passwords.names_about(get_session(), account))
    except Problem as weak:
        form.password.errors = [f"{gettext(weak.refusal.title)} {gettext(weak.refusal.next)}"]
        return False
    return True


def _page(form: OwnPassword, status: int) -> tuple[str, int]:
    return render_template("enrolment.html", form=form), status
