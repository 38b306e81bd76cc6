"""Signing in and out."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Flask, Response, redirect, render_template, request, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from models import Account
from survey.accounts import factor, four_eyes
from survey.accounts.signin import authenticate
from survey.evidence import audit
from survey.lacks import lack_of
from survey.problems import PROBLEMS, Problem
from survey.terms import Role
from survey.web.forms import Code, SignIn
from survey.web.installation import seals
from survey.web.language import COOKIE, remember
from survey.web.security import (
    await_code,
    give_up,
    local_address,
    only_delivers,
    public,
    sign_in,
    sign_out,
    signed_in_account,
    who_is_awaited,
)
from survey.web.session import get_session, keep_changes, now

blueprint = Blueprint("login", __name__)


class _SecureUnderHTTPS(SecureCookieSessionInterface):
    """The session cookie is Secure whenever the request came by HTTPS; on a bare local network it still works."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask hands the app
        return bool(request.is_secure)


def init_app(app: Flask) -> None:
    app.session_interface = _SecureUnderHTTPS()
    app.register_blueprint(blueprint)


@blueprint.get("/login")
@public
def page() -> str | BaseResponse:
    """The sign-in page, or onward for who is signed in already."""
    account = signed_in_account()
    if account is not None:
        return redirect(local_address(request.args.get("next")) or home_of(account))
    withdrawn = PROBLEMS["revoked"] if only_delivers() else None
    return render_template("login.html", form=SignIn(), failed=False, withdrawn=withdrawn)


@blueprint.post("/login")
@public
def submit() -> str | tuple[str, int] | BaseResponse:
    """Sign in, or say one sentence that does not tell which of the two was wrong."""
    form = SignIn()
    if not form.validate():
        return render_template("login.html", form=form, failed=False), 422
    keep_changes()  # a failed attempt counts although its answer is a refusal
    address = request.remote_addr or "unknown"
    try:
        account = authenticate(get_session(), form.username.data, form.password.data, address, now())
    except Exception as error:
        if lack_of(error) is None:
            raise
        return _not_looked_at(form, give_up(error))
    if account is None:
        return render_template("login.html", form=form, failed=True), 422
    if factor.has(get_session(), account):
        await_code(account)
        return redirect(url_for("login.code", next=local_address(request.args.get("next"))), 303)
    return _welcome(account)


@blueprint.route("/login/code", methods=["GET", "POST"])
@public
def code() -> str | tuple[str, int] | BaseResponse:
    """The code of the second factor, for who has just typed the password."""
    account = who_is_awaited()
    if account is None:
        return redirect(url_for("login.page", next=local_address(request.args.get("next"))), 303)
    form = Code()
    if request.method == "GET" or not form.validate():
        return render_template("login_code.html", form=form), 200 if request.method == "GET" else 422
    keep_changes()  # a wrong code counts although its answer is a refusal
    if not factor.check(get_session(), account, seals(), form.code.data, now()):
        form.code.errors = [gettext("This code is not right, or was used before.")]
        return render_template("login_code.html", form=form), 422
    return _welcome(account, factor_at=now())


def _welcome(account: Account, factor_at: datetime | None = None) -> BaseResponse:
    if four_eyes.awaits_owner(get_session(), account):
        await_code(account, factor_at=factor_at)
        return redirect(url_for("enrolment.page", next=local_address(request.args.get("next"))), 303)
    return welcome(account, factor_at)


def welcome(account: Account, factor_at: datetime | None = None) -> BaseResponse:
    """Signed in, and on to where they wanted."""
    audit.record(get_session(), now(), account.id, "signed_in")
    language = request.cookies.get(COOKIE) or account.language
    sign_in(account, factor_at=factor_at)
    return remember(redirect(local_address(request.args.get("next")) or home_of(account), 303), language)


def _not_looked_at(form: SignIn, lack: Problem) -> BaseResponse:
    """The machine could not work it out: that is said, and counts for nothing."""
    page = Response(render_template("login.html", form=form, failed=False, lack=lack), lack.status)
    page.headers["Retry-After"] = str(lack.retry_after)
    return page


@blueprint.post("/logout")
@public
def out() -> BaseResponse:
    """Sign out of this browser. What the phone has stored stays."""
    sign_out()
    return redirect(url_for("login.page"), 303)


def home_of(account: Account) -> str:
    """Where an account's work begins: the phone's page for who interviews, else the desk."""
    return "/" if account.role == Role.ENUMERATOR else "/desk/"
