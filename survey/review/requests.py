"""Changes between interviews that one person asks for and another decides.

A request, its decision and the event are three rows, each only ever appended. Nobody decides on what they asked for
themselves. A request says what is to be written down (`register_acts.Wish`) and keeps what its kind reads of the
register; what of that is another since is shown to who decides, and nothing else makes them look again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from models import Account, ChangeDecision, ChangeRequest, Household, Place, Proposal, ProposalAnswer, RegisterEvent
from survey.accounts.accounts import communes_of
from survey.canonical import canonical
from survey.clocks import day_of
from survey.evidence import audit
from survey.intake.envelope import read_entry
from survey.intake.proposals import tell_phones
from survey.intake.proposed import Proposed
from survey.members import BIRTH, NAME, NUMBER, RELATION, SEX
from survey.names import name_key
from survey.problems import Problem
from survey.register import event_log
from survey.register.event_log import Done
from survey.register.last_year import address_in
from survey.register.ledger import COMING, CORRECTED, LEAVING, Folded
from survey.register.persons import Person
from survey.review import person_acts, register_acts
from survey.review.register_acts import Plan, Wish, one_line
from survey.submissions.evaluated_first import evaluated_first
from survey.terms import RegisterKind, RequestVerdict

_K = RegisterKind
EXIT = frozenset({_K.DISSOLVE, _K.DIED_OUT, _K.DUPLICATE, _K.TEST})

# Which verb of `survey/access.py` decides, by what a request changes: the first line that fits.
MEMBERS, HOUSEHOLDS, IDENTITY, ACROSS = (
    "request.members", "request.households", "request.identity", "request.across",
)  # fmt: skip
ROUTES: dict[RegisterKind, str] = {
    **dict.fromkeys((*COMING, *LEAVING, _K.TRANSFERRED, _K.HEAD, _K.PERSON), MEMBERS),
    **dict.fromkeys((_K.SPLIT, _K.MERGE, _K.CORRECT, *EXIT), HOUSEHOLDS),
}
GIVEN: dict[RegisterKind, frozenset[str]] = {  # what a request of a kind may say; anything else is refused, not ignored
    **dict.fromkeys(COMING, frozenset(person_acts.GIVEN)),
    **dict.fromkeys(LEAVING, frozenset({"head"})),
    _K.TRANSFERRED: frozenset({"head", "relation", "commune"}),
    _K.HEAD: frozenset(),
    _K.PERSON: frozenset(person_acts.GIVEN),
    _K.SPLIT: frozenset({"head", "members", "address"}),
    _K.MERGE: frozenset({"commune"}),
    _K.CORRECT: frozenset(CORRECTED),
    **dict.fromkeys(EXIT, frozenset()),
}


def verb_for(kind: RegisterKind, given: Mapping[str, Any]) -> str:
    """Who decides: on another commune and on identity numbers the province, on all else the commune."""
    if given.get("commune"):
        return ACROSS
    return IDENTITY if given.get("number") else ROUTES[kind]


Reach = Mapping[str, frozenset[str]]


def is_of_province(kind: RegisterKind, payload: Mapping[str, Any]) -> bool:
    """Whether an event says what the province alone decides on, and so takes back: an identity number."""
    return kind in ROUTES and bool((payload.get("said") or {}).get(NUMBER))


def plan_undo(session: Session, commune_id: str, seq: int, today: date, account_id: str | None) -> Plan:
    """As `register_acts.plan_undo`, with the rule against whoever is not of the level that decided on it."""
    made = register_acts.plan_undo(session, commune_id, seq, today)
    undone = register_acts.undone_together(session, session.get_one(RegisterEvent, (commune_id, seq)))
    communes = {row.commune_id for row in undone if is_of_province(RegisterKind(row.kind), row.payload)}
    account = session.get(Account, account_id) if account_id else None
    if communes and (account is None or not communes <= set(communes_of(session, account, IDENTITY))):
        return replace(made, rule="undo_by_province")
    return made


def undo(session: Session, commune_id: str, seq: int, done: Done, *, seen: str | None = None) -> Plan:
    """As `register_acts.undo`, by who is of the level that decided on it. Raises undo_by_province."""
    if plan_undo(session, commune_id, seq, day_of(done.at), done.account_id).rule == "undo_by_province":
        raise Problem("undo_by_province")
    made = register_acts.undo(session, commune_id, seq, done, seen=seen)
    for asked in _asked_by_phones(session, commune_id, seq):
        tell_phones(session, commune_id, asked)
    return made


def _asked_by_phones(session: Session, commune_id: str, seq: int) -> set[str]:
    """The households whose phones hear what became of an event: it was written down because they proposed it."""
    act = session.get_one(RegisterEvent, (commune_id, seq)).act
    asked = (ChangeDecision.commune_id == ChangeRequest.commune_id) & (ChangeDecision.request_id == ChangeRequest.id)
    said = (ProposalAnswer.commune_id == ChangeRequest.commune_id) & (ProposalAnswer.request_id == ChangeRequest.id)
    query = select(ChangeRequest.household_id).join(ChangeDecision, asked).join(ProposalAnswer, said)
    return set(session.scalars(query.where(ChangeRequest.commune_id == commune_id, ChangeDecision.act == act)))


@dataclass(frozen=True)
class Witness:
    """Somebody who proposed it from a phone."""

    account_id: str
    name: str
    at: datetime
    said: Proposed


@dataclass(frozen=True)
class Standing:
    """A request as it stands: what would happen now, what of what it read is another since, what contradicts it."""

    request: ChangeRequest
    decision: ChangeDecision | None
    household: Household
    asked_by: str
    wish: Wish
    plan: Plan
    since: Mapping[str, tuple[Any, Any]]
    basis: str
    conflicts: Sequence[ChangeRequest]
    witnesses: Sequence[Witness] = ()
    person: Person | None = None
    people: Mapping[str, str] = field(default_factory=dict)  # names of those that it names by their codes

    @property
    def speakers(self) -> int:
        """How many people say so, each by themselves."""
        return len({one.account_id for one in self.witnesses})

    @property
    def verb(self) -> str:
        return verb_for(self.wish.kind, self.wish.given)


def ask(session: Session, commune_id: str, wish: Wish, done: Done) -> ChangeRequest:
    """Ask for a change. Raises what the act itself would be refused with, and request_same where the same is asked."""
    if done.account_id is None or commune_id not in communes_of(session, _account(session, done), "request.ask"):
        raise Problem("forbidden" if done.account_id else "bad_request")
    register_acts.take_turn(session, wish.communes(commune_id))
    made = prepare(session, commune_id, wish, done)
    if same_as(session, made) is not None:
        raise Problem("request_same")
    return write(session, made, done)


def prepare(session: Session, commune_id: str, wish: Wish, done: Done) -> ChangeRequest:
    """A request that is not written down yet; the caller holds the communes' locks. Raises what stands against it."""
    wish = replace(wish, given={key: value for key, value in wish.given.items() if value not in (None, "", [])})
    if wish.kind not in ROUTES or not set(wish.given) <= GIVEN[wish.kind] or done.account_id is None:
        raise Problem("bad_request")
    reason = one_line(done.reason or "")
    if not reason:
        raise Problem("register_reason_needed")
    if len({session.get_one(Place, one).parent_id for one in wish.communes(commune_id)}) > 1:
        raise Problem("register_not_there")  # nobody decides in two provinces
    wish = replace(wish, given=_mended(session, commune_id, wish))
    plan = register_acts.plan(session, commune_id, wish, day_of(done.at))
    if plan.rule is not None:
        raise Problem(plan.rule)
    return ChangeRequest(
        commune_id=commune_id,
        id=str(uuid4()),
        kind=wish.kind.value,
        household_id=wish.household_id,
        other_id=wish.other_id,
        person_id=wish.person_id,
        effective_on=wish.effective_on,
        given=dict(wish.given),
        read=_read(session, commune_id, wish),
        reason=reason,
        account_id=done.account_id,
        at=done.at,
    )


def same_as(session: Session, made: ChangeRequest) -> ChangeRequest | None:
    """The undecided request that asks for the same already, however it was spelt."""
    return next((one for one in conflicting(session, made) if _values(one) == _values(made)), None)


def write(session: Session, made: ChangeRequest, done: Done) -> ChangeRequest:
    session.add(made)
    session.flush()  # a decision refers to it
    _audit(session, made, "request.asked", done)
    return made


@evaluated_first
def decide(
    session: Session, commune_id: str, id: str, verdict: RequestVerdict, done: Done, *, seen: str | None = None
) -> ChangeDecision:
    """Accept, refuse or take back. `seen`: the `basis` that was shown; raises conflict when what the request reads is
    another by now, request_decided, request_own, request_witnessed, forbidden (`verb_for`), and what the act itself is
    refused with."""
    made = find(session, commune_id, id)
    register_acts.take_turn(session, wish_of(made).communes(commune_id))
    made = find(session, commune_id, id)
    if session.get(ChangeDecision, (commune_id, id)) is not None:
        raise Problem("request_decided")
    own = made.account_id == done.account_id
    if done.account_id is None or own != (verdict is RequestVerdict.WITHDRAWN):
        raise Problem("request_own" if own else "forbidden")
    if not own and not decides(reach_of(session, _account(session, done)), made):
        raise Problem("forbidden")
    said_by = {one.account_id for one in witnesses(session, made)}
    if verdict is RequestVerdict.WITHDRAWN and said_by - {done.account_id}:
        raise Problem("request_witnessed")  # what they said would be gone with it, and nobody had looked
    reason = one_line(done.reason or "")
    if not reason and verdict is RequestVerdict.REFUSED:
        raise Problem("register_reason_needed")
    act = None
    if verdict is RequestVerdict.ACCEPTED:
        wish = wish_of(made)
        if seen is not None and seen != _basis(_read(session, commune_id, wish), conflicting(session, made)):
            raise Problem("conflict")
        register_acts.carry_out(session, commune_id, wish, replace(done, reason=reason or made.reason))
        last = session.get_one(RegisterEvent, (commune_id, event_log.last_seq(session, commune_id)))
        act = last.act
    decision = ChangeDecision(
        commune_id=commune_id,
        request_id=id,
        asked_by=made.account_id,
        verdict=verdict.value,
        reason=reason,
        account_id=done.account_id,
        at=done.at,
        act=act,
    )
    session.add(decision)
    session.flush()  # a second decision is refused here, not at the end
    if said_by:
        tell_phones(session, commune_id, made.household_id)
    _audit(session, made, f"request.{verdict.value}", done)
    return decision


def find(session: Session, commune_id: str, id: str) -> ChangeRequest:
    """Raises not_found."""
    made = session.get(ChangeRequest, (commune_id, id))
    if made is None:
        raise Problem("not_found")
    return made


def standing(session: Session, made: ChangeRequest, now: datetime) -> Standing:
    wish, conflicts = wish_of(made), conflicting(session, made)
    read = _read(session, made.commune_id, wish)
    household = session.get_one(Household, (made.commune_id, made.household_id))
    known = register_acts.known_of(session, household)
    changed = {key: (made.read.get(key), read.get(key)) for key in sorted({*made.read, *read})}
    return Standing(
        made,
        session.get(ChangeDecision, (made.commune_id, made.id)),
        household,
        session.get_one(Account, made.account_id).display_name,
        wish,
        register_acts.plan(session, made.commune_id, wish, day_of(now)),
        {key: both for key, both in changed.items() if both[0] != both[1]},
        _basis(read, conflicts),
        conflicts,
        witnesses(session, made),
        known.people.who(made.person_id),
        {code: one.name for code in map(str, made.given.values()) if (one := known.people.who(code)) is not None},
    )


def undecided(session: Session, commune_id: str, household_id: str | None = None) -> list[ChangeRequest]:
    """Those that wait for a decision, the oldest first; of one household where one is named."""
    query = _undecided(commune_id)
    if household_id is not None:
        query = query.where(or_(ChangeRequest.household_id == household_id, ChangeRequest.other_id == household_id))
    return list(session.scalars(query))


def _undecided(commune_id: str) -> Select[ChangeRequest]:
    of_it = (ChangeDecision.commune_id == ChangeRequest.commune_id) & (ChangeDecision.request_id == ChangeRequest.id)
    return (
        select(ChangeRequest)
        .outerjoin(ChangeDecision, of_it)
        .where(ChangeRequest.commune_id == commune_id, ChangeDecision.request_id.is_(None))
        .order_by(ChangeRequest.at, ChangeRequest.id)
    )


def conflicting(session: Session, made: ChangeRequest) -> list[ChangeRequest]:
    """Other undecided requests that would change the same of the same household or person, whatever else they ask."""
    touched = set(_values(made))
    subjects = sorted({subject for subject, _ in touched})
    # Whom a split takes along stands in its words alone. Of all others the database leaves out what cannot meet it: a
    # commune may have thousands, and every phone that pushes waits meanwhile.
    near = _undecided(made.commune_id).where(
        or_(
            ChangeRequest.household_id.in_(subjects),
            ChangeRequest.other_id.in_(subjects),
            ChangeRequest.person_id.in_(subjects),
            ChangeRequest.kind == _K.SPLIT.value,
        )
    )
    return [one for one in session.scalars(near) if one.id != made.id and touched & set(_values(one))]


def contradicted(waiting: Sequence[ChangeRequest]) -> set[str]:
    """The ids of those among all undecided requests of a commune that another one contradicts."""
    times = Counter(value for one in waiting for value in _values(one))
    return {one.id for one in waiting if any(times[value] > 1 for value in _values(one))}


def wish_of(made: ChangeRequest) -> Wish:
    return Wish(
        RegisterKind(made.kind), made.household_id, made.effective_on, made.other_id, dict(made.given), made.person_id
    )


def reach_of(session: Session, account: Account) -> Reach:
    """In which communes an account has each verb that decides."""
    verbs = (MEMBERS, HOUSEHOLDS, IDENTITY, ACROSS)
    return {verb: frozenset(communes_of(session, account, verb)) for verb in verbs}


def decides(reach: Reach, made: ChangeRequest) -> bool:
    """Whether who has that reach decides on a request: in every commune that it writes in."""
    wish = wish_of(made)
    return wish.communes(made.commune_id) <= reach[verb_for(wish.kind, wish.given)]


def _account(session: Session, done: Done) -> Account:
    return session.get_one(Account, done.account_id)


def _mended(session: Session, commune_id: str, wish: Wish) -> dict[str, Any]:
    """What is said of a person as it will be kept, and members by their codes, so that one person is one subject
    however they were named; what cannot be read is refused, never kept as it came."""
    rule, said = person_acts.said_of(wish.given)
    if rule is not None:
        raise Problem(rule)
    keys = {question: key for key, question in person_acts.GIVEN.items()}
    mended = {**wish.given, **{keys[question]: value for question, value in said.items()}}
    if wish.kind is _K.CORRECT:
        return mended  # of a household: its head is a name there
    household = session.get(Household, (commune_id, wish.household_id))
    if household is None or not {"members", "head"} & set(mended):
        return mended
    members = register_acts.known_of(session, household, wish.effective_on).people.members(household.id)

    def code_of(wanted: str) -> str:
        one = person_acts.named(members, wanted)
        return one.id if one is not None else wanted  # who is nobody, the act itself refuses

    mended |= {"head": code_of(str(mended["head"]))} if "head" in mended else {}
    return mended | ({"members": [code_of(str(one)) for one in mended["members"]]} if "members" in mended else {})


def _values(made: ChangeRequest) -> dict[tuple[str, str], Any]:
    """What a request changes, by subject and field, with the value as it is compared: a birth is one field however much
    of it is given, and names are compared by their key."""
    kind, given, person = RegisterKind(made.kind), made.given, made.person_id or ""
    found: dict[tuple[str, str], Any] = {}
    if kind in COMING:
        _, said = person_acts.said_of(given)
        whom = person or name_key(str(said.pop(NAME, "")))
        found[made.household_id, f"member {whom}"] = [kind.value, said, made.effective_on.isoformat()]
    elif kind in LEAVING or kind is _K.TRANSFERRED:
        found[person, "home"] = [kind.value, made.other_id, made.effective_on.isoformat()]
    elif kind is _K.HEAD:
        found[made.household_id, "head"] = person
    elif kind is _K.CORRECT:
        found |= {(made.household_id, field): name_key(str(value)) for field, value in given.items()}
    elif kind is _K.SPLIT:
        found |= {(one, "home"): kind.value for one in given.get("members", ())}
        found |= {
            (made.household_id, "state"): kind.value,
            (made.household_id, "head of the new one"): given.get("head"),
        }
    else:
        found |= {(id, "state"): kind.value for id in (made.household_id, made.other_id) if id}
    if given.get("head") and kind not in (_K.SPLIT, _K.CORRECT):
        found[made.household_id, "head"] = given["head"]
    if kind is _K.PERSON:
        found = {}
        _, said = person_acts.said_of(given)
        for field, keys in (("name", (NAME,)), ("birth", BIRTH), ("sex", (SEX,)), ("relation", (RELATION,)),
                            ("number", (NUMBER,))):  # fmt: skip
            if any(key in said for key in keys):
                values = [said.get(key) for key in keys]
                found[person, field] = name_key(str(values[0])) if field == "name" else values
    return found


def _read(session: Session, commune_id: str, wish: Wish) -> dict[str, Any]:
    """Of the register what a request of this kind looks at, and nothing else."""
    household = session.get_one(Household, (commune_id, wish.household_id))
    known = register_acts.known_of(session, household)
    found: dict[str, Any] = {"state": _state(known, wish.household_id)}
    if wish.other_id:
        there = session.get(Household, (wish.there(commune_id), wish.other_id))
        found["other"] = there.state if there is not None else None
    if wish.kind is _K.CORRECT:
        found |= {key: value for key, value in _said_of(known, household).items() if key in wish.given}
    if wish.kind in (_K.SPLIT, _K.MERGE, *EXIT, *COMING):
        found["members"] = [one.name for one in known.people.members(wish.household_id)]
    one = known.people.who(wish.person_id)
    if one is not None:
        found |= {"person": one.state.value, "home": one.household_id}
    if wish.kind in (*LEAVING, _K.TRANSFERRED, _K.HEAD):
        head = known.head_of(wish.household_id)
        found["head"] = head.name if head else None
    if wish.kind is _K.PERSON and one is not None:
        _, said = person_acts.said_of(wish.given)
        found |= {key: one.said.get(key) for key in said}
    return found


def _said_of(known: Folded, household: Household) -> dict[str, Any]:
    """Of a household what a correction may name."""
    one = known.households.get(household.id)
    if one is None:
        return {}
    address = one.address if one.address is not None else address_in(household.current_answers)
    return {"head": one.head_name, "village": one.village_id, "address": address, "class": one.household_class}


def witnesses(session: Session, made: ChangeRequest) -> list[Witness]:
    """Who proposed it from a phone, the first one first."""
    own = (ProposalAnswer.commune_id == made.commune_id) & (ProposalAnswer.request_id == made.id)
    of = (Proposal.commune_id == ProposalAnswer.commune_id) & (Proposal.id == ProposalAnswer.proposal_id)
    query = (
        select(Proposal, Account.display_name)
        .join(ProposalAnswer, of)
        .join(Account, Account.id == Proposal.account_id)
        .where(own)
        .order_by(Proposal.received_at, Proposal.id)
    )
    return [
        Witness(row.account_id, name, row.received_at, read_entry(json.loads(row.content)).proposal or Proposed())
        for row, name in session.execute(query)
    ]


def _state(known: Folded, household_id: str) -> str | None:
    one = known.households.get(household_id)
    return one.state.value if one is not None else None


def _basis(read: Mapping[str, Any], conflicts: Sequence[ChangeRequest]) -> str:
    """What a decision rests on: what the request reads, and which others contradict it."""
    shown = {"read": dict(read), "conflicts": sorted(one.id for one in conflicts)}
    return hashlib.sha256(canonical(shown).text.encode()).hexdigest()[:16]


def _audit(session: Session, made: ChangeRequest, verb: str, done: Done) -> None:
    detail = {"commune": made.commune_id, "request": made.id, "kind": made.kind, "household": made.household_id}
    detail |= {"other": made.other_id} if made.other_id else {}
    audit.record(session, done.at, done.account_id, verb, made.person_id or made.household_id, detail)


def codes_of(session: Session, made: Iterable[ChangeRequest], homes: Iterable[str | None] = ()) -> dict[str, str]:
    """The numbers of the households that requests name, and of those where somebody lived and lives (`homes`)."""
    named = {(wish_of(one).there(one.commune_id), one.other_id) for one in made if one.other_id}
    named |= {(one.commune_id, id) for one in made for id in (one.household_id, *homes) if id}
    return {id: row.code for commune, id in named if (row := session.get(Household, (commune, id))) is not None}
