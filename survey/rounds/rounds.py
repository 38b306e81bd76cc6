"""A round: opened with the register frozen as it stands, and moved to another version of its questionnaire."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from models import (
    Assessment,
    FormVersion,
    Household,
    Place,
    RegisterEntry,
    Round,
    RoundCommune,
    Standard,
    Submission,
)
from models.commune_counter import lock_commune
from survey.evidence import audit
from survey.form.form import Form
from survey.problems import Problem
from survey.questionnaires import standards
from survey.questionnaires.published import has_official_points, load_form
from survey.register.entries import on_register
from survey.register.places import province_of
from survey.round_steps import UNDER_WAY
from survey.rounds import log
from survey.rounds.freezing import KnownOpening, freeze, known_openings, opening_indicators
from survey.submissions.derive import decided_under, derive_again, evaluate_for
from survey.submissions.evaluated_first import evaluated_first, foresee
from survey.submissions.log import Act
from survey.terms import B1Method, CommuneState, PlaceKind, RoundAction, RoundKind, RoundState


def open_round(
    session: Session,
    *,
    title: str,
    year: int,
    form: FormVersion,
    opens_on: date,
    closes_on: date,
    now: datetime,
    account_id: str | None = None,
    kind: RoundKind = RoundKind.PERIODIC,
    standard: str | None = None,
    trial: bool = False,
    b1_method: B1Method = B1Method.TABLE,
    round_id: str | None = None,
    communes: Collection[str] | None = None,
    plan: bool = False,
) -> Round:
    """Open a round in `communes` (None: in every one), or only `plan` it there: `start` opens it later. A periodic one
    is over every household on the register; an ad-hoc one over those that ask (`requests.ask`). `standard`: for a
    questionnaire that names none itself.

    Raises `round_exists` when one of its kind and year is under way in one of the communes, or was finished there (an
    official periodic one is opened again instead), `commune_needed` without any, `form_retired` when the questionnaire
    is, what `standards.standard_of` raises, what `objection` says unless it is a `trial`, and ValueError when it has no
    title or ends before it begins."""
    session.refresh(form, ["retired_at"], with_for_update=True)  # nobody retires it meanwhile
    compiled, judged_by, there = opening(
        session, title=title, year=year, form=form, opens_on=opens_on, closes_on=closes_on, kind=kind,
        standard=standard, trial=trial, communes=communes,
    )  # fmt: skip
    opened = Round(
        id=round_id or str(uuid4()),
        kind=kind.value,
        year=year,
        title=title,
        standard=judged_by.code if judged_by else "",
        trial=trial,
        b1_method=b1_method.value,
        form_id=form.form_id,
        form_version=form.version,
        opens_on=opens_on,
        closes_on=closes_on,
        state=RoundState.OPEN.value,
    )
    session.add(opened)
    session.flush()  # its communes and register entries refer to it
    for commune_id in there:  # who loads households there meanwhile waits, and finds the round
        lock_commune(session, commune_id)
    _check_first(session, kind, year, trial, there, but=opened.id)  # somebody may have opened one while we waited
    log.begin(session, opened, there, RoundAction.PLAN if plan else RoundAction.OPEN, Act(account_id, now))
    for commune_id in there if not plan else ():
        openings = known_openings(session, opened, commune_id, compiled)
        freeze(session, opened, commune_id, openings, compiled)
    said = {"plan": plan, "communes": len(there)} if plan or communes is not None else None
    audit.record(session, now, account_id, "round_opened", opened.id, said)
    return opened


class Opening(NamedTuple):
    """What a round would be opened with, and where."""

    form: Form
    standard: Standard | None
    communes: list[str]


def opening(
    session: Session,
    *,
    title: str,
    year: int,
    form: FormVersion,
    opens_on: date,
    closes_on: date,
    kind: RoundKind = RoundKind.PERIODIC,
    standard: str | None = None,
    trial: bool = False,
    communes: Collection[str] | None = None,
) -> Opening:
    """What `open_round` would do, refused as there; nothing is stored."""
    check_words(title, opens_on, closes_on)
    if form.retired_at is not None:
        raise Problem("form_retired")
    compiled = load_form(session, form.form_id, form.version)
    if compiled is None:
        raise LookupError("a published questionnaire that cannot be read")
    judged_by = standards.standard_of(session, compiled, opens_on, closes_on, standard)
    there = _communes(session, judged_by, communes)
    _check_first(session, kind, year, trial, there)
    settled = set(session.scalars(select(Household.commune_id).distinct()))
    if not trial:
        check_standard(judged_by, opens_on, closes_on, [one for one in there if one in settled])
    return Opening(compiled, judged_by, there)


def check_words(title: str, opens_on: date, closes_on: date) -> None:
    """Raise ValueError for a round without a title, or one that ends before it begins."""
    if not title.strip() or not title.isprintable() or closes_on < opens_on:
        raise ValueError("a round needs a title, and a last day that is not before the first")


def check_standard(standard: Standard | None, opens_on: date, closes_on: date, communes: Iterable[str]) -> None:
    """Raise what stands against judging these communes by a standard on these days."""
    if standard is None:
        return
    against = standards.objection(standard, opens_on, closes_on, {province_of(one) for one in communes})
    if against:
        raise Problem(against)


def start(
    session: Session,
    survey_round: Round,
    communes: Collection[str] | None,
    now: datetime,
    account_id: str | None = None,
    known: Mapping[str, KnownOpening] | None = None,
) -> list[str]:
    """Open a planned round in communes (None: in all where it is planned), the register frozen as it stands; returns
    them. `known`: what was worked out before of last year (`known_in`). A commune that was loaded after the round was
    opened joins it. Raises `not_found`, `round_step`, `round_exists`, and what `standards.objection` says of a commune
    that joins."""
    waiting = begin(session, survey_round, communes, now, account_id)
    form = load_form(session, survey_round.form_id, survey_round.form_version)
    for row in waiting:
        openings = known if known is not None else known_openings(session, survey_round, row.commune_id, form)
        freeze(session, survey_round, row.commune_id, openings, form)
    started = [row.commune_id for row in waiting]
    audit.record(session, now, account_id, "round_started", survey_round.id, {"communes": len(started)})
    return started


def begin(
    session: Session,
    survey_round: Round,
    communes: Collection[str] | None,
    now: datetime,
    account_id: str | None = None,
) -> list[RoundCommune]:
    """The steps alone of `start`, which freezes the register then. Raises as that does."""
    act = Act(account_id, now)
    _join(session, survey_round, communes or (), act)
    rows = log.rows_of(session, survey_round, communes)
    log.hold(session, survey_round, rows)
    waiting = [row for row in rows if communes is not None or row.state == CommuneState.PLANNED]
    for row in waiting:
        log.take(session, row, RoundAction.OPEN, act)
    log.derive_state(session, survey_round)
    return waiting


def waiting_in(session: Session, round_id: str, communes: Iterable[str] | None = None) -> list[list[str]]:
    """Where a round is to be opened (None: where it is planned), as it is opened one after another: communes without a
    household at once, then each by itself. Those where it is open are left out."""
    states = select(RoundCommune.commune_id, RoundCommune.state).where(RoundCommune.round_id == round_id)
    standing = {commune_id: state for commune_id, state in session.execute(states)}  # noqa: C416
    if communes is None:
        there = sorted(one for one, state in standing.items() if state == CommuneState.PLANNED)
    else:
        there = sorted(one for one in set(communes) if standing.get(one) != CommuneState.OPEN)
    settled = set(session.scalars(select(Household.commune_id).distinct()))
    bare = [one for one in there if one not in settled]
    return ([bare] if bare else []) + [[one] for one in there if one in settled]


def known_in(session: Session, survey_round: Round, communes: Iterable[str]) -> dict[str, KnownOpening]:
    """What last year said of every household of some communes: worked out before anybody waits for `start`."""
    form = load_form(session, survey_round.form_id, survey_round.form_version)
    found: dict[str, KnownOpening] = {}
    for commune_id in communes:
        found |= known_openings(session, survey_round, commune_id, form)
    return found


def _join(session: Session, survey_round: Round, communes: Collection[str], act: Act) -> None:
    """Plan the round in those of `communes` where it never was to be."""
    there = select(RoundCommune.commune_id).where(RoundCommune.round_id == survey_round.id)
    new = sorted(set(communes) - set(session.scalars(there)))
    if not new:
        return
    standard = session.get(Standard, survey_round.standard) if survey_round.standard else None
    found = _communes(session, standard, new)
    if not survey_round.trial:
        check_standard(standard, survey_round.opens_on, survey_round.closes_on, found)
    for commune_id in found:
        lock_commune(session, commune_id)
    _check_first(
        session, RoundKind(survey_round.kind), survey_round.year, survey_round.trial, found, but=survey_round.id
    )
    log.begin(session, survey_round, found, RoundAction.PLAN, act)
    session.flush()  # where it is planned is read next


def _communes(session: Session, standard: Standard | None, wanted: Collection[str] | None) -> list[str]:
    """Where a round is to be. A province's own standard reaches the communes of that province, and every other in which
    there are households (which `objection` then refuses)."""
    query = select(Place.id).where(Place.kind == PlaceKind.COMMUNE.value).order_by(Place.id)
    if wanted is None and standard is not None and standard.place_id is not None:
        settled = select(Household.commune_id).distinct()
        query = query.where(or_(Place.parent_id == standard.place_id, Place.id.in_(settled)))
    found = list(session.scalars(query if wanted is None else query.where(Place.id.in_(sorted(set(wanted))))))
    if wanted is not None and len(found) < len(set(wanted)):
        raise Problem("not_found")
    if wanted is not None and not found:
        raise Problem("commune_needed")
    return found


def check_free(session: Session, kind: RoundKind, year: int, communes: Collection[str], but: str | None = None) -> None:
    """A commune is reviewed in one round of a kind and year at a time; raises `round_exists` when that is another than
    `but`."""
    under_way = RoundCommune.state.in_([one.value for one in UNDER_WAY])
    if not set(communes).isdisjoint(session.scalars(_others(kind, year, but).where(under_way))):
        raise Problem("round_exists")


def _check_first(
    session: Session, kind: RoundKind, year: int, trial: bool, communes: Collection[str], but: str | None = None
) -> None:
    """Raises `round_exists` where a round may not come to: another is under way (`check_free`), or the year's review
    was finished already. That is opened again instead: a second one would be another answer to the same question, and
    would keep the first from being mended."""
    check_free(session, kind, year, communes, but)
    if kind != RoundKind.PERIODIC or trial:
        return
    finished = RoundCommune.state.in_([CommuneState.CLOSED.value, CommuneState.ACCEPTED.value])
    official = _others(kind, year, but).where(finished, ~Round.trial)
    if not set(communes).isdisjoint(session.scalars(official)):
        raise Problem("round_exists")


def _others(kind: RoundKind, year: int, but: str | None) -> Select[str]:
    """The communes of rounds of a kind and year, `but` one."""
    of_commune = select(RoundCommune.commune_id).join(Round, Round.id == RoundCommune.round_id)
    return of_commune.where(Round.kind == kind.value, Round.year == year, Round.id != (but or ""))


def on_register_as_it_stands(
    session: Session, survey_round: Round, household: Household, form: Form | None
) -> RegisterEntry:
    """A household's entry in a round, with what last year said of it."""
    indicators = opening_indicators(session, household, form, survey_round.opens_on)
    return on_register(session, household.commune_id, survey_round.id, household.id, indicators)


@evaluated_first
def move_round(
    session: Session,
    survey_round: Round,
    form: FormVersion,
    now: datetime,
    account_id: str | None = None,
    most: int | None = None,
) -> int:
    """Ask an open round with another version of its questionnaire from now on: phones fetch it at their next contact,
    interviews that are open or sent keep theirs. Records that rest on an illustrative points table are judged again
    when the version brings an agreed one; returns how many. Raises `not_allowed_now` for a closed round, `other_form`,
    `other_standard`, `form_retired`, `points_not_agreed` for one that goes back to an illustrative table, and
    `too_large` when more than `most` records were to be judged again."""
    session.refresh(form, ["retired_at"], with_for_update=True)  # nobody retires it meanwhile
    session.refresh(survey_round, with_for_update=True)
    if survey_round.state != RoundState.OPEN:
        raise Problem("not_allowed_now")
    if form.form_id != survey_round.form_id:
        raise Problem("other_form")
    if form.retired_at is not None:
        raise Problem("form_retired")
    if form.version == survey_round.form_version:
        return 0
    wanted = load_form(session, form.form_id, form.version)
    if wanted is not None and wanted.standard not in ("", survey_round.standard):
        raise Problem("other_standard")
    official = has_official_points(session, survey_round)
    before, survey_round.form_version = survey_round.form_version, form.version
    session.flush()  # records are judged by the round's version next
    if official and not has_official_points(session, survey_round):  # records judged officially would not be any more
        raise Problem("points_not_agreed")
    judged = judge_again(session, survey_round, most)
    detail = {"form": form.form_id, "from": before, "to": form.version, "judged_again": judged}
    audit.record(session, now, account_id, "round_moved", survey_round.id, detail)
    return judged


def judge_again(session: Session, survey_round: Round, most: int | None = None) -> int:
    """Judge again what rests on an illustrative points table; returns how many records."""
    of_round = (
        select(Submission.commune_id, Submission.id)
        .join(
            Assessment,
            (Assessment.commune_id == Submission.commune_id) & (Assessment.submission_id == Submission.id),
        )
        .where(Submission.round_id == survey_round.id, Assessment.illustrative)
        .order_by(Submission.commune_id, Submission.id)
    )
    if not has_official_points(session, survey_round):
        return 0
    found = session.execute(of_round).all()
    if most is not None and len(found) > most:
        raise Problem("too_large", detail={"records": len(found)})
    for key in found:
        submission = session.get_one(Submission, tuple(key))
        foresee(session, partial(evaluate_for, session, submission, told=decided_under(session, submission)))
    for commune_id in sorted({commune_id for commune_id, _ in found}):
        lock_commune(session, commune_id)
    for commune_id, submission_id in found:
        derive_again(session, commune_id, submission_id)
    return len(found)
