"""Accounts: who may sign in, for which villages; and one's own password."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from models import Account, SignInTries
from survey.access import may
from survey.accounts import accounts, factor, four_eyes, guessing
from survey.clocks import day_of
from survey.devices import phones
from survey.evidence import audit
from survey.problems import Problem
from survey.register.places import periods_at, villages_in
from survey.terms import Role
from survey.web.enrolment import is_strong
from survey.web.forms import ChangePassword, NewAccount, NewEnumerator, PersonForm
from survey.web.language import current_language
from survey.web.retyped import knows
from survey.web.security import current_account, current_session, local_address, permitted, sign_in
from survey.web.session import get_session, now

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/accounts/")
@permitted("account.read")
def listing() -> str:
    """The accounts that the reader looks after."""
    session = get_session()
    found = accounts.accounts_in_reach(session, current_account())
    villages = accounts.villages_of_all(session, found)
    waiting = {one.account.id: one for one in four_eyes.waiting(session, current_account(), now())}
    places = [village for assigned in villages.values() for village in assigned]
    places += [account.place_id for account in found if account.place_id]
    names = {place: period.name for place, period in periods_at(session, places, day_of(now())).items()}
    return render_template(
        "office/accounts/list.html", found=found, villages=villages, names=names, role=Role,
        waiting=waiting,
    )  # fmt: skip


@blueprint.route("/accounts/new", methods=["GET", "POST"])
@permitted("account.manage")
def new() -> str | tuple[str, int]:
    """Add an account; its first password is made here and shown once."""
    form = _new_form(current_account())
    if request.method == "GET" or not form.validate():
        return render_template("office/accounts/new.html", form=form), 200 if request.method == "GET" else 422
    password = accounts.new_password()
    try:
        made = _create(form, password)
    except Problem:
        form.username.errors = [_("This account name is taken.")]
    except ValueError:
        form.place.errors = [_("This code does not fit the role.")]
    else:
        four_eyes.made(get_session(), made, current_account(), now())
        audit.record(get_session(), now(), current_account().id, "account_created", made.id)
        return render_template("office/accounts/password_made.html", account=made, password=password)
    return render_template("office/accounts/new.html", form=form), 422


@blueprint.route("/accounts/<account_id>", methods=["GET", "POST"])
@permitted("account.manage")
def one(account_id: str) -> str | tuple[str, int] | Response:
    """An account: its name and villages. Before villages are taken away, what is still on its phones is named."""
    account = _find(account_id)
    form = PersonForm(obj=account)
    form.villages.choices = _villages(account.place_id) if account.role == Role.ENUMERATOR else []
    if request.method == "GET":
        form.villages.data = accounts.villages_of(get_session(), account)
    elif form.validate():
        taken = set(accounts.villages_of(get_session(), account)) - set(form.villages.data or [])
        if taken and (page := _named_first("villages", account)):
            return page
        account.display_name = form.display_name.data.strip()
        accounts.assign_villages(get_session(), account, form.villages.data or [])
        detail = {"villages": accounts.villages_of(get_session(), account)}
        audit.record(get_session(), now(), current_account().id, "account_changed", account.id, detail)
        return redirect(url_for(".listing"), 303)
    status = 200 if request.method == "GET" else 422
    has_factor = factor.has(get_session(), account) and account.id != current_account().id
    shown = render_template(
        "office/accounts/one.html", form=form, account=account, role=Role, has_factor=has_factor, waits=_waits(account)
    )
    return shown, status


@blueprint.post("/accounts/<account_id>/password")
@permitted("account.manage")
def reset_password(account_id: str) -> str | tuple[str, int]:
    """Make a new password, shown once; the account's sessions end."""
    account = _find(account_id)
    factor.may_set_password(get_session(), account, current_account())
    if page := _named_first("password", account):
        return page
    password = accounts.new_password()
    accounts.set_password(account, password)
    guessing.let_in(get_session(), account, current_account(), now())  # it is for a phone that may be new
    four_eyes.made(get_session(), account, current_account(), now())
    audit.record(get_session(), now(), current_account().id, "password_reset", account.id)
    return render_template("office/accounts/password_made.html", account=account, password=password)


@blueprint.post("/accounts/<account_id>/new-devices")
@permitted("account.manage")
def let_in(account_id: str) -> Response:
    """Let devices that the account does not know try to sign in again, after many wrong passwords."""
    guessing.let_in(get_session(), _find(account_id), current_account(), now())
    return redirect(url_for(".one", account_id=account_id), 303)


@blueprint.post("/account/tries")
@permitted("self.manage")
def tries_read() -> Response:
    """The owner has read of wrong tries to sign in."""
    guessing.seen_by_owner(get_session(), current_account())
    return redirect(local_address(request.form.get("next")) or url_for(".own_password"), 303)


@blueprint.post("/accounts/<account_id>/active")
@permitted("account.manage")
def set_active(account_id: str) -> Response | tuple[str, int]:
    """Close an account or open it again."""
    account = _find(account_id)
    if account.id == current_account().id:
        raise Problem("not_allowed_now")
    active = request.form.get("active") == "1"
    if not active and (page := _named_first("close", account)):
        return page
    accounts.deactivate(account, active)
    verb = "account_opened" if active else "account_closed"
    audit.record(get_session(), now(), current_account().id, verb, account.id)
    return redirect(url_for(".listing"), 303)


@blueprint.route("/account/password", methods=["GET", "POST"])
@permitted("self.manage")
def own_password() -> str | tuple[str, int]:
    """Change one's own password; every other session of the account ends."""
    form, account = ChangePassword(), current_account()
    if request.method == "GET":
        return render_template("office/accounts/own_password.html", form=form, done=False)
    if not form.validate() or not _may_become(form):
        return render_template("office/accounts/own_password.html", form=form, done=False), 422
    accounts.set_password(account, form.password.data)
    audit.record(get_session(), now(), account.id, "password_changed", account.id)
    sign_in(account, factor_at=current_session().factor_at)
    return render_template("office/accounts/own_password.html", form=form, done=True)


def _may_become(form: ChangePassword) -> bool:
    """Whether the owner typed the password of now, and a new one that is good; the fields say what is wrong."""
    if not knows(form.current.data):
        form.current.errors = [_("This is not your password now.")]
        return False
    return is_strong(form, current_account())


def _named_first(what: str, account: Account) -> tuple[str, int] | None:
    """The page that names what would be stranded on the account's phones; None when nothing would be, or when somebody
    has read it and goes on."""
    held = phones.stranded(get_session(), account)
    if not held or request.form.get("confirmed") == "1":
        return None
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    back = url_for(".one", account_id=account.id)
    page = render_template("desk/devices/confirm.html", what=what, account=account, held=held, fields=fields, back=back)
    return page, 409


def _waits(account: Account) -> SignInTries | None:
    """What was tried on devices that the account does not know, where such devices wait or are refused."""
    tries = guessing.tries_of(get_session(), account.id)
    until = guessing.waits_until(tries)
    return tries if tries and until and (tries.failures >= guessing.MOST or until > now()) else None


def _find(account_id: str) -> Account:
    """An account that the reader looks after; any other is as if it did not exist."""
    for account in accounts.accounts_in_reach(get_session(), current_account()):
        if account.id == account_id:
            return account
    raise Problem("not_found")


def _new_form(account: Account) -> NewEnumerator:
    if account.role == Role.SUPERVISOR:
        form = NewEnumerator()
        form.villages.choices = _villages(account.place_id)
        return form
    full = NewAccount()
    full.role.choices = [
        (role.value, role.label(current_language())) for role in accounts.ROLES_MADE_BY[Role(account.role)]
    ]
    full.villages.choices = []
    return full


def _create(form: NewEnumerator, password: str) -> Account:
    full = form if isinstance(form, NewAccount) else None
    place_id = (full.place.data.strip() or None) if full else current_account().place_id
    if current_account().role == Role.PROVINCE:
        where = accounts.where_is(get_session(), place_id or "")
        if where is None or not may(accounts.holder_of(get_session(), current_account()), "account.manage", where):
            raise ValueError(f"not a place of the officer's province: {place_id}")
    return accounts.create_account(
        get_session(),
        username=form.username.data,
        display_name=form.display_name.data,
        role=Role(full.role.data) if full else Role.ENUMERATOR,
        password=password,
        now=now(),
        place_id=place_id,
        villages=form.villages.data or [],
        language="vi",
    )


def _villages(commune_id: str | None) -> list[tuple[str, str]]:
    ids = villages_in(get_session(), commune_id) if commune_id else []
    periods = periods_at(get_session(), ids, day_of(now()))
    return [(village, periods[village].name) for village in ids if village in periods]
