"""What a supervisor fills in: the search, and the decision on a record."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired
from wtforms import DateField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from survey.review.decide import MAX_COMMENT
from survey.review.person_acts import RELATIONS, SEXES
from survey.submissions.lifecycle import DECISIONS
from survey.terms import (
    Area,
    HouseholdClass,
    LikenessVerdict,
    OutcomeAction,
    RegisterKind,
)
from survey.villages.acts import ASKED_FOR
from survey.web.forms import FileField, printable


class Search(FlaskForm):
    wanted = StringField(_("Name of the head, or household code"), [Length(max=120)])


class Decision(FlaskForm):
    """`seen`: the last number of the review log on the page. Remarks on single questions come as `remark:<path>`."""

    action = HiddenField(validators=[InputRequired(), AnyOf([action.value for action in DECISIONS])])
    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    comment = TextAreaField(_("Comment on the record as a whole"), [Length(max=MAX_COMMENT)])


class Plain(FlaskForm):
    """A button and nothing else; its token is checked."""


class RegisterAct(FlaskForm):
    """What is to be written down about a household; who goes at a split comes as `member`. `basis`: what was seen.
    What is looked up has to be `printable`; what is kept is kept without what cannot be."""

    kind = HiddenField(validators=[InputRequired(), AnyOf([kind.value for kind in RegisterKind])])
    since = DateField(_("Since which day"), [InputRequired()])
    head = StringField(validators=[Length(max=120)])
    village = StringField(validators=[Length(max=16), printable])
    address = StringField(validators=[Length(max=200)])
    household_class = StringField(validators=[AnyOf(["", *(one.value for one in HouseholdClass)])], default="")
    other = StringField(validators=[Length(max=36), printable])
    commune = StringField(validators=[Length(max=16), printable])  # of the other household, where that is another
    person = StringField(validators=[Length(max=64), printable])
    same = StringField(validators=[Length(max=64), printable])  # as whom
    name = StringField(validators=[Length(max=120)])
    sex = StringField(validators=[AnyOf(["", *SEXES])], default="")
    relation = StringField(validators=[AnyOf(["", *RELATIONS])], default="")
    day = StringField(validators=[Length(max=2)])
    month = StringField(validators=[Length(max=2)])
    year = StringField(validators=[Length(max=4)])
    number = StringField(validators=[Length(max=20)])
    basis = HiddenField(validators=[Length(max=64)])


class VillageAct(FlaskForm):
    """What is to be written down about a village; who lies in one that is split off comes as `household`. `basis`: what
    was seen."""

    kind = HiddenField(validators=[InputRequired(), AnyOf([kind.value for kind in ASKED_FOR])])
    since = DateField(_("Since which day"), [InputRequired()])
    name = StringField(validators=[Length(max=120)])
    division = StringField(validators=[Length(max=40)])
    area = StringField(validators=[AnyOf(["", *(one.value for one in Area)])], default="")
    other = StringField(validators=[Length(max=16), printable])
    commune = StringField(validators=[Length(max=16), printable])
    former = StringField(validators=[Length(max=16), printable])
    basis = HiddenField(validators=[Length(max=64)])


class FormerList(FlaskForm):
    """Which former commune each village lies in, as a file."""

    file = FileField(_("The list, filled in (CSV or .xlsx)"))


class CorrectionList(FlaskForm):
    """A list that corrects households, and since which day what it says holds."""

    file = FileField(_("List of corrections (.xlsx or .csv)"), [FileRequired(_("Choose the list."))])
    since = DateField(_("Since which day it holds"), [InputRequired()])


class PoliceList(FlaskForm):
    """A list that the commune police checked."""

    file = FileField(_("The list with what the police wrote (.xlsx or .csv)"), [FileRequired(_("Choose the list."))])


class OutcomeDecided(FlaskForm):
    """A decision on what was said of a household; `seen`: what it rests on. With an act on the register: since which
    day, which other household, and `basis`: what was shown of it."""

    action = HiddenField(validators=[InputRequired(), AnyOf([action.value for action in OutcomeAction])])
    seen = HiddenField(validators=[InputRequired(), Length(max=64)])
    since = DateField(validators=[Optional()])
    other = StringField(validators=[Length(max=36), printable])
    basis = HiddenField(validators=[Length(max=64)])


class Assigning(FlaskForm):
    """Households come as `household`, people to share among as `among`; `account` empty: nobody in particular."""

    action = HiddenField(validators=[InputRequired(), AnyOf(["give", "share"])])
    account = StringField(validators=[Length(max=36), printable])


class Bulk(FlaskForm):
    """What to do to the held entries that were picked; they come as `entry`."""

    action = HiddenField(validators=[InputRequired(), AnyOf(["judge", "release", "discard"])])
    words = TextAreaField(_("Why (stands in the log of each)"), [Length(max=MAX_COMMENT)])


class AttachForm(FlaskForm):
    """The household that an interview is of; empty: the one that it says itself."""

    household = HiddenField(validators=[Length(max=36), printable])
    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    words = StringField(_("Why (stands in the log)"), [Length(max=MAX_COMMENT)])


class Day(FlaskForm):
    """The day on which an interview was, as a person found."""

    day = DateField(_("The household was visited on"), [InputRequired()])
    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    words = StringField(_("Who said so (stands in the log)"), [Length(max=MAX_COMMENT)])


class PairVerdict(FlaskForm):
    """What is said of two households that may be one; `compared`: what was shown of them."""

    one = HiddenField(validators=[InputRequired(), Length(max=36), printable])
    other = HiddenField(validators=[InputRequired(), Length(max=36), printable])
    compared = HiddenField(validators=[Length(max=64), printable])
    verdict = HiddenField(validators=[InputRequired(), AnyOf([one.value for one in LikenessVerdict])])
    reason = StringField(_("Why (may stay empty)"), [Length(max=500), printable])


class Merging(FlaskForm):
    """What was seen of both interviews. Choices come as `take:<place>`, "a" or "b"."""

    seen_a = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    seen_b = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
