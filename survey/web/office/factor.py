"""The second factor of one's own account: set up, with recovery codes; and taken off somebody who lost it."""

from __future__ import annotations

import segno
from flask import Blueprint, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.utils import redirect
from werkzeug.wrappers import Response
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length

from survey.accounts import factor, sessions
from survey.accounts.accounts import accounts_in_reach
from survey.accounts.demo import is_demo
from survey.problems import Problem
from survey.web.installation import seals
from survey.web.retyped import Retyped, is_fresh, is_known
from survey.web.security import current_account, current_session, factor_due, lacks_factor, permitted, was_shown
from survey.web.session import get_session, now

blueprint = Blueprint("factor", __name__)


class Enrolment(Retyped):
    """A code that shows that the app has the secret; `box`: the secret, sealed."""

    box = HiddenField()
    code = StringField(_("Code that the app shows"), [DataRequired(_("Enter the code.")), Length(max=40)])


class Shown(Retyped):
    """A code of the factor that is there, or a recovery code."""

    code = StringField(_("Code"), [DataRequired(_("Enter the code.")), Length(max=40)])


@blueprint.get("/account/factor")
@permitted("self.manage")
def own() -> str:
    """How to set it up, or what can be done with the one that is there."""
    return _there(Shown()) if _has() else _enrolment(Enrolment(box=factor.begin(seals(), current_account())))


@blueprint.post("/account/factor")
@permitted("self.manage")
def enrol() -> str | tuple[str, int]:
    """The app has the secret: keep it, and show the recovery codes once. Other sessions, begun without it, end."""
    if _has():
        raise Problem("not_allowed_now")
    form, account = Enrolment(), current_account()
    codes = None
    if form.validate() and is_known(form):
        codes = factor.enrol(get_session(), account, seals(), form.box.data, form.code.data, now())
        if codes is None:
            said = gettext("This code is not right. Look at the clock of the phone, then type the next one.")
            form.code.errors = [said]
    if codes is None:
        return _enrolment(form), 422
    current_session().factor_at = now()
    sessions.end_others(get_session(), account, current_session(), now())
    return render_template("office/accounts/factor_codes.html", codes=codes)


@blueprint.post("/account/factor/codes")
@permitted("self.manage")
def make_codes() -> str | tuple[str, int]:
    """New recovery codes in the place of those of before."""
    form = Shown()
    if not _shows(form):
        return _there(form), 422
    codes = factor.new_codes(get_session(), current_account(), seals())
    return render_template("office/accounts/factor_codes.html", codes=codes)


@blueprint.post("/account/factor/remove")
@permitted("self.manage")
def remove() -> Response | tuple[str, int]:
    """Take it off, to set it up on another phone."""
    form = Shown()
    if not _shows(form):
        return _there(form), 422
    factor.remove(get_session(), current_account(), now())
    current_session().factor_at = None
    return redirect(url_for(".own"), 303)


@blueprint.post("/accounts/<account_id>/factor/reset")
@permitted("account.manage")
def reset(account_id: str) -> Response:
    """Take it off somebody whom the reader looks after, who lost phone and codes; their sessions end."""
    found = next((one for one in accounts_in_reach(get_session(), current_account()) if one.id == account_id), None)
    if found is None or not factor.has(get_session(), found):
        raise Problem("not_found")
    if found.id == current_account().id:
        raise Problem("not_allowed_now")
    factor.reset(get_session(), found, current_account(), now())
    return redirect(url_for("accounts.one", account_id=account_id), 303)


def _has() -> bool:
    return factor.has(get_session(), current_account())


def _shows(form: Shown) -> bool:
    if not _has():
        raise Problem("not_allowed_now")
    if not form.validate() or not is_known(form):
        return False
    right = factor.check(get_session(), current_account(), seals(), form.code.data, now())
    was_shown(right)
    if right:
        return True
    form.code.errors = [gettext("This code is not right, or was used before.")]
    return False


def _enrolment(form: Enrolment) -> str:
    text, address = factor.shown(seals(), current_account(), form.box.data or "")
    return render_template(
        "office/accounts/factor.html", form=form, text=" ".join(text[at : at + 4] for at in range(0, len(text), 4)),
        code=segno.make(address, error="m").svg_data_uri(scale=4, border=4), asks_password=not is_fresh(),
        needed=current_account().role in factor.NEEDED, due=factor_due(), late=lacks_factor(),
        demo=is_demo(get_session()),
    )  # fmt: skip


def _there(form: Shown) -> str:
    left = factor.codes_left(get_session(), current_account())
    return render_template("office/accounts/factor_there.html", form=form, left=left, asks_password=not is_fresh())
