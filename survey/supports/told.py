"""What a phone is told of supports: the kinds with their rules, the projects that are open and what they serve, what
the households of its villages lack, what was given to them already, and what became of what its account sent.

One list with a mark, as `devices/between_rounds.py` has it: whoever has the list of this mark has all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models import (
    Account,
    Household,
    HouseholdFact,
    Place,
    Round,
    Support,
    SupportAnswer,
    SupportClaim,
    SupportEntry,
    SupportReversal,
)
from survey.accounts.accounts import names_of, villages_of
from survey.canonical import ascii_text
from survey.clocks import instant
from survey.problems import PROBLEMS
from survey.programmes.catalogue import Catalogue, catalogue_of
from survey.register.places import names_in
from survey.support_terms import SupportState, SupportWindow
from survey.supports.giving import days_of
from survey.tallies.deprivations import INDICATORS
from survey.tallies.facts import lacks_in
from survey.terms import HouseholdState, QuarantineReason, RegisterState

LIMIT = 500  # of what was given, in one answer
MOST_SENT = 100  # of what an account sent, the newest
LAST = 3  # rounds in which the last interview of a household is looked for
LATE = timedelta(days=366)  # so long after its end something is still told of a project


@dataclass(frozen=True)
class Listed:
    """As in docs/sync.md; `mark`: another one for another list, None while nobody entered a kind. `sent` with codes in
    the place of words: `in_words`."""

    mark: str | None
    kinds: list[dict[str, Any]]
    projects: list[dict[str, Any]]
    needs: list[dict[str, Any]]
    given: list[dict[str, Any]]
    sent: list[dict[str, Any]]


NOTHING = Listed(None, [], [], [], [], [])


def listed(session: Session, account: Account, today: date) -> Listed:
    commune = session.get(Place, account.place_id) if account.place_id else None
    sent = _sent(session, account)
    if commune is None or commune.parent_id is None:
        return NOTHING
    catalogue = catalogue_of(session, commune.parent_id)
    kinds, projects = _kinds(catalogue), _projects(catalogue, commune.id, today)
    if not kinds and not sent:
        return NOTHING
    needs = _needs(session, account)
    given = _given(session, account, catalogue, today)
    mark = hashlib.sha256(ascii_text([kinds, projects, needs, given, sent]).encode()).hexdigest()[:32]
    return Listed(mark, kinds, projects, needs, given, sent)


def in_words(sent: list[dict[str, Any]], translate: Callable[[str], str], language: str) -> list[dict[str, Any]]:
    """With the sentence of the rule for which something is held."""
    return [
        {key: value for key, value in one.items() if key != "held"}
        | ({"words": _held_words(one["held"], translate, language)} if one["held"] else {})
        for one in sent
    ]


def _held_words(code: str, translate: Callable[[str], str], language: str) -> str:
    if code in PROBLEMS:
        return translate(PROBLEMS[code].title)
    return QuarantineReason(code).label(language)


def _kinds(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        {
            "code": one.code,
            "label": one.label,
            "benefit_group": one.benefit_group,
            "subject": one.subject,
            "window": one.once_in,
        }
        for one in sorted(catalogue.kinds.values(), key=lambda one: one.code)
    ]


def _projects(catalogue: Catalogue, commune_id: str, today: date) -> list[dict[str, Any]]:
    """Those that are, or may be, for the commune, begun, and not over for a year."""
    found = []
    serving = _serving(catalogue, commune_id, today)
    for (programme, code), project in sorted(catalogue.projects.items()):
        days = days_of(catalogue, project)
        over = days.until is not None and days.until + LATE < today
        if days.since > today or over or catalogue.reaches(project, commune_id, today) is False:
            continue
        found.append(
            {
                "programme": programme,
                "project": code,
                "name": project.name,
                "programme_name": catalogue.programmes[programme].name,
                "since": days.since.isoformat(),
                "until": days.until.isoformat() if days.until else None,
                "serves": serving[programme, code],
            }
        )
    return found


def _serving(catalogue: Catalogue, commune_id: str, today: date) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """By project, the indicators that it serves here now, or may serve, and the classes of household for which."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for serves, project, _ in catalogue.serving(commune_id, today):
        found[project.programme, project.code].append({"indicator": serves.indicator, "classes": serves.classes})
    return found


def _needs(session: Session, account: Account) -> list[dict[str, Any]]:
    """What the households of the account's villages lack by the last accepted interview; of one that lacks nothing, and
    of one whom nobody knows about, nothing is said. An interview that waits for a person changes nothing here: the list
    would be another one after each."""
    rounds = session.scalars(select(Round.id).where(~Round.trial).order_by(Round.opens_on, Round.id)).all()[-LAST:]
    fact = HouseholdFact
    rows = session.execute(
        select(fact.household_id, fact.round_id, fact.household_class, fact.lacks).where(
            fact.commune_id == account.place_id,
            fact.round_id.in_(rounds),
            fact.household_id.in_(_visited(session, account)),
            fact.state == RegisterState.ACCEPTED.value,
            fact.lacks.is_not(None),
        )
    )
    by_round: dict[str, dict[str, tuple[str | None, str]]] = {one: {} for one in rounds}
    for household_id, round_id, household_class, letters in rows:
        by_round[round_id][household_id] = household_class, letters or ""
    last: dict[str, tuple[str | None, str]] = {}
    for of_round in by_round.values():
        last |= of_round
    told = {letters: _named(letters) for letters in {letters for _, letters in last.values()}}
    return [
        {"household_id": household_id, "class": household_class, "lacks": told[letters]}
        for household_id, (household_class, letters) in sorted(last.items())
        if told[letters]
    ]


def _named(letters: str) -> list[str]:
    return [one.value for one, lack in zip(INDICATORS, lacks_in(letters), strict=True) if lack]


def _visited(session: Session, account: Account) -> Select[str]:
    """Of whom a phone is told: the households of the account's villages that are there."""
    return select(Household.id).where(
        Household.commune_id == account.place_id,
        Household.village_id.in_(villages_of(session, account)),
        Household.state == HouseholdState.PRESENT.value,
    )


def _given(session: Session, account: Account, catalogue: Catalogue, today: date) -> list[dict[str, Any]]:
    """What was given to the households of the account's villages and their members, wherever: of months and years since
    the beginning of last year, of longer windows all."""
    visited = _visited(session, account)
    query = (
        select(SupportClaim, Support)
        .join(Support, (Support.commune_id == SupportClaim.commune_id) & (Support.id == SupportClaim.support_id))
        .where(SupportClaim.household_id.in_(visited), SupportClaim.province_id == catalogue.province_id)
        .order_by(SupportClaim.household_id, SupportClaim.subject, SupportClaim.benefit_group, SupportClaim.window_key)
    )
    rows = [
        (claim, one) for claim, one in session.execute(query)
        if one.given_on.year >= today.year - 1 or not _is_dated(catalogue, one)
    ]  # fmt: skip
    places = names_in(session, {one.commune_id for _, one in rows}, today) if rows else {}
    return [
        {
            "household_id": claim.household_id,
            "person": claim.subject[2:] if claim.subject.startswith("p:") else None,
            "benefit_group": claim.benefit_group,
            "window_key": claim.window_key,
            "kind": one.kind,
            "day": one.given_on.isoformat(),
            "place": places.get(one.commune_id, one.commune_id),
            "programme_name": _programme(catalogue, one.programme),
            "amount": one.amount,
            "quantity": one.quantity,
        }
        for claim, one in rows
    ]


def _is_dated(catalogue: Catalogue, one: Support) -> bool:
    kind = catalogue.kinds.get(one.kind)
    return kind is not None and kind.once_in in (SupportWindow.MONTH, SupportWindow.YEAR)


def _programme(catalogue: Catalogue, code: str) -> str:
    known = catalogue.programmes.get(code)
    return known.name if known is not None else code


def _sent(session: Session, account: Account) -> list[dict[str, Any]]:
    """What became of what an account told, the newest first."""
    of_it = (SupportAnswer.commune_id == SupportEntry.commune_id) & (SupportAnswer.entry == SupportEntry.id)
    undone = (SupportReversal.commune_id == SupportAnswer.commune_id) & (
        SupportReversal.support_id == SupportAnswer.support_id
    )
    query = (
        select(SupportEntry, SupportAnswer, SupportReversal)
        .outerjoin(SupportAnswer, of_it)
        .outerjoin(SupportReversal, undone)
        .where(SupportEntry.account_id == account.id)
        .order_by(SupportEntry.received_at.desc(), SupportEntry.entry_id.desc())  # UUIDv7: by time
        .limit(MOST_SENT)
    )
    rows = session.execute(query).all()
    names = names_of(session, {one.account_id for row in rows for one in row[1:] if one is not None and one.account_id})
    return [_became(row, answer, reversal, names) for row, answer, reversal in rows]


def _became(
    row: SupportEntry, answer: SupportAnswer | None, reversal: SupportReversal | None, names: dict[str, str]
) -> dict[str, Any]:
    last = reversal or answer
    state = SupportState.HELD if answer is None else SupportState.ACCEPTED
    if answer is not None and answer.support_id is None:
        state = SupportState.REFUSED
    if reversal is not None:
        state = SupportState.REVERSED
    return {
        "entry_id": row.entry_id,
        "household_id": row.household_id,
        "kind": row.kind,
        "day": _day_in(row.content),
        "state": state.value,
        "at": instant(last.at if last is not None else row.received_at),
        "by": names.get(last.account_id or "", "") if last is not None else "",
        "words": last.reason if last is not None else "",
        "held": (row.held_for or row.rule) if state is SupportState.HELD else None,
    }


def _day_in(content: str) -> str | None:
    """The day that it names; as it came, so anything may stand there."""
    said = json.loads(content)
    told = said.get("support") if isinstance(said, dict) else None
    day = told.get("day") if isinstance(told, dict) else None
    try:
        return date.fromisoformat(day).isoformat() if isinstance(day, str) else None
    except ValueError:
        return None
