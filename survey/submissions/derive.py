"""Everything that follows from what was received and what was decided, made again: the only writer of derived rows.

`submission_status`, `assessment`, `deprivation`, `assessment_reading`, `member`, `household.current_*` and
`register_entry.state` are functions of submissions, their events and the published forms. `derive` makes those of one
submission and its household; `rebuild` makes all, and on a healthy database changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import (
    Assessment,
    AssessmentReading,
    Deprivation,
    Household,
    Member,
    PlaceEvent,
    RegisterEntry,
    Round,
    Submission,
    SubmissionEvent,
    SubmissionStatus,
)
from models.commune_counter import lock_commune, next_change
from survey.calendar.standing import days_of, is_open
from survey.form.form import Form
from survey.form.record import Evaluation
from survey.poverty import assess as poverty
from survey.questionnaires.published import has_official_points, load_form
from survey.register import places
from survey.register.event_log import events_around
from survey.register.last_year import address_in, with_address, with_members, with_members_of
from survey.register.ledger import (
    CHANGES_MEMBERS,
    CORRECTED,
    Event,
    Folded,
    Interview,
    fold,
    households_in,
    live,
)
from survey.submissions.content import (
    TOLD,
    Dated,
    Evaluated,
    Told,
    clock_of,
    clock_when,
    content_of,
    evaluated,
    judged_answers,
    judged_under,
    members_in,
    told_names,
)
from survey.submissions.evaluated_first import evaluation as evaluation_of
from survey.submissions.evaluated_first import hanging_of
from survey.submissions.lifecycle import LIVE, register_state
from survey.submissions.standing import interviews_of, keep_identities
from survey.tallies import places as tallies
from survey.terms import (
    Action,
    HouseholdClass,
    HouseholdState,
    QuarantineReason,
    RegisterKind,
    SubmissionState,
)
from survey.text import plain_name


def derive(
    session: Session, commune_id: str, submission_id: str, known: Evaluated | None = None, *, anew: bool = False
) -> None:
    """Derive what follows from one submission after an event; the caller holds the commune's lock. `known`: what it was
    evaluated to a moment ago; `anew`: the event changes what it is evaluated to."""
    session.flush()  # events just appended
    submission = session.get_one(Submission, (commune_id, submission_id))
    counted = _counts(session, submission)
    _derive_status(session, submission)
    assessment = session.get(Assessment, (commune_id, submission_id))
    if anew or assessment is None or (known is not None and _was_told_otherwise(assessment, _told_to(known))):
        _derive_assessment(session, submission, known)
    session.flush()  # the household's state is read from these
    _derive_households(session, submission, counts=counted or _counts(session, submission))


def _counts(session: Session, submission: Submission) -> bool:
    """Whether its household is what it says."""
    status = session.get(SubmissionStatus, (submission.commune_id, submission.id))
    return status is not None and status.state == SubmissionState.ACCEPTED


def _told_to(known: Evaluated) -> Told:
    return {name: known.evaluation.values.get(name) for name in told_names(known.form)}


def _was_told_otherwise(assessment: Assessment, told: Told) -> bool:
    """Whether it was judged under something else than `told`: its household was not known then, is none any more, or
    was taken to be elsewhere."""
    return any(name in assessment.values and assessment.values[name] != said for name, said in told.items())


def derive_again(session: Session, commune_id: str, submission_id: str) -> None:
    """Judge one submission anew, after its round was moved to another version or the register says otherwise where its
    household was; the caller holds the commune's lock."""
    submission = session.get_one(Submission, (commune_id, submission_id))
    _derive_assessment(session, submission, told=decided_under(session, submission))
    session.flush()  # the household's class is read from it
    _derive_households(session, submission, counts=_counts(session, submission))


def evaluate_for(
    session: Session, submission: Submission, known: Evaluated | None = None, told: Told | None = None
) -> None:
    """Evaluate what deriving the submission is going to ask for, which may not be stored yet. Nothing is written."""
    survey_round = session.get(Round, submission.round_id) if submission.round_id else None
    found = known or _evaluated(session, submission, survey_round, told)
    if found is not None:
        _judge(session, submission, survey_round, found, told)


def derive_told_otherwise(session: Session, commune_id: str, submission_ids: Sequence[str]) -> None:
    """Of these, judge anew what the register tells otherwise by now than when it was decided, in a round that is open
    again."""
    for submission_id in told_otherwise(session, commune_id, submission_ids):
        derive_again(session, commune_id, submission_id)


def told_otherwise(session: Session, commune_id: str, submission_ids: Iterable[str]) -> Iterator[str]:
    """Those that were judged under something else than the register tells by now."""
    for submission_id in submission_ids:
        submission = session.get_one(Submission, (commune_id, submission_id))
        assessment = session.get(Assessment, (commune_id, submission_id))
        if assessment is not None and _was_told_otherwise(assessment, judged_under(session, submission)):
            yield submission_id


def decided_under(session: Session, submission: Submission) -> Told | None:
    """What a record was told of its village when it was judged: that stays where its round is not open (any more). None
    while it is open, and for one that was never judged: what the register says now."""
    if is_open(session, submission.round_id, submission.commune_id):
        return None
    assessment = session.get(Assessment, (submission.commune_id, submission.id))
    if assessment is None:
        return None
    return {name: assessment.values[name] for name in TOLD if assessment.values.get(name)}


def judge_undecided(session: Session, submissions: Iterable[Submission]) -> bool:
    """Judge those that were never judged, or under something else than the register tells by now where their round is
    open; whether there was one. What follows for their household is the caller's to derive."""
    found = [one for one in submissions if _is_to_be_judged(session, one)]
    for submission in found:
        _derive_assessment(session, submission)
    session.flush()  # their household's class is read from these
    return bool(found)


def _is_to_be_judged(session: Session, submission: Submission) -> bool:
    assessment = session.get(Assessment, (submission.commune_id, submission.id))
    if assessment is None:
        return True
    is_undecided = is_open(session, submission.round_id, submission.commune_id)
    return is_undecided and _was_told_otherwise(assessment, judged_under(session, submission))


def _derive_households(session: Session, submission: Submission, *, counts: bool) -> None:
    """Those that a submission bears on: the one that it is of, and the one that it says. `counts`: it counted before
    or does now; where it does not, they stay what they are, and only where they stand in the round is asked."""
    status = session.get_one(SubmissionStatus, (submission.commune_id, submission.id))
    for household_id in {status.household_id, submission.household_id} - {None}:
        if household_id is None or submission.round_id is None:
            continue
        if counts:
            derive_household(session, submission.commune_id, household_id, submission.round_id)
        elif entry := session.get(RegisterEntry, (submission.commune_id, submission.round_id, household_id)):
            _write_state(session, entry, opened_otherwise=False)


def rebuild(session: Session) -> int:
    """Derive everything again in one transaction; returns how many submissions were read. Beside an office that works
    the same parts are made one by one (`work/rebuilding.py`)."""
    for commune_id in communes_with_changed_villages(session):
        remake_villages(session, commune_id)
    ids = submission_keys(session)
    for commune_id in sorted({commune_id for commune_id, _ in ids}):
        lock_commune(session, commune_id)
    for key in ids:
        remake_submission(session, *key)
    for key in household_keys(session):
        remake_household(session, *key)
    for commune_id, round_id in tallies.lists(session):
        lock_commune(session, commune_id)
        tallies.add_up(session, commune_id, round_id)
    return len(ids)


def communes_with_changed_villages(session: Session) -> list[str]:
    """What `remake_villages` is to be asked of, first: submissions are judged under them."""
    return list(session.scalars(select(PlaceEvent.commune_id).distinct().order_by(PlaceEvent.commune_id)))


def submission_keys(session: Session) -> list[tuple[str, str]]:
    """Every submission, by commune and id: `remake_submission` of each comes next."""
    keys = select(Submission.commune_id, Submission.id).order_by(Submission.commune_id, Submission.id)
    return [(commune_id, id) for commune_id, id in session.execute(keys)]


def household_keys(session: Session) -> list[tuple[str, str]]:
    """Every household, by commune and id: they come last, since they follow from the submissions."""
    keys = select(Household.commune_id, Household.id).order_by(Household.commune_id, Household.id)
    return [(commune_id, id) for commune_id, id in session.execute(keys)]


def remake_villages(session: Session, commune_id: str) -> None:
    lock_commune(session, commune_id)
    places.follow(session, commune_id)


def remake_submission(session: Session, commune_id: str, submission_id: str) -> set[str]:
    """Status and assessment made again; returns the households that are read from them, where either became another.
    The caller holds the commune's lock."""
    submission = session.get_one(Submission, (commune_id, submission_id))
    before = _as_derived(session, submission)
    _derive_status(session, submission)
    _derive_assessment(session, submission, told=decided_under(session, submission))
    session.flush()  # so that a rebuild of a province does not wait in memory
    after = _as_derived(session, submission)
    homes = {before.get("household_id"), after.get("household_id"), submission.household_id}
    return {id for id in homes if id is not None} if before != after else set()


def _as_derived(session: Session, submission: Submission) -> dict[str, Any]:
    """What of a submission its household is read from, by column."""
    key = (submission.commune_id, submission.id)
    found: dict[str, Any] = {}
    for one in (session.get(SubmissionStatus, key), session.get(Assessment, key)):
        if one is not None:
            found |= {column.key: getattr(one, column.key) for column in one.__table__.columns}
    return found


def remake_household(session: Session, commune_id: str, household_id: str) -> None:
    """What a household is, and where it stands in each of its rounds; the caller holds the commune's lock."""
    household = session.get(Household, (commune_id, household_id))
    if household is None:  # a held entry may name a household that is not ours
        return
    folded = derive_current(session, household)
    of_it = select(RegisterEntry.round_id).filter_by(commune_id=commune_id, household_id=household_id)
    for round_id in session.scalars(of_it.order_by(RegisterEntry.round_id)).all():
        derive_entry(session, household, round_id, *folded)


def phone_agrees(outcome: Any, assessment: poverty.Assessment) -> bool | None:
    """Whether the phone showed the same class, points and indicators as the server finds; None when it sent none."""
    if not isinstance(outcome, dict):
        return None
    indicators = outcome.get("indicators")
    ours = {r.indicator.value: r.deprived for r in assessment.indicators}
    theirs = indicators if isinstance(indicators, dict) else {}
    same = all(ours[key] is None or theirs.get(key) in (ours[key], int(ours[key] or 0)) for key in ours)
    found = (outcome.get("class"), outcome.get("b1"), outcome.get("b2"))
    return same and found == (assessment.household_class, assessment.b1, assessment.b2)


def _derive_status(session: Session, submission: Submission) -> None:
    last = session.scalars(
        select(SubmissionEvent)
        .where(SubmissionEvent.commune_id == submission.commune_id, SubmissionEvent.submission_id == submission.id)
        .order_by(SubmissionEvent.seq.desc())
        .limit(1)
    ).one()
    household_id = _household_of(session, submission)
    status = session.get(SubmissionStatus, (submission.commune_id, submission.id))
    if status is None:
        status = SubmissionStatus(commune_id=submission.commune_id, submission_id=submission.id)
        session.add(status)
    held = last.to_state == SubmissionState.QUARANTINED
    status.state, status.reason, status.updated_at = last.to_state, last.reason if held else None, last.at
    status.household_id, status.round_id = household_id, submission.round_id
    status.received_at = submission.received_at


def _household_of(session: Session, submission: Submission) -> str | None:
    """Of which household a submission is: as a person attached it last, else as it says."""
    attached = session.scalars(
        select(SubmissionEvent.household_id)
        .where(
            SubmissionEvent.commune_id == submission.commune_id,
            SubmissionEvent.submission_id == submission.id,
            SubmissionEvent.action == Action.ATTACH.value,
        )
        .order_by(SubmissionEvent.seq.desc())
        .limit(1)
    ).first()
    return attached or submission.household_id


def _derive_assessment(
    session: Session, submission: Submission, known: Evaluated | None = None, told: Told | None = None
) -> None:
    key = {"commune_id": submission.commune_id, "submission_id": submission.id}
    for derived in (Deprivation, AssessmentReading):
        session.execute(delete(derived).filter_by(**key))
    survey_round = session.get(Round, submission.round_id) if submission.round_id else None
    found = known or _evaluated(session, submission, survey_round, told)
    assessment = session.get(Assessment, (submission.commune_id, submission.id))
    if found is None:
        if assessment is not None:
            session.delete(assessment)
        return
    if assessment is None:
        assessment = Assessment(**key)
        session.add(assessment)
    content = content_of(submission)
    own, form, evaluation, judged = _judge(session, submission, survey_round, found, told)
    assessment.standard = survey_round.standard if survey_round else ""
    assessment.household_class = judged.household_class.value if judged.household_class else None
    assessment.b1_points, assessment.b2_points = judged.b1, judged.b2
    assessment.deprived_count = judged.deprived_count
    assessment.illustrative, assessment.refused = judged.illustrative, judged.refused
    assessment.persons = judged.persons
    assessment.problems = [problem.as_json() for problem in evaluation.problems[:200]]
    assessment.phone_agrees = phone_agrees(content.get("outcome"), own)
    assessment.head_name = plain_name(judged.head_name)
    assessment.values = evaluation.values
    session.flush()  # the indicators' rows are added one by one below
    for result in judged.indicators:
        if result.deprived is not None:
            because = [reason.as_json() for reason in result.because]
            row = Deprivation(**key, indicator=result.indicator.value, dimension=result.dimension.value)
            row.deprived, row.because = result.deprived, because
            session.add(row)
    for other in hanging_of(session, form, evaluation):
        named = other.household_class.value if other.household_class else None
        session.add(AssessmentReading(**key, reading=other.reading, value=other.value, household_class=named))


def _evaluated(
    session: Session, submission: Submission, survey_round: Round | None, told: Told | None
) -> Evaluated | None:
    """None as well where it was not asked with its round's questionnaire: the rules of another are not run."""
    is_asked = survey_round is not None and survey_round.form_id == submission.form_id
    return evaluated(session, submission, told) if is_asked else None


def _judge(
    session: Session, submission: Submission, survey_round: Round | None, found: Evaluated, told: Told | None = None,
    when: Dated | None = None,
) -> tuple[poverty.Assessment, Form, Evaluation, poverty.Assessment]:  # fmt: skip
    """What the law makes of it by its own version, and what counts, with the form and record that it rests on."""
    own = poverty.assess(found.form, found.evaluation)
    officially = None
    if own.illustrative and survey_round is not None:
        officially = _with_official_points(session, submission, survey_round, told, when)
    return own, *(officially or (found.form, found.evaluation, own))


def class_under(session: Session, submission: Submission, told: Told) -> HouseholdClass | None:
    """The class that a record would be of if the register said `told` of its village. Nothing is written."""
    found = evaluated(session, submission, told)
    survey_round = session.get(Round, submission.round_id) if submission.round_id else None
    return _judge(session, submission, survey_round, found, told)[3].household_class if found is not None else None


def judged_then(
    session: Session, submission: Submission, survey_round: Round, told: Told, when: Dated
) -> tuple[Evaluation, poverty.Assessment] | None:
    """What a record was judged to be when the register said `told`, `when` was all that was found of its time and the
    round stood as `survey_round` has it. Nothing is written; None: nothing can be made of it."""
    found = evaluated(session, submission, told, when)
    return None if found is None else _judge(session, submission, survey_round, found, told, when)[2:]


def _with_official_points(
    session: Session, submission: Submission, survey_round: Round, told: Told | None, when: Dated | None
) -> tuple[Form, Evaluation, poverty.Assessment] | None:
    """A record made with the illustrative points, judged by the version that its round was moved to since: the answers
    are the same, the points are the official ones. None where that version leaves the class open."""
    same_form = submission.form_id == survey_round.form_id
    if not same_form or submission.form_version == survey_round.form_version:
        return None
    form = load_form(session, survey_round.form_id, survey_round.form_version)
    answers = judged_answers(session, submission, told, when)
    if form is None or not isinstance(answers, dict) or not has_official_points(session, survey_round):
        return None
    clock = clock_of(session, submission) if when is None else clock_when(submission, when)
    evaluation = evaluation_of(session, form, answers, clock)
    judged = poverty.assess(form, evaluation)
    return (form, evaluation, judged) if judged.household_class is not None and not judged.illustrative else None


def derive_household(session: Session, commune_id: str, household_id: str, round_id: str) -> None:
    """Where a household stands in a round, and what it is as last accepted. A change gets the commune's next number."""
    household = session.get(Household, (commune_id, household_id))
    if household is None:  # a held entry may name a household that is not ours
        return
    derive_entry(session, household, round_id, *derive_current(session, household))


def derive_entry(
    session: Session, household: Household, round_id: str, events: Sequence[Event], interviews: Sequence[Interview]
) -> None:
    """Where a household stands in a round, once what it is was derived from `events` and `interviews`."""
    entry = session.get(RegisterEntry, (household.commune_id, round_id, household.id))
    if entry is not None:
        survey_round = session.get_one(Round, round_id)
        _write_state(session, entry, _derive_opening(session, entry, survey_round, household, events, interviews))


def _write_state(session: Session, entry: RegisterEntry, opened_otherwise: bool) -> None:
    """Where its household stands by its submissions, and what the one that counts was judged to be; phones hear when
    the first is another, or what it opened with."""
    rows = session.execute(
        select(SubmissionStatus.submission_id, SubmissionStatus.state, SubmissionStatus.reason)
        .filter_by(commune_id=entry.commune_id, household_id=entry.household_id, round_id=entry.round_id)
        .order_by(SubmissionStatus.updated_at.desc(), SubmissionStatus.submission_id)
    ).all()
    state = register_state(
        [(SubmissionState(one), QuarantineReason(reason) if reason else None) for _, one, reason in rows]
    )
    submission_id = next((id for id, one, _ in rows if one in LIVE), None)
    found = session.get(Assessment, (entry.commune_id, submission_id)) if submission_id else None
    entry.household_class = found.household_class if found else None
    entry.refused, entry.illustrative = (found.refused, found.illustrative) if found else (None, None)
    if opened_otherwise or (entry.state, entry.submission_id) != (state.value, submission_id):
        entry.state, entry.submission_id = state.value, submission_id
        entry.change = next_change(session, entry.commune_id)
    tallies.follow(session, entry.commune_id, entry.round_id, [entry.household_id])


def derive_current(session: Session, household: Household) -> tuple[list[Event], list[Interview]]:
    """What a household is by the ledger, and all that share people with it; returns what was folded."""
    events = events_around(session, household.commune_id, [household.id])
    around = households_in(events) | {household.id}
    interviews = interviews_of(session, household.commune_id, around)
    keep_identities(session, household.commune_id, interviews)
    found = fold(events, interviews)
    found.households = places.settled(found.households, places.moving_in(session, household.commune_id))
    for id in sorted(around):
        one = household if id == household.id else session.get(Household, (household.commune_id, id))
        if one is not None:
            _write_current(session, one, events, interviews, found)
    return events, interviews


def _write_current(
    session: Session, household: Household, events: Sequence[Event], interviews: Sequence[Interview], folded: Folded
) -> None:
    """The household as the fold has it. One whose entering was undone keeps what it was entered with."""
    entered = _entering(events, household.id)
    given, found = entered.payload, folded.households.get(household.id)
    household.code, household.base_head_name, household.base_class = given["code"], given["head"], given["class"]
    household.base_answers, household.created_by_entry = given.get("answers"), given.get("entry")
    accepted = found.submission_id if found is not None else None
    household.current_submission_id = accepted
    if found is None:
        household.state, household.same_as = HouseholdState.WITHDRAWN, None
        household.village_id, household.head_name, household.current_class = (
            given["village"],
            given["head"],
            given["class"],
        )
    else:
        household.state, household.same_as = found.state.value, found.same_as
        household.village_id, household.head_name = found.village_id, found.head_name
        household.current_class = found.household_class
    household.current_answers = _known_answers(session, household, entered, interviews, folded)
    submission = session.get(Submission, (household.commune_id, accepted)) if accepted else None
    form = load_form(session, submission.form_id, submission.form_version) if submission is not None else None
    assessment = session.get(Assessment, (household.commune_id, accepted)) if accepted else None
    _write_members(session, household, members_in(form, assessment.values) if form and assessment else [])


def _entering(events: Sequence[Event], household_id: str) -> Event:
    """By what a household came onto the register last; where all of that was undone, by what was undone."""
    return next(one for one in reversed([*events, *live(events)]) if one.enters == household_id)


def _known_answers(
    session: Session, household: Household, entered: Event, interviews: Sequence[Interview], folded: Folded
) -> Any:
    """The answers of the interview that it was last found in, else those that it was entered with; with the address and
    the members of now: the next interview begins with these."""
    found = folded.households.get(household.id)
    interview = next(
        (one for one in interviews if found is not None and one.submission_id == found.submission_id), None
    )
    if interview is not None:
        submission = session.get_one(Submission, (household.commune_id, interview.submission_id))
        answers = judged_answers(session, submission, decided_under(session, submission))
    else:
        answers = household.base_answers
    if found is None:
        return answers
    if found.state is HouseholdState.PRESENT and folded.people.homes.get(household.id):
        listed = interview.rows if interview is not None else entered.rows
        answers = with_members(answers, listed, folded.people.members(household.id))
    return answers if found.address is None else with_address(answers, found.address)


def _derive_opening(
    session: Session, entry: RegisterEntry, survey_round: Round, household: Household, events: Sequence[Event],
    interviews: Sequence[Interview],
) -> bool:  # fmt: skip
    """Last year's class, address and members in a round that is open, where somebody corrected them or others live
    there since; whether any became another. What was never corrected stays as it was frozen."""
    corrected = {key for one in events if one.household_id == household.id for key in one.payload if key in CORRECTED
                 and one.kind in (RegisterKind.CORRECT, RegisterKind.MOVE)}  # fmt: skip
    about_people = any(one.kind in CHANGES_MEMBERS for one in events)
    told = about_people or corrected & {"class", "address"}
    if not told or not is_open(session, survey_round.id, household.commune_id):
        return False
    opens_on = days_of(session, survey_round, household.commune_id).opens_on
    earlier = [one for one in interviews if one.round_id != survey_round.id and one.day < opens_on]
    before = entry.opening_class, entry.opening_answers
    # Corrections count whatever their day: what they correct is what is known of last year.
    folded = fold(events, earlier)
    now = folded.households.get(household.id)
    if now is not None and about_people:
        entered = _entering(events, household.id)
        known = _known_answers(session, household, entered, earlier, folded)
        entry.opening_answers = with_members_of(entry.opening_answers, known)
    if now is not None and "class" in corrected:
        entry.opening_class = now.household_class
    if now is not None and "address" in corrected and now.submission_id is None:
        address = now.address if now.address is not None else address_in(household.base_answers)
        if address != address_in(entry.opening_answers):
            entry.opening_answers = with_address(entry.opening_answers, address)
    return before != (entry.opening_class, entry.opening_answers)


def _write_members(session: Session, household: Household, members: list[tuple[str, dict[str, Any]]]) -> None:
    key = {"commune_id": household.commune_id, "household_id": household.id}
    stored = {member.position: member for member in session.scalars(select(Member).filter_by(**key))}
    for position, (name, values) in enumerate(members, 1):
        member = stored.pop(position, None)
        if member is None:
            member = Member(**key, position=position)
            session.add(member)
        member.full_name, member.values = name, values
    for gone in stored.values():
        session.delete(gone)
