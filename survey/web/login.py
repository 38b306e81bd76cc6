"""Signing in and out."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_babel import gettext, ngettext
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from models import Account
from survey.accounts import factor, four_eyes, guessing, signin
from survey.accounts.guessing import MadeUpNames, Shown
from survey.evidence import audit
from survey.lacks import lack_of
from survey.problems import PROBLEMS, Problem
from survey.terms import Role, SessionKind
from survey.web.forms import Code, SignIn
from survey.web.installation import seals
from survey.web.language import COOKIE, remember
from survey.web.security import (
    await_code,
    code_was_shown,
    delivers_only,
    give_up,
    held,
    local_address,
    public,
    session_text,
    sign_in,
    sign_out,
    start_over,
    who_is_awaited,
)
from survey.web.session import aside, get_session, keep_changes, now
from survey.web.strangers import Buckets

blueprint = Blueprint("login", __name__)
KNOWN = "so_ho_known"  # the cookie by which a device is known where somebody was signed in on it
MADE_UP = 1.0, 60.0  # names that nobody has, looked at for an address: a second, and at once


class _SecureUnderHTTPS(SecureCookieSessionInterface):
    """The session cookie is Secure whenever the request came by HTTPS; on a bare local network it still works."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask hands the app
        return bool(request.is_secure)


def init_app(app: Flask) -> None:
    app.session_interface = _SecureUnderHTTPS()
    app.extensions.update(made_up_names=MadeUpNames(), made_up_tries=Buckets(*MADE_UP))
    app.register_blueprint(blueprint)


@blueprint.get("/login")
@public
def page() -> str | BaseResponse:
    """The sign-in page, or onward for who is signed in already."""
    onward = local_address(request.args.get("next"))
    kinds = [_kind_for(onward)] if onward else [SessionKind.DESK, SessionKind.PHONE]
    for found in filter(None, map(held, kinds)):
        # Who comes from a phone whose vault has a key could not show it: only signing in anew helps.
        if not delivers_only(found) and found.row.vault_key is None:
            return redirect(onward or home_of(found.account))
    withdrawn = PROBLEMS["revoked"] if any(map(held, kinds)) else None
    once_more = SessionKind.PHONE not in kinds and held(SessionKind.PHONE) is not None
    return render_template("login.html", form=SignIn(), failed=False, withdrawn=withdrawn, once_more=once_more)


@blueprint.post("/login")
@public
def submit() -> str | tuple[str, int] | BaseResponse:
    """Sign in, or say one sentence that does not tell which of the two was wrong."""
    form = SignIn()
    if not form.validate():
        return render_template("login.html", form=form, failed=False), 422
    try:
        account = _account_of(form)
    except Problem as waits:
        return _told(form, waits)
    except Exception as error:
        if lack_of(error) is None:
            raise
        return _told(form, give_up(error), uncounted=True)
    if account is None:
        return render_template("login.html", form=form, failed=True), 422
    if factor.has(get_session(), account):
        await_code(account)
        return redirect(url_for("login.code", next=local_address(request.args.get("next"))), 303)
    return _welcome(account)


def _account_of(form: SignIn) -> Account | None:
    """Whose name and password these are; None when they do not belong together, which counts. Raises as
    `signin.look`, and what says that the machine could not look at the password, which does not."""
    start_over()  # nobody who writes waits while the password is looked at
    made_up = current_app.extensions["made_up_names"]
    with aside(writes=False) as session:  # a crowd that is refused takes no turn of who writes
        account_id = signin.look(session, form.username.data, _shown(), made_up, now())
    asked = signin.NOBODY
    if account_id is not None:
        with aside() as session:
            asked = signin.ask(session, account_id, _shown(), now())
    elif not current_app.extensions["made_up_tries"].take(_address(), time.monotonic()):
        return None
    try:
        right = signin.is_right(asked, form.password.data)
    except Exception:
        if asked.tried is not None:
            with suppress(OperationalError), aside() as session:
                guessing.take_back(session, asked.tried)
        raise
    keep_changes()  # a wrong one counts although its answer is a refusal
    return signin.answered(get_session(), asked, right, form.password.data)


def _shown() -> Shown:
    return Shown(request.cookies.get(KNOWN, ""), session_text())


def _address() -> str:
    return request.remote_addr or ""


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
    session = get_session()
    try:
        tried = guessing.count(session, account, _shown(), now())
        right = factor.check(session, account, seals(), form.code.data, now())
        code_was_shown(right)
    except Problem as waits:
        form.code.errors = [_in_words(waits)]
        return _waiting(render_template("login_code.html", form=form), waits)
    if not right:
        guessing.was_wrong(session, tried)
        form.code.errors = [gettext("This code is not right, or was used before.")]
        return render_template("login_code.html", form=form), 422
    guessing.take_back(session, tried)
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
    text = guessing.signed_in(get_session(), account, _shown(), now())
    onward = local_address(request.args.get("next")) or home_of(account)
    sign_in(account, kind=_kind_for(onward), factor_at=factor_at)
    response = remember(redirect(onward, 303), language)
    response.set_cookie(
        KNOWN, text, max_age=guessing.KEPT, secure=request.is_secure, httponly=True, samesite="Lax", path="/login"
    )
    return response


def _kind_for(onward: str) -> SessionKind:
    """Whose session is begun on the way to an address: the app's page is the phone's, every other a desk's."""
    return SessionKind.PHONE if urlsplit(onward).path == "/" else SessionKind.DESK


def _told(form: SignIn, why: Problem, *, uncounted: bool = False) -> BaseResponse:
    """The sign-in page with why the password was not looked at; `uncounted`: for want of something here."""
    said = gettext("The password could not be checked, and this does not count as a wrong try. Try again in a moment.")
    told = f"{gettext(why.refusal.title)} {said}" if uncounted or why.code == "busy" else _in_words(why)
    return _waiting(render_template("login.html", form=form, failed=False, told=told), why)


def _in_words(why: Problem) -> str:
    """What is so, how long it lasts, and the next step."""
    minutes = -(-(why.retry_after or 0) // 60)
    wait = ngettext("It takes another minute.", "It takes another %(num)s minutes.", minutes) if minutes else ""
    if why.code == "new_refused":
        wait = ""
    return " ".join(filter(None, (gettext(why.refusal.title), wait, gettext(why.refusal.next))))


def _waiting(page: str, why: Problem) -> BaseResponse:
    response = Response(page, why.status)
    if why.retry_after is not None:
        response.headers["Retry-After"] = str(why.retry_after)
    return response


@blueprint.post("/logout")
@public
def out() -> BaseResponse:
    """Sign out of this browser. What the phone has stored stays."""
    sign_out()
    return redirect(url_for("login.page"), 303)


def home_of(account: Account) -> str:
    """Where an account's work begins: the phone's page for who interviews, else the desk."""
    return "/" if account.role == Role.ENUMERATOR else "/desk/"
