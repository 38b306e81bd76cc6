"""The register's log as rows: written at its end alone, each bound to all before it, and read for the fold."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4, uuid5

from sqlalchemy import Select, Text, select, type_coerce, union
from sqlalchemy.orm import Session

from models import RegisterEvent
from models.commune_counter import lock_commune
from models.database import chunks
from survey.canonical import ascii_text
from survey.clocks import instant
from survey.evidence.lineage import generation
from survey.members import CODE
from survey.register import last_year
from survey.register.ledger import Event
from survey.register.persons import Row, is_number, said_in
from survey.terms import RegisterKind

START = "0" * 64  # what the first event of a commune is bound to
_CODE = re.compile("[A-Za-z0-9][A-Za-z0-9-]{0,63}")  # of a person
_CODES = UUID("5f0c2f0e-6f0e-4c7e-9a43-2d9f3c1b7a14")  # never changed: codes follow from it


@dataclass(frozen=True)
class Done:
    """Who does something when, why and by which paper: its events share `act`."""

    account_id: str | None
    at: datetime
    reason: str | None = None
    act: str = field(default_factory=lambda: str(uuid4()))
    evidence: Mapping[str, str] | None = None


def append(
    session: Session,
    commune_id: str,
    kind: RegisterKind,
    household_id: str,
    effective_on: date,
    done: Done,
    *,
    other_id: str | None = None,
    payload: dict[str, Any] | None = None,
    voids: int | None = None,
    person_id: str | None = None,
) -> RegisterEvent:
    """Write an event at the end of the commune's log. Whether it may be, the caller has asked (`ledger.attempt`)."""
    lock_commune(session, commune_id)
    event = _chained(
        end_of(session, commune_id),
        done,
        commune_id=commune_id,
        generation=generation(session),
        kind=kind.value,
        household_id=household_id,
        other_id=other_id,
        effective_on=effective_on,
        payload=payload or {},
        voids=voids,
        person_id=person_id,
    )
    session.add(event)
    session.flush()  # what follows is read from the log
    return event


def entered(
    commune_id: str,
    households: Iterable[tuple[str, dict[str, Any]]],
    effective_on: date,
    done: Done,
    *,
    generation: str,
    after: tuple[int, str],
) -> list[RegisterEvent]:
    """The events by which many households come onto the register at once, with their payloads, for a log that ends with
    `after` (`end_of`): made before the commune is locked, since a hash for each of thirty thousand takes a while."""
    made = []
    for household_id, payload in households:
        event = _chained(
            after,
            done,
            commune_id=commune_id,
            generation=generation,
            kind=RegisterKind.ENTER.value,
            household_id=household_id,
            effective_on=effective_on,
            payload=payload,
        )
        after = event.seq, event.hash
        made.append(event)
    return made


def entered_as_kept(
    commune_id: str,
    households: Iterable[tuple[str, str]],
    effective_on: date,
    done: Done,
    *,
    generation: str,
    after: tuple[int, str],
) -> list[dict[str, Any]]:
    """The same as rows, of payloads that are texts already (`ascii_text`): nothing is read or written as JSON anew."""
    made = []
    seq, previous = after
    of_all = {
        "commune_id": commune_id, "generation": generation, "act": done.act, "kind": RegisterKind.ENTER.value,
        "other_id": None, "effective_on": effective_on, "at": done.at, "account_id": done.account_id,
        "reason": done.reason, "voids": None, "person_id": None,
    }  # fmt: skip
    reason = ascii_text(done.reason)
    for household_id, payload in households:
        seq += 1
        row = of_all | {
            "seq": seq, "household_id": household_id, "payload": payload, "salt": secrets.token_hex(16),
        }  # fmt: skip
        row["binding"] = _sha256(f'{row["salt"]}{{"payload":{payload},"reason":{reason}}}')
        row["hash"] = previous = hash_of(SimpleNamespace(**row), previous)
        made.append(row)
    return made


def _chained(after: tuple[int, str], done: Done, **said: Any) -> RegisterEvent:
    """The event that comes next in a log that ends with `after`, bound to all before it."""
    seq, previous = after
    event = RegisterEvent(
        seq=seq + 1,
        act=done.act,
        at=done.at,
        account_id=done.account_id,
        reason=done.reason,
        salt=secrets.token_hex(16),
        **said,
    )
    event.binding = binding_of(event)
    event.hash = hash_of(event, previous)
    return event


def end_of(session: Session, commune_id: str, at: datetime | None = None) -> tuple[int, str]:
    """The number and the hash of the log's last event; `at`: of those that were written by then."""
    query = select(RegisterEvent.seq, RegisterEvent.hash).where(RegisterEvent.commune_id == commune_id)
    if at is not None:
        query = query.where(RegisterEvent.at <= at)
    last = session.execute(query.order_by(RegisterEvent.seq.desc()).limit(1)).first()
    return (last.seq, last.hash) if last else (0, START)


def binding_of(event: RegisterEvent) -> str:
    """What stands in the chain for the words about people."""
    return _sha256(event.salt + ascii_text({"payload": event.payload, "reason": event.reason}))


def hash_of(event: RegisterEvent | SimpleNamespace, previous: str) -> str:
    """SHA-256 of the event and of the hash before it, as sorted JSON in ASCII."""
    bound = {
        "previous": previous,
        "generation": event.generation,
        "commune": event.commune_id,
        "seq": event.seq,
        "act": event.act,
        "kind": event.kind,
        "household": event.household_id,
        "other": event.other_id,
        "effective_on": event.effective_on.isoformat(),
        "at": instant(event.at),
        "account": event.account_id,
        "voids": event.voids,
        "binding": event.binding,
    }
    bound |= {"person": event.person_id} if event.person_id is not None else {}
    return _sha256(ascii_text(bound))


def broken(session: Session, commune_id: str) -> int | None:
    """The number of the first event that is not what was written, or stands where none or another should; None when
    the log is whole."""
    previous, expected = START, 1
    query = select(RegisterEvent).where(RegisterEvent.commune_id == commune_id).order_by(RegisterEvent.seq)
    while rows := session.scalars(query.where(RegisterEvent.seq >= expected).limit(1000)).all():
        for event in rows:
            whole = event.seq == expected and event.binding == binding_of(event)
            if not whole or event.hash != hash_of(event, previous):
                return expected
            previous, expected = event.hash, expected + 1
    return None


def read(row: RegisterEvent) -> Event:
    """As the fold takes it."""
    kind = RegisterKind(row.kind)
    rows = rows_entered(row.payload, row.household_id, row.seq) if kind is RegisterKind.ENTER else ()
    return Event(
        row.seq, kind, row.household_id, row.effective_on, row.payload, row.other_id, row.voids, row.person_id, rows
    )


def rows_entered(payload: Mapping[str, Any], household_id: str, seq: int) -> tuple[Row, ...]:
    """The members with which a household is entered: as the event names them, else as last year's answers do; one
    without a code gets one that follows from the event, so that it is always the same."""
    if "persons" in payload:
        return tuple(Row(at, said, id) for at, (id, said) in enumerate(payload["persons"]))
    rows, taken = [], set()
    for at, values in enumerate(last_year.members_in(payload.get("answers"))):
        code = code_in(values)
        if not code or code in taken:
            code = made_code(f"{payload['code']} {household_id} {seq} {at}")
        taken.add(code)
        rows.append(Row(at, said_in(values), code))
    return tuple(rows)


def code_in(values: Mapping[str, Any]) -> str:
    """The code under which a member's answers know a person; "" when they have none that could be one. It stands in
    addresses and in the log of acts, so an identity number is none."""
    said = values.get(CODE)
    return said if isinstance(said, str) and _CODE.fullmatch(said) and not is_number(said) else ""


def made_code(where: str) -> str:
    """The code of a person who came without one, from where they were first met."""
    return str(uuid5(_CODES, where))


def events_of(session: Session, commune_id: str) -> list[Event]:
    """All of a commune."""
    query = select(RegisterEvent).where(RegisterEvent.commune_id == commune_id).order_by(RegisterEvent.seq)
    return [read(row) for row in session.scalars(query)]


def rows_around(
    session: Session, commune_id: str, household_ids: Iterable[str], person_ids: Iterable[str] = ()
) -> list[RegisterEvent]:
    """Those of some households and persons, of all that they were ever split from, merged into or taken for, and of
    wherever the persons whom these events name went: what they are follows from these alone."""
    found: dict[int, RegisterEvent] = {}
    asked: set[str] = set()
    wanted, arrivals = {*household_ids, *person_ids}, None
    while wanted:
        for chunk in chunks(wanted):
            for row in session.scalars(_naming(commune_id, chunk)):
                found[row.seq] = row
        asked |= wanted
        if arrivals is None and (person_ids or any(row.payload.get("commune") for row in found.values())):
            arrivals = _arrivals(session, commune_id)
        known = asked.union(*(_people_in(row) for row in found.values())) if arrivals else set()
        found |= {row.seq: row for row in arrivals or () if known & set(named_in(row.payload))}
        names = ((row.household_id, row.other_id, row.person_id, *named_in(row.payload)) for row in found.values())
        wanted = {id for each in names for id in each if id} - asked
    return [row for _, row in sorted(found.items())]


def naming(session: Session, commune_id: str, household_ids: Iterable[str]) -> list[Event]:
    """Those alone that name some households, without the members with which one was entered."""
    found = [row for chunk in chunks(set(household_ids)) for row in session.scalars(_naming(commune_id, chunk))]
    by_seq = {row.seq: row for row in found}
    return [
        Event(
            seq, RegisterKind(row.kind), row.household_id, row.effective_on, row.payload, row.other_id, row.voids,
            row.person_id,
        )
        for seq, row in sorted(by_seq.items())
    ]  # fmt: skip


def _naming(commune_id: str, ids: Sequence[str]) -> Select[RegisterEvent]:
    """Those that name a household or a person. Each column is asked by itself, which each has an index for: of "one or
    the other" SQLite reads the whole log of the commune."""
    columns = (RegisterEvent.household_id, RegisterEvent.other_id, RegisterEvent.person_id)
    here = RegisterEvent.commune_id == commune_id
    numbers = union(*(select(RegisterEvent.seq).where(here, column.in_(ids)) for column in columns))
    return select(RegisterEvent).where(here, RegisterEvent.seq.in_(numbers))


def named_in(payload: Mapping[str, Any]) -> list[str]:
    """The codes of those whom an entering or a split brings."""
    return [one if isinstance(one, str) else one[0] for one in payload.get("persons") or ()]


def _people_in(row: RegisterEvent) -> list[str]:
    """Whom an event is about, or whom it brings."""
    entered = [one.person_id for one in read(row).rows] or named_in(row.payload)
    return [*entered, row.person_id] if row.person_id else entered


def _arrivals(session: Session, commune_id: str) -> list[RegisterEvent]:
    """The households that came from other communes, with people who may have left this one before: few, and read only
    for who may have left it."""
    says_from = type_coerce(RegisterEvent.payload, Text).contains('"from"')
    entered = select(RegisterEvent).where(
        RegisterEvent.commune_id == commune_id, RegisterEvent.kind == RegisterKind.ENTER.value, says_from
    )
    return [row for row in session.scalars(entered) if row.payload.get("from")]


def events_around(
    session: Session, commune_id: str, household_ids: Iterable[str], person_ids: Iterable[str] = ()
) -> list[Event]:
    return [read(row) for row in rows_around(session, commune_id, household_ids, person_ids)]


def last_seq(session: Session, commune_id: str) -> int:
    return end_of(session, commune_id)[0]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
