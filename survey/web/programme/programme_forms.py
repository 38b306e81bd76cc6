"""What is filled in about programmes: rows of their catalogue, funds, members of models. The views set the choices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from survey.programmes.versions import MAX_TEXT
from survey.programmes.words import SENTENCES
from survey.support_terms import (
    FundAct,
    MemberAct,
    MemberOutcome,
    ProgrammeKind,
    ProjectKind,
    Provenance,
    SupportCount,
    SupportSubject,
    SupportWindow,
)
from survey.terms import HouseholdClass, Indicator, Term
from survey.web.forms import printable
from survey.web.language import current_language

NEEDED = DataRequired(_("This must be filled in."))


class Choice(SelectField):
    """One of what the view offers."""

    def pre_validate(self, _form: Any) -> None:
        if self.data not in [value for value, *_words in self.iter_choices()]:
            raise ValidationError(gettext("Choose one of what is offered."))


class Terms(Choice):
    """One of some terms, in the reader's language; `blank`: what choosing none is called."""

    def __init__(self, label: Any, terms: Iterable[Term], blank: Any = None, **more: Any) -> None:
        self.terms, self.blank = list(terms), blank
        super().__init__(label, **more)

    def process(self, *args: Any, **more: Any) -> None:
        none = [("", self.blank)] if self.blank is not None else []
        self.choices = none + [(one.value, one.label(current_language())) for one in self.terms]
        super().process(*args, **more)


def line(label: Any, most: int, needed: bool = True) -> StringField:
    """A line of text."""
    filters = [lambda said: (said or "").strip()]  # what was not sent says nothing
    return StringField(label, [*([NEEDED] if needed else []), Length(max=most), printable], filters=filters)


def on_day(label: Any, needed: bool = True) -> DateField:
    return DateField(label, [NEEDED if needed else Optional()])


class Row(FlaskForm):
    """What each row of the catalogue says of itself; why comes as `reason`. `seen`: the version that was changed."""

    status = Terms(_("How well it is known"), Provenance)
    source = line(_("Where it is known from: paper, number, day"), MAX_TEXT)
    reason = line(_("Why (stands in the log)"), MAX_TEXT)
    withdrawn = BooleanField(_("Withdraw it: it was entered by mistake, or holds no more"))
    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired(), NumberRange(0, 1_000_000)])


class ProgrammeRow(Row):
    code = line(_("Short code"), 32)
    name = line(_("Name"), 300)
    kind = Terms(_("What it is"), ProgrammeKind)
    since = on_day(_("First day"))
    until = on_day(_("Last day (empty: not known)"), needed=False)
    legal_basis = line(_("Legal basis: paper, number, day"), MAX_TEXT)


class ProjectRow(Row):
    programme = Choice(_("Programme"))
    code = line(_("Short code"), 32)
    number = line(_("Number in the paper"), 16, needed=False)
    sub_number = line(_("Number of the sub-project"), 16, needed=False)
    name = line(_("Name"), 300)
    kind = Terms(_("Kind"), ProjectKind)
    within = Choice(_("Belongs to the project"))
    opens = on_day(_("First day (empty: as the programme)"), needed=False)
    ends = on_day(_("Last day (empty: as the programme)"), needed=False)
    place_set = Choice(_("Communes meant"))
    commune_id = Choice(_("Only one commune"))


class ServesRow(Row):
    project = Choice(_("Project"))  # as programme:code
    indicator = Terms(_("Indicator that it serves"), Indicator)
    place_set = Choice(_("Communes meant"))
    classes = SelectMultipleField(
        _("Only households of these classes (none ticked: of any)"),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    note = line(_("What else it asks, in words"), MAX_TEXT, needed=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.classes.choices = [(one.value, one.label(current_language())) for one in HouseholdClass]


class KindRow(Row):
    code = line(_("Short code"), 32)
    label = line(_("Name"), 200)
    benefit_group = line(_("Benefit group: what counts as the same support"), 32)
    subject = Terms(_("Given to"), SupportSubject)
    once_in = Terms(_("How often"), SupportWindow)
    counts_as = Terms(_("Adds to the figure of the plan"), SupportCount, blank=_("none"))


class NewFund(FlaskForm):
    project = Choice(_("Programme and project"))  # as programme:code, "programme:" of all of it
    name = line(_("Name of the fund"), 120)
    year = IntegerField(_("Year"), [NEEDED])
    source = line(_("Paper that gives the money: number, day"), MAX_TEXT)


class Moved(FlaskForm):
    """A movement; the amount is read as an office writes it."""

    act = Terms(_("What is done"), [one for one in FundAct if one is not FundAct.REVERSE])
    amount = line(_("Amount (đồng)"), 20)
    of_seq = IntegerField(
        _("Number of the commitment or payment that it pays or brings back"), [Optional(), NumberRange(1, 1_000_000)]
    )
    day = on_day(_("Day"))
    document = line(_("Paper: number, day"), MAX_TEXT)


class Undone(FlaskForm):
    seq = IntegerField(widget=HiddenInput(), validators=[InputRequired(), NumberRange(1, 1_000_000)])
    document = line(_("Why it was a mistake"), MAX_TEXT)


class Joined(FlaskForm):
    household = line(_("Number of the household"), 36)
    person = line(_("Member of the household, by name (empty: the whole household)"), 120, needed=False)
    since = on_day(_("Takes part since"))
    given = line(_("Money from the programme (đồng)"), 20)
    own = line(_("Money of its own (đồng; empty: none)"), 20, needed=False)
    what = line(_("What for, such as 05 goats"), MAX_TEXT)
    document = line(_("Paper: number, day"), MAX_TEXT)


class Told(FlaskForm):
    member = HiddenField(validators=[InputRequired(), Length(max=36), printable])
    act = Terms(_("What became of it"), MemberAct)
    outcome = Terms(_("How the model goes"), MemberOutcome, blank=_("(only of an outcome)"))
    day = on_day(_("Seen on"))
    note = line(_("In words"), MAX_TEXT, needed=False)


def tell(form: FlaskForm, wrong: Iterable[tuple[str, str]]) -> bool:
    """Put what cannot be beside its field; whether there was any."""
    told = False
    for name, code in wrong:
        told = True
        field = form[name] if name in form else form[next(iter(form._fields))]
        field.errors = [*field.errors, gettext(SENTENCES[code])]
    return told
