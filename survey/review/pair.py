"""Two interviews beside each other, question by question: what a person reads before saying which one counts.

Both are read through their own forms. Members are matched by what stays the same of a person: the citizen number, else
name and birth year, else the name, else their place in the list. A question is found again by its path, of a member
within that member. `lines` of a part are those that either interview answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Assessment, Deprivation, Device, Submission, SubmissionStatus
from survey.form.form import Form
from survey.form.reading import Instance, ReadRow, Section, question_of, read, repeat_of
from survey.review.since_last_year import PICTURES, beside
from survey.submissions.content import evaluated
from survey.submissions.log import find, last_step
from survey.terms import Indicator, QuarantineReason, SubmissionState
from survey.text import without_tones

CITIZEN_NUMBER, BORN = "cccd", "nam_sinh"  # as the household questionnaire calls them; another form has names only


@dataclass(frozen=True)
class Side:
    """One of the two: who brought it, when, from which phone, and what the law makes of it."""

    submission: Submission
    state: SubmissionState
    reason: QuarantineReason | None
    surveyed_by: Account
    phone: Device | None
    assessment: Assessment | None
    because: dict[Indicator, list[dict[str, Any]]]  # of each indicator in which the household is deprived
    seen: int
    readable: bool = True


@dataclass(frozen=True)
class PairedLine:
    """One question in both. `paths`: where it stands in each, None where its member is missing there."""

    label: str
    paths: tuple[str | None, str | None]
    answers: tuple[str, str]
    picture: bool
    differs: bool


@dataclass
class PairedPart:
    """A section, or a member in it; a member that only one interview has is None in `paths` of the other."""

    label: str
    paths: tuple[str | None, str | None]
    lines: list[PairedLine] = field(default_factory=list)
    parts: list[PairedPart] = field(default_factory=list)

    @property
    def one_sided(self) -> bool:
        return None in self.paths

    @property
    def differences(self) -> int:
        own = sum(line.differs for line in self.lines)
        return own + sum(1 if part.one_sided else part.differences for part in self.parts)


@dataclass(frozen=True)
class Pair:
    """Two interviews of a household in a round, read in one language."""

    sides: tuple[Side, Side]
    parts: list[PairedPart]

    @property
    def indicators(self) -> list[Indicator]:
        """Those in which either finds the household deprived."""
        return [one for one in Indicator if any(one in side.because for side in self.sides)]

    @property
    def differences(self) -> int:
        return sum(part.differences for part in self.parts)


def read_pair(session: Session, commune_id: str, ids: tuple[str, str], language: str) -> Pair:
    """Raises not_found."""
    found = [find(session, commune_id, submission_id) for submission_id in ids]
    one, other = (evaluated(session, submission) for submission, _ in found)
    sides = (_side(session, *found[0], one is not None), _side(session, *found[1], other is not None))
    if one is None or other is None:
        return Pair(sides, [])
    return Pair(
        sides,
        _Beside(one[0]).sections(
            read(one.form, one.evaluation, language), read(other.form, other.evaluation, language)
        ),
    )


def _side(session: Session, submission: Submission, status: SubmissionStatus, readable: bool) -> Side:
    own = {"commune_id": submission.commune_id, "submission_id": submission.id}
    lacks = session.scalars(select(Deprivation).filter_by(**own, deprived=True))
    return Side(
        submission,
        SubmissionState(status.state),
        QuarantineReason(status.reason) if status.reason else None,
        session.get_one(Account, submission.account_id),
        session.get(Device, (submission.device_id, submission.account_id)),
        session.get(Assessment, (submission.commune_id, submission.id)),
        {Indicator(lack.indicator): lack.because for lack in lacks},
        last_step(session, submission).seq,
        readable,
    )


class _Beside:
    def __init__(self, form: Form) -> None:
        self.items = form.by_path
        self.rank = {item.path: position for position, item in enumerate(form.nodes())}

    def sections(self, first: Sequence[Section], second: Sequence[Section]) -> list[PairedPart]:
        others = {section.path: section for section in second}
        pairs = [(one, others.pop(one.path, Section(one.path, one.label))) for one in first]
        pairs += [(Section(one.path, one.label), one) for one in others.values()]
        pairs.sort(key=lambda pair: self.rank.get(pair[0].path, -1 if not pair[0].path else len(self.rank)))
        found = []
        for one, other in pairs:
            part = PairedPart(one.label, (one.path, other.path), self.lines(one.rows, other.rows, one.path, other.path))
            part.parts = [self.member(*pair) for pair in matched(one.instances, other.instances)]
            if part.lines or part.parts:
                found.append(part)
        return found

    def member(self, one: Instance | None, other: Instance | None) -> PairedPart:
        paths = (one.path if one else None, other.path if other else None)
        label = (one or other or Instance("", "")).label
        rows = (one.rows if one else [], other.rows if other else [])
        return PairedPart(label, paths, self.lines(*rows, *paths))

    def lines(
        self, first: Iterable[ReadRow], second: Iterable[ReadRow], here: str | None, there: str | None
    ) -> list[PairedLine]:
        """The questions that either answered, in the form's order."""
        found = []
        for one, other in beside(first, second):
            row = one or other
            if row is None or not ((one and one.answer) or (other and other.answer)):
                continue
            item = self.items.get(question_of(row.path))
            raws = (one.raw if one else "", other.raw if other else "")
            # Nobody stands twice at quite the same point: two positions are shown and not called a difference.
            differs = raws[0] != raws[1] and (item is None or item.type != "geopoint" or "" in raws)
            paths = (
                one.path if one else _moved(row.path, there, here),
                other.path if other else _moved(row.path, here, there),
            )
            answers = (one.answer if one else "", other.answer if other else "")
            found.append(PairedLine(row.label, paths, answers, item is not None and item.type in PICTURES, differs))
        return sorted(found, key=lambda line: self.rank.get(question_of(line.paths[0] or line.paths[1] or ""), 0))


def _moved(path: str, within: str | None, to: str | None) -> str | None:
    """The path of a question in the other's member; None when there is no such member there."""
    if to is None:
        return None
    return to + path[len(within) :] if within else path


def matched(first: Sequence[Instance], second: Sequence[Instance]) -> list[tuple[Instance | None, Instance | None]]:
    """Members of both who are the same person, in the order of the first; then those of the second alone."""
    partner: dict[str, Instance] = {}
    left, right = list(first), list(second)
    for key in KEYS:
        ours, theirs = _by(key, left), _by(key, right)
        for value in ours.keys() & theirs.keys():
            partner[ours[value].path] = theirs[value]
        left = [one for one in left if one.path not in partner]
        taken = {other.path for other in partner.values()}
        right = [other for other in right if other.path not in taken]
    pairs: list[tuple[Instance | None, Instance | None]] = [(one, partner.get(one.path)) for one in first]
    return pairs + [(None, other) for other in right]


def _by(key: Callable[[Instance], Any], members: Iterable[Instance]) -> dict[Any, Instance]:
    """Members by a key, those alone that have one and do not share it."""
    found: dict[Any, list[Instance]] = {}
    for member in members:
        value = key(member)
        if value is not None:
            found.setdefault((repeat_of(member.path), value), []).append(member)
    return {value: alike[0] for value, alike in found.items() if len(alike) == 1}


def _answer(member: Instance, name: str) -> str:
    return next((str(row.raw) for row in member.rows if row.name == name), "")


def _citizen(member: Instance) -> Any:
    return _answer(member, CITIZEN_NUMBER) or None


def _name_and_year(member: Instance) -> Any:
    year = _answer(member, BORN)
    return (without_tones(member.label), year) if year else None


def _name(member: Instance) -> Any:
    return without_tones(member.label) or None


def _place(member: Instance) -> Any:
    return member.path


KEYS = (_citizen, _name_and_year, _name, _place)
