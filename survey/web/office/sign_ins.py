"""«Where somebody is signed in»: one's own sessions, and those of accounts that the reader looks after; ended one by
one or all at once."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from sqlalchemy import select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from models import Account, Device, SessionRow
from survey.accounts import sessions
from survey.accounts.accounts import accounts_in_reach
from survey.devices import phones
from survey.problems import Problem
from survey.terms import SessionKind
from survey.web.security import current_account, current_session, go_on, permitted, sign_out
from survey.web.session import get_session, now

blueprint = Blueprint("sign_ins", __name__)
# By a mark in what a browser says of itself, the first that is there; each says the marks of those below it too.
_BROWSERS = {
    "coc_coc": "Coc Coc",
    "Edg": "Edge",
    "SamsungBrowser": "Samsung Internet",
    "OPR/": "Opera",
    "FxiOS": "Firefox",
    "Firefox": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}


@blueprint.get("/account/sessions")
@permitted("self.manage")
def own() -> str:
    """Where one is signed in."""
    return _page(current_account(), own=True)


@blueprint.post("/account/sessions/<row_id>/end")
@permitted("self.manage")
def end_own(row_id: str) -> Response:
    """End a session of one's own; this one is signed out."""
    if row_id == current_session().id:
        sign_out()
    else:
        sessions.end_one(get_session(), current_account().id, row_id, current_account(), now())
    return redirect(url_for(".own"), 303)


@blueprint.post("/account/sessions/end")
@permitted("self.manage")
def end_others() -> Response:
    """End all sessions of one's own but this one, and the keys."""
    sessions.end_all(get_session(), current_account(), current_account(), now())
    go_on()
    return redirect(url_for(".own"), 303)


@blueprint.get("/accounts/<account_id>/sessions")
@permitted("account.manage")
def of_account(account_id: str) -> str:
    """Where somebody is signed in whom the reader looks after."""
    return _page(_find(account_id), own=False)


@blueprint.post("/accounts/<account_id>/sessions/<row_id>/end")
@permitted("account.manage")
def end_one(account_id: str, row_id: str) -> Response:
    """End a session of an account."""
    sessions.end_one(get_session(), _find(account_id).id, row_id, current_account(), now())
    return redirect(url_for(".of_account", account_id=account_id), 303)


@blueprint.post("/accounts/<account_id>/sessions/end")
@permitted("account.manage")
def end_all(account_id: str) -> Response:
    """End all sessions and keys of an account."""
    account = _find(account_id)
    if account.id == current_account().id:
        return end_others()
    sessions.end_all(get_session(), account, current_account(), now())
    return redirect(url_for(".of_account", account_id=account_id), 303)


def _page(account: Account, *, own: bool) -> str:
    session = get_session()
    found = sessions.holding(session, account, now())
    labels = {one.id: one.label for one in session.scalars(select(Device).where(Device.account_id == account.id))}
    return render_template(
        "office/accounts/sessions.html", account=account, own=own, found=found, labels=labels,
        named={row.id: browser_name(row.agent) for row in found}, this=current_session().id,
        delivering={row.id for row in found if _only_delivers(account, row)},
        kinds=SessionKind,
    )  # fmt: skip


def browser_name(agent: str) -> str:
    """What a person calls the browser and the machine that `agent` (its User-Agent) is of: "Chrome, Android"; its first
    words where neither is known."""
    known = (next((name for mark, name in marks.items() if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS))
    return ", ".join(one for one in known if one) or agent[:40]


def _only_delivers(account: Account, row: SessionRow) -> bool:
    withdrawn = phones.is_withdrawn(get_session(), account.id, sessions.names_of(row), row.made)
    return withdrawn or row.kind == SessionKind.SEND or not account.active


def _find(account_id: str) -> Account:
    """An account that the reader looks after; any other is as if it did not exist."""
    for account in accounts_in_reach(get_session(), current_account()):
        if account.id == account_id:
            return account
    raise Problem("not_found")
