"""The guard before every view: denied unless the view says @public or names its verb with @permitted.

A route without a mark stops the app from starting. Order: sign-in is asked before the CSRF token, because an expired
session must read as such to a phone (401), not as a stale form (403).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import (
    Blueprint,
    Flask,
    Response,
    after_this_request,
    current_app,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import inspect
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as BaseResponse

from models import Account, SessionRow, SignInTries
from survey.access import VERBS, has_verb, may
from survey.accounts import factor, guessing, proofs, sessions
from survey.accounts.accounts import holder_of, where_is
from survey.accounts.sessions import SignedIn
from survey.devices import phones
from survey.evidence import audit
from survey.evidence.openings import Opening
from survey.lacks import lack_of
from survey.problems import PROBLEMS, Problem, code_of_status
from survey.terms import SessionEnd, SessionKind
from survey.web.session import abandon, get_engine, get_session, is_reading, keep_changes, now, put_down

PUBLIC = "public"
OWN = "self.manage"  # the verb of what everybody may, without a second factor too: making one
AWAITED = timedelta(minutes=10)  # for the code, after the password
_TEXT = "sid"  # of the cookie: the text of its session
PHONE = "so_ho_phone"  # the cookie of a phone's session: a page never asks for it
ACCESS = "X-So-Ho-Access"  # the header that carries what an opened vault was given
_PHONES = {SessionKind.PHONE, SessionKind.BOTH, SessionKind.SEND}  # what opens the phone's door
_DESKS = {SessionKind.DESK, SessionKind.BOTH, SessionKind.SEND}  # and what a page
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; font-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(self)",
}
csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Anybody may see this, signed in or not."""
    view.verb = PUBLIC  # type: ignore[attr-defined]
    return view


def permitted(
    verb: str,
    *,
    delivers: bool = False,
    either: bool = False,
    bare: bool = False,
    went: Callable[..., str | None] | None = None,
) -> Callable[[View], View]:
    """Who has `verb` may; a `commune_id` in the address must lie in their area.
    `delivers`: a session of a closed account or a withdrawn phone may too, to hand over what the phone holds.
    `either`: a phone's and a desk's session. `bare`: a phone that is locked too, which then must hear nothing of
    anybody. `went`: the address of the same thing within the reader's area, where it went there from another's."""
    if verb not in VERBS:
        raise ValueError(f"no such verb: {verb}")

    def mark(view: View) -> View:
        view.verb = verb  # type: ignore[attr-defined]
        view.delivers = delivers  # type: ignore[attr-defined]
        view.either = either  # type: ignore[attr-defined]
        view.bare = bare  # type: ignore[attr-defined]
        view.went = went  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask) -> None:
    app.view_functions["static"] = public(app.view_functions["static"])
    app.before_request(_guard)
    csrf.init_app(app)
    app.after_request(_headers)
    app.after_request(_note_seen)
    app.after_request(_note_opened)
    app.register_error_handler(Problem, _answer_problem)
    app.register_error_handler(CSRFError, lambda _error: _answer_problem(Problem("csrf")))
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_crash)
    app.jinja_env.globals.update(
        signed_in_account=signed_in_account, factor_due=factor_due, tries_to_tell=tries_to_tell
    )


def check_marks(app: Flask) -> None:
    """Refuse to start with a route that is neither public on purpose nor names its verb."""
    unmarked = [name for name, view in app.view_functions.items() if not hasattr(view, "verb")]
    if unmarked:
        raise RuntimeError(f"routes without @public or @permitted: {', '.join(sorted(unmarked))}")


def signed_in_account() -> Account | None:
    """Whose request this is, or None. The session ends with its time, from another place (`accounts/sessions.py`), with
    a new password or role."""
    found = _signed_in()
    if found is None:
        return None
    view = current_app.view_functions.get(request.endpoint or "")
    return found.account if not g.only_delivers or getattr(view, "delivers", False) else None


def current_account() -> Account:
    """Whose request this is; raises `not_signed_in`, `session_expired` or `revoked`."""
    account = signed_in_account()
    if account is None:
        if only_delivers() and request.path.startswith("/api/"):
            raise Problem("revoked")
        raise Problem("session_expired" if _brings_one() else "not_signed_in")
    return account


def put_on_record(verb: str, subject: str = "", detail: Any = None) -> None:
    """Write down in the log that who is signed in did this (`audit.record`), also where they only fetched something."""
    account_id, when = current_account().id, now()
    put_down(lambda session: audit.record(session, when, account_id, verb, subject, detail))


def show_household(commune_id: str, household_id: str) -> None:
    """This page shows a household: that who is signed in opened it is written down once it is out."""
    g.shown_household = (commune_id, household_id)


def current_session() -> SessionRow:
    """The row of this request's session; raises as `current_account` does."""
    current_account()
    row: SessionRow = g.signed_in.row
    return row


def only_delivers() -> bool:
    """Whether this session is one of a closed account or a withdrawn phone: it may hand over, and is told nothing."""
    _signed_in()
    return bool(g.get("only_delivers"))


def remember_device(device_id: str) -> str:
    """This session is that phone's, if it is none's yet; the id of the phone that it is of. It stays so whatever else
    the phone calls itself later: who holds a withdrawn one must not talk themselves out of it."""
    row = current_session()
    bound = sessions.bind(get_session(), row, device_id, now())
    desk = held(SessionKind.DESK)  # of the same browser: it goes with the phone when that is withdrawn
    if desk is not None and desk.account.id == row.account_id and desk.row.device is None:
        desk.row.device = bound
    g.only_delivers = delivers_only(SignedIn(row, current_account(), sessions.names_of(row)))
    return bound


def sign_in(account: Account, *, kind: SessionKind = SessionKind.DESK, factor_at: datetime | None = None) -> None:
    """Begin a session for `account`, who has just typed the password (and a code of the second factor), in the place of
    the one of its kind that this browser had."""
    row = _begin(account, kind)
    row.factor_at = factor_at
    g.signed_in, g.only_delivers = SignedIn(row, account, sessions.names_of(row)), not account.active


def _begin(account: Account, kind: SessionKind, lasts: timedelta | None = None) -> SessionRow:
    phone, desk, half = held(SessionKind.PHONE), held(SessionKind.DESK), _half()
    for before in filter(None, (phone if kind == SessionKind.PHONE else desk, half)):
        sessions.end(get_session(), before.row, SessionEnd.REPLACED, account, now())
    agent = request.user_agent.string
    row, text = sessions.begin(get_session(), account, now(), agent=agent, kind=kind, lasts=lasts)
    for before in filter(None, (phone, desk, half)):  # the same browser is the same phone
        if before.account.id == account.id and row.device is None:
            row.device, row.said = before.row.device, before.row.said
    if kind != SessionKind.PHONE or desk is None or desk.row.kind != SessionKind.DESK:
        session.clear()
    if kind == SessionKind.PHONE:
        _bring(text, row)
    else:
        session[_TEXT] = text  # not permanent: a desk's goes with the browser
    return row


def _bring(text: str, row: SessionRow) -> None:
    """The phone's cookie. Its path is the whole site, so that signing in and out find it; what it opens is decided by
    the kind of its row."""

    @after_this_request
    def answer(response: Response) -> Response:
        response.set_cookie(
            PHONE, text, max_age=row.ends - row.made, secure=request.is_secure, httponly=True, samesite="Strict"
        )
        return response


def was_shown(right: bool) -> None:
    """Count a password, code or key that was shown within this session. The fifth wrong one, one after another, ends
    it: raises `tried_out`."""
    keep_changes()  # a wrong one counts although its answer is a refusal
    account = current_account()
    try:
        sessions.shown(get_session(), current_session(), right, account, now())
    except Problem:
        g.signed_in = None
        raise


def code_was_shown(right: bool) -> None:
    """The same, of the session in which a code is awaited."""
    half = _half()
    if half is not None:
        sessions.shown(get_session(), half.row, right, half.account, now())


def start_over() -> None:
    """Give up the request's transaction, and what was read in it of who is signed in: what follows takes long, or finds
    it broken."""
    abandon()
    g.pop("signed_in", None)


def session_text() -> str:
    """The text of the session that this browser brings, whether it holds or not; "" without one."""
    return str(session.get(_TEXT) or request.cookies.get(PHONE, ""))


def await_code(account: Account, *, factor_at: datetime | None = None) -> None:
    """The password was right; the code of the second factor is asked for, or the owner's own password where the other
    was somebody's code for the first sign-in (`factor_at`: when the factor was shown): not signed in yet."""
    _begin(account, SessionKind.HALF, AWAITED).factor_at = factor_at
    g.signed_in, g.only_delivers = None, False


def who_is_awaited() -> Account | None:
    """Who typed the password within the last minutes and owes a code."""
    found = _half()
    return found.account if found is not None and found.account.active else None


def awaited_factor_at() -> datetime | None:
    """When they showed the second factor; None while they have not."""
    found = _half()
    return found.row.factor_at if found is not None else None


def _half() -> SignedIn | None:
    found = sessions.find(get_session(), str(session[_TEXT]), now()) if _TEXT in session else None
    return found if found is not None and found.row.kind == SessionKind.HALF else None


def go_on() -> None:
    """This browser's session goes on in another row, after all of its account were ended."""
    before, token = current_session(), session.get("csrf_token")
    sign_in(current_account(), kind=SessionKind(before.kind), factor_at=before.factor_at)
    current_session().password_at = before.password_at
    if token:  # of the forms that stand open in other tabs
        session["csrf_token"] = token


def sign_out() -> None:
    """End this browser's sessions, the phone's and the desk's: a copy of its cookies is worth nothing from now on."""
    for found in filter(None, (held(SessionKind.PHONE), held(SessionKind.DESK))):
        sessions.end(get_session(), found.row, SessionEnd.SIGNED_OUT, found.account, now())
    session.clear()
    if PHONE in request.cookies:
        after_this_request(_forget_phone)
    g.signed_in, g.only_delivers = None, False


def end_desk() -> None:
    """End the desk's session of this browser, where it has one beside the phone's."""
    found = held(SessionKind.DESK)
    if found is not None and found.row.kind == SessionKind.DESK:
        sessions.end(get_session(), found.row, SessionEnd.SIGNED_OUT, found.account, now())
        session.clear()


def _forget_phone(response: Response) -> Response:
    response.delete_cookie(PHONE, secure=request.is_secure, httponly=True, samesite="Strict")
    return response


def signed_in_since() -> datetime:
    """When the password of the session was typed."""
    return current_session().password_at


def factor_due() -> datetime | None:
    """When who is signed in must have a second factor; None for who has one or needs none."""
    account = signed_in_account()
    if account is None or current_session().factor_at is not None:
        return None
    if "factor_due" not in g:
        g.factor_due = factor.due(get_session(), account)
    due: datetime | None = g.factor_due
    return due


def tries_to_tell() -> SignInTries | None:
    """Wrong tries to sign in to the account of who is signed in, of which they have not read; None without any."""
    account = signed_in_account()
    tries = guessing.tries_of(get_session(), account.id) if account is not None else None
    return tries if tries is not None and tries.untold else None


def lacks_factor() -> bool:
    """Whether they are late: they may make one, and deliver what a phone holds."""
    due = factor_due()
    return due is not None and now() >= due


def local_address(address: str | None) -> str | None:
    """`address` if it is a path on this server, else None: a sign-in must not lead elsewhere."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")) or not address.isprintable():
        return None
    return address


def _signed_in() -> SignedIn | None:
    """The session that the request's cookie brings, looked up once."""
    if "signed_in" not in g:
        g.signed_in = _found()
        g.only_delivers = g.signed_in is not None and delivers_only(g.signed_in)
    found: SignedIn | None = g.signed_in
    return found


def _found() -> SignedIn | None:
    """The session that opens this door; one of the other kind is none."""
    view = current_app.view_functions.get(request.endpoint or "")
    own, other = (SessionKind.PHONE, SessionKind.DESK) if is_phones() else (SessionKind.DESK, SessionKind.PHONE)
    return held(own) or (held(other) if getattr(view, "either", False) else None)


def is_phones() -> bool:
    """Whether this address is one of the phone's door."""
    return request.path.startswith("/api/")


def is_open() -> bool:
    """Whether the vault of the phone that asks is open, as far as its session can tell (`accounts/proofs.py`)."""
    return proofs.is_open(current_session(), request.headers.get(ACCESS, ""), now())


def held(kind: SessionKind) -> SignedIn | None:
    """The session that this browser has for `kind`, PHONE or DESK; one of before they were two is for both."""
    texts, kinds = [str(session[_TEXT])] if _TEXT in session else [], _DESKS
    if kind == SessionKind.PHONE:
        texts, kinds = [request.cookies.get(PHONE, ""), *texts], _PHONES
    for text in filter(None, texts):
        found = sessions.find(get_session(), text, now())
        if found is not None and found.row.kind in kinds:
            return found
    if "account" in session:
        return sessions.find_legacy(get_session(), session, now(), writes=not is_reading())
    return None


def _brings_one() -> bool:
    return _TEXT in session or "account" in session or (is_phones() and PHONE in request.cookies)


def delivers_only(found: SignedIn) -> bool:
    row, account, named = found
    if row.kind == SessionKind.SEND or not account.active:
        return True
    return phones.is_withdrawn(get_session(), account.id, named, row.made)


def _note_opened(response: Response) -> Response:
    """Who opened which household: a page below its address shows it, or one that said so (`show_household`)."""
    if request.method != "GET" or response.status_code != 200 or request.endpoint is None:
        return response
    told = request.view_args or {}
    commune_id, household_id = g.get("shown_household") or (told.get("commune_id"), told.get("household_id"))
    if commune_id and household_id:
        one = Opening(current_account().id, commune_id, household_id, request.endpoint[:40])
        current_app.extensions["openings"].note(one, now())
    return response


def _note_seen(response: Response) -> Response:
    """When the session was last heard of, once the answer is out."""
    found: SignedIn | None = g.get("signed_in")
    if found is not None and inspect(found.row).persistent and now() - found.row.seen >= sessions.SEEN:
        engine, row_id, when = get_engine(), found.row.id, now()
        response.call_on_close(lambda: sessions.saw(engine, [row_id], when))
    return response


def _guard() -> BaseResponse | None:
    if request.endpoint is None:  # no such route: the router's own 404 follows
        return None
    verb = _verb_of(request.endpoint)
    if verb == PUBLIC:
        return None
    if is_phones() and request.headers.get("Sec-Fetch-Mode") == "navigate":
        raise Problem("not_found")  # the phone's door is asked by its app; in a tab it would show what the app locks
    account = current_account()
    if is_phones() and not getattr(current_app.view_functions[request.endpoint], "bare", False) and not is_open():
        raise Problem("not_open")
    if not has_verb(account.role, verb):
        raise Problem("forbidden")
    if not all(text.isprintable() for text in (*(request.view_args or {}).values(), *request.args.values())):
        raise Problem("not_found")  # no name of ours; PostgreSQL would not even look for a NUL
    if verb != OWN and lacks_factor() and not getattr(current_app.view_functions[request.endpoint], "delivers", False):
        if request.method in ("GET", "HEAD") and not request.path.startswith("/api/"):
            return redirect(url_for("factor.own"), 303)
        raise Problem("factor_needed")
    commune_id = (request.view_args or {}).get("commune_id")
    if commune_id is not None:
        where = where_is(get_session(), commune_id)
        if where is None or not may(holder_of(get_session(), account), verb, where):
            went = getattr(current_app.view_functions[request.endpoint], "went", None)
            address = went(**(request.view_args or {})) if went is not None else None
            if address is None:
                raise Problem("not_found")
            return redirect(address, 303)
    return None


def _verb_of(endpoint: str) -> str:
    return str(getattr(current_app.view_functions[endpoint], "verb"))  # noqa: B009 - set by the marks above


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if request.path.startswith("/api/"):
        response.headers["X-So-Ho"] = "1"
    return response


def _answer_problem(problem: Problem) -> BaseResponse:
    refusal = problem.refusal
    response: BaseResponse
    if request.path.startswith("/api/"):
        words = {"code": problem.code, "title": gettext(refusal.title), "next": gettext(refusal.next)}
        response = jsonify({"problem": words | {"detail": problem.detail}})
    elif refusal.status == 401 and request.method in ("GET", "HEAD"):
        return redirect(url_for("login.page", next=request.full_path.rstrip("?")))
    else:
        response = Response(render_template("problem.html", problem=problem, refusal=refusal))
    response.status_code = refusal.status
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _answer_http_error(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    response = _answer_problem(Problem(code_of_status(error.code)))
    if error.code not in [refusal.status for refusal in PROBLEMS.values()]:
        response.status_code = error.code
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def give_up(error: Exception) -> Problem:
    """What to say of a crash. It is told to the log, only where and what kind: an exception's text may quote somebody's
    answers. The transaction is given up: it may be broken, and the page of the error asks who is signed in."""
    lack = lack_of(error)
    if lack is not None:
        why = "the disk is full" if lack.code == "storage_full" else f"busy, {type(error).__name__}"
        current_app.logger.error("%s %s: %s", request.method, request.endpoint, why)
    else:
        where = "".join(traceback.format_tb(error.__traceback__))
        current_app.logger.error("%s %s: %s\n%s", request.method, request.endpoint, type(error).__name__, where)
        if current_app.config.get("PROPAGATE_EXCEPTIONS"):
            raise error
    start_over()
    return lack or Problem("server_error")


def _answer_crash(error: Exception) -> BaseResponse:
    return _answer_problem(give_up(error))


def answers_in_its_own(blueprint: Blueprint, answer: Callable[[Problem], Response], *of_whom: str) -> None:
    """A door that speaks to programs answers them in their own way (`answer`) whatever happens behind it. `of_whom`:
    what it keeps on `g` of who asks, which after a crash is asked no more."""

    def answer_http_error(error: HTTPException) -> Response:
        answered = answer(Problem(code_of_status(error.code or 500)))
        answered.status_code = error.code or 500
        return answered

    def answer_crash(error: Exception) -> Response:
        problem = give_up(error)
        for name in of_whom:
            g.pop(name, None)
        return answer(problem)

    blueprint.register_error_handler(Problem, answer)
    blueprint.register_error_handler(HTTPException, answer_http_error)
    blueprint.register_error_handler(Exception, answer_crash)
