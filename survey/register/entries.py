"""The register of a round: which households are to be visited, and how a phone hears of every change once.

`change` is drawn from a counter per commune, bumped inside the transaction that changes the entry. The counter's row is
locked until that transaction ends, so changes become visible in the order of their numbers: a cursor has no gap. (A
database sequence would let number 8 be seen before number 7, and a phone would never hear of 7.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import (
    Household,
    PlacePeriod,
    RegisterEntry,
    RegisterEvent,
    RegisterGone,
    Round,
    SubmissionStatus,
)
from models.commune_counter import next_change
from survey.calendar.earlier_rounds import classes_before
from survey.calendar.standing import open_ids, standing_request
from survey.clocks import day_of
from survey.register import event_log, ledger
from survey.register.places import lain_on, moving_in, named_now, next_code, periods_at, region_of, taken
from survey.tallies.places import follow
from survey.terms import HouseholdClass, HouseholdState, RegisterKind, RegisterState, RoundKind


def find_household(session: Session, commune_id: str, household_id: str | None) -> Household | None:
    return session.get(Household, (commune_id, household_id)) if household_id else None


def import_household(
    session: Session,
    *,
    commune_id: str,
    household_id: str,
    village_id: str,
    head_name: str,
    now: datetime,
    code: str | None = None,
    base_class: HouseholdClass | None = None,
    base_answers: dict[str, Any] | None = None,
    created_by_entry: str | None = None,
    account_id: str | None = None,
) -> Household:
    """Add a household with what is known of it from last year; `code`: the village's next number unless given."""
    done = event_log.Done(account_id, now)
    given = {
        "code": code or next_code(session, commune_id, village_id),
        "village": village_id,
        "head": head_name,
        "class": base_class.value if base_class else None,
    }
    household = add_household(
        session, commune_id, household_id, given, now, base_answers=base_answers, created_by_entry=created_by_entry
    )
    more: dict[str, Any] = {"answers": base_answers} if base_answers is not None else {}
    more |= {"entry": created_by_entry} if created_by_entry is not None else {}
    event_log.append(session, commune_id, RegisterKind.ENTER, household_id, day_of(now), done, payload=given | more)
    return household


def add_household(
    session: Session,
    commune_id: str,
    household_id: str,
    given: Mapping[str, Any],
    now: datetime,
    *,
    base_answers: dict[str, Any] | None = None,
    created_by_entry: str | None = None,
) -> Household:
    """The row of a household that an event brings onto the register; `given`: the event's payload."""
    taken(session, given["code"])
    household = Household(
        commune_id=commune_id,
        id=household_id,
        code=given["code"],
        village_id=given["village"],
        base_head_name=given["head"],
        base_class=given["class"],
        base_answers=base_answers,
        head_name=given["head"],
        current_class=given["class"],
        current_answers=base_answers,
        created_by_entry=created_by_entry,
        created_at=now,
    )
    session.add(household)
    session.flush()  # register entries and events refer to it
    return household


def found_in_the_field(
    session: Session, commune_id: str, household_id: str, found: dict[str, str], entry_id: str, now: datetime
) -> Household:
    """A household that an enumerator met and nobody had listed; `found`: {"village_id", "head_name"}. A phone that does
    not know yet that the village was merged means what it is a part of now."""
    return import_household(
        session,
        commune_id=commune_id,
        household_id=household_id,
        village_id=named_now(session, found["village_id"], day_of(now)),
        head_name=found["head_name"],
        now=now,
        created_by_entry=entry_id,
    )


def survivor_of(session: Session, household: Household) -> Household | None:
    """What a household was merged into, where that is on the register; None for one that was not merged."""
    at: Household | None = household
    while at is not None and at.state == HouseholdState.MERGED:
        at = find_household(session, household.commune_id, at.same_as)
    return at if at is not None and at is not household and at.state == HouseholdState.PRESENT else None


def elsewhere(session: Session, household_id: str, but: str) -> list[Household]:
    """What a household is in other communes: it keeps its id when it moves there. Where it lives now comes first."""
    rows = session.scalars(select(Household).where(Household.id == household_id, Household.commune_id != but))
    return sorted(rows, key=lambda one: (one.state != HouseholdState.PRESENT, one.commune_id))


def by_code(session: Session, code: str, communes: Iterable[str], commune_id: str) -> list[Household]:
    """The households with exactly this number in some communes, and those of `commune_id` that had it in another one
    before they moved there: as they are in `commune_id`."""
    reach, found = set(communes), []
    for one in session.scalars(select(Household).where(Household.code == code).order_by(Household.commune_id)):
        here = session.get(Household, (commune_id, one.id)) if one.commune_id != commune_id else None
        if here is not None and here.state == HouseholdState.PRESENT:
            found.append(here)
        elif one.commune_id in reach and one.commune_id != commune_id:
            found.append(one)
    return found


def left_with_its_entry(session: Session, household: Household) -> ledger.Event | None:
    """The event by which a household that was found in the field left the register, when that interview turned out to
    be another's; None for one that was not, or that is off it by anything else."""
    if household.state != HouseholdState.DUPLICATE or household.created_by_entry is None:
        return None
    events = ledger.live(event_log.events_around(session, household.commune_id, [household.id]))
    own = [event for event in events if event.household_id == household.id]
    return own[-1] if "left_by" in own[-1].payload else None


def on_register(
    session: Session,
    commune_id: str,
    round_id: str,
    household_id: str,
    opening_indicators: dict[str, int] | None = None,
) -> RegisterEntry:
    """The household's entry in the round, made when it has none: what is known of it now is frozen as the opening."""
    entry = session.get(RegisterEntry, (commune_id, round_id, household_id))
    if entry is not None:
        return entry
    household = session.get_one(Household, (commune_id, household_id))
    before = classes_before(session, session.get_one(Round, round_id), commune_id, [household_id])
    return _to_visit(
        session,
        household,
        round_id,
        once=before.get(household_id, []),
        opening_class=household.current_class,
        opening_answers=household.current_answers,
        opening_indicators=opening_indicators,
    )


def _to_visit(session: Session, household: Household, round_id: str, **opening: Any) -> RegisterEntry:
    entry = RegisterEntry(
        commune_id=household.commune_id,
        round_id=round_id,
        household_id=household.id,
        village_id=household.village_id,
        state=RegisterState.TO_VISIT.value,
        change=next_change(session, household.commune_id),
        **opening,
    )
    session.add(entry)
    follow(session, entry.commune_id, round_id, [household.id])
    return entry


def keep_to_household(session: Session, household: Household) -> None:
    """Bring a household's entries in open rounds to where it is, and to whether it is one still; phones hear of it.
    What was frozen when it came onto the list goes and comes back with it; a closed round stays as it was decided."""
    open_ones = open_ids(household.commune_id)
    own = {"commune_id": household.commune_id, "household_id": household.id}
    entries = select(RegisterEntry).filter_by(**own).where(RegisterEntry.round_id.in_(open_ones))
    for entry in session.scalars(entries.order_by(RegisterEntry.round_id)).all():
        leaves = household.state != HouseholdState.PRESENT
        if not leaves and entry.village_id == household.village_id:
            continue
        if leaves:
            leave_register(session, entry)
        else:  # in this order: a phone of both villages hears that it is there last
            _tell_gone(session, entry)
            entry.village_id, entry.change = household.village_id, next_change(session, household.commune_id)
            follow(session, entry.commune_id, entry.round_id, [household.id])
    session.flush()  # whether it stands in a round is asked next
    if household.state == HouseholdState.PRESENT:
        gone = select(RegisterGone).filter_by(**own).where(RegisterGone.round_id.in_(open_ones))
        for row in session.scalars(gone.order_by(RegisterGone.round_id, RegisterGone.change.desc())).all():
            if _is_asked_in(session, row):
                _come_back(session, household, row)


def _is_asked_in(session: Session, gone: RegisterGone) -> bool:
    """Whether a household that is there is one of the round: of an ad-hoc one by the paper that asks for it, or by an
    interview."""
    if session.get_one(Round, gone.round_id).kind != RoundKind.AD_HOC:
        return True
    papers = standing_request(gone.commune_id, gone.round_id, gone.household_id)
    own = {"commune_id": gone.commune_id, "round_id": gone.round_id, "household_id": gone.household_id}
    interviews = select(SubmissionStatus.submission_id).filter_by(**own)
    return any(session.scalars(query.limit(1)).first() is not None for query in (papers, interviews))


def leave_register(session: Session, entry: RegisterEntry) -> None:
    """Take a household off a round's register; phones hear of it, and what was frozen is kept for its coming back."""
    _tell_gone(session, entry)
    session.delete(entry)
    follow(session, entry.commune_id, entry.round_id, [entry.household_id])


def _tell_gone(session: Session, entry: RegisterEntry) -> None:
    session.merge(
        RegisterGone(
            commune_id=entry.commune_id,
            round_id=entry.round_id,
            household_id=entry.household_id,
            village_id=entry.village_id,
            **_opening(entry),
            change=next_change(session, entry.commune_id),
        )
    )


def _opening(row: RegisterEntry | RegisterGone) -> dict[str, Any]:
    """What was frozen when it came onto the list."""
    return {
        "once": row.once,
        "opening_class": row.opening_class,
        "opening_answers": row.opening_answers,
        "opening_indicators": row.opening_indicators,
    }


def _come_back(session: Session, household: Household, gone: RegisterGone) -> None:
    """Of several villages that it left, what the last one kept."""
    if session.get(RegisterEntry, (gone.commune_id, gone.round_id, household.id)) is None:
        _to_visit(session, household, gone.round_id, **_opening(gone))
    if gone.village_id == household.village_id:
        session.execute(
            delete(RegisterGone).filter_by(
                commune_id=gone.commune_id,
                round_id=gone.round_id,
                household_id=household.id,
                village_id=gone.village_id,
            )
        )


def village_on(session: Session, household: Household, day: date) -> str:
    """The village that a household lay in on `day`; before it was written into the register: the one of then."""
    own = {"commune_id": household.commune_id, "household_id": household.id}
    moving = (RegisterKind.MOVE.value, RegisterKind.CORRECT.value)
    moved = select(RegisterEvent.seq).filter_by(**own).where(RegisterEvent.kind.in_(moving))
    changes = moving_in(session, household.commune_id)
    if not changes and session.scalars(moved.limit(1)).first() is None:
        return household.village_id
    events = event_log.events_around(session, household.commune_id, [household.id])
    return lain_on(events, changes, household.id, day) or household.village_id


def context_of(
    session: Session, commune_id: str, household_id: str | None, round_id: str | None, day: date
) -> dict[str, str | None]:
    """What an interview is given and does not ask: whether the village is urban on `day`, the region and method of B1,
    the household's number and last year's class. {} when round or household are not known."""
    survey_round = session.get(Round, round_id) if round_id else None
    household = find_household(session, commune_id, household_id)
    if survey_round is None or household is None:
        return {}
    entry = session.get(RegisterEntry, (commune_id, survey_round.id, household.id))
    village_id = village_on(session, household, day)
    return context_of_village(session, commune_id, village_id, survey_round, day) | _of_household(household, entry)


def context_of_village(
    session: Session, commune_id: str, village_id: str, survey_round: Round, day: date
) -> dict[str, str | None]:
    """What decides the line and the points of everybody who is asked in a village on `day`."""
    return _of_village(
        survey_round, periods_at(session, [village_id], day).get(village_id), region_of(session, commune_id, day)
    )


def _of_village(survey_round: Round, village: PlacePeriod | None, region: str | None) -> dict[str, str | None]:
    return {"khu_vuc": village.area if village else None, "vung": region, "cach_b1": survey_round.b1_method}


def _of_household(household: Household, entry: RegisterEntry | None) -> dict[str, str | None]:
    return {"ma_ho": household.code, "phan_loai_nam_truoc": entry.opening_class if entry else None}


def context_of_entry(
    survey_round: Round,
    household: Household,
    entry: RegisterEntry | None,
    periods: dict[str, PlacePeriod],
    region: str | None,
) -> dict[str, str | None]:
    """The same from rows at hand; `periods`: of the villages, by id."""
    return _of_village(survey_round, periods.get(household.village_id), region) | _of_household(household, entry)
