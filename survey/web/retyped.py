"""The password once more, before what outlives a session: who finds a phone or a desk that is signed in has not got it.

It need not be typed again within `FRESH` of the last time.
"""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import Length

from survey.accounts.sessions import FRESH
from survey.accounts.signin import confirmed
from survey.web.security import current_account, current_session
from survey.web.session import get_session, keep_changes, now


class Retyped(FlaskForm):
    """A form that is for who knows the password."""

    password = PasswordField(_("Your password, once more"), [Length(max=200)])


def is_fresh() -> bool:
    """Whether it was typed just now."""
    return now() - current_session().password_at <= FRESH


def is_known(form: Retyped) -> bool:
    """Whether it was typed just now, or is right in the form; else its field says so. Raises `slow_down`."""
    if is_fresh():
        return True
    if form.password.data:
        if confirmed(get_session(), current_account(), form.password.data, now()):
            current_session().password_at = now()
            return True
        keep_changes()  # a wrong one counts although nothing else is stored
        form.password.errors = [gettext("This is not your password now.")]
    else:
        form.password.errors = [gettext("Enter your password.")]
    return False
