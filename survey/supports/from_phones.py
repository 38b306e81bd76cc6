"""What phones told of supports: written down when nothing stands against it, else held for a person, who lets it stand
or says with words why not. It was given by then, so nothing of it is refused unheard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models import Household, SupportAnswer, SupportEntry
from models.commune_counter import lock_commune
from survey.accounts.accounts import names_of
from survey.clocks import day_of
from survey.evidence import audit
from survey.intake import supports
from survey.intake.envelope import read_entry
from survey.intake.supported import Supported
from survey.problems import Problem
from survey.register.event_log import Done
from survey.support_terms import SupportOrigin
from survey.supports.giving import EXCEPTABLE, MAX_REASON, Blind, Examined, Given, examine, fund_for, give


@dataclass(frozen=True)
class Held:
    """What waits for a person. `now`: how it would be found today, None where it does not say enough."""

    row: SupportEntry
    by: str
    household: Household | None
    said: Supported
    now: Examined | None = None

    @property
    def rule(self) -> str | None:
        """What stood against it when it came; None: `row.held_for` says it."""
        return self.row.rule


def take_up(
    blind: Blind, session: Session, commune_id: str, household_id: str, said: Supported, account_id: str, now: datetime
) -> str:
    """The support that it became; `blind`: as of `giving.examine`. The caller holds the commune's lock. Raises what
    stands against it."""
    given = given_of(session, commune_id, household_id, said)
    return give(session, given, SupportOrigin.PHONE, Done(account_id, now), blind).id


def given_of(session: Session, commune_id: str, household_id: str, said: Supported) -> Given:
    """As a desk would write it; the fund is the one that can pay it. Raises bad_request for what does not say enough
    to be one."""
    if said.kind is None or said.programme is None or said.project is None or said.given_on is None:
        raise Problem("bad_request")
    given = Given(
        commune_id, said.kind, said.programme, said.project, said.given_on, household_id, said.person,
        amount=said.amount, quantity=said.quantity, document=said.document, note=said.note,
    )  # fmt: skip
    return replace(given, fund_id=fund_for(session, given))


def held(session: Session, commune_id: str, start: int = 0, most: int | None = None) -> list[Held]:
    """Those that wait, the oldest first; `most` of them, from `start` on."""
    query = select(SupportEntry).where(_is_held(commune_id)).order_by(SupportEntry.received_at, SupportEntry.id)
    return _all_held(session, session.scalars(query.offset(start).limit(most)).all())


def count_held(session: Session, communes: Sequence[str]) -> dict[str, int]:
    """How many wait, by commune; one in which none does is not among them."""
    query = select(SupportEntry.commune_id, func.count()).where(_is_held(*communes)).group_by(SupportEntry.commune_id)
    return {commune_id: number for commune_id, number in session.execute(query)}  # noqa: C416 - dict() needs tuples


def _is_held(*communes: str) -> ColumnElement[bool]:
    answered = select(SupportAnswer.entry).where(
        SupportAnswer.commune_id == SupportEntry.commune_id, SupportAnswer.entry == SupportEntry.id
    )
    return SupportEntry.commune_id.in_(communes) & ~answered.exists()


def find(session: Session, commune_id: str, id: str, today: date, blind: Blind) -> Held:
    """One that waits, and how it would be found today. Raises not_found; support_answered for one that waits no
    more."""
    one = _waiting(session, commune_id, id)
    if one.household is None or one.row.held_for == "bad_shape":
        return one
    try:
        given = given_of(session, commune_id, one.household.id, one.said)
    except Problem:
        return one
    return replace(one, now=examine(session, given, today, blind))


def _waiting(session: Session, commune_id: str, id: str) -> Held:
    row = session.get(SupportEntry, (commune_id, id))
    if row is None:
        raise Problem("not_found")
    if session.get(SupportAnswer, (commune_id, id)) is not None:
        raise Problem("support_answered")
    return _all_held(session, [row])[0]


def accept(session: Session, commune_id: str, id: str, done: Done, blind: Blind) -> str:
    """Write it down after all, by the account that told it: what stood against it is mended, or it stands as an
    exception for the reason given. Raises what still does; register_reason_needed where the rule leaves room."""
    lock_commune(session, commune_id)
    one = find(session, commune_id, id, day_of(done.at), blind)
    if one.now is None:
        raise Problem("support_unclear")
    if one.row.account_id == done.account_id:
        raise Problem("request_own")
    reason = " ".join((done.reason or "").split())
    if one.now.rule in EXCEPTABLE and not reason:
        raise Problem("register_reason_needed")
    by = Done(one.row.account_id, done.at, reason, done.act)
    made = give(session, one.now.given, SupportOrigin.PHONE, by, blind, exception=reason)
    supports.answer(session, one.row, done.at, support_id=made.id, reason="", account_id=done.account_id)
    _log(session, "support.held_accepted", one.row, done)
    return made.id


def refuse(session: Session, commune_id: str, id: str, done: Done) -> None:
    """Say to who told it why it is not written down. Raises register_reason_needed, request_own."""
    lock_commune(session, commune_id)
    row = _waiting(session, commune_id, id).row
    reason = " ".join((done.reason or "").split())[:MAX_REASON]
    if row.account_id == done.account_id:
        raise Problem("request_own")
    if not reason:
        raise Problem("register_reason_needed")
    supports.answer(session, row, done.at, reason=reason, account_id=done.account_id)
    _log(session, "support.held_refused", row, done)


def _log(session: Session, verb: str, row: SupportEntry, done: Done) -> None:
    detail = {"commune": row.commune_id, "entry": row.id}
    audit.record(session, done.at, done.account_id, verb, row.household_id or row.id, detail)


def _all_held(session: Session, rows: Sequence[SupportEntry]) -> list[Held]:
    names = names_of(session, {row.account_id for row in rows})
    return [
        Held(
            row,
            names[row.account_id],
            session.get(Household, (row.commune_id, row.household_id)) if row.household_id else None,
            read_entry(json.loads(row.content)).support or Supported(),
        )
        for row in rows
    ]
