"""The password once more, before what outlives a session: who finds a phone or a desk that is signed in has not got it.

It need not be typed again within `FRESH` of the last time.
"""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import Length

from survey.accounts.accounts import password_matches
from survey.accounts.sessions import FRESH
from survey.web.security import current_account, current_session, was_shown
from survey.web.session import now


class Retyped(FlaskForm):
    """A form that is for who knows the password."""

    password = PasswordField(_("Your password, once more"), [Length(max=200)])


def is_fresh() -> bool:
    """Whether it was typed just now."""
    return now() - current_session().password_at <= FRESH


def knows(password: str) -> bool:
    """Whether it is the password of who is signed in. Raises `tried_out` with the fifth wrong one."""
    right = password_matches(current_account().password_hash, password)
    was_shown(right)
    return right


def is_known(form: Retyped) -> bool:
    """Whether it was typed just now, or is right in the form; else its field says so. Raises as `knows`."""
    if is_fresh():
        return True
    if form.password.data:
        if knows(form.password.data):
            current_session().password_at = now()
            return True
        form.password.errors = [gettext("This is not your password now.")]
    else:
        form.password.errors = [gettext("Enter your password.")]
    return False
