"""What is filled in on the pages of supports."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired
from wtforms import DateField, SelectField, StringField, ValidationError
from wtforms.validators import InputRequired, Length, Optional

from survey.numbers import whole_number
from survey.register.persons import is_number
from survey.support_terms import MAX_DOCUMENT, MAX_NOTE, MOST_MONEY, MOST_PIECES
from survey.web.forms import FileField, printable


def _whole(most: int) -> Any:
    def check(_form: FlaskForm, field: StringField) -> None:
        """A whole number from 1, as an office writes it: "40.000.000"."""
        said = (field.data or "").strip()
        number = whole_number(said) if said else None
        if said and (number is None or not 1 <= number <= most):
            raise ValidationError(_("Write a whole number, at least 1."))

    return check


def _is_number(_form: FlaskForm, field: StringField) -> None:
    said = "".join((field.data or "").split())
    if said and not is_number(said):
        raise ValidationError(_("An identity number has 12 digits."))


def _is_birth(_form: FlaskForm, field: StringField) -> None:
    said = (field.data or "").strip()
    for form in ("%Y", "%d/%m/%Y") if said else ():
        with suppress(ValueError):
            if said.isascii() and 1900 <= datetime.strptime(said, form).replace(tzinfo=UTC).year <= 2100:
                return
    if said:
        raise ValidationError(_("Write the year, or the day as 31/12/1990."))


class SupportForm(FlaskForm):
    """A support of a household; the choices are those of the province and the household."""

    kind = SelectField(_("Kind of support"), [InputRequired(_("Choose one."))], validate_choice=False)
    project = SelectField(_("Project"), [InputRequired(_("Choose one."))], validate_choice=False)
    person = SelectField(_("Who was given it"), [Length(max=64)], validate_choice=False, default="")
    given_on = DateField(_("Day on which it was given"), [InputRequired(_("Write the day."))])
    amount = StringField(_("Amount (đồng)"), [Length(max=20), _whole(MOST_MONEY)])
    quantity = StringField(_("Quantity"), [Length(max=12), _whole(MOST_PIECES)])
    fund = SelectField(_("Paid from"), [Length(max=36)], validate_choice=False, default="")
    document = StringField(_("Paper: number, day, who decided"), [Length(max=MAX_DOCUMENT), printable])
    note = StringField(_("Note"), [Length(max=MAX_NOTE), printable])


class WorkerForm(SupportForm):
    """A support of somebody whom no register knows."""

    name = StringField(_("Full name"), [InputRequired(_("Write the name.")), Length(max=120), printable])
    birth = StringField(_("Year or day of birth"), [Length(max=10), printable, _is_birth])
    number = StringField(_("Identity number (12 digits)"), [Length(max=20), printable, _is_number])
    place = StringField(_("Where the person lives"), [Length(max=200), printable])


class SupportList(FlaskForm):
    """A list of supports, and what holds for its rows that say nothing of it."""

    file = FileField(_("The list (.xlsx or CSV)"), [FileRequired(_("Choose the list."))])
    kind = SelectField(_("Kind of support"), [Length(max=32)], validate_choice=False, default="")
    project = SelectField(_("Project"), [Length(max=65)], validate_choice=False, default="")
    given_on = DateField(_("Day on which it was given"), [Optional()])
