"""«Connect Excel»: how to, and the keys: made with the password typed once more, shown once, listed, ended."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.utils import redirect
from werkzeug.wrappers import Response
from wtforms import PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from models import Account
from survey.access import has_verb
from survey.accounts import accounts
from survey.clocks import day_of
from survey.feed import keys
from survey.feed.keys import State, Wanted
from survey.problems import Problem
from survey.register.places import names_in
from survey.web.forms import printable
from survey.web.hosts import own_address
from survey.web.retyped import knows
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("feed_keys", __name__)
TABLES = {
    "Rounds": _("rounds"),
    "Places": _("provinces, communes and villages"),
    "PlacePeriods": _("what places were called, since when"),
    "Residents": _("numbers of residents"),
    "Households": _("households of a round, without names"),
    "Members": _("members of households, without names"),
    "Deprivations": _("which household lacks what"),
    "Tallies": _("figures counted by place"),
    "Targets": _("targets of the plan"),
    "Projects": _("projects of the programmes"),
    "Supports": _("what was given, without names"),
}
DAYS = [
    SelectChoice("30", _("30 days")), SelectChoice("90", _("90 days")), SelectChoice("180", _("half a year")),
    SelectChoice("366", _("one year")),
]  # fmt: skip


class NewKey(FlaskForm):
    """What the key is to open; the view sets the choices."""

    name = StringField(
        _("What is it for"), [DataRequired(_("Say what the key is for.")), Length(max=80), printable]
    )  # fmt: skip
    area = SelectField(_("Area"))
    sets = SelectMultipleField(
        _("Which tables"), [DataRequired(_("Choose a table."))], option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )  # fmt: skip
    days = SelectField(_("Valid for"), choices=DAYS, default="90")
    password = PasswordField(
        _("Your password, once more"), [DataRequired(_("Enter your password.")), Length(max=200)]
    )  # fmt: skip


@blueprint.route("/account/feed", methods=["GET", "POST"])
@permitted("report.read")
def own() -> str | tuple[str, int]:
    """How to connect Excel, and one's own keys."""
    return _page(current_account(), own=True)


@blueprint.post("/account/feed/<key_id>/revoke")
@permitted("report.read")
def revoke_own(key_id: str) -> Response:
    """End a key of one's own."""
    keys.revoke(get_session(), current_account().id, key_id, current_account(), now())
    return redirect(url_for(".own"), 303)


@blueprint.route("/accounts/<account_id>/feed", methods=["GET", "POST"])
@permitted("account.manage")
def of_account(account_id: str) -> str | tuple[str, int]:
    """The keys of an account that the reader looks after."""
    return _page(_find(account_id), own=False)


@blueprint.post("/accounts/<account_id>/feed/<key_id>/revoke")
@permitted("account.manage")
def revoke(account_id: str, key_id: str) -> Response:
    """End a key."""
    keys.revoke(get_session(), _find(account_id).id, key_id, current_account(), now())
    return redirect(url_for(".of_account", account_id=account_id), 303)


def _page(account: Account, *, own: bool) -> str | tuple[str, int]:
    session = get_session()
    form, areas = NewKey(), keys.areas_of(session, account)
    names = names_in(session, areas, day_of(now()))
    tables = keys.tables_of(account)
    form.area.choices = [
        SelectChoice("", _("all of the account's area")),
        *(SelectChoice(one, names.get(one, one)) for one in areas),
    ]
    form.sets.choices = [SelectChoice(name, f"{name}: {TABLES[name]}") for name in tables]
    if request.method == "GET":
        form.sets.data = list(tables)
    address = f"{own_address()}/odata/"
    if request.method == "POST" and form.validate():
        if knows(form.password.data):
            wanted = Wanted(form.name.data, form.area.data or None, form.sets.data, int(form.days.data))
            made, text = keys.make(session, account, wanted, current_account(), now())
            return render_template(
                "feed/made.html", account=account, own=own, made=made, text=text, address=address,
            )  # fmt: skip
        form.password.errors = [_("This is not your password now.")]
    found = [(key, keys.state_of(session, key, account, now())) for key in keys.keys_of(session, account.id)]
    page = render_template(
        "feed/keys.html", account=account, own=own, form=form, found=found, address=address, states=State, names=names
    )
    return page, 200 if request.method == "GET" else 422


def _find(account_id: str) -> Account:
    """An account that the reader looks after and that reads figures; any other is as if it did not exist."""
    for account in accounts.accounts_in_reach(get_session(), current_account()):
        if account.id == account_id and has_verb(account.role, "report.read"):
            return account
    raise Problem("not_found")
