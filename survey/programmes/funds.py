"""Money of programmes, whole đồng: what was allocated, committed, paid and came back, as entries that nobody changes.

Whether there is enough and the spending of it are one statement, so two who spend at the same time never spend the same
money twice; the table's CHECKs hold the same. Each entry says what it moves of what is free (`balance`) and of what is
promised (`committed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from models import Fund, FundEntry, Programme, Project
from survey.clocks import day_of
from survey.problems import Problem
from survey.programmes.versions import EARLIEST, LATEST, MAX_TEXT, latest
from survey.register.event_log import Done
from survey.residents.entering import held
from survey.support_terms import FundAct

MOST = 10**15  # đồng: more than the whole programme has
# What an act moves of an amount: (free, promised). One that refers to a commitment or payment: `_REFERRING`.
_PLAIN = {FundAct.ALLOCATE: (1, 0), FundAct.HAND_BACK: (-1, 0), FundAct.COMMIT: (-1, 1), FundAct.PAY: (-1, 0)}
_REFERRING = {
    (FundAct.PAY, FundAct.COMMIT): (0, -1),
    (FundAct.RETURN, FundAct.COMMIT): (1, -1),  # what is not needed of it
    (FundAct.RETURN, FundAct.PAY): (1, 0),  # what was paid comes back
}


@dataclass(frozen=True)
class WantedFund:
    """`project` "": of the whole programme."""

    place_id: str
    province_id: str
    programme: str
    project: str
    name: str
    year: int
    source: str

    def faults(self) -> Iterator[tuple[str, str]]:
        for name in ("programme", "name", "source"):
            if not getattr(self, name).strip():
                yield name, "blank"
        if not EARLIEST.year <= self.year <= LATEST.year:
            yield "year", "no_day"
        if len(self.name) > 120:
            yield "name", "too_long"


def open_fund(session: Session, wanted: WantedFund, done: Done) -> Fund:
    """A fund without money yet. Raises `programme_wrong`, `not_found` where the place, programme or project is none."""
    if done.account_id is None:
        raise Problem("bad_request")
    if list(wanted.faults()):
        raise Problem("programme_wrong")
    held(session, {wanted.place_id, wanted.province_id})
    above = [latest(session, Programme, (wanted.province_id, wanted.programme))]
    if wanted.project:
        above.append(latest(session, Project, (wanted.province_id, wanted.programme, wanted.project)))
    if any(one is None or one.withdrawn for one in above):
        raise Problem("not_found")
    values = {**vars(wanted), "name": wanted.name.strip(), "source": wanted.source.strip()[:MAX_TEXT]}
    fund = Fund(**values, id=str(uuid4()), balance=0, committed=0, entries=0, account_id=done.account_id, at=done.at)
    session.add(fund)
    session.flush()  # its first entry, in the same act, asks for it
    return fund


@dataclass(frozen=True)
class Movement:
    """`of_seq`: the commitment or payment that it pays or gives back."""

    act: FundAct
    amount: int  # đồng
    day: date
    document: str
    of_seq: int | None = None

    def faults(self, today: date) -> Iterator[tuple[str, str]]:
        if not 0 < self.amount <= MOST:
            yield "amount", "no_amount"
        if not EARLIEST <= self.day <= today:
            yield "day", "day_ahead" if self.day > today else "no_day"
        if not self.document.strip():
            yield "document", "blank"
        if self.act is FundAct.REVERSE or (self.act is FundAct.RETURN and self.of_seq is None):
            yield "of_seq", "of_needed"
        elif self.of_seq is not None and self.act not in (FundAct.PAY, FundAct.RETURN):
            yield "of_seq", "of_nothing"


def move(session: Session, fund_id: str, movement: Movement, done: Done) -> FundEntry:
    """Write an entry at the end of a fund and move its balance, in this transaction; whoever else moves it waits.

    Raises `programme_wrong`, `not_found`, `fund_not_enough`, `fund_entry_wrong` where what it refers to is no
    commitment or payment that has so much left."""
    if done.account_id is None:
        raise Problem("bad_request")
    if list(movement.faults(day_of(done.at))):
        raise Problem("programme_wrong")
    _hold(session, fund_id)
    free, promised = _moved(session, fund_id, movement)
    if movement.of_seq is not None and left_of(session, fund_id, [movement.of_seq])[movement.of_seq] < movement.amount:
        raise Problem("fund_entry_wrong")
    seq = _take(session, fund_id, free, promised)
    entry = FundEntry(
        fund_id=fund_id, seq=seq, act=movement.act.value, amount=movement.amount, of_seq=movement.of_seq,
        to_balance=free, to_committed=promised, day=movement.day, document=movement.document.strip()[:MAX_TEXT],
        account_id=done.account_id, at=done.at,
    )  # fmt: skip
    session.add(entry)
    session.flush()  # what is left of an entry is asked again in the same act
    return entry


def _moved(session: Session, fund_id: str, movement: Movement) -> tuple[int, int]:
    signs = _PLAIN.get(movement.act)
    if movement.of_seq is not None:
        referred = session.get(FundEntry, (fund_id, movement.of_seq))
        signs = _REFERRING.get((movement.act, FundAct(referred.act))) if referred is not None else None
    if signs is None:
        raise Problem("fund_entry_wrong")
    return signs[0] * movement.amount, signs[1] * movement.amount


def _hold(session: Session, fund_id: str) -> None:
    """Whoever else moves this fund waits until the transaction ends, so what is left of its entries stays so."""
    if session.scalar(select(Fund.id).where(Fund.id == fund_id).with_for_update()) is None:
        raise Problem("not_found")


def _take(session: Session, fund_id: str, free: int, promised: int) -> int:
    """Move a fund if it has so much, and return the number of the entry that says so."""
    enough = (Fund.balance + free >= 0, Fund.committed + promised >= 0)
    moved = {"balance": Fund.balance + free, "committed": Fund.committed + promised, "entries": Fund.entries + 1}
    statement = update(Fund).where(Fund.id == fund_id, *enough).values(moved).returning(Fund.entries)
    seq = session.scalar(statement.execution_options(synchronize_session=False))
    if seq is None:
        raise Problem("fund_not_enough")
    session.get_one(Fund, fund_id, populate_existing=True)  # who holds the fund reads it as it is now
    return seq


def reverse(session: Session, fund_id: str, seq: int, document: str, done: Done) -> FundEntry:
    """Undo an entry that was a mistake, once, by an entry of its own on today's day. Raises `fund_entry_wrong` where it
    is reversed already, is a reversal, or another entry rests on it; `fund_not_enough` where the money is spent."""
    if done.account_id is None:
        raise Problem("bad_request")
    _hold(session, fund_id)
    wrong = session.get(FundEntry, (fund_id, seq))
    if wrong is None:
        raise Problem("not_found")
    if not document.strip():
        raise Problem("register_reason_needed")
    if wrong.act == FundAct.REVERSE or seq in _reversed(session, fund_id) or _rests_on(session, fund_id, seq):
        raise Problem("fund_entry_wrong")
    own = _take(session, fund_id, -wrong.to_balance, -wrong.to_committed)
    entry = FundEntry(
        fund_id=fund_id, seq=own, act=FundAct.REVERSE.value, amount=wrong.amount, reverses=seq,
        to_balance=-wrong.to_balance, to_committed=-wrong.to_committed, day=day_of(done.at),
        document=document.strip()[:MAX_TEXT], account_id=done.account_id, at=done.at,
    )  # fmt: skip
    session.add(entry)
    session.flush()  # as in `move`
    return entry


def _reversed(session: Session, fund_id: str) -> set[int]:
    query = select(FundEntry.reverses).where(FundEntry.fund_id == fund_id, FundEntry.reverses.is_not(None))
    return {seq for seq in session.scalars(query) if seq is not None}


def _rests_on(session: Session, fund_id: str, seq: int) -> bool:
    """Whether an entry that stands refers to it."""
    query = select(FundEntry.seq).where(FundEntry.fund_id == fund_id, FundEntry.of_seq == seq)
    return bool(set(session.scalars(query)) - _reversed(session, fund_id))


def left_of(session: Session, fund_id: str, seqs: Iterable[int]) -> dict[int, int]:
    """Of commitments and payments: how much of each is neither paid nor given back, đồng; 0 of one that is reversed."""
    wanted, gone = sorted(set(seqs)), _reversed(session, fund_id)
    of = FundEntry
    rows = select(of.seq, of.amount).where(of.fund_id == fund_id, of.seq.in_(wanted))
    left = {seq: 0 if seq in gone else amount for seq, amount in session.execute(rows)}
    used = select(of.seq, of.of_seq, of.amount).where(of.fund_id == fund_id, of.of_seq.in_(wanted))
    for seq, of_seq, amount in session.execute(used):
        if of_seq in left and seq not in gone:
            left[of_seq] -= amount
    return {seq: left.get(seq, 0) for seq in wanted}


@dataclass(frozen=True)
class Totals:
    """What became of a fund's money, đồng: allocated = balance + committed + paid, all without what was reversed and
    after what came back or was handed back."""

    allocated: int
    committed: int
    paid: int


def totals_of(session: Session, funds: Iterable[str]) -> Mapping[str, Totals]:
    """By fund, of its entries."""
    of, undone = FundEntry, FundEntry.__table__.alias()
    stands = ~select(undone.c.seq).where(undone.c.fund_id == of.fund_id, undone.c.reverses == of.seq).exists()
    referred = FundEntry.__table__.alias()
    given = case(
        (of.act == FundAct.ALLOCATE, of.amount), (of.act == FundAct.HAND_BACK, -of.amount), else_=0
    )  # fmt: skip
    paid = case(
        (of.act == FundAct.PAY, of.amount),
        ((of.act == FundAct.RETURN) & (referred.c.act == FundAct.PAY.value), -of.amount),
        else_=0,
    )
    query = (
        select(of.fund_id, func.sum(given), func.sum(of.to_committed), func.sum(paid))
        .outerjoin(referred, (referred.c.fund_id == of.fund_id) & (referred.c.seq == of.of_seq))
        .where(of.fund_id.in_(sorted(set(funds))), of.act != FundAct.REVERSE, stands)
        .group_by(of.fund_id)
    )
    return {fund: Totals(int(given), int(kept), int(paid)) for fund, given, kept, paid in session.execute(query)}


def funds_of(session: Session, places: Iterable[str]) -> list[Fund]:
    """The funds of some places, the latest year first."""
    rows = select(Fund).where(Fund.place_id.in_(sorted(set(places))))
    return list(session.scalars(rows.order_by(Fund.year.desc(), Fund.name, Fund.id)))


def entries_of(session: Session, fund_id: str) -> Sequence[FundEntry]:
    """The last first."""
    return session.scalars(select(FundEntry).where(FundEntry.fund_id == fund_id).order_by(FundEntry.seq.desc())).all()


def keys(session: Session) -> list[str]:
    """Every fund: `remake` of each makes its balance again."""
    return list(session.scalars(select(Fund.id).order_by(Fund.id)))


def remake(session: Session, fund_id: str) -> bool:
    """Make what a fund has left again of its entries; whether it stood otherwise."""
    _hold(session, fund_id)
    of = FundEntry
    sums = select(func.sum(of.to_balance), func.sum(of.to_committed), func.count()).where(of.fund_id == fund_id)
    free, promised, number = session.execute(sums).one()
    fund = session.get_one(Fund, fund_id, populate_existing=True)
    was = fund.balance, fund.committed, fund.entries
    fund.balance, fund.committed, fund.entries = int(free or 0), int(promised or 0), number
    return was != (fund.balance, fund.committed, fund.entries)
