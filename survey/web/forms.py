"""Every form that a person fills in a browser and that is not the questionnaire."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length


class SignIn(FlaskForm):
    username = StringField(_("Account name"), [DataRequired(_("Enter your account name.")), Length(max=60)])
    password = PasswordField(_("Password"), [DataRequired(_("Enter your password.")), Length(max=200)])
