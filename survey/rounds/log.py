"""The log of a round's steps: the one way in which a round gets from a state to the next in a commune.

`round_commune` and `round.state` are folds of it (`derive`); who takes a step holds the commune's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from models import RegisterEntry, Round, RoundCommune, RoundStep, StartRow
from models.base import as_kept
from models.commune_counter import lock_commune, next_changes
from survey.problems import Problem
from survey.round_steps import UNDER_WAY, Standing, Step, StepRefused, after, stands_after
from survey.submissions.log import Act
from survey.tallies.places import follow_heard
from survey.terms import CommuneState, RoundAction, RoundState


def begin(session: Session, survey_round: Round, communes: Iterable[str], action: RoundAction, act: Act) -> None:
    """The first step of a round in communes where it never was."""
    step = Step(action, act.at, act.account_id, "", survey_round.opens_on, survey_round.closes_on)
    standing = after(None, step)
    keys = [{"commune_id": commune_id, "round_id": survey_round.id} for commune_id in communes]
    if keys:
        session.execute(insert(RoundStep), [key | _logged(step, standing, 1) for key in keys])
        session.execute(insert(RoundCommune), [key | _columns(standing) for key in keys])


def take(
    session: Session,
    row: RoundCommune,
    action: RoundAction,
    act: Act,
    reason: str = "",
    days: tuple[date, date] | None = None,
) -> None:
    """Take a step in a commune and log it; the caller derives `round.state` when all are taken (`derive_state`).
    Raises `round_step`, `reason_needed`."""
    step = Step(action, act.at, act.account_id, reason.strip(), *(days or (None, None)))
    try:
        standing = after(_standing(row), step)
    except StepRefused as refusal:
        raise Problem(refusal.code) from refusal
    key = {"commune_id": row.commune_id, "round_id": row.round_id}
    last = session.scalar(select(func.max(RoundStep.seq)).filter_by(**key)) or 0
    session.add(RoundStep(**key, **_logged(step, standing, last + 1)))
    _put(row, standing)
    follow_heard(session, row.commune_id, row.round_id)


def derive_state(session: Session, survey_round: Round) -> None:
    """The round as a whole: open while it is planned or open in any commune."""
    session.flush()  # the communes are counted next
    under_way = select(func.count()).where(
        RoundCommune.round_id == survey_round.id, RoundCommune.state.in_([one.value for one in UNDER_WAY])
    )
    survey_round.state = (RoundState.OPEN if session.scalar(under_way) else RoundState.CLOSED).value


def rebuild(session: Session) -> None:
    """Fold every log again; on a healthy database nothing changes."""
    for round_id in session.scalars(select(Round.id).order_by(Round.id)).all():
        remake(session, round_id, None)


def keys(session: Session) -> list[tuple[str, str]]:
    """Every round in every commune, by their ids."""
    both = select(RoundCommune.round_id, RoundCommune.commune_id)
    found = session.execute(both.order_by(RoundCommune.round_id, RoundCommune.commune_id))
    return [(round_id, commune_id) for round_id, commune_id in found]


def remake(session: Session, round_id: str, communes: Sequence[str] | None) -> None:
    """Fold the log of a round again in some of its communes (None: in all), with turns taken as for a step."""
    survey_round = session.get_one(Round, round_id)
    rows = {row.commune_id: row for row in rows_of(session, survey_round, communes)}
    hold(session, survey_round, list(rows.values()))
    steps = select(RoundStep).where(RoundStep.round_id == round_id, RoundStep.commune_id.in_(rows))
    taken: dict[str, list[Step]] = {}
    for row in session.scalars(steps.order_by(RoundStep.commune_id, RoundStep.seq)):
        step = Step(RoundAction(row.action), row.at, row.account_id, row.reason, row.opens_on, row.closes_on)
        taken.setdefault(row.commune_id, []).append(step)
    for commune_id, of_commune in taken.items():
        standing = stands_after(of_commune)
        assert standing is not None
        _put(rows[commune_id], standing)
        follow_heard(session, commune_id, round_id)
    if taken:
        derive_state(session, survey_round)


def rows_of(session: Session, survey_round: Round, communes: Iterable[str] | None = None) -> list[RoundCommune]:
    """The communes of a round (of those named), in the order in which they are locked. Raises `not_found` for one in
    which the round never was to be."""
    query = select(RoundCommune).where(RoundCommune.round_id == survey_round.id).order_by(RoundCommune.commune_id)
    if communes is None:
        return list(session.scalars(query))
    wanted = set(communes)
    found = list(session.scalars(query.where(RoundCommune.commune_id.in_(sorted(wanted)))))
    if len(found) < len(wanted):
        raise Problem("not_found")
    return found


def settled(session: Session, round_id: str, *tables: type[RegisterEntry | StartRow]) -> set[str]:
    """The communes of a round that have a household in one of `tables`: each is looked up, none counted."""
    of = RoundCommune
    there = [
        select(table.commune_id).where(table.commune_id == of.commune_id, table.round_id == of.round_id).exists()
        for table in tables
    ]
    return set(session.scalars(select(of.commune_id).where(of.round_id == round_id, or_(*there))))


def hold(session: Session, survey_round: Round, rows: Sequence[RoundCommune]) -> dict[str, int]:
    """Take turns on the round, lock the communes of `rows`, and read again where they stand: somebody may have come
    first. Returns the communes' turns. The round comes first for everybody who moves it, or two could wait for each
    other; a plain UPDATE, so that interviews that refer to it meanwhile do not wait."""
    session.execute(update(Round).where(Round.id == survey_round.id).values(state=Round.state))
    turns = {row.commune_id: lock_commune(session, row.commune_id) for row in rows}
    of_round = select(RoundCommune).where(RoundCommune.round_id == survey_round.id)
    session.scalars(of_round.execution_options(populate_existing=True)).all()
    return turns


def tell_phones(session: Session, row: RoundCommune) -> None:
    """Every household of the commune in the round gets a change number: its phones hear where it stands now."""
    session.flush()  # its households are read from the database
    table = as_kept(RegisterEntry)
    here = table.c.commune_id == row.commune_id, table.c.round_id == row.round_id
    count = session.scalar(select(func.count()).select_from(table).where(*here)) or 0
    if not count:
        return
    numbers = next_changes(session, row.commune_id, count)
    turn = func.row_number().over(order_by=table.c.household_id).label("turn")
    listed = select(table.c.household_id, turn).where(*here).subquery("listed")
    change = update(table).where(*here, table.c.household_id == listed.c.household_id)
    session.execute(change.values(change=numbers.start - 1 + listed.c.turn))
    for entry in session.identity_map.values():
        if isinstance(entry, RegisterEntry) and (entry.commune_id, entry.round_id) == (row.commune_id, row.round_id):
            session.expire(entry, ["change"])


def history(session: Session, survey_round: Round, commune_id: str) -> list[RoundStep]:
    """What was done to the round in a commune, in its order."""
    query = select(RoundStep).where(RoundStep.round_id == survey_round.id, RoundStep.commune_id == commune_id)
    return list(session.scalars(query.order_by(RoundStep.seq)))


def _logged(step: Step, standing: Standing, seq: int) -> dict[str, object]:
    return {
        "seq": seq, "action": step.action.value, "to_state": standing.state.value, "opens_on": step.opens_on,
        "closes_on": step.closes_on, "reason": step.reason, "account_id": step.account_id, "at": step.at,
    }  # fmt: skip


def _standing(row: RoundCommune) -> Standing:
    return Standing(
        CommuneState(row.state), row.opens_on, row.closes_on, row.opened_at, row.closed_at, row.closed_by,
        row.accepted_at, row.accepted_by,
    )  # fmt: skip


def _put(row: RoundCommune, standing: Standing) -> None:
    for name, value in _columns(standing).items():
        setattr(row, name, value)


def _columns(standing: Standing) -> dict[str, object]:
    return asdict(standing) | {"state": standing.state.value}
