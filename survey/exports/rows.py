"""The rows of the data files: accepted households, their members and deprivations, and who was not interviewed.

Only what counts is exported (`register_entry.submission_id`): by default what was accepted; with `everything` also what
is received or returned, each row then marked `provisional`. Rows are read in batches and never kept, so a province
exports in the memory of a hamlet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from models import (
    OF_SUBMISSION,
    Account,
    Assessment,
    AssessmentReading,
    Deprivation,
    Household,
    HouseholdOutcome,
    RegisterEntry,
    Round,
    RoundCommune,
    Submission,
    SubmissionStatus,
)
from models.database import chunks, rows_by_id
from survey.calendar.standing import OF_ENTRY
from survey.exports.columns import DataColumn, reader
from survey.form.form import Form
from survey.outcomes.cases import of_round
from survey.questionnaires.published import load_form
from survey.reports.csvfile import Cell
from survey.reports.selection import STATE_OF, Basis, Rows
from survey.terms import DIMENSION_OF, Indicator, RegisterState
from survey.text import in_language

_BATCH = 200
_OF_DEPRIVATION = and_(Deprivation.commune_id == Submission.commune_id, Deprivation.submission_id == Submission.id)
Readings = dict[tuple[str, str], list[str]]  # of each version: the names of those that no paper confirms, in its order


@dataclass(frozen=True)
class Choice:
    """What to export: a round's households in `communes`; `everything`: also those not yet accepted; `households`:
    these of them alone, None: all."""

    round_id: str
    communes: tuple[str, ...]
    everything: bool = False
    households: tuple[str, ...] | None = None

    @property
    def states(self) -> list[str]:
        """Of the lines of the round's list."""
        return [one.value for one in RegisterState] if self.everything else [STATE_OF[Basis.FINAL].value]


def count(session: Session, choice: Choice) -> int:
    """How many households an export will hold."""
    return session.scalar(_counting(select(func.count()).select_from(RegisterEntry), choice)) or 0


def forms_of(session: Session, choice: Choice, answered: Iterable[tuple[str, str]] | None = None) -> list[Form]:
    """The forms whose answers are exported: the round's own first, then older or newer ones that were answered.
    `answered`: these, where somebody knows them already."""
    survey_round = session.get_one(Round, choice.round_id)
    own = (survey_round.form_id, survey_round.form_version)
    others = sorted(set(versions_of(session, choice) if answered is None else answered) - {own})
    found = [load_form(session, *key) for key in (own, *others)]
    return [form for form in found if form is not None]


def versions_of(session: Session, choice: Choice) -> list[tuple[str, str]]:
    """Which forms and versions were answered."""
    versions = select(Submission.form_id, Submission.form_version).select_from(RegisterEntry).distinct()
    return sorted({(form_id, version) for form_id, version in session.execute(_counting(versions, choice))})


def _counting(statement: Rows, choice: Choice) -> Rows:
    """`statement` over the register entries of `choice`, each with the submission that counts."""
    if choice.households is not None:
        statement = statement.where(RegisterEntry.household_id.in_(choice.households))
    return statement.join(
        Submission,
        and_(Submission.commune_id == RegisterEntry.commune_id, Submission.id == RegisterEntry.submission_id),
    ).where(
        RegisterEntry.round_id == choice.round_id,
        RegisterEntry.commune_id.in_(choice.communes),
        RegisterEntry.state.in_(choice.states),
    )


def _records(choice: Choice, *more: Any) -> Rows:
    """The identity of each record, then `more` of household, submission, assessment or surveyor."""
    chosen = select(
        RegisterEntry.round_id, Round.year, Round.trial, RegisterEntry.commune_id, RegisterEntry.village_id,
        RegisterEntry.household_id, RegisterEntry.state, Household.code, Submission.entry_id,
        RoundCommune.state.label("round_state"), Assessment.household_class, Assessment.illustrative, *more,
    ).select_from(RegisterEntry)  # fmt: skip
    return (
        _counting(chosen, choice)
        .join(Round, Round.id == RegisterEntry.round_id)
        .outerjoin(RoundCommune, OF_ENTRY)
        .join(
            Household,
            and_(Household.commune_id == RegisterEntry.commune_id, Household.id == RegisterEntry.household_id),
        )
        .join(
            Assessment, and_(Assessment.commune_id == Submission.commune_id, Assessment.submission_id == Submission.id)
        )
        .order_by(RegisterEntry.commune_id, RegisterEntry.village_id, Household.code, RegisterEntry.household_id)
    )


def _read(session: Session, statement: Rows) -> Iterator[Row[Any]]:
    with session.execute(statement.execution_options(yield_per=_BATCH)) as found:  # it may be broken off
        yield from found


def _identity(row: Row[Any], names: dict[str, str]) -> list[Cell]:
    return [
        row.round_id, row.year, row.trial, row.commune_id, names.get(row.commune_id, ""), row.village_id,
        names.get(row.village_id, ""), row.household_id, row.code, row.entry_id, row.state,
        row.state != STATE_OF[Basis.FINAL].value, row.round_state,
        row.household_class, row.illustrative,
    ]  # fmt: skip


def households(
    session: Session, choice: Choice, names: dict[str, str], questions: Sequence[DataColumn], open_readings: Readings
) -> Iterator[list[Cell]]:
    """A row a household: IDENTITY, `of_household`, the answers. `open_readings`: see `Readings`."""
    return (cells for _row, cells in _of_households(session, choice, names, questions, open_readings))


def _of_households(
    session: Session, choice: Choice, names: dict[str, str], questions: Sequence[DataColumn], open_readings: Readings
) -> Iterator[tuple[Row[Any], list[Cell]]]:
    hanging = (
        select(func.aggregate_strings(AssessmentReading.reading, " "))
        .where(AssessmentReading.commune_id == Submission.commune_id, AssessmentReading.submission_id == Submission.id)
        .scalar_subquery()
        .label("hanging")
    )
    statement = _records(
        choice, Assessment.head_name, RegisterEntry.opening_class, Assessment.b1_points, Assessment.b2_points,
        Assessment.deprived_count, Assessment.persons, Assessment.standard, Submission.form_id,
        Submission.form_version, Account.username, Submission.received_at, SubmissionStatus.updated_at,
        hanging, Assessment.values,
    )  # fmt: skip
    statement = statement.join(Account, Account.id == Submission.account_id).join(SubmissionStatus, OF_SUBMISSION)
    answers = reader(questions)
    for row in _read(session, statement):
        hangs = set((row.hanging or "").split())
        doubtful = [name for name in open_readings.get((row.form_id, row.form_version), ()) if name in hangs]
        own: list[Cell] = [
            row.head_name, row.opening_class, row.b1_points, row.b2_points, row.deprived_count, row.persons,
            row.standard, row.form_id, row.form_version, row.username, _moment(row.received_at),
            _moment(row.updated_at), " ".join(doubtful),
        ]  # fmt: skip
        yield row, _identity(row, names) + own + answers(row.values)


def wide(
    session: Session, choice: Choice, names: dict[str, str], forms: Iterable[Form], questions: Sequence[DataColumn],
    of_member: Sequence[DataColumn], most: int, open_readings: Readings,
) -> Iterator[list[Cell]]:  # fmt: skip
    """A row a household as in `households`, then whether it lacks each indicator, how many members are not here, and
    the answers of its first `most` members, one after the other."""
    repeat_of = {(form.id, form.version): form.members.path for form in forms if form.members}
    statement = _records(choice, Deprivation.indicator, Deprivation.deprived).join(Deprivation, _OF_DEPRIVATION)
    grouped = groupby(_read(session, statement), key=_household_of)
    lacks = ((key, {row.indicator: row.deprived for row in found}) for key, found in grouped)
    ahead = next(lacks, None)  # in the order of the households, some of which may have none
    answers = reader(of_member)
    for row, cells in _of_households(session, choice, names, questions, open_readings):
        found: dict[str, bool] = {}
        if ahead is not None and ahead[0] == _household_of(row):
            found, ahead = ahead[1], next(lacks, None)
        members = _at(row.values, repeat_of.get((row.form_id, row.form_version)))
        cells += [found.get(indicator) for indicator in Indicator]
        cells.append(max(len(members) - most, 0))
        for position in range(most):
            member = members[position] if position < len(members) else {}
            cells += answers(member)
        yield cells


def most_members(session: Session, choice: Choice, forms: Iterable[Form]) -> int:
    """How many members the largest household lists."""
    repeat_of = {(form.id, form.version): form.members.path for form in forms if form.members}
    statement = _records(choice, Submission.form_id, Submission.form_version, Assessment.values)
    found = (_at(row.values, repeat_of.get((row.form_id, row.form_version))) for row in _read(session, statement))
    return max(map(len, found), default=0)


def members(
    session: Session, choice: Choice, names: dict[str, str], forms: Iterable[Form], questions: Sequence[DataColumn]
) -> Iterator[list[Cell]]:
    """A row a member of a household: IDENTITY, OF_MEMBER, the answers."""
    repeat_of = {(form.id, form.version): form.members.path for form in forms if form.members}
    answers = reader(questions)
    for row in _read(session, _records(choice, Submission.form_id, Submission.form_version, Assessment.values)):
        identity = _identity(row, names)
        for position, member in enumerate(_at(row.values, repeat_of.get((row.form_id, row.form_version))), start=1):
            yield identity + [position] + answers(member)


def deprivations(session: Session, choice: Choice, names: dict[str, str]) -> Iterator[list[Cell]]:
    """A row a household and indicator: IDENTITY, OF_DEPRIVATION."""
    statement = _records(choice, Deprivation.indicator, Deprivation.deprived, Deprivation.because).join(
        Deprivation, _OF_DEPRIVATION
    )
    rank = {indicator.value: position for position, indicator in enumerate(Indicator)}
    for _household, rows in groupby(_read(session, statement), key=_household_of):
        for row in sorted(rows, key=lambda row: rank[row.indicator]):
            indicator = Indicator(row.indicator)
            dimension = DIMENSION_OF[indicator]
            yield _identity(row, names) + [
                dimension.value, dimension.vi, indicator.value, indicator.vi, row.deprived, because_text(row.because),
            ]  # fmt: skip


def no_interview(session: Session, choice: Choice, names: dict[str, str]) -> Iterator[list[Cell]]:
    """Households whose end was confirmed without an interview; with `everything` also what waits or was sent back."""
    survey_round = session.get_one(Round, choice.round_id)
    for commune_id in choice.communes:
        found = [
            (case, one)
            for case in of_round(session, commune_id, choice.round_id)
            if (one := case.told) is not None and (choice.everything or case.confirmed)
        ]
        rows = rows_by_id(session, HouseholdOutcome, commune_id, (one.id for _, one in found))
        households = rows_by_id(session, Household, commune_id, (case.of.household_id or "" for case, _ in found))
        usernames = _usernames(
            session, (name for _, one in found for name in (one.by, one.last.by if one.last else ""))
        )
        stands = session.get(RoundCommune, (commune_id, choice.round_id))
        for case, one in sorted(found, key=lambda each: (each[0].village_id or "", each[0].of.household_id or "")):
            row, household, last = rows[one.id], households.get(case.of.household_id or ""), one.last
            yield [
                choice.round_id, survey_round.year, survey_round.trial, commune_id, names.get(commune_id, ""),
                case.village_id, names.get(case.village_id or "", ""), case.of.household_id,
                household.code if household else "", row.entry_id, case.interview and case.interview.value,
                case.confirmed is None, stands.state if stands else None, None, None,
                household.head_name if household else "", row.kind, one.state.value, row.reason,
                len(row.attempts or ()), row.place, usernames.get(one.by, ""), row.said_at, _moment(row.received_at),
                usernames.get(last.by, "") if last else "", _moment(last.at) if last else "",
                last.reason if last else "",
            ]  # fmt: skip


def _usernames(session: Session, ids: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in chunks(set(ids)):
        found |= {one.id: one.username for one in session.scalars(select(Account).where(Account.id.in_(chunk)))}
    return found


def because_text(because: Any, language: str = "vi") -> str:
    """The answers that made a lack, in one line: "Lò Văn A: Thẻ BHYT – Không; …"."""
    parts = []
    for reason in because or ():
        label, answer = (in_language(reason.get(key), language) for key in ("label", "answer"))
        member = f"{reason['member']}: " if reason.get("member") else ""
        parts.append(f"{member}{label} – {answer}")
    return "; ".join(parts)


def _household_of(row: Row[Any]) -> tuple[str, str]:
    return row.commune_id, row.household_id


def _at(values: Any, path: str | None) -> list[Any]:
    for step in path.split("/") if path else ():
        values = values.get(step) if isinstance(values, dict) else None
    return values if path and isinstance(values, list) else []


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
