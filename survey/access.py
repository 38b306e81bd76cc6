"""Who may do what where: verb × role × area, as a table.

A verb that a role does not have is a refusal (403). A place outside the account's area is as if it did not exist (404):
rows are fetched *through* the area, see `survey.accounts.accounts`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from survey.terms import Role


class Scope(StrEnum):
    """How far a role's verb reaches."""

    SELF = "self"
    VILLAGES = "villages"
    COMMUNE = "commune"
    PROVINCE = "province"
    ALL = "all"


@dataclass(frozen=True)
class Where:
    """A place by its ids from the province down; what is None is not narrowed to."""

    province_id: str | None = None
    commune_id: str | None = None
    village_id: str | None = None


@dataclass(frozen=True)
class Holder:
    """An account as this table needs it: its role, and the area that the role is held for."""

    role: Role
    area: Where = Where()
    villages: frozenset[str] = field(default_factory=frozenset)


_E, _S, _P, _A = Role.ENUMERATOR, Role.SUPERVISOR, Role.PROVINCE, Role.ADMIN

VERBS: dict[str, dict[Role, Scope]] = {
    "self.manage": {_E: Scope.SELF, _S: Scope.SELF, _P: Scope.SELF, _A: Scope.SELF},
    # Everybody signed in may sync: what does not belong is held with a reason, never refused (docs/sync.md).
    "sync.use": {_E: Scope.VILLAGES, _S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    "interview.submit": {_E: Scope.VILLAGES, _S: Scope.COMMUNE},
    "desk.read": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    "review.read": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    # The province only where nobody in the commune may (`accounts/four_eyes.py`).
    "review.decide": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    # What happened to a household: its commune writes it down, a move to another commune the province.
    "register.change": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    # What happened to a village: its commune writes it down; that it goes to another commune, who reaches both.
    "place.change": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    # Many households of a commune corrected by a list, and all of it undone.
    "register.correct": {_S: Scope.COMMUNE},
    # Everybody on a commune's register as a list for the commune police to check, and what comes back.
    "register.police": {_S: Scope.COMMUNE},
    # Changes that one asks for and another decides; which verb decides what: `review/requests.py`.
    "request.ask": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    "request.members": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    "request.households": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    "request.identity": {_P: Scope.PROVINCE},
    "request.across": {_P: Scope.PROVINCE},
    "report.read": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    # The lists of members of poor and near-poor households, by name: each look is written down.
    "report.members": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    # How many live in a place: one enters it, another account confirms it (`residents/entering.py`).
    "resident.enter": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    # Scenarios of another standard, kept to be compared (`reports/scenarios.py`).
    "scenario.keep": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    # Figures of the plan in the same way; its targets are the province's (`plan/`).
    "plan.enter": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    "plan.set": {_P: Scope.PROVINCE, _A: Scope.ALL},
    # What was given to whom: read, written down and taken back, what phones told decided on; with names as a file.
    "support.read": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    "support.give": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    "support.names": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    # Programmes, projects and kinds of support are the province's; who is in a model the commune writes down; money
    # whoever it was given to (`programmes/`).
    "programme.set": {_P: Scope.PROVINCE, _A: Scope.ALL},
    "fund.enter": {_S: Scope.COMMUNE, _P: Scope.PROVINCE},
    "model.enter": {_S: Scope.COMMUNE},
    "export.read": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    # A pseudonymised file leaves the office for research: of a whole province, by who answers for all of it.
    "export.research": {_P: Scope.PROVINCE, _A: Scope.ALL},
    "round.read": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    "round.manage": {_A: Scope.ALL},
    # A commune closes what it has done; the province accepts it, and it alone opens it again (`round_steps.py`).
    "round.close": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    "round.accept": {_P: Scope.PROVINCE, _A: Scope.ALL},
    # Papers of households that ask to be reviewed (Mẫu số 01) come to the commune.
    "round.ask": {_S: Scope.COMMUNE, _A: Scope.ALL},
    "form.read": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    # Questionnaires and points tables are the province's: upload, publish, retire, type.
    "form.manage": {_P: Scope.PROVINCE, _A: Scope.ALL},
    "register.import": {_S: Scope.COMMUNE, _A: Scope.ALL},
    # What is carried in by hand is sealed and goes where it belongs, whoever carries it.
    "bundle.import": {_S: Scope.COMMUNE, _A: Scope.ALL},
    "job.follow": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    "account.read": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    # Who of a commune visits which household, and that a lost interview is settled: its own office says it.
    "work.manage": {_S: Scope.COMMUNE, _A: Scope.ALL},
    "account.manage": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
    # Who did what: of the accounts of a province, or of all.
    "audit.read": {_P: Scope.PROVINCE, _A: Scope.ALL},
    "device.read": {_S: Scope.COMMUNE, _P: Scope.PROVINCE, _A: Scope.ALL},
}


def has_verb(role: str, verb: str) -> bool:
    """Whether the role has the verb at all, wherever."""
    return Role(role) in VERBS[verb]


def may(holder: Holder, verb: str, where: Where) -> bool:
    """Whether `holder` may do `verb` at `where`. A scope reaches everything below its place, and nothing beside it."""
    scope = VERBS[verb].get(holder.role)
    if scope is None:
        return False
    if scope in (Scope.ALL, Scope.SELF):
        return True
    if scope is Scope.PROVINCE:
        return where.province_id is not None and where.province_id == holder.area.province_id
    if where.commune_id is None or where.commune_id != holder.area.commune_id:
        return False
    return scope is Scope.COMMUNE or where.village_id in holder.villages
