"""What is filled in on the pages of the programme: numbers of residents, figures and targets of the plan."""

from __future__ import annotations

from pathlib import PureWindowsPath

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from survey.problems import Problem
from survey.residents.entering import MAX_SOURCE
from survey.residents.resident_list import TO_WRITE
from survey.terms import (
    Comparison,
    FigureStatus,
    PlanMeasure,
    PlanStatus,
    ResidentAction,
    TargetKind,
    TaskAction,
)
from survey.text import plain_name
from survey.web.forms import FileField, MultipleFileField, printable

LIST_BYTES = 1024 * 1024


class Residents(FlaskForm):
    """How many live in a place; the numbers are read as an office writes them (`whole_number`)."""

    place = StringField(validators=[InputRequired(), Length(max=16), printable])
    as_of = DateField(validators=[InputRequired()])
    households = StringField(validators=[InputRequired(), Length(max=20)])
    persons = StringField(validators=[Length(max=20)])
    kinh_households = StringField(validators=[Length(max=20)])
    dtts_households = StringField(validators=[Length(max=20)])
    kinh_persons = StringField(validators=[Length(max=20)])
    dtts_persons = StringField(validators=[Length(max=20)])
    status = StringField(validators=[InputRequired(), AnyOf([one.value for one in TO_WRITE])])
    source = StringField(validators=[InputRequired(), Length(max=MAX_SOURCE), printable])


class ResidentsDecided(FlaskForm):
    place = HiddenField(validators=[InputRequired(), Length(max=16), printable])
    seq = IntegerField(widget=HiddenInput(), validators=[InputRequired(), NumberRange(1, 1_000_000)])
    action = HiddenField(validators=[InputRequired(), AnyOf([one.value for one in ResidentAction])])


class BroughtList(FlaskForm):
    """A list that is read at once, as a file: residents of many places."""

    file = FileField(_("The list, filled in (CSV or .xlsx)"))

    def brought(self) -> tuple[str, bytes]:
        """The file's name, as it can be told, and its bytes: none where no file was chosen. Raises `too_large`."""
        chosen = self.file.data if self.file.data and self.file.data.filename else None
        if chosen is None:
            return gettext("No file"), b""
        data: bytes = chosen.read(LIST_BYTES + 1)
        if len(data) > LIST_BYTES:
            raise Problem("too_large")
        return plain_name(PureWindowsPath(chosen.filename).name), data


class PlanFigured(FlaskForm):
    """What a measure of a plan came to by the end of a month; the value is read by `written_number`."""

    measure = StringField(validators=[InputRequired(), AnyOf([one.value for one in PlanMeasure])])
    place_set = StringField(validators=[Length(max=32), printable])
    year = IntegerField(validators=[InputRequired()])
    month = IntegerField(validators=[InputRequired(), NumberRange(1, 12)])
    value = StringField(validators=[InputRequired(), Length(max=20)])
    status = StringField(validators=[InputRequired(), AnyOf([one.value for one in FigureStatus])])
    source = StringField(validators=[InputRequired(), Length(max=MAX_SOURCE), printable])


class PlanWanted(FlaskForm):
    """A target as it is to be; `seen`: the version that was changed, 0 of a new one. Why comes as `reason`."""

    plan = StringField(validators=[InputRequired(), Length(max=64), printable])
    code = StringField(validators=[InputRequired(), Length(max=16), printable])
    words = StringField(validators=[InputRequired(), Length(max=300), printable])
    measure = StringField(validators=[InputRequired(), AnyOf([one.value for one in PlanMeasure])])
    kind = StringField(validators=[InputRequired(), AnyOf([one.value for one in TargetKind])])
    place_set = StringField(validators=[Length(max=32), printable])
    base_year = IntegerField(validators=[InputRequired()])
    base_value = StringField(validators=[Length(max=20)])
    base_status = StringField(validators=[AnyOf(["", *(one.value for one in FigureStatus)])], default="")
    year = IntegerField(validators=[InputRequired()])
    comparison = StringField(validators=[InputRequired(), AnyOf([one.value for one in Comparison])])
    value = StringField(validators=[Length(max=20)])
    value_to = StringField(validators=[Length(max=20)])
    status = StringField(validators=[InputRequired(), AnyOf([one.value for one in PlanStatus])])
    source = StringField(validators=[InputRequired(), Length(max=MAX_SOURCE), printable])
    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class PlanPlaces(FlaskForm):
    """Which communes a set has, by their codes; `seen` as of a target."""

    code = StringField(validators=[InputRequired(), Length(max=32), printable])
    name = StringField(validators=[InputRequired(), Length(max=200), printable])
    communes = TextAreaField(validators=[InputRequired(), Length(max=2000)])
    since = IntegerField(validators=[InputRequired()])
    until = IntegerField(validators=[InputRequired()])
    status = StringField(validators=[InputRequired(), AnyOf([one.value for one in PlanStatus])])
    source = StringField(validators=[InputRequired(), Length(max=MAX_SOURCE), printable])
    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class TaskGiven(FlaskForm):
    """A task of the plan. Communes come as `commune`, papers that stay as `keep`, why as `reason`; `departments`: one a
    line; `target`: plan and code with a bar between them; `seen`: the version that was changed, 0 of a new one."""

    title = StringField(validators=[InputRequired(), Length(max=200), printable])
    words = TextAreaField(validators=[Length(max=5000)])
    due = DateField(validators=[InputRequired()])
    departments = TextAreaField(validators=[Length(max=6000)])
    target = StringField(validators=[Length(max=100), printable])
    papers = MultipleFileField()
    withdrawn = BooleanField()
    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired(), NumberRange(0, 1_000_000)])


class TaskReported(FlaskForm):
    """What somebody who received a task says of it, or what becomes of that; the words come as `reason`."""

    receiver = HiddenField(validators=[InputRequired(), Length(max=100), printable])
    action = StringField(validators=[InputRequired(), AnyOf([one.value for one in TaskAction])])
    share = IntegerField(validators=[Optional(), NumberRange(0, 99)])
    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired(), NumberRange(0, 1_000_000)])
