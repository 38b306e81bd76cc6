"""The forms of the pages about questionnaires and points tables."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Regexp, ValidationError

from survey.web.forms import FileField, MultipleFileField, printable


class NewDraft(FlaskForm):
    """A workbook and what comes with it."""

    source = FileField(_("Workbook (.xlsx, .csv or .md)"))
    files = MultipleFileField(_("Attached files: tables, maps, pictures, sounds"))

    def validate_source(self, field: Field) -> None:
        if not (field.data and field.data.filename):
            raise ValidationError(_("Choose the workbook."))


class ChangedDraft(FlaskForm):
    """Another workbook, or files to be added or replaced; each may be left out."""

    source = FileField(_("Another workbook in its place"))
    files = MultipleFileField(_("Files to add, or to put in place of those of the same name"))


class SeenDraft(FlaskForm):
    """That a second person has looked; `seen`: at what, as the page named it (`publishing.seen_of`)."""

    seen = HiddenField()
    looked = BooleanField(
        _("I have looked at what changed, and the hash is the one that I was told."),
        [DataRequired(_("Look at it first, then tick this."))],
    )


class Nothing(FlaskForm):
    """Only the token."""


class NewPoints(FlaskForm):
    """A points table to be typed; the view sets the choices of `table`."""

    table = SelectField(_("Table"))
    decision = StringField(
        _("Document that the points are read from (number and name)"),
        [DataRequired(_("Enter the number of the document.")), Length(max=120), printable],
    )
    decided_on = DateField(_("Date of the document"), [InputRequired(_("Enter the day."))])


class PointsFile(FlaskForm):
    file = FileField(_("File .xlsx or .csv with the columns item, answer, region, points"))

    def validate_file(self, field: Field) -> None:
        if not (field.data and field.data.filename):
            raise ValidationError(_("Choose the file."))


class NewVersion(FlaskForm):
    """What the next version of a questionnaire is called."""

    version = StringField(
        _("New version"),
        [
            DataRequired(_("Enter the new version, such as 2027.1.")),
            Regexp(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}\Z", message=_("Letters, digits, _ - . only, such as 2027.1.")),
        ],
    )


class VersionWithPoints(NewVersion):
    """With the agreed points table; the view sets the choices of `base`."""

    base = SelectField(_("Made from version"))


class ConfirmedReading(FlaskForm):
    """The paper that says how a question is to be read; the view sets the choices of `value`."""

    value = RadioField(_("The paper says"), [InputRequired(_("Choose what the paper says."))])
    decision = StringField(
        _("Number and name of the paper"),
        [DataRequired(_("Enter the number of the document.")), Length(max=120), printable],
    )
    decided_on = DateField(_("Date of the document"), [InputRequired(_("Enter the day."))])
