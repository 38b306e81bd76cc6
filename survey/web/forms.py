"""Every form that a person fills in a browser and that is not the questionnaire (the desk's: `desk/forms.py`)."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm, file
from markupsafe import Markup
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import (
    DataRequired,
    EqualTo,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    Regexp,
    ValidationError,
)
from wtforms.widgets import CheckboxInput, FileInput, ListWidget

from survey.accounts.accounts import can_be_username

MOST = 2_000_000_000  # đồng: what an income line can be in a column of 32 bits


def printable(_form: FlaskForm, field: Field) -> None:
    """No control character: PostgreSQL's text takes no NUL, and none belongs in a name."""
    if field.data and not field.data.isprintable():
        raise ValidationError(_("This has a character that cannot be kept."))


def of_our_time(_form: FlaskForm, field: Field) -> None:
    """A year that was mistyped: with 9999 no day could follow."""
    if field.data and not 2000 <= field.data.year <= 2100:
        raise ValidationError(_("Look at the year."))


class ChosenFile(FileInput):
    """The browser writes its button in its own language, which is the reader's seldom: a label of ours stands in its
    place (`.file-field` of desk.css), the browser only names what was chosen. Without script too."""

    def __call__(self, field: Any, **said: Any) -> Markup:
        words = gettext("Choose files") if self.multiple else gettext("Choose the file")
        button = Markup('<label class="button button-second" for="{}">{}</label>').format(
            said.get("id", field.id), words
        )
        return Markup('<span class="file-field">{}{}</span>').format(button, super().__call__(field, **said))


class FileField(file.FileField):
    widget = ChosenFile()


class MultipleFileField(file.MultipleFileField):
    widget = ChosenFile(multiple=True)


class SignIn(FlaskForm):
    username = StringField(_("Account name"), [DataRequired(_("Enter your account name.")), Length(max=60)])
    password = PasswordField(_("Password"), [DataRequired(_("Enter your password.")), Length(max=200)])


class Code(FlaskForm):
    """A code of the second factor, or a recovery code."""

    code = StringField(_("Code"), [DataRequired(_("Enter the code.")), Length(max=40)])


class OwnPassword(FlaskForm):
    """A password that its owner chooses."""

    password = PasswordField(_("New password"), [DataRequired(_("Enter a new password.")), Length(max=1000)])
    again = PasswordField(_("New password once more"), [EqualTo("password", _("The two do not match."))])


class ChangePassword(OwnPassword):
    current = PasswordField(_("Password now"), [DataRequired(_("Enter your password.")), Length(max=200)])


class HandedOver(FlaskForm):
    """Somebody confirms that an owner has an account to themselves."""

    spoken = BooleanField(
        _("I have spoken with this person: they chose the password themselves and told nobody."),
        [DataRequired(_("Speak with the person first, then tick this."))],
    )


class FourEyesRule(FlaskForm):
    """What a province has blocked; the view sets the choices."""

    rule = RadioField(_("What is blocked"))


class PersonForm(FlaskForm):
    """What can be changed of an account: the name others see, an enumerator's villages (the view sets the choices)."""

    display_name = StringField(_("Full name"), [DataRequired(_("Enter the name.")), Length(max=120), printable])
    villages = SelectMultipleField(
        _("Assigned villages"), option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )


class NewEnumerator(PersonForm):
    username = StringField(
        _("Account name"),
        [
            DataRequired(_("Enter an account name.")),
            Length(max=60),
        ],
    )

    def validate_username(self, field: Field) -> None:
        if not can_be_username(field.data or ""):
            raise ValidationError(_("Letters of one script, digits, full stops and hyphens only."))


class NewAccount(NewEnumerator):
    """An administrator adds accounts of every role. `place`: a code, of the province for a province officer."""

    role = SelectField(_("Role"))
    place = StringField(_("Code of the commune or province"), [Length(max=16), printable])


class NewRound(FlaskForm):
    """A round to be opened; the view sets the choices."""

    title = StringField(_("Title"), [DataRequired(_("Enter the title.")), Length(max=120), printable])
    kind = SelectField(_("Kind"))
    year = IntegerField(_("Year"), [InputRequired(_("Enter the year.")), NumberRange(2020, 2100)])
    questionnaire = SelectField(_("Questionnaire"))
    b1_method = SelectField(_("How the income side is settled"))
    opens_on = DateField(_("First day"), [InputRequired(_("Enter the day.")), of_our_time])
    closes_on = DateField(_("Last day"), [InputRequired(_("Enter the day.")), of_our_time])
    standard = SelectField(_("Poverty standard"), default="")
    trial = BooleanField(_("This is a trial: nothing of it becomes an official result"))
    plan = BooleanField(_("Only plan it: each commune is opened later"))
    communes = SelectMultipleField(
        _("Only these communes"), option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )

    def validate_closes_on(self, field: Field) -> None:
        if self.opens_on.data and field.data and field.data < self.opens_on.data:
            raise ValidationError(_("The last day comes before the first."))


class RoundDays(FlaskForm):
    """The days of a round that is under way."""

    opens_on = DateField(_("First day"), [InputRequired(_("Enter the day.")), of_our_time])
    closes_on = DateField(_("Last day"), [InputRequired(_("Enter the day.")), of_our_time])

    def validate_closes_on(self, field: Field) -> None:
        if self.opens_on.data and field.data and field.data < self.opens_on.data:
            raise ValidationError(_("The last day comes before the first."))


class EditedRound(RoundDays):
    """The title and days of a round that is under way."""

    title = StringField(_("Title"), [DataRequired(_("Enter the title.")), Length(max=120), printable])


class Request(FlaskForm):
    """A household's request to be reviewed (Mẫu số 01), as its paper says; the view knows the day."""

    code = StringField(_("Number of the household"), [DataRequired(_("Enter the number.")), Length(max=20), printable])
    asked_by = StringField(
        _("Who asks, as the paper names them"), [DataRequired(_("Enter the name.")), Length(max=120), printable]
    )
    asked_on = DateField(_("Day of the paper"), [InputRequired(_("Enter the day.")), of_our_time])
    reason = StringField(
        _("Reason given on the paper"), [DataRequired(_("Enter the reason.")), Length(max=500), printable]
    )


class QuickFinding(FlaskForm):
    """What the quick identification (Phiếu A) found of a household that asked; the view knows the days."""

    passed = RadioField(
        _("Result"),
        [InputRequired(_("Choose the result."))],
        choices=[
            SelectChoice("yes", _("Goes on to the review (form B)")),
            SelectChoice("no", _("Is reviewed no further")),
        ],
    )
    found_on = DateField(_("Day of the quick identification"), [InputRequired(_("Enter the day.")), of_our_time])
    found_by = StringField(_("Who did it"), [DataRequired(_("Enter the name.")), Length(max=120), printable])
    reason = StringField(_("Why this result"), [DataRequired(_("Enter the reason.")), Length(max=500), printable])


class NewStandard(FlaskForm):
    """A poverty standard, such as a province's own; the view sets the provinces."""

    code = StringField(_("Code"), [DataRequired(_("Enter the code.")), Length(max=40), Regexp(r"[A-Za-z0-9._-]+$")])
    title = StringField(_("Title"), [DataRequired(_("Enter the title.")), Length(max=200), printable])
    place = SelectField(_("Applies in"), default="")
    valid_from = DateField(_("In force from"), [InputRequired(_("Enter the day."))])
    valid_to = DateField(_("In force until (empty: no end)"), [Optional()])
    rural_income = IntegerField(_("Income line, rural (đồng a person and month)"), [Optional(), NumberRange(1, MOST)])
    urban_income = IntegerField(_("Income line, urban (đồng a person and month)"), [Optional(), NumberRange(1, MOST)])
    rural_points = IntegerField(_("Points for the line, rural"), [Optional(), NumberRange(1, 10_000)])
    urban_points = IntegerField(_("Points for the line, urban"), [Optional(), NumberRange(1, 10_000)])
    source = StringField(_("Source (document, article, date)"), [DataRequired(_("Name the document.")), printable])
    status = StringField(
        _("How well it is known, and what is missing"),
        [DataRequired(_("Say how well it is known.")), Length(max=400), printable],
    )
    is_complete = BooleanField(_("Everything needed to classify a household under it is known"))

    def validate_valid_to(self, field: Field) -> None:
        if self.valid_from.data and field.data and field.data < self.valid_from.data:
            raise ValidationError(_("The last day comes before the first."))


class Closing(FlaskForm):
    """Only the token: closing a round needs nothing else."""


class ImportFiles(FlaskForm):
    """A commune's list of last year, as it is or as the three CSV files; the view sets the communes."""

    commune = SelectField(_("Commune"), [InputRequired(_("Choose the commune."))])
    households = FileField(_("List of households (.xlsx or .csv)"))
    villages = FileField(_("Villages (villages.csv)"))
    members = FileField(_("Members (members.csv), if you have them"))

    def validate_households(self, _field: Field) -> None:
        if not any(field.data and field.data.filename for field in (self.villages, self.households)):
            raise ValidationError(_("Choose the list of households, or the file of villages."))


class ImportConfirmed(FlaskForm):
    """Which upload was seen, by its hash."""

    upload = HiddenField()
