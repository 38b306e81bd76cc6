"""The list of households that Collect chooses from, as its Entities have it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Account,
    Household,
    RegisterEntry,
    Round,
    RoundCommune,
    Submission,
    SubmissionEvent,
)
from survey.accounts.accounts import villages_of
from survey.calendar.standing import OF_ENTRY
from survey.form.reading import question_of
from survey.questionnaires.published import csv_of, load_form
from survey.register.entries import context_of_entry
from survey.register.places import periods_at, region_of, villages_in
from survey.terms import Action, CommuneState, RegisterState, Role

_SPACE = uuid5(NAMESPACE_URL, "https://so-ho/households")
COLUMNS = (
    "name", "label", "__version", "form_id", "title", "village", "state", "household_id", "round_id", "commune_id",
    "replaces", "comment", "ma_ho", "khu_vuc", "vung", "cach_b1", "phan_loai_nam_truoc",
)  # fmt: skip
_MARK = {RegisterState.RECEIVED: "✓ ", RegisterState.ACCEPTED: "✓ ", RegisterState.RETURNED: "↩ "}


def entity_id(commune_id: str, round_id: str, household_id: str) -> str:
    """One household in one round, as a UUID that stays the same."""
    return str(uuid5(_SPACE, f"{commune_id}/{round_id}/{household_id}"))


def households(session: Session, account: Account, today: date) -> list[dict[str, str]]:
    """The account's households in the open rounds, as rows of its entity list, in the order of villages and numbers."""
    commune_id = account.place_id or ""
    villages = _villages(session, account)
    query = (
        select(RegisterEntry, Household, Round, Submission.entry_id)
        .join(
            Household, (Household.commune_id == RegisterEntry.commune_id) & (Household.id == RegisterEntry.household_id)
        )
        .join(Round, Round.id == RegisterEntry.round_id)
        .join(RoundCommune, OF_ENTRY)
        .outerjoin(
            Submission,
            (Submission.commune_id == RegisterEntry.commune_id) & (Submission.id == RegisterEntry.submission_id),
        )
        .where(
            RegisterEntry.commune_id == commune_id,
            RegisterEntry.village_id.in_(villages),
            RoundCommune.state == CommuneState.OPEN.value,
        )
        .order_by(RegisterEntry.village_id, Household.code, Round.id)
    )
    periods = periods_at(session, villages, today)
    region = region_of(session, commune_id, today) if commune_id else None
    rows = []
    for entry, household, survey_round, live in session.execute(query) if villages else ():
        context = context_of_entry(survey_round, household, entry, periods, region)
        village = periods[entry.village_id].name if entry.village_id in periods else entry.village_id
        returned = entry.state == RegisterState.RETURNED
        said = f"{household.head_name} · {household.code} · {village}"
        row: dict[str, str | None] = {
            "name": entity_id(commune_id, entry.round_id, household.id),
            "label": _MARK.get(RegisterState(entry.state), "") + said,
            "__version": str(entry.change),
            "form_id": survey_round.form_id,
            "title": said,
            "village": village,
            "state": entry.state,
            "household_id": household.id,
            "round_id": entry.round_id,
            "commune_id": commune_id,
            "replaces": live if returned else None,
            "comment": _comment(session, entry, survey_round) if returned else None,
            **context,
        }
        rows.append({column: row.get(column) or "" for column in COLUMNS})
    return rows


def _comment(session: Session, entry: RegisterEntry, survey_round: Round) -> str:
    """What the supervisor wrote when an interview was returned, each remark with the question that it is about."""
    query = select(SubmissionEvent.comments).where(
        SubmissionEvent.commune_id == entry.commune_id,
        SubmissionEvent.submission_id == entry.submission_id,
        SubmissionEvent.action == Action.RETURN.value,
    )
    comments = session.scalars(query.order_by(SubmissionEvent.seq.desc()).limit(1)).first() or []
    form = load_form(session, survey_round.form_id, survey_round.form_version)
    said = []
    for one in comments:
        item = form.by_path.get(question_of(one["path"])) if form and one["path"] else None
        asked = item.label.get(form.default_language, "") if form and item else ""
        said.append(f"{asked}: {one['text']}" if asked else str(one["text"]))
    return " / ".join(said)


def household_csv(rows: Sequence[dict[str, str]]) -> bytes:
    """The entity list as CSV; its header stands also over an empty list."""
    return csv_of(rows) if rows else (",".join(COLUMNS) + "\n").encode()


def _villages(session: Session, account: Account) -> list[str]:
    if account.role == Role.SUPERVISOR and account.place_id:
        return villages_in(session, account.place_id)
    return villages_of(session, account)
